import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { systemCaller } from '../../../src/domain/audit/audit-events.ts';
import { tellEndsByTime } from '../../../src/domain/lifecycle/ends-by-time.ts';
import { endAssignment, rescheduleAssignment } from '../../../src/domain/organisation/org-assignments.ts';
import { grantVisibility } from '../../../src/domain/organisation/visibility-grants.ts';
import { setWebhookState } from '../../../src/domain/webhooks/webhooks.ts';
import { eventually } from '../../support/eventually.ts';
import * as make from '../../support/factories.ts';
import { startTelling, type Telling } from '../../support/telling.ts';

describe('what begins and ends by time', () => {
  let telling: Telling;
  let tenantId: string;

  before(async () => {
    telling = await startTelling();
  });
  after(() => telling?.stop());
  beforeEach(async () => {
    await telling.db('eventReceivers').delete();
    tenantId = (await make.createTenant(telling.db)).id;
    await telling.webhook(tenantId, 'https://nobody.example/');
  });

  const toldOf = async (member: string, id: string): Promise<{ type: string; data: Record<string, unknown> }[]> =>
    (await telling.db('outboxEvents').where({ tenantId }).orderBy('sequence')).filter(
      ({ data }) => data[member] === id,
    );
  const typesOf = async (member: string, id: string) => (await toldOf(member, id)).map(({ type }) => type);
  const untilTold = (member: string, id: string, type: string) =>
    eventually(async () => {
      await tellEndsByTime(telling.db);
      return (await toldOf(member, id)).find((one) => one.type === type);
    });
  /** Has it begin, or end, in a moment: whatever the machine does meanwhile, that was not long ago. */
  const soon = (table: string, id: string, column = 'ends_at') =>
    telling.db.raw(`update ${table} set ${column} = clock_timestamp() + interval '0.2 seconds' where id = ?`, [id]);
  const assigned = async () => {
    const held = await make.assign(telling.db, { tenantId });
    await soon('org_assignments', held.id);
    return held;
  };
  const passed = (table: string, id: string) =>
    eventually(
      async () => (await telling.db(table).where({ id }).whereRaw('ends_at < clock_timestamp()')).length === 1,
    );
  const inMs = (ms: number) => new Date(Date.now() + ms);

  it('is told once, by however many look at the same time', async () => {
    const { id } = await assigned();
    const ended = await untilTold('assignment_id', id, 'role.ended');
    assert.equal(ended.data.reason, 'expired');
    await Promise.all(Array.from({ length: 8 }, () => tellEndsByTime(telling.db)));
    assert.deepEqual(await typesOf('assignment_id', id), ['role.assigned', 'role.ended']);
  });

  it('is told of a role that begins later, and not of one that begins at once', async () => {
    const later = await make.assign(telling.db, { tenantId, startsAt: inMs(3_600_000) });
    await soon('org_assignments', later.id, 'starts_at');
    const now = await make.assign(telling.db, { tenantId });
    await untilTold('assignment_id', later.id, 'role.begun');
    assert.deepEqual(await typesOf('assignment_id', later.id), ['role.assigned', 'role.begun']);
    assert.deepEqual(await typesOf('assignment_id', now.id), ['role.assigned']);
  });

  it('is told once of a role that somebody ends, and at its time of one that is given another end', async () => {
    const { id } = await make.assign(telling.db, { tenantId });
    await endAssignment(telling.db, { tenantId, assignmentId: id }, systemCaller);
    await tellEndsByTime(telling.db);
    assert.deepEqual(await typesOf('assignment_id', id), ['role.assigned', 'role.ended']);

    const moved = await make.assign(telling.db, { tenantId, endsAt: inMs(3_600_000) });
    const reference = { tenantId, assignmentId: moved.id };
    await rescheduleAssignment(telling.db, { ...reference, endsAt: inMs(7_200_000) }, systemCaller);
    await endAssignment(telling.db, { ...reference, endsAt: inMs(3_600_000) }, systemCaller);
    await soon('org_assignments', moved.id);
    await untilTold('assignment_id', moved.id, 'role.ended');
    const types = await typesOf('assignment_id', moved.id);
    assert.deepEqual(types, ['role.assigned', 'role.rescheduled', 'role.rescheduled', 'role.ended']);
  });

  it('is told of grants of visibility, API keys and sessions', async () => {
    const { id: userId } = await make.createUser(telling.db, { tenantId });
    const { id: orgNodeId } = await make.createNode(telling.db, { tenantId });
    const wanted = { tenantId, userId, orgNodeId, accessScope: 'read' } as const;
    const grant = await grantVisibility(telling.db, wanted, systemCaller);
    await soon('visibility_grants', grant.id);
    const key = { id: randomUUID(), name: 'Key', prefix: 'abcd1234', keyHash: Buffer.alloc(32, 5) };
    await telling.db('apiKeys').insert({ ...key, tenantId, orgNodeId, expiresAt: inMs(3_600_000) });
    await soon('api_keys', key.id, 'expires_at');
    const sessionId = randomUUID();
    await telling.db('userSessions').insert({
      ...{ id: sessionId, tenantId, userId, oidcSessionUidHash: Buffer.alloc(32, 7), loginAt: new Date() },
      ...{ amr: ['pwd'], acr: '1', expiresAt: inMs(3_600_000) },
    });
    await soon('user_sessions', sessionId, 'expires_at');
    await untilTold('grant_id', grant.id, 'visibility.ended');
    assert.equal((await untilTold('api_key_id', key.id, 'api_key.ended')).data.reason, 'expired');
    assert.equal((await untilTold('session_id', sessionId, 'session.ended')).data.user_id, userId);
  });

  it('is told of all that came while nobody looked, and of nothing from before somebody listened', async () => {
    const before = await assigned();
    await telling.db('eventReceivers').delete();
    await passed('org_assignments', before.id);
    await telling.webhook(tenantId, 'https://nobody.example/');
    const many = await Promise.all(Array.from({ length: 12 }, assigned));
    await telling
      .db('outboxProgress')
      .where({ work: 'ends' })
      .update({ until: new Date(Date.now() - 86_400_000) });
    for (const { id } of many) await untilTold('assignment_id', id, 'role.ended');
    assert.deepEqual(await typesOf('assignment_id', before.id), ['role.assigned']);
  });

  it('is told to nobody where nobody listens, and to nobody who is disabled', async () => {
    const [{ id }] = await telling.db('eventReceivers').where({ tenantId });
    await setWebhookState(telling.db, { tenantId, webhookId: id, state: 'disabled' }, systemCaller);
    const held = await assigned();
    await passed('org_assignments', held.id);
    await tellEndsByTime(telling.db);
    assert.deepEqual(await typesOf('assignment_id', held.id), []);
  });
});
