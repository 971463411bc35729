/** Rows on who may do what where: roles, permissions, the tree, what is held in it. */
import assert from 'node:assert/strict';
import type { Stage } from './stage.ts';

const ids = (rows: { id: string }[]) => rows.map(({ id }) => id);

async function role({ ask, fresh }: Stage, ...capabilities: string[]): Promise<string> {
  const { id } = await ask('POST', '/roles', { name: fresh('role') });
  for (const capability of capabilities) await ask('PUT', `/roles/${id}/capabilities/${capability}`);
  return id;
}

async function permission({ ask, fresh }: Stage): Promise<string> {
  const key = `${fresh('sales')}.create`;
  await ask('PUT', `/capabilities/${key}`, { description: 'Sell things', module: 'sales' });
  return key;
}

const node = ({ ask, rootId, fresh }: Stage, parent_id = rootId, type = 'school') =>
  ask('POST', '/org-nodes', { parent_id, type, name: fresh('node') });

/** As the owner: a service holds what it may ask for alone, and gives nothing else. */
async function assign({ owner }: Stage, wanted: object): Promise<{ id: string }> {
  const { status, body } = await owner('POST', '/assignments', wanted);
  assert.equal(status, 201, JSON.stringify(body));
  return body;
}

/** id, name (unique), description. */
export async function roles({ ask, fresh }: Stage): Promise<void> {
  const name = fresh('solo_learner');
  const made = await ask('POST', '/roles', { name, description: 'Learns alone' });
  assert.equal((await ask('POST', '/roles', { name: name.toUpperCase() }, 409)).code, 'DUPLICATE');
  const changed = await ask('PATCH', `/roles/${made.id}`, { name: fresh('learner'), description: null });
  assert.deepEqual([changed.description, changed.is_system], [null, false]);
  await ask('DELETE', `/roles/${made.id}`);
  await ask('GET', `/roles/${made.id}`, undefined, 404);
}

/** is_system_role; created_by, updated_by, deleted_by. */
export async function systemRoles({ ask, list, owner, ownerId, fresh }: Stage): Promise<void> {
  const system = (await list('/roles')).filter(({ is_system }) => is_system);
  assert.deepEqual(system.map(({ name }) => name).sort(), ['admin', 'member', 'owner']);
  assert.equal((await ask('DELETE', `/roles/${system[0].id}`, undefined, 409)).code, 'SYSTEM_ROLE_FIXED');
  const { body: made } = await owner('POST', '/roles', { name: fresh('by-owner') });
  await owner('PATCH', `/roles/${made.id}`, { description: 'Changed' }, { 'if-match': '*' });
  await owner('DELETE', `/roles/${made.id}`);
  const events = await list(`/audit-events?entity_id=${made.id}`);
  assert.deepEqual(
    events.map(({ action, actor_id }) => [action, actor_id]),
    ['role.deleted', 'role.changed', 'role.created'].map((action) => [action, ownerId]),
  );
}

/** user_id, role_id, assigned_at, assigned_by: held in the whole tenant, once. */
export async function userRoles(stage: Stage): Promise<void> {
  const { ask, owner, ownerId, rootId, trail } = stage;
  const { id: user_id } = await stage.person();
  const role_id = await role(stage);
  const wanted = { user_id, role_id, org_node_id: rootId };
  const { status, body: made } = await owner('POST', '/assignments', wanted);
  assert.equal(status, 201);
  assert.equal(made.assigned_by, ownerId);
  assert.ok(made.created_at);
  assert.equal((await ask('POST', '/assignments', wanted, 409)).code, 'PERIOD_OVERLAP');
  const held = await ask('GET', `/users/${user_id}/access`);
  assert.deepEqual(
    held.assignments.map((found: { role_id: string }) => found.role_id),
    [role_id],
  );
  await ask('PATCH', `/assignments/${made.id}`, { ends_at: '2090-01-01T00:00:00Z' });
  await ask('POST', `/assignments/${made.id}/end`, {});
  assert.deepEqual((await ask('GET', `/users/${user_id}/access`)).assignments, []);
  assert.deepEqual(await trail(made.id), ['role.assigned', 'role.rescheduled', 'role.removed']);
}

/** key or code (unique), description, module. */
export async function permissions(stage: Stage): Promise<void> {
  const { ask, list } = stage;
  const key = await permission(stage);
  const shown = await ask('GET', `/capabilities/${key}`);
  assert.deepEqual([shown.key, shown.description, shown.module], [key, 'Sell things', 'sales']);
  const changed = await ask('PUT', `/capabilities/${key}`, { description: 'Sell more', module: 'shop' });
  assert.deepEqual([changed.id, changed.module], [shown.id, 'shop']);
  const carrying = await role(stage, key);
  await ask('DELETE', `/capabilities/${key}`);
  await ask('GET', `/capabilities/${key}`, undefined, 404);
  assert.deepEqual((await ask('GET', `/roles/${carrying}/capabilities`)).items, []);
  assert.ok(!(await list('/capabilities')).some((found) => found.key === key));
}

/** role_id, permission_id, granted_at: whoever holds the role holds the permission. */
export async function rolePermissions(stage: Stage): Promise<void> {
  const { ask, rootId, owner } = stage;
  const key = await permission(stage);
  const carrying = await role(stage, key);
  await ask('PUT', `/roles/${carrying}/capabilities/${key}`);
  assert.deepEqual((await ask('GET', `/roles/${carrying}/capabilities`)).items, [key]);
  const { id: user_id } = await stage.person();
  await assign(stage, { user_id, role_id: carrying, org_node_id: rootId });
  const [chain] = await stage.list(`/users/${user_id}/access/why`);
  assert.deepEqual([chain.capabilities[0].key, typeof chain.capabilities[0].put_at], [key, 'string']);
  const holders = await stage.list(`/org-nodes/${rootId}/holders?capability=${key}`);
  assert.deepEqual(
    holders.map(({ user }) => user.id),
    [user_id],
  );
  assert.equal((await owner('DELETE', `/roles/${carrying}/capabilities/${key}`)).status, 204);
  assert.deepEqual((await ask('GET', `/users/${user_id}/access`)).capabilities, []);
}

/** node_type_code, node_label, parent_org_node_id, active_flag. */
export async function orgNodes(stage: Stage): Promise<void> {
  const { ask, list } = stage;
  const region = await node(stage, undefined, 'region');
  const school = await node(stage, region.id);
  const path = `/org-nodes/${school.id}`;
  const changed = await ask('PATCH', path, { name: 'Lakeside', type: 'college', external_id: stage.fresh('ext') });
  assert.deepEqual([changed.name, changed.type, changed.parent_id], ['Lakeside', 'college', region.id]);
  assert.deepEqual(ids(await list(`/org-nodes?parent_id=${region.id}&type=college`)), [school.id]);
  const { id: user_id } = await stage.person();
  const key = await permission(stage);
  await assign(stage, { user_id, role_id: await role(stage, key), org_node_id: school.id });
  const held = async () => (await ask('GET', `/users/${user_id}/access`)).capabilities;
  assert.deepEqual(await held(), [key]);
  assert.equal((await ask('POST', `${path}/deactivate`)).active, false);
  assert.deepEqual(await held(), []);
  await ask('POST', `${path}/activate`);
  assert.deepEqual(await held(), [key]);
  await ask('DELETE', `/org-nodes/${region.id}`, undefined, 409);
  await ask('DELETE', path);
  assert.deepEqual(await held(), []);
  await ask('GET', path, undefined, 404);
}

/** ancestor, descendant, depth: made with a node, changed by a move, gone with it; a cycle is refused. */
export async function orgNodePaths(stage: Stage): Promise<void> {
  const { ask, list, rootId } = stage;
  const [north, south] = [await node(stage), await node(stage)];
  const school = await node(stage, north.id);
  const room = await node(stage, school.id);
  const above = async () => ids((await ask('GET', `/org-nodes/${room.id}/ancestors`)).items);
  assert.deepEqual(await above(), [rootId, north.id, school.id]);
  await ask('POST', `/org-nodes/${school.id}/move`, { parent_id: south.id });
  assert.deepEqual(await above(), [rootId, south.id, school.id]);
  assert.deepEqual(ids(await list(`/org-nodes?below=${south.id}`)), [south.id, school.id, room.id]);
  await ask('POST', `/org-nodes/${south.id}/move`, { parent_id: room.id }, 409);
  await ask('DELETE', `/org-nodes/${room.id}`);
  assert.deepEqual(ids(await list(`/org-nodes?below=${south.id}`)), [south.id, school.id]);
}

/** user_id, org_node_id, role_id, start_utc, end_utc (after the start). */
export async function orgAssignments(stage: Stage): Promise<void> {
  const { ask, list, owner } = stage;
  const place = await node(stage);
  const { id: user_id } = await stage.person();
  const held = { user_id, role_id: await role(stage, await permission(stage)), org_node_id: place.id };
  const reversed = { ...held, starts_at: '2090-01-01T00:00:00Z', ends_at: '2089-01-01T00:00:00Z' };
  const { body: refused } = await owner('POST', '/assignments', reversed);
  assert.equal(refused.code, 'PERIOD_INVALID');
  const coming = await assign(stage, { ...held, starts_at: '2090-01-01T00:00:00Z' });
  const now = await assign(stage, { ...held, ends_at: '2089-01-01T00:00:00Z' });
  const stands = async (state: string) => ids(await list(`/assignments?user_id=${user_id}&state=${state}`));
  assert.deepEqual([await stands('live'), await stands('coming')], [[now.id], [coming.id]]);
  const at = async (time: string) => (await ask('GET', `/users/${user_id}/access?at=${time}`)).capabilities.length;
  assert.deepEqual([await at('2088-01-01T00:00:00Z'), await at('2089-06-01T00:00:00Z')], [1, 0]);
  const earlier = await owner('PATCH', `/assignments/${coming.id}`, { starts_at: '2089-03-01T00:00:00Z' });
  assert.equal(earlier.status, 200);
  assert.equal(await at('2089-06-01T00:00:00Z'), 1);
  assert.equal((await owner('POST', `/assignments/${now.id}/end`, {})).status, 204);
  assert.deepEqual([await stands('live'), await stands('ended')], [[], [now.id]]);
}

/** user_id, org_node_id, access_scope_code read or analyze, start_utc, end_utc. */
export async function visibilityGrants(stage: Stage): Promise<void> {
  const { ask, list, owner, ownerId } = stage;
  const place = await node(stage);
  const { id: user_id } = await stage.person();
  const wanted = { user_id, org_node_id: place.id, access_scope: 'read', ends_at: '2089-01-01T00:00:00Z' };
  const { body: made } = await owner('POST', '/visibility-grants', wanted);
  assert.deepEqual([made.access_scope, made.granted_by], ['read', ownerId]);
  await ask('POST', '/visibility-grants', { ...wanted, access_scope: 'own' }, 422);
  await ask('POST', '/visibility-grants', { ...wanted, access_scope: 'analyze' });
  const seen = async () =>
    (await ask('GET', `/users/${user_id}/access`)).visibility_grants
      .map((grant: { access_scope: string }) => grant.access_scope)
      .sort();
  assert.deepEqual(await seen(), ['analyze', 'read']);
  await ask('POST', `/visibility-grants/${made.id}/end`, { ends_at: '2088-01-01T00:00:00Z' });
  assert.equal((await ask('GET', `/visibility-grants/${made.id}`)).ends_at, '2088-01-01T00:00:00.000Z');
  await ask('POST', `/visibility-grants/${made.id}/end`, {});
  assert.deepEqual(await seen(), ['analyze']);
  assert.deepEqual(ids(await list(`/visibility-grants?user_id=${user_id}&state=ended`)), [made.id]);
}

/** name, current_iam_status, is_deleted, deleted_at. */
export async function companies({ ask, fresh, trail }: Stage): Promise<void> {
  const made = await ask('POST', '/companies', { name: fresh('Acme') });
  assert.equal(made.active, true);
  assert.equal((await ask('PATCH', `/org-nodes/${made.id}`, { name: fresh('Acme') })).type, 'company');
  assert.equal((await ask('POST', `/companies/${made.id}/deactivate`)).active, false);
  assert.equal((await ask('POST', `/companies/${made.id}/activate`)).active, true);
  await ask('DELETE', `/org-nodes/${made.id}`);
  await ask('POST', `/companies/${made.id}/activate`, undefined, 404);
  assert.ok((await trail(made.id)).includes('org_node.deleted'));
}

/** user_id, company_id, joined_at, is_active_in_company. */
export async function companyUsers({ ask, list, person, fresh }: Stage): Promise<void> {
  const company = await ask('POST', '/companies', { name: fresh('Acme') });
  const { id: user_id } = await person();
  const path = `/companies/${company.id}/members`;
  await ask('POST', path, { user_id });
  const [member] = await list(path);
  assert.deepEqual([member.user_id, member.left_at, member.active], [user_id, null, true]);
  assert.ok(member.joined_at);
  await ask('POST', `/companies/${company.id}/deactivate`);
  assert.equal((await list(path))[0].active, false);
  await ask('POST', `/companies/${company.id}/activate`);
  await ask('DELETE', `${path}/${user_id}`);
  const [left] = await list(path);
  assert.ok(left.left_at);
  assert.equal(left.active, false);
  await ask('POST', path, { user_id });
  assert.equal((await list(path))[0].active, true, 'joined again');
}
