import assert from 'node:assert/strict';
import pg from 'pg';
import { connectionTo } from '../../src/platform/database-hosts.ts';

/** What the driver itself makes of the options. */
function tlsOf(url: string, ssl: Parameters<typeof connectionTo>[1]): unknown {
  return (new pg.Client(connectionTo(url, ssl)) as unknown as { ssl: unknown }).ssl;
}

describe('TLS to the database', () => {
  const url = 'postgres://gatehouse:pw@db.example.org:5433/gatehouse';

  it('keeps the CA bundle whatever the URL says', () => {
    for (const query of ['', '?sslmode=verify-full', '?sslmode=no-verify', '?sslmode=disable', '?ssl=0'])
      assert.deepEqual(tlsOf(`${url}${query}`, { ca: 'bundle' }), { rejectUnauthorized: true, ca: 'bundle' }, query);
  });

  it("verifies by the system's authorities", () => {
    assert.deepEqual(tlsOf(`${url}?sslmode=verify-full`, true), { rejectUnauthorized: true });
  });

  it('leaves everything else of the URL as it is', () => {
    const { connectionString } = connectionTo(`${url}?sslmode=verify-full&application_name=x%20y`, true);
    assert.equal(connectionString, `${url}?application_name=x+y`);
    assert.equal(connectionTo(`${url}?sslmode=disable`, undefined).connectionString, `${url}?sslmode=disable`);
    const client = new pg.Client(connectionTo('postgres://a:p%40%2Fw@db.example.org/g?sslmode=verify-full', true));
    assert.equal(client.password, 'p@/w');
    assert.equal(client.host, 'db.example.org');
  });
});
