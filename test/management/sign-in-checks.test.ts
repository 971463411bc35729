import assert from 'node:assert/strict';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { requestCode } from '../../src/domain/codes/one-time-codes.ts';
import { proveFactor } from '../../src/domain/factors/prove-factor.ts';
import { totpFactor } from '../../src/domain/factors/totp.ts';
import { deactivateUser } from '../../src/domain/lifecycle/end-person.ts';
import { suspendTenant } from '../../src/domain/lifecycle/end-tenant.ts';
import { signInWithCode } from '../../src/domain/methods/code/code-sign-in.ts';
import {
  addIdentityProvider,
  setIdentityProviderState,
} from '../../src/domain/methods/federation/identity-providers.ts';
import { signInMethods } from '../../src/domain/methods/methods.ts';
import { signInWithPassword } from '../../src/domain/methods/password/password-sign-in.ts';
import { explainSignIn, type SignInChecks } from '../../src/domain/methods/sign-in-checks.ts';
import { accountKey, doorKey } from '../../src/domain/sign-in/sign-in-failures.ts';
import { updateTenantSettings } from '../../src/domain/tenants/tenants.ts';
import { rows } from '../../src/platform/database.ts';
import { newId } from '../../src/platform/ids.ts';
import { randomToken, sha256 } from '../../src/platform/secrets.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { keepWaiting } from '../support/held-back.ts';
import { unlimited } from '../support/limits.ts';
import { give, performAs } from '../support/management.ts';

type Person = Awaited<ReturnType<TestApp['person']>>;

describe('why somebody cannot sign in', () => {
  let app: TestApp;
  const caller = { ...systemCaller, ip: '192.0.2.1' };

  before(async () => {
    app = await startTestApp({ mailbox: true, twilio: true, runJobs: false });
  });
  after(() => app?.stop());

  const explained = async ({ id: userId, tenantId }: Person): Promise<SignInChecks> => {
    const surroundings = {
      secrets: app.secrets,
      budgets: { email: 100, phone: 100 },
      channels: ['email', 'sms'] as const,
      phoneCountries: ['CH'],
    };
    const found = await explainSignIn(app.db, { tenantId, userId }, surroundings);
    assert.ok(found);
    return found;
  };
  /** What stands in the way, by a way. */
  const against = async (person: Person, by: string): Promise<string[]> => {
    const way = (await explained(person)).ways.find((one) => one.by === by);
    assert.ok(way, by);
    assert.equal(
      way.open,
      way.checks.every(({ passes }) => passes),
    );
    return way.checks.filter(({ passes }) => !passes).map(({ refusal }) => refusal);
  };
  /** The reason that the trail has of the last refusal. */
  const reason = async ({ id }: Person): Promise<unknown> => {
    const [event] = await rows<{ payload: { reason: string } }>(
      app.db,
      `select payload from audit_events where entity_id = ? and action = 'login.failed' order by occurred_at desc, id desc limit 1`,
      [id],
    );
    return event?.payload.reason;
  };
  const byPassword = ({ email, password, tenantId }: Person, typed = password) =>
    signInWithPassword(
      app.db,
      { address: email, password: typed, tenantId },
      { passwords: app.passwords, secrets: app.secrets, limits: unlimited, caller },
    );
  async function byCode({ email, tenantId }: Person): Promise<void> {
    const challenge = randomToken();
    const attempt = { challenge, tenantId, destination: email, code: '123456' };
    const deps = { methods: signInMethods, secrets: app.secrets, caller, issuer: app.issuer };
    await app.db('otp_codes').insert({
      id: newId(),
      tenantId,
      destination: email,
      channel: 'email',
      purpose: 'login',
      codeHash: Buffer.alloc(32),
      challengeHash: sha256(challenge),
      attemptMax: 5,
      expiresAt: new Date(Date.now() + 60_000),
    });
    await signInWithCode(app.db, attempt, deps);
  }
  const newPerson = async (overrides: Parameters<TestApp['person']>[0] = {}): Promise<Person> =>
    app.person({ tenantId: (await app.tenant()).id, ...overrides });

  it('is nothing for somebody who can', async () => {
    const person = await newPerson();
    assert.deepEqual(await against(person, 'password'), []);
    assert.deepEqual(await against(person, 'email'), []);
    const { canSignIn, ways } = await explained(person);
    assert.equal(canSignIn, true);
    assert.deepEqual(await against(person, 'sms'), ['unknown_account'], 'they have no number');
    assert.deepEqual(
      ways.map(({ method, by }) => `${method} ${by}`),
      ['password password', 'passkey passkey', 'otp email', 'otp sms', 'otp whatsapp'],
    );
    await byPassword(person);
  });

  it('is the reason that the sign-in itself gives, for the account and the tenant', async () => {
    const inactive = await newPerson();
    await deactivateUser(app.db, { tenantId: inactive.tenantId, userId: inactive.id }, systemCaller);
    const ofSuspended = await newPerson();
    await suspendTenant(app.db, ofSuspended.tenantId, systemCaller);
    const notOffered = await newPerson();
    await updateTenantSettings(
      app.db,
      notOffered.tenantId,
      { signInMethods: ['google'] },
      systemCaller,
      async () => true,
    );
    for (const [person, expected] of [
      [inactive, 'user_inactive'],
      [ofSuspended, 'tenant_suspended'],
      [notOffered, 'method_not_offered'],
    ] as const) {
      assert.deepEqual(await against(person, 'password'), [expected]);
      await assert.rejects(byPassword(person));
      assert.equal(await reason(person), expected);
      assert.deepEqual(await against(person, 'email'), [expected]);
      await assert.rejects(byCode(person));
      assert.equal(await reason(person), expected, 'by a code');
      assert.equal((await explained(person)).canSignIn, false);
    }
  });

  it('tells of a password that was never set, and of an address that was never proved', async () => {
    const person = await newPerson();
    await app.db('user_identities').where({ userId: person.id, provider: 'password' }).delete();
    assert.deepEqual(await against(person, 'password'), ['no_password_set']);
    await assert.rejects(byPassword(person));
    assert.equal(await reason(person), 'no_password_set');
    await app
      .db('users')
      .where({ id: person.id })
      .update({ emailVerifiedAt: null, phone: '+41791234567', phoneVerifiedAt: new Date() });
    assert.deepEqual(await against(person, 'email'), ['address_not_proved']);
    await assert.rejects(byCode(person));
    assert.equal(await reason(person), 'address_not_proved');
    assert.deepEqual(await against(person, 'sms'), ['country_not_allowed'], 'the tenant has no country on its list');
    assert.deepEqual(await against(person, 'whatsapp'), ['channel_unavailable', 'country_not_allowed']);
  });

  it('tells of failures that slow and lock, at every door, until they are forgotten', async () => {
    const person = await newPerson();
    for (let n = 0; n < 11; n++) await assert.rejects(byPassword(person, 'not the password'));
    await keepWaiting(app.db);
    const slowed = (await explained(person)).ways.find(({ by }) => by === 'password');
    const wait = slowed?.checks.find(({ refusal }) => refusal === 'account_slowed');
    assert.equal(wait?.passes, false);
    assert.ok((wait?.seconds ?? 0) > 0);
    assert.deepEqual(await against(person, 'email'), [], 'codes are counted apart');
    const ask = performAs(app, { tenantId: person.tenantId, userId: await ownerOf(person) });
    const [ofAccount] = accountKey(app.secrets, 'password', person.id);
    await app.db('sign_in_failures').where({ subjectHash: ofAccount }).update({ failures: 100 });
    assert.ok((await against(person, 'password')).includes('account_locked'));
    await ask('users.unlock', { params: { user_id: person.id } });
    assert.deepEqual(await against(person, 'password'), []);
    // At the server's own sign-in, where no tenant is named.
    const [atServer] = doorKey(app.secrets, 'password', null, person.email);
    await app.db('sign_in_failures').insert({ subjectHash: atServer, failures: 100, lastFailedAt: new Date() });
    assert.ok((await against(person, 'password')).includes('account_locked'));
  });

  async function ownerOf({ tenantId }: Person): Promise<string> {
    const { id } = await app.person({ tenantId });
    await give(app, { tenantId, userId: id, role: 'owner' });
    return id;
  }

  it('tells of a code that was sent a moment ago, and of a budget that is used up', async () => {
    const person = await newPerson();
    const { email: address, tenantId } = person;
    const request = { tenantId, purpose: 'login', channel: 'email', address, locale: 'en' } as const;
    const send = () =>
      requestCode(app.db, { ...request, challenge: randomToken() }, {
        secrets: app.secrets,
        caller,
        channels: ['email'],
        phoneCountries: [],
        budgets: { email: 100, phone: 0 },
      } as never);
    await send();
    const way = (await explained(person)).ways.find(({ by }) => by === 'email');
    const wait = way?.checks.find(({ refusal }) => refusal === 'too_many_codes');
    assert.equal(wait?.passes, false);
    const refused = await send().then(
      () => undefined,
      (error) => error,
    );
    assert.equal(refused.code, 'TOO_MANY_CODES');
    assert.ok(Math.abs(refused.params.seconds - (wait?.seconds ?? 0)) <= 2, 'the same wait');
    const key = `budget:email:${tenantId}`;
    await app.db('rate_limits').insert({ key, hits: 100, windowEndsAt: new Date(Date.now() + 60_000) });
    assert.ok((await against(person, 'email')).includes('messages_exhausted'));
  });

  it('tells of a second factor that was guessed at too often, whatever the way', async () => {
    const person = await newPerson();
    const before = await explained(person);
    assert.deepEqual([before.canSignIn, before.checks.every(({ passes }) => passes)], [true, true]);
    const user = { tenantId: person.tenantId, userId: person.id };
    const guess = () =>
      proveFactor(
        app.db,
        { user, factor: totpFactor, answer: '000000' },
        { secrets: app.secrets, issuer: app.issuer, interactionUid: '', caller },
      );
    for (let tried = 0; tried < 10; tried++) await assert.rejects(guess(), { code: 'FACTOR_INVALID' });
    await assert.rejects(guess(), { code: 'TOO_MANY_ATTEMPTS' });
    const { canSignIn, checks } = await explained(person);
    assert.equal(canSignIn, false);
    assert.deepEqual(
      checks.map(({ refusal, passes }) => [refusal, passes]),
      [
        ['second_factor_locked', true],
        ['second_factor_slowed', false],
      ],
    );
    assert.equal(await reason(person), 'second_factor_slowed');
  });

  it('tells of providers: not offered, disabled, not linked', async () => {
    const person = await newPerson();
    const { tenantId, id: userId } = person;
    const key = `idp-${randomToken(4)
      .toLowerCase()
      .replace(/[^a-z0-9]/g, 'x')}`;
    const issuer = 'https://login.example';
    await addIdentityProvider(
      app.db,
      { tenantId, key, name: 'Ours', issuer, clientId: 'us', clientSecret: 'of ours' },
      { secrets: app.secrets, caller: systemCaller, allowHttp: false },
    );
    assert.deepEqual(await against(person, key), ['not_linked']);
    await app.db('user_identities').insert({ id: newId(), tenantId, userId, provider: key, issuer, subject: 'ada' });
    assert.deepEqual(await against(person, key), []);
    await setIdentityProviderState(app.db, key, 'disabled', systemCaller);
    assert.deepEqual(await against(person, key), ['method_not_offered']);
  });

  it('counts nothing and writes nothing, and is told over the API', async () => {
    const person = await newPerson();
    const ask = performAs(app, { tenantId: person.tenantId, userId: await ownerOf(person) });
    const everything = async () =>
      rows(
        app.db,
        `select (select count(*) from audit_events) as events, (select count(*) from otp_codes) as codes,
                (select coalesce(sum(failures), 0) from sign_in_failures) as failures`,
      );
    const before = await everything();
    const { body } = await ask('users.sign_in_checks', { params: { user_id: person.id } });
    assert.deepEqual(await everything(), before);
    const { can_sign_in, ways } = body as { can_sign_in: boolean; ways: { by: string; open: boolean }[] };
    assert.equal(can_sign_in, true);
    assert.equal(ways.find(({ by }) => by === 'password')?.open, true);
  });
});
