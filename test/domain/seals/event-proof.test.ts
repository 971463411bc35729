import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemCaller } from '../../../src/domain/audit/audit-events.ts';
import { erasePerson } from '../../../src/domain/lifecycle/erase-person.ts';
import { type EventProof, findSealOfEvent, proveEvent } from '../../../src/domain/seals/event-proof.ts';
import { sealAudit } from '../../../src/domain/seals/seal-events.ts';
import { createDatabase, type Database } from '../../../src/platform/database.ts';
import { createSecrets } from '../../../src/platform/secrets.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import * as make from '../../support/factories.ts';
import { addEvent, addEvents, asSuperuser, hourMs, someHour } from '../../support/trail.ts';

const script = fileURLToPath(new URL('../../../examples/verify-audit-proof/verify-audit-proof.ts', import.meta.url));

describe('the proof of an event', () => {
  let test: TestDatabase;
  let db: Database;
  let folder: string;
  let tenantId: string;
  const secrets = createSecrets(['a-key-for-tests-that-is-long-enough-1']);
  const hour = someHour();

  before(async () => {
    test = await createTestDatabase();
    db = createDatabase({ url: test.url });
    folder = await mkdtemp(join(tmpdir(), 'gatehouse-proof-'));
    tenantId = (await make.createTenant(db)).id;
  });
  after(async () => {
    await db?.destroy();
    await test?.drop();
    await rm(folder, { recursive: true, force: true });
  });

  const prove = (eventId: string, of: string | null = tenantId) => proveEvent(db, secrets, { tenantId: of, eventId });

  /** The hour that begins there, and all before it. */
  const sealUntil = (at: Date) => sealAudit(db, secrets, { now: new Date(at.getTime() + hourMs + 20 * 60_000) });

  /** As the API answers it. */
  function asJson({ leafIndex, treeSize, ...proof }: EventProof): object {
    return { ...proof, leaf_index: leafIndex, tree_size: treeSize };
  }

  async function check(proof: object, ...more: string[]): Promise<{ code: number; text: string }> {
    const file = join(folder, 'proof.json');
    await writeFile(file, JSON.stringify(proof));
    return new Promise((resolve) => {
      execFile(process.execPath, [script, file, ...more], (error, stdout, stderr) =>
        resolve({ code: error ? Number(error.code) : 0, text: stdout + stderr }),
      );
    });
  }

  it('is checked by the example, which knows nothing of the program', async () => {
    await addEvents(db, { tenantId, hour, count: 11 });
    const id = await addEvent(db, {
      tenantId,
      at: new Date(hour.getTime() + 30_000),
      payload: { name: 'Zoë', cause: 'x.y' },
    });
    const other = (await make.createTenant(db)).id;
    await addEvents(db, { tenantId: other, hour, count: 3 });
    const [ofServer] = await addEvents(db, { tenantId: null, hour, count: 3 });
    await sealUntil(hour);
    const proof = await prove(id);
    assert.deepEqual([proof.leafIndex, proof.treeSize], [11, 12], 'of other tenants nothing is told');
    const { code, text } = await check(asJson(proof));
    assert.equal(code, 0, text);
    const told = JSON.parse(text);
    assert.deepEqual(
      [told.id, told.tenant, told.action, told.content, told.cause, told.occurred_at],
      [
        id,
        tenantId,
        'sample.happened',
        { name: 'Zoë', cause: 'x.y' },
        'x.y',
        new Date(hour.getTime() + 30_000).toISOString(),
      ],
    );
    assert.equal((await check(asJson(proof), told.key)).code, 0);
    assert.equal((await check(asJson(proof), 'another-key')).code, 1);
    const server = await check(asJson(await prove(ofServer as string, null)));
    assert.equal(server.code, 0, server.text);
    const { seal } = (await findSealOfEvent(db, { tenantId, eventId: id })) ?? {};
    assert.equal(seal?.id, proof.seal.id);
    await assert.rejects(prove(id, other), { code: 'NOT_FOUND' });

    const broken: [string, object][] = [
      ['the event', { ...proof, event: { ...proof.event, plain: proof.event.plain.replace('happened', 'other') } }],
      [
        'its payload',
        { ...proof, event: { ...proof.event, content: { ...proof.event.content, text: '{"name": "Ada"}' } } },
      ],
      ['its place', { ...proof, leafIndex: 10 }],
      ['the size', { ...proof, treeSize: 13 }],
      ['the path', { ...proof, path: proof.path.slice(1) }],
      ['a longer path', { ...proof, path: [...proof.path, proof.path[0]] }],
      [
        'the seal',
        { ...proof, seal: { ...proof.seal, statement: proof.seal.statement.replace('"number":1', '"number":2') } },
      ],
      ['the key', { ...proof, key: { ...proof.key, x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' } }],
    ];
    for (const [what, changed] of broken) {
      const found = await check(asJson(changed as EventProof));
      assert.notEqual(found.code, 0, what);
    }
  });

  it('is not given for an event that is not sealed, or is not what was sealed', async () => {
    const open = await addEvent(db, { tenantId, at: new Date() });
    await assert.rejects(prove(open), { code: 'AUDIT_EVENT_UNSEALED' });
    const id = await addEvent(db, { tenantId, at: new Date(hour.getTime() + 24 * hourMs) });
    await sealUntil(new Date(hour.getTime() + 24 * hourMs));
    await prove(id);
    await asSuperuser(db, (trx) => trx.raw(`update audit_events set action = 'other.happened' where id = ?`, [id]));
    await assert.rejects(prove(id), { code: 'AUDIT_EVENT_CHANGED' });
  });

  it('holds after an erasure, and says of what was taken that it was', async () => {
    const person = await make.createUser(db, { tenantId, fullName: 'Edda Erased' });
    const at = new Date(hour.getTime() + 30 * hourMs);
    const of = { tenantId, actorId: person.id, entityType: 'user', entityId: person.id };
    const id = await addEvent(db, { ...of, at, payload: { name: 'Edda Erased' } });
    await sealUntil(at);
    const before = await prove(id);
    await erasePerson(db, { tenantId, userId: person.id }, { secrets, caller: systemCaller, sealedAbove: [] });
    const proof = await prove(id);
    assert.ok('commitment' in proof.event.origin && 'commitment' in proof.event.content);
    const { code, text } = await check(asJson(proof));
    assert.equal(code, 0, text);
    assert.deepEqual([JSON.parse(text).origin, JSON.parse(text).content], ['erased', 'erased']);
    assert.equal((await check(asJson(before))).code, 0, 'one of before is as good as it was');
  });
});
