import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { systemCaller } from '../../../src/domain/audit/audit-events.ts';
import { createResourceServer } from '../../../src/domain/resource-servers/resource-servers.ts';
import { ageSessions } from '../../support/aged-session.ts';
import { startTestApp, type TestApp } from '../../support/app.ts';
import type { Reply } from '../../support/browserless.ts';
import { signInToConsole } from '../../support/console.ts';
import * as make from '../../support/factories.ts';
import { give } from '../../support/management.ts';

const run = promisify(execFile);

/** The text of a page's element by its id, as a reader sees it. */
function textOf(page: Reply, id: string): string {
  const found = new RegExp(`id="${id}"[^>]*>([^<]*)<`).exec(page.body)?.[1] ?? '';
  const entities: Record<string, string> = { '&#34;': '"', '&#39;': "'", '&lt;': '<', '&gt;': '>', '&amp;': '&' };
  return found.replace(/&(#34|#39|lt|gt|amp);/g, (entity) => entities[entity] ?? entity);
}

describe('the console: services', () => {
  let app: TestApp;
  let tenantId: string;
  let owner: Awaited<ReturnType<TestApp['person']>>;
  const stock = { identifier: 'https://stock.example/', scopes: [{ key: 'stock.read' }, { key: 'stock.write' }] };

  before(async () => {
    app = await startTestApp();
    const tenant = await app.tenant({ slug: 'here', name: 'Here' });
    tenantId = tenant.id;
    await app.tenant({ slug: 'there', name: 'There' });
    owner = await app.person({ tenantId, fullName: 'Olive Owner' });
    await give(app, { tenantId, userId: owner.id, role: 'owner' });
    await createResourceServer(app.db, { tenantId, name: 'Stock', ...stock }, systemCaller);
  });
  after(() => app?.stop());

  const at = (path: string, slug = 'here') => `${app.issuer}/console/${slug}${path}`;
  const token = (clientId: string, secret: string, body: Record<string, string> = {}) =>
    fetch(`${app.issuer}/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${clientId}:${secret}`).toString('base64')}` },
      body: new URLSearchParams({ grant_type: 'client_credentials', ...body }),
    });

  it('registers one, shows its secret once, and the lines that it then shows get a token', async () => {
    const browser = await signInToConsole(app, owner);
    const empty = await browser.open(at('/services'));
    assert.match(empty.body, /No services yet/);
    const made = await browser.submit(
      await browser.open(at('/services/new')),
      { name: 'Nightly sync', client_id: 'nightly:sync', 'capabilities:stock.read': 'yes' },
      { form: 1 },
    );
    assert.match(made.body, /Nightly sync is registered/);
    assert.equal(textOf(made, 'once-value-client_id'), 'nightly:sync');
    const secret = textOf(made, 'once-value-client_secret');
    assert.ok(secret.length > 30);
    const list = await browser.open(at('/services'));
    assert.match(list.body, /Nightly sync[\s\S]*1 secret works/);
    assert.doesNotMatch((await browser.open(at('/services?state=disabled'))).body, /Nightly sync/);
    assert.match((await browser.open(at('/services?q=NIGHTLY:'))).body, /Nightly sync/);

    const connect = await browser.open(at('/services/nightly:sync/connect'));
    assert.ok(!connect.body.includes(secret), 'the secret is shown again');
    const curl = textOf(connect, 'snippet-curl');
    const { stdout } = await run('sh', ['-c', curl], { env: { ...process.env, CLIENT_SECRET: secret } });
    const answer = JSON.parse(stdout);
    assert.equal(answer.scope, 'stock.read');
    const javascript = `${textOf(connect, 'snippet-javascript')}\nconsole.log(access_token);`;
    const ran = await run(process.execPath, ['--input-type=module', '-e', javascript], {
      env: { ...process.env, CLIENT_SECRET: secret },
    });
    const claims = JSON.parse(Buffer.from(ran.stdout.split('.')[1] as string, 'base64url').toString());
    assert.deepEqual([claims.aud, claims.scope], [stock.identifier, 'stock.read']);
  });

  it('rotates a secret with an overlap, and revokes the one before', async () => {
    const { clientId, clientSecret } = await app.service({ tenantId, name: 'Rotated', capabilities: ['stock.read'] });
    const browser = await signInToConsole(app, owner);
    const form = await browser.open(at(`/services/${clientId}/secrets/new`));
    const rotated = await browser.submit(form, { overlap_seconds: '3600' }, { form: 1 });
    const secret = textOf(rotated, 'once-value-client_secret');
    assert.equal((await token(clientId, secret)).status, 200);
    assert.equal((await token(clientId, clientSecret)).status, 200);

    const secrets = await browser.open(at(`/services/${clientId}/secrets`));
    assert.match(
      secrets.body,
      new RegExp(`…${secret.slice(-4)}[\\s\\S]*Works[\\s\\S]*…${clientSecret.slice(-4)}[\\s\\S]*Ends`),
    );
    const [path] = [...secrets.body.matchAll(/href="([^"]+\/revoke)"/g)].map(([, href]) => href).reverse();
    const deed = await browser.open(`${app.issuer}${path}`);
    assert.match(deed.body, /whoever sends it is refused/);
    const gone = await browser.submit(deed, {}, { form: 1 });
    assert.match(gone.body, /The secret works no more/);
    assert.equal((await token(clientId, secret)).status, 200);
    const stale = await token(clientId, clientSecret);
    assert.equal(stale.status, 401);
    const refusals = await browser.open(at(`/services/${clientId}/refusals`));
    assert.match(refusals.body, /invalid_client[\s\S]*another one than registered/);
  });

  it('changes what it may ask for, and tells what somebody else changed meanwhile', async () => {
    const { clientId, clientSecret } = await app.service({ tenantId, name: 'Changed', capabilities: ['stock.read'] });
    const browser = await signInToConsole(app, owner);
    const page = await browser.open(at(`/services/${clientId}/capabilities`));
    assert.match(page.body, /Stock[\s\S]*stock\.read/);
    const late = await browser.open(at(`/services/${clientId}/capabilities`));
    const saved = await browser.submit(page, { 'items:stock.write': 'yes' }, { form: 1 });
    assert.match(saved.body, /may ask for what you chose/);
    const answer = await (await token(clientId, clientSecret)).json();
    assert.equal((answer as { scope: string }).scope, 'stock.write');
    const lost = await browser.submit(late, { 'items:audit.read': 'yes' }, { form: 1 });
    assert.equal(lost.status, 412);
    assert.match(lost.body, /Somebody else changed this meanwhile/);
  });

  it('disables, enables and deletes one, saying first what ends', async () => {
    const { clientId, clientSecret } = await app.service({ tenantId, name: 'Stopped', capabilities: ['stock.read'] });
    assert.equal((await token(clientId, clientSecret)).status, 200);
    const browser = await signInToConsole(app, owner);
    const deed = await browser.open(at(`/services/${clientId}/disable`));
    assert.match(deed.body, /1 live token of it ends at once/);
    const disabled = await browser.submit(deed, {}, { form: 1 });
    assert.match(disabled.body, /The service is disabled/);
    assert.equal((await token(clientId, clientSecret)).status, 401);
    const enable = await browser.open(at(`/services/${clientId}/enable`));
    await browser.submit(enable, {}, { form: 1 });
    assert.equal((await token(clientId, clientSecret)).status, 200);
    const remove = await browser.open(at(`/services/${clientId}/delete`));
    const gone = await browser.submit(remove, { typed: 'Stopped' }, { form: 1 });
    assert.match(gone.body, /The service is deleted/);
    assert.equal((await browser.open(at(`/services/${clientId}`))).status, 404);
  });

  it('gives no secret to who found a browser open', async () => {
    const { clientId } = await app.service({ tenantId, name: 'Guarded', capabilities: [] });
    const browser = await signInToConsole(app, owner);
    const form = await browser.open(at(`/services/${clientId}/secrets/new`));
    await ageSessions(app, owner.id, 3600);
    const stale = await browser.submit(form, { overlap_seconds: '0' }, { form: 1 });
    assert.match(stale.body, /Sign in once more/);
    assert.doesNotMatch(stale.body, /once-value/);
    assert.equal(
      (
        await app
          .db('clientSecrets')
          .join('clients', 'clients.id', 'clientSecrets.clientId')
          .where({ 'clients.clientId': clientId })
      ).length,
      1,
    );
  });

  it('refuses a key set that is none, and keeps what was typed', async () => {
    const browser = await signInToConsole(app, owner);
    const values = { name: 'By key', jwks: '{"keys": [', 'capabilities:stock.read': 'yes' };
    const refused = await browser.submit(await browser.open(at('/services/new')), values, { form: 1 });
    assert.equal(refused.status, 422);
    assert.match(refused.body, /href="#jwks"/);
    assert.match(refused.body, /value="By key"/);
  });

  it('is not for a delegate, and knows nothing of another tenant', async () => {
    const { clientId } = await app.service({ tenantId, name: 'Ours', capabilities: [] });
    const role = await make.createRole(app.db, { tenantId, capabilities: ['users.read', 'services.manage'] });
    const north = await make.createNode(app.db, { tenantId, name: 'North' });
    const delegate = await app.person({ tenantId });
    await make.assign(app.db, { tenantId, userId: delegate.id, roleId: role.id, orgNodeId: north.id });
    const browser = await signInToConsole(app, delegate);
    for (const path of ['', '/new', `/${clientId}`, `/${clientId}/secrets`, `/${clientId}/delete`])
      assert.equal((await browser.open(at(`/services${path}`))).status, 404, path);
    const other = await app.service({
      tenantId: (await app.tenant({ slug: 'else' })).id,
      name: 'Theirs',
      capabilities: [],
    });
    const own = await signInToConsole(app, owner);
    for (const path of ['', '/secrets', '/connect', '/refusals', '/edit', '/capabilities', '/disable', '/delete'])
      assert.equal((await own.open(at(`/services/${other.clientId}${path}`))).status, 404, path);
    assert.notEqual((await own.open(at('/services', 'there'))).status, 200);
  });
});
