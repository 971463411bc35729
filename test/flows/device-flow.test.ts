import assert from 'node:assert/strict';
import * as openid from 'openid-client';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { deactivateUser } from '../../src/domain/lifecycle/end-person.ts';
import { suspendTenant } from '../../src/domain/lifecycle/end-tenant.ts';
import type { NewTenant } from '../../src/domain/setup/create-tenant.ts';
import { openPayload, sealPayload } from '../../src/oidc/storage/sealing.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { Browserless, type Reply } from '../support/browserless.ts';
import { type ClientCredential, postAs, refresh, userinfoStatus } from '../support/endpoints.ts';
import { discover, type RelyingParty } from '../support/relying-party.ts';

type Person = Awaited<ReturnType<TestApp['person']>>;

const fullWidth = (letter: string) => String.fromCodePoint((letter.codePointAt(0) ?? 0) + 0xfee0);

const grantType = 'urn:ietf:params:oauth:grant-type:device_code';

describe('the device flow (RFC 8628)', () => {
  let app: TestApp;
  let other: string;
  let person: Person;
  let client: ClientCredential;
  let party: RelyingParty;
  before(async () => {
    app = await startTestApp();
    other = await app.startProcess();
    person = await app.person();
    client = await deviceClient();
    party = await discover(app, client, openid.None());
  });
  // Codes typed from one address are counted; here everybody has the same.
  beforeEach(() => app.db('rateLimits').delete());
  after(() => app?.stop());

  function deviceClient(overrides: object = {}): Promise<ClientCredential> {
    const metadata = { grant_types: [grantType, 'refresh_token'], response_types: [] };
    return app.relyingParty({ kind: 'native', redirectUris: [], postLogoutRedirectUris: [], metadata, ...overrides });
  }

  interface Started {
    device_code: string;
    user_code: string;
    verification_uri: string;
    verification_uri_complete: string;
    expires_in: number;
  }

  async function start(more: Record<string, string> = {}, as = client): Promise<Started> {
    const { status, body } = await postAs(`${app.issuer}/device/authorize`, as, { scope: 'openid email', ...more });
    assert.equal(status, 200, JSON.stringify(body));
    return body;
  }

  const pollAtOnce = (device_code: string, as = client, origin = app.issuer) =>
    postAs(`${origin}/token`, as, { grant_type: grantType, device_code });

  /** The times between two polls pass. */
  async function letPass(seconds: number): Promise<void> {
    const polledAt = app.db.raw(`polled_at - make_interval(secs => ?)`, [seconds]);
    await app.db('oidc_payloads').where({ model: 'DeviceCode' }).update({ polledAt });
  }

  async function poll(device_code: string, as = client, origin = app.issuer) {
    await letPass(60);
    return pollAtOnce(device_code, as, origin);
  }

  async function typeCode(userCode: string, browser = new Browserless()): Promise<Reply> {
    return browser.submit(await browser.open(`${app.issuer}/device`), { user_code: userCode });
  }

  /** From the typed code to the end, signing in where that is asked for. */
  async function approve(userCode: string, browser = new Browserless(), as = person): Promise<Reply> {
    let page = await browser.submit(await typeCode(userCode, browser), {});
    if (/name="password"/.test(page.body))
      page = await browser.submit(page, { login: as.email, password: as.password });
    if (/name="decision"/.test(page.body)) page = await browser.submit(page, { decision: 'allow' });
    return page;
  }

  it('gives a device its tokens through openid-client once the person has said yes', async () => {
    const shown = await openid.initiateDeviceAuthorization(party.config, { scope: 'openid email' });
    assert.match(shown.user_code, /^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/);
    assert.equal(shown.verification_uri, `${app.issuer}/device`);
    assert.equal(shown.expires_in, 600);
    const polling = openid.pollDeviceAuthorizationGrant(party.config, { ...shown, interval: 0.1 });
    const [tokens] = await Promise.all([polling, approve(shown.user_code)]);
    assert.equal(tokens.claims()?.sub, person.id);
    assert.equal(await userinfoStatus(app.issuer, tokens.access_token), 200);
    assert.ok(tokens.refresh_token);
    assert.equal((await refresh(other, client, tokens.refresh_token)).status, 200);
  });

  it('gives a device its tokens at whatever moment it asks', async () => {
    for (const browser of [undefined, new Browserless(), undefined]) {
      const { user_code, device_code } = await start();
      let done = false;
      const approving = approve(user_code, browser).finally(() => {
        done = true;
      });
      const errors = new Set<string>();
      for (let last = false; ; last = done) {
        const { status, body } = await poll(device_code);
        if (status === 200) break;
        errors.add(body.error);
        if (last) break;
      }
      await approving;
      assert.deepEqual([...errors], ['authorization_pending']);
    }
  });

  it('tells a device that asks too often to slow down, by five seconds more each time, on either process', async () => {
    const { device_code, user_code } = await start();
    const begun = performance.now();
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) => pollAtOnce(device_code, client, index % 2 ? other : app.issuer)),
    );
    const ofError = (error: string) => answers.filter(({ body }) => body.error === error).length;
    // One, and one more where a machine takes five seconds over them.
    const pending = ofError('authorization_pending');
    assert.ok(pending >= 1 && pending <= 1 + (performance.now() - begun) / 5_000, `${pending} were not told`);
    assert.equal(ofError('slow_down'), 10 - pending);

    const again = (await start()).device_code;
    assert.equal((await pollAtOnce(again)).body.error, 'authorization_pending');
    for (const [seconds, error] of [
      // By seconds, of which a slow machine adds some: 5, then 10 and 15, then 20.
      [5, 'authorization_pending'],
      [0, 'slow_down'],
      [3, 'slow_down'],
      [16, 'authorization_pending'],
      [5, 'slow_down'],
      [21, 'authorization_pending'],
    ] as const) {
      await letPass(seconds);
      const { status, body } = await pollAtOnce(again);
      assert.deepEqual([status, body.error], [400, error], `after ${seconds} s`);
    }

    await approve(user_code);
    assert.equal(
      (await pollAtOnce(device_code)).status,
      200,
      'what was granted is given, however soon it is asked for',
    );
  });

  it('says authorization_pending until then, on either process', async () => {
    const { device_code } = await start();
    for (const origin of [app.issuer, other]) {
      const { status, body } = await poll(device_code, client, origin);
      assert.equal(status, 400);
      assert.equal(body.error, 'authorization_pending');
    }
  });

  for (const [how, write] of [
    ['in lower case', (code: string) => code.toLowerCase()],
    ['without the dash', (code: string) => code.replace('-', '')],
    ['with spaces', (code: string) => ` ${code.replace('-', ' ')} `],
    ['in full-width letters', (code: string) => code.replace(/[A-Z]/g, fullWidth)],
    ['with invisible marks', (code: string) => `\u200b${code.replace('-', '\u2060-')}\u200e`],
  ] as const)
    it(`takes a code that is typed ${how}`, async () => {
      const { user_code, device_code } = await start();
      await approve(write(user_code));
      assert.equal((await poll(device_code)).status, 200);
    });

  it('knows no other code, and gives nothing away by it', async () => {
    const { device_code } = await start();
    for (const code of ['BCDF-GHJK', 'x', '', "' or 1=1 --", 'ÄÖÜ', 'B'.repeat(1000)]) {
      const page = await typeCode(code);
      assert.match(page.body, /name="user_code"/);
      assert.doesNotMatch(page.body, /name="confirm"/);
    }
    assert.equal((await poll(device_code)).body.error, 'authorization_pending');
  });

  it('ends where the person says no', async () => {
    const { user_code, device_code } = await start();
    const browser = new Browserless();
    await browser.submit(await typeCode(user_code, browser), { abort: 'yes' });
    assert.equal((await poll(device_code)).body.error, 'access_denied');
    assert.match((await typeCode(user_code)).body, /name="user_code"/);
  });

  it('ends where the person goes back, or refuses consent', async () => {
    const cancelled = await start();
    const browser = new Browserless();
    const page = await browser.submit(await typeCode(cancelled.user_code, browser), {});
    await browser.open(page.url.replace(/\/sign-in$/, '/cancel'));
    assert.equal((await poll(cancelled.device_code)).body.error, 'access_denied');

    const third = await deviceClient({ firstParty: false });
    const refused = await start({}, third);
    const consent = await browser.submit(await typeCode(refused.user_code, browser), {});
    const asked = await browser.submit(consent, { login: person.email, password: person.password });
    await browser.submit(asked, { decision: 'deny' });
    assert.equal((await poll(refused.device_code, third)).body.error, 'access_denied');
  });

  it('ends after ten minutes: for the device, and for the code', async () => {
    const { user_code, device_code } = await start();
    const stored = app.db('oidcPayloads').where({ model: 'DeviceCode', clientId: client.clientId });
    const [row] = await stored.clone().orderBy('createdAt', 'desc').limit(1).select('idHash', 'payload', 'expiresAt');
    assert.ok(Math.abs(row.expiresAt - Date.now() - 600_000) < 60_000);
    const payload = openPayload(app.secrets, 'DeviceCode', { ...row, consumed: false });
    const past = { ...payload, exp: Math.floor(Date.now() / 1000) - 1 };
    const sealed = sealPayload(app.secrets, 'DeviceCode', row.idHash, past);
    await stored.clone().where({ idHash: row.idHash }).update({ payload: sealed, expiresAt: new Date() });
    assert.equal((await poll(device_code)).body.error, 'expired_token');
    const page = await typeCode(user_code);
    assert.match(page.body, /name="user_code"/);
    assert.doesNotMatch(page.body, /name="confirm"/);
  });

  it('gives tokens once at the most, no matter who asks at the same moment, and a replay ends them', async () => {
    const { user_code, device_code } = await start();
    await approve(user_code);
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) => poll(device_code, client, n % 2 ? app.issuer : other)),
    );
    const won = answers.filter(({ status }) => status === 200);
    assert.ok(won.length <= 1);
    for (const { status, body } of answers) if (status !== 200) assert.equal(body.error, 'invalid_grant');
    for (const { body } of won) {
      assert.equal(await userinfoStatus(app.issuer, body.access_token), 401);
      assert.equal((await refresh(app.issuer, client, body.refresh_token)).body.error, 'invalid_grant');
    }
    assert.equal((await poll(device_code)).body.error, 'invalid_grant');
  });

  it('gives tokens once, one request after the other', async () => {
    const { user_code, device_code } = await start();
    await approve(user_code);
    const { status, body } = await poll(device_code, client, other);
    assert.equal(status, 200);
    assert.equal(await userinfoStatus(app.issuer, body.access_token), 200);
    assert.equal((await poll(device_code)).body.error, 'invalid_grant');
    assert.equal(await userinfoStatus(app.issuer, body.access_token), 401);
  });

  it('takes a code from the person once', async () => {
    const { user_code, device_code } = await start();
    await approve(user_code);
    assert.doesNotMatch((await typeCode(user_code)).body, /name="confirm"/);
    assert.equal((await poll(device_code)).status, 200);
    assert.doesNotMatch((await typeCode(user_code)).body, /name="confirm"/);
  });

  it('gives the tokens of one device to no other', async () => {
    const { user_code, device_code } = await start();
    await approve(user_code);
    assert.equal((await poll(device_code, await deviceClient())).body.error, 'invalid_grant');
    assert.equal((await poll(user_code)).body.error, 'invalid_grant');
    assert.equal((await poll(device_code)).status, 200);
  });

  it('asks a person who is signed in already before it lets a device in', async () => {
    const browser = new Browserless();
    await approve((await start()).user_code, browser);
    const { user_code, device_code } = await start();
    const confirmed = await browser.submit(await typeCode(user_code, browser), {});
    assert.match(confirmed.body, /name="decision"/);
    assert.equal((await poll(device_code)).body.error, 'authorization_pending');
    await browser.submit(confirmed, { decision: 'allow' });
    assert.equal((await poll(device_code)).status, 200);
  });

  it('needs the form of our own page', async () => {
    const { user_code, device_code } = await start();
    const browser = new Browserless();
    await browser.open(`${app.issuer}/device`);
    for (const xsrf of ['', 'guessed']) await browser.send(`${app.issuer}/device`, { xsrf, user_code, confirm: 'yes' });
    assert.equal((await poll(device_code)).body.error, 'authorization_pending');
  });

  it('shows the code that came in a link, and waits for the person to compare it', async () => {
    const { verification_uri_complete, user_code, device_code } = await start();
    const browser = new Browserless();
    const self = await browser.open(verification_uri_complete);
    const page = await browser.submit(self, {});
    assert.match(page.body, new RegExp(user_code));
    assert.match(page.body, /name="confirm"|name="abort"/);
    assert.equal((await poll(device_code)).body.error, 'authorization_pending');
  });

  it('is for clients that are registered for it', async () => {
    const web = await app.relyingParty();
    const refused = await postAs(`${app.issuer}/device/authorize`, web, { scope: 'openid' });
    assert.equal(refused.status, 400);
    const unknown = await postAs(
      `${app.issuer}/device/authorize`,
      { clientId: 'nobody', clientSecret: '' },
      { scope: 'openid' },
    );
    assert.equal(unknown.body.error, 'invalid_client');
  });

  it('keeps to the tenant of the client', async () => {
    const tenant: NewTenant = await app.tenant();
    const theirs = await deviceClient({ tenantId: tenant.id });
    const member = await app.person({ tenantId: tenant.id });
    const { user_code, device_code } = await start({}, theirs);
    const browser = new Browserless();
    await approve((await start()).user_code, browser);
    const page = await browser.submit(await typeCode(user_code, browser), {});
    assert.match(page.body, /name="password"/);
    const refused = await browser.submit(page, { login: person.email, password: person.password });
    assert.equal(refused.status, 401);
    assert.equal((await poll(device_code, theirs)).body.error, 'authorization_pending');

    const again = await start({}, theirs);
    await approve(again.user_code, new Browserless(), member);
    await suspendTenant(app.db, tenant.id, systemCaller);
    assert.equal((await poll(again.device_code, theirs)).body.error, 'invalid_client');
  });

  it('gives nothing for somebody who was deactivated before the device asked', async () => {
    const leaver = await app.person();
    const { user_code, device_code } = await start();
    await approve(user_code, new Browserless(), leaver);
    await deactivateUser(app.db, { tenantId: leaver.tenantId, userId: leaver.id }, systemCaller);
    assert.equal((await poll(device_code)).body.error, 'invalid_grant');
  });
});
