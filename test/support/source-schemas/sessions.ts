/** Rows on what is signed in, what is sent to prove an address, and programs that sign in for themselves. */
import assert from 'node:assert/strict';
import * as openid from 'openid-client';
import { type ClientCredential, introspect, postAs, userinfoStatus } from '../endpoints.ts';
import { redirectUri } from '../relying-party.ts';
import type { Stage } from './stage.ts';

/** refresh_token_hash, user_agent, ip_addr, expires_at: used by a refresh, ended one by one. */
export async function sessions(stage: Stage): Promise<void> {
  const { ask, app, party, person, visitor } = stage;
  const made = await person();
  const { tokens } = await stage.signIn(made, visitor({ 'user-agent': 'Source Browser/1.0' }));
  const other = await stage.signIn(made);
  const path = `/users/${made.id}/sessions`;
  const listed = await stage.list(path);
  assert.equal(listed.length, 2);
  const session = listed.find(({ user_agent }) => user_agent === 'Source Browser/1.0');
  assert.match(session.ip, /^198\.51\./);
  assert.ok(session.expires_at > session.login_at);
  assert.deepEqual(session.clients, [party.clientId]);
  const refreshed = await openid.refreshTokenGrant(party.config, tokens.refresh_token as string);
  assert.equal(await userinfoStatus(app.issuer, refreshed.access_token), 200);
  await ask('DELETE', `/sessions/${session.id}`);
  await assert.rejects(openid.refreshTokenGrant(party.config, refreshed.refresh_token as string), {
    error: 'invalid_grant',
  });
  assert.equal(await userinfoStatus(app.issuer, refreshed.access_token), 401);
  assert.equal(await userinfoStatus(app.issuer, other.tokens.access_token), 200, 'the other one goes on');
  assert.equal((await stage.list(path)).length, 1);
}

/** token_hash, device_fingerprint, login_at, expires_at, revoked_at: all at once, and on record afterwards. */
export async function userSessions(stage: Stage): Promise<void> {
  const { ask, app, list, person, visitor } = stage;
  const made = await person();
  const first = await stage.signIn(made, visitor());
  const second = await stage.signIn(made, visitor());
  const path = `/users/${made.id}/sessions`;
  assert.equal((await list(path)).length, 2);
  await ask('DELETE', path);
  assert.deepEqual(await list(path), []);
  for (const { tokens } of [first, second]) assert.equal(await userinfoStatus(app.issuer, tokens.access_token), 401);
  const held = await ask('POST', `/users/${made.id}/export`);
  assert.equal(held.sessions.length, 2);
  for (const { device, login_at, revoked_at } of held.sessions) {
    assert.match(device, /^[\w-]{20,}|[0-9a-f]{64}$/);
    assert.ok(revoked_at > login_at);
  }
}

/** destination, channel, purpose, code_hash, expiry, consumed, attempt_count: by mail, SMS and WhatsApp. */
export async function otpCodes(stage: Stage): Promise<void> {
  const { ask, mailbox, twilio, party, person } = stage;
  await ask('PATCH', '/tenant/settings', { country_list: ['CH'] });
  const phone = stage.phone();
  const made = await person({ phone, phone_verified: true });
  const destinations = { email: made.email, sms: phone, whatsapp: phone };
  let messages = 0;
  for (const [channel, address] of Object.entries(destinations)) {
    const browser = stage.visitor();
    const { base } = await stage.begin(party, browser);
    const page = await browser.submit(await browser.open(`${base}/code?channel=${channel}`), { address });
    if (channel !== 'email') messages += 1;
    const sent =
      channel === 'email' ? await mailbox.waitFor(address) : await twilio.waitFor(address, { count: messages });
    const code = sent.code as string;
    const wrong = await browser.submit(page, { code: String((Number(code) + 1) % 1_000_000).padStart(6, '0') });
    assert.equal(wrong.status, 401, channel);
    const done = await browser.submit(wrong, { code }, { until: redirectUri });
    assert.ok(done.location?.startsWith(redirectUri), `${channel}: ${done.status} ${done.body}`);
    if (channel === 'sms') await stage.letTimePass(phone, 120);
  }
  const { codes } = await ask('POST', `/users/${made.id}/export`);
  assert.equal(codes.length, 3);
  for (const { consumed_at, attempt_count, purpose } of codes)
    assert.deepEqual([purpose, consumed_at !== null, attempt_count], ['login', true, 2]);
  await ask('PATCH', '/tenant/settings', { code_channels: [] });
  const { page } = await stage.begin(party, stage.visitor());
  assert.doesNotMatch(page.body, /\/code\?channel=/, 'switched off');
  await ask('PATCH', '/tenant/settings', { code_channels: ['email', 'sms', 'whatsapp'] });
}

type Service = ClientCredential & { service: { client_id: string } };

async function newService({ ask, fresh }: Stage, capabilities: string[] = []): Promise<Service> {
  const service = await ask('POST', '/services', { name: fresh('Service'), capabilities });
  return { service, clientId: service.client_id, clientSecret: service.client_secret };
}

async function token({ app }: Stage, client: ClientCredential, scope?: string) {
  const form = { grant_type: 'client_credentials', resource: `${app.issuer}/api/v1` };
  return postAs(`${app.issuer}/token`, client, { ...form, ...(scope !== undefined && { scope }) });
}

/** svc_key, svc_label, svc_state_code active or disabled. */
export async function services(stage: Stage): Promise<void> {
  const { ask } = stage;
  const made = await newService(stage, ['org.read']);
  const path = `/services/${made.clientId}`;
  assert.equal((await ask('PATCH', path, { name: 'Renamed' })).name, 'Renamed');
  assert.equal((await token(stage, made)).status, 200);
  assert.equal((await ask('POST', `${path}/disable`)).state, 'disabled');
  assert.equal((await token(stage, made)).status, 401);
  assert.equal((await ask('POST', `${path}/enable`)).state, 'active');
  assert.equal((await token(stage, made)).status, 200);
  await ask('DELETE', path);
  assert.equal((await token(stage, made)).status, 401);
}

/** secret_hash_text, revoked_utc: several live at once. */
export async function serviceSecrets(stage: Stage): Promise<void> {
  const { ask } = stage;
  const made = await newService(stage, ['org.read']);
  const path = `/services/${made.clientId}/secrets`;
  const { client_secret: clientSecret } = await ask('POST', path, { overlap_seconds: 3600 });
  const renewed = { ...made, clientSecret };
  for (const one of [made, renewed]) assert.equal((await token(stage, one)).status, 200);
  const { items } = await ask('GET', path);
  assert.equal(items.length, 2);
  assert.ok(!JSON.stringify(items).includes(clientSecret));
  await ask('DELETE', `${path}/${items.find(({ expires_at }: { expires_at: unknown }) => expires_at !== null).id}`);
  assert.equal((await token(stage, made)).status, 401);
  assert.equal((await token(stage, renewed)).status, 200);
}

/** svc_id, perm_key. */
export async function servicePermissions(stage: Stage): Promise<void> {
  const { ask } = stage;
  const made = await newService(stage, ['org.read']);
  const path = `/services/${made.clientId}/capabilities`;
  assert.equal((await token(stage, made, 'roles.read')).body.error, 'invalid_scope');
  await ask('PUT', `${path}/roles.read`);
  assert.equal((await token(stage, made, 'roles.read')).status, 200);
  assert.deepEqual((await ask('GET', path)).items.sort(), ['org.read', 'roles.read']);
  await ask('DELETE', `${path}/roles.read`);
  assert.equal((await token(stage, made, 'roles.read')).body.error, 'invalid_scope');
}

/** token_hash_text, expiry_utc, revoked_utc. */
export async function serviceSessions(stage: Stage): Promise<void> {
  const { ask, app, list } = stage;
  const made = await newService(stage, ['org.read']);
  const { body } = await token(stage, made);
  const [session, ...others] = await list(`/service-sessions?client_id=${made.clientId}`);
  assert.deepEqual(others, []);
  assert.ok(session.expires_at > session.created_at);
  const reads = async () =>
    (await fetch(`${app.issuer}/api/v1/org-nodes`, { headers: { authorization: `Bearer ${body.access_token}` } }))
      .status;
  assert.equal(await reads(), 200);
  await ask('DELETE', `/service-sessions/${session.id}`);
  assert.equal(await reads(), 401);
  assert.equal((await introspect(app.issuer, made, body.access_token)).body.active, false);
  assert.deepEqual(await list(`/service-sessions?client_id=${made.clientId}`), []);
}
