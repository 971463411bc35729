import assert from 'node:assert/strict';
import { type Caller, systemCaller } from '../../../src/domain/audit/audit-events.ts';
import { acceptInvitation, findInvitation } from '../../../src/domain/invitations/invitations.ts';
import { signInWithPassword } from '../../../src/domain/methods/password/password-sign-in.ts';
import type { SignInServer } from '../../../src/domain/sign-in/method.ts';
import type { TenantSettingsInput } from '../../../src/domain/tenants/tenant-settings.ts';
import { updateTenantSettings } from '../../../src/domain/tenants/tenants.ts';
import { stateOf } from '../../support/audit.ts';
import { createUser } from '../../support/factories.ts';
import { unlimited } from '../../support/limits.ts';
import { createInvitationBench, type InvitationBench, someEmail } from './invitation-bench.ts';

const password = 'lantern orbit velvet';
const visitor: Caller = { type: 'system', ip: '192.0.2.7', requestId: 'r1' };

describe('an invitation where codes do not reach the new person on this server', () => {
  let bench: InvitationBench;
  before(async () => {
    bench = await createInvitationBench();
  });
  after(() => bench.close());

  const newcomer = { fullName: 'Ada Lovelace', locale: 'en' };
  const some = async (settings: TenantSettingsInput, address: { phone: string } | { email: string }) => {
    const tenant = await bench.newTenant();
    const place = { tenantId: tenant.id, roleId: tenant.systemRoleIds.member, orgNodeId: tenant.rootNodeId };
    const token = await bench.tokenOf(await bench.invite({ ...place, ...address }));
    await updateTenantSettings(bench.db, tenant.id, settings, systemCaller);
    return { tenantId: tenant.id, token };
  };
  const usersOf = async (tenantId: string) => (await bench.db('users').where({ tenantId })).length;
  let count = 0;
  const freshPhone = () => `+4179124${String(++count).padStart(4, '0')}`;

  // All of them have codes and passwords by the tenant's settings alone.
  const outOfReach: [
    string,
    () => { phone: string } | { email: string },
    Partial<SignInServer>,
    TenantSettingsInput,
  ][] = [
    ['a phone, without a provider of SMS', () => ({ phone: freshPhone() }), { channels: ['email'] }, {}],
    ['a phone, of a country the server has not', () => ({ phone: freshPhone() }), { phoneCountries: ['FR'] }, {}],
    ['a phone, of a country the tenant has no more', () => ({ phone: freshPhone() }), {}, { countryList: ['FR'] }],
    ['an email address, without a mail server', () => ({ email: someEmail() }), { channels: ['sms'] }, {}],
  ];
  for (const [what, address, lacking, settings] of outOfReach)
    it(`asks for a password: ${what}`, async () => {
      const { tenantId, token } = await some(settings, address());
      const server = { ...bench.server, ...lacking };
      const accepting = { ...bench.accepting(visitor), ...server };
      const { passwordOffered, passwordRequired } = await findInvitation(bench.db, token, server);
      assert.deepEqual([passwordOffered, passwordRequired], [true, true]);
      await assert.rejects(acceptInvitation(bench.db, { token, ...newcomer }, accepting), {
        code: 'FIELD_REQUIRED',
        params: { field: 'password' },
      });
      assert.equal(await usersOf(tenantId), 0);
      const { created } = await acceptInvitation(bench.db, { token, ...newcomer, password }, accepting);
      assert.equal(created, true);
    });

  it('makes no account that nobody could sign in to, and lets the invitation wait', async () => {
    const { tenantId, token } = await some({ signInMethods: ['otp'] }, { phone: freshPhone() });
    const server = { ...bench.server, channels: ['email' as const] };
    const accepting = { ...bench.accepting(visitor), ...server };
    await assert.rejects(findInvitation(bench.db, token, server), { kind: 'not_found', code: 'INVITATION_INVALID' });
    await assert.rejects(acceptInvitation(bench.db, { token, ...newcomer }, accepting), { code: 'INVITATION_INVALID' });
    assert.equal(await usersOf(tenantId), 0);
    const mended = { ...accepting, channels: bench.server.channels };
    assert.equal((await acceptInvitation(bench.db, { token, ...newcomer }, mended)).created, true);
  });

  it('does not take the password of a person who is there already, where it is their only way in', async () => {
    const phone = freshPhone();
    const { tenantId, token } = await some({}, { phone });
    const { passwords, secrets } = bench.accepting();
    const passwordHash = await passwords.hash(password);
    await createUser(bench.db, { tenantId, email: null, phone, passwordHash });
    const server = { ...bench.server, channels: ['email' as const] };
    const accepting = { ...bench.accepting(visitor), ...server };
    const before = await stateOf(bench.db);
    await assert.rejects(findInvitation(bench.db, token, server), { code: 'INVITATION_INVALID' });
    await assert.rejects(acceptInvitation(bench.db, { token, locale: 'en' }, accepting), {
      code: 'INVITATION_INVALID',
    });
    assert.deepEqual(await stateOf(bench.db), before);
    const signIn = { address: phone, password, tenantId };
    const caller = visitor;
    assert.equal(
      (await signInWithPassword(bench.db, signIn, { passwords, limits: unlimited, secrets, caller })).accounts.length,
      1,
    );

    // With a recovery link that reaches the phone, a first proof takes the password as ever.
    await updateTenantSettings(bench.db, tenantId, { signInMethods: ['password'] }, systemCaller);
    const mended = { ...accepting, channels: bench.server.channels };
    assert.equal((await acceptInvitation(bench.db, { token, locale: 'en' }, mended)).created, false);
    await assert.rejects(signInWithPassword(bench.db, signIn, { passwords, limits: unlimited, secrets, caller }), {
      code: 'INVALID_CREDENTIALS',
    });
  });

  it('takes a person who is there already all the same', async () => {
    const phone = freshPhone();
    const { tenantId, token } = await some({ signInMethods: ['otp'] }, { phone });
    await createUser(bench.db, { tenantId, email: null, phone, phoneVerified: true });
    const accepting = { ...bench.accepting(visitor), channels: [] };
    assert.equal((await acceptInvitation(bench.db, { token, locale: 'en' }, accepting)).created, false);
  });
});
