import assert from 'node:assert/strict';
import { once } from 'node:events';
import { recordEvent, systemCaller } from '../../src/domain/audit/audit-events.ts';
import { createTenant, type NewTenant } from '../../src/domain/setup/create-tenant.ts';
import { newId } from '../../src/platform/ids.ts';
import { eventually } from '../support/eventually.ts';
import { type CommandBench, createBench, spawnGatehouse } from './run-gatehouse.ts';

interface Line {
  id: string;
  action: string;
  tenant_id: string;
  occurred_at: string;
  entity_id: string | null;
}

describe('commands that tell the audit trail piece by piece', function () {
  this.timeout(180_000);
  let bench: CommandBench;
  let acme: NewTenant;
  before(async () => {
    bench = await createBench();
    acme = await createTenant(bench.db, { slug: 'acme', name: 'Acme' }, systemCaller);
    const other = await createTenant(bench.db, { slug: 'other', name: 'Other' }, systemCaller);
    await happen('other.alone', { tenantId: other.id });
  });
  after(() => bench?.close());

  async function happen(action: string, { tenantId = acme.id, userAgent = 'a "browser"' } = {}): Promise<string> {
    const entityId = newId();
    await recordEvent(bench.db, { tenantId, action, entityType: 'user', entityId }, { ...systemCaller, userAgent });
    return entityId;
  }

  const linesOf = (text: string): Line[] => {
    assert.ok(text === '' || text.endsWith('\n'), 'the last line is whole');
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
  };

  /** Many times what a pipe holds. */
  async function fill(count: number): Promise<void> {
    const userAgent = 'x'.repeat(200);
    const one = { tenantId: acme.id, actorType: 'system', entityType: 'user', payload: '{}', userAgent };
    const rows = Array.from({ length: count }, () => ({
      ...one,
      id: newId(),
      action: 'filled.up',
      occurredAt: new Date(),
    }));
    await bench.db.batchInsert('audit_events', rows, 500);
  }

  it('exports NDJSON: of one tenant alone, the oldest first, every line whole', async () => {
    const first = await happen('first.thing');
    await fill(3_000);
    const last = await happen('last.thing');
    const exports = () => bench.db('audit_events').where({ tenantId: acme.id, action: 'audit.exported' });
    const { length } = await exports();
    const { code, stdout, stderr } = await bench.run('audit export --tenant acme');
    assert.equal(code, 0, stderr);
    const events = linesOf(stdout);
    assert.deepEqual([...new Set(events.map((event) => event.tenant_id))], [acme.id]);
    assert.equal(events.filter(({ action }) => action === 'filled.up').length, 3_000);
    const times = events.map((event) => Date.parse(event.occurred_at));
    assert.deepEqual(
      times,
      times.toSorted((one, next) => one - next),
    );
    const places = [first, last].map((id) => events.findIndex((event) => event.entity_id === id));
    assert.ok(places[0] !== -1 && (places[0] as number) < (places[1] as number), String(places));
    assert.equal(stderr, '', 'nothing is said beside the file');
    assert.equal((await exports()).length, length + 1);
  });

  it('exports CSV, whose cells no spreadsheet takes for formulas', async () => {
    const id = await happen('formula.tried', { userAgent: '=HYPERLINK("https://evil.example")' });
    const { code, stdout, stderr } = await bench.run('audit export --tenant acme --format csv --action formula.tried');
    assert.equal(code, 0, stderr);
    const [head = '', row = '', rest, ...more] = stdout.split('\r\n');
    assert.match(head, /^\uFEFF?occurred_at,action,actor_type,/);
    assert.match(row, new RegExp(`formula\\.tried.*${id}`));
    assert.doesNotMatch(row, /(^|,)"?[=+\-@]/);
    assert.deepEqual([rest, more], ['', []]);
  });

  it('refuses a tenant that is none, a form that is none, and writes nothing then', async () => {
    for (const [words, status] of [
      ['audit export --tenant nobody', 3],
      ['audit export --tenant acme --format xml', 2],
      ['audit tail --tenant nobody', 3],
    ] as const) {
      const { code, stdout, stderr } = await bench.run(words);
      assert.deepEqual([code, stdout], [status, ''], stderr);
      assert.notEqual(stderr, '');
    }
  });

  /** A reader that takes what comes until `isEnough`, then goes away, as `| head` does. */
  async function readUntil(words: string, isEnough: (text: string) => boolean, meanwhile?: () => Promise<unknown>) {
    const child = spawnGatehouse(words.split(' '), bench.environment);
    const [ended, told] = [once(child, 'close'), { out: '', err: '' }];
    child.stdin?.end();
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      told.out += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      told.err += text;
    });
    try {
      await eventually(async () => {
        await meanwhile?.();
        assert.equal(child.exitCode, null, told.err);
        return isEnough(told.out);
      }, words);
      child.stdout?.destroy();
      await eventually(async () => {
        // It hears of that when it writes again.
        await (meanwhile ?? (() => happen('more.done')))();
        return child.exitCode !== null || child.signalCode !== null;
      }, `the end of ${words}`);
      await ended;
      return { ...told, code: child.exitCode };
    } finally {
      child.kill('SIGKILL');
    }
  }

  it('ends an export quietly where nobody reads on', async () => {
    await fill(20_000);
    const { code, err } = await readUntil('audit export --tenant acme', (text) => text.includes('\n'));
    assert.equal(code, 0, err);
    assert.doesNotMatch(err, /EPIPE|Error/);
  });

  it('follows what happens, one event a line as it comes, until nobody reads on', async () => {
    const { code, out, err } = await readUntil(
      'audit tail --tenant acme --action tailed.thing --seconds 600',
      (text) => text.split('\n').length > 2,
      () => happen('tailed.thing'),
    );
    assert.equal(code, 0, err);
    const whole = linesOf(out.slice(0, out.lastIndexOf('\n') + 1));
    assert.ok(whole.every(({ action, tenant_id: tenantId }) => action === 'tailed.thing' && tenantId === acme.id));
    assert.equal(new Set(whole.map(({ id }) => id)).size, whole.length, 'each is told once');
  });

  it('goes on after an event', async () => {
    const ids: string[] = [];
    for (const _ of [1, 2, 3]) ids.push(await happen('later.thing'));
    const { id } = await bench.db('audit_events').where({ entityId: ids[0] }).first('id');
    const { code, out, err } = await readUntil(
      `audit tail --tenant acme --last-event-id ${id} --seconds 600`,
      (text) => text.includes(ids[2] ?? '') && text.endsWith('\n'),
    );
    assert.equal(code, 0, err);
    const told = linesOf(out).filter(({ action }) => action === 'later.thing');
    assert.deepEqual(
      told.map((event) => event.entity_id),
      ids.slice(1),
    );
  });

  it('ends by itself when its time is over', async () => {
    const { code, stdout, stderr } = await bench.run('audit tail --tenant acme --action never.done --seconds 1');
    assert.deepEqual([code, stdout, stderr], [0, '', '']);
  });
});
