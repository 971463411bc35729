/** Rows on tenants, on who comes in by whom, and on the trail. */
import assert from 'node:assert/strict';
import { redirectUri } from '../relying-party.ts';
import { password, type Stage } from './stage.ts';

/** tenant_label, tenant_state_code active or suspended. */
export async function tenants({ ask, run, fresh }: Stage): Promise<void> {
  const slug = fresh('tenant');
  const made = await run('tenants', 'create', '--slug', slug, '--name', 'Label');
  assert.equal(made.slug, slug);
  const renamed = await ask('PATCH', `/tenant?tenant=${slug}`, { name: 'Another label' });
  assert.equal(renamed.name, 'Another label');
  assert.equal((await ask('POST', `/tenants/${slug}/suspend`)).state, 'suspended');
  assert.equal((await ask('POST', `/tenants/${slug}/resume`)).state, 'active');
}

/** email or phone, role, place, token hash, expiry, accepted_utc. */
export async function invitations(stage: Stage): Promise<void> {
  const { ask, list, rootId, app, fresh, owner, ownerId } = stage;
  const role = await ask('POST', '/roles', { name: fresh('invited') });
  const place = await ask('POST', '/org-nodes', { parent_id: rootId, type: 'school', name: fresh('school') });
  const to = (email: string) => ({ email, role_id: role.id, org_node_id: place.id });
  const email = `${fresh('guest')}@example.test`;
  const { status, body: made } = await owner('POST', '/invitations', to(email));
  assert.equal(status, 201);
  assert.deepEqual([made.state, made.invited_by], ['open', ownerId]);
  const { links } = await stage.mailbox.waitFor(email);
  const link = links.find((found) => found.startsWith(`${app.issuer}/invitations/`)) as string;
  const browser = stage.visitor();
  const accepted = await browser.submit(await browser.open(link), { full_name: 'Guest', password });
  assert.equal(accepted.status, 200, accepted.body);
  assert.ok(await stage.maySignIn({ email, password }));
  const used = await ask('GET', `/invitations/${made.id}`);
  assert.equal(used.state, 'accepted');
  const [held] = await list(`/assignments?user_id=${used.accepted_by}`);
  assert.deepEqual([held.role_id, held.org_node_id], [role.id, place.id]);
  const withdrawn = await ask('POST', '/invitations', to(`${fresh('guest')}@example.test`));
  const late = (await stage.mailbox.waitFor(withdrawn.email)).links.find((found) => found.includes('/invitations/'));
  await ask('POST', `/invitations/${withdrawn.id}/revoke`);
  assert.equal((await ask('GET', `/invitations/${withdrawn.id}`)).state, 'revoked');
  assert.notEqual((await stage.visitor().open(late as string)).status, 200);
}

/** A person's account of their own, by somebody's code. */
async function signUp(stage: Stage, referral_code: string): Promise<string> {
  const browser = stage.visitor();
  const { base } = await stage.begin(stage.party, browser, { referral_code });
  const email = `${stage.fresh('newcomer')}@example.test`;
  const asked = await browser.submit(await browser.open(`${base}/sign-up?channel=email`), { address: email });
  const { code = '' } = await stage.mailbox.waitFor(email);
  const profile = await browser.submit(asked, { code });
  const done = await browser.submit(profile, { full_name: 'Newcomer', password }, { until: redirectUri });
  assert.ok(done.location?.startsWith(redirectUri), done.body);
  const [{ id }] = await stage.list(`/users?q=${email}`);
  return id;
}

/** One code a person, unique; is_active, expires_at. */
export async function referralCodes(stage: Stage): Promise<void> {
  const { ask, run, person } = stage;
  await ask('PATCH', '/tenant/settings', { self_sign_up: true });
  const referrer = await person();
  const path = `/users/${referrer.id}/referral-code`;
  await ask('PATCH', path, { is_active: false }, 404);
  const { code, is_active, expires_at } = await ask('PUT', path);
  assert.deepEqual([is_active, expires_at], [true, null]);
  assert.equal((await run('referrals', 'code', referrer.email, '--tenant', 'northwind')).code, code);
  const counts = async () => {
    const before = (await stage.list(`/referrals?referrer_user_id=${referrer.id}`)).length;
    await signUp(stage, code.toLowerCase());
    return (await stage.list(`/referrals?referrer_user_id=${referrer.id}`)).length > before;
  };
  assert.ok(await counts());
  assert.equal((await ask('PATCH', path, { is_active: false })).is_active, false);
  assert.ok(!(await counts()), 'switched off');
  const ended = await ask('PATCH', path, { is_active: true, expires_at: '2020-01-01T00:00:00Z' });
  assert.equal(ended.expires_at, '2020-01-01T00:00:00.000Z');
  assert.ok(!(await counts()), 'expired');
  await ask('PATCH', path, { expires_at: null });
  assert.ok(await counts());
  assert.deepEqual(await stage.trail(ended.id), ['referral_code.created', ...Array(3).fill('referral_code.changed')]);
}

/** referrer, referred (once), code used; pending, completed_signup, subscription_activated; converted_at. */
export async function referrals(stage: Stage): Promise<void> {
  const { ask, person } = stage;
  await ask('PATCH', '/tenant/settings', { self_sign_up: true });
  const referrer = await person();
  const { code } = await ask('PUT', `/users/${referrer.id}/referral-code`);
  const referred = await signUp(stage, code);
  const [made] = await stage.list(`/referrals?referrer_user_id=${referrer.id}`);
  assert.deepEqual([made.referred_user_id, made.status], [referred, 'completed_signup']);
  assert.ok(made.converted_at);
  assert.equal((await ask('POST', `/referrals/${made.id}/settle`)).status, 'subscription_activated');
  assert.equal((await ask('POST', `/referrals/${made.id}/settle`)).status, 'subscription_activated', 'once');
  assert.deepEqual(await stage.trail(made.id), ['referral.recorded', 'referral.completed', 'referral.settled']);
}

/** tenant_id, user_id, entity, entity_id, action, payload: found by each of them, and changed by nobody. */
export async function trail({ ask, list, owner, ownerId, tenantId, fresh }: Stage): Promise<void> {
  const { body: role } = await owner('POST', '/roles', { name: fresh('traced') });
  await owner('PATCH', `/roles/${role.id}`, { name: fresh('retraced') }, { 'if-match': '*' });
  const [event] = await list(`/audit-events?entity_type=role&entity_id=${role.id}&action=role.renamed`);
  const { tenant_id, actor_type, actor_id, payload } = event;
  assert.deepEqual([tenant_id, actor_type, actor_id], [tenantId, 'user', ownerId]);
  assert.equal(payload.from.name, role.name);
  assert.equal(payload.cause, 'roles.update');
  const during = `from=${event.occurred_at}&until=${new Date(Date.parse(event.occurred_at) + 1000).toISOString()}`;
  const found = await list(`/audit-events?actor_id=${ownerId}&action=role.&${during}`);
  assert.ok(found.some(({ id }) => id === event.id));
  for (const method of ['PATCH', 'DELETE']) await ask(method, `/audit-events/${event.id}`, undefined, 405);
}

/** LOGIN_SUCCESS, LOGIN_FAILURE, ROLE_ASSIGNED, ROLE_REMOVED, PROFILE_UPDATED; ip_address, user_agent. */
export async function loginAudit(stage: Stage): Promise<void> {
  const { ask, list, person, rootId, trail } = stage;
  const made = await person();
  const browser = stage.visitor({ 'user-agent': 'Audited/1.0' });
  assert.ok(!(await stage.maySignIn({ ...made, password: 'not the pass phrase' })));
  await stage.signIn(made, browser);
  const [member] = (await list('/roles')).filter(({ name }) => name === 'member');
  const held = { user_id: made.id, role_id: member.id, org_node_id: rootId };
  const { id } = await ask('POST', '/assignments', held);
  await ask('POST', `/assignments/${id}/end`, {});
  await ask('PATCH', `/users/${made.id}`, { given_name: 'Ada' });
  const events = await list(`/audit-events?entity_id=${made.id}`);
  const actions = events.map(({ action }) => action);
  for (const action of ['login.failed', 'login.succeeded', 'profile.updated'])
    assert.ok(actions.includes(action), `${action} in ${actions}`);
  assert.deepEqual(await trail(id), ['role.assigned', 'role.removed']);
  const { ip, user_agent } = events.find(({ action }) => action === 'login.succeeded');
  assert.match(ip, /^198\.51\./);
  assert.equal(user_agent, 'Audited/1.0');
}

/** Kept for 180 days unless a tenant says otherwise. */
export async function retention({ ask }: Stage): Promise<void> {
  assert.equal((await ask('PATCH', '/tenant/settings', { audit_retention_days: 365 })).audit_retention_days, 365);
  assert.equal((await ask('GET', '/tenant/settings')).audit_retention_days, 365);
  await ask('PATCH', '/tenant/settings', { audit_retention_days: 0 }, 422);
  assert.equal((await ask('PATCH', '/tenant/settings', { audit_retention_days: null })).audit_retention_days, null);
}

/** user_id or company_id, name, key_prefix (unique), hashed_key, permissions, expires_at, last_used_at, is_active. */
export async function apiKeys({ ask, list, owner, ownerId, rootId, app, fresh }: Stage): Promise<void> {
  const company = await ask('POST', '/companies', { name: fresh('Acme') });
  const wanted = { name: fresh('key'), capabilities: ['org.read'] };
  const made = await ask('POST', '/api-keys', { ...wanted, org_node_id: company.id });
  assert.match(made.key, /^gk_[^_]{8}_/);
  assert.equal(made.key.slice(3, 11), made.prefix);
  assert.deepEqual([made.user_id, made.org_node_id, made.capabilities], [null, company.id, ['org.read']]);
  const ninetyDays = Date.now() + 90 * 86_400_000;
  assert.ok(Math.abs(Date.parse(made.expires_at) - ninetyDays) < 600_000);
  const statusOf = async (path: string, key = made.key) =>
    (await fetch(`${app.issuer}/api/v1${path}`, { headers: { authorization: `Bearer ${key}` } })).status;
  assert.equal(await statusOf(`/org-nodes/${company.id}`), 200);
  assert.equal(await statusOf(`/org-nodes/${rootId}`), 404, 'above its place');
  assert.equal(await statusOf('/roles'), 403, 'not among its permissions');
  const [used] = await list(`/api-keys?org_node_id=${company.id}`);
  assert.ok(used.last_used_at);
  assert.ok(!JSON.stringify(used).includes(made.key));
  const renamed = await ask('PATCH', `/api-keys/${made.id}`, { name: 'Renamed', active: false });
  assert.deepEqual([renamed.name, renamed.active], ['Renamed', false]);
  assert.equal(await statusOf(`/org-nodes/${company.id}`), 401);
  await ask('PATCH', `/api-keys/${made.id}`, { active: true });
  assert.equal(await statusOf(`/org-nodes/${company.id}`), 200);
  await ask('DELETE', `/api-keys/${made.id}`);
  assert.equal(await statusOf(`/org-nodes/${company.id}`), 401);

  const { status, body: own } = await owner('POST', '/api-keys', { ...wanted, org_node_id: rootId, user_id: ownerId });
  assert.equal(status, 201, JSON.stringify(own));
  assert.equal(own.user_id, ownerId);
  assert.equal(await statusOf(`/org-nodes/${rootId}`, own.key), 200);
  await owner('DELETE', `/api-keys/${own.id}`);
  assert.equal(await statusOf(`/org-nodes/${rootId}`, own.key), 401);
}
