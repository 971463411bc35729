import assert from 'node:assert/strict';
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose';
import type * as openid from 'openid-client';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { basic, type ClientCredential, createApi, introspect, postAs, refresh } from '../../support/endpoints.ts';
import { eventually } from '../../support/eventually.ts';
import { discover, type RelyingParty, signIn } from '../../support/relying-party.ts';

type Api = Awaited<ReturnType<typeof createApi>>;

const aal1 = 'urn:gatehouse:acr:aal1';
const signedForm = 'application/token-introspection+jwt';

describe('what introspection answers', () => {
  let app: TestApp;
  let apis: Api[];
  let person: Awaited<ReturnType<TestApp['person']>>;
  let client: ClientCredential;
  let party: RelyingParty;
  before(async () => {
    app = await startTestApp();
    apis = [await createApi(app), await createApi(app, { tokenFormat: 'opaque' })];
    person = await app.person();
    await app.db('users').where({ id: person.id }).update({ username: 'ada.k' });
    client = await app.relyingParty();
    party = await discover(app, client);
  });
  after(() => app?.stop());

  const itself = (api: Api, metadata = {}) => app.service({ resourceServerId: api.id, metadata });

  async function tokensFor(api: Api | undefined, scope = 'openid') {
    const resource: Record<string, string> = api ? { resource: api.identifier } : {};
    const { tokens } = await signIn(party, person, { parameters: { ...resource, scope }, tokenParameters: resource });
    return tokens;
  }

  it('says of a service’s token whose it is, as the JWT does', async () => {
    for (const api of apis) {
      const service = await app.service({ capabilities: api.capabilities });
      const { body: token } = await postAs(`${app.issuer}/token`, service, { grant_type: 'client_credentials' });
      for (const asker of [service, await itself(api)]) {
        const { body } = await introspect(app.issuer, asker, token.access_token);
        assert.equal(body.active, true);
        assert.deepEqual([body.sub, body.client_id, body.username], [service.clientId, service.clientId, undefined]);
      }
      if (token.access_token.includes('.')) assert.equal(decodeJwt(token.access_token).sub, service.clientId);
    }
  });

  it('says to an API how the person is called here, and to a client with the scope profile alone', async () => {
    for (const api of apis) {
      const { access_token: token } = await tokensFor(api);
      const { body } = await introspect(app.issuer, await itself(api), token);
      assert.deepEqual([body.username, body.sub, body.client_id], ['ada.k', person.id, client.clientId]);
      for (const name of ['email', 'name', 'preferred_username', 'phone_number']) assert.equal(body[name], undefined);
      assert.equal((await introspect(app.issuer, client, token)).body.username, undefined);
    }
    const bare = await tokensFor(undefined);
    assert.equal((await introspect(app.issuer, client, bare.access_token)).body.username, undefined);
    const profile = await tokensFor(undefined, 'openid profile');
    for (const token of [profile.access_token, profile.refresh_token as string])
      assert.equal((await introspect(app.issuer, client, token)).body.username, 'ada.k');
    const nameless = await app.person();
    const { tokens } = await signIn(party, nameless, { parameters: { scope: 'openid profile' } });
    assert.ok(!('username' in (await introspect(app.issuer, client, tokens.access_token)).body));
  });

  it('says how and when the person signed in, as the token does, and a refresh does not make it newer (RFC 9470)', async () => {
    for (const api of apis) {
      const tokens = await tokensFor(api);
      const { acr, auth_time } = tokens.claims() as openid.IDToken;
      assert.equal(acr, aal1);
      assert.ok(typeof auth_time === 'number');
      await eventually(() => Date.now() / 1000 > auth_time + 1);
      const more = { resource: api.identifier };
      const next = await refresh(app.issuer, client, tokens.refresh_token as string, more);
      for (const token of [tokens.access_token, next.body.access_token]) {
        const { body } = await introspect(app.issuer, await itself(api), token);
        assert.deepEqual([body.acr, body.auth_time], [acr, auth_time]);
        if (token.includes('.')) assert.deepEqual([decodeJwt(token).acr, decodeJwt(token).auth_time], [acr, auth_time]);
      }
    }
    const { access_token: own } = await tokensFor(undefined);
    const { body } = await introspect(app.issuer, client, own);
    assert.equal(body.acr, aal1);
    assert.equal(typeof body.auth_time, 'number');
  });

  it('of a service says nothing of a sign-in', async () => {
    const [api] = apis as [Api];
    const service = await app.service({ capabilities: api.capabilities });
    const { body } = await postAs(`${app.issuer}/token`, service, { grant_type: 'client_credentials' });
    const payload = decodeJwt(body.access_token);
    assert.deepEqual([payload.acr, payload.auth_time, payload.username], [undefined, undefined, undefined]);
  });

  it('is signed for the one who asks, as it is registered, where it is asked so (RFC 9701)', async () => {
    const [api] = apis as [Api];
    const keys = createRemoteJWKSet(new URL(`${app.issuer}/jwks`));
    const { access_token: token } = await tokensFor(api);
    // RS256 is the default (section 6).
    for (const [alg, metadata] of [
      ['ES256', { introspection_signed_response_alg: 'ES256' }],
      ['RS256', {}],
    ] as const) {
      const guard = await itself(api, metadata);
      const ask = (accept: string, asked = token) =>
        fetch(`${app.issuer}/introspect`, {
          method: 'POST',
          headers: { ...basic(guard), accept },
          body: new URLSearchParams({ token: asked }),
        });
      const answer = await ask(signedForm);
      assert.match(answer.headers.get('content-type') as string, /^application\/token-introspection\+jwt/);
      const verified = {
        issuer: app.issuer,
        audience: guard.clientId,
        typ: 'token-introspection+jwt',
        algorithms: [alg],
      };
      const { payload } = await jwtVerify(await answer.text(), keys, verified);
      // Section 5: neither `sub` nor `exp` beside it, so that it is taken for no token.
      assert.deepEqual(Object.keys(payload).sort(), ['aud', 'iat', 'iss', 'token_introspection']);
      const plain = await ask('application/json');
      assert.deepEqual(payload.token_introspection, await plain.json());
      const unknown = await jwtVerify(await (await ask(signedForm, 'nonsense')).text(), keys, verified);
      assert.deepEqual(unknown.payload.token_introspection, { active: false });
    }
  });

  it('comes signed from userinfo as well, for the client, with what its scopes release', async () => {
    const metadata = { userinfo_signed_response_alg: 'ES256' };
    const signed = await app.relyingParty({ metadata });
    const { tokens } = await signIn(await discover(app, signed), person, { parameters: { scope: 'openid email' } });
    const answer = await fetch(`${app.issuer}/userinfo`, {
      headers: { authorization: `Bearer ${tokens.access_token}` },
    });
    const keys = createRemoteJWKSet(new URL(`${app.issuer}/jwks`));
    const expected = { issuer: app.issuer, audience: signed.clientId, algorithms: ['ES256'], subject: person.id };
    const { payload } = await jwtVerify(await answer.text(), keys, expected);
    assert.equal(payload.email, person.email);
    assert.equal(payload.preferred_username, undefined);
  });
});
