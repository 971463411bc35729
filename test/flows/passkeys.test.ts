/** Signing in with passkeys by what a browser posts, and by what no browser would: an authenticator in software. */
import assert from 'node:assert/strict';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { deactivateUser } from '../../src/domain/lifecycle/end-person.ts';
import { suspendTenant } from '../../src/domain/lifecycle/end-tenant.ts';
import { changeTenantSettings } from '../../src/domain/methods/tenant-methods.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { Authenticator, type Ceremony, makePasskey } from '../support/authenticator.ts';
import { Browserless, type Reply } from '../support/browserless.ts';

type Person = Awaited<ReturnType<TestApp['person']>>;

const challengeOf = ({ body }: Reply) => /data-challenge="([^"]+)"/.exec(body)?.[1] ?? '';
const pathOf = ({ url }: Reply) => new URL(url).pathname;

describe('signing in with a passkey', () => {
  let app: TestApp;
  let tenantId: string;

  before(async () => {
    app = await startTestApp();
    tenantId = await tenantWithPasskeys();
  });
  after(() => app?.stop());

  async function tenantWithPasskeys(): Promise<string> {
    const { id } = await app.tenant();
    await changeTenantSettings(app.db, id, { signInMethods: ['password', 'passkey'] }, systemCaller);
    return id;
  }

  async function personWithPasskey({
    of = tenantId,
    ...options
  }: {
    of?: string;
    isSynced?: boolean;
    signCount?: number;
  } = {}) {
    const person = await app.person({ tenantId: of });
    const key = new Authenticator(person.id, options);
    await makePasskey(app.db, { tenantId: of, userId: person.id, signCount: options.signCount }, key);
    return { person, key };
  }

  /** A sign-in page in a browser of its own. `tenant`: of which one. */
  async function signInPage(tenant?: string, browser = new Browserless()) {
    const slug = tenant && (await app.db('tenants').where({ id: tenant }).first('slug')).slug;
    const page = await browser.open(`${app.issuer}/account${slug ? `?tenant=${slug}` : ''}`);
    const action = /<form class="passkey"[^>]* action="([^"]+)"/.exec(page.body)?.[1];
    assert.ok(action, page.body);
    const post = (credential: string) => browser.send(new URL(action, app.issuer).href, { credential });
    return { page, browser, challenge: challengeOf(page), post, action };
  }

  const ceremony = (challenge: string, more: Partial<Ceremony> = {}): Ceremony => ({
    challenge,
    origin: app.issuer,
    ...more,
  });

  const lastFailure = async (person: Person) =>
    (
      await app
        .db('audit_events')
        .where({ action: 'login.failed', entityId: person.id })
        .orderBy('id', 'desc')
        .first('payload')
    )?.payload.reason;

  async function assertRefused(reply: Reply): Promise<void> {
    assert.equal(reply.status, 401);
    assert.match(reply.body, /That passkey didn’t sign you in/);
  }

  it('lets the person in without a name, and says what was proved', async () => {
    for (const isSynced of [true, false]) {
      const { person, key } = await personWithPasskey({ isSynced });
      const { challenge, post, browser } = await signInPage();
      const reply = await browser.follow(await post(key.sign(ceremony(challenge))), 'none:');
      assert.equal(pathOf(reply), '/account', reply.body);
      const [session] = await app.db('user_sessions').where({ userId: person.id });
      assert.deepEqual(session.amr, [isSynced ? 'swk' : 'hwk', 'user', 'mfa']);
      const [event] = await app.db('audit_events').where({ action: 'login.succeeded', entityId: session.id });
      assert.ok(
        event ?? (await app.db('audit_events').where({ action: 'login.succeeded', actorId: person.id })).length,
      );
      const [row] = await app.db('passkeys').where({ userId: person.id });
      assert.ok(row.lastUsedAt);
    }
  });

  it('refuses every other answer in the same words', async () => {
    const { person, key } = await personWithPasskey();
    const other = await signInPage();
    const wrong: [string, (challenge: string) => string, reason?: string][] = [
      ['the challenge of another browser', () => key.sign(ceremony(other.challenge))],
      ['a challenge that is none', () => key.sign(ceremony('AAAA'))],
      ['another origin', (c) => key.sign(ceremony(c, { origin: 'https://evil.example', rpId: 'localhost' }))],
      ['another relying party', (c) => key.sign(ceremony(c, { rpId: 'evil.example' })), 'wrong_signature'],
      ['no user verification', (c) => key.sign(ceremony(c, { isVerified: false })), 'wrong_signature'],
      ['a frame of another site', (c) => key.sign(ceremony(c, { isCrossOrigin: true }))],
      ['a new credential', (c) => key.sign(ceremony(c, { type: 'webauthn.create' })), 'wrong_signature'],
      ['another owner', (c) => key.sign(ceremony(c, { userHandle: Buffer.alloc(16) })), 'wrong_signature'],
      ['a passkey that can be copied now', (c) => key.sign(ceremony(c, { isSynced: true })), 'wrong_signature'],
      ['an unknown passkey', (c) => new Authenticator(person.id).sign(ceremony(c))],
      [
        'a signature of another key',
        (c) => withIdOf(key, new Authenticator(person.id).sign(ceremony(c))),
        'wrong_signature',
      ],
      ['what is no JSON', () => '{'],
      ['nothing', () => ''],
    ];
    for (const [what, answer, reason] of wrong) {
      const { challenge, post } = await signInPage();
      await assertRefused(await post(answer(challenge))).catch((error) => {
        throw new Error(what, { cause: error });
      });
      if (reason) assert.equal(await lastFailure(person), reason, what);
    }
    assert.equal((await app.db('user_sessions').where({ userId: person.id })).length, 0);
  });

  function withIdOf({ credentialId }: Authenticator, answer: string): string {
    const id = credentialId.toString('base64url');
    return JSON.stringify({ ...JSON.parse(answer), id, rawId: id });
  }

  it('takes a challenge once, also of fifty at the same moment at two processes', async () => {
    const { person, key } = await personWithPasskey();
    const { challenge, action, browser } = await signInPage();
    const answer = key.sign(ceremony(challenge));
    const second = await app.startProcess();
    const replies = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        browser.send(new URL(action, index % 2 ? app.issuer : second).href, { credential: answer }),
      ),
    );
    const let_in = replies.filter(({ location }) => location?.includes('/authorize/'));
    assert.equal(let_in.length, 1, replies.map(({ status }) => status).join(' '));
    assert.equal((await app.db('passkey_challenges')).length > 0, true);
    assert.equal(await lastFailure(person), 'challenge_refused');
  });

  it('refuses a counter that has not gone on, and none where there is no counter', async () => {
    const { person, key } = await personWithPasskey({ signCount: 7 });
    for (const signCount of [7, 6, 0]) {
      const { challenge, post } = await signInPage();
      await assertRefused(await post(key.sign(ceremony(challenge, { signCount }))));
      assert.equal(await lastFailure(person), 'counter_behind');
    }
    const { challenge, post } = await signInPage();
    assert.equal((await post(key.sign(ceremony(challenge, { signCount: 8 })))).status, 303);
    const [row] = await app.db('passkeys').where({ userId: person.id });
    assert.equal(Number(row.signCount), 8);
  });

  it('refuses people who may not come in as it refuses nobody', async () => {
    const stopped = await personWithPasskey();
    await deactivateUser(app.db, { tenantId, userId: stopped.person.id }, systemCaller);
    const suspended = await personWithPasskey({ of: await tenantWithPasskeys() });
    await suspendTenant(app.db, suspended.person.tenantId, systemCaller);
    const elsewhere = await personWithPasskey({ of: (await app.tenant()).id });
    const ofAnother = await personWithPasskey({ of: await tenantWithPasskeys() });
    const cases = [
      { ...stopped, reason: 'user_inactive', at: undefined },
      { ...suspended, reason: 'tenant_suspended', at: undefined },
      { ...elsewhere, reason: 'method_not_offered', at: undefined },
      { ...ofAnother, reason: 'other_tenant', at: tenantId },
    ];
    for (const { person, key, reason, at } of cases) {
      const { challenge, post } = await signInPage(at);
      await assertRefused(await post(key.sign(ceremony(challenge))));
      assert.equal(await lastFailure(person), reason);
    }
  });

  it('offers nothing where the tenant has no passkeys', async () => {
    const { slug } = await app.tenant();
    const page = await new Browserless().open(`${app.issuer}/account?tenant=${slug}`);
    assert.match(page.body, /name="password"/);
    assert.doesNotMatch(page.body, /passkey/);
  });

  it('shows the sign-in page anew where a refusal is reloaded', async () => {
    const { action, browser } = await signInPage();
    const reply = await browser.open(new URL(action, app.issuer).href);
    assert.match(pathOf(reply), /\/sign-in$/);
  });
});
