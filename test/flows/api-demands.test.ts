/** What an API asks of the people whose tokens it takes: two factors, and their consent. */
import assert from 'node:assert/strict';
import { decodeJwt } from 'jose';
import * as openid from 'openid-client';
import { createApiKey } from '../../src/domain/api-keys/api-keys.ts';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { cibaGrant } from '../../src/domain/clients/backchannel.ts';
import { acr } from '../../src/domain/factors/requirement.ts';
import { updateResourceServer } from '../../src/domain/resource-servers/change-resource-server.ts';
import { tokenExchangeGrant } from '../../src/oidc/grant-types.ts';
import { keyClientId } from '../../src/oidc/key-client.ts';
import { apiKeyType } from '../../src/oidc/token-exchange/token-exchange.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { approvalClient, approvalsAt, asked, atApprovals, decide, letPass, poll } from '../support/approvals.ts';
import { Browserless } from '../support/browserless.ts';
import { type ClientCredential, createApi, introspect, post, postAs, refresh } from '../support/endpoints.ts';
import { eventually } from '../support/eventually.ts';
import { assign, createNode, createRole } from '../support/factories.ts';
import {
  discover,
  enterPassword,
  type RelyingParty,
  redirectUri,
  signIn,
  startSignIn,
} from '../support/relying-party.ts';
import { asksForFactor, asksToEnrol, codeOf, enrolled, forgetUsedSteps, proveOn } from '../support/second-factor.ts';
import { ExchangeStage } from '../support/token-exchange.ts';

type Person = Awaited<ReturnType<TestApp['person']>>;
type Api = Awaited<ReturnType<typeof createApi>>;

describe('an API that asks for two factors (RFC 9470)', () => {
  let app: TestApp;
  let other: string;
  let person: Person;
  let strict: Api;
  let plain: Api;
  let client: ClientCredential;
  let party: RelyingParty;
  before(async () => {
    app = await startTestApp();
    other = await app.startProcess();
    person = await app.person();
    strict = await createApi(app, { requiredAcr: acr.aal2 });
    plain = await createApi(app);
    client = await app.relyingParty();
    party = await discover(app, client);
    await holds(person, [strict, plain]);
  });
  after(() => app?.stop());

  async function holds({ id: userId, tenantId }: Person, apis: Api[]): Promise<void> {
    const capabilities = apis.flatMap((api) => api.capabilities);
    const role = await createRole(app.db, { tenantId, capabilities });
    await assign(app.db, { tenantId, userId, roleId: role.id });
  }

  const scopeOf = (...apis: Api[]) => ['openid', ...apis.flatMap((api) => api.capabilities)].join(' ');
  const demand = (api: Api, requiredAcr: string | null) =>
    updateResourceServer(app.db, { id: api.id, requiredAcr }, systemCaller);
  /** A process forgets what it remembers of an API within a second. */
  const isRefused = async (ask: () => ReturnType<typeof postAs>) => {
    const { status, body } = await eventually(async () => {
      const answer = await ask();
      return answer.status === 400 && answer;
    });
    assert.deepEqual([status, body.error], [400, 'invalid_target']);
    assert.match(body.error_description, /acr_values=urn:gatehouse:acr:aal2/);
  };

  it('has the person led through the second factor, and its tokens say so', async () => {
    const someone = await app.person({ tenantId: person.tenantId });
    await holds(someone, [strict]);
    const browser = new Browserless();
    await signIn(party, someone, { browser });
    const { seed } = await enrolled(app, someone);
    const parameters = { scope: scopeOf(strict), resource: strict.identifier };
    const { address, checks } = await startSignIn(party, parameters);
    const page = await browser.open(address.href, redirectUri);
    assert.ok(asksForFactor(page) || /name="password"/.test(page.body), page.url);
    const factor = asksForFactor(page) ? page : await enterPassword(browser, page, someone);
    const reply = await proveOn(browser, factor, codeOf(seed));
    const resource = { resource: strict.identifier };
    const tokens = await openid.authorizationCodeGrant(
      party.config,
      new URL(reply.location as string),
      checks,
      resource,
    );
    const claims = decodeJwt(tokens.access_token);
    assert.equal(claims.acr, acr.aal2);
    assert.equal(typeof claims.auth_time, 'number');
    const again = await refresh(other, client, tokens.refresh_token as string, resource);
    assert.equal(decodeJwt(again.body.access_token).acr, acr.aal2);
  });

  it('has who has none yet set one up, also where the API is the application’s own default', async () => {
    const someone = await app.person({ tenantId: person.tenantId });
    for (const as of [
      party,
      await discover(app, await app.relyingParty({ metadata: { default_resource: strict.identifier } })),
    ]) {
      const named: Record<string, string> = as === party ? { resource: strict.identifier } : {};
      const { address } = await startSignIn(as, { scope: scopeOf(strict), ...named });
      const browser = new Browserless();
      const page = await enterPassword(browser, await browser.open(address.href, redirectUri), someone);
      assert.ok(asksToEnrol(page) || /factor/.test(page.url), page.url);
      const silent = await browser.open(`${address.href}&prompt=none`, redirectUri);
      assert.match(silent.location ?? '', /error=login_required/);
    }
  });

  it('asks nothing of who asks for another API, nor of a service', async () => {
    const { tokens } = await signIn(party, person, {
      parameters: { scope: scopeOf(plain), resource: plain.identifier },
      tokenParameters: { resource: plain.identifier },
    });
    assert.equal(decodeJwt(tokens.access_token).acr, acr.aal1);
    const service = await app.service({ capabilities: strict.capabilities });
    const own = await postAs(`${app.issuer}/token`, service, {
      grant_type: 'client_credentials',
      resource: strict.identifier,
    });
    assert.equal(own.status, 200);
  });

  it('refuses a code and a refresh of a lesser sign-in, which stays good for other APIs', async () => {
    const [late, left] = [await createApi(app), await createApi(app)];
    await holds(person, [late, left]);
    const resources = [late.identifier, left.identifier];
    const { tokens } = await signIn(party, person, {
      parameters: { scope: scopeOf(late, left) },
      resources,
      tokenParameters: { resource: late.identifier },
    });
    const { address, checks } = await startSignIn(party, { scope: scopeOf(late, left) }, resources);
    const browser = new Browserless();
    const reply = await enterPassword(browser, await browser.open(address.href, redirectUri), person);
    await demand(late, acr.aal2);
    let newest = tokens.refresh_token as string;
    for (const origin of [app.issuer, other]) {
      // Each in turn: what was not refused yet has given the next one.
      let token = newest;
      await isRefused(async () => {
        const answer = await refresh(origin, client, token, { resource: late.identifier });
        if (answer.status === 200) token = answer.body.refresh_token;
        return answer;
      });
      const ok = await refresh(origin, client, token, { resource: left.identifier });
      assert.equal(ok.status, 200, JSON.stringify(ok.body));
      newest = ok.body.refresh_token;
    }
    const code = openid.authorizationCodeGrant(party.config, new URL(reply.location as string), checks, {
      resource: late.identifier,
    });
    await assert.rejects(code, { error: 'invalid_target' });
  });

  it('takes no exchanged token of a lesser sign-in, and none of a key', async () => {
    const stage = await ExchangeStage.create(app);
    const [stock, ledger] = [await stage.step(), await stage.step()];
    await stage.allow(stock, ledger);
    await stage.holds(stage.person, [stock, ledger]);
    const subject = await stage.tokenFor(stock, { apis: [stock, ledger] });
    const exchange = () =>
      postAs(`${app.issuer}/token`, stock.service, {
        grant_type: tokenExchangeGrant,
        subject_token: subject,
        subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        resource: ledger.api.identifier,
      });
    assert.equal((await exchange()).status, 200);
    await demand(ledger.api as Api, acr.aal2);
    await isRefused(exchange);

    const { tenantId } = stage;
    const { id: orgNodeId } = await createNode(app.db, { tenantId });
    const wanted = { tenantId, orgNodeId, userId: null, name: 'K', capabilities: ledger.api.capabilities };
    const { key } = await createApiKey(app.db, wanted, systemCaller);
    await demand(ledger.api as Api, acr.aal1);
    const byKey = await eventually(async () => {
      const answer = await post(`${app.issuer}/token`, {
        grant_type: tokenExchangeGrant,
        client_id: keyClientId,
        subject_token: key,
        subject_token_type: apiKeyType,
        resource: ledger.api.identifier,
      });
      return answer.status !== 200 && answer;
    });
    assert.equal(byKey.body.error, 'invalid_target', JSON.stringify(byKey.body));
    assert.equal((await exchange()).status, 200, 'a person has signed in');
  });

  it('asks for the second factor where an approval is asked for (CIBA)', async () => {
    const { tenantId } = person;
    const someone = await app.person({ tenantId });
    await holds(someone, [strict]);
    const desk = await approvalClient(app, tenantId);
    const { auth_req_id } = await asked(app, desk, {
      login_hint: someone.email,
      scope: scopeOf(strict),
      resource: strict.identifier,
    });
    const { browser, page } = await atApprovals(app, someone);
    const stepped = await decide(browser, page, 'approve');
    const { seed } = await enrolled(app, someone);
    assert.equal((await poll(app, desk, auth_req_id)).body.error, 'authorization_pending');
    await forgetUsedSteps(app, someone.id);
    const factor = asksForFactor(stepped)
      ? stepped
      : await browser.submit(stepped, { login: someone.email, password: someone.password });
    const back = await proveOn(browser, factor, codeOf(seed), 'none:');
    assert.equal(back.url, approvalsAt(app.issuer));
    await decide(browser, back, 'approve');
    await letPass(app, 60);
    const form = { grant_type: cibaGrant, auth_req_id, resource: strict.identifier };
    const { body } = await postAs(`${app.issuer}/token`, desk, form);
    const claims = decodeJwt(body.access_token);
    assert.deepEqual([claims.aud, claims.acr], [strict.identifier, acr.aal2]);
    const service = await app.service({ resourceServerId: strict.id });
    assert.equal((await introspect(app.issuer, service, body.access_token)).body.acr, acr.aal2);
  });
});

describe('an API whose scopes ask for consent', () => {
  let app: TestApp;
  let person: Person;
  let api: Api;
  let party: RelyingParty;
  before(async () => {
    app = await startTestApp();
    person = await app.person();
    api = await createApi(app, { skipConsent: false });
    party = await discover(app, await app.relyingParty());
  });
  after(() => app?.stop());

  const parameters = () => ({ scope: `openid email ${api.capabilities.join(' ')}`, resource: api.identifier });

  it('has a first-party application ask the person, once', async () => {
    const { address, checks } = await startSignIn(party, parameters());
    const browser = new Browserless();
    const page = await enterPassword(browser, await browser.open(address.href, redirectUri), person);
    assert.match(page.body, new RegExp(api.name));
    assert.match(page.body, /name="decision"/);
    const silent = await browser.open(`${address.href}&prompt=none`, redirectUri);
    assert.match(silent.location ?? '', /error=consent_required/);
    const reply = await browser.submit(page, { decision: 'allow' }, { until: redirectUri });
    const resource = { resource: api.identifier };
    const callback = new URL(reply.location as string);
    const tokens = await openid.authorizationCodeGrant(party.config, callback, checks, resource);
    assert.equal(decodeJwt(tokens.access_token).aud, api.identifier);
    const next = await browser.open((await startSignIn(party, parameters())).address.href, redirectUri);
    assert.match(next.location ?? '', /code=/, 'what was allowed is not asked again');
  });

  it('gives nothing where the person says no', async () => {
    const { address } = await startSignIn(party, parameters());
    const browser = new Browserless();
    const page = await enterPassword(browser, await browser.open(address.href, redirectUri), await app.person());
    const reply = await browser.submit(page, { decision: 'deny' }, { until: redirectUri });
    assert.match(reply.location ?? '', /error=access_denied/);
  });

  it('asks nobody where it says so, of a first-party application; a third party asks always', async () => {
    await updateResourceServer(app.db, { id: api.id, skipConsent: true }, systemCaller);
    const opens = async (as: RelyingParty) => {
      const browser = new Browserless();
      const { address } = await startSignIn(as, parameters());
      return enterPassword(browser, await browser.open(address.href, redirectUri), await app.person());
    };
    await eventually(async () => (await opens(party)).location !== undefined);
    const third = await discover(app, await app.relyingParty({ firstParty: false }));
    assert.match((await opens(third)).body, /name="decision"/);
  });
});
