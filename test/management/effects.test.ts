/** What would end is counted, then it is done, and what has ended is compared with the counts. */
import assert from 'node:assert/strict';
import { backchannelLogoutJob } from '../../src/domain/sessions/sessions.ts';
import { rows } from '../../src/platform/database.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import * as make from '../support/factories.ts';
import { type Ask, askAsService, managementCapabilities } from '../support/management.ts';
import { discover, signIn } from '../support/relying-party.ts';

const dayMs = 86_400_000;
const nothing = {
  people: 0,
  sessions: 0,
  applications_told: 0,
  grants: 0,
  service_tokens: 0,
  api_keys: 0,
  invitations: 0,
  roles: 0,
};

describe('counting what would end', function () {
  this.timeout(120_000);
  let app: TestApp;
  let tenantId: string;
  let rootId: string;
  let ask: Ask;

  before(async () => {
    app = await startTestApp({ mailbox: true, runJobs: false });
  });
  after(() => app?.stop());
  beforeEach(async () => {
    ({ id: tenantId, rootNodeId: rootId } = await app.tenant());
    ask = await askAsService(app, { tenantId, capabilities: managementCapabilities });
  });

  const effects = async (path: string) => {
    const { status, body } = await ask('GET', `${path}/effects`);
    assert.equal(status, 200, JSON.stringify(body));
    return body;
  };
  /** Everything that lives of a kind. */
  async function living(): Promise<Record<string, number>> {
    const [found] = await rows<Record<string, number>>(
      app.db,
      `select (select count(*) from user_sessions where tenant_id = :tenantId and revoked_at is null) as sessions,
              (select count(*) from oidc_payloads g where g.model = 'Grant'
                  and g.account_id in (select id from users where tenant_id = :tenantId)) as grants,
              (select count(*) from api_keys where tenant_id = :tenantId and revoked_at is null) as api_keys,
              (select count(*) from invitations where tenant_id = :tenantId and revoked_at is null) as invitations,
              (select count(distinct payload ->> 'clientId') from graphile_worker._private_jobs j
                 join graphile_worker._private_tasks t on t.id = j.task_id and t.identifier = :job
                where j.payload ->> 'sub' in (select id::text from users where tenant_id = :tenantId)) as told`,
      { tenantId, job: backchannelLogoutJob },
    );
    return found as Record<string, number>;
  }

  /** Signed in at two applications, one of which is told; with roles, a key and invitations. */
  async function personWithAll() {
    const person = await app.person({ tenantId });
    const told = { backchannel_logout_uri: 'https://app.example/logout' };
    const applications = [await app.relyingParty({ tenantId, metadata: told }), await app.relyingParty({ tenantId })];
    for (const application of applications) await signIn(await discover(app, application), person);
    const { id: roleId } = await make.createRole(app.db, { tenantId });
    const { id: endedId } = await make.createRole(app.db, { tenantId });
    const holds = { tenantId, userId: person.id, orgNodeId: rootId };
    await make.assign(app.db, { ...holds, roleId, endsAt: new Date(Date.now() + dayMs) });
    await make.assign(app.db, { ...holds, roleId, startsAt: new Date(Date.now() + 2 * dayMs) });
    const ended = { startsAt: new Date(Date.now() - 2 * dayMs), endsAt: new Date(Date.now() - dayMs) };
    await make.assign(app.db, { ...holds, roleId: endedId, ...ended });
    const invited = await ask('POST', '/invitations', {
      email: person.email,
      role_id: endedId,
      org_node_id: rootId,
    });
    assert.equal(invited.status, 201, JSON.stringify(invited.body));
    return { person, roleId, applications };
  }

  it('of a person is what ends when they are deactivated', async () => {
    const { person } = await personWithAll();
    const other = await app.person({ tenantId });
    await signIn(await discover(app, await app.relyingParty({ tenantId })), other);
    const counted = await effects(`/users/${person.id}`);
    assert.deepEqual(counted, {
      ...nothing,
      people: 1,
      sessions: 2,
      applications_told: 1,
      grants: 2,
      invitations: 1,
      roles: 2,
    });
    const before = await living();
    assert.equal((await ask('POST', `/users/${person.id}/deactivate`)).status, 200);
    const after = await living();
    for (const name of ['sessions', 'grants', 'apiKeys', 'invitations'] as const) {
      const snake = name === 'apiKeys' ? 'api_keys' : name;
      assert.equal((before[name] ?? 0) - (after[name] ?? 0), counted[snake], name);
    }
    assert.deepEqual(await effects(`/users/${person.id}`), { ...nothing, people: 1, roles: 2 });
  });

  it('of an application is what people let it have, and of a service its tokens', async () => {
    const { applications } = await personWithAll();
    const path = `/clients/${applications[0]?.clientId}`;
    assert.deepEqual(await effects(path), { ...nothing, people: 1, grants: 1 });
    assert.equal((await ask('POST', `${path}/disable`)).status, 200);
    assert.deepEqual(await effects(path), nothing);
    const { clientId, clientSecret } = await app.service({ tenantId, capabilities: ['org.read'] });
    const body = new URLSearchParams({ grant_type: 'client_credentials', resource: `${app.issuer}/api/v1` });
    const authorization = `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`;
    for (let times = 0; times < 3; times++)
      await fetch(`${app.issuer}/token`, { method: 'POST', headers: { authorization }, body });
    assert.deepEqual(await effects(`/services/${clientId}`), { ...nothing, service_tokens: 3 });
    assert.equal((await ask('DELETE', `/services/${clientId}`)).status, 204);
    assert.equal((await ask('GET', `/services/${clientId}/effects`)).status, 404);
  });

  it('of a role is who holds it, and who is invited to it', async () => {
    const { roleId } = await personWithAll();
    await ask('POST', '/invitations', { email: 'new@example.test', role_id: roleId, org_node_id: rootId });
    assert.deepEqual(await effects(`/roles/${roleId}`), { ...nothing, people: 1, roles: 2, invitations: 1 });
    assert.equal((await ask('DELETE', `/roles/${roleId}`)).status, 204);
    assert.equal((await ask('GET', `/roles/${roleId}/effects`)).status, 404);
  });

  it('of a tenant is what ends when it is suspended', async () => {
    await personWithAll();
    const operator = (await app.tenant()).id;
    await app.db('tenants').update({ isPlatform: false });
    await app.db('tenants').where({ id: operator }).update({ isPlatform: true });
    const runs = await askAsService(app, { tenantId: operator, capabilities: ['tenants.manage'] });
    const { body: counted } = await runs('GET', `/tenants/${tenantId}/effects`);
    const before = await living();
    assert.deepEqual(
      [counted.people, counted.sessions, counted.applications_told, counted.grants, counted.invitations],
      [1, 2, 1, 2, 1],
    );
    assert.ok(counted.service_tokens >= 1);
    assert.equal((await runs('POST', `/tenants/${tenantId}/suspend`)).status, 200);
    const after = await living();
    for (const name of ['sessions', 'grants', 'invitations'] as const)
      assert.equal((before[name] ?? 0) - (after[name] ?? 0), counted[name], name);
    const { body: left } = await runs('GET', `/tenants/${tenantId}/effects`);
    assert.deepEqual(left, { ...nothing, people: 1 });
  });
});
