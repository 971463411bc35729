import assert from 'node:assert/strict';
import { systemCaller } from '../../../src/domain/audit/audit-events.ts';
import { storeDocumentClient } from '../../../src/domain/clients/document-clients.ts';
import { setFirstPlatformTenant } from '../../../src/domain/tenants/platform-tenant.ts';
import { updateTenantSettings } from '../../../src/domain/tenants/tenants.ts';
import { ageSessions } from '../../support/aged-session.ts';
import { startTestApp, type TestApp } from '../../support/app.ts';
import type { Reply } from '../../support/browserless.ts';
import { signInToConsole } from '../../support/console.ts';
import * as make from '../../support/factories.ts';
import { give } from '../../support/management.ts';

const tokenForm = /\bghi_[A-Za-z0-9_-]{43}\b/;

describe('the console: initial access tokens, and applications that nobody here registered', () => {
  let app: TestApp;
  let tenantId: string;
  let owner: Awaited<ReturnType<TestApp['person']>>;

  before(async () => {
    app = await startTestApp();
    const tenant = await app.tenant({ slug: 'here', name: 'Here' });
    tenantId = tenant.id;
    owner = await app.person({ tenantId, fullName: 'Olive Owner' });
    await give(app, { tenantId, userId: owner.id, role: 'owner' });
  });
  after(() => app?.stop());

  const at = (path: string, slug = 'here') => `${app.issuer}/console/${slug}/applications${path}`;
  const base = '/_initial-access';
  const tokenIn = (page: Reply) => tokenForm.exec(page.body)?.[0] ?? '';
  const register = (token: string, body: object = {}) =>
    fetch(`${app.issuer}/register`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ redirect_uris: ['https://app.partner.example/callback'], ...body }),
    });
  const asked = (name: string) => ({
    name,
    redirect_hosts: 'app.partner.example\r\nlocalhost',
    'scopes:openid': 'yes',
    'scopes:email': 'yes',
    most_uses: '2',
    expires_at: new Date(Date.now() + 86_400_000).toISOString().slice(0, 16),
  });

  it('says that nobody may register yet, makes one that is shown once, and ends it, saying first what ends', async () => {
    const browser = await signInToConsole(app, owner);
    assert.match((await browser.open(at(''))).body, /href="[^"]*\/_initial-access"/);
    const off = await browser.open(at(base));
    assert.match(off.body, /may not register themselves[\s\S]*href="\/console\/here\/settings\/registration"/);
    await updateTenantSettings(app.db, tenantId, { clientRegistration: true }, systemCaller);
    const none = await browser.open(at(base));
    assert.doesNotMatch(none.body, /may not register themselves/);
    assert.match(none.body, /No initial access tokens/);

    const made = await browser.submit(await browser.open(at(`${base}/new`)), asked('Partners'), { form: 1 });
    const token = tokenIn(made);
    const answer = await register(token, { client_name: 'Partner portal', agent: true });
    assert.equal(answer.status, 201);
    const { client_id: clientId } = (await answer.json()) as { client_id: string };

    const list = await browser.open(at(base));
    assert.match(
      list.body,
      /Partners[\s\S]*Works[\s\S]*app\.partner\.example[\s\S]*and 1 more[\s\S]*1 of 2 applications/,
    );
    const [, path] = /href="(\/console\/here\/applications\/_initial-access\/[0-9a-f-]{36})"/.exec(list.body) ?? [];
    const page = await browser.open(`${app.issuer}${path}`);
    assert.match(page.body, /localhost[\s\S]*openid email/);
    assert.ok(!page.body.includes(token), 'it is shown again');
    const deed = await browser.open(`${app.issuer}${path}/revoke`);
    assert.match(deed.body, /1 more application could have been registered[\s\S]*1 application was registered with it/);
    assert.equal((await register(token)).status, 201);
    const ended = await browser.submit(deed, {}, { form: 1 });
    assert.match(ended.body, /Nobody registers with it any more/);
    assert.doesNotMatch(ended.body, /Danger zone/);
    assert.equal((await register(token)).status, 401);

    assert.match((await browser.open(at(''))).body, /Partner portal[\s\S]*Registered itself[\s\S]*Agent/);
    const registered = await browser.open(at(`/${clientId}`));
    assert.match(
      registered.body,
      /It itself, with an initial access token[\s\S]*It is an agent[\s\S]*90 days at the most/,
    );
  });

  it('keeps what was typed where a host is an address, and makes none for who found a browser open', async () => {
    const browser = await signInToConsole(app, owner);
    const form = await browser.open(at(`${base}/new`));
    const wrong = { ...asked('Kept'), redirect_hosts: 'https://app.partner.example' };
    const refused = await browser.submit(form, wrong, { form: 1 });
    assert.equal(refused.status, 400);
    assert.match(refused.body, /href="#redirect_hosts"[\s\S]*value="Kept"/);
    await ageSessions(app, owner.id, 3600);
    const stale = await browser.submit(form, asked('Stale'), { form: 1 });
    assert.match(stale.body, /Sign in once more/);
    assert.equal(tokenIn(stale), '');
  });

  it('shows how an application is an agent, and changes that and how long a consent lasts', async () => {
    const { clientId } = await app.relyingParty({ tenantId, name: 'Assistant', firstParty: false });
    const browser = await signInToConsole(app, owner);
    assert.match((await browser.open(at(`/${clientId}`))).body, /Somebody here[\s\S]*Until somebody withdraws it/);
    const save = async (values: Record<string, string>) =>
      browser.submit(await browser.open(at(`/${clientId}/sign-in`)), values, { form: 1 });
    assert.match((await save({ agent: 'yes', consent_days: '14' })).body, /It is an agent[\s\S]*14 days at the most/);
    assert.match((await save({ agent: 'yes', consent_days: '' })).body, /90 days at the most/);
    const refused = await save({ agent: 'yes', consent_days: '9000' });
    assert.equal(refused.status, 400);
    assert.match(refused.body, /href="#consent_days"/);
  });

  it('lets an application of one tenant that keeps a secret ask for approvals', async () => {
    const { clientId } = await app.relyingParty({ tenantId, name: 'Desk' });
    const browser = await signInToConsole(app, owner);
    assert.match((await browser.open(at(`/${clientId}`))).body, /It may not ask for them/);
    const form = await browser.open(at(`/${clientId}/sign-in`));
    const kept = { token_endpoint_auth_method: 'client_secret_basic', require_pkce: 'yes', id_token_claims: 'all' };
    assert.match(
      (await browser.submit(form, { ...kept, ciba: 'yes' }, { form: 1 })).body,
      /It may ask people for them/,
    );
    const again = await browser.open(at(`/${clientId}/sign-in`));
    assert.match((await browser.submit(again, kept, { form: 1 })).body, /It may not ask for them/);
    const spa = await app.relyingParty({ tenantId, kind: 'spa' });
    assert.doesNotMatch((await browser.open(at(`/${spa.clientId}/sign-in`))).body, /name="ciba"/);
  });

  it('marks what is known by a document, and leaves changing it to the document', async () => {
    const platform = await app.tenant({ slug: 'platform', name: 'Platform' });
    await setFirstPlatformTenant(app.db, platform.id, systemCaller);
    const clientId = 'https://app.example/oauth/client.json';
    const metadata = { redirect_uris: ['https://app.example/callback'], agent: true };
    await storeDocumentClient(app.db, { clientId, name: 'app.example (Notes)', kind: 'spa', metadata });
    const operator = await app.person({ tenantId: platform.id });
    await give(app, { tenantId: platform.id, userId: operator.id, role: 'owner' });
    const browser = await signInToConsole(app, operator);
    const list = await browser.open(at('', 'platform'));
    assert.match(list.body, /app\.example \(Notes\)[\s\S]*By document[\s\S]*Agent/);
    const [, path] = /href="([^"]*https%3A%2F%2Fapp\.example%2F[^"]*)"/.exec(list.body) ?? [];
    const page = await browser.open(`${app.issuer}${path}`);
    assert.equal(page.status, 200);
    assert.match(page.body, /known by the document at its address/);
    assert.doesNotMatch(page.body, /client\.json\/(edit|addresses|sign-in|connect)"/);
    assert.match((await browser.open(`${app.issuer}${path}/disable`)).body, /is refused everything/);
  });

  it('is not for a delegate, and knows no token of another tenant', async () => {
    const role = await make.createRole(app.db, { tenantId, capabilities: ['users.read', 'clients.manage'] });
    const north = await make.createNode(app.db, { tenantId, name: 'North' });
    const delegate = await app.person({ tenantId });
    await make.assign(app.db, { tenantId, userId: delegate.id, roleId: role.id, orgNodeId: north.id });
    const browser = await signInToConsole(app, owner);
    await browser.submit(await browser.open(at(`${base}/new`)), asked('Ours'), { form: 1 });
    const { id } = await app.db('initialAccessTokens').where({ name: 'Ours' }).first('id');
    const theirs = await signInToConsole(app, delegate);
    for (const path of ['', '/new', `/${id}`, `/${id}/revoke`])
      assert.equal((await theirs.open(at(`${base}${path}`))).status, 404, path);

    const elsewhere = await app.tenant({ slug: 'elsewhere' });
    const stranger = await app.person({ tenantId: elsewhere.id });
    await give(app, { tenantId: elsewhere.id, userId: stranger.id, role: 'owner' });
    const far = await signInToConsole(app, stranger);
    for (const path of [`/${id}`, `/${id}/revoke`])
      assert.equal((await far.open(at(`${base}${path}`, 'elsewhere'))).status, 404, path);
    assert.equal((await far.send(at(`${base}/${id}/revoke`, 'elsewhere'), {})).status, 404);
    const { revokedAt } = await app.db('initialAccessTokens').where({ id }).first('revokedAt');
    assert.equal(revokedAt, null);
  });
});
