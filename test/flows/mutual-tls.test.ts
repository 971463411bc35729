/** Services by mutual TLS (RFC 8705): the certificate that a trusted proxy hands on, and nobody else. */
import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { decodeJwt } from 'jose';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import type { NewService } from '../../src/domain/clients/clients.ts';
import { createClientRegistration } from '../../src/oidc/client-registration.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { type Certificate, Certificates } from '../support/certificates.ts';
import { createApi, introspect } from '../support/endpoints.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { documentedServer, hasNginx, type NginxProxy, startNginx } from '../support/nginx.ts';
import { hasOpenssl } from '../support/openssl.ts';
import { ExchangeStage } from '../support/token-exchange.ts';

const headers = { CLIENT_CERTIFICATE_HEADER: 'X-Client-Cert', CLIENT_CERTIFICATE_VERIFIED_HEADER: 'X-Client-Verify' };
const thumbprint = ({ cert }: Certificate) =>
  createHash('sha256').update(new X509Certificate(cert).raw).digest('base64url');

interface Answer {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: JSON of an answer that a test looks into
  body: any;
}

interface Asked {
  method?: string;
  form?: Record<string, string>;
  headers?: Record<string, string>;
  /** 127.0.0.1 is the trusted proxy; all of 127.0.0.0/8 is this machine, on Linux. */
  from?: string;
  tls?: Partial<Certificate> & { ca: string };
}

function ask(address: string, { method = 'POST', form, headers: more = {}, from = '127.0.0.1', tls }: Asked = {}) {
  const text = form && new URLSearchParams(form).toString();
  const type: Record<string, string> = text ? { 'content-type': 'application/x-www-form-urlencoded' } : {};
  const options = { method, family: 4, localAddress: from, agent: false as const, headers: { ...type, ...more } };
  return new Promise<Answer>((resolve, reject) => {
    const secure = tls && { ...options, ca: tls.ca, cert: tls.cert, key: tls.key, servername: 'localhost' };
    const asked = secure ? httpsRequest(address, secure) : httpRequest(address, options);
    asked.on('response', (answer) => {
      let body = '';
      answer.setEncoding('utf8').on('data', (chunk) => {
        body += chunk;
      });
      answer.on('end', () => {
        const isJson = /json/.test(answer.headers['content-type'] ?? '');
        resolve({ status: answer.statusCode ?? 0, body: isJson ? JSON.parse(body) : body });
      });
    });
    asked.on('error', reject).end(text);
  });
}

describe('mutual TLS (RFC 8705)', () => {
  let app: TestApp;
  let certificates: Certificates;
  let authority: ReturnType<Certificates['authority']>;
  let api: Awaited<ReturnType<typeof createApi>>;
  before(async function () {
    if (process.platform !== 'linux' || !hasOpenssl()) return this.skip();
    app = await startTestApp({ env: { TRUSTED_PROXIES: '127.0.0.1/32', ...headers } });
    certificates = new Certificates();
    authority = certificates.authority();
    api = await createApi(app);
  });
  after(async () => {
    certificates?.remove();
    await app?.stop();
  });

  async function service(proof: Partial<NewService>): Promise<string> {
    const wanted = { tenantId: null, name: 'S', capabilities: api.capabilities, ...proof };
    const { client, clientSecret } = await createClientRegistration(app).registerService(app.db, wanted, systemCaller);
    assert.equal(clientSecret, undefined);
    return client.clientId;
  }

  const grant = (clientId: string) => ({ grant_type: 'client_credentials', client_id: clientId });
  /** As the proxy writes it. */
  const shown = ({ cert }: Certificate, verified = 'SUCCESS') => ({
    'x-client-cert': encodeURIComponent(cert),
    'x-client-verify': verified,
  });
  const tokenOf = (clientId: string, more: Record<string, string>, from?: string) =>
    ask(`http://127.0.0.1:${app.config.listen.port}/token`, { form: grant(clientId), headers: more, from });

  async function reasonFor(clientId: string): Promise<string> {
    let reason: string | undefined;
    await eventually(async () => {
      const event = await app
        .db('audit_events')
        .where({ action: 'token.refused', entityId: clientId })
        .orWhere({ action: 'token.refused', actorId: clientId })
        .orderBy('id', 'desc')
        .first();
      reason = event?.payload.detail;
      return reason !== undefined;
    }, 'the refusal is in the trail');
    return reason as string;
  }

  function assertRefused({ status, body }: Answer): void {
    assert.deepEqual([status, body.error], [401, 'invalid_client'], JSON.stringify(body));
  }

  describe('by a name in a certificate that the proxy has verified', () => {
    const names = 'DNS:sync.example.test,URI:spiffe://example.test/sync,IP:192.0.2.7,email:sync@example.test';
    let right: Certificate;
    before(() => {
      right = authority.issue('/C=SE/O=Example/OU=Services/CN=sync\\, the nightly one', names);
    });

    for (const [kind, name] of Object.entries({
      san_dns: 'Sync.example.test',
      san_uri: 'spiffe://example.test/sync',
      san_ip: '192.0.2.7',
      san_email: 'sync@example.test',
      subject_dn: 'CN=sync\\, the nightly one, OU=Services,O=Example,c=SE',
    }))
      it(`lets the service in: ${kind}`, async () => {
        const clientId = await service({ certificateName: { [kind]: name } });
        const { status, body } = await tokenOf(clientId, shown(right));
        assert.equal(status, 200, JSON.stringify(body));
        assert.equal(decodeJwt(body.access_token).sub, clientId);
        assertRefused(await tokenOf(clientId, shown(authority.issue('/CN=other', 'DNS:other.example.test'))));
        assert.match(await reasonFor(clientId), /subject value does not match/);
      });

    it('refuses one that the proxy has not verified, and none', async () => {
      const clientId = await service({ certificateName: { san_dns: 'sync.example.test' } });
      const itself = certificates.selfSigned('/CN=sync', names);
      for (const verdict of ['FAILED:self-signed certificate', 'NONE', '', 'success', 'SUCCESS, FAILED'])
        assertRefused(await tokenOf(clientId, shown(itself, verdict)));
      assert.match(await reasonFor(clientId), /was not verified/);
      assertRefused(await tokenOf(clientId, { 'x-client-cert': encodeURIComponent(right.cert) }));
      assertRefused(await tokenOf(clientId, { 'x-client-verify': 'SUCCESS' }));
      assertRefused(await tokenOf(clientId, {}));
    });

    it('takes no part of a name, and no wildcard', async () => {
      const clientId = await service({ certificateName: { san_dns: 'sync.example.test' } });
      const wrong = [
        'DNS:sync.example.test.evil.test',
        'DNS:evil-sync.example.test',
        'DNS:*.example.test',
        'URI:DNS://sync.example.test',
        'email:sync@example.test,DNS:example.test',
      ];
      for (const other of wrong) assertRefused(await tokenOf(clientId, shown(authority.issue('/CN=x', other))));
      const common = authority.issue('/CN=sync.example.test', 'DNS:x.example.test');
      assertRefused(await tokenOf(clientId, shown(common)));
      const dn = await service({ certificateName: { subject_dn: 'CN=sync,O=Example' } });
      for (const subject of [
        '/O=Example/OU=Evil/CN=sync',
        '/CN=sync/O=Example',
        '/O=Example/CN=sync2',
        '/CN=sync\\,O=Example',
      ])
        assertRefused(await tokenOf(dn, shown(authority.issue(subject, 'DNS:x.example.test'))));
      assert.equal((await tokenOf(dn, shown(authority.issue('/O=Example/CN=sync', 'DNS:x.test')))).status, 200);
    });
  });

  describe('by a certificate of its own making', () => {
    it('lets those in that are registered, whatever the proxy says of them', async () => {
      const [one, two] = [certificates.selfSigned(), certificates.selfSigned()];
      const clientId = await service({ certificates: [one.cert, two.cert] });
      for (const certificate of [one, two])
        assert.equal((await tokenOf(clientId, shown(certificate, 'FAILED:self-signed certificate'))).status, 200);
      assertRefused(await tokenOf(clientId, shown(certificates.selfSigned())));
      assert.match(await reasonFor(clientId), /unregistered client certificate/);
      assertRefused(await tokenOf(clientId, {}));
    });

    it('is read in each way that proxies write it', async () => {
      const certificate = certificates.selfSigned();
      const clientId = await service({ certificates: [certificate.cert] });
      const der = new X509Certificate(certificate.cert).raw.toString('base64');
      for (const value of [
        encodeURIComponent(certificate.cert),
        der,
        `:${der}:`,
        certificate.cert.replaceAll('\n', ' '),
      ])
        assert.equal((await tokenOf(clientId, { 'x-client-cert': value })).status, 200, value.slice(0, 40));
      for (const value of [`${der},${der}`, `${der}AAAA`, der.slice(0, -8), '%', 'x'.repeat(9_000), `:${der}`])
        assertRefused(await tokenOf(clientId, { 'x-client-cert': value }));
    });

    it('counts in its time alone', async () => {
      for (const [from, to, reason] of [
        ['20200101000000Z', '20210101000000Z', /has expired/],
        ['20900101000000Z', '20910101000000Z', /not valid yet/],
      ] as const) {
        const certificate = certificates.outOfTime(from, to);
        const clientId = await service({ certificates: [certificate.cert] });
        assertRefused(await tokenOf(clientId, shown(certificate)));
        assert.match(await reasonFor(clientId), reason);
      }
    });
  });

  it('believes nobody but a trusted proxy', async () => {
    const certificate = certificates.selfSigned();
    const clientId = await service({ certificates: [certificate.cert] });
    const named = await service({ certificateName: { san_dns: 'sync.example.test' } });
    const forged = authority.issue('/CN=x', 'DNS:sync.example.test');
    assertRefused(await tokenOf(clientId, shown(certificate), '127.0.0.2'));
    assertRefused(await tokenOf(named, shown(forged), '127.0.0.2'));
    const loop = { ...shown(certificate), 'x-forwarded-for': '127.0.0.1' };
    assertRefused(await tokenOf(clientId, loop, '127.0.0.3'));
    assert.match(await reasonFor(clientId), /was not provided/);
    assert.equal((await tokenOf(clientId, shown(certificate))).status, 200);
  });

  it('is not to be had where no header is named', async () => {
    const bare = await startTestApp({ env: { TRUSTED_PROXIES: '127.0.0.1/32' } });
    try {
      const wanted = { tenantId: null, name: 'S', capabilities: [], certificates: [certificates.selfSigned().cert] };
      await assert.rejects(createClientRegistration(bare).registerService(bare.db, wanted, systemCaller), (error) => {
        assert.match(JSON.stringify((error as { params?: unknown }).params), /CLIENT_CERTIFICATE_HEADER/);
        return true;
      });
      const discovery = await ask(`${bare.issuer}/.well-known/openid-configuration`, { method: 'GET' });
      assert.ok(!discovery.body.token_endpoint_auth_methods_supported.includes('tls_client_auth'));
      assert.equal(discovery.body.mtls_endpoint_aliases, undefined);
    } finally {
      await bare.stop();
    }
  });

  it('refuses private keys, two ways at once, and what is no certificate', async () => {
    const { cert, key } = certificates.selfSigned();
    for (const proof of [
      { certificates: [`${cert}${key}`] },
      { certificates: ['nonsense'] },
      { certificates: [cert.replace(/A/, 'B')] },
      { certificates: [cert + cert] },
      { certificateName: { san_dns: 'a.test', san_uri: 'b:c' } },
      { certificateName: {} },
      { certificates: [cert], certificateName: { san_dns: 'a.test' } },
    ])
      await assert.rejects(service(proof), { code: 'INVALID_INPUT' }, JSON.stringify(Object.keys(proof)));
  });

  describe('binds tokens to the certificate', () => {
    let certificate: Certificate;
    let clientId: string;
    before(async () => {
      certificate = certificates.selfSigned();
      clientId = await service({ certificates: [certificate.cert], certificateBound: true });
    });

    it('says it in the JWT and by introspection', async () => {
      const { body } = await tokenOf(clientId, shown(certificate));
      assert.deepEqual(decodeJwt(body.access_token).cnf, { 'x5t#S256': thumbprint(certificate) });
      assert.equal(body.token_type, 'Bearer');
      const itself = await app.service({ resourceServerId: api.id });
      const said = await introspect(app.issuer, itself, body.access_token);
      assert.equal(said.body.cnf['x5t#S256'], thumbprint(certificate));
    });

    it('and refuses them with another one, or none, where we take them ourselves', async () => {
      const managing = certificates.selfSigned();
      const tenant = await app.tenant();
      const proof = { certificates: [managing.cert], certificateBound: true };
      const wanted = { tenantId: tenant.id, capabilities: ['roles.read'], ...proof };
      const { body } = await tokenOf(await service(wanted), shown(managing));
      const roles = (more: Record<string, string>, from?: string) => {
        const authorization = `Bearer ${body.access_token}`;
        const address = `http://127.0.0.1:${app.config.listen.port}/api/v1/roles`;
        return ask(address, { method: 'GET', headers: { authorization, ...more }, from });
      };
      assert.equal((await roles(shown(managing))).status, 200);
      assert.equal((await roles(shown(certificates.selfSigned()))).status, 401);
      assert.equal((await roles({})).status, 401);
      assert.equal((await roles(shown(managing), '127.0.0.2')).status, 401);
    });

    it('and keeps the binding in an exchange of tokens', async () => {
      const stage = await ExchangeStage.create(app);
      const [stock, ledger] = [await stage.step(), await stage.step()];
      await stage.allow(stock, ledger);
      await stage.holds(stage.person, [stock, ledger]);
      const subject = await stage.tokenFor(stock, { apis: [stock, ledger] });
      // As the application's own certificate would have bound it.
      const { openPayload, sealPayload } = await import('../../src/oidc/storage/sealing.ts');
      const { recordId } = await import('../../src/oidc/storage/jwt-record-ids.ts');
      const { sha256 } = await import('../../src/platform/secrets.ts');
      const where = { model: 'AccessToken', idHash: sha256(recordId(decodeJwt(subject).jti as string)) };
      const row = await app.db('oidc_payloads').where(where).first();
      const payload = { ...openPayload(app.secrets, 'AccessToken', row), 'x5t#S256': thumbprint(certificate) };
      await app
        .db('oidc_payloads')
        .where(where)
        .update({ payload: sealPayload(app.secrets, 'AccessToken', row.idHash, payload) });
      const exchange = (more: Record<string, string>) => stage.exchange(stock, subject, ledger, {}, more);
      for (const more of [{}, shown(certificates.selfSigned())]) {
        const { body } = await exchange(more);
        assert.equal(body.error, 'invalid_request');
        assert.match(body.error_description, /bound to a certificate/);
      }
      const { body } = await exchange(shown(certificate));
      assert.deepEqual(decodeJwt(body.access_token).cnf, { 'x5t#S256': thumbprint(certificate) });
    });
  });
});

describe('mutual TLS behind nginx', () => {
  let app: TestApp;
  let proxy: NginxProxy;
  let certificates: Certificates;
  let authority: ReturnType<Certificates['authority']>;
  before(async function () {
    if (!hasNginx()) return this.skip();
    const port = await freePort();
    certificates = new Certificates();
    authority = certificates.authority();
    app = await startTestApp({
      env: { TRUSTED_PROXIES: '127.0.0.1/32', ...headers, MTLS_ORIGIN: `https://localhost:${port}` },
    });
    proxy = await startNginx(port, (directory) =>
      documentedServer('mutual-tls.md', [
        ['listen 443 ssl;', `listen 127.0.0.1:${port} ssl;`],
        ['server_name mtls.id.example.org;', 'server_name localhost;'],
        ['/etc/ssl/id.example.org/fullchain.pem', `${directory}/cert.pem`],
        ['/etc/ssl/id.example.org/privkey.pem', `${directory}/key.pem`],
        ['/etc/ssl/id.example.org/services-ca.pem', authority.file],
        ['http://127.0.0.1:3000;', `http://127.0.0.1:${app.config.listen.port};`],
      ]),
    );
  });
  after(async () => {
    await proxy?.stop();
    certificates?.remove();
    await app?.stop();
  });

  it('is told by discovery, and works with the page’s own block', async () => {
    const { body: metadata } = await ask(`${app.issuer}/.well-known/openid-configuration`, { method: 'GET' });
    const { token_endpoint: address } = metadata.mtls_endpoint_aliases;
    assert.equal(address, `${proxy.origin}/token`);
    assert.equal(metadata.tls_client_certificate_bound_access_tokens, true);
    const api = await createApi(app);
    const make = async (proof: Partial<NewService>) => {
      const wanted = { tenantId: null, name: 'S', capabilities: api.capabilities, certificateBound: true, ...proof };
      return (await createClientRegistration(app).registerService(app.db, wanted, systemCaller)).client.clientId;
    };
    const own = certificates.selfSigned();
    const issued = authority.issue('/CN=sync', 'DNS:sync.example.test');
    const stranger = certificates.authority().issue('/CN=sync', 'DNS:sync.example.test');
    const byItself = await make({ certificates: [own.cert] });
    const byName = await make({ certificateName: { san_dns: 'sync.example.test' } });
    const token = (clientId: string, tls?: Certificate, more: Record<string, string> = {}) =>
      ask(address, {
        form: { grant_type: 'client_credentials', client_id: clientId },
        headers: more,
        tls: { ca: proxy.certificate, ...tls },
      });
    for (const [clientId, certificate] of [
      [byItself, own],
      [byName, issued],
    ] as const) {
      const { status, body } = await token(clientId, certificate);
      assert.equal(status, 200, JSON.stringify(body));
      assert.deepEqual(decodeJwt(body.access_token).cnf, { 'x5t#S256': thumbprint(certificate) });
      // The proxy writes over what anybody sends.
      const forged = { 'x-client-cert': encodeURIComponent(certificate.cert), 'x-client-verify': 'SUCCESS' };
      for (const other of [undefined, stranger])
        assert.equal((await token(clientId, other, forged)).body.error, 'invalid_client');
    }
  });
});
