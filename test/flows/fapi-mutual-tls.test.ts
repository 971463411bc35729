/** FAPI 2.0 by mutual TLS in place of assertions and DPoP: the certificate proves the client, and its tokens are bound to it. */
import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { decodeJwt } from 'jose';
import { startTestApp, type TestApp } from '../support/app.ts';
import { Browserless } from '../support/browserless.ts';
import { type Certificate, Certificates } from '../support/certificates.ts';
import { createApi, post } from '../support/endpoints.ts';
import { assign, createRole } from '../support/factories.ts';
import { callback, register, request, verifier } from '../support/fapi.ts';
import { hasOpenssl } from '../support/openssl.ts';

const headers = { CLIENT_CERTIFICATE_HEADER: 'X-Client-Cert', CLIENT_CERTIFICATE_VERIFIED_HEADER: 'X-Client-Verify' };
const by = ({ cert }: Certificate) => ({ 'x-client-cert': encodeURIComponent(cert), 'x-client-verify': 'SUCCESS' });

describe('a client that is held to FAPI 2.0 and proves itself by a certificate', () => {
  let app: TestApp;
  let certificates: Certificates;
  let own: Certificate;
  let another: Certificate;
  let clientId: string;
  let api: Awaited<ReturnType<typeof createApi>>;
  let person: Awaited<ReturnType<TestApp['person']>>;
  before(async function () {
    if (process.platform !== 'linux' || !hasOpenssl()) return this.skip();
    app = await startTestApp({ env: { TRUSTED_PROXIES: '127.0.0.1/32', ...headers } });
    certificates = new Certificates();
    const authority = certificates.authority();
    own = authority.issue('/CN=bank', 'DNS:bank.example.test');
    another = authority.issue('/CN=other', 'DNS:other.example.test');
    api = await createApi(app);
    person = await app.person();
    const role = await createRole(app.db, { tenantId: person.tenantId, capabilities: api.capabilities });
    await assign(app.db, { tenantId: person.tenantId, userId: person.id, roleId: role.id });
    const metadata = {
      token_endpoint_auth_method: 'tls_client_auth',
      tls_client_auth_san_dns: 'bank.example.test',
      tls_client_certificate_bound_access_tokens: true,
    };
    ({ clientId } = await register(app, { securityProfile: 'fapi2', metadata }));
  });
  after(async () => {
    certificates?.remove();
    await app?.stop();
  });

  const asked = () => ({ ...request, scope: `openid offline_access ${api.capabilities[0]}`, resource: api.identifier });
  const push = (certificate?: Certificate) =>
    post(`${app.issuer}/par`, { client_id: clientId, ...asked() }, certificate && by(certificate));

  async function newCode(): Promise<string> {
    const { status, body } = await push(own);
    assert.equal(status, 201, JSON.stringify(body));
    const query = new URLSearchParams({ client_id: clientId, request_uri: body.request_uri });
    const browser = new Browserless();
    const page = await browser.open(`${app.issuer}/authorize?${query}`, callback);
    const reply = await browser.submit(page, { login: person.email, password: person.password }, { until: callback });
    return new URL(reply.location as string).searchParams.get('code') as string;
  }

  const token = (form: Record<string, string>, certificate?: Certificate) =>
    post(`${app.issuer}/token`, { client_id: clientId, ...form }, certificate && by(certificate));
  const exchange = (code: string, certificate?: Certificate) =>
    token(
      {
        grant_type: 'authorization_code',
        code,
        redirect_uri: callback,
        code_verifier: verifier,
        resource: api.identifier,
      },
      certificate,
    );

  it('goes the whole way, and its tokens are bound to the certificate', async () => {
    const { status, body } = await exchange(await newCode(), own);
    assert.equal(status, 200, JSON.stringify(body));
    const thumbprint = createHash('sha256').update(new X509Certificate(own.cert).raw).digest('base64url');
    assert.deepEqual(decodeJwt(body.access_token).cnf, { 'x5t#S256': thumbprint });
    // A bound refresh token stays good, and is good beside the certificate alone.
    const renew = (certificate?: Certificate) =>
      token({ grant_type: 'refresh_token', refresh_token: body.refresh_token }, certificate);
    for (let times = 0; times < 2; times++) {
      const renewed = await renew(own);
      assert.equal(renewed.status, 200, JSON.stringify(renewed.body));
      assert.equal(renewed.body.refresh_token, body.refresh_token);
    }
    for (const wrong of [another, undefined]) assert.equal((await renew(wrong)).body.error, 'invalid_client');
  });

  it('is let in by no other certificate, by its name alone, or by what a stranger says of one', async () => {
    for (const wrong of [another, certificates.selfSigned('/CN=bank', 'DNS:bank.example.test')]) {
      const headersOf = wrong === another ? by(wrong) : { ...by(wrong), 'x-client-verify': 'FAILED' };
      const { body } = await post(`${app.issuer}/par`, { client_id: clientId, ...asked() }, headersOf);
      assert.equal(body.error, 'invalid_client');
    }
    assert.equal((await push()).body.error, 'invalid_client');
    const code = await newCode();
    assert.equal((await exchange(code, another)).body.error, 'invalid_client');
    assert.equal((await exchange(code)).body.error, 'invalid_client');
    assert.equal((await exchange(code, own)).status, 200, 'a refusal uses nothing up');
  });
});
