import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import * as openid from 'openid-client';
import { managementAudience } from '../../../src/oidc/tokens/management-audience.ts';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { otherSpelling } from '../../support/endpoints.ts';
import * as make from '../../support/factories.ts';
import { discover, signIn } from '../../support/relying-party.ts';

type KeyPair = Awaited<ReturnType<typeof openid.randomDPoPKeyPair>>;

describe('a token bound to a key (DPoP, RFC 9449) at the management API', () => {
  let app: TestApp;
  let other: string;
  let tenantId: string;
  let token: string;
  let keys: KeyPair;

  before(async () => {
    app = await startTestApp();
    other = await app.startProcess();
    tenantId = (await app.tenant()).id;
    const person = await app.person({ tenantId });
    const role = await make.createRole(app.db, { tenantId, capabilities: ['roles.read', 'roles.manage'] });
    await make.assign(app.db, { tenantId, userId: person.id, roleId: role.id });
    const party = await discover(app, await app.relyingParty());
    keys = await openid.randomDPoPKeyPair('ES256', { extractable: true });
    const resource = { resource: managementAudience(app.issuer) };
    const { tokens } = await signIn(party, person, {
      parameters: { ...resource, scope: 'openid roles.read roles.manage' },
      tokenParameters: resource,
      options: { DPoP: openid.getDPoPHandle(party.config, keys) },
    });
    token = tokens.access_token;
  });
  after(() => app?.stop());

  const hashOf = (text: string) => createHash('sha256').update(text).digest('base64url');

  async function proof(method: string, claims: Record<string, unknown> = {}, by: KeyPair = keys): Promise<string> {
    const htu = `${app.issuer}/api/v1/roles`;
    const iat = Math.floor(Date.now() / 1000);
    return new SignJWT({ jti: randomUUID(), htm: method, htu, iat, ath: hashOf(token), ...claims })
      .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk: await exportJWK(by.publicKey) })
      .sign(by.privateKey);
  }

  async function ask(
    authorization: string,
    dpop?: string,
    { method = 'GET', body, at = app.issuer }: { method?: string; body?: object; at?: string } = {},
  ) {
    const response = await fetch(`${at}/api/v1/roles`, {
      method,
      headers: { authorization, ...(dpop && { dpop }), ...(body && { 'content-type': 'application/json' }) },
      body: body && JSON.stringify(body),
    });
    const told = response.headers.get('www-authenticate') ?? '';
    return { status: response.status, told, body: (await response.json()) as { code?: string; id?: string } };
  }

  it('is good with a proof for this request, to read and to change', async () => {
    assert.equal((await ask(`DPoP ${token}`, await proof('GET'))).status, 200);
    const body = { name: 'By a bound token' };
    const made = await ask(`DPoP ${token}`, await proof('POST'), { method: 'POST', body });
    assert.equal(made.status, 201);
    const htu = `${app.issuer}/api/v1/roles?limit=1#top`;
    assert.equal((await ask(`DPoP ${token}`, await proof('GET', { htu }))).status, 200);
  });

  it('stays refused as a bearer token, with a proof or without', async () => {
    for (const dpop of [undefined, await proof('GET')]) {
      const { status, body } = await ask(`Bearer ${token}`, dpop);
      assert.deepEqual([status, body.code], [401, 'ACCESS_TOKEN_INVALID']);
    }
  });

  it('is refused without a right proof: key, method, address, token, time and name', async () => {
    const stranger = await generateKeyPair('ES256', { extractable: true });
    const now = Math.floor(Date.now() / 1000);
    for (const wrong of [
      undefined,
      await proof('GET', {}, stranger as KeyPair),
      await proof('POST'),
      await proof('GET', { htu: `${app.issuer}/api/v1/users` }),
      await proof('GET', { htu: 'https://elsewhere.example/api/v1/roles' }),
      await proof('GET', { ath: hashOf('another') }),
      await proof('GET', { ath: undefined }),
      await proof('GET', { iat: now - 3600 }),
      await proof('GET', { iat: now + 3600 }),
      await proof('GET', { jti: undefined }),
      otherSpelling(await proof('GET')),
      'nonsense',
    ]) {
      const { status, told } = await ask(`DPoP ${token}`, wrong);
      assert.equal(status, 401, String(wrong));
      assert.match(told, /^DPoP .*error="invalid_token", algs="ES256 /);
    }
  });

  it('takes a proof once on all processes, and does once what it was for', async () => {
    const once = await proof('POST');
    const body = { name: 'Made by one proof' };
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        ask(`DPoP ${token}`, once, { method: 'POST', body, at: n % 2 ? app.issuer : other }),
      ),
    );
    assert.deepEqual(answers.map(({ status }) => status).sort(), [201, ...Array.from({ length: 19 }, () => 401)]);
  });

  it('says by which schemes one may come, and what is missing in the scheme of the request', async () => {
    const nobody = await fetch(`${app.issuer}/api/v1/roles`);
    assert.match(nobody.headers.get('www-authenticate') ?? '', /^Bearer realm.*, DPoP realm.* algs="/);
    const response = await fetch(`${app.issuer}/api/v1/users`, {
      headers: {
        authorization: `DPoP ${token}`,
        dpop: await proof('GET', { htu: `${app.issuer}/api/v1/users` }),
      },
    });
    assert.equal(response.status, 403);
    assert.match(response.headers.get('www-authenticate') ?? '', /^DPoP error="insufficient_scope"/);
  });

  it('may be a service’s', async () => {
    const { clientId, clientSecret } = await app.service({ tenantId, capabilities: ['roles.read'] });
    const htu = `${app.issuer}/token`;
    const response = await fetch(htu, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`,
        dpop: await proof('POST', { htu, ath: undefined }),
      },
      body: new URLSearchParams({ grant_type: 'client_credentials', resource: managementAudience(app.issuer) }),
    });
    const { access_token: own } = (await response.json()) as { access_token: string };
    assert.equal((await ask(`Bearer ${own}`)).status, 401);
    assert.equal((await ask(`DPoP ${own}`, await proof('GET'))).status, 401);
    assert.equal((await ask(`DPoP ${own}`, await proof('GET', { ath: hashOf(own) }))).status, 200);
  });
});
