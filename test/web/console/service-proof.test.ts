import assert from 'node:assert/strict';
import { systemCaller } from '../../../src/domain/audit/audit-events.ts';
import { createResourceServer } from '../../../src/domain/resource-servers/resource-servers.ts';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { signInToConsole } from '../../support/console.ts';
import { give } from '../../support/management.ts';

describe('the console: how a service proves itself, and what it exchanges', () => {
  let app: TestApp;
  let tenantId: string;
  let apiId: string;
  let owner: Awaited<ReturnType<TestApp['person']>>;

  before(async () => {
    app = await startTestApp({
      env: {
        TRUSTED_PROXIES: '127.0.0.1/32',
        CLIENT_CERTIFICATE_HEADER: 'X-Client-Cert',
        CLIENT_CERTIFICATE_VERIFIED_HEADER: 'X-Client-Verify',
      },
    });
    tenantId = (await app.tenant({ slug: 'here', name: 'Here' })).id;
    owner = await app.person({ tenantId, fullName: 'Olive Owner' });
    await give(app, { tenantId, userId: owner.id, role: 'owner' });
    const api = { tenantId, identifier: 'https://ledger.example/', scopes: [{ key: 'ledger.read' }] };
    apiId = (await createResourceServer(app.db, { ...api, name: 'Ledger' }, systemCaller)).id;
  });
  after(() => app?.stop());

  const at = (path: string) => `${app.issuer}/console/here${path}`;

  it('registers one by a certificate of an authority, and changes its name alone or its kind alone', async () => {
    const browser = await signInToConsole(app, owner);
    const values = {
      name: 'Sync',
      client_id: 'sync',
      certificate_kind: 'san_dns',
      certificate_name: 'sync.services.example.org',
      certificate_bound_tokens: 'yes',
    };
    const made = await browser.submit(await browser.open(at('/services/new')), values, { form: 1 });
    assert.match(
      made.body,
      /tls_client_auth[\s\S]*sync\.services\.example\.org[\s\S]*together with its certificate alone/,
    );
    assert.doesNotMatch(made.body, /\/services\/sync\/secrets"/);
    const change = async (changed: object) =>
      browser.submit(await browser.open(at('/services/sync/edit')), { ...values, ...changed }, { form: 1 });
    const renamed = await change({ certificate_name: 'other.example.org' });
    assert.match(renamed.body, /DNS name[\s\S]*other\.example\.org/);
    const other = await change({ certificate_kind: 'san_uri', certificate_name: 'other.example.org' });
    assert.match(other.body, /URI<\/dt>[\s\S]*other\.example\.org/);
  });

  it('lists, adds and removes the tokens of its platform', async () => {
    const browser = await signInToConsole(app, owner);
    const workload = {
      issuer: 'https://ci.example',
      audience: app.issuer,
      subject: 'repo:acme/app:ref:refs/heads/main',
    };
    const named = Object.fromEntries(
      Object.entries(workload).map(([name, value]) => [`workload_identity.${name}`, value]),
    );
    const values = { name: 'Deploy', client_id: 'deploy', ...named, 'workload_identity.single_use': 'yes' };
    const made = await browser.submit(await browser.open(at('/services/new')), values, { form: 1 });
    assert.match(made.body, /refs\/heads\/main[\s\S]*https:\/\/ci\.example[\s\S]*good once[\s\S]*Not used yet/);
    const form = await browser.open(at('/services/deploy/workloads/new'));
    const added = await browser.submit(form, { ...workload, subject: 'repo:acme/app:environment:live' }, { form: 1 });
    assert.match(added.body, /environment:live[\s\S]*good until it ends/);
    const [path] = [...added.body.matchAll(/href="([^"]+\/workloads\/[^"]+\/remove)"/g)].map(([, href]) => href);
    const deed = await browser.open(`${app.issuer}${path}`);
    assert.match(deed.body, /1 other goes on proving it/);
    const removed = await browser.submit(deed, {}, { form: 1 });
    assert.equal([...removed.body.matchAll(/\/workloads\/[^"]+\/remove"/g)].length, 1);
  });

  it('gives and takes what it may get for people, and switches the API to take exchanged tokens', async () => {
    const { clientId } = await app.service({ tenantId, name: 'Stock', resourceServerId: apiId, capabilities: [] });
    const browser = await signInToConsole(app, owner);
    const form = await browser.open(at(`/services/${clientId}/exchange/new`));
    const none = await browser.submit(form, { capability: '' }, { form: 1 });
    assert.ok(none.status >= 400);
    const added = await browser.submit(form, { capability: 'ledger.read' }, { form: 1 });
    assert.match(added.body, /ledger\.read[\s\S]*https:\/\/ledger\.example\//);
    const deed = await browser.open(at(`/services/${clientId}/exchange/ledger.read/remove`));
    assert.match(deed.body, /keep it until they end/);
    const removed = await browser.submit(deed, {}, { form: 1 });
    assert.match(removed.body, /it may exchange no token/);
    const edit = await browser.open(at(`/apis/${apiId}/edit`));
    const kept = { name: 'Ledger', token_format: 'jwt', signing_alg: 'ES256', access_token_ttl: '600' };
    const saved = await browser.submit(edit, { ...kept, token_exchange: 'yes' }, { form: 1 });
    assert.match(saved.body, /may get tokens for it in exchange/);
  });
});
