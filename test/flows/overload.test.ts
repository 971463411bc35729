/** More people at once than the cores can hash for: some are served, the others are told at once when to come again. */
import assert from 'node:assert/strict';
import { startTestApp, type TestApp } from '../support/app.ts';
import { Browserless, type Reply } from '../support/browserless.ts';
import { createApi, postAs } from '../support/endpoints.ts';
import { discover, enterPassword, type RelyingParty, redirectUri, startSignIn } from '../support/relying-party.ts';

const people = 120;

describe('more sign-ins at once than can be served', function () {
  this.timeout(240_000);
  let app: TestApp;
  let party: RelyingParty;
  before(async () => {
    // A hash takes ten times what it takes by default, so that a hundred are too many for any machine of today.
    app = await startTestApp({
      env: { ARGON2_MEMORY_KIB: '19456', ARGON2_ITERATIONS: '20', TRUSTED_PROXIES: '127.0.0.1/32,::1/128' },
    });
    party = await discover(app, await app.relyingParty({ firstParty: true }));
  });
  after(() => app?.stop());

  it('are refused with the time after which to come again, while everything else is answered', async () => {
    const person = await app.person();
    const api = await createApi(app);
    const service = await app.service({ capabilities: api.capabilities });
    const opened: { browser: Browserless; page: Reply }[] = [];
    for (let n = 0; n < people; n++) {
      const browser = new Browserless({ 'x-forwarded-for': `198.18.${n}.7` });
      const { address } = await startSignIn(party);
      opened.push({ browser, page: await browser.open(address.href, redirectUri) });
    }

    let isOver = false;
    const meanwhile = { healthy: 0, tokens: 0 };
    const look = (async () => {
      while (!isOver) {
        assert.equal((await fetch(`${app.issuer}/healthz`)).status, 200);
        meanwhile.healthy += 1;
        const token = await postAs(`${app.issuer}/token`, service, { grant_type: 'client_credentials' });
        assert.equal(token.status, 200);
        meanwhile.tokens += 1;
      }
    })();

    const begun = performance.now();
    const replies = await Promise.all(
      opened.map(async ({ browser, page }, n) => {
        // Each knows another address and no password: what is asked of the cores is the same.
        const unknown = { email: `nobody-${n}@example.test`, password: person.password };
        const reply = await enterPassword(browser, page, unknown);
        return { ...reply, ms: performance.now() - begun };
      }),
    );
    isOver = true;
    await look;

    const refused = replies.filter(({ status }) => status === 503);
    const compared = replies.filter(({ status }) => status !== 503);
    assert.ok(refused.length > 0 && compared.length > 0, `${refused.length} refused, ${compared.length} compared`);
    assert.deepEqual(new Set(compared.map(({ status }) => status)), new Set([401]));
    for (const { headers, body } of refused) {
      assert.ok(Number(headers['retry-after']) >= 1, `Retry-After: ${headers['retry-after']}`);
      assert.match(body, /name="password"/);
    }
    // Who is refused does not wait for those who are served.
    const slowest = Math.max(...compared.map(({ ms }) => ms));
    assert.ok(refused.every(({ ms }) => ms < slowest));
    assert.ok(meanwhile.healthy > 1 && meanwhile.tokens > 1, JSON.stringify(meanwhile));
  });

  it('leave the server as it was: the next one is served', async () => {
    const person = await app.person();
    const browser = new Browserless({ 'x-forwarded-for': '198.19.0.7' });
    const { address } = await startSignIn(party);
    const reply = await enterPassword(browser, await browser.open(address.href, redirectUri), person);
    assert.ok(reply.location?.startsWith(redirectUri), `${reply.status} ${reply.body.slice(0, 300)}`);
  });
});
