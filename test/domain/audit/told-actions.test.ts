/** What is told of the trail: each action says it as a type that there is, with the members that this type has. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { auditActions } from '../../../src/domain/audit/actions.ts';
import { toldActions, toldOf } from '../../../src/domain/audit/told-actions.ts';
import { eventMembers, eventTypes } from '../../../src/domain/events/event-types.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));

describe('what is told of the audit trail', () => {
  const tenantId = '0199a3c2-6f5e-7d41-9b1e-2f6b8e0a3601';
  const entityId = '0199a3c2-6f5e-7d41-9b1e-2f6b8e0a3602';
  const payload = { userId: 'u', roleId: 'r', orgNodeId: 'n', accessScope: 'read', sessionId: 's', kind: 'totp' };
  const told = Object.keys(toldActions).map((action) => ({
    action,
    event: toldOf({ tenantId, action, entityId, payload: { ...payload, changed: ['fullName'], capability: 'a.b' } }),
  }));

  it('is of actions that there are, and has the members that its type lists and no others', () => {
    for (const { action, event } of told) {
      assert.ok(action in auditActions, action);
      assert.ok(event, action);
      const { data } = eventTypes[event.type] as { data: readonly string[] };
      for (const member of Object.keys(event.data)) assert.ok(data.includes(member), `${action}: ${member}`);
      for (const member of data) assert.ok(member in event.data, `${action} does not say ${member}`);
    }
  });

  it('has types and members that are told of somewhere', () => {
    // What ends by time, and what a stream is told of itself, stand in no event of the trail.
    const source = ['lifecycle/ends-by-time.ts', 'event-streams/streams.ts']
      .map((name) => readFileSync(join(root, 'src/domain', name), 'utf8'))
      .join('\n');
    for (const type of Object.keys(eventTypes)) {
      const isTold =
        told.some(({ event }) => event?.type === type) ||
        eventTypes[type as keyof typeof eventTypes].subject === 'receiver';
      assert.ok(isTold || source.includes(`'${type}'`) || type.endsWith('.rescheduled'), type);
    }
    const used = new Set(Object.values(eventTypes).flatMap(({ data }) => [...data]));
    assert.deepEqual([...used, 'tenant_id'].sort(), Object.keys(eventMembers).sort());
  });

  it('is written by no statement that knows nothing of who listens', () => {
    const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.ts'),
    );
    for (const name of files) {
      const text = readFileSync(join(root, 'src', name), 'utf8');
      if (!/\b(insertEventSql|auditEventRow)\b/.test(text) || name.includes('audit-events.ts')) continue;
      const found = Object.keys(toldActions).filter((action) => text.includes(`'${action}'`));
      const isRecorded = /\brecordEvents?\(/.test(text);
      assert.ok(found.length === 0 || isRecorded, `${name}: ${found}`);
    }
  });
});
