/** A flood of sign-ins: what would wait longer than two seconds for a core is sent away at once, and all else goes on. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { startTestApp, type TestApp } from '../support/app.ts';
import { Browserless, type Reply } from '../support/browserless.ts';

describe('a flood of passwords', () => {
  let app: TestApp;
  before(async () => {
    // A hash takes ten times what it takes by default, so that four hundred are too many for any machine of today.
    app = await startTestApp({
      env: { ARGON2_MEMORY_KIB: '19456', ARGON2_ITERATIONS: '20', TRUSTED_NETWORKS: '127.0.0.0/8,::1/128' },
    });
  });
  after(() => app?.stop());

  it('is answered with 503 and Retry-After beyond two seconds of waiting, while /healthz goes on', async function () {
    this.timeout(120_000);
    const client = await app.relyingParty();
    const query = new URLSearchParams({
      client_id: client.clientId,
      response_type: 'code',
      scope: 'openid',
      redirect_uri: 'http://localhost:1/callback',
      code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
      code_challenge_method: 'S256',
    });
    // A process of its own: what it takes to ask is not what it takes to answer.
    const server = await app.startProcess();
    const browser = new Browserless({ host: new URL(app.issuer).host });
    const page = await browser.open(`${server}/authorize?${query}`);
    let ended = 0;
    const flood = Array.from({ length: 400 }, async (_, index): Promise<Reply> => {
      const reply = await browser.submit(page, { login: `p${index}@example.test`, password: 'wrong wrong wrong' });
      ended += 1;
      return reply;
    });
    let healthy = 0;
    while (ended < flood.length) {
      assert.equal((await fetch(`${server}/healthz`)).status, 200);
      healthy += 1;
      await sleep(20);
    }
    const replies = await Promise.all(flood);
    const busy = replies.filter(({ status }) => status === 503);
    const refused = replies.filter(({ status }) => status === 401);
    assert.equal(busy.length + refused.length, 400, JSON.stringify(replies.map(({ status }) => status)));
    assert.ok(refused.length > 0, 'some were compared');
    assert.ok(busy.length > 0, 'what would wait too long was sent away');
    for (const { headers } of busy) assert.ok(Number(headers['retry-after']) >= 1);
    assert.ok(healthy > 0, 'it was asked all the while');
  });
});
