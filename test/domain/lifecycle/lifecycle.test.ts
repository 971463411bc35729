import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { type Caller, systemCaller } from '../../../src/domain/audit/audit-events.ts';
import { createClient, createService } from '../../../src/domain/clients/clients.ts';
import { acceptInvitationsOf } from '../../../src/domain/invitations/invitations-of-address.ts';
import { disableClient } from '../../../src/domain/lifecycle/end-client.ts';
import { activateUser, deactivateUser, deleteUser } from '../../../src/domain/lifecycle/end-person.ts';
import { activateTenant, suspendTenant } from '../../../src/domain/lifecycle/end-tenant.ts';
import {
  destroyByGrantId,
  destroyPayload,
  revokeReplayedCode,
  sweepPayloads,
} from '../../../src/domain/sessions/payload-store.ts';
import { revokeAllSessions } from '../../../src/domain/sessions/sessions.ts';
import { createSetupLink, findSetupLink } from '../../../src/domain/setup/setup-links.ts';
import { newId } from '../../../src/platform/ids.ts';
import { stateOf } from '../../support/audit.ts';
import { eventually } from '../../support/eventually.ts';
import { createUser } from '../../support/factories.ts';
import { createInvitationBench, type InvitationBench, someEmail } from '../invitations/invitation-bench.ts';

const soon = () => new Date(Date.now() + 300_000);

describe('ending a person, a tenant, a client', function () {
  this.timeout(120_000);
  let bench: InvitationBench;
  before(async () => {
    bench = await createInvitationBench();
  });
  after(() => bench.close());

  async function payload(row: Record<string, unknown>): Promise<Buffer> {
    const idHash = randomBytes(32);
    await bench.db('oidc_payloads').insert({ idHash, payload: randomBytes(8), expiresAt: soon(), ...row });
    return idHash;
  }

  async function code(row: Record<string, unknown>): Promise<void> {
    const hashes = { challengeHash: randomBytes(32), codeHash: randomBytes(32) };
    await bench.db('otp_codes').insert({ id: newId(), channel: 'email', ...hashes, expiresAt: soon(), ...row });
  }

  /** A sign-in at two applications, with the browser session, grant, tokens, code and interaction that go with it. */
  async function signedIn({ tenantId, userId }: { tenantId: string; userId: string }): Promise<void> {
    const uidHash = randomBytes(32);
    const id = newId();
    const session = { id, tenantId, userId, oidcSessionUidHash: uidHash, amr: ['pwd'], expiresAt: soon() };
    await bench.db('user_sessions').insert(session);
    const grantId = newId();
    for (const [clientId, grant] of [
      ['app-one', grantId],
      ['app-two', null],
    ] as const)
      await bench.db('session_clients').insert({ tenantId, userSessionId: id, clientId, sid: newId(), grantId: grant });
    await payload({ model: 'Session', uidHash, accountId: userId });
    for (const model of ['Grant', 'AccessToken', 'RefreshToken', 'AuthorizationCode', 'DeviceCode'])
      await payload({ model, grantId, accountId: userId, clientId: 'app-one', sessionUidHash: uidHash });
    await payload({ model: 'Interaction', accountId: userId });
    // Of the session alone, and of the grant alone.
    await payload({ model: 'DeviceCode', sessionUidHash: uidHash });
    await payload({ model: 'AccessToken', grantId });
  }

  /** A person of a tenant who holds everything that a person can hold. */
  async function busyPerson(tenantId: string, place: Parameters<InvitationBench['invite']>[0] = {}) {
    const email = someEmail();
    const person = await createUser(bench.db, { tenantId, email });
    const user = { tenantId, userId: person.id };
    await signedIn(user);
    await signedIn(user);
    await code({ tenantId, destination: email, purpose: 'login' });
    await code({ tenantId, destination: someEmail(), purpose: 'verify_email', userId: person.id });
    await code({ tenantId, destination: email, purpose: 'reset_password', challengeHash: null });
    await bench.invite({ tenantId, email, ...place });
    await bench.invite({ tenantId, ...place }, { type: 'user', id: person.id });
    await createSetupLink(bench.db, { tenantId, email }, systemCaller);
    return { ...user, email };
  }

  const placeOf = (tenant: Awaited<ReturnType<InvitationBench['newTenant']>>) => ({
    tenantId: tenant.id,
    roleId: tenant.systemRoleIds.member,
    orgNodeId: tenant.rootNodeId,
  });

  /** What is alive in a tenant: of a person, or of everybody. */
  async function alive(tenantId: string, person?: { userId: string; email: string }): Promise<Record<string, number>> {
    const of = { tenantId, userId: person?.userId ?? null, email: person?.email ?? null };
    const { rows: found } = await bench.db.raw(
      `select (select count(*) from user_sessions
                where tenant_id = :tenantId and revoked_at is null and (:userId::uuid is null or user_id = :userId)) as sessions,
              (select count(*) from oidc_payloads p
                where account_id in (select id from users where tenant_id = :tenantId and (:userId::uuid is null or id = :userId))
                   or session_uid_hash in (select oidc_session_uid_hash from user_sessions
                                            where tenant_id = :tenantId and (:userId::uuid is null or user_id = :userId))
                   or grant_id in (select c.grant_id from session_clients c join user_sessions s on s.id = c.user_session_id
                                    where s.tenant_id = :tenantId and (:userId::uuid is null or s.user_id = :userId))
                   or (:userId::uuid is null and client_id in (select client_id from clients where tenant_id = :tenantId))) as payloads,
              (select count(*) from otp_codes
                where tenant_id = :tenantId and consumed_at is null and revoked_at is null
                  and (:userId::uuid is null or user_id = :userId or destination = :email)) as codes,
              (select count(*) from invitations
                where tenant_id = :tenantId and accepted_at is null and revoked_at is null
                  and (:userId::uuid is null or invited_by = :userId or email = :email)) as invitations,
              (select count(*) from setup_links
                where tenant_id = :tenantId and consumed_at is null and revoked_at is null
                  and (:email::text is null or email = :email)) as links,
              (select count(*) from service_sessions
                where tenant_id = :tenantId and revoked_at is null and :userId::uuid is null) as services,
              (select count(*) from federation_requests r join identity_providers i on i.id = r.provider_id
                where i.tenant_id = :tenantId and :userId::uuid is null) as federation`,
      of,
    );
    return found[0];
  }

  const nothing = { sessions: 0, payloads: 0, codes: 0, invitations: 0, links: 0, services: 0, federation: 0 };

  async function service(tenantId: string): Promise<string> {
    const { client } = await createService(bench.db, { tenantId, name: 'Service', capabilities: [] }, systemCaller);
    const row = { id: newId(), tenantId, clientId: client.id, jti: newId(), expiresAt: soon() };
    await bench.db('service_sessions').insert(row);
    await payload({ model: 'ClientCredentials', clientId: client.clientId });
    return client.clientId;
  }

  async function busyTenant() {
    const tenant = await bench.newTenant();
    const people = [await busyPerson(tenant.id, placeOf(tenant)), await busyPerson(tenant.id, placeOf(tenant))];
    const clientId = await service(tenant.id);
    await createSetupLink(bench.db, { tenantId: tenant.id }, systemCaller);
    const providerId = newId();
    const provider = {
      tenantId: tenant.id,
      key: `p${providerId.slice(-12)}`,
      name: 'Own',
      issuer: 'https://op.example',
    };
    await bench.db('identity_providers').insert({ id: providerId, ...provider, clientId: 'x' });
    const request = { stateHash: randomBytes(32), browserHash: randomBytes(32), sealed: randomBytes(8) };
    await bench.db('federation_requests').insert({ id: newId(), providerId, ...request, expiresAt: soon() });
    return { tenant, people, clientId };
  }

  const logoutJobs = async (userId: string): Promise<number> => {
    const { rows: found } = await bench.db.raw(
      `select count(*) as jobs from graphile_worker._private_jobs where payload ->> 'sub' = ?`,
      [userId],
    );
    return found[0].jobs;
  };

  for (const [what, end] of [
    ['deactivated', deactivateUser],
    ['deleted', deleteUser],
  ] as const)
    it(`leaves a person who is ${what} nothing, tells the applications, and nobody else loses anything`, async () => {
      const { db, tenant } = bench;
      const [person, neighbour] = [await busyPerson(tenant.id), await busyPerson(tenant.id)];
      const before = await alive(tenant.id, neighbour);
      assert.deepEqual(await alive(tenant.id, person), {
        ...nothing,
        sessions: 2,
        payloads: 18,
        codes: 3,
        invitations: 2,
        links: 1,
      });
      await end(db, person, systemCaller);
      assert.deepEqual(await alive(tenant.id, person), nothing);
      assert.equal(await logoutJobs(person.userId), 4);
      assert.deepEqual(await alive(tenant.id, neighbour), before);
    });

  it('leaves a suspended tenant nothing, tells the applications, and no other tenant loses anything', async () => {
    const [{ tenant, people }, other] = [await busyTenant(), await busyTenant()];
    const before = await alive(other.tenant.id);
    for (const [name, count] of Object.entries(await alive(tenant.id))) assert.ok(count > 0, name);
    await suspendTenant(bench.db, tenant.id, systemCaller);
    assert.deepEqual(await alive(tenant.id), nothing);
    for (const { userId } of people) assert.equal(await logoutJobs(userId), 4);
    assert.deepEqual(await alive(other.tenant.id), before);
  });

  it('ends what slipped in while a tenant or a person was stopped, before they are let in again', async () => {
    const { tenant, people } = await busyTenant();
    await suspendTenant(bench.db, tenant.id, systemCaller);
    await signedIn(people[0] as { tenantId: string; userId: string });
    await code({ tenantId: tenant.id, destination: someEmail(), purpose: 'login' });
    await activateTenant(bench.db, tenant.id, systemCaller);
    assert.deepEqual(await alive(tenant.id), nothing);

    const person = await busyPerson(bench.tenant.id);
    await deactivateUser(bench.db, person, systemCaller);
    await signedIn(person);
    await activateUser(bench.db, person, systemCaller);
    assert.deepEqual(await alive(bench.tenant.id, person), nothing);
  });

  it('leaves a disabled client nothing, and the sign-ins of its people go on', async () => {
    const { db, tenant } = bench;
    const wanted = { tenantId: tenant.id, kind: 'web' as const, name: 'App', redirectUris: ['https://app.example/cb'] };
    const { client } = await createClient(db, wanted, systemCaller);
    const person = await busyPerson(tenant.id);
    const before = await alive(tenant.id, person);
    await payload({ model: 'RefreshToken', clientId: client.clientId, accountId: person.userId });
    const machine = await service(tenant.id);
    for (const clientId of [client.clientId, machine]) {
      await disableClient(db, clientId, systemCaller);
      assert.equal((await db('oidc_payloads').where({ clientId })).length, 0);
    }
    const rows = await db('service_sessions').where({ tenantId: tenant.id, revokedAt: null });
    assert.equal(rows.length, 0);
    assert.deepEqual(await alive(tenant.id, person), before);
  });

  it('lets no set-up link of a stopped tenant or person make an owner', async () => {
    const { db } = bench;
    const tenant = await bench.newTenant();
    const email = someEmail();
    const person = await createUser(db, { tenantId: tenant.id, email });
    const theirs = await createSetupLink(db, { tenantId: tenant.id, email: email.toUpperCase() }, systemCaller);
    const open = await createSetupLink(db, { tenantId: tenant.id }, systemCaller);
    await deleteUser(db, { tenantId: tenant.id, userId: person.id }, systemCaller);
    await assert.rejects(findSetupLink(db, theirs.token), { code: 'SETUP_LINK_INVALID' });
    assert.equal((await findSetupLink(db, open.token)).tenantId, tenant.id);
    await suspendTenant(db, tenant.id, systemCaller);
    await assert.rejects(findSetupLink(db, open.token), { code: 'SETUP_LINK_INVALID' });
  });

  describe('all at once or not at all', () => {
    /** Holds rows until told to let go, so that what wants them stands in the middle. */
    async function holding(table: string, where: Record<string, unknown>) {
      const trx = await bench.db.transaction();
      const held = await trx(table).where(where).forUpdate();
      assert.ok(held.length > 0);
      return () => trx.rollback();
    }

    /** Backends that wait for a lock and run, or last ran, such a statement. */
    async function waiting(statement: string): Promise<number[]> {
      const { rows: found } = await bench.db.raw(
        `select pid from pg_stat_activity
          where datname = current_database() and wait_event_type = 'Lock' and query ilike ? and pid <> pg_backend_pid()`,
        [`%${statement}%`],
      );
      return (found as { pid: number }[]).map(({ pid }) => pid);
    }

    it('killed between two statements, nothing has happened', async () => {
      const { db } = bench;
      const { tenant, people, clientId } = await busyTenant();
      const [person] = people as [{ tenantId: string; userId: string; email: string }];
      const ends: [string, () => Promise<unknown>, Record<string, unknown>][] = [
        ['deactivate', () => deactivateUser(db, person, systemCaller), { accountId: person.userId }],
        ['delete', () => deleteUser(db, person, systemCaller), { accountId: person.userId }],
        ['suspend', () => suspendTenant(db, tenant.id, systemCaller), { accountId: person.userId }],
        ['disable', () => disableClient(db, clientId, systemCaller), { clientId }],
      ];
      for (const [what, end, last] of ends) {
        const before = await stateOf(db);
        const letGo = await holding('oidc_payloads', last);
        const ending = assert.rejects(end(), what);
        // Codes, invitations, links and sign-ins have ended by now, and the protocol's rows are waited for.
        let pids: number[] = [];
        await eventually(async () => {
          pids = await waiting('from oidc_payloads');
          return pids.length > 0;
        });
        for (const pid of pids) await db.raw('select pg_terminate_backend(?)', [pid]);
        await ending;
        await letGo();
        assert.deepEqual(await stateOf(db), before, what);
      }
    });

    it('two people who invited each other are stopped at once, without locking up', async () => {
      const { db, tenant } = bench;
      for (let round = 0; round < 4; round++) {
        const [one, two] = [await busyPerson(tenant.id), await busyPerson(tenant.id)];
        const as = ({ userId }: { userId: string }): Caller => ({ type: 'user', id: userId });
        for (let n = 0; n < 3; n++) {
          await bench.invite(
            { email: two.email, roleId: n === 0 ? bench.roleId : tenant.systemRoleIds.member },
            as(one),
          );
          await bench.invite(
            { email: one.email, roleId: n === 0 ? bench.roleId : tenant.systemRoleIds.member },
            as(two),
          );
        }
        await Promise.all([
          deactivateUser(db, one, systemCaller),
          deleteUser(db, two, systemCaller),
          revokeAllSessions(db, one, systemCaller),
          revokeAllSessions(db, two, systemCaller),
        ]);
        assert.deepEqual(await alive(tenant.id, one), nothing);
        assert.deepEqual(await alive(tenant.id, two), nothing);
      }
    });

    it('a tenant, its people and its client are stopped at once, without locking up', async () => {
      const { db } = bench;
      for (let round = 0; round < 6; round++) {
        const { tenant, people, clientId } = await busyTenant();
        await Promise.all([
          suspendTenant(db, tenant.id, systemCaller),
          ...people.map((person) => deactivateUser(db, person, systemCaller)),
          disableClient(db, clientId, systemCaller),
          suspendTenant(db, tenant.id, systemCaller),
        ]);
        assert.deepEqual(await alive(tenant.id), nothing);
      }
    });

    it('a person is stopped while their tokens are replayed, revoked and swept, without locking up', async () => {
      const { db, tenant } = bench;
      for (let round = 0; round < 8; round++) {
        const { id: userId } = await createUser(db, { tenantId: tenant.id });
        const grantId = newId();
        const of = { grantId, accountId: userId, clientId: 'app-one' };
        const line: Buffer[] = [];
        for (let n = 0; n < 20; n++) line.push(await payload({ model: 'RefreshToken', ...of, consumedAt: new Date() }));
        for (let n = 0; n < 20; n++) await payload({ model: 'AccessToken', ...of, expiresAt: new Date(0) });
        const used = await payload({ model: 'AuthorizationCode', ...of, consumedAt: new Date() });
        await payload({ model: 'Grant', ...of });
        await Promise.all([
          deactivateUser(db, { tenantId: tenant.id, userId }, systemCaller),
          ...[0, 9, 19].map((n) => destroyPayload(db, 'RefreshToken', line[n] as Buffer, null, null)),
          revokeReplayedCode(db, 'AuthorizationCode', used, null),
          destroyByGrantId(db, grantId, {
            id: newId(),
            actor_type: 'system',
            action: 'grant.tokens_revoked',
            payload: {},
          }),
          sweepPayloads(db),
        ]);
        assert.deepEqual(await db('oidc_payloads').where({ grantId }), []);
      }
    });

    it('a person is stopped while a used refresh token takes its family with it, without locking up', async () => {
      const { db, tenant } = bench;
      const { id: userId } = await createUser(db, { tenantId: tenant.id });
      const grantId = newId();
      const of = { model: 'RefreshToken', grantId, accountId: userId, consumedAt: new Date() };
      const [first, last] = [Buffer.alloc(32, 0), Buffer.alloc(32, 255)];
      for (const idHash of [last, randomBytes(32), first]) await payload({ ...of, idHash });
      const letGo = await holding('oidc_payloads', { idHash: first });
      const stopping = deactivateUser(db, { tenantId: tenant.id, userId }, systemCaller);
      await eventually(async () => (await waiting('oidc_payloads')).length === 1);
      const destroying = destroyPayload(db, 'RefreshToken', last, null, null);
      await eventually(async () => (await waiting('oidc_payloads')).length === 2);
      await letGo();
      await Promise.all([stopping, destroying]);
      assert.deepEqual(await db('oidc_payloads').where({ grantId }), []);
    });

    it('a tenant is suspended while an address takes up its invitations, without locking up', async () => {
      const { db } = bench;
      const tenant = await bench.newTenant();
      const email = someEmail();
      const { id } = await bench.invite({ ...placeOf(tenant), email });
      const { id: userId } = await createUser(db, { tenantId: tenant.id, email });
      const letGo = await holding('invitations', { id });
      const accepting = acceptInvitationsOf(db, { tenantId: tenant.id, userId, email }, systemCaller);
      await eventually(async () => (await waiting('from invitations')).length > 0);
      const suspending = suspendTenant(db, tenant.id, systemCaller);
      await eventually(async () => (await waiting('from')).length > 1);
      await letGo();
      assert.equal(await accepting, 1);
      assert.equal((await suspending).state, 'suspended');
    });
  });
});
