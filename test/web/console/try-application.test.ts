import assert from 'node:assert/strict';
import type { NewTenant } from '../../../src/domain/setup/create-tenant.ts';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { Browserless, type Reply } from '../../support/browserless.ts';
import { signInToConsole } from '../../support/console.ts';
import { give } from '../../support/management.ts';

/** What stands in for an application is reached by a redirect URI that is registered nowhere: each way in is tried here. */
describe('the console: trying an application', () => {
  let app: TestApp;
  let tenant: NewTenant;
  let owner: Awaited<ReturnType<TestApp['person']>>;

  before(async () => {
    app = await startTestApp();
    tenant = await app.tenant({ slug: 'here', name: 'Here' });
    owner = await app.person({ tenantId: tenant.id, fullName: 'Olive Owner' });
    await give(app, { tenantId: tenant.id, userId: owner.id, role: 'owner' });
  });
  after(() => app?.stop());

  const at = (path: string) => `${app.issuer}/console/here/applications${path}`;
  const unescaped = (page: Reply) => page.body.replaceAll('&#34;', '"').replaceAll('&quot;', '"');
  const ours = (more: Parameters<TestApp['relyingParty']>[0] = {}) =>
    app.relyingParty({ tenantId: tenant.id, redirectUris: ['https://app.example/callback'], ...more });

  /** To the authorization request that a try begins with. */
  async function begin(browser: Browserless, clientId: string, scope = 'openid profile'): Promise<string> {
    const sent = await browser.send(at(`/${clientId}/try`), { scope });
    assert.equal(sent.status, 303);
    return sent.location as string;
  }

  /** Signs in again, and says yes where that is asked; `until` keeps from going further. */
  async function goOn(browser: Browserless, address: string, { until = 'none:', person = owner } = {}): Promise<Reply> {
    let page = await browser.open(address, until);
    if (/name="password"/.test(page.body))
      page = await browser.submit(page, { login: person.email, password: person.password }, { until });
    if (/\/consent$/.test(page.url)) page = await browser.submit(page, { decision: 'allow' }, { until });
    return page;
  }

  for (const [kind, firstParty] of [
    ['web', true],
    ['web', false],
    ['spa', true],
    ['native', false],
  ] as const)
    it(`signs in for real and shows what would be told: ${kind}, ${firstParty ? 'ours' : 'somebody else’s'}`, async () => {
      const { clientId } = await ours({ kind, firstParty, name: 'Tried one' });
      const before = await app.db('clients').where({ clientId }).first();
      const browser = await signInToConsole(app, owner);
      const shown = await browser.open(at(`/${clientId}/try`));
      assert.match(shown.body, /You sign in to Tried one as people meet it/);
      const page = await goOn(browser, await begin(browser, clientId));
      assert.equal(page.status, 200, page.body.slice(0, 2000));
      assert.match(page.body, /The sign-in works/);
      assert.ok(unescaped(page).includes(`"aud": "${clientId}"`), 'the id_token is of this application');
      assert.ok(unescaped(page).includes('"name": "Olive Owner"'));
      assert.doesNotMatch(page.body, /eyJ[\w-]+\./, 'a token stands in the page');
      assert.doesNotMatch(page.body, /[?&]code=/);
      const kept = await app.db('oidc_payloads').where({ clientId }).whereNot({ model: 'Session' }).select('model');
      assert.deepEqual(
        kept.filter(({ model }: { model: string }) => /Token|Grant/.test(model)),
        [],
        'something is kept',
      );
      assert.deepEqual(await app.db('clients').where({ clientId }).first(), before, 'the registration has changed');
      const again = await browser.open(page.url);
      assert.equal(again.status, 410);
      assert.match(again.body, /This try has ended/);
    });

  it('leaves what was granted before as it was', async () => {
    const { clientId } = await ours({ name: 'Used already' });
    const browser = await signInToConsole(app, owner);
    const query = {
      client_id: clientId,
      response_type: 'code',
      scope: 'openid profile',
      redirect_uri: 'https://app.example/callback',
      code_challenge: 'x'.repeat(43),
      code_challenge_method: 'S256',
    };
    await browser.open(`${app.issuer}/authorize?${new URLSearchParams(query)}`, 'https://app.example/');
    const grants = () => app.db('oidc_payloads').where({ clientId, model: 'Grant' }).select('id_hash');
    const before = await grants();
    assert.equal(before.length, 1);
    await goOn(browser, await begin(browser, clientId));
    assert.deepEqual(await grants(), before);
  });

  it('tells of a refusal as the application would get it', async () => {
    const { clientId } = await ours({ firstParty: false });
    const browser = await signInToConsole(app, owner);
    let page = await browser.open(await begin(browser, clientId));
    page = await browser.submit(page, { login: owner.email, password: owner.password });
    assert.match(page.url, /\/consent$/);
    page = await browser.submit(page, { decision: 'deny' });
    assert.match(page.body, /It would be refused[\s\S]*access_denied/);
  });

  it('is let to its page by no request but its own, and by no browser but the one that began it', async () => {
    const { clientId } = await ours();
    const other = await ours();
    const browser = await signInToConsole(app, owner);
    const address = new URL(await begin(browser, clientId));
    for (const stranger of [await signInToConsole(app, owner), new Browserless()]) {
      const page = await stranger.send(address.href);
      assert.equal(page.status, 400, 'a link to a trial works in another browser');
      assert.equal(page.location, undefined);
    }
    const bent: Record<string, Record<string, string | undefined>> = {
      'another application': { client_id: other.clientId },
      'another address of the console': {
        redirect_uri: `${app.issuer}/console/here/applications/${other.clientId}/tried`,
      },
      'the address of another place': { redirect_uri: 'https://evil.example/callback' },
      'another state': { state: 'x'.repeat(32) },
      'no state': { state: undefined },
      'another challenge': { code_challenge: 'y'.repeat(43) },
      'no challenge': { code_challenge: undefined, code_challenge_method: undefined },
      'another answer': { response_type: 'none' },
      'another way to answer': { response_mode: 'form_post' },
    };
    for (const [name, change] of Object.entries(bent)) {
      const query = new URLSearchParams(address.searchParams);
      for (const [parameter, value] of Object.entries(change))
        if (value === undefined) query.delete(parameter);
        else query.set(parameter, value);
      const answer = await browser.send(`${app.issuer}/authorize?${query}`);
      assert.equal(answer.status, 400, name);
      assert.equal(answer.location, undefined, name);
    }
    const mistakes = await app.db('oidc_payloads').where({ clientId, model: 'AuthorizationCode' });
    assert.deepEqual(mistakes, []);
  });

  it('gives a code that is worth nothing to who has the application’s secret, or a link to the answer', async () => {
    const { clientId, clientSecret } = await ours();
    const browser = await signInToConsole(app, owner);
    const address = await begin(browser, clientId);
    const reply = await goOn(browser, address, { until: at(`/${clientId}/tried`) });
    const answer = new URL(reply.location as string);
    const form = {
      grant_type: 'authorization_code',
      code: answer.searchParams.get('code') as string,
      redirect_uri: at(`/${clientId}/tried`),
    };
    const authorization = `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`;
    for (const verifier of [undefined, 'z'.repeat(43)]) {
      const body = new URLSearchParams({ ...form, ...(verifier && { code_verifier: verifier }) });
      const taken = await fetch(`${app.issuer}/token`, { method: 'POST', body, headers: { authorization } });
      assert.equal(((await taken.json()) as { error: string }).error, 'invalid_grant');
    }
    const elsewhere = await signInToConsole(app, owner);
    assert.equal((await elsewhere.open(answer.href)).status, 410, 'another browser of the same person sees it');
    const bent = new URL(answer);
    bent.searchParams.set('state', 'x'.repeat(32));
    assert.equal((await browser.open(bent.href)).status, 410);
    assert.match((await browser.open(answer.href)).body, /The sign-in works/);
  });

  it('is shown once, however many ask for the answer at the same moment', async () => {
    const { clientId } = await ours();
    const browser = await signInToConsole(app, owner);
    const reply = await goOn(browser, await begin(browser, clientId), { until: at(`/${clientId}/tried`) });
    const answers = await Promise.all(Array.from({ length: 10 }, () => browser.send(reply.location as string)));
    assert.equal(answers.filter(({ body }) => /The sign-in works/.test(body)).length, 1);
    for (const { status } of answers) assert.ok(status === 200 || status === 410, String(status));
  });

  it('shows nothing to who signed in as somebody else', async () => {
    const { clientId } = await ours();
    const second = await app.person({ tenantId: tenant.id, fullName: 'Second Owner' });
    await give(app, { tenantId: tenant.id, userId: second.id, role: 'owner' });
    const browser = await signInToConsole(app, owner);
    let page = await goOn(browser, await begin(browser, clientId), { person: second });
    // Another person in the same browser: the library asks to end the first session by a form of its own.
    for (let step = 0; step < 3 && /<form/.test(page.body) && !/\/console\//.test(page.url); step += 1)
      page = await browser.submit(page, {});
    assert.equal(page.status, 410, page.url);
    assert.doesNotMatch(unescaped(page), /"sub"/);
  });

  it('is offered for nothing that has no redirect, is stopped, or is another tenant’s', async () => {
    const browser = await signInToConsole(app, owner);
    const device = await ours({
      kind: 'native',
      redirectUris: [],
      metadata: { grant_types: ['urn:ietf:params:oauth:grant-type:device_code'] },
    });
    const page = await browser.open(at(`/${device.clientId}/try`));
    assert.match(page.body, /signs nobody in by a redirect/);
    assert.equal((await browser.send(at(`/${device.clientId}/try`), { scope: 'openid' })).location, undefined);
    const stopped = await ours();
    await browser.submit(await browser.open(at(`/${stopped.clientId}/disable`)), {}, { form: 1 });
    assert.match((await browser.open(at(`/${stopped.clientId}/try`))).body, /The application is disabled/);
  });
});
