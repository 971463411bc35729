import assert from 'node:assert/strict';
import { request } from 'node:http';
import { systemCaller } from '../../../src/domain/audit/audit-events.ts';
import { rotateSigningKeys } from '../../../src/oidc/keys.ts';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { eventually } from '../../support/eventually.ts';

interface Answer {
  status: number;
  headers: Record<string, unknown>;
  body: string;
}

describe('the documents that everybody may read', () => {
  let app: TestApp;
  before(async () => {
    app = await startTestApp();
  });
  after(() => app?.stop());

  const paths = ['/.well-known/openid-configuration', '/jwks'];

  function get(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const options = { host: '127.0.0.1', port: new URL(app.issuer).port, path, method, headers };
      request(options, (res) => {
        let body = '';
        res.setEncoding('utf8').on('data', (text: string) => {
          body += text;
        });
        res.on('end', () => resolve({ status: res.statusCode ?? 0, headers: res.headers, body }));
      })
        .on('error', reject)
        .end();
    });
  }

  const timeless = ({ headers, ...answer }: Answer) => {
    const { date: _date, 'x-request-id': _id, ...rest } = headers;
    return { ...answer, headers: rest };
  };

  for (const path of paths) {
    it(`${path} is the same the second time, under a number of its own`, async () => {
      const [first, second, third] = [await get(path), await get(path), await get(path)];
      assert.equal(first.status, 200);
      assert.deepEqual(timeless(second), timeless(first));
      assert.deepEqual(timeless(third), timeless(first));
      assert.equal(new Set([first, second, third].map(({ headers }) => headers['x-request-id'])).size, 3);
      assert.match(String(second.headers['x-request-id']), /^[0-9a-f-]{36}$/);
      assert.equal(second.headers['x-content-type-options'], 'nosniff');
    });

    it(`${path} tells a script of another origin that it may read it`, async () => {
      await get(path);
      const asked = await get(path, { origin: 'https://app.example' });
      assert.equal(asked.status, 200);
      assert.ok(asked.headers['access-control-allow-origin']);
      assert.deepEqual(JSON.parse(asked.body), JSON.parse((await get(path)).body));
    });

    it(`${path} is no document in another spelling or by another method`, async () => {
      await get(path);
      for (const other of [`${path}/`, path.toUpperCase(), `/${path}`, `http://evil.example${path}`])
        assert.ok((await get(other)).status >= 400, other);
      assert.notEqual((await get(path, {}, 'DELETE')).status, 200);
      assert.equal((await get(path, {}, 'HEAD')).body, '');
    });

    it(`${path} is logged each time`, async () => {
      const lines = () => app.logs().split(`"path":"${path}"`).length;
      const before = lines();
      await Promise.all(Array.from({ length: 10 }, () => get(path)));
      await eventually(() => lines() >= before + 10, 'ten more lines');
    });
  }

  it('have the new key as soon as the provider has it', async () => {
    const kids = async () =>
      (JSON.parse((await get('/jwks')).body) as { keys: { kid: string }[] }).keys.map(({ kid }) => kid);
    const before = await kids();
    await rotateSigningKeys(app.db, app.secrets, { verifySeconds: 3600 }, systemCaller);
    await eventually(async () => (await kids()).some((kid) => !before.includes(kid)), 'the new key is published');
  });
});
