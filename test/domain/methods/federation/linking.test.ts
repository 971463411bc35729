import assert from 'node:assert/strict';
import { systemCaller } from '../../../../src/domain/audit/audit-events.ts';
import type { ProviderPerson } from '../../../../src/domain/methods/federation/claim-mapping.ts';
import {
  consumeFederationRequest,
  type FederationDetails,
  startFederationRequest,
  sweepFederationRequests,
} from '../../../../src/domain/methods/federation/federation-requests.ts';
import { linkToAccount, unlinkIdentity } from '../../../../src/domain/methods/federation/identities.ts';
import {
  addIdentityProvider,
  type IdentityProvider,
} from '../../../../src/domain/methods/federation/identity-providers.ts';
import { linkProvedAccount, signInWithIdentity } from '../../../../src/domain/methods/federation/linking.ts';
import { signInMethods } from '../../../../src/domain/methods/methods.ts';
import type { NewTenant } from '../../../../src/domain/setup/create-tenant.ts';
import { signUpWithIdentity } from '../../../../src/domain/sign-up/federated-sign-up.ts';
import { createDatabase, type Database } from '../../../../src/platform/database.ts';
import { createSecrets, randomToken } from '../../../../src/platform/secrets.ts';
import { installFaults, stateOf, withFault } from '../../../support/audit.ts';
import { createTestDatabase, type TestDatabase } from '../../../support/database.ts';
import { createTenant, createUser } from '../../../support/factories.ts';

describe('linking identities', () => {
  const secrets = createSecrets([randomToken(36)]);
  const deps = { methods: signInMethods, secrets, issuer: 'https://id.example', caller: systemCaller };
  const passwords = {
    hashNew: async (): Promise<string> => {
      throw new Error('nobody has a password here');
    },
  };
  let database: TestDatabase;
  let db: Database;
  let provider: IdentityProvider;
  let tenant: NewTenant;
  before(async () => {
    database = await createTestDatabase();
    db = createDatabase({ url: database.url, poolMax: 12 });
    const wanted = { key: 'google', issuer: 'https://provider.example', clientId: 'us' };
    provider = await addIdentityProvider(db, wanted, { secrets, caller: systemCaller, allowHttp: false });
    const federation = { google: { trustedEmailDomains: ['trusted.example'] } };
    tenant = await createTenant(db, { settings: { selfSignUp: true, federation } });
    await installFaults(db);
  });
  after(async () => {
    await db?.destroy();
    await database?.drop();
  });

  let count = 0;
  function person(overrides: Partial<ProviderPerson> = {}): ProviderPerson {
    count += 1;
    return {
      issuer: 'https://provider.example',
      subject: `subject-${count}`,
      email: `someone-${count}@trusted.example`,
      emailVerified: true,
      hostedDomain: null,
      fullName: `Some One ${count}`,
      givenName: null,
      familyName: null,
      pictureUrl: null,
      locale: null,
      ...overrides,
    };
  }

  const identities = (userId: string) => db('user_identities').where({ userId }).select('subject', 'provider');

  it('happens with its event and its message, or not at all', async () => {
    const someone = person();
    const user = await createUser(db, { tenantId: tenant.id, email: someone.email });
    const attempt = { provider, person: someone, tenant };
    for (const fault of ['identity.linked', 'event', 'user_identities', 'change']) {
      const before = await stateOf(db);
      await withFault(db, fault, () => assert.rejects(signInWithIdentity(db, attempt, deps)));
      assert.deepEqual(await stateOf(db), before, fault);
    }
    assert.equal((await signInWithIdentity(db, attempt, deps)).kind, 'signed-in');
    assert.equal((await identities(user.id)).length, 1);
    const jobs = await db.raw(`select count(*)::integer as waiting from graphile_worker.jobs`);
    assert.equal(jobs.rows[0].waiting, 1);

    for (const fault of ['identity.unlinked', 'user_identities']) {
      const wanted = { tenantId: tenant.id, userId: user.id, provider: 'google' };
      const codes = { methods: signInMethods, channels: ['email'] as const, phoneCountries: [], caller: systemCaller };
      await withFault(db, fault, () => assert.rejects(unlinkIdentity(db, wanted, codes)));
      assert.equal((await identities(user.id)).length, 1, fault);
    }
  });

  it('makes one account of one person, however often they come at once', async () => {
    const someone = person();
    const wanted = { provider, person: someone, tenantId: tenant.id, locale: 'en' };
    const tries = await Promise.allSettled(
      Array.from({ length: 10 }, () => signUpWithIdentity(db, wanted, { ...deps, passwords })),
    );
    assert.equal(tries.filter(({ status }) => status === 'fulfilled').length, 1);
    for (const one of tries)
      if (one.status === 'rejected') assert.equal((one.reason as { code: string }).code, 'DUPLICATE_EMAIL');
    assert.equal((await db('users').where({ email: someone.email })).length, 1);
    assert.equal((await signInWithIdentity(db, { provider, person: someone, tenant }, deps)).kind, 'signed-in');
  });

  it('gives an identity to one of two who want it at once', async () => {
    const users = [await createUser(db, { tenantId: tenant.id }), await createUser(db, { tenantId: tenant.id })];
    const someone = person();
    const both = await Promise.allSettled(
      users.map(({ id: userId }) =>
        linkToAccount(db, { tenantId: tenant.id, userId, provider, person: someone }, deps),
      ),
    );
    assert.deepEqual(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
    const reason = both.find((one) => one.status === 'rejected')?.reason as { code: string };
    assert.equal(reason.code, 'IDENTITY_IN_USE');
  });

  it('leaves one way to sign in to of two that are unlinked at once', async () => {
    const second = await addIdentityProvider(
      db,
      { key: 'second', name: 'Second', issuer: 'https://second.example', clientId: 'us', tenantId: tenant.id },
      { secrets, caller: systemCaller, allowHttp: false },
    );
    const user = await createUser(db, { tenantId: tenant.id });
    const of = { tenantId: tenant.id, userId: user.id };
    await linkToAccount(db, { ...of, provider, person: person() }, deps);
    await linkToAccount(db, { ...of, provider: second, person: person({ issuer: second.issuer }) }, deps);
    const codes = { methods: signInMethods, channels: [], phoneCountries: [], caller: systemCaller };
    const both = await Promise.allSettled(
      ['google', 'second'].map((key) => unlinkIdentity(db, { ...of, provider: key }, codes)),
    );
    assert.deepEqual(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
    assert.equal((await identities(user.id)).length, 1);
  });

  it('does not link by an address that the account has lost since it was proved', async () => {
    const someone = person({ email: `someone-${Date.now()}@elsewhere.example` });
    const user = await createUser(db, { tenantId: tenant.id, email: someone.email });
    const outcome = await signInWithIdentity(db, { provider, person: someone, tenant }, deps);
    assert.equal(outcome.kind, 'proof-needed');
    await db('users')
      .where({ id: user.id })
      .update({ email: `moved-${Date.now()}@elsewhere.example` });
    const account = { tenantId: tenant.id, userId: user.id };
    await assert.rejects(linkProvedAccount(db, { provider, person: someone, account }, deps), {
      code: 'PROVIDER_ACCOUNT_REFUSED',
    });
    assert.equal((await identities(user.id)).length, 0);
  });

  it('asks for the proof of an account whose phone was proved, and not this address', async () => {
    const someone = person();
    const values = { tenantId: tenant.id, email: someone.email, emailVerified: false };
    await createUser(db, { ...values, phone: '+41791112233', phoneVerified: true });
    const outcome = await signInWithIdentity(db, { provider, person: someone, tenant }, deps);
    assert.equal(outcome.kind === 'proof-needed' && outcome.account.codeProves, false);
    assert.equal(outcome.kind, 'proof-needed');
  });

  it('asks for a code and no password where nothing of the account was proved', async () => {
    const someone = person({ email: `squatted-${Date.now()}@elsewhere.example` });
    const user = await createUser(db, { tenantId: tenant.id, email: someone.email, emailVerified: false });
    const values = {
      tenantId: tenant.id,
      userId: user.id,
      provider: 'password',
      passwordHash: `$argon2id$v=19$m=19456,t=2,p=1$${'c'.repeat(22)}$${'h'.repeat(43)}`,
    };
    await db('user_identities').insert({ ...values, subject: user.id });
    const outcome = await signInWithIdentity(db, { provider, person: someone, tenant }, deps);
    assert.equal(outcome.kind, 'proof-needed');
    const { hasPassword, codeProves } = outcome.kind === 'proof-needed' ? outcome.account : assert.fail();
    assert.deepEqual([hasPassword, codeProves], [false, true]);
    // Whatever the pages believe to have been proved.
    const account = { tenantId: tenant.id, userId: user.id };
    await assert.rejects(linkProvedAccount(db, { provider, person: someone, account }, deps), {
      code: 'PROVIDER_ACCOUNT_REFUSED',
    });
    assert.deepEqual(await identities(user.id), [{ subject: user.id, provider: 'password' }]);
    await db('users').where({ id: user.id }).update({ emailVerifiedAt: db.fn.now() });
    await linkProvedAccount(db, { provider, person: someone, account }, deps);
    assert.equal((await identities(user.id)).length, 2);
  });

  describe('requests on their way', () => {
    const details: FederationDetails = {
      nonce: 'a nonce',
      codeVerifier: 'a verifier',
      startedAt: 1,
      reauthenticate: false,
      countedAs: [],
      purpose: { kind: 'sign-in', interactionUid: 'an interaction' },
    };

    it('are answered once of ten times at once', async () => {
      const started = await startFederationRequest(db, { providerId: provider.id, details }, secrets);
      const answer = { ...started, providerId: provider.id };
      const all = await Promise.allSettled(
        Array.from({ length: 10 }, () => consumeFederationRequest(db, answer, secrets)),
      );
      const [first, ...others] = all.filter(({ status }) => status === 'fulfilled');
      assert.deepEqual(first?.status === 'fulfilled' && first.value, details);
      assert.equal(others.length, 0);
    });

    it('do not open in another row, and are swept when they have ended', async () => {
      const [first, second] = [
        await startFederationRequest(db, { providerId: provider.id, details }, secrets),
        await startFederationRequest(db, { providerId: provider.id, details }, secrets),
      ];
      const found = await db('federation_requests').whereNull('consumedAt').select('id', 'sealed').orderBy('id');
      await db('federation_requests').where({ id: found[0].id }).update({ sealed: found[1].sealed });
      await assert.rejects(consumeFederationRequest(db, { ...first, providerId: provider.id }, secrets), {
        code: 'INTERACTION_EXPIRED',
      });
      await db('federation_requests').update({ expiresAt: db.fn.now() });
      await assert.rejects(consumeFederationRequest(db, { ...second, providerId: provider.id }, secrets), {
        code: 'INTERACTION_EXPIRED',
      });
      assert.ok((await sweepFederationRequests(db)) >= 2);
    });
  });
});
