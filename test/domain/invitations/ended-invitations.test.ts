import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Caller, systemCaller } from '../../../src/domain/audit/audit-events.ts';
import { acceptInvitation, findInvitation, type Invitation } from '../../../src/domain/invitations/invitations.ts';
import { activateUser, deactivateUser, deleteUser } from '../../../src/domain/lifecycle/end-person.ts';
import { activateTenant, suspendTenant } from '../../../src/domain/lifecycle/end-tenant.ts';
import { revokeAllSessions } from '../../../src/domain/sessions/sessions.ts';
import { newId } from '../../../src/platform/ids.ts';
import { eventsOf, stateOf, withFault } from '../../support/audit.ts';
import { createUser } from '../../support/factories.ts';
import { createInvitationBench, type InvitationBench, someEmail } from './invitation-bench.ts';

describe('invitations and codes of those who are stopped', function () {
  this.timeout(120_000);
  let bench: InvitationBench;
  before(async () => {
    bench = await createInvitationBench();
  });
  after(() => bench?.close());

  async function stateOfInvitation({ id }: Invitation): Promise<string> {
    const { revokedAt, acceptedAt } = await bench.db('invitations').where({ id }).first();
    return acceptedAt ? 'accepted' : revokedAt ? 'revoked' : 'open';
  }

  /** A code that waits; answers how to look at it. */
  async function pendingCode(code: { tenantId: string | null; destination: string; userId?: string }) {
    const id = newId();
    await bench.db('otp_codes').insert({
      id,
      ...code,
      channel: 'email',
      purpose: code.userId ? 'verify_email' : 'login',
      challengeHash: randomBytes(32),
      codeHash: randomBytes(32),
      expiresAt: new Date(Date.now() + 300_000),
    });
    return async () => ((await bench.db('otp_codes').where({ id }).first()).revokedAt === null ? 'open' : 'revoked');
  }

  it('end with the tenant, and do not wake with it', async () => {
    const { db } = bench;
    const tenant = await bench.newTenant();
    const place = { tenantId: tenant.id, roleId: tenant.systemRoleIds.member, orgNodeId: tenant.rootNodeId };
    const [open, accepted, elsewhere] = [await bench.invite(place), await bench.invite(place), await bench.invite()];
    const token = await bench.tokenOf(open);
    const acceptedToken = await bench.tokenOf(accepted);
    await acceptInvitation(db, { token: acceptedToken, fullName: 'Ada', locale: 'en' }, bench.accepting());
    const code = await pendingCode({ tenantId: tenant.id, destination: someEmail() });
    const foreign = await pendingCode({ tenantId: bench.tenant.id, destination: someEmail() });
    const { events } = await eventsOf(db, () => suspendTenant(db, tenant.id, systemCaller));
    assert.deepEqual(
      events.map(({ action, payload }) => [action, payload]),
      [['tenant.suspended', { sessions: 0, invitations: 1, keys: 0 }]],
    );
    assert.deepEqual(
      await Promise.all([stateOfInvitation(open), stateOfInvitation(accepted), stateOfInvitation(elsewhere)]),
      ['revoked', 'accepted', 'open'],
    );
    assert.deepEqual([await code(), await foreign()], ['revoked', 'open']);
    await assert.rejects(findInvitation(db, token, bench.server), { code: 'INVITATION_REVOKED' });
    await activateTenant(db, tenant.id, systemCaller);
    await assert.rejects(findInvitation(db, token, bench.server), { code: 'INVITATION_REVOKED' });
  });

  for (const [what, stop] of [
    ['deactivated', deactivateUser],
    ['deleted', deleteUser],
  ] as const)
    it(`end with a user who is ${what}: those they made, those to them, and their codes`, async () => {
      const { db, tenant } = bench;
      const tenantId = tenant.id;
      const email = someEmail();
      const phone = what === 'deleted' ? '+41791112233' : '+41791112234';
      const person = await createUser(db, { tenantId, email, phone, phoneVerified: true });
      const user = { tenantId, userId: person.id };
      await bench.own(person.id);
      await bench.own((await createUser(db, { tenantId })).id);
      const other = await bench.newTenant();
      const byPerson: Caller = { type: 'user', id: person.id };
      const made = await bench.invite({}, byPerson);
      const used = await bench.invite({}, byPerson);
      await acceptInvitation(
        db,
        { token: await bench.tokenOf(used), fullName: 'Ada', locale: 'en' },
        bench.accepting(),
      );
      const ended = [made, await bench.invite({ email }), await bench.invite({ phone })];
      const kept = [
        await bench.invite(),
        await bench.invite({
          email,
          tenantId: other.id,
          roleId: other.systemRoleIds.member,
          orgNodeId: other.rootNodeId,
        }),
      ];
      const endedCodes = [
        await pendingCode({ tenantId, destination: email }),
        await pendingCode({ tenantId, destination: someEmail(), userId: person.id }),
      ];
      const keptCodes = [
        await pendingCode({ tenantId, destination: someEmail() }),
        await pendingCode({ tenantId: other.id, destination: email }),
        await pendingCode({ tenantId: null, destination: email }),
      ];

      const before = await stateOf(db);
      for (const fault of [`user.${what}`, 'invitations', 'otp_codes'])
        await withFault(db, fault, () => assert.rejects(stop(db, user, systemCaller), /out of order/, fault));
      assert.deepEqual(await stateOf(db), before);

      const { events } = await eventsOf(db, () => stop(db, user, systemCaller));
      assert.deepEqual(
        events.map(({ action }) => action),
        [`user.${what}`, 'session.all_revoked'],
      );
      assert.deepEqual(events[0]?.payload, { invitations: 3 });
      assert.deepEqual(await Promise.all(ended.map(stateOfInvitation)), ['revoked', 'revoked', 'revoked']);
      assert.deepEqual(await Promise.all(kept.map(stateOfInvitation)), ['open', 'open']);
      assert.equal(await stateOfInvitation(used), 'accepted');
      assert.deepEqual(await Promise.all(endedCodes.map((look) => look())), ['revoked', 'revoked']);
      assert.deepEqual(await Promise.all(keptCodes.map((look) => look())), ['open', 'open', 'open']);
    });

  it('do not lock up with somebody who uses a code and ends sessions by it while the tenant is being stopped', async () => {
    const { db } = bench;
    const { id: tenantId } = await bench.newTenant();
    const { id: userId } = await createUser(db, { tenantId });
    const destination = someEmail();
    await pendingCode({ tenantId, destination });
    const session = { id: newId(), tenantId, userId, oidcSessionUidHash: randomBytes(32), amr: ['pwd'] };
    await db('user_sessions').insert({ ...session, expiresAt: new Date(Date.now() + 300_000) });
    let suspending: Promise<unknown> | undefined;
    await db.transaction(async (trx) => {
      await trx('otp_codes').where({ destination }).update({ consumedAt: trx.fn.now() });
      suspending = suspendTenant(db, tenantId, systemCaller);
      await sleep(300);
      await revokeAllSessions(trx, { tenantId, userId }, systemCaller);
    });
    await suspending;
  });

  it('do not slip through while the inviter is being stopped', async () => {
    const { db, tenant } = bench;
    for (let round = 0; round < 5; round++) {
      const person = await createUser(db, { tenantId: tenant.id });
      const user = { tenantId: tenant.id, userId: person.id };
      const [, ...made] = await Promise.allSettled([
        deactivateUser(db, user, systemCaller),
        ...Array.from({ length: 3 }, () => bench.invite({}, { type: 'user', id: person.id })),
      ]);
      for (const one of made)
        if (one.status === 'rejected') assert.equal((one.reason as { code: string }).code, 'ACCESS_DENIED');
      const open = await db('invitations').where({ invitedBy: person.id, revokedAt: null });
      assert.deepEqual(open, []);
      await activateUser(db, user, systemCaller);
    }
  });
});
