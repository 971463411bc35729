/** Switching a client to FAPI 2.0 and back: what is refused in words, what ends, and what the trail says of it. */
import assert from 'node:assert/strict';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import type { SecurityProfile } from '../../src/domain/clients/security-profile.ts';
import { createClientRegistration } from '../../src/oidc/client-registration.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { Browserless } from '../support/browserless.ts';
import { post, userinfoStatus } from '../support/endpoints.ts';
import { eventually } from '../support/eventually.ts';
import { assertion, callback, keysFor, type Party, push, register, request, verifier } from '../support/fapi.ts';

describe('switching a client to FAPI 2.0', () => {
  let app: TestApp;
  let other: string;
  let person: Awaited<ReturnType<TestApp['person']>>;
  before(async () => {
    app = await startTestApp();
    other = await app.startProcess();
    person = await app.person();
  });
  after(() => app?.stop());

  const change = (clientId: string, wanted: SecurityProfile) =>
    createClientRegistration(app).changeSecurityProfile(app.db, { clientId, wanted }, systemCaller);

  async function bearerTokens(party: Party) {
    const browser = new Browserless();
    const query = new URLSearchParams({ client_id: party.clientId, ...request });
    const page = await browser.open(`${app.issuer}/authorize?${query}`, callback);
    const reply = await browser.submit(page, { login: person.email, password: person.password }, { until: callback });
    const code = new URL(reply.location as string).searchParams.get('code') as string;
    const form = { grant_type: 'authorization_code', code, redirect_uri: callback, code_verifier: verifier };
    const { status, body } = await post(`${app.issuer}/token`, { ...(await assertion(app, party)), ...form });
    assert.equal(status, 200, JSON.stringify(body));
    return body as { access_token: string; refresh_token: string };
  }

  it('ends the weaker tokens and requests that it has, at both processes', async () => {
    const party = await register(app);
    const pushed = await push(app, party);
    const tokens = await bearerTokens(party);
    assert.equal(await userinfoStatus(other, tokens.access_token), 200);
    await change(party.clientId, 'fapi2_message_signing');
    for (const at of [app.issuer, other])
      await eventually(
        async () => (await userinfoStatus(at, tokens.access_token)) === 401,
        'the bearer token is no more',
      );
    for (const at of [app.issuer, other]) {
      const form = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token };
      await eventually(
        async () => (await post(`${at}/token`, { ...(await assertion(app, party)), ...form })).status === 400,
        'the refresh token is no more',
      );
    }
    const query = new URLSearchParams({ client_id: party.clientId, request_uri: pushed.body.request_uri });
    const reply = await new Browserless().open(`${app.issuer}/authorize?${query}`, callback);
    assert.match(reply.location ?? reply.body, /invalid_request/);
  });

  it('makes nothing of a bearer token that was stored in the moment of the switch', async () => {
    const party = await register(app);
    const { access_token: token } = await bearerTokens(party);
    // As if this token had been written after what the client had was ended.
    await app.db('clients').where({ clientId: party.clientId }).update({ securityProfile: 'fapi2' });
    for (const at of [app.issuer, other])
      await eventually(async () => {
        const { body } = await post(`${at}/introspect`, { ...(await assertion(app, party)), token });
        return body.active === false && (await userinfoStatus(at, token)) === 401;
      }, 'the token is worth nothing');
  });

  it('writes one event, and none where it is so already', async () => {
    const { clientId } = await register(app);
    for (const wanted of ['fapi2', 'fapi2', 'fapi2_message_signing', 'none'] as const) await change(clientId, wanted);
    const events = await app
      .db('audit_events')
      .where({ action: 'client.security_profile_changed', entityId: clientId })
      .orderBy('id');
    assert.deepEqual(
      events.map(({ payload }) => [payload.from, payload.to]),
      [
        ['none', 'fapi2'],
        ['fapi2', 'fapi2_message_signing'],
        ['fapi2_message_signing', 'none'],
      ],
    );
  });

  it('leaves one that was let go as the others are', async () => {
    const party = await register(app, { securityProfile: 'fapi2' });
    await change(party.clientId, 'none');
    await eventually(async () => {
      const query = new URLSearchParams({ client_id: party.clientId, ...request });
      const reply = await new Browserless().open(`${app.issuer}/authorize?${query}`, callback);
      return /name="password"/.test(reply.body);
    }, 'a plain request is taken');
  });

  describe('is refused in words', () => {
    const refused: [string, object, RegExp][] = [
      [
        'a secret',
        { token_endpoint_auth_method: 'client_secret_basic', jwks: undefined },
        /client_secret_basic: private_key/,
      ],
      ['a client without proof', { token_endpoint_auth_method: 'none', jwks: undefined }, /authenticates by none/],
      ['the device flow', { grant_types: ['urn:ietf:params:oauth:grant-type:device_code'] }, /device_code is not part/],
      [
        'an http address',
        { redirect_uris: ['http://localhost/callback'] },
        /http:\/\/localhost\/callback is not https/,
      ],
      ['an http address after logout', { post_logout_redirect_uris: ['http://localhost/'] }, /is not https/],
      ['no PKCE', { require_pkce: false }, /exempt from PKCE/],
      ['answers without a code', { response_types: ['code', 'none'] }, /response_types may be code alone/],
      ['answers in the fragment', { response_modes: ['query', 'fragment'] }, /fragment is not part/],
      ['assertions by RS256', { token_endpoint_auth_signing_alg: 'RS256' }, /token_endpoint_auth_signing_alg is RS256/],
      ['requests by RS256', { request_object_signing_alg: 'RS256' }, /request_object_signing_alg is RS256/],
      ['id_tokens by RS256', { id_token_signed_response_alg: 'RS256' }, /id_token_signed_response_alg is RS256/],
    ];
    for (const [name, metadata, words] of refused)
      it(`for ${name}: at its registration, at the switch, and as a later change`, async () => {
        const { jwks } = await keysFor();
        const all = { token_endpoint_auth_method: 'private_key_jwt', jwks, redirect_uris: [callback], ...metadata };
        const members = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
        const isRefused = (error: { params?: { field?: string; reason?: string } }) => {
          assert.equal(error.params?.field, 'security_profile');
          assert.match(String(error.params?.reason), words);
          return true;
        };
        await assert.rejects(register(app, { metadata: members, securityProfile: 'fapi2' }), isRefused);
        const weak = await register(app, { metadata: members });
        await assert.rejects(change(weak.clientId, 'fapi2'), isRefused);
        const { securityProfile } = await app.db('clients').where({ clientId: weak.clientId }).first();
        assert.equal(securityProfile, 'none');
        const held = await register(app, { securityProfile: 'fapi2' });
        const nulls = Object.entries(metadata).map(([member, value]) => [member, value ?? null]);
        const later = { clientId: held.clientId, metadata: Object.fromEntries(nulls) };
        await assert.rejects(createClientRegistration(app).changeClient(app.db, later, systemCaller), isRefused);
      });

    it('for an RSA key that is too short', async () => {
      const { generateKeyPairSync } = await import('node:crypto');
      const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
      const metadata = { jwks: { keys: [publicKey.export({ format: 'jwk' })] } };
      await assert.rejects(register(app, { metadata, securityProfile: 'fapi2' }), (error: { params?: object }) =>
        /fewer than 2048 bits/.test(JSON.stringify(error.params)),
      );
    });

    it('for a service: with a secret, and for requests that it never sends', async () => {
      const registration = createClientRegistration(app);
      const make = (more: object) =>
        registration.registerService(app.db, { tenantId: null, name: 'S', capabilities: [], ...more }, systemCaller);
      const reasonOf = (words: RegExp) => (error: { params?: { reason?: string } }) =>
        words.test(String(error.params?.reason));
      await assert.rejects(make({ securityProfile: 'fapi2' }), reasonOf(/authenticates by client_secret_basic/));
      const { jwks } = await keysFor();
      await assert.rejects(make({ jwks, securityProfile: 'fapi2_message_signing' }), reasonOf(/fapi2 is all/));
      await assert.rejects(
        make({ workload: true, securityProfile: 'fapi2' }),
        reasonOf(/no assertions with keys of its own/),
      );
      const { client } = await make({});
      await assert.rejects(change(client.clientId, 'fapi2'), reasonOf(/authenticates by client_secret_basic/));
    });
  });

  it('holds against ten switches and sign-ins at once: no bearer token is left', async () => {
    const party = await register(app);
    await Promise.allSettled([
      ...Array.from({ length: 5 }, () => bearerTokens(party)),
      ...Array.from({ length: 5 }, () => change(party.clientId, 'fapi2')),
    ]);
    const { rows } = await app.db.raw(
      `select count(*)::int as events from audit_events where action = 'client.security_profile_changed' and entity_id = ?`,
      [party.clientId],
    );
    assert.equal(rows[0].events, 1);
    const after = await push(app, party);
    assert.equal(after.status, 201);
  });
});
