import assert from 'node:assert/strict';
import { recordEvent, systemCaller } from '../../src/domain/audit/audit-events.ts';
import type { StreamedAnswer } from '../../src/management/streamed.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import * as make from '../support/factories.ts';
import { type Ask, askAsService, give, performAs } from '../support/management.ts';

describe('exporting the audit trail', () => {
  let app: TestApp;
  let tenantId: string;
  let ask: Ask;

  before(async () => {
    app = await startTestApp();
    tenantId = (await app.tenant()).id;
    ask = await askAsService(app, { tenantId, capabilities: ['audit.read', 'users.read'] });
  });
  after(() => app?.stop());

  const exported = () => app.db('audit_events').where({ tenantId, action: 'audit.exported' });
  type Line = { id: string; action: string; occurred_at: string; actor_name: string | null };
  const linesOf = (text: string): Line[] =>
    text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line));

  /** Events of one second each, some of them of one moment. */
  async function makeEvents(count: number, action: string, ofTenant = tenantId): Promise<void> {
    await app.db.raw(
      `insert into audit_events (id, tenant_id, actor_type, action, entity_type, entity_id, payload, occurred_at)
       select gen_random_uuid(), ?, 'system', ?, 'user', 'somebody', '{"n": 1}', now() - interval '1 hour' + (n / 7) * interval '1 ms'
         from generate_series(1, ?) n`,
      [ofTenant, action, count],
    );
  }

  it('tells all that a filter lets through, the oldest first, and is itself in the trail', async () => {
    await makeEvents(2_500, 'sample.exported');
    await makeEvents(10, 'sample.exported', (await app.tenant()).id);
    const { status, headers, body } = await ask('POST', '/audit-events/export', { action: 'sample.' });
    assert.equal(status, 200);
    assert.match(headers.get('content-type') ?? '', /^application\/x-ndjson/);
    assert.match(headers.get('content-disposition') ?? '', /^attachment; filename="audit-[0-9T-]+\.ndjson"$/);
    const lines = linesOf(body);
    assert.equal(new Set(lines.map(({ id }) => id)).size, 2_500);
    const times = lines.map(({ occurred_at }) => occurred_at);
    assert.deepEqual(times, [...times].sort());
    const [event] = await exported();
    assert.deepEqual(event.payload.filter, { action: 'sample.' });
    assert.equal(event.payload.format, 'ndjson');
    assert.equal(event.payload.cause, 'audit_events.export');
  });

  it('has the names of today beside the ids, and CSV that no spreadsheet calculates', async () => {
    const { id } = await app.person({ tenantId, fullName: '=cmd|calc' });
    const by = { type: 'user', id, userAgent: '@SUM(1,2)\n"x"' } as const;
    await recordEvent(app.db, { tenantId, action: 'sample.named', entityType: 'user', entityId: id }, by);
    const { body: lines } = await ask('POST', '/audit-events/export', { action: 'sample.named' });
    assert.deepEqual(
      linesOf(lines).map(({ actor_name }) => actor_name),
      ['=cmd|calc'],
    );
    const { body, headers } = await ask('POST', '/audit-events/export', { action: 'sample.named', format: 'csv' });
    assert.match(headers.get('content-type') ?? '', /^text\/csv/);
    const [head, ...rest] = body.split('\r\n');
    assert.match(head, /^occurred_at,action,actor_type/);
    assert.match(rest.join('\r\n'), /,'=cmd\|calc,user,[^,]*,'=cmd\|calc,,"'@SUM\(1,2\)\n""x""",/);
  });

  it('asks a person for a fresh sign-in, and exports nothing in a rehearsal', async () => {
    const owner = await app.person({ tenantId });
    await give(app, { tenantId, userId: owner.id, role: 'owner' });
    const authTime = new Date(Date.now() - 3_600_000);
    const stale = performAs(app, { tenantId, userId: owner.id, authTime });
    await assert.rejects(stale('audit_events.export', { body: {} }), { code: 'FRESH_AUTHENTICATION_REQUIRED' });
    const before = (await exported()).length;
    const { status, body } = await ask('POST', '/audit-events/export?dry_run=true', {});
    assert.deepEqual([status, body], [204, undefined]);
    assert.equal((await exported()).length, before);
    assert.equal((await ask('POST', '/audit-events/export', { until: 'yesterday' })).status, 422);
  });

  /** Opens an export as a person, without reading it. */
  async function openedBy(userId: string): Promise<Exclude<StreamedAnswer, { type: 'text/event-stream' }>> {
    const perform = performAs(app, { tenantId, userId });
    const { stream } = await perform('audit_events.export', { body: { action: 'sample.many' } });
    return stream as Exclude<StreamedAnswer, { type: 'text/event-stream' }>;
  }

  it('reads no further than it is read, and breaks off when the capability ends', async () => {
    await makeEvents(20_000, 'sample.many');
    const role = await make.createRole(app.db, { tenantId, capabilities: ['audit.read'] });
    const reader = await app.person({ tenantId });
    const held = await make.assign(app.db, { tenantId, userId: reader.id, roleId: role.id });
    let statements = 0;
    const count = ({ sql }: { sql: string }) => {
      if (sql.includes('from audit_events e') && sql.includes('page_key')) statements += 1;
    };
    app.db.on('query', count);
    try {
      const { chunks } = await openedBy(reader.id);
      const reading = chunks[Symbol.asyncIterator]();
      const first = await reading.next();
      assert.equal(String(first.value).split('\n').length, 1_001);
      await app.db('org_assignments').where({ id: held.id }).update({ endsAt: app.db.fn.now() });
      assert.ok(statements < 6, `${statements} of 20 were read for one`);
      await assert.rejects(
        async () => {
          while (!(await reading.next()).done);
        },
        { code: 'FORBIDDEN' },
      );
      assert.ok(statements < 8, `${statements} of 20 were read`);
    } finally {
      app.db.off('query', count);
    }
    await recordEvent(app.db, { tenantId, action: 'sample.after' }, systemCaller);
  });
});
