import assert from 'node:assert/strict';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import * as openid from 'openid-client';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { Browserless, type Reply } from '../../support/browserless.ts';
import { type ClientCredential, postAs } from '../../support/endpoints.ts';
import { discover, type RelyingParty, redirectUri, signIn, startSignIn } from '../../support/relying-party.ts';

type Person = Awaited<ReturnType<TestApp['person']>>;

describe('the answer to an authorization request', () => {
  let app: TestApp;
  let person: Person;
  let party: RelyingParty;
  before(async () => {
    app = await startTestApp();
    person = await app.person();
    party = await discover(app, await app.relyingParty());
  });
  after(() => app?.stop());

  async function signedIn(): Promise<Browserless> {
    return (await signIn(party, person)).browser;
  }

  /** The fields of a form that a browser would send on its own. */
  function fieldsOf(page: Reply): Record<string, string> {
    const inputs = [...page.body.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)];
    return Object.fromEntries(inputs.map(([, name, value]) => [name, (value as string).replaceAll('&#34;', '"')]));
  }

  it('comes as a form where the client asks for form_post, under a policy that lets it go there', async () => {
    const { address, checks } = await startSignIn(party, { response_mode: 'form_post' });
    const page = await (await signedIn()).open(address.href, redirectUri);
    assert.equal(page.status, 200);
    assert.match(page.body, new RegExp(`<form[^>]*method="post"[^>]*action="${redirectUri}"`));
    const policy = page.headers['content-security-policy'] as string;
    assert.match(policy, /form-action 'self' http:\/\/localhost:1[; ]?/);
    assert.doesNotMatch(policy, /unsafe-inline|sha256/);
    assert.doesNotMatch(page.body, /<script>/);
    const fields = fieldsOf(page);
    assert.equal(fields.iss, app.issuer);
    const posted = new Request(redirectUri, { method: 'POST', body: new URLSearchParams(fields) });
    const tokens = await openid.authorizationCodeGrant(party.config, posted, checks);
    assert.equal(tokens.claims()?.sub, person.id);
  });

  it('comes as a form also where it is a refusal', async () => {
    const { address } = await startSignIn(party, { response_mode: 'form_post', prompt: 'none' });
    const page = await new Browserless().open(address.href, redirectUri);
    const fields = fieldsOf(page);
    assert.equal(fields.error, 'login_required');
    assert.equal(fields.iss, app.issuer);
  });

  it('comes in the fragment where the client asks for it, and nowhere else', async () => {
    const { address } = await startSignIn(party, { response_mode: 'fragment' });
    const reply = await (await signedIn()).open(address.href, redirectUri);
    const location = new URL(reply.location as string);
    assert.equal(location.search, '');
    const given = new URLSearchParams(location.hash.slice(1));
    assert.ok(given.get('code'));
    assert.equal(given.get('iss'), app.issuer);
  });

  it('comes signed where the client asks for jwt (JARM)', async () => {
    const signed = await discover(app, await app.relyingParty());
    openid.useJwtResponseMode(signed.config);
    const { address, checks } = await startSignIn(signed);
    assert.equal(address.searchParams.get('response_mode'), 'jwt');
    const reply = await (await signedIn()).open(address.href, redirectUri);
    const callback = new URL(reply.location as string);
    assert.deepEqual([...callback.searchParams.keys()], ['response']);
    const keys = createRemoteJWKSet(new URL(`${app.issuer}/jwks`));
    const response = callback.searchParams.get('response') as string;
    const { payload } = await jwtVerify(response, keys, { issuer: app.issuer, audience: signed.clientId });
    assert.ok(payload.code);
    assert.ok((payload.exp as number) - Date.now() / 1000 <= 600);
    const tokens = await openid.authorizationCodeGrant(signed.config, callback, checks);
    assert.equal(tokens.claims()?.sub, person.id);
  });

  it('comes signed with ES256 to a client that is registered so, refusals too', async () => {
    const es256 = await app.relyingParty({ metadata: { authorization_signed_response_alg: 'ES256' } });
    const { address } = await startSignIn(await discover(app, es256), { response_mode: 'query.jwt', prompt: 'none' });
    const reply = await new Browserless().open(address.href, redirectUri);
    const response = new URL(reply.location as string).searchParams.get('response') as string;
    const keys = createRemoteJWKSet(new URL(`${app.issuer}/jwks`));
    const verified = await jwtVerify(response, keys, { issuer: app.issuer, audience: es256.clientId });
    assert.equal(verified.protectedHeader.alg, 'ES256');
    assert.equal(verified.payload.error, 'login_required');
  });

  it('is refused in a mode that does not exist', async () => {
    const { address } = await startSignIn(party, { response_mode: 'web_message' });
    const reply = await new Browserless().open(address.href, redirectUri);
    assert.equal(new URL(reply.location as string).searchParams.get('error'), 'unsupported_response_mode');
  });
});

describe('calls of scripts in a browser', () => {
  let app: TestApp;
  let spa: ClientCredential;
  let confidential: ClientCredential;
  before(async () => {
    app = await startTestApp();
    spa = await app.relyingParty({ kind: 'spa', redirectUris: ['https://spa.example/callback'] });
    confidential = await app.relyingParty({ redirectUris: ['https://spa.example/callback'] });
  });
  after(() => app?.stop());

  const ask = (origin: string, as = spa, path = '/token') =>
    postAs(`${app.issuer}${path}`, as, { grant_type: 'refresh_token', refresh_token: 'x', token: 'x' }, { origin });

  it('are answered at the origin of the application', async () => {
    const answer = await ask('https://spa.example');
    assert.equal(answer.body.error, 'invalid_grant');
    assert.equal(answer.headers.get('access-control-allow-origin'), 'https://spa.example');
    assert.equal(answer.headers.get('access-control-allow-credentials'), null);
    assert.equal((await ask('https://spa.example', spa, '/revoke')).status, 200);
  });

  it('are refused at any other, and to clients with a secret', async () => {
    for (const [origin, as] of [
      ['https://evil.example', spa],
      ['https://spa.example.evil.example', spa],
      ['http://spa.example', spa],
      ['null', spa],
      ['https://spa.example', confidential],
    ] as const) {
      const answer = await ask(origin, as);
      assert.equal(answer.body.error, 'invalid_request', origin);
      assert.equal(answer.headers.get('access-control-allow-origin'), null, origin);
    }
  });

  it('may read discovery and the keys from anywhere', async () => {
    for (const path of ['/.well-known/openid-configuration', '/jwks']) {
      const answer = await fetch(`${app.issuer}${path}`, { headers: { origin: 'https://anywhere.example' } });
      await answer.arrayBuffer();
      assert.equal(answer.headers.get('access-control-allow-origin'), 'https://anywhere.example');
      assert.equal(answer.headers.get('cache-control')?.includes('no-store') ?? false, false);
    }
  });

  it('may not read what a page or the logout endpoint answers', async () => {
    for (const path of ['/authorize', '/logout', '/device', '/account']) {
      const answer = await fetch(`${app.issuer}${path}`, {
        headers: { origin: 'https://spa.example' },
        redirect: 'manual',
      });
      await answer.arrayBuffer();
      assert.equal(answer.headers.get('access-control-allow-origin'), null, path);
    }
  });
});
