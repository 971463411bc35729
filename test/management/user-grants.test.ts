import assert from 'node:assert/strict';
import { startTestApp, type TestApp } from '../support/app.ts';
import { installFaults, stateOf, withFault } from '../support/audit.ts';
import { createApi, introspect, refresh, userinfoStatus } from '../support/endpoints.ts';
import { assign, createRole } from '../support/factories.ts';
import { type Ask, askAsService } from '../support/management.ts';
import { discover, type RelyingParty, redirectUri, signIn, startSignIn } from '../support/relying-party.ts';

/** With refresh tokens, which other people's applications get for `offline_access` alone. */
const parameters = { scope: 'openid email offline_access', prompt: 'consent' };
const logoutUri = 'https://told.example/logout';

describe('operations on the grants of a person', () => {
  let app: TestApp;
  let tenantId: string;
  let ask: Ask;

  before(async () => {
    app = await startTestApp({ runJobs: false });
    tenantId = (await app.tenant()).id;
    await installFaults(app.db);
    ask = await askAsService(app, { tenantId, capabilities: ['sessions.manage'] });
  });
  after(() => app?.stop());

  const thirdParty = async (overrides = {}): Promise<RelyingParty> =>
    discover(app, await app.relyingParty({ tenantId, firstParty: false, name: 'Lunch Menus', ...overrides }));

  const grantsOf = async (userId: string) => (await ask('GET', `/users/${userId}/grants`)).body.items;
  const logouts = async () =>
    (
      await app.db.raw(
        `select j.payload from graphile_worker._private_jobs j
           join graphile_worker._private_tasks t on t.id = j.task_id
          where t.identifier = 'backchannel-logout' order by j.id`,
      )
    ).rows.map(({ payload }: { payload: { clientId: string; sub: string; sid: string } }) => payload);

  it('lists who may have what, since when, and when it was used last', async () => {
    const person = await app.person({ tenantId });
    const api = await createApi(app);
    const role = await createRole(app.db, { tenantId, capabilities: api.capabilities });
    await assign(app.db, { tenantId, userId: person.id, roleId: role.id });
    assert.deepEqual(await grantsOf(person.id), []);
    const party = await thirdParty();
    const scope = `${parameters.scope} ${api.capabilities[0]}`;
    const { tokens } = await signIn(party, person, { parameters: { ...parameters, scope, resource: api.identifier } });
    const [grant, ...others] = await grantsOf(person.id);
    assert.deepEqual(others, []);
    assert.deepEqual(
      [grant.client_id, grant.client_name, grant.first_party, grant.scopes],
      [party.clientId, 'Lunch Menus', false, ['openid', 'email', 'offline_access']],
    );
    assert.deepEqual(grant.resources, [{ resource: api.identifier, scopes: [api.capabilities[0]] }]);
    assert.ok(grant.last_used_at >= grant.created_at, JSON.stringify(grant));

    const anHourAgo = new Date(Date.now() - 3_600_000);
    await app.db('oidc_payloads').where({ grantId: grant.id, model: 'Grant' }).update({ lastUsedAt: anHourAgo });
    assert.equal((await grantsOf(person.id))[0].last_used_at, anHourAgo.toISOString());
    assert.equal((await refresh(app.issuer, party, tokens.refresh_token as string)).status, 200);
    const used = (await grantsOf(person.id))[0].last_used_at;
    assert.ok(used > anHourAgo.toISOString());
    // Nothing else of the grant changes by its use.
    assert.deepEqual(await grantsOf(person.id), [{ ...grant, last_used_at: used }]);
  });

  it('takes a code back that is on its way', async () => {
    const person = await app.person({ tenantId });
    const party = await thirdParty();
    const { browser } = await signIn(party, person);
    const { address, checks } = await startSignIn(party);
    const { location } = await browser.open(address.href, redirectUri);
    const [grant] = await grantsOf(person.id);
    assert.equal((await ask('DELETE', `/users/${person.id}/grants/${grant.id}`)).status, 204);
    const { authorizationCodeGrant } = await import('openid-client');
    await assert.rejects(authorizationCodeGrant(party.config, new URL(location as string), checks), {
      error: 'invalid_grant',
    });
  });

  it('leaves nothing usable of fifty refreshes that run beside it', async () => {
    const person = await app.person({ tenantId });
    const party = await thirdParty();
    const { tokens } = await signIn(party, person, { parameters });
    const [grant] = await grantsOf(person.id);
    assert.ok(tokens.refresh_token);
    const refreshes = Array.from({ length: 50 }, () => refresh(app.issuer, party, tokens.refresh_token as string));
    const [{ status }, ...answers] = await Promise.all([
      ask('DELETE', `/users/${person.id}/grants/${grant.id}`),
      ...refreshes,
    ]);
    assert.equal(status, 204);
    for (const { body } of answers as { body: { access_token?: string; refresh_token?: string } }[]) {
      if (body.access_token) assert.equal(await userinfoStatus(app.issuer, body.access_token), 401);
      if (body.refresh_token)
        assert.equal((await refresh(app.issuer, party, body.refresh_token)).body.error, 'invalid_grant');
    }
  });

  it('takes back no grant of another person or tenant', async () => {
    const [one, two] = [await app.person({ tenantId }), await app.person({ tenantId })];
    const { tokens } = await signIn(await thirdParty(), one);
    const [grant] = await grantsOf(one.id);
    assert.equal((await ask('DELETE', `/users/${two.id}/grants/${grant.id}`)).status, 404);
    const there = await askAsService(app, { tenantId: (await app.tenant()).id, capabilities: ['sessions.manage'] });
    assert.equal((await there('GET', `/users/${one.id}/grants`)).status, 404);
    assert.equal((await there('DELETE', `/users/${one.id}/grants/${grant.id}`)).status, 404);
    assert.equal(await userinfoStatus(app.issuer, tokens.access_token), 200);
  });

  it('happens with its event and its logout tokens, or not at all', async () => {
    const person = await app.person({ tenantId });
    await signIn(await thirdParty(), person);
    const [grant] = await grantsOf(person.id);
    const withdraw = () => ask('DELETE', `/users/${person.id}/grants/${grant.id}`);
    for (const fault of ['grant.withdrawn', 'Grant', 'AccessToken', 'event']) {
      const before = [await stateOf(app.db), await logouts()];
      await withFault(app.db, fault, async () => assert.equal((await withdraw()).status, 500, fault));
      assert.deepEqual([await stateOf(app.db), await logouts()], before, fault);
    }
    assert.equal((await withdraw()).status, 204);
  });

  // Last: the other process works off what waits in the queue.
  it('takes one back: its tokens are worth nothing on every node, and the person stays signed in', async () => {
    const other = await app.startProcess();
    const person = await app.person({ tenantId });
    const [party, left] = [await thirdParty({ metadata: { backchannel_logout_uri: logoutUri } }), await thirdParty()];
    const { tokens, browser } = await signIn(party, person, { parameters });
    assert.ok(tokens.refresh_token);
    const kept = await signIn(left, person, { browser });
    for (const origin of [app.issuer, other]) assert.equal(await userinfoStatus(origin, tokens.access_token), 200);
    const grant = (await grantsOf(person.id)).find((row: { client_id: string }) => row.client_id === party.clientId);

    assert.equal((await ask('DELETE', `/users/${person.id}/grants/${grant.id}`)).status, 204);
    for (const origin of [app.issuer, other]) {
      assert.equal(await userinfoStatus(origin, tokens.access_token), 401);
      assert.equal((await introspect(origin, party, tokens.access_token)).body.active, false);
      assert.equal((await refresh(origin, party, tokens.refresh_token as string)).body.error, 'invalid_grant');
      assert.equal(await userinfoStatus(origin, kept.tokens.access_token), 200);
    }
    const rows = app.db('oidc_payloads').where({ grantId: grant.id }).whereNot({ model: 'Interaction' });
    assert.deepEqual(await rows.select('model'), []);
    const { sub, sid } = { ...tokens.claims() };
    assert.deepEqual(await logouts(), [{ clientId: party.clientId, sub, sid }]);
    const [event] = await app.db('audit_events').where({ entityId: person.id, action: 'grant.withdrawn' });
    assert.deepEqual(event.payload, { clientId: party.clientId, grantId: grant.id, cause: 'users.grants.withdraw' });
    assert.equal((await ask('DELETE', `/users/${person.id}/grants/${grant.id}`)).status, 204, 'once more');
    assert.equal((await ask('DELETE', `/users/${person.id}/grants/another`)).status, 404);
    assert.equal((await app.db('audit_events').where({ entityId: person.id, action: 'grant.withdrawn' })).length, 1);

    // Without a question the application gets nothing; the person is asked again, with no password.
    const silent = await startSignIn(party, { prompt: 'none' });
    const refused = await browser.open(silent.address.href, redirectUri);
    assert.equal(new URL(refused.location as string).searchParams.get('error'), 'consent_required');
    const again = await browser.open((await startSignIn(party)).address.href, redirectUri);
    assert.match(again.body, /name="decision"/);
  });
});
