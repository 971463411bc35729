/** Applications whose `client_id` is the address of a document (client ID metadata documents), from end to end. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import * as openid from 'openid-client';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { deleteClient, disableClient, enableClient } from '../../src/domain/lifecycle/end-client.ts';
import type { NewTenant } from '../../src/domain/setup/create-tenant.ts';
import { updateTenantSettings } from '../../src/domain/tenants/tenants.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { Browserless } from '../support/browserless.ts';
import { type DocumentHost, startDocumentHost } from '../support/document-host.ts';
import { refresh, userinfoStatus } from '../support/endpoints.ts';
import { eventually } from '../support/eventually.ts';
import { hasOpenssl } from '../support/openssl.ts';
import { enterPassword, type RelyingParty, redirectUri, signIn, startSignIn } from '../support/relying-party.ts';

describe('a client that is known by a document', () => {
  let app: TestApp;
  let other: string;
  let host: DocumentHost;
  let directory: string;
  let tenant: NewTenant;
  const usual = tls.getCACertificates('default');
  before(async function () {
    if (!hasOpenssl()) this.skip();
    host = await startDocumentHost();
    directory = await mkdtemp(join(tmpdir(), 'gatehouse-ca-'));
    const ca = join(directory, 'ca.pem');
    await writeFile(ca, host.certificate);
    tls.setDefaultCACertificates([...usual, host.certificate]);
    app = await startTestApp({ env: { NODE_EXTRA_CA_CERTS: ca }, timeouts: { clientDocumentMs: 0 } });
    other = await app.startProcess();
    tenant = await app.tenant();
    await set({ clientDocuments: true });
  });
  after(async () => {
    tls.setDefaultCACertificates(usual);
    await app?.stop();
    await host?.close();
    if (directory) await rm(directory, { recursive: true });
  });
  beforeEach(async () => {
    await app.db('rate_limits').delete();
  });

  const set = (settings: Parameters<typeof updateTenantSettings>[2], id = tenant.id) =>
    updateTenantSettings(app.db, id, settings, systemCaller);

  let count = 0;
  function published(document: object = {}): string {
    count += 1;
    const base = {
      client_name: 'Notes',
      redirect_uris: [redirectUri],
      grant_types: ['authorization_code', 'refresh_token'],
    };
    return host.serve(`/client-${count}.json`, { ...base, ...document });
  }

  async function partyOf(clientId: string): Promise<RelyingParty> {
    const options = { execute: [openid.allowInsecureRequests] };
    const config = await openid.discovery(new URL(app.issuer), clientId, undefined, openid.None(), options);
    return { config, clientId, clientSecret: '' };
  }
  const consentPage = async (clientId: string, person: { email: string; password: string }) => {
    const { address } = await startSignIn(await partyOf(clientId), { scope: 'openid email' });
    const browser = new Browserless();
    return { browser, page: await enterPassword(browser, await browser.open(address.href, redirectUri), person) };
  };
  const offline = { scope: 'openid offline_access', prompt: 'consent' };

  it('is told of by discovery while some tenant lets it in', async () => {
    const told = async () => {
      const answer = await fetch(`${other}/.well-known/oauth-authorization-server`);
      return ((await answer.json()) as Record<string, unknown>).client_id_metadata_document_supported;
    };
    await eventually(async () => (await told()) === true, 'it is told');
    await set({ clientDocuments: false });
    await eventually(async () => (await told()) === undefined, 'it is not told');
    await set({ clientDocuments: true });
  });

  it('signs people in with their consent, by its host, and is found at every process', async () => {
    const clientId = published();
    const person = await app.person({ tenantId: tenant.id });
    const { page, browser } = await consentPage(clientId, person);
    const text = page.body.replace(/\s+/g, ' ');
    const name = `localhost:${host.port}`;
    assert.ok(text.includes(`Allow ${name} (Notes)?`), text);
    assert.match(text, new RegExp(`Nobody here knows this application.*address, ${name}\\.`));
    await browser.submit(page, { decision: 'allow' }, { until: redirectUri });
    const { tokens } = await signIn(await partyOf(clientId), person, { parameters: offline });
    assert.equal(tokens.claims()?.aud, clientId);
    const client = { clientId, clientSecret: '' };
    const again = await refresh(other, client, tokens.refresh_token as string);
    assert.equal(again.status, 200, JSON.stringify(again.body));
    assert.equal(await userinfoStatus(other, again.body.access_token), 200);
    const events = await app.db('audit_events').where({ entityId: clientId, tenantId: tenant.id }).select('action');
    assert.equal(events.filter(({ action }) => action === 'client.met').length, 1);
    const row = await app.db('clients').where({ clientId }).first();
    assert.deepEqual([row.tenantId, row.firstParty, row.name], [null, false, `${name} (Notes)`]);
  });

  it('proves itself by its own keys, where it has some', async () => {
    const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
    const jwk = { ...(await crypto.subtle.exportKey('jwk', pair.publicKey)), kid: 'one', alg: 'ES256' };
    const method = { token_endpoint_auth_method: 'private_key_jwt', token_endpoint_auth_signing_alg: 'ES256' };
    host.serve('/keys.json', (_req, res) =>
      res.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: [jwk] })),
    );
    const clientId = published({ ...method, jwks_uri: host.address('/keys.json') });
    const person = await app.person({ tenantId: tenant.id });
    const party = await partyOf(clientId);
    const config = await openid.discovery(
      new URL(app.issuer),
      clientId,
      undefined,
      openid.PrivateKeyJwt({ key: pair.privateKey, kid: 'one' }),
      { execute: [openid.allowInsecureRequests] },
    );
    const { tokens } = await signIn({ ...party, config }, person, { parameters: { scope: 'openid' } });
    assert.equal(tokens.claims()?.sub, person.id);
  });

  it('is no client where its document is about another, and nobody is sent anywhere', async () => {
    const other = published();
    const wrong = host.serve('/wrong.json', { client_id: other, redirect_uris: [redirectUri] });
    for (const clientId of [wrong, host.address('/missing.json'), 'https://localhost:1/nobody.json']) {
      const { address } = await startSignIn(await partyOf(published()), { client_id: clientId });
      const answer = await new Browserless().open(address.href, redirectUri);
      assert.equal(answer.location, undefined);
      assert.match(answer.body, /invalid_client/);
    }
  });

  it('is held to what its document says now', async () => {
    const clientId = published();
    const { address } = await startSignIn(await partyOf(clientId), { scope: 'openid' });
    assert.match((await new Browserless().open(address.href, redirectUri)).body, /name="password"/);
    host.serve(new URL(clientId).pathname, { redirect_uris: ['http://localhost:1/elsewhere'] });
    assert.match((await new Browserless().open(address.href, redirectUri)).body, /invalid_redirect_uri/);
  });

  it('is let in by the tenants that want it, from the hosts that they name, and ends with that', async () => {
    const clientId = published();
    const party = await partyOf(clientId);
    const { id: strict } = await app.tenant();
    const foreign = await app.person({ tenantId: strict });
    const denied = await consentPage(clientId, foreign);
    assert.match(denied.page.location ?? denied.page.body, /access_denied/);

    const person = await app.person({ tenantId: tenant.id });
    const { tokens } = await signIn(party, person, { parameters: offline });
    const client = { clientId, clientSecret: '' };
    await set({ clientDocumentHosts: ['elsewhere.example.test'] });
    const refused = await refresh(other, client, tokens.refresh_token as string);
    assert.deepEqual([refused.status, refused.body.error], [400, 'invalid_grant']);
    assert.equal(await userinfoStatus(app.issuer, tokens.access_token), 401);
    await set({ clientDocumentHosts: ['localhost'] });
    assert.equal(await userinfoStatus(app.issuer, tokens.access_token), 200);
    await set({ clientDocumentHosts: [] });
  });

  it('is stopped for everybody by who runs the server, and forgotten by being deleted', async () => {
    const clientId = published();
    const party = await partyOf(clientId);
    const person = await app.person({ tenantId: tenant.id });
    const { tokens } = await signIn(party, person, { parameters: offline });
    await disableClient(app.db, clientId, systemCaller);
    const client = { clientId, clientSecret: '' };
    assert.equal((await refresh(other, client, tokens.refresh_token as string)).body.error, 'invalid_client');
    assert.equal(await userinfoStatus(other, tokens.access_token), 401);
    await enableClient(app.db, clientId, systemCaller);
    const { tokens: anew } = await signIn(party, person, { parameters: offline });
    await deleteClient(app.db, clientId, systemCaller);
    assert.equal(await userinfoStatus(other, anew.access_token), 401);
    await signIn(party, person, { parameters: offline });
    assert.equal((await app.db('clients').where({ clientId }).first('deletedAt')).deletedAt, null);
  });

  it('makes this server ask others a few times for one address, and no more', async () => {
    const before = host.requests.length;
    const authorize = async (n: number) => {
      const query = new URLSearchParams({ client_id: host.address(`/flood-${n}.json`), response_type: 'code' });
      return (await fetch(`${app.issuer}/authorize?${query}`)).status;
    };
    const statuses: number[] = [];
    for (let n = 0; n < 5; n += 1)
      statuses.push(...(await Promise.all(Array.from({ length: 10 }, (_, m) => authorize(n * 10 + m)))));
    assert.equal(host.requests.length - before, 30);
    assert.equal(statuses.filter((status) => status === 429).length, 20);
  });

  it('is waited for by nobody who signs out', async () => {
    const clientId = published();
    const person = await app.person({ tenantId: tenant.id });
    const { browser, tokens } = await signIn(await partyOf(clientId), person, { parameters: { scope: 'openid' } });
    const path = new URL(clientId).pathname;
    host.serve(path, (_req, res) => res.writeHead(500).end());
    const asked = host.requests.filter((url) => url === path).length;
    const page = await browser.open(`${app.issuer}/logout?id_token_hint=${tokens.id_token}`);
    assert.equal(page.status, 200);
    assert.equal(host.requests.filter((url) => url === path).length, asked);
  });
});
