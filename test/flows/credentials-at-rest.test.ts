/**
 * The promise of docs/security.md that no bearer credential is stored as it is: every flow there is, then the whole
 * database and the log searched for everything that was handed out or typed.
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as jose from 'jose';
import * as openid from 'openid-client';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { rotateClientSecret } from '../../src/domain/clients/clients.ts';
import { createInvitation } from '../../src/domain/invitations/send-invitation.ts';
import { openPayload } from '../../src/domain/messages/outgoing-message.ts';
import { setPassword } from '../../src/domain/methods/password/set-password.ts';
import { createSetupLink } from '../../src/domain/setup/setup-links.ts';
import { loadSigningKeys, rotateSigningKeys } from '../../src/oidc/keys.ts';
import { defineSecretPurpose } from '../../src/platform/secrets.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import type { Browserless } from '../support/browserless.ts';
import { testServer } from '../support/cluster.ts';
import { CredentialRecorder, dumpDatabase, findCredentials } from '../support/credentials.ts';
import { declaredPurposes } from '../support/declared.ts';
import { createApi } from '../support/endpoints.ts';
import { eventually } from '../support/eventually.ts';
import { type LoopbackServer, listen } from '../support/loopback.ts';
import { discover, type RelyingParty, redirectUri, signIn, startSignIn } from '../support/relying-party.ts';

const recorder = new CredentialRecorder();
let app: TestApp;
/** Where logout tokens are sent. */
let site: LoopbackServer;

async function party(
  client: { clientId: string; clientSecret: string },
  auth?: openid.ClientAuth,
): Promise<RelyingParty> {
  recorder.add('client_secret', client.clientSecret);
  const found = await discover(app, client, auth);
  recorder.watch(found.config);
  return found;
}

async function person(overrides: Parameters<TestApp['person']>[0] = {}) {
  const made = await app.person(overrides);
  recorder.add('password', made.password);
  return made;
}

async function keyPair(): Promise<{ key: openid.CryptoKey; jwk: jose.JWK }> {
  const { publicKey, privateKey } = await jose.generateKeyPair('ES256', { extractable: true });
  return { key: privateKey, jwk: { ...(await jose.exportJWK(publicKey)), alg: 'ES256', kid: 'client-key' } };
}

async function setUp(): Promise<void> {
  const { token } = await createSetupLink(app.db, {}, systemCaller);
  recorder.add('token', token);
  const page = await recorder.browser().open(`${app.issuer}/set-up/${token}`);
  const typed = {
    tenant_name: 'Northwind Academies',
    full_name: 'Ada Lovelace',
    email: 'ada@example.test',
    password: 'a walk along the quiet river',
  };
  const refused = await recorder.browser().submit(page, { ...typed, password: 'Password123!' });
  assert.equal(refused.status, 422);
  const done = await recorder.browser().submit(page, typed, { until: `${app.issuer}/account` });
  assert.equal(done.status, 200, done.body);
}

/** Sign-in with all there is: consent, refresh, userinfo, introspection, a resource, and a session that stays. */
async function signInAndUse(): Promise<{ browser: Browserless; tokens: openid.TokenEndpointResponse }> {
  const someone = await person();
  const api = await createApi(app);
  const metadata = {
    backchannel_logout_uri: `${site.url.replace('127.0.0.1', 'localhost')}/logout`,
    backchannel_logout_session_required: true,
  };
  const portal = await party(await app.relyingParty({ metadata }));
  const browser = recorder.browser();
  const started = await startSignIn(portal);
  const page = await browser.open(started.address.href, redirectUri);
  const wrong = await browser.submit(page, { login: someone.email, password: 'wrong canary password' });
  assert.equal(wrong.status, 401);
  // It happens that a password is typed where the address should be.
  recorder.add('password', 'canary typed as an address');
  await browser.submit(page, { login: 'canary typed as an address', password: someone.password });
  const { tokens } = await signIn(portal, someone, {
    browser,
    parameters: { scope: 'openid profile email roles', resource: api.identifier, prompt: 'login' },
    tokenParameters: { resource: api.identifier },
  });
  assert.match(tokens.access_token, /^eyJ/);
  const refreshed = await openid.refreshTokenGrant(portal.config, tokens.refresh_token as string);
  const opaque = await signIn(portal, someone, { browser });
  await openid.fetchUserInfo(portal.config, opaque.tokens.access_token, someone.id);
  await openid.tokenIntrospection(portal.config, refreshed.access_token);
  await openid.tokenIntrospection(portal.config, refreshed.refresh_token as string);
  await openid.tokenRevocation(portal.config, opaque.tokens.refresh_token as string);
  // A code used twice.
  await assert.rejects(openid.authorizationCodeGrant(portal.config, opaque.callback, opaque.checks));
  const hinted = await startSignIn(portal, { prompt: 'none', id_token_hint: tokens.id_token as string });
  assert.match((await browser.open(hinted.address.href, redirectUri)).location ?? '', /[?&]code=/);

  const third = await party(
    await app.relyingParty({ firstParty: false, metadata: { token_endpoint_auth_method: 'client_secret_post' } }),
    openid.ClientSecretPost(),
  );
  const consented = await signIn(third, someone, {
    browser,
    parameters: { scope: 'openid email offline_access', prompt: 'consent' },
  });
  assert.ok(consented.tokens.refresh_token);
  const again = await startSignIn(third, { scope: 'openid phone', prompt: 'consent' });
  await browser.submit(
    await browser.open(again.address.href, redirectUri),
    { decision: 'deny' },
    { until: redirectUri },
  );
  return { browser, tokens };
}

/** One password, two tenants: the proof waits in the interaction. */
async function chooseTenant(): Promise<void> {
  const [one, two] = [await app.tenant(), await app.tenant()];
  const shared = { email: 'both@example.test', password: 'the same one in both places' };
  await person({ ...shared, tenantId: one.id });
  await person({ ...shared, tenantId: two.id });
  const portal = await party(await app.relyingParty());
  const browser = recorder.browser();
  const { address, checks } = await startSignIn(portal);
  const page = await browser.open(address.href, redirectUri);
  const choice = await browser.submit(page, { login: shared.email, password: shared.password });
  const [, account = ''] = /name="account" value="([^"]+)"/.exec(choice.body) ?? [];
  const back = await browser.submit(choice, { account }, { until: redirectUri });
  await openid.authorizationCodeGrant(portal.config, new URL(back.location as string), checks);
  // Another stops at the choice.
  const other = recorder.browser();
  const left = await other.open((await startSignIn(portal)).address.href, redirectUri);
  await other.submit(left, { login: shared.email, password: shared.password });
}

async function services(): Promise<void> {
  const jwt = await createApi(app);
  const opaque = await createApi(app, { tokenFormat: 'opaque' });
  const made = await app.service({ capabilities: [...jwt.capabilities, ...opaque.capabilities] });
  const service = await party(made, openid.ClientSecretBasic());
  for (const { identifier } of [jwt, opaque]) {
    const granted = await openid.clientCredentialsGrant(service.config, { resource: identifier });
    const seen = await openid.tokenIntrospection(service.config, granted.access_token);
    assert.equal(seen.active, true);
    await openid.clientCredentialsGrant(service.config, { resource: identifier });
    await openid.tokenRevocation(service.config, granted.access_token);
  }
  const { key, jwk } = await keyPair();
  const keyed = await app.service({ capabilities: jwt.capabilities, jwks: { keys: [jwk as Record<string, unknown>] } });
  const signing = await party(keyed, openid.PrivateKeyJwt({ key, kid: 'client-key' }));
  await openid.clientCredentialsGrant(signing.config, { resource: jwt.identifier });
  const { clientSecret } = await rotateClientSecret(app.db, service.clientId, 60, systemCaller);
  const rotated = await party({ clientId: service.clientId, clientSecret });
  await openid.clientCredentialsGrant(rotated.config, { resource: opaque.identifier });
  const wrong = await party({ clientId: service.clientId, clientSecret: 'ghs_wrong-canary-secret' });
  await assert.rejects(openid.clientCredentialsGrant(wrong.config, { resource: opaque.identifier }));
}

/** Requests pushed and signed, answered under DPoP. */
async function pushedAndSigned(): Promise<void> {
  const someone = await person();
  const { key, jwk } = await keyPair();
  const client = await app.relyingParty({
    metadata: { token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [jwk] } },
  });
  const signing = await party(client, openid.PrivateKeyJwt({ key, kid: 'client-key' }));
  const { address, checks } = await startSignIn(signing);
  const object = await openid.buildAuthorizationUrlWithJAR(signing.config, address.searchParams, {
    key: key as openid.CryptoKey,
    kid: 'client-key',
  });
  recorder.add('request', object.searchParams.get('request'));
  const pushed = await openid.buildAuthorizationUrlWithPAR(signing.config, object.searchParams);
  // Pushed and never used.
  await openid.buildAuthorizationUrlWithPAR(signing.config, address.searchParams);
  const browser = recorder.browser();
  const page = await browser.open(pushed.href, redirectUri);
  const back = await browser.submit(page, { login: someone.email, password: someone.password }, { until: redirectUri });
  const handle = openid.getDPoPHandle(signing.config, await openid.randomDPoPKeyPair());
  const options = { DPoP: handle };
  await openid.authorizationCodeGrant(signing.config, new URL(back.location as string), checks, {}, options);
  // A signed request in the address, left at the sign-in page.
  await recorder.browser().open(object.href, redirectUri);
}

async function device(): Promise<void> {
  const someone = await person();
  const client = await app.relyingParty({
    kind: 'native',
    metadata: {
      token_endpoint_auth_method: 'none',
      grant_types: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'],
      response_types: [],
      redirect_uris: [],
    },
  });
  const tv = await party(client, openid.None());
  const asked = await openid.initiateDeviceAuthorization(tv.config, { scope: 'openid email' });
  await openid.initiateDeviceAuthorization(tv.config, { scope: 'openid' });
  const browser = recorder.browser();
  const typing = await browser.open(asked.verification_uri);
  await browser.submit(typing, { user_code: 'BCDF-GHJK' });
  const confirm = await browser.submit(await browser.open(asked.verification_uri), { user_code: asked.user_code });
  const page = await browser.submit(confirm, { confirm: 'yes' });
  let done = await browser.submit(page, { login: someone.email, password: someone.password });
  if (/name="decision"/.test(done.body)) done = await browser.submit(done, { decision: 'allow' });
  assert.equal(done.status, 200, done.body);
  // The client waits some seconds before it asks; this asks at once.
  await openid.pollDeviceAuthorizationGrant(tv.config, { ...asked, interval: 0.01 });
  await recorder.browser().open(asked.verification_uri_complete ?? '');
}

async function leftUnfinished(): Promise<void> {
  const portal = await party(await app.relyingParty());
  const atThePage = recorder.browser();
  await atThePage.open((await startSignIn(portal)).address.href, redirectUri);
  const someone = await person();
  // A code that nobody redeems.
  const browser = recorder.browser();
  const page = await browser.open((await startSignIn(portal)).address.href, redirectUri);
  await browser.submit(page, { login: someone.email, password: someone.password }, { until: redirectUri });
  await setPassword(
    app.db,
    { tenantId: someone.tenantId, userId: someone.id, password: 'another walk in another wood' },
    { passwords: app.passwords, secrets: app.secrets, caller: systemCaller },
  );
  recorder.add('password', 'another walk in another wood');
}

/** Keeps what a message brought; answers its code. */
function readCode(message: { code: string | undefined }): string {
  assert.ok(message.code);
  recorder.add('one_time_code', message.code);
  return message.code;
}

/** Opens the link of a message, in a browser of its own. */
async function openLink(message: { links: string[] }, kind: string) {
  const browser = recorder.browser();
  const link = message.links.find((found) => found.includes(`/${kind}/`));
  assert.ok(link, kind);
  return { browser, page: await browser.open(link) };
}

/** Everything that is sent to an address: codes to sign in, sign up and verify by, recovery links and invitations. */
async function codesAndLinks(): Promise<void> {
  const { mailbox, twilio } = app;
  const tenant = await app.tenant({ settings: { selfSignUp: true, countryList: ['CH'] } });
  const portal = await party(await app.relyingParty({ tenantId: tenant.id }));
  const phone = '+41791234567';
  const someone = await person({ tenantId: tenant.id, phone, phoneVerified: true });
  const ask = async (step: string, address: string, channel = 'email') => {
    const browser = recorder.browser();
    const { address: first, checks } = await startSignIn(portal);
    const { url } = await browser.open(first.href, redirectUri);
    const page = await browser.open(url.replace('/sign-in', `/${step}?channel=${channel}`));
    return { browser, checks, page: await browser.submit(page, { address }) };
  };

  const byMail = await ask('code', someone.email);
  const code = readCode(await mailbox.waitFor(someone.email));
  const wrong = String((Number(code) + 1) % 1_000_000).padStart(6, '0');
  recorder.add('one_time_code', wrong);
  assert.equal((await byMail.browser.submit(byMail.page, { code: wrong })).status, 401);
  const back = await byMail.browser.submit(byMail.page, { code }, { until: redirectUri });
  await openid.authorizationCodeGrant(portal.config, new URL(back.location as string), byMail.checks);
  // One by SMS, which nobody types; one by WhatsApp, typed as people do.
  await ask('code', phone, 'sms');
  readCode(await twilio.waitFor(phone));
  const other = await person({ tenantId: tenant.id, phone: '+41797654321', phoneVerified: true });
  const byWhatsApp = await ask('code', other.phone as string, 'whatsapp');
  const typed = readCode(await twilio.waitFor(other.phone as string)).replace(/(...)/, '$1 ');
  await byWhatsApp.browser.submit(byWhatsApp.page, { code: typed }, { until: redirectUri });

  const newcomer = 'newcomer@example.test';
  const signUp = await ask('sign-up', newcomer);
  const profile = await signUp.browser.submit(signUp.page, { code: readCode(await mailbox.waitFor(newcomer)) });
  const account = { full_name: 'Ada King', password: 'a walk along the canal' };
  assert.equal((await signUp.browser.submit(profile, account, { until: redirectUri })).status, 303);

  await ask('recovery', someone.email);
  const recovery = await openLink(await mailbox.waitFor(someone.email, { count: 2 }), 'recovery');
  assert.equal((await recovery.browser.submit(recovery.page, { password: 'password1' })).status, 422);
  const chosen = { password: 'a walk along the quiet sea' };
  assert.equal((await recovery.browser.submit(recovery.page, chosen)).status, 200);

  for (const accepts of [true, false]) {
    const email = `invited-${accepts}@example.test`;
    await createInvitation(
      app.db,
      { tenantId: tenant.id, email, roleId: tenant.systemRoleIds.member, orgNodeId: tenant.rootNodeId, locale: 'en' },
      {
        secrets: app.secrets,
        caller: systemCaller,
        issuer: app.issuer,
        channels: ['email'],
        phoneCountries: [],
        budgets: { email: 100, phone: 0 },
      },
    );
    const invitation = await openLink(await mailbox.waitFor(email), 'invitations');
    const values = { full_name: 'Grace Hopper', password: 'a walk along the long wall' };
    if (accepts) assert.equal((await invitation.browser.submit(invitation.page, values)).status, 200);
  }

  const unverified = await person({ tenantId: tenant.id, emailVerified: false });
  const browser = recorder.browser();
  const login = await browser.open(`${app.issuer}/account`);
  await browser.submit(login, { login: unverified.email, password: unverified.password });
  const sent = await browser.submit(await browser.open(`${app.issuer}/account/verify/email`), {});
  const verifying = { code: readCode(await mailbox.waitFor(unverified.email)) };
  assert.match((await browser.submit(sent, verifying)).url, /notice=address_verified$/);

  // What cannot be delivered stays in the queue, and is in the dump with its code and its link.
  await mailbox.stop();
  await ask('code', newcomer);
  await ask('recovery', unverified.email);
  const { rows } = await app.db.raw(
    `select t.identifier as name, j.payload
       from graphile_worker._private_jobs j
       join graphile_worker._private_tasks t on t.id = j.task_id
      where t.identifier in ('deliver-code', 'deliver-recovery')`,
  );
  assert.equal(rows.length, 2);
  for (const { name, payload } of rows) {
    const opened = openPayload(app.secrets, name, payload).value as { code?: string; token?: string };
    recorder.add('one_time_code', opened.code);
    recorder.add('token', opened.token);
  }
}

async function rotateKeys(): Promise<void> {
  const before = app.server.provider();
  await rotateSigningKeys(app.db, app.secrets, { verifySeconds: 3600 }, systemCaller);
  await eventually(() => app.server.provider() !== before);
  await signIn(await party(await app.relyingParty()), await person(), { browser: recorder.browser() });
}

async function logOut({ browser, tokens }: Awaited<ReturnType<typeof signInAndUse>>): Promise<void> {
  const query = new URLSearchParams({ id_token_hint: tokens.id_token as string });
  const page = await browser.open(`${app.issuer}/logout?${query}`);
  const done = await browser.submit(page, { logout: 'yes' });
  assert.equal(done.status, 200);
  await eventually(() => Boolean(recorder.counts().logout_token));
}

describe('credentials at rest', () => {
  before(async function () {
    this.timeout(120_000);
    app = await startTestApp({ mailbox: true, twilio: true });
    site = await listen(async (req, res) => {
      let body = '';
      for await (const chunk of req) body += chunk;
      recorder.addParameters(body);
      res.end();
    });
    await setUp();
    const signedIn = await signInAndUse();
    await chooseTenant();
    await services();
    await pushedAndSigned();
    await device();
    await leftUnfinished();
    await codesAndLinks();
    await rotateKeys();
    await logOut(signedIn);
  });
  after(async () => {
    await app?.stop();
    await site?.close();
  });

  it('have all been collected', () => {
    const counts = recorder.counts();
    for (const [name, least] of Object.entries({
      access_token: 10,
      authorization: 2,
      client_assertion: 3,
      client_secret: 8,
      code: 8,
      code_verifier: 6,
      'cookie gh_device': 5,
      'cookie gh_interaction.sig': 8,
      'cookie gh_session': 8,
      device_code: 2,
      dpop: 1,
      id_token: 6,
      logout_token: 1,
      nonce: 8,
      one_time_code: 6,
      path: 12,
      password: 8,
      refresh_token: 5,
      request: 1,
      request_uri: 2,
      state: 8,
      token: 2,
      user_code: 2,
      xsrf: 2,
    }))
      assert.ok((counts[name] ?? 0) >= least, `${name}: ${counts[name] ?? 0} of ${least}; ${JSON.stringify(counts)}`);
  });

  it('are in no table', async function () {
    this.timeout(120_000);
    const dump = await dumpDatabase(app.db);
    for (const table of ['public.oidc_payloads', 'public.audit_events', 'graphile_worker._private_jobs'])
      assert.ok(dump.has(table), `${table} in ${[...dump.keys()]}`);
    const found = [...dump].flatMap(([table, text]) =>
      findCredentials(text, recorder.collected).map((what) => `${table}: ${what}`),
    );
    assert.deepEqual(found, []);
  });

  it('are not in the log', async () => {
    assert.deepEqual(findCredentials(app.logs(), recorder.collected), []);
  });

  it('are not in the log of PostgreSQL', async function () {
    const { directory } = await testServer();
    if (directory === undefined) return this.skip();
    const text = await readFile(join(directory, 'postgres', 'server.log'), 'latin1');
    assert.deepEqual(findCredentials(text, recorder.collected), []);
  });

  it('would be found, in whatever form', async () => {
    await app.db.raw('create table canaries (plain text, bytes bytea, other jsonb)');
    try {
      for (const name of [
        'refresh_token',
        'password',
        'code',
        'request_uri',
        'id_token',
        'cookie gh_session',
        'one_time_code',
      ]) {
        const [value] = [...recorder.collected].find(([, its]) => its === name) ?? [];
        assert.ok(value, name);
        for (const [column, stored] of [
          ['plain', `before ${value} after`],
          ['plain', Buffer.from(`prefix ${value} suffix`).toString('base64')],
          ['bytes', Buffer.from(value)],
          ['bytes', Buffer.concat([Buffer.from([1]), Buffer.from(value), Buffer.from([0xff])])],
          ['other', JSON.stringify({ deep: [{ value }] })],
        ] as const) {
          await app.db('canaries').delete();
          await app.db('canaries').insert({ [column]: stored });
          const text = (await dumpDatabase(app.db)).get('public.canaries') ?? '';
          assert.ok(findCredentials(text, new Map([[value, name]])).length > 0, `${name} as ${column}: ${text}`);
        }
      }
    } finally {
      await app.db.raw('drop table canaries');
    }
  });

  it('keeps passwords as argon2id, and signing keys and server secrets not at all in clear', async () => {
    const { rows } = await app.db.raw('select password_hash from user_identities');
    assert.ok(rows.length > 5);
    for (const row of rows as { password_hash: string }[]) assert.match(row.password_hash, /^\$argon2id\$v=19\$m=\d+,/);

    const { privateJwks } = await loadSigningKeys(app.db, app.secrets);
    assert.equal(privateJwks.length, 6, 'two algorithms, each next, current and retired');
    const hidden = new Map<string, string>();
    for (const jwk of privateJwks as Record<string, string>[])
      for (const member of ['d', 'p', 'q', 'dp', 'dq', 'qi'])
        if (jwk[member]) hidden.set(jwk[member], `${jwk.kty} ${member}`);
    assert.equal(hidden.size, 3 * 6 + 3);
    for (const key of app.config.secretKeys) hidden.set(key, 'SECRET_KEY');
    for (const purpose of declaredPurposes())
      for (const key of app.secrets.keys(defineSecretPurpose(purpose)))
        hidden.set(key.toString('base64url'), `the key of ${purpose}`);
    for (const [table, text] of await dumpDatabase(app.db)) assert.deepEqual(findCredentials(text, hidden), [], table);
    assert.deepEqual(findCredentials(app.logs(), hidden), []);
  });
});
