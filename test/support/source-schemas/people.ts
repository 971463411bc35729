/** Rows on people: who they are, how they like to be addressed, what signs them in. */
import assert from 'node:assert/strict';
import { signInThere } from '../federation.ts';
import { startOpenIdProvider } from '../identity-provider.ts';
import { password, type Stage } from './stage.ts';

/** email, hashed_password, is_active, created_at, updated_at. */
export async function accounts({ ask, person, maySignIn, fresh, trail }: Stage): Promise<void> {
  const made = await person();
  assert.equal(made.email, (await ask('GET', `/users/${made.id}`)).email);
  assert.ok(await maySignIn(made));
  const moved = await ask('PATCH', `/users/${made.id}`, {
    email: `${fresh('moved')}@example.test`,
    email_verified: true,
  });
  assert.ok(moved.updated_at > moved.created_at);
  const renewed = { email: moved.email, password: 'quite another pass phrase' };
  await ask('PUT', `/users/${made.id}/password`, { password: renewed.password });
  assert.ok(!(await maySignIn({ ...renewed, password })));
  assert.ok(await maySignIn(renewed));
  assert.equal((await ask('POST', `/users/${made.id}/deactivate`)).state, 'inactive');
  assert.ok(!(await maySignIn(renewed)));
  assert.equal((await ask('POST', `/users/${made.id}/activate`)).state, 'active');
  assert.ok(await maySignIn(renewed));
  await ask('DELETE', `/users/${made.id}`);
  await ask('GET', `/users/${made.id}`, undefined, 404);
  assert.ok(!(await maySignIn(renewed)));
  assert.equal((await person({ email: moved.email })).email, moved.email, 'the address is free');
  for (const action of ['user.created', 'profile.updated', 'password.changed', 'user.deactivated', 'user.deleted'])
    assert.ok((await trail(made.id)).includes(action), action);
}

/** `mfa_enabled`: more than a password is asked of the person. */
export async function secondFactors({ ask, person, maySignIn }: Stage): Promise<void> {
  const made = await person({ mfa_required: true });
  assert.ok(!(await maySignIn(made)), 'a password alone');
  const checks = JSON.stringify(await ask('GET', `/users/${made.id}/sign-in-checks`));
  assert.match(checks, /second_factor/);
  assert.equal((await ask('PATCH', `/users/${made.id}`, { mfa_required: false })).mfa_required, false);
  assert.ok(await maySignIn(made));
}

/** full_name, phone, locale, metadata. */
export async function profiles(stage: Stage): Promise<void> {
  const { ask, person } = stage;
  const phone = stage.phone();
  const made = await person({ full_name: 'Ada Lovelace', phone, locale: 'fr', metadata: { room: '12' } });
  const shown = await ask('GET', `/users/${made.id}`);
  assert.deepEqual([shown.full_name, shown.phone, shown.metadata], ['Ada Lovelace', phone, { room: '12' }]);
  assert.equal((await ask('GET', `/users/${made.id}/settings`)).locale, 'fr');
  const change = { full_name: 'Ada King', phone: null, metadata: { room: '14', tags: ['a'] } };
  await ask('PATCH', `/users/${made.id}`, change);
  const { tokens } = await stage.signIn(made);
  assert.ok(tokens.claims()?.sub);
  const found = await ask('GET', `/users?q=${encodeURIComponent('ada KING')}`);
  assert.deepEqual(
    found.items.map(({ full_name, phone, metadata }: typeof change) => ({ full_name, phone, metadata })),
    [change],
  );
  await ask('PATCH', `/users/${made.id}`, { full_name: null, metadata: { room: null, tags: null } });
  assert.deepEqual((await ask('GET', `/users/${made.id}`)).metadata, {});
}

/** last_login_at, last_password_change; created_by, updated_by, deleted_by; deleted_at. */
export async function whoChangedWhom({ owner, ownerId, ask, list, signIn, fresh }: Stage): Promise<void> {
  const email = `${fresh('hired')}@example.test`;
  const { status, body: made } = await owner('POST', '/users', { email, email_verified: true, password });
  assert.equal(status, 201);
  assert.equal(made.last_login_at, null);
  await signIn({ email, password });
  const signedIn = await ask('GET', `/users/${made.id}`);
  // To the second, as `auth_time` is.
  assert.ok(Date.parse(signedIn.last_login_at) > Date.parse(made.created_at) - 1000);
  assert.equal((await owner('PUT', `/users/${made.id}/password`, { password: 'another pass phrase' })).status, 204);
  assert.ok((await ask('GET', `/users/${made.id}`)).password_changed_at > made.password_changed_at);
  assert.equal((await owner('PATCH', `/users/${made.id}`, { full_name: 'Hired One' })).status, 200);
  assert.equal((await owner('DELETE', `/users/${made.id}`)).status, 204);
  const byOwner = await list(`/audit-events?entity_id=${made.id}&actor_id=${ownerId}`);
  const actions = byOwner.map(({ action }) => action);
  for (const action of ['user.created', 'profile.updated', 'user.deleted']) assert.ok(actions.includes(action), action);
  const held = await ask('POST', `/users/${made.id}/export`);
  assert.ok(held.person.deleted_at, 'deleted, and on record');
}

/** SQLSTATE 23505 as the answer of the source: 409 DUPLICATE_EMAIL, DUPLICATE_PHONE. */
export async function duplicates(stage: Stage): Promise<void> {
  const phone = stage.phone();
  const { email } = await stage.person({ phone });
  const again = await stage.ask('POST', '/users', { email: email.toUpperCase() }, 409);
  const { statusCode, error, message, code } = again;
  assert.deepEqual({ statusCode, error, code }, { statusCode: 409, error: 'Conflict', code: 'DUPLICATE_EMAIL' });
  assert.match(message, /email address is already in use/i);
  assert.equal((await stage.ask('POST', '/users', { phone }, 409)).code, 'DUPLICATE_PHONE');
}

/** tenant_id, email_addr, phone_e164, display_label, user_state_code: unique in the tenant, and in no other. */
export async function peopleOfTenant(stage: Stage): Promise<void> {
  const made = await stage.person({ phone: stage.phone(), full_name: 'Label' });
  const slug = stage.fresh('elsewhere');
  await stage.ask('POST', '/tenants', { slug, name: 'Elsewhere' });
  const same = await stage.ask('POST', `/users?tenant=${slug}`, { email: made.email });
  assert.notEqual(same.id, made.id);
  await stage.ask('GET', `/users/${same.id}`, undefined, 404);
  await stage.ask('POST', `/users/${made.id}/deactivate`);
  const inactive = await stage.list(`/users?state=inactive&q=${made.email}`);
  assert.deepEqual(
    inactive.map(({ id }) => id),
    [made.id],
  );
}

/** ident_provider_code, provider_subject_key, email_verified_flag, password_hash_text. */
export async function identities(stage: Stage): Promise<void> {
  const { ask, app, list, party, person } = stage;
  const key = stage.fresh('there');
  const there = await startOpenIdProvider({ redirectUri: `${app.issuer}/callback/${key}` });
  try {
    await ask('POST', '/identity-providers', {
      key,
      name: 'There',
      issuer: there.issuer,
      client_id: there.client.clientId,
      client_secret: there.client.clientSecret,
    });
    const { sign_in_methods: methods } = await ask('GET', '/tenant/settings');
    await ask('PATCH', '/tenant/settings', { sign_in_methods: [...methods, key] });
    const made = await person();
    const subject = 'old-account-1';
    there.accounts.set(subject, { email: 'somewhere@example.test', email_verified: true });
    const linked = await ask('POST', `/users/${made.id}/identities`, { provider: key, subject });
    assert.deepEqual([linked.provider, linked.subject, linked.last_used_at], [key, subject, null]);
    await ask('POST', `/users/${(await person()).id}/identities`, { provider: key, subject }, 409);
    const journey = await signInThere(subject, { party, key, browser: stage.visitor() });
    assert.ok(journey.reply.location?.includes('code='), journey.reply.body);
    const [used] = await list(`/users/${made.id}/identities`);
    assert.ok(used.last_used_at);
    assert.deepEqual([used.email, used.email_verified], ['somewhere@example.test', true]);
    await ask('DELETE', `/users/${made.id}/identities/${key}`);
    assert.deepEqual(await list(`/users/${made.id}/identities`), []);
    const refused = await signInThere(subject, { party, key, browser: stage.visitor() });
    assert.ok(!refused.reply.location?.includes('code='), 'no way in any more');
  } finally {
    await there.close();
  }
}

/** raw_app_meta_data, raw_user_meta_data. */
export async function metadata({ ask, person }: Stage): Promise<void> {
  const made = await person({ metadata: { app: { hint: 'course_creator' }, user: { font: 'large' } } });
  const changed = await ask('PATCH', `/users/${made.id}`, { metadata: { app: { hint: 'consultant' } } });
  assert.deepEqual(changed.metadata.app, { hint: 'consultant' });
  await ask('PATCH', `/users/${made.id}`, { metadata: { big: 'x'.repeat(20_000) } }, 400);
  const held = await ask('POST', `/users/${made.id}/export`);
  assert.deepEqual(held.person.metadata, changed.metadata);
}

/** preferred_language, theme, notifications_enabled_email, notifications_enabled_in_app. */
export async function settings({ ask, person, app, visitor, signIn }: Stage): Promise<void> {
  const made = await person();
  const path = `/users/${made.id}/settings`;
  const { theme, notify_by_email, notify_in_app } = await ask('GET', path);
  assert.deepEqual(
    { theme, notify_by_email, notify_in_app },
    { theme: 'system', notify_by_email: true, notify_in_app: true },
  );
  const wanted = { locale: 'fr', theme: 'dark', notify_by_email: false, notify_in_app: false };
  assert.deepEqual({ ...(await ask('PATCH', path, wanted)), zoneinfo: undefined }, { ...wanted, zoneinfo: undefined });
  const browser = visitor();
  const { tokens } = await signIn(made, browser);
  assert.equal(tokens.claims()?.locale, 'fr');
  assert.match((await browser.open(`${app.issuer}/account`)).body, /<html[^>]*data-theme="dark"/);
  assert.equal((await ask('PATCH', path, { locale: null })).locale, null);
}

/** cognito_sub, display_name, locale, last_login, is_active: a migrated account keeps the key that it had. */
export async function migratedAccounts(stage: Stage): Promise<void> {
  const { ask, list, person } = stage;
  const sub = stage.fresh('cognito-sub');
  const made = await person({ external_id: sub, full_name: 'Shown So', locale: 'en' });
  await ask('POST', '/users', { email: `${stage.fresh('other')}@example.test`, external_id: sub }, 409);
  assert.deepEqual(
    (await list(`/users?q=${sub}`)).map(({ id }) => id),
    [made.id],
  );
  await stage.signIn(made);
  assert.ok((await ask('GET', `/users/${made.id}`)).last_login_at);
  assert.equal((await ask('PATCH', `/users/${made.id}`, { external_id: null })).external_id, null);
  await ask('POST', `/users/${made.id}/deactivate`);
  assert.ok(!(await stage.maySignIn(made)));
}

/** Deleted people leave the trail with their opaque id alone. */
export async function anonymisedReferences(stage: Stage): Promise<void> {
  const made = await stage.person({ full_name: 'Zebedee Quartermain' });
  await stage.signIn(made);
  await stage.ask('POST', `/users/${made.id}/erase`);
  const events = await stage.list(`/audit-events?entity_id=${made.id}`);
  assert.ok(events.length > 0);
  const text = JSON.stringify(events);
  assert.ok(!text.includes(made.email) && !text.includes('Quartermain'), text);
  assert.ok(text.includes(made.id));
  await stage.ask('POST', `/users/${made.id}/erase`);
}
