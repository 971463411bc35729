import assert from 'node:assert/strict';
import { deleteRole } from '../../../src/domain/access/roles.ts';
import { type Caller, systemCaller } from '../../../src/domain/audit/audit-events.ts';
import {
  acceptInvitation,
  findInvitation,
  type Invitation,
  revokeInvitation,
} from '../../../src/domain/invitations/invitations.ts';
import { resendInvitation } from '../../../src/domain/invitations/send-invitation.ts';
import { activateUser, deactivateUser, deleteUser } from '../../../src/domain/lifecycle/end-person.ts';
import { activateTenant, suspendTenant } from '../../../src/domain/lifecycle/end-tenant.ts';
import { signInWithPassword } from '../../../src/domain/methods/password/password-sign-in.ts';
import * as nodes from '../../../src/domain/organisation/org-nodes.ts';
import { updateTenantSettings } from '../../../src/domain/tenants/tenants.ts';
import { createUser } from '../../../src/domain/users/users.ts';
import type { DomainError } from '../../../src/platform/errors.ts';
import { randomToken } from '../../../src/platform/secrets.ts';
import { eventsOf, stateOf, withFault } from '../../support/audit.ts';
import { assign, createNode, createRole, createUser as someUser } from '../../support/factories.ts';
import { unlimited } from '../../support/limits.ts';
import { createInvitationBench, type InvitationBench, issuer, someEmail, somePhone } from './invitation-bench.ts';

const password = 'lantern orbit velvet';
const visitor: Caller = { type: 'system', ip: '192.0.2.7', requestId: 'r1' };

describe('accepting an invitation', function () {
  this.timeout(120_000);
  let bench: InvitationBench;
  before(async () => {
    bench = await createInvitationBench();
  });
  after(() => bench?.close());

  async function accept(token: string, wanted: { fullName?: string; password?: string } = {}) {
    return acceptInvitation(
      bench.db,
      { token, fullName: 'Ada Quill', locale: 'fr', ...wanted },
      bench.accepting(visitor),
    );
  }

  async function assignmentsOf(userId: string) {
    return bench.db('org_assignments').where({ userId }).orderBy('starts_at');
  }

  async function sessions(): Promise<unknown[]> {
    return [...(await bench.db('user_sessions')), ...(await bench.db('oidc_payloads'))];
  }

  it('shows who invites to what, and changes nothing by it', async () => {
    const { db, tenant, roleId } = bench;
    const region = await createNode(db, { tenantId: tenant.id, name: 'North' });
    const school = await createNode(db, { tenantId: tenant.id, parentId: region.id, name: 'Lakeside' });
    const inviter = await someUser(db, { tenantId: tenant.id, fullName: 'Ida Host' });
    await bench.own(inviter.id);
    const email = someEmail();
    const invitation = await bench.invite({ email, orgNodeId: school.id }, { type: 'user', id: inviter.id });
    const token = await bench.tokenOf(invitation);
    const before = await stateOf(db);
    const found = await findInvitation(db, token, bench.server);
    assert.deepEqual(
      { ...found, settings: undefined },
      {
        tenantId: tenant.id,
        tenantName: tenant.name,
        settings: undefined,
        inviterName: 'Ida Host',
        role: (await db('roles').where({ id: roleId }).first()).name,
        place: [tenant.name, 'North', 'Lakeside'],
        address: 'i•••@example.test',
        existingAccount: false,
        passwordOffered: true,
        passwordRequired: false,
        expiresAt: invitation.expiresAt,
      },
    );
    assert.deepEqual(await stateOf(db), before);

    const byPhone = await bench.invite({ phone: somePhone });
    const masked = await findInvitation(db, await bench.tokenOf(byPhone), bench.server);
    assert.deepEqual([masked.address, masked.inviterName, masked.place], ['•••67', null, [tenant.name]]);
  });

  it('makes an account with the address proved, the role, and no session', async () => {
    const invitation = await bench.invite();
    const { events, result } = await eventsOf(bench.db, async () =>
      accept(await bench.tokenOf(invitation), { password }),
    );
    const { userId } = result;
    assert.deepEqual(result, {
      userId,
      tenantId: bench.tenant.id,
      tenantName: bench.tenant.name,
      role: result.role,
      place: bench.tenant.name,
      created: true,
    });
    const user = await bench.db('users').where({ id: userId }).first();
    assert.deepEqual([user.email, user.fullName, user.tenantId], [invitation.email, 'Ada Quill', bench.tenant.id]);
    assert.ok(user.emailVerifiedAt instanceof Date);
    assert.equal((await bench.db('user_settings').where({ userId }).first()).locale, 'fr');
    const [held, ...others] = await assignmentsOf(userId);
    assert.deepEqual([held.roleId, held.orgNodeId, held.endsAt], [bench.roleId, bench.tenant.rootNodeId, null]);
    assert.equal(others.length, 0);
    assert.deepEqual(await sessions(), []);
    const { passwords, secrets } = bench.accepting();
    const signIn = { address: invitation.email as string, password, tenantId: bench.tenant.id };
    const { accounts } = await signInWithPassword(bench.db, signIn, {
      passwords,
      limits: unlimited,
      secrets,
      caller: visitor,
    });
    assert.equal(accounts[0]?.userId, userId);

    assert.deepEqual(
      events.map(({ action, actorType, actorId, ip }) => [action, actorType, actorId, ip]),
      [
        ['user.created', 'system', null, '192.0.2.7'],
        ['role.assigned', 'user', userId, '192.0.2.7'],
        ['invitation.accepted', 'user', userId, '192.0.2.7'],
      ],
    );
    assert.equal(events[2]?.entityId, invitation.id);
    assert.ok(!JSON.stringify(events).includes(invitation.email as string), 'the trail holds no address');
    const row = await bench.db('invitations').where({ id: invitation.id }).first();
    assert.equal(row.acceptedBy, userId);
    assert.ok(row.acceptedAt instanceof Date);
  });

  it('makes an account for a phone, without a password', async () => {
    const phone = '+41791234568';
    const { userId } = await accept(await bench.tokenOf(await bench.invite({ phone: '079 123 45 68' })));
    const user = await bench.db('users').where({ id: userId }).first();
    assert.deepEqual([user.phone, user.email], [phone, null]);
    assert.ok(user.phoneVerifiedAt instanceof Date);
    assert.equal((await bench.db('user_identities').where({ userId })).length, 0);
  });

  it('takes role, node and tenant from the row, whatever comes with the request', async () => {
    const other = await bench.newTenant();
    const forged = {
      tenantId: other.id,
      roleId: other.systemRoleIds.owner,
      orgNodeId: other.rootNodeId,
      email: 'mallory@example.test',
    };
    const { userId, tenantId } = await accept(await bench.tokenOf(await bench.invite()), forged as object);
    assert.equal(tenantId, bench.tenant.id);
    const [held] = await assignmentsOf(userId);
    assert.deepEqual([held.tenantId, held.roleId], [bench.tenant.id, bench.roleId]);
  });

  it('adds the role to an account that is there, and leaves its name, password and sessions alone', async () => {
    const { db, tenant } = bench;
    const email = someEmail();
    const { passwords, secrets } = bench.accepting();
    const user = await createUser(
      db,
      { tenantId: tenant.id, email, emailVerified: true, fullName: 'Ben Reed', password },
      { passwords, caller: systemCaller },
    );
    const token = await bench.tokenOf(await bench.invite({ email: email.toUpperCase() }));
    const found = await findInvitation(db, token, bench.server);
    assert.equal(found.existingAccount, true);
    const { events, result } = await eventsOf(db, () =>
      accept(token, { fullName: 'Mallory', password: 'another one entirely' }),
    );
    assert.deepEqual([result.userId, result.created], [user.id, false]);
    assert.equal((await db('users').where({ id: user.id }).first()).fullName, 'Ben Reed');
    assert.equal((await assignmentsOf(user.id)).length, 1);
    assert.deepEqual(await sessions(), []);
    const signIn = { address: email, password, tenantId: tenant.id };
    assert.equal(
      (await signInWithPassword(db, signIn, { passwords, limits: unlimited, secrets, caller: visitor })).accounts
        .length,
      1,
    );
    assert.deepEqual(
      events.map(({ action }) => action),
      ['role.assigned', 'invitation.accepted'],
    );
  });

  it('says that the inviter gave the role, and that the invited took it', async () => {
    const inviter = await someUser(bench.db, { tenantId: bench.tenant.id });
    await bench.own(inviter.id);
    const invitation = await bench.invite({}, { type: 'user', id: inviter.id });
    assert.equal(invitation.invitedBy, inviter.id);
    const { userId } = await accept(await bench.tokenOf(invitation));
    assert.equal((await assignmentsOf(userId))[0].assignedBy, inviter.id);
  });

  it('takes away what was set up under the address before it was proved, and tells its owner', async () => {
    const { db, tenant } = bench;
    const email = someEmail();
    const { passwords, secrets } = bench.accepting();
    const user = await createUser(db, { tenantId: tenant.id, email, password }, { passwords, caller: systemCaller });
    const { events } = await eventsOf(db, async () => accept(await bench.tokenOf(await bench.invite({ email }))));
    assert.ok((await db('users').where({ id: user.id }).first()).emailVerifiedAt);
    const signIn = { address: email, password, tenantId: tenant.id };
    await assert.rejects(signInWithPassword(db, signIn, { passwords, limits: unlimited, secrets, caller: visitor }), {
      code: 'INVALID_CREDENTIALS',
    });
    assert.deepEqual(
      events.map(({ action }) => action).filter((action) => action !== 'invitation.created'),
      ['address.verified', 'credentials.removed', 'session.all_revoked', 'role.assigned', 'invitation.accepted'],
    );
    const notice = (await bench.messagesTo(email)).at(-1);
    assert.equal(notice?.template, 'credentials-removed');
    assert.deepEqual(notice?.model, { tenantName: tenant.name, href: `${issuer}/account` });
    assert.equal(notice?.locale, 'fr');
  });

  it('gives nothing to an account that put the address on itself and proved another', async () => {
    const { db, tenant } = bench;
    const phone = '+41791234569';
    const squatter = await someUser(db, { tenantId: tenant.id, phone });
    const token = await bench.tokenOf(await bench.invite({ phone }));
    await assert.rejects(findInvitation(db, token, bench.server), { code: 'INVITATION_INVALID' });
    await assert.rejects(accept(token), { kind: 'not_found', code: 'INVITATION_INVALID' });
    assert.equal((await assignmentsOf(squatter.id)).length, 0);
    assert.equal((await db('users').where({ id: squatter.id }).first()).phoneVerifiedAt, null);
  });

  it('finds nobody in another tenant under the same address', async () => {
    const other = await bench.newTenant();
    const email = someEmail();
    const elsewhere = await someUser(bench.db, { tenantId: other.id, email });
    const { userId, created } = await accept(await bench.tokenOf(await bench.invite({ email })));
    assert.equal(created, true);
    assert.notEqual(userId, elsewhere.id);
    assert.equal((await assignmentsOf(elsewhere.id)).length, 0);
  });

  for (const [times, who] of [
    [10, 'a new person'],
    [50, 'a new person'],
    [10, 'an account that is there'],
    [50, 'an account that is there'],
  ] as const)
    it(`of ${times} at once for ${who} succeeds once`, async () => {
      const email = someEmail();
      if (who !== 'a new person') await someUser(bench.db, { tenantId: bench.tenant.id, email });
      const invitation = await bench.invite({ email });
      const token = await bench.tokenOf(invitation);
      const { result, events } = await eventsOf(bench.db, () =>
        Promise.allSettled(Array.from({ length: times }, () => accept(token))),
      );
      const done = result.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
      const codes = result.flatMap((one) => (one.status === 'rejected' ? [(one.reason as DomainError).code] : []));
      assert.equal(done.length, 1);
      assert.deepEqual(codes, Array(times - 1).fill('INVITATION_ACCEPTED'));
      const users = await bench.db('users').where({ email });
      assert.deepEqual(
        users.map(({ id }) => id),
        [done[0]?.userId],
      );
      assert.equal((await assignmentsOf(users[0].id)).length, 1);
      assert.equal(events.filter(({ action }) => action === 'invitation.accepted').length, 1);
    });

  it('gives two invitations of one new person to one account when both are accepted at once', async () => {
    const email = someEmail();
    const { id: otherRole } = await createRole(bench.db, { tenantId: bench.tenant.id });
    const first = await bench.tokenOf(await bench.invite({ email }));
    const second = await bench.tokenOf(await bench.invite({ email, roleId: otherRole }));
    const done = await Promise.all([accept(first), accept(second)]);
    assert.equal(done[0].userId, done[1].userId);
    assert.equal(done.filter(({ created }) => created).length, 1);
    assert.equal((await assignmentsOf(done[0].userId)).length, 2);
  });

  it('tells a token that is used, withdrawn, expired, replaced or unknown apart', async () => {
    const { db } = bench;
    const [used, withdrawn, expired, replaced] = await Promise.all(
      Array.from({ length: 4 }, async () => {
        const invitation = await bench.invite();
        return { invitation, token: await bench.tokenOf(invitation) };
      }),
    );
    assert.ok(used && withdrawn && expired && replaced);
    await accept(used.token);
    const named = ({ tenantId, id }: Invitation) => ({ tenantId, invitationId: id });
    await revokeInvitation(db, named(withdrawn.invitation), systemCaller);
    await db('invitations').where({ id: expired.invitation.id }).update({ expiresAt: new Date() });
    await db('invitations')
      .where({ id: replaced.invitation.id })
      .update({ sentAt: new Date(0) });
    await resendInvitation(db, { ...named(replaced.invitation), locale: 'en' }, bench.dependencies());
    for (const [token, kind, code] of [
      [used.token, 'expired', 'INVITATION_ACCEPTED'],
      [withdrawn.token, 'expired', 'INVITATION_REVOKED'],
      [expired.token, 'expired', 'INVITATION_EXPIRED'],
      [replaced.token, 'not_found', 'INVITATION_INVALID'],
      [randomToken(), 'not_found', 'INVITATION_INVALID'],
      ['', 'not_found', 'INVITATION_INVALID'],
      [`${used.token} `, 'not_found', 'INVITATION_INVALID'],
      ['\0\r\n', 'not_found', 'INVITATION_INVALID'],
    ] as const) {
      await assert.rejects(findInvitation(db, token, bench.server), { kind, code }, code);
      await assert.rejects(accept(token), { kind, code }, code);
    }
    assert.equal((await accept(await bench.tokenOf(replaced.invitation))).created, true);
  });

  it('is refused where the role was deleted, and where the place or one above it is switched off or gone', async () => {
    const { db, tenant } = bench;
    const tenantId = tenant.id;
    const doomed = await createRole(db, { tenantId });
    const above = await createNode(db, { tenantId });
    const place = await createNode(db, { tenantId, parentId: above.id });
    const gone = await createNode(db, { tenantId });
    const byRole = await bench.tokenOf(await bench.invite({ roleId: doomed.id }));
    const byNode = await bench.tokenOf(await bench.invite({ orgNodeId: place.id }));
    const byGone = await bench.tokenOf(await bench.invite({ orgNodeId: gone.id }));
    await deleteRole(db, { tenantId, roleId: doomed.id }, systemCaller);
    await nodes.deleteOrgNode(db, { tenantId, orgNodeId: gone.id }, systemCaller);
    await nodes.deactivateOrgNode(db, { tenantId, orgNodeId: above.id }, systemCaller);
    const before = await stateOf(db);
    for (const token of [byRole, byNode, byGone]) {
      await assert.rejects(findInvitation(db, token, bench.server), { kind: 'not_found', code: 'INVITATION_INVALID' });
      await assert.rejects(accept(token), { kind: 'not_found', code: 'INVITATION_INVALID' });
    }
    assert.deepEqual(await stateOf(db), before);
    await nodes.activateOrgNode(db, { tenantId, orgNodeId: above.id }, systemCaller);
    assert.equal((await accept(byNode)).created, true);
  });

  it('ends with the tenant, no matter who accepts at the same moment', async () => {
    const { db } = bench;
    for (let round = 0; round < 5; round++) {
      const { id: tenantId, rootNodeId: orgNodeId, systemRoleIds } = await bench.newTenant();
      const place = { tenantId, orgNodeId, roleId: systemRoleIds.member };
      const open = await Promise.all(Array.from({ length: 4 }, () => bench.invite(place)));
      const tokens = await Promise.all(open.map((invitation) => bench.tokenOf(invitation)));
      const [, ...accepted] = await Promise.allSettled([
        suspendTenant(db, tenantId, systemCaller),
        ...tokens.map((token) => accept(token)),
      ]);
      const codes = accepted.map((one) => (one.status === 'fulfilled' ? 'done' : (one.reason as DomainError).code));
      for (const code of codes) assert.match(code, /^(done|INVITATION_REVOKED|INVITATION_INVALID)$/);
      await activateTenant(db, tenantId, systemCaller);
      for (const [index, token] of tokens.entries())
        await assert.rejects(accept(token), {
          code: codes[index] === 'done' ? 'INVITATION_ACCEPTED' : 'INVITATION_REVOKED',
        });
      assert.equal((await db('users').where({ tenantId })).length, codes.filter((code) => code === 'done').length);
    }
  });

  it('is refused for an account that may not act', async () => {
    const { db, tenant } = bench;
    const email = someEmail();
    const user = { tenantId: tenant.id, userId: (await someUser(db, { tenantId: tenant.id, email })).id };
    await deactivateUser(db, user, systemCaller);
    const token = await bench.tokenOf(await bench.invite({ email }));
    await assert.rejects(findInvitation(db, token, bench.server), { code: 'INVITATION_INVALID' });
    await assert.rejects(accept(token), { code: 'INVITATION_INVALID' });
    assert.equal((await assignmentsOf(user.userId)).length, 0);
    // Going back ends what is pending, too.
    await activateUser(db, user, systemCaller);
    await assert.rejects(accept(token), { code: 'INVITATION_REVOKED' });
  });

  it('makes a new account where the old one of the address was deleted before the invitation', async () => {
    const { db, tenant } = bench;
    const email = someEmail();
    const { id: userId } = await someUser(db, { tenantId: tenant.id, email });
    await deleteUser(db, { tenantId: tenant.id, userId }, systemCaller);
    const done = await accept(await bench.tokenOf(await bench.invite({ email })));
    assert.equal(done.created, true);
    assert.notEqual(done.userId, userId);
  });

  describe('by somebody who holds the role there already', () => {
    const day = 86_400_000;
    const from = (days: number) => new Date(Math.floor(Date.now() / 1000) * 1000 + days * day);

    async function holdersAfter(periods: { startsAt: Date; endsAt?: Date }[]): Promise<(string | null)[][]> {
      const { db, tenant, roleId } = bench;
      const email = someEmail();
      const { id: userId } = await someUser(db, { tenantId: tenant.id, email });
      for (const period of periods)
        await assign(db, { tenantId: tenant.id, userId, roleId, orgNodeId: tenant.rootNodeId, ...period });
      await accept(await bench.tokenOf(await bench.invite({ email })));
      const inDays = (moment: Date | null) => moment && `${Math.round((moment.getTime() - Date.now()) / day)}`;
      return (await assignmentsOf(userId)).map(({ startsAt, endsAt }) => [inDays(startsAt), inDays(endsAt)]);
    }

    it('adds nothing where they hold it until further notice', async () => {
      assert.deepEqual(await holdersAfter([{ startsAt: from(-5) }]), [['-5', null]]);
    });

    it('adds what is missing where they hold it for a time', async () => {
      assert.deepEqual(await holdersAfter([{ startsAt: from(-5), endsAt: from(3) }]), [
        ['-5', '3'],
        ['3', null],
      ]);
      assert.deepEqual(await holdersAfter([{ startsAt: from(2), endsAt: from(4) }, { startsAt: from(6) }]), [
        ['0', '2'],
        ['2', '4'],
        ['4', '6'],
        ['6', null],
      ]);
    });

    it('gives it anew where they held it once', async () => {
      assert.deepEqual(await holdersAfter([{ startsAt: from(-9), endsAt: from(-5) }]), [
        ['-9', '-5'],
        ['0', null],
      ]);
    });
  });

  it('asks a new person for a name, and for a password where nothing else would let them in', async () => {
    const { db } = bench;
    const tenant = await bench.newTenant();
    const place = { tenantId: tenant.id, roleId: tenant.systemRoleIds.member, orgNodeId: tenant.rootNodeId };
    const token = await bench.tokenOf(await bench.invite(place));
    const set = (settings: object) => updateTenantSettings(db, tenant.id, settings, systemCaller);
    const choice = async () => {
      const { passwordOffered, passwordRequired } = await findInvitation(db, token, bench.server);
      return [passwordOffered, passwordRequired];
    };
    await assert.rejects(accept(token, { fullName: '  ' }), { code: 'FIELD_REQUIRED', params: { field: 'fullName' } });
    await assert.rejects(accept(token, { fullName: 'Ada\r\nBcc: x' }), { code: 'INVALID_INPUT' });
    await assert.rejects(accept(token, { password: 'password1' }), { code: 'PASSWORD_COMMON' });

    await set({ signInMethods: ['password'] });
    assert.deepEqual(await choice(), [true, true]);
    await assert.rejects(accept(token), { code: 'FIELD_REQUIRED', params: { field: 'password' } });
    await set({ signInMethods: ['password', 'otp'], codeChannels: ['sms'] });
    assert.deepEqual(await choice(), [true, true], 'no code comes by mail');
    await set({ signInMethods: ['otp'], codeChannels: ['email'] });
    assert.deepEqual(await choice(), [false, false]);
    await assert.rejects(accept(token, { password }), { code: 'INVALID_INPUT', params: { field: 'password' } });
    assert.equal((await db('users').where({ tenantId: tenant.id })).length, 0, 'nothing was made by what was refused');
    assert.equal((await accept(token)).created, true);
  });

  it('is all or nothing, with its events', async () => {
    const { db, tenant } = bench;
    const { passwords } = bench.accepting();
    const email = someEmail();
    await createUser(db, { tenantId: tenant.id, email, password }, { passwords, caller: systemCaller });
    const cases: [Invitation, string[]][] = [
      [await bench.invite(), ['user.created', 'role.assigned', 'invitation.accepted']],
      [
        await bench.invite({ email }),
        ['address.verified', 'credentials.removed', 'session.all_revoked', 'role.assigned', 'invitation.accepted'],
      ],
    ];
    for (const [invitation, actions] of cases) {
      const token = await bench.tokenOf(invitation);
      const before = await stateOf(db);
      const { events } = await eventsOf(db, async () => {
        for (const fault of [...actions, 'invitations', 'users', 'org_assignments', 'change'])
          await withFault(db, fault, () => assert.rejects(accept(token), /out of order/, fault));
      });
      assert.deepEqual(events, []);
      assert.deepEqual(await stateOf(db), before);
      const done = await eventsOf(db, () => accept(token));
      assert.deepEqual(
        done.events.map(({ action }) => action),
        actions,
      );
    }
  });
});
