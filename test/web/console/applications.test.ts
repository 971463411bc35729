import assert from 'node:assert/strict';
import { systemCaller } from '../../../src/domain/audit/audit-events.ts';
import type { NewTenant } from '../../../src/domain/setup/create-tenant.ts';
import { setFirstPlatformTenant } from '../../../src/domain/tenants/platform-tenant.ts';
import { ageSessions } from '../../support/aged-session.ts';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { Browserless } from '../../support/browserless.ts';
import { signInToConsole } from '../../support/console.ts';
import { eventually } from '../../support/eventually.ts';
import * as make from '../../support/factories.ts';
import { keysFor } from '../../support/fapi.ts';
import { give } from '../../support/management.ts';

describe('the console: applications', () => {
  let app: TestApp;
  let tenant: NewTenant;
  let owner: Awaited<ReturnType<TestApp['person']>>;
  let browser: Browserless;

  before(async () => {
    app = await startTestApp();
    tenant = await app.tenant({ slug: 'here', name: 'Here' });
    owner = await app.person({ tenantId: tenant.id, fullName: 'Olive Owner' });
    await give(app, { tenantId: tenant.id, userId: owner.id, role: 'owner' });
    browser = await signInToConsole(app, owner);
  });
  after(() => app?.stop());

  const at = (path: string) => `${app.issuer}/console/here/applications${path}`;
  const ours = (more: Parameters<TestApp['relyingParty']>[0] = {}) =>
    app.relyingParty({ tenantId: tenant.id, redirectUris: ['https://app.example/callback'], ...more });
  const text = (page: { body: string }) => page.body.replace(/<[^>]+>/g, '').replaceAll('&#39;', "'");
  const metadataOf = async (clientId: string) =>
    (await app.db('clients').where({ clientId }).first('metadata')).metadata as Record<string, unknown>;
  /** What the token endpoint says to a code that is none: `invalid_grant` where the secret is right. */
  const proves = async (clientId: string, secret: string) => {
    const answer = await fetch(`${app.issuer}/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${clientId}:${secret}`).toString('base64')}` },
      body: new URLSearchParams({
        grant_type: 'authorization_code',
        code: 'none',
        redirect_uri: 'https://app.example/callback',
      }),
    });
    return ((await answer.json()) as { error: string }).error === 'invalid_grant';
  };

  it('says that there are none, and how to begin', async () => {
    const page = await browser.open(at(''));
    assert.match(page.body, /No applications yet/);
    assert.match(page.body, /Register an application/);
  });

  it('lists, finds and narrows them', async () => {
    const portal = await ours({ name: 'Portal' });
    const other = await ours({ name: 'Gradebook', kind: 'spa', firstParty: false });
    const all = await browser.open(at('?sort=name'));
    assert.match(all.body, /Gradebook[\s\S]*Portal/);
    const found = await browser.open(at('?q=PORT'));
    assert.match(found.body, new RegExp(`href="[^"]*/applications/${portal.clientId}"`));
    assert.doesNotMatch(found.body, /Gradebook/);
    const third = await browser.open(at('?party=third&kind=spa'));
    assert.ok(third.body.includes(other.clientId) && !third.body.includes(portal.clientId));
    assert.match((await browser.open(at('?q=nothing-like-it'))).body, /Nothing fits/);
  });

  it('holds one to FAPI 2.0 where it can be, and says what that asks and ends', async () => {
    const { clientId } = await ours({ name: 'Secretive' });
    const page = await browser.open(at(`/${clientId}/security-profile`));
    assert.match(text(page), /ends at once the tokens that it has/);
    const refused = await browser.submit(page, { security_profile: 'fapi2' }, { form: 1 });
    assert.match(text(refused), /private_key_jwt or mutual TLS \(no secret\)/);
    assert.equal((await app.db('clients').where({ clientId }).first()).securityProfile, 'none');
    const { jwks } = await keysFor();
    const able = await ours({
      metadata: { token_endpoint_auth_method: 'private_key_jwt', jwks },
      postLogoutRedirectUris: [],
    });
    const form = await browser.open(at(`/${able.clientId}/security-profile`));
    const held = await browser.submit(form, { security_profile: 'fapi2' }, { form: 1 });
    assert.match(text(held), /The security profile is saved/);
    assert.match(text(held), /FAPI 2\.0 Security Profile/);
    assert.equal((await app.db('clients').where({ clientId: able.clientId }).first()).securityProfile, 'fapi2');
  });

  it('shows one, changes it, and keeps what somebody else changed meanwhile', async () => {
    const { clientId } = await ours({ name: 'Before', firstParty: false });
    const page = await browser.open(at(`/${clientId}`));
    for (const said of ['https://app.example/callback', 'client_secret_basic', 'Nobody has let it have anything yet'])
      assert.ok(text(page).includes(said), said);
    const first = await browser.open(at(`/${clientId}/edit`));
    const saved = await browser.submit(first, { name: 'After' }, { form: 1 });
    assert.match(saved.body, /<h1>After/);
    const addresses = await browser.open(at(`/${clientId}/addresses`));
    const wrong = await browser.submit(
      addresses,
      { redirect_uris: 'http://not.example/callback', backchannel_logout_uri: '' },
      { form: 1 },
    );
    assert.equal(wrong.status, 400);
    assert.match(wrong.body, /href="#redirect_uris"/);
    assert.match(wrong.body, /http:\/\/not\.example\/callback/, 'what was typed is lost');
    const late = await browser.open(at(`/${clientId}/addresses`));
    await browser.submit(
      late,
      {
        redirect_uris: 'https://app.example/callback\r\nhttps://app.example/second',
        backchannel_logout_uri: 'https://app.example/logout',
      },
      { form: 1 },
    );
    const { redirect_uris, backchannel_logout_uri } = await metadataOf(clientId);
    assert.deepEqual(redirect_uris, ['https://app.example/callback', 'https://app.example/second']);
    assert.equal(backchannel_logout_uri, 'https://app.example/logout');
    const lost = await browser.submit(addresses, { redirect_uris: 'https://app.example/third' }, { form: 1 });
    assert.equal(lost.status, 412);
    assert.match(lost.body, /Somebody else changed this meanwhile/);
  });

  it('sets what is asked of a sign-in, and takes it back', async () => {
    const { clientId } = await ours();
    const form = await browser.open(at(`/${clientId}/sign-in`));
    const asked = {
      two_factors: 'yes',
      max_age_minutes: '15',
      id_token_claims: 'lean',
      allowed_scopes: 'openid\r\nprofile',
      place_access: 'yes',
    };
    await browser.submit(form, { ...asked, token_endpoint_auth_method: 'client_secret_post' }, { form: 1 });
    const set = await metadataOf(clientId);
    assert.deepEqual(
      [set.default_acr_values, set.default_max_age, set.id_token_claims, set.token_endpoint_auth_method],
      [['urn:gatehouse:acr:aal2'], 900, 'lean', 'client_secret_post'],
    );
    assert.deepEqual(set.allowed_scopes, ['openid', 'profile']);
    assert.deepEqual(set.authorization_details_types, ['org_node_access']);
    const shown = text(await browser.open(at(`/${clientId}`)));
    assert.match(shown, /Asked of everybody who signs in to it/);
    assert.match(shown, /After 15 minutes/);
    const again = await browser.open(at(`/${clientId}/sign-in`));
    const nothing = { id_token_claims: 'all', token_endpoint_auth_method: 'client_secret_basic', require_pkce: '' };
    await browser.send(again.url, { ...nothing, max_age_minutes: '' });
    const back = await metadataOf(clientId);
    assert.deepEqual(
      [back.default_acr_values, back.default_max_age, back.allowed_scopes, back.require_pkce],
      [undefined, undefined, undefined, false],
    );
    assert.equal(back.authorization_details_types, undefined);
  });

  it('stops, lets go on and deletes, and says first what ends', async () => {
    const { clientId, clientSecret } = await ours({ name: 'Short lived' });
    const stop = await browser.open(at(`/${clientId}/disable`));
    assert.match(stop.body, /refused everything at once/);
    assert.match((await browser.submit(stop, {}, { form: 1 })).body, /The application is disabled/);
    await eventually(async () => !(await proves(clientId, clientSecret)), 'it is refused');
    await browser.submit(await browser.open(at(`/${clientId}/enable`)), {}, { form: 1 });
    await eventually(() => proves(clientId, clientSecret), 'it acts again');
    const remove = await browser.open(at(`/${clientId}/delete`));
    assert.equal((await browser.submit(remove, { typed: 'Another' }, { form: 1 })).status, 422);
    const gone = await browser.submit(remove, { typed: 'Short lived' }, { form: 1 });
    assert.match(gone.body, /The application is deleted/);
    assert.equal((await browser.open(at(`/${clientId}`))).status, 404);
  });

  describe('secrets', () => {
    it('shows a new one once, and lets those before go on until a moment that it tells', async () => {
      const { clientId, clientSecret } = await ours({ name: 'Rotated' });
      assert.ok(await proves(clientId, clientSecret));
      const before = text(await browser.open(at(`/${clientId}/secrets`)));
      assert.ok(before.includes(`…${clientSecret.slice(-4)}`) && !before.includes(clientSecret));
      const form = await browser.open(at(`/${clientId}/secrets/rotate`));
      const made = await browser.submit(form, { overlap_seconds: '3600' }, { form: 1 });
      const [secret = ''] = /ghs_[\w-]+/.exec(made.body) ?? [];
      assert.match(text(made), new RegExp(`…${clientSecret.slice(-4)}[\\s\\S]*The old one goes on until`));
      assert.ok(await proves(clientId, secret));
      assert.ok(await proves(clientId, clientSecret));
      const again = await browser.submit(form, { overlap_seconds: '3600' }, { form: 1 });
      assert.equal(/ghs_[\w-]+/.exec(again.body)?.[0], secret, 'the form made another one when it was sent again');
      const list = await browser.open(at(`/${clientId}/secrets`));
      assert.doesNotMatch(list.body, /ghs_/);
      const old = new RegExp(`href="([^"]*/revoke)" aria-label="[^"]*${clientSecret.slice(-4)}"`).exec(list.body)?.[1];
      const deed = await browser.open(`${app.issuer}${old}`);
      assert.match(text(deed), /last used[\s\S]*1 other secret goes on working/);
      assert.match((await browser.submit(deed, {}, { form: 1 })).body, /refused from now on/);
      await eventually(async () => !(await proves(clientId, clientSecret)), 'the old secret is refused');
      assert.ok(await proves(clientId, secret));
    });

    it('makes none for who found the browser open: not by the form, and not by sending it', async () => {
      const { clientId } = await ours();
      const old = await signInToConsole(app, owner);
      const form = await old.open(at(`/${clientId}/secrets/rotate`));
      await ageSessions(app, owner.id, 360);
      const sent = await old.submit(form, { overlap_seconds: '0' }, { form: 1 });
      assert.equal(sent.status, 401);
      assert.doesNotMatch(sent.body, /ghs_/);
      assert.match((await old.open(at(`/${clientId}/secrets/rotate`))).url, /\/interaction\//);
      browser = await signInToConsole(app, owner);
    });

    it('has no place at an application that keeps none', async () => {
      const { clientId } = await ours({ kind: 'spa' });
      assert.doesNotMatch((await browser.open(at(`/${clientId}`))).body, new RegExp(`${clientId}/secrets`));
      const form = await browser.open(at(`/${clientId}/secrets/rotate`));
      assert.doesNotMatch((await browser.submit(form, { overlap_seconds: '0' }, { form: 1 })).body, /ghs_/);
    });
  });

  describe('refusals', () => {
    const ask = (clientId: string, redirectUri: string) =>
      new Browserless().open(
        `${app.issuer}/authorize?${new URLSearchParams({ client_id: clientId, response_type: 'code', scope: 'openid', redirect_uri: redirectUri })}`,
      );

    it('says what was sent, what is registered and in what they differ, and leads to the form with it', async () => {
      const { clientId } = await ours({ redirectUris: ['http://localhost:3000/cb'] });
      await ask(clientId, 'http://localhost:3000/cb/');
      const page = await eventually(async () => {
        const found = await browser.open(at(`/${clientId}/refusals`));
        return found.body.includes('The slash at the end') && found;
      }, 'the mistake is shown');
      assert.match(page.body, /http:\/\/localhost:3000\/cb<mark>\/<\/mark>/);
      const add = /href="([^"]*addresses\?add=[^"]*)"/.exec(page.body)?.[1]?.replaceAll('&amp;', '&');
      const form = await browser.open(`${app.issuer}${add}`);
      assert.match(form.body, /http:\/\/localhost:3000\/cb\nhttp:\/\/localhost:3000\/cb\/<\/textarea>/);
      assert.deepEqual((await metadataOf(clientId)).redirect_uris, ['http://localhost:3000/cb'], 'a link changed it');
      const both = 'http://localhost:3000/cb\r\nhttp://localhost:3000/cb/';
      await browser.submit(form, { redirect_uris: both, backchannel_logout_uri: '' }, { form: 1 });
      assert.deepEqual((await metadataOf(clientId)).redirect_uris, [
        'http://localhost:3000/cb',
        'http://localhost:3000/cb/',
      ]);
    });

    it('offers to add nothing that a stranger could have put there, and no address does it for them', async () => {
      const { clientId } = await ours({ redirectUris: ['https://app.example/callback'] });
      const bad = ['https://evil.example/callback', 'https://app.example/redirect', 'http://app.example/callback'];
      for (const one of bad) await ask(clientId, one);
      const page = await eventually(async () => {
        const found = await browser.open(at(`/${clientId}/refusals`));
        return bad.every((one) => text(found).includes(one)) && found;
      }, 'the mistakes are shown');
      assert.doesNotMatch(page.body, /[?&]add=/);
      for (const one of [...bad, 'https://app.example/callback/?a=1', 'javascript:alert(1)', 'x'.repeat(400)]) {
        const form = await browser.open(at(`/${clientId}/addresses?add=${encodeURIComponent(one)}`));
        assert.match(form.body, />\nhttps:\/\/app\.example\/callback<\/textarea>/, one);
      }
    });

    it('says why it was refused, in plain words beside the code', async () => {
      const { clientId } = await ours();
      assert.equal(await proves(clientId, 'ghs_wrong'), false);
      await eventually(
        async () =>
          /It did not prove itself[\s\S]*invalid_client/.test((await browser.open(at(`/${clientId}/refusals`))).body),
        'the refusal is shown',
      );
    });
  });

  it('is neither shown to a delegate nor answers them, nor for an application of another tenant', async () => {
    const { clientId } = await ours();
    const node = await make.createNode(app.db, { tenantId: tenant.id, name: 'North' });
    const role = await make.createRole(app.db, {
      tenantId: tenant.id,
      capabilities: ['users.read', 'clients.manage', 'services.manage'],
    });
    const delegate = await app.person({ tenantId: tenant.id });
    await make.assign(app.db, { tenantId: tenant.id, userId: delegate.id, roleId: role.id, orgNodeId: node.id });
    const theirs = await signInToConsole(app, delegate);
    const people = await theirs.open(`${app.issuer}/console/here/people`);
    assert.doesNotMatch(people.body, /\/console\/here\/applications/);
    const paths = [
      '',
      '/_new',
      '/_new/web',
      `/${clientId}`,
      ...['edit', 'secrets', 'secrets/rotate', 'try', 'tried'].map((page) => `/${clientId}/${page}`),
    ];
    for (const path of paths) assert.equal((await theirs.open(at(path))).status, 404, path);
    for (const path of ['/_new/web', `/${clientId}/secrets/rotate`, `/${clientId}/try`])
      assert.equal((await theirs.send(at(path), { name: 'X', redirect_uris: 'https://x.example/' })).status, 404, path);

    const elsewhere = await app.tenant();
    const foreign = await app.relyingParty({ tenantId: elsewhere.id });
    const ofAll = await app.relyingParty({ tenantId: null });
    for (const id of [foreign.clientId, ofAll.clientId, 'no-such'])
      for (const page of [
        '',
        '/edit',
        '/addresses',
        '/sign-in',
        '/connect',
        '/secrets',
        '/refusals',
        '/disable',
        '/delete',
        '/try',
        '/tried',
      ])
        assert.equal((await browser.open(at(`/${id}${page}`))).status, 404, `${id}${page}`);
  });

  it('shows who runs the server those of all tenants, and lets nobody else say that people are not asked', async () => {
    const form = await browser.open(at('/_new/web'));
    assert.doesNotMatch(form.body, /first_party/);
    const forced = await browser.submit(
      form,
      { name: 'Sly', redirect_uris: 'https://sly.example/', first_party: 'yes' },
      { form: 1 },
    );
    assert.match(forced.body, /Sly is registered/);
    const sly = await app.db('clients').where({ name: 'Sly' }).first('firstParty');
    assert.equal(sly.firstParty, false);

    const platform = await app.tenant({ slug: 'platform' });
    await app.db.transaction((trx) => setFirstPlatformTenant(trx, platform.id, systemCaller));
    const operator = await app.person({ tenantId: platform.id });
    await give(app, { tenantId: platform.id, userId: operator.id, role: 'owner' });
    const { clientId } = await app.relyingParty({ tenantId: null, name: 'For everybody' });
    const theirs = await signInToConsole(app, operator);
    assert.match(
      (await theirs.open(`${app.issuer}/console/platform/applications`)).body,
      /For everybody[\s\S]*All tenants/,
    );
    assert.match(
      (await theirs.open(`${app.issuer}/console/platform/applications/${clientId}/edit`)).body,
      /first_party/,
    );
  });

  it('shows and withdraws, on a person’s page, what they let an application have', async () => {
    const { clientId } = await ours({ name: 'Portal of grants' });
    const person = await app.person({ tenantId: tenant.id, fullName: 'Gwen Granted' });
    const visitor = new Browserless();
    const { calculatePKCECodeChallenge, randomPKCECodeVerifier } = await import('openid-client');
    const query = new URLSearchParams({
      client_id: clientId,
      response_type: 'code',
      scope: 'openid profile',
      redirect_uri: 'https://app.example/callback',
      code_challenge: await calculatePKCECodeChallenge(randomPKCECodeVerifier()),
      code_challenge_method: 'S256',
    });
    const page = await visitor.open(`${app.issuer}/authorize?${query}`);
    await visitor.submit(page, { login: person.email, password: person.password }, { until: 'https://app.example/' });
    assert.match(text(await browser.open(at(`/${clientId}`))), /1 person lets it have something/);
    const sessions = await browser.open(`${app.issuer}/console/here/people/${person.id}/sessions`);
    const withdraw = /href="([^"]*\/withdraw)"/.exec(sessions.body)?.[1];
    const done = await browser.submit(await browser.open(`${app.issuer}${withdraw}`), {}, { form: 1 });
    assert.match(done.body, /The application has nothing of theirs any more/);
    assert.match(text(await browser.open(at(`/${clientId}`))), /Nobody has let it have anything yet/);
  });
});
