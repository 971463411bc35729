import assert from 'node:assert/strict';
import * as openid from 'openid-client';
import { startTestApp, type TestApp } from '../support/app.ts';
import { type ClientCredential, post } from '../support/endpoints.ts';
import { discover, type RelyingParty, redirectUri, signIn, startSignIn } from '../support/relying-party.ts';

const header = (pair: string) => ({ authorization: `Basic ${Buffer.from(pair).toString('base64')}` });
const grantType = 'urn:ietf:params:oauth:grant-type:device_code';

describe('a client that authenticates by Basic (RFC 6749 section 2.3.1)', () => {
  let app: TestApp;
  let person: Awaited<ReturnType<TestApp['person']>>;
  let native: ClientCredential;
  let confidential: ClientCredential;
  let party: RelyingParty;
  before(async () => {
    app = await startTestApp();
    person = await app.person();
    const metadata = { grant_types: ['authorization_code', 'refresh_token', grantType] };
    native = await app.relyingParty({ kind: 'native', redirectUris: [redirectUri], metadata });
    confidential = await app.relyingParty();
    party = await discover(app, native, openid.None());
  });
  after(() => app?.stop());

  const refused = { status: 401, error: 'invalid_client' };
  async function answer(path: string, form: Record<string, string>, pair: string) {
    const { status, body } = await post(`${app.issuer}${path}`, form, header(pair));
    return { status, error: body.error };
  }

  it('is served as public where it has no secret and sends an empty password', async () => {
    const { tokens } = await signIn(party, person);
    const form = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token as string };
    const named: Record<string, string>[] = [{}, { client_id: native.clientId }];
    for (const more of named) {
      const { status, body } = await post(`${app.issuer}/token`, { ...form, ...more }, header(`${native.clientId}:`));
      assert.equal(status, 200, JSON.stringify(body));
      form.refresh_token = body.refresh_token;
    }
    const device = await post(`${app.issuer}/device/authorize`, { scope: 'openid' }, header(`${native.clientId}:`));
    assert.equal(device.status, 200, JSON.stringify(device.body));
    const { address } = await startSignIn(party);
    const request = Object.fromEntries(address.searchParams);
    const pushed = await post(`${app.issuer}/par`, request, header(`${native.clientId}:`));
    assert.equal(pushed.status, 201, JSON.stringify(pushed.body));
    const gone = { token: form.refresh_token };
    assert.equal((await post(`${app.issuer}/revoke`, gone, header(`${native.clientId}:`))).status, 200);
    assert.equal((await answer('/token', form, `${native.clientId}:`)).error, 'invalid_grant');
  });

  it('is refused with an empty password where it has a secret, and is not known', async () => {
    const form = { grant_type: 'client_credentials' };
    for (const pair of [`${confidential.clientId}:`, 'nobody:', ':', `:${confidential.clientSecret}`])
      assert.deepEqual(await answer('/token', form, pair), refused, pair);
    assert.deepEqual(await answer('/token', form, `${native.clientId}:guess`), refused);
  });

  it('is not the one that its form names, and proves itself one way alone', async () => {
    const form = { grant_type: 'refresh_token', refresh_token: 'unknown' };
    const others: Record<string, string>[] = [
      { client_id: confidential.clientId },
      { client_secret: confidential.clientSecret },
      { client_id: native.clientId, client_assertion: 'x' },
    ];
    for (const other of others) {
      const { status, error } = await answer('/token', { ...form, ...other }, `${native.clientId}:`);
      assert.ok(status === 400 || status === 401, JSON.stringify(other));
      assert.notEqual(error, 'invalid_grant', JSON.stringify(other));
    }
  });

  it('is wrong with a secret beyond ASCII, however it is written', async () => {
    const form = { grant_type: 'client_credentials' };
    const id = confidential.clientId;
    for (const pair of [
      `${id}:sécret`,
      `${id}:s%C3%A9cret`,
      `${id}:\u0000`,
      `${id}:100%`,
      `${id}:%ff`,
      'ïd:secret',
      'ïd:',
    ])
      assert.deepEqual(await answer('/token', form, pair), refused, pair);
    const latin = { authorization: `Basic ${Buffer.from(`${id}:s\xe9cret`, 'latin1').toString('base64')}` };
    const { status, body, headers } = await post(`${app.issuer}/token`, form, latin);
    assert.deepEqual({ status, error: body.error }, refused);
    assert.match(headers.get('www-authenticate') ?? '', /^Basic /);
    for (const path of ['/introspect', '/revoke', '/par', '/device/authorize'])
      assert.deepEqual(await answer(path, { token: 'x' }, `${id}:sécret`), refused, path);
  });

  it('is told of a header that is malformed', async () => {
    const { status, body } = await post(`${app.issuer}/token`, {}, { authorization: 'Basic a:b' });
    assert.deepEqual([status, body.error], [400, 'invalid_request']);
  });
});
