import assert from 'node:assert/strict';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { sealAudit } from '../../src/domain/seals/seal-events.ts';
import { createWebhook } from '../../src/domain/webhooks/webhooks.ts';
import { createSecrets, type Secrets } from '../../src/platform/secrets.ts';
import { assign, createNode, createRole, createTenant, createUser } from '../support/factories.ts';
import { addEvents, asSuperuser, someHour } from '../support/trail.ts';
import { type CommandBench, createBench } from './run-gatehouse.ts';

interface Check {
  name: string;
  status: string;
  detail: string;
}

describe('the doctor, deeply', function () {
  this.timeout(600_000);
  let bench: CommandBench;
  let secrets: Secrets;
  let tenantId: string;
  let userId: string;
  before(async () => {
    bench = await createBench();
    secrets = createSecrets([bench.environment.SECRET_KEY as string]);
    tenantId = (await createTenant(bench.db)).id;
    userId = (await createUser(bench.db, { tenantId })).id;
    const node = await createNode(bench.db, { tenantId });
    const below = await createNode(bench.db, { tenantId, parentId: node.id });
    const role = await createRole(bench.db, { tenantId, capabilities: ['grades.read'] });
    await assign(bench.db, { tenantId, userId, roleId: role.id, orgNodeId: below.id });
    await addEvents(bench.db, { tenantId, hour: someHour(), count: 3 });
    await sealAudit(bench.db, secrets);
  });
  after(() => bench?.close());

  const deep = ['guards', 'references', 'trees', 'history', 'sessions', 'sealed values'];

  /** Those of the deep checks that are not well, and the last word about the trail. */
  async function look(
    env: Record<string, string> = {},
  ): Promise<{ code: number | null; faults: Record<string, string> }> {
    Object.assign(bench.environment, env);
    const run = await bench.run('doctor --deep --json');
    const checks = run.json.checks as Check[];
    for (const name of deep)
      assert.ok(
        checks.some((check) => check.name === name),
        name,
      );
    const faults = checks.filter(({ name, status }) => status === 'fail' && [...deep, 'audit trail'].includes(name));
    return { code: run.code, faults: Object.fromEntries(faults.map(({ name, detail }) => [name, detail])) };
  }

  /** Breaks something as a superuser can, looks, and has it as it was. */
  async function broken(breakIt: string, mend: string, bindings: Record<string, string> = {}) {
    const all = (statements: string) =>
      asSuperuser(bench.db, async (trx) => {
        for (const statement of statements.split(';')) await trx.raw(statement, bindings);
      });
    await all(breakIt);
    const found = await look();
    await all(mend);
    return found.faults;
  }

  it('finds nothing in a sound database, and looks at no row unless it is asked to', async () => {
    assert.deepEqual((await look()).faults, {});
    const shallow = await bench.run('doctor --json');
    assert.ok(!shallow.json.checks.some(({ name }: Check) => deep.includes(name)));
  });

  it('names a way through the tree that is wanting, and one too many', async () => {
    await bench.db.raw('create table paths_before as select * from org_node_paths');
    const faults = await broken(
      'delete from org_node_paths where tenant_id = :tenantId and depth = 2',
      'insert into org_node_paths select * from paths_before where tenant_id = :tenantId and depth = 2',
      { tenantId },
    );
    assert.deepEqual(faults, { trees: `1 ways through the tree of tenant ${tenantId} are wrong` });
  });

  it('names references that lead nowhere, and those that nobody has followed', async () => {
    const reference = 'foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade';
    const faults = await broken(
      `alter table user_settings drop constraint user_settings_user_fk;
       insert into user_settings (user_id, tenant_id) select gen_random_uuid(), id from tenants limit 1;
       alter table user_settings add constraint user_settings_user_fk ${reference} not valid`,
      `delete from user_settings where user_id not in (select id from users);
       alter table user_settings validate constraint user_settings_user_fk`,
    );
    assert.deepEqual(faults, {
      references: '1 rows of user_settings lead nowhere (user_settings_user_fk)',
      guards: 'reference user_settings_user_fk of user_settings was never validated',
    });
  });

  it('names triggers that are switched off', async () => {
    const faults = await broken(
      'alter table visibility_grants disable trigger visibility_grants_keep_history',
      'alter table visibility_grants enable trigger visibility_grants_keep_history',
    );
    assert.deepEqual(faults, {
      guards: 'trigger visibility_grants_keep_history of visibility_grants is switched off',
    });
  });

  it('names a past that does not end in what holds', async () => {
    const faults = await broken(
      `update org_assignments_history set valid_to = now() where user_id = :userId and valid_to is null`,
      `update org_assignments_history set valid_to = null where user_id = :userId`,
      { userId },
    );
    assert.deepEqual(faults, { history: '1 rows of org_assignments are not as their history ends' });
    const twice = await broken(
      `insert into users_history (id, tenant_id, state, valid_from, valid_to)
       select id, tenant_id, state, valid_from - interval '1 hour', valid_from + interval '1 hour' from users_history where id = :userId`,
      'delete from users_history where id = :userId and valid_to is not null',
      { userId },
    );
    assert.deepEqual(twice, { history: '1 versions of users overlap' });
  });

  it('names sessions of people who are stopped', async () => {
    const faults = await broken(
      `insert into user_sessions (tenant_id, user_id, oidc_session_uid_hash, expires_at)
       values (:tenantId, :userId, sha256('a session'), now() + interval '1 hour');
       update users set state = 'inactive' where id = :userId`,
      `delete from user_sessions where user_id = :userId; update users set state = 'active' where id = :userId`,
      { tenantId, userId },
    );
    assert.equal(faults.sessions, '1 sessions live of people who are stopped');
  });

  it('names an event that was changed', async () => {
    const faults = await broken(
      `update audit_events set entity_id = 'somebody-else' where tenant_id = :tenantId and occurred_at < now() - interval '2 hours'`,
      'select 1',
      { tenantId },
    );
    assert.match(faults['audit trail'] ?? '', /^changed: /);
  });

  it('names what another secret key has sealed', async () => {
    await createWebhook(
      bench.db,
      { tenantId, name: 'Payroll', url: 'https://hooks.example/gatehouse', types: ['user.deactivated'] },
      { secrets, allowHttp: false, caller: systemCaller },
    );
    const { code, faults } = await look({ SECRET_KEY: 'another'.repeat(6) });
    assert.equal(code, 1);
    assert.equal(faults['sealed values'], '1 of webhooks.sealed_secret do not open');
  });
});
