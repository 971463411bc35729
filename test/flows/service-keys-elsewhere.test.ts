/** Services that publish their public keys themselves (`jwks_uri`, RFC 7591 section 2). */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { startTestApp, type TestApp } from '../support/app.ts';
import { createApi, post } from '../support/endpoints.ts';
import { listen } from '../support/loopback.ts';
import { type Ask, askAsService } from '../support/management.ts';

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const any = { 'if-match': '*' };

describe('a service that publishes its keys', () => {
  let app: TestApp;
  let ask: Ask;
  let api: Awaited<ReturnType<typeof createApi>>;
  let site: Awaited<ReturnType<typeof listen>>;
  let published: object[];
  before(async () => {
    app = await startTestApp();
    api = await createApi(app);
    const tenantId = (await app.tenant()).id;
    ask = await askAsService(app, { tenantId, capabilities: ['services.manage', ...api.capabilities] });
    published = [];
    site = await listen((_req, res) => {
      res.writeHead(200, { 'content-type': 'application/jwk-set+json' }).end(JSON.stringify({ keys: published }));
    });
  });
  after(async () => {
    await site?.close();
    await app?.stop();
  });

  async function newKey(kid: string) {
    const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
    return { kid, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg: 'ES256', use: 'sig' } };
  }

  async function tokenOf(clientId: string, { kid, privateKey }: Awaited<ReturnType<typeof newKey>>) {
    const assertion = await new SignJWT({ jti: randomUUID() })
      .setProtectedHeader({ alg: 'ES256', kid })
      .setIssuer(clientId)
      .setSubject(clientId)
      .setAudience(app.issuer)
      .setIssuedAt()
      .setExpirationTime('1m')
      .sign(privateKey);
    return post(`${app.issuer}/token`, {
      grant_type: 'client_credentials',
      client_id: clientId,
      resource: api.identifier,
      client_assertion_type: assertionType,
      client_assertion: assertion,
    });
  }

  const make = (more: object) => ask('POST', '/services', { name: 'Sync', capabilities: api.capabilities, ...more });

  it('is let in by them, and rotates them without a change here', async () => {
    const [first, second] = [await newKey('first'), await newKey('second')];
    published.splice(0, published.length, first.jwk);
    const made = await make({ jwks_uri: `${site.url}/jwks` });
    assert.equal(made.status, 201, JSON.stringify(made.body));
    assert.equal(made.body.client_secret, undefined);
    const { client_id: clientId } = made.body;
    assert.equal((await tokenOf(clientId, first)).status, 200);
    assert.equal((await tokenOf(clientId, second)).status, 401, 'not published yet');
    published.splice(0, published.length, second.jwk);
    // The library looks again after a minute at the latest.
    const client = await app.server.provider().Client.find(clientId);
    (client as unknown as { asymmetricKeyStore: { freshUntil: number } }).asymmetricKeyStore.freshUntil = 0;
    assert.equal((await tokenOf(clientId, second)).status, 200);
    assert.equal((await tokenOf(clientId, first)).status, 401, 'published no longer');
  });

  it('takes the address in the place of keys that were registered, and keys in the place of the address', async () => {
    const [here, there] = [await newKey('here'), await newKey('there')];
    published.splice(0, published.length, there.jwk);
    const { client_id: clientId } = (await make({ jwks: { keys: [here.jwk] } })).body;
    assert.equal((await tokenOf(clientId, here)).status, 200);
    const path = `/services/${clientId}`;
    const moved = await ask('PATCH', path, { jwks_uri: `${site.url}/jwks` }, any);
    assert.equal(moved.status, 200, JSON.stringify(moved.body));
    assert.equal(moved.body.metadata.jwks, undefined);
    assert.equal(moved.body.metadata.jwks_uri, `${site.url}/jwks`);
    assert.equal((await tokenOf(clientId, there)).status, 200);
    assert.equal((await tokenOf(clientId, here)).status, 401, 'the keys of before count no longer');
    const back = await ask('PATCH', path, { jwks: { keys: [here.jwk] } }, any);
    assert.equal(back.body.metadata.jwks_uri, undefined);
    assert.equal((await tokenOf(clientId, here)).status, 200);
    assert.equal((await tokenOf(clientId, there)).status, 401);
  });

  it('is refused for both ways at once, for what is no address, and instead of a secret or a certificate', async () => {
    const { jwk } = await newKey('one');
    const at = `${site.url}/jwks`;
    assert.equal((await make({ jwks: { keys: [jwk] }, jwks_uri: at })).body.code, 'INVALID_INPUT');
    for (const wrong of ['jwks', 'file:///etc/passwd', `${at}#keys`, 'https://u:p@app.example/jwks'])
      assert.equal((await make({ jwks_uri: wrong })).body.code, 'INVALID_INPUT', wrong);
    const { client_id: clientId } = (await make({})).body;
    const changed = await ask('PATCH', `/services/${clientId}`, { jwks_uri: at }, any);
    assert.deepEqual([changed.status, changed.body.code], [400, 'INVALID_INPUT']);
  });

  it('is set by who may give all that the service may get, and by nobody else', async () => {
    const { client_id: clientId, tenant_id: tenantId } = (await make({ jwks_uri: `${site.url}/jwks` })).body;
    const weaker = await askAsService(app, { tenantId, capabilities: ['services.manage'] });
    const changed = await weaker('PATCH', `/services/${clientId}`, { jwks_uri: `${site.url}/mine` }, any);
    assert.deepEqual([changed.status, changed.body.code], [403, 'PRIVILEGE_EXCEEDED']);
  });
});
