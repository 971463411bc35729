import assert from 'node:assert/strict';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { eventually } from '../../support/eventually.ts';
import * as make from '../../support/factories.ts';
import { askAsService } from '../../support/management.ts';
import { personToken } from '../../support/management-world.ts';
import { type AskScim, askingScim, patchOf, provisioningCapabilities, scimBearer } from '../../support/scim.ts';

describe('whom SCIM reaches', () => {
  let app: TestApp;
  let tenantId: string;
  let northId: string;
  let southId: string;
  let bearer: string;
  let scim: AskScim;
  before(async () => {
    app = await startTestApp();
    const tenant = await app.tenant();
    tenantId = tenant.id;
    const add = async (name: string) =>
      (await make.createNode(app.db, { tenantId, parentId: tenant.rootNodeId, name })).id;
    northId = await add('North');
    southId = await add('South');
    bearer = await scimBearer(app, { tenantId });
    scim = askingScim(app, bearer);
  });
  after(() => app?.stop());

  /** A person and a group of a place. */
  async function things(orgNodeId: string, place: string) {
    const { id: userId } = await app.person({ tenantId });
    const { status, body } = await scim('POST', '/Groups', {
      displayName: `member@${place}`,
      members: [{ value: userId }],
    });
    assert.equal(status, 201, JSON.stringify(body));
    assert.equal((await app.db('org_assignments').where({ userId }).first()).orgNodeId, orgNodeId);
    return { userId, groupId: body.id as string };
  }

  async function reachesNothing(ask: AskScim, { userId, groupId }: { userId: string; groupId: string }) {
    for (const [kind, id] of [
      ['Users', userId],
      ['Groups', groupId],
    ]) {
      const path = `/${kind}/${id}`;
      const never = `/${kind}/01890a5d-ac96-774b-bcce-b302099a8057`;
      const put = { userName: 'taken', displayName: 'taken' };
      const patch = patchOf({ op: 'replace', path: 'displayName', value: 'taken' });
      for (const [method, body] of [['GET'], ['PUT', put], ['PATCH', patch], ['DELETE']] as [string, object?][]) {
        const [answer, nothing] = [await ask(method, path, body), await ask(method, never, body)];
        assert.equal(answer.status, 404, `${method} ${path}`);
        assert.deepEqual(answer.body, nothing.body, 'in the same words as what never was');
      }
      const filter = encodeURIComponent(`id eq "${id}"`);
      assert.equal((await ask('GET', `/${kind}?filter=${filter}`)).body.totalResults, 0);
    }
    const member = encodeURIComponent(`members eq "${userId}"`);
    assert.equal((await ask('GET', `/Groups?filter=${member}`)).body.totalResults, 0);
    const group = encodeURIComponent(`groups eq "${groupId}"`);
    assert.equal((await ask('GET', `/Users?filter=${group}`)).body.totalResults, 0);
  }

  it('is nobody of another tenant', async () => {
    const other = askingScim(app, await scimBearer(app, { tenantId: (await app.tenant()).id }));
    const theirs = await things(northId, 'North');
    await reachesNothing(other, theirs);
    assert.equal((await other('GET', `/Users?tenant=${tenantId}`)).status, 404);
    const put = await other('POST', '/Groups', {
      displayName: 'x',
      'urn:ietf:params:scim:schemas:extension:gatehouse:2.0:Group': { role: 'member', placeId: northId },
    });
    assert.equal(put.status, 404);
  });

  it('is for a delegate what lies in their part of the tree', async () => {
    const outside = await things(southId, 'South');
    const role = await make.createRole(app.db, { tenantId, capabilities: [...provisioningCapabilities] });
    const delegate = await app.person({ tenantId });
    await make.assign(app.db, { tenantId, userId: delegate.id, roleId: role.id, orgNodeId: northId });
    const ask = askingScim(app, await personToken(app, delegate));
    await reachesNothing(ask, outside);
    const { body } = await ask('GET', '/Users?count=200');
    assert.ok(body.totalResults >= 1);
    assert.ok(body.Resources.every(({ id }: { id: string }) => id !== outside.userId));
    assert.equal((await ask('POST', '/Users', { userName: 'from-a-delegate' })).status, 403);
  });

  it('never takes a person over: an address that a directory tells is proved by nobody, and one that is taken stays', async () => {
    const victim = await app.person({ tenantId });
    const made = await scim('POST', '/Users', {
      userName: 'attacker',
      emails: [{ value: victim.email, primary: true }],
    });
    assert.equal(made.status, 409);
    const own = await scim('POST', '/Users', { userName: 'fresh@example.test' });
    assert.equal((await app.db('users').where({ id: own.body.id }).first()).emailVerifiedAt, null);
    const moved = await scim(
      'PATCH',
      `/Users/${own.body.id}`,
      patchOf({ op: 'replace', path: 'userName', value: victim.email }),
    );
    assert.equal(moved.status, 409);
    // Who holds more than the directory keeps the address that they sign in with.
    const strong = await make.createRole(app.db, { tenantId, capabilities: ['vault.open'] });
    await make.assign(app.db, { tenantId, userId: victim.id, roleId: strong.id, orgNodeId: northId });
    const stolen = await scim(
      'PATCH',
      `/Users/${victim.id}`,
      patchOf({ op: 'replace', path: 'userName', value: 'mine@example.test' }),
    );
    assert.equal(stolen.status, 403);
    assert.equal((await app.db('users').where({ id: victim.id }).first()).email, victim.email);
    // What is only kept opens nothing.
    const kept = await scim(
      'PATCH',
      `/Users/${own.body.id}`,
      patchOf({ op: 'add', path: 'emails', value: [{ value: victim.email, type: 'other' }] }),
    );
    assert.equal(kept.status, 200);
    assert.equal((await app.db('users').where({ id: own.body.id }).first()).email, 'fresh@example.test');
  });

  it('ends what a person is signed in to with the person', async () => {
    const person = await app.person({ tenantId });
    const role = await make.createRole(app.db, { tenantId, capabilities: ['users.read'] });
    await make.assign(app.db, { tenantId, userId: person.id, roleId: role.id, orgNodeId: northId });
    const token = await personToken(app, person, { scopes: ['users.read'] });
    const ask = askingScim(app, token);
    assert.equal((await ask('GET', '/Users?count=1')).status, 200);
    const big = askingScim(app, await scimBearer(app, { tenantId, capabilities: provisioningCapabilities }));
    assert.equal(
      (await big('PATCH', `/Users/${person.id}`, patchOf({ op: 'replace', path: 'active', value: false }))).status,
      200,
    );
    assert.equal((await ask('GET', '/Users?count=1')).status, 401);
    const { count } = (await app
      .db('user_sessions')
      .where({ userId: person.id })
      .whereNull('revokedAt')
      .count('* as count')
      .first()) as { count: number };
    assert.equal(Number(count), 0);
  });

  it('is nobody any more for a credential that has ended, and never for one of another kind', async () => {
    const services = await askAsService(app, {
      tenantId,
      capabilities: ['services.manage', ...provisioningCapabilities],
    });
    const mortal = await scimBearer(app, { tenantId });
    const [clientId = '', secret = ''] = [
      mortal.slice(0, mortal.lastIndexOf('.')),
      mortal.slice(mortal.lastIndexOf('.') + 1),
    ];
    const ask = askingScim(app, mortal);
    assert.equal((await ask('GET', '/Users?count=0')).status, 200);
    // It counts at this door alone.
    const api = await fetch(`${app.issuer}/api/v1/users`, { headers: { authorization: `Bearer ${mortal}` } });
    assert.equal(api.status, 401);
    for (const wrong of [
      `${clientId}.${secret.slice(0, -1)}x`,
      `${clientId}.`,
      secret,
      `.${secret}`,
      `other.${secret}`,
    ])
      assert.equal((await askingScim(app, wrong)('GET', '/Users')).status, 401, wrong.slice(0, 8));
    assert.equal((await services('POST', `/services/${clientId}/disable`)).status, 200);
    await eventually(async () => (await ask('GET', '/Users?count=0')).status === 401);
  });

  it('is decided by what the service holds now', async () => {
    const services = await askAsService(app, {
      tenantId,
      capabilities: ['services.manage', ...provisioningCapabilities],
    });
    const given = await scimBearer(app, { tenantId });
    const clientId = given.slice(0, given.lastIndexOf('.'));
    const ask = askingScim(app, given);
    assert.equal((await ask('POST', '/Users', { userName: 'before-it-went' })).status, 201);
    assert.equal((await services('DELETE', `/services/${clientId}/capabilities/users.manage`)).status, 204);
    assert.equal((await ask('POST', '/Users', { userName: 'after-it-went' })).status, 403);
    assert.equal((await ask('GET', '/Users?count=0')).status, 200);
  });
});
