import assert from 'node:assert/strict';
import pg from 'pg';
import { connectionTo, describeAddress, hostOf, hostUrls, placeOf } from '../../src/platform/database-hosts.ts';

describe('a database URL with several hosts', () => {
  const cases: { name: string; url: string; is: string[] }[] = [
    { name: 'one host is left alone', url: 'postgres://u:p@h/db?x=1', is: ['postgres://u:p@h/db?x=1'] },
    {
      name: 'each has its own port, or the usual one',
      url: 'postgres://u:p@h1:5433,h2/db?target_session_attrs=read-write',
      is: ['postgres://u:p@h1:5433/db', 'postgres://u:p@h2/db'],
    },
    {
      name: 'IPv6',
      url: 'postgresql://u:p@[::1]:5433,[2001:db8::1],10.0.0.1:6000/db',
      is: ['postgresql://u:p@[::1]:5433/db', 'postgresql://u:p@[2001:db8::1]/db', 'postgresql://u:p@10.0.0.1:6000/db'],
    },
    {
      name: 'credentials with signs, a comma and an @ among them',
      url: 'postgres://u:a,b%40c@d@h1,h2/db',
      is: ['postgres://u:a,b%40c@d@h1/db', 'postgres://u:a,b%40c@d@h2/db'],
    },
    { name: 'no credentials, no database', url: 'postgres://h1,h2', is: ['postgres://h1', 'postgres://h2'] },
    {
      name: 'sockets',
      url: 'postgres://u@%2Frun%2Fa:5433,%2Frun%2Fb/db',
      is: ['postgres://u@%2Frun%2Fa:5433/db', 'postgres://u@%2Frun%2Fb/db'],
    },
    {
      name: 'as parameters, which win',
      url: 'postgres://u:p@x/db?host=h1,/run/b&port=5433,5434&sslmode=verify-full',
      is: [
        'postgres://u:p@localhost/db?host=h1&port=5433&sslmode=verify-full',
        'postgres://u:p@localhost/db?host=%2Frun%2Fb&port=5434&sslmode=verify-full',
      ],
    },
    {
      name: 'one port for all',
      url: 'postgres://u:p@/db?host=h1,h2&port=5433',
      is: ['postgres://u:p@localhost/db?host=h1&port=5433', 'postgres://u:p@localhost/db?host=h2&port=5433'],
    },
    { name: 'the wish alone', url: 'postgres://h/db?target_session_attrs=primary', is: ['postgres://h/db'] },
  ];
  for (const { name, url, is } of cases)
    it(name, () => {
      assert.deepEqual(hostUrls(url).map(normal), is.map(normal));
    });

  /** Whatever the order of its parameters. */
  function normal(url: string): string {
    const { searchParams } = new URL(url);
    return `${url.split('?')[0]}?${[...searchParams].map(String).sort()}`;
  }

  it('leads the driver where it says', () => {
    const url = 'postgres://u:p%40w@h1:5433,[::1],%2Frun%2Fc:5435/db?options=-c%20geqo%3Doff';
    const clients = hostUrls(url).map((one) => new pg.Client(connectionTo(one, undefined)));
    assert.deepEqual(
      clients.map(({ host, port, user, password, database }) => ({ host, port, user, password, database })),
      [
        { host: 'h1', port: 5433 },
        { host: '::1', port: 5432 },
        { host: '/run/c', port: 5435 },
      ].map((one) => ({ ...one, user: 'u', password: 'p@w', database: 'db' })),
    );
    assert.deepEqual(
      hostUrls(url).map(hostOf),
      clients.map(({ host, port }) => ({ host, port })),
    );
  });

  it('is refused where it cannot be meant, in words without what stands in it', () => {
    for (const [url, words] of [
      ['postgres://u:secret@h1,,h2/db', /a host in the list is empty/],
      ['postgres://u:secret@h1,:5433/db', /a host in the list is empty/],
      ['postgres://u:secret@x/db?host=h1,h2,h3&port=1,2', /names 3 hosts and 2 ports/],
      ['postgres://u:secret@h1,h2/db?target_session_attrs=standby', /target_session_attrs must be read-write/],
    ] as const)
      assert.throws(
        () => hostUrls(url),
        (error: Error) => words.test(error.message) && !error.message.includes('secret'),
      );
  });

  it('is told of to people without its credentials', () => {
    assert.equal(describeAddress('postgres://u:p@h1:5433,[::1]/my%20db'), 'database my db at h1:5433, [::1]:5432');
    assert.equal(describeAddress('postgres://u:p@localhost/?host=/run/x'), 'database (default) at /run/x');
    assert.equal(placeOf('postgres://u:p@h'), 'h:5432');
  });
});
