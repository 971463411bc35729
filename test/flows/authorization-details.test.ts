/** Authorization details (RFC 9396) of the type `org_node_access`: some capabilities of an API at one place, given for one time. */
import assert from 'node:assert/strict';
import { decodeJwt } from 'jose';
import * as openid from 'openid-client';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { placeAccess } from '../../src/domain/clients/authorization-details.ts';
import { endAssignment } from '../../src/domain/organisation/org-assignments.ts';
import { tokenExchangeGrant } from '../../src/oidc/grant-types.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { approvalClient } from '../support/approvals.ts';
import { Browserless, type Reply } from '../support/browserless.ts';
import { type ClientCredential, createApi, introspect, post, postAs, refresh } from '../support/endpoints.ts';
import { assign, createNode, createRole } from '../support/factories.ts';
import { discover, enterPassword, type RelyingParty, redirectUri, startSignIn } from '../support/relying-party.ts';

type Person = Awaited<ReturnType<TestApp['person']>>;

describe('authorization details', () => {
  let app: TestApp;
  let api: Awaited<ReturnType<typeof createApi>>;
  let person: Person;
  let north: string;
  let south: string;
  let below: string;
  let assignmentId: string;
  let client: ClientCredential;
  let party: RelyingParty;
  const registered = { authorization_details_types: [placeAccess] };
  before(async () => {
    app = await startTestApp();
    api = await createApi(app, { tokenFormat: 'jwt' });
    person = await app.person();
    const { tenantId } = person;
    north = (await createNode(app.db, { tenantId, name: 'Harbour pharmacy' })).id;
    south = (await createNode(app.db, { tenantId, name: 'Secret pharmacy' })).id;
    below = (await createNode(app.db, { tenantId, parentId: north, name: 'Counter' })).id;
    const role = await createRole(app.db, { tenantId, capabilities: api.capabilities });
    assignmentId = (await assign(app.db, { tenantId, userId: person.id, roleId: role.id, orgNodeId: north })).id;
    client = await app.relyingParty({ metadata: registered });
    party = await discover(app, client);
  });
  after(() => app?.stop());

  const detail = (more: object = {}) => ({
    type: placeAccess,
    identifier: north,
    actions: [api.capabilities[0]],
    ...more,
  });
  const parameters = (details: unknown) => ({
    scope: 'openid offline_access',
    resource: api.identifier,
    prompt: 'consent',
    authorization_details: typeof details === 'string' ? details : JSON.stringify(details),
  });

  async function ask(details: unknown, as = party): Promise<{ page: Reply; browser: Browserless; checks: object }> {
    const { address, checks } = await startSignIn(as, parameters(details));
    const browser = new Browserless();
    const first = await browser.open(address.href, redirectUri);
    const page = first.location ? first : await enterPassword(browser, first, person);
    return { page, browser, checks };
  }

  async function given(details: unknown, as = party, more: Record<string, string> = {}) {
    const { page, browser, checks } = await ask(details, as);
    const reply = await browser.submit(page, { decision: 'allow' }, { until: redirectUri });
    const address = new URL(reply.location as string);
    const tokens = await openid.authorizationCodeGrant(as.config, address, checks, {
      resource: api.identifier,
      ...more,
    });
    return { tokens, page };
  }

  const expected = (more: object = {}) => [{ ...detail(), locations: [api.identifier], ...more }];
  const saidBy = (token: string) => decodeJwt(token).authorization_details;

  it('are told on the page of consent, also of an application of one’s own, and stand in the token', async () => {
    const { tokens, page } = await given([detail()]);
    assert.match(page.body, /At Harbour pharmacy/);
    assert.match(page.body, new RegExp(api.name));
    assert.deepEqual(saidBy(tokens.access_token), expected());
    assert.deepEqual(tokens.authorization_details, expected());
    const again = await refresh(app.issuer, client, tokens.refresh_token as string, { resource: api.identifier });
    assert.deepEqual(saidBy(again.body.access_token), expected());
    const service = await app.service({ resourceServerId: api.id } as never);
    const { body } = await introspect(app.issuer, service, again.body.access_token);
    assert.deepEqual(body.authorization_details, expected());
    const document = await (await fetch(`${app.issuer}/.well-known/openid-configuration`)).json();
    assert.deepEqual((document as Record<string, unknown>).authorization_details_types_supported, [placeAccess]);
  });

  it('are asked for each time, and stay with what was asked: a later token has none', async () => {
    const { tokens } = await given([detail()]);
    assert.ok(saidBy(tokens.access_token));
    const { address, checks } = await startSignIn(party, { scope: 'openid', resource: api.identifier });
    const browser = new Browserless();
    const page = await enterPassword(browser, await browser.open(address.href, redirectUri), person);
    const later = await openid.authorizationCodeGrant(party.config, new URL(page.location as string), checks, {
      resource: api.identifier,
    });
    assert.equal(saidBy(later.access_token), undefined);
  });

  it('are narrowed at the token endpoint and never widened', async () => {
    const [read, write] = api.capabilities as [string, string];
    const { tokens } = await given([detail({ actions: [read, write], identifier: below })]);
    const refreshed = (details: object[]) =>
      refresh(app.issuer, client, tokens.refresh_token as string, {
        resource: api.identifier,
        authorization_details: JSON.stringify(details),
      });
    const narrow = await refreshed([detail({ identifier: below })]);
    assert.deepEqual(saidBy(narrow.body.access_token), expected({ identifier: below }));
    for (const wider of [detail({ identifier: north }), detail({ identifier: south })]) {
      const { status, body } = await refresh(app.issuer, client, narrow.body.refresh_token as string, {
        resource: api.identifier,
        authorization_details: JSON.stringify([wider]),
      });
      assert.deepEqual([status, body.error], [400, 'invalid_authorization_details']);
    }
  });

  it('are refused where they are none: form, type, API, number and length', async () => {
    const many = Array.from({ length: 6 }, () => detail());
    for (const wrong of [
      '{',
      '"x"',
      [{ type: 'payment_initiation' }],
      [detail({ amount: 5 })],
      [detail({ identifier: 'north' })],
      [detail({ identifier: undefined })],
      [detail({ actions: [] })],
      [detail({ actions: ['users.manage'] })],
      [detail({ actions: 'stock.read' })],
      [detail({ locations: ['https://other.example/'] })],
      [detail({ identifier: `${north}'; --` })],
      many,
      JSON.stringify([detail({ actions: Array.from({ length: 300 }, () => api.capabilities[0]) })]),
    ]) {
      const { page } = await ask(wrong);
      const error = new URL(page.location as string).searchParams.get('error');
      assert.equal(error, 'invalid_authorization_details', JSON.stringify(wrong));
    }
  });

  it('are refused to an application that has not registered them, and where no person is asked', async () => {
    const plain = await discover(app, await app.relyingParty());
    const { page } = await ask([detail()], plain);
    assert.equal(new URL(page.location as string).searchParams.get('error'), 'invalid_authorization_details');
    const authorization_details = JSON.stringify([detail()]);
    const grant_types = ['authorization_code', 'urn:ietf:params:oauth:grant-type:device_code'];
    const device = await app.relyingParty({ metadata: { ...registered, grant_types } });
    const wanted = { scope: 'openid', resource: api.identifier };
    assert.equal((await postAs(`${app.issuer}/device/authorize`, device, wanted)).status, 200);
    const typed = await postAs(`${app.issuer}/device/authorize`, device, { ...wanted, authorization_details });
    assert.equal(typed.body.error, 'invalid_authorization_details', JSON.stringify(typed.body));
    const approving = await approvalClient(app, person.tenantId, { metadata: registered });
    const asked = { ...wanted, login_hint: person.email };
    const backchannel = await postAs(`${app.issuer}/backchannel`, approving, { ...asked, authorization_details });
    assert.equal(backchannel.body.error, 'invalid_authorization_details', JSON.stringify(backchannel.body));
    const service = await app.service({ capabilities: api.capabilities });
    const { body } = await postAs(`${app.issuer}/token`, service, {
      grant_type: 'client_credentials',
      resource: api.identifier,
      authorization_details,
    });
    assert.equal(body.error, 'invalid_authorization_details');
  });

  it('are asked for no one who does not see a page (prompt=none)', async () => {
    const { address } = await startSignIn(party, parameters([detail()]));
    const browser = new Browserless();
    const page = await enterPassword(browser, await browser.open(address.href, redirectUri), person);
    await browser.submit(page, { decision: 'allow' }, { until: redirectUri });
    const silent = await startSignIn(party, { ...parameters([detail()]), prompt: 'none' });
    const reply = await browser.open(silent.address.href, redirectUri);
    assert.equal(new URL(reply.location as string).searchParams.get('error'), 'consent_required');
  });

  it('tell nothing of places where the person may do nothing, nor of another tenant’s', async () => {
    const elsewhere = await app.person();
    const foreign = (await createNode(app.db, { tenantId: elsewhere.tenantId, name: 'Foreign' })).id;
    for (const identifier of [south, foreign, '018f3f3f-0000-7000-8000-000000000000']) {
      const { page } = await ask([detail({ identifier })]);
      assert.doesNotMatch(page.body, /Secret pharmacy|Foreign/);
      assert.equal(new URL(page.location as string).searchParams.get('error'), 'access_denied');
    }
  });

  it('are exchanged for no token that would be good everywhere', async () => {
    const { tokens } = await given([detail()]);
    const other = await createApi(app, { tokenExchange: true } as never);
    const service = await app.service({ resourceServerId: api.id, capabilities: other.capabilities } as never);
    const { status, body } = await postAs(`${app.issuer}/token`, service, {
      grant_type: tokenExchangeGrant,
      subject_token: tokens.access_token,
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      resource: other.identifier,
    });
    assert.equal(status, 400);
    assert.match(body.error_description, /authorization_details/);
  });

  it('hold what the person may do now: what has ended is in no token, and in no answer', async () => {
    const { tokens } = await given([detail()]);
    const service = await app.service({ resourceServerId: api.id } as never);
    await endAssignment(app.db, { tenantId: person.tenantId, assignmentId }, systemCaller);
    const { body } = await introspect(app.issuer, service, tokens.access_token);
    assert.equal(body.active, true);
    assert.equal(body.authorization_details, undefined);
    const again = await refresh(app.issuer, client, tokens.refresh_token as string, { resource: api.identifier });
    assert.deepEqual([again.status, again.body.error], [400, 'invalid_grant']);
    assert.equal((await post(`${app.issuer}/token`, {})).status, 400);
  });
});
