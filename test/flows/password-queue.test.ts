/** A flood of sign-ins: what would wait longer than two seconds for a core is sent away at once, and all else goes on. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { startTestApp, type TestApp } from '../support/app.ts';
import { Browserless, type Reply } from '../support/browserless.ts';

describe('a flood of passwords', () => {
  let app: TestApp;
  before(async () => {
    // As in production: a hash takes some 50 ms of a core.
    app = await startTestApp({
      env: { ARGON2_MEMORY_KIB: '19456', ARGON2_ITERATIONS: '2', TRUSTED_NETWORKS: '127.0.0.0/8,::1/128' },
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
    const latencies: number[] = [];
    while (ended < flood.length) {
      const startedAt = performance.now();
      assert.equal((await fetch(`${server}/healthz`)).status, 200);
      latencies.push(performance.now() - startedAt);
      await sleep(20);
    }
    const replies = await Promise.all(flood);
    const busy = replies.filter(({ status }) => status === 503);
    const refused = replies.filter(({ status }) => status === 401);
    assert.equal(busy.length + refused.length, 400, JSON.stringify(replies.map(({ status }) => status)));
    assert.ok(refused.length > 10, `${refused.length} were compared`);
    assert.ok(busy.length > 0, 'what would wait too long was sent away');
    for (const { headers } of busy) assert.ok(Number(headers['retry-after']) >= 1);
    latencies.sort((left, right) => left - right);
    assert.ok(latencies.length > 5, 'it was asked all the while');
  });
});
