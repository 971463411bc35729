import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { sealAudit } from '../../src/domain/seals/seal-events.ts';
import { createTenant } from '../../src/domain/setup/create-tenant.ts';
import { createSecrets, type Secrets } from '../../src/platform/secrets.ts';
import { addEvents, asSuperuser, hourMs, someHour } from '../support/trail.ts';
import { type CommandBench, createBench } from './run-gatehouse.ts';

describe('the audit trail and its seals on the command line', function () {
  this.timeout(300_000);
  let bench: CommandBench;
  let secrets: Secrets;
  let tenantId: string;
  let ids: string[];
  const hour = someHour();
  before(async () => {
    bench = await createBench();
    secrets = createSecrets([bench.environment.SECRET_KEY as string]);
    tenantId = (await createTenant(bench.db, { slug: 'northwind', name: 'Northwind' }, systemCaller)).id;
    await asSuperuser(bench.db, (trx) => trx.raw('delete from audit_events'));
    ids = await addEvents(bench.db, { tenantId, hour, count: 5 });
    await sealAudit(bench.db, secrets);
  });
  after(() => bench?.close());

  it('verifies, names what is wrong, and says so by how it ends', async () => {
    const good = await bench.run('audit verify');
    assert.equal(good.code, 0, good.stderr);
    assert.match(good.stdout, /events as sealed\s+5[\s\S]*The trail is as it was sealed\./);
    const [event] = await bench.db('audit_events').where({ id: ids[2] }).select('entityId');
    const rename = (entityId: string) =>
      asSuperuser(bench.db, (trx) => trx('audit_events').where({ id: ids[2] }).update({ entityId }));
    await rename('somebody-else');
    const bad = await bench.run('audit verify --tenant northwind');
    assert.equal(bad.code, 1);
    assert.match(bad.stdout, new RegExp(`changed: event ${ids[2]} \\(tenant ${tenantId}, seal 1 of `));
    const { json, code } = await bench.run('audit verify --json');
    assert.equal(code, 1);
    assert.deepEqual([json.ok, json.faults[0].kind, json.faults[0].event_id], [false, 'changed', ids[2]]);
    const other = await bench.run(`audit verify --from ${new Date(hour.getTime() + hourMs).toISOString()}`);
    assert.equal(other.code, 0, 'the other hours');
    await rename(event.entityId);
    assert.equal((await bench.run('audit verify')).code, 0);
  });

  it('takes seals that were kept: of a list, of what it printed itself, and of the log', async () => {
    const list = await bench.run('audit-seals list-server --limit 2 --json');
    assert.equal(list.code, 0, list.stderr);
    const [seal] = list.json.items;
    const verified = await bench.run('audit verify --json');
    const file = join(bench.directory, 'kept.json');
    const log = (hash: string) =>
      `{"msg":"starting"}\n{"level":30,"seal":{"number":${seal.number},"hash":"${hash}"},"msg":"The audit trail is sealed"}\n`;
    for (const kept of [list.stdout, verified.stdout, log(seal.hash)]) {
      await writeFile(file, kept);
      const run = await bench.run(`audit verify --witness ${file}`);
      assert.equal(run.code, 0, run.stdout + run.stderr);
    }
    await writeFile(file, log('0'.repeat(64)));
    const forged = await bench.run(`audit verify --witness ${file}`);
    assert.equal(forged.code, 1);
    assert.match(forged.stdout, /seal forged: \(server, seal \d+ of .*another seal of this number was witnessed/);
    await writeFile(file, 'nothing\n');
    assert.equal((await bench.run(`audit verify --witness ${file}`)).code, 2);
    assert.equal((await bench.run('audit verify --from yesterday')).code, 2);
  });

  it('prints a proof that the example checks', async () => {
    const proof = await bench.run(`audit proof ${ids[3]}`);
    assert.equal(proof.code, 0, proof.stderr);
    const file = join(bench.directory, 'proof.json');
    await writeFile(file, proof.stdout);
    const { json: keys } = await bench.run('audit-seals keys --json');
    const example = 'examples/verify-audit-proof/verify-audit-proof.ts';
    const { stdout } = await promisify(execFile)(process.execPath, [example, file, keys.items[0].kid]);
    assert.equal(JSON.parse(stdout).id, ids[3]);
    assert.equal((await bench.run('audit proof 01890a5d-ac96-774b-bcce-b302099a8057')).code, 3);
  });

  it('lets the doctor say that sealing is behind, and that it is not', async () => {
    const check = async () => {
      const { json } = await bench.run('doctor --json');
      return json.checks.find(({ name }: { name: string }) => name === 'audit seals');
    };
    assert.equal((await check()).status, 'ok');
    const since = new Date(hour.getTime() + hourMs);
    await asSuperuser(bench.db, (trx) => trx('audit_seals').where('endsAt', '>', since).delete());
    const behind = await check();
    assert.deepEqual([behind.status, /sealed until .*, \d+ hours behind/.test(behind.detail)], ['warn', true]);
    await sealAudit(bench.db, secrets);
    assert.equal((await check()).status, 'ok');
  });
});
