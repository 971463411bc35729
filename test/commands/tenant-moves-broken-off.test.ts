/** An import that is killed, a file that is cut, and two imports of one file at once: there is all of the tenant once, or nothing. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { createTenant } from '../../src/domain/setup/create-tenant.ts';
import { rows } from '../../src/platform/database.ts';
import { eventually } from '../support/eventually.ts';
import { createUser } from '../support/factories.ts';
import { type CommandBench, createBench, spawnGatehouse } from './run-gatehouse.ts';

describe('an import that is broken off', function () {
  this.timeout(300_000);
  let from: CommandBench;
  let to: CommandBench;
  let tenantId: string;
  let file: string;
  let bytes: Buffer;
  before(async () => {
    [from, to] = await Promise.all([createBench(), createBench({ ISSUER: 'http://localhost:4999' })]);
    tenantId = (await createTenant(from.db, { slug: 'northwind', name: 'Northwind' }, systemCaller)).id;
    // Several of the pieces that are encrypted each.
    const metadata = { note: 'x'.repeat(12_000) };
    for (let n = 0; n < 40; n += 1) await createUser(from.db, { tenantId, metadata });
    const key = (await to.run('tenants import-key')).stdout.trim();
    file = join(from.directory, 'northwind.age');
    const out = await from.run(`tenants export northwind --to ${key} --output ${file}`);
    assert.equal(out.code, 0, out.stderr);
    bytes = await readFile(file);
  });
  after(() => Promise.all([from?.close(), to?.close()]));

  async function nothingIsThere(): Promise<void> {
    const [found] = await rows<{ left: number }>(
      to.db,
      `select (select count(*) from tenants where id = :tenantId) + (select count(*) from users where tenant_id = :tenantId)
              + (select count(*) from audit_events where tenant_id = :tenantId) + (select count(*) from tenant_arrivals) as left`,
      { tenantId },
    );
    assert.equal(Number(found?.left), 0);
  }

  for (const share of [0.2, 0.6, 0.999])
    it(`leaves nothing where its process is killed after ${share * 100} % of the file`, async () => {
      const child = spawnGatehouse(['tenants', 'import'], to.environment);
      child.stdin?.on('error', () => undefined);
      child.stdin?.write(bytes.subarray(0, Math.floor(bytes.length * share)));
      // It has begun, and waits for the rest.
      await eventually(async () => {
        const open = await rows(
          to.db,
          `select pid from pg_stat_activity
            where datname = current_database() and pid <> pg_backend_pid() and state = 'idle in transaction'`,
        );
        return open.length > 0;
      });
      const closed = once(child, 'close');
      child.kill('SIGKILL');
      await closed;
      await nothingIsThere();
    });

  it('is refused where the file ends in the middle, at the end of a piece or not', async () => {
    const cut = join(from.directory, 'cut.age');
    for (const length of [bytes.length - 1, Math.floor(bytes.length / 2), bytes.length - (bytes.length % 65_552)]) {
      await writeFile(cut, bytes.subarray(0, length));
      const run = await to.run(`tenants import ${cut}`);
      assert.equal(run.code, 3, run.stdout);
      assert.match(run.stderr, /MOVE_FILE_INVALID/);
    }
    await nothingIsThere();
  });

  it('comes in once where two processes take it at once, while it still answers where it was', async () => {
    const runs = await Promise.all([1, 2].map(() => to.run(`tenants import ${file}`)));
    assert.deepEqual(
      runs.map(({ code }) => code),
      [0, 0],
      runs.map(({ stderr }) => stderr).join(''),
    );
    const said = runs.map(({ stdout }) => /here already/.test(stdout)).sort();
    assert.deepEqual(said, [false, true]);
    const state = async ({ db }: CommandBench) => (await db('tenants').where({ id: tenantId }).first('state'))?.state;
    // A copy: it goes on there, and is switched off here until somebody says otherwise.
    assert.deepEqual([await state(from), await state(to)], ['active', 'suspended']);
    const [arrived] = await to.db('auditEvents').where({ tenantId, action: 'tenant.arrived' }).count();
    assert.equal(Number(arrived?.count), 1);
  });
});
