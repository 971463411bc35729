import assert from 'node:assert/strict';
import Koa from 'koa';
import { DomainError } from '../../../src/platform/errors.ts';
import { sameOrigin } from '../../../src/web/middleware/same-origin.ts';
import { type LoopbackServer, listen, send } from '../../support/loopback.ts';

describe('forms from other sites', () => {
  let server: LoopbackServer;
  let handled: number;

  before(async () => {
    const app = new Koa();
    app.use(async (ctx, next) => {
      try {
        await next();
      } catch (error) {
        assert.ok(error instanceof DomainError);
        assert.equal(error.kind, 'forbidden');
        ctx.status = 403;
        ctx.body = error.code;
      }
    });
    app.use(sameOrigin({ issuer: 'https://id.example.org' }));
    app.use((ctx) => {
      handled += 1;
      ctx.body = 'done';
    });
    server = await listen(app);
  });
  after(() => server?.close());
  beforeEach(() => {
    handled = 0;
  });

  async function outcome(headers: Record<string, string | string[]>, method = 'POST'): Promise<string> {
    const { status, body } = await send(server, { method, headers });
    assert.equal(handled, status === 200 ? 1 : 0);
    handled = 0;
    return method === 'HEAD' ? String(status) : body;
  }

  it('are refused by what the browser says of the site', async () => {
    for (const site of ['cross-site', 'same-site', 'Same-Origin', '', 'anything', ['same-origin', 'same-origin']])
      for (const method of ['POST', 'PUT', 'PATCH', 'DELETE'])
        assert.equal(await outcome({ 'sec-fetch-site': site }, method), 'CROSS_SITE_REQUEST', `${method} ${site}`);
  });

  it('are refused by their origin where the browser says nothing of the site', async () => {
    for (const origin of [
      'https://evil.example',
      'http://id.example.org',
      'https://id.example.org:8443',
      'https://id.example.org.evil.example',
      'https://sub.id.example.org',
      'NULL',
      '',
    ])
      assert.equal(await outcome({ origin }), 'CROSS_SITE_REQUEST', origin);
  });

  it('are refused although one of the two looks right', async () => {
    assert.equal(
      await outcome({ 'sec-fetch-site': 'cross-site', origin: 'https://id.example.org' }),
      'CROSS_SITE_REQUEST',
    );
    assert.equal(
      await outcome({ 'sec-fetch-site': 'same-origin', origin: 'https://evil.example' }),
      'CROSS_SITE_REQUEST',
    );
    assert.equal(await outcome({ 'sec-fetch-site': 'cross-site', origin: 'null' }), 'CROSS_SITE_REQUEST');
  });

  it('are told from our own, which send no origin because our pages send no referrer', async () => {
    assert.equal(await outcome({ 'sec-fetch-site': 'same-origin', origin: 'null' }), 'done');
    assert.equal(await outcome({ 'sec-fetch-site': 'same-origin', origin: 'https://id.example.org' }), 'done');
    assert.equal(await outcome({ 'sec-fetch-site': 'none', origin: 'null' }), 'done');
    assert.equal(await outcome({ origin: 'null' }), 'done');
    assert.equal(await outcome({ origin: 'https://id.example.org' }), 'done');
    assert.equal(await outcome({}), 'done');
  });

  it('do not matter where nothing is changed', async () => {
    assert.equal(await outcome({ 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }, 'GET'), 'done');
    assert.equal(await outcome({ 'sec-fetch-site': 'cross-site' }, 'HEAD'), '200');
    assert.equal(await outcome({ 'sec-fetch-site': 'cross-site' }, 'OPTIONS'), 'done');
  });
});
