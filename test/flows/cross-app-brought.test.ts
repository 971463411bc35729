/** What an identity assertion is worth at the other side (cross-app access): forged, replayed, for others, for more. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { decodeJwt, decodeProtectedHeader, UnsecuredJWT } from 'jose';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { addCrossAppAudience } from '../../src/domain/clients/cross-app-audiences.ts';
import { setIdentityProviderState } from '../../src/domain/methods/federation/identity-providers.ts';
import { setProviderTerms } from '../../src/domain/methods/tenant-methods.ts';
import { updateResourceServer } from '../../src/domain/resource-servers/change-resource-server.ts';
import { managementAudience } from '../../src/oidc/tokens/management-audience.ts';
import { DomainError } from '../../src/platform/errors.ts';
import { randomToken } from '../../src/platform/secrets.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { CrossAppStage, signedBy, type Traveller } from '../support/cross-app.ts';
import { createApi, type EndpointAnswer, introspect, otherSpelling } from '../support/endpoints.ts';
import { eventually } from '../support/eventually.ts';
import { signIn } from '../support/relying-party.ts';
import { untilTaken } from '../support/until-taken.ts';

const seconds = () => Math.floor(Date.now() / 1000);

describe('bringing an identity assertion', () => {
  let app: TestApp;
  /** With keys of its own. */
  let foreign: TestApp;
  let other: string;
  let stage: CrossAppStage;
  let abroad: CrossAppStage;
  let traveller: Traveller;
  before(async () => {
    [app, foreign] = await Promise.all([startTestApp(), startTestApp({ env: { SECRET_KEY: randomToken(36) } })]);
    other = await app.startProcess();
    [stage, abroad] = [await CrossAppStage.create(app), await CrossAppStage.create(foreign, app)];
    traveller = await stage.traveller();
  });
  after(async () => {
    await Promise.all([app?.stop(), foreign?.stop()]);
  });

  function assertRefused({ status, body }: EndpointAnswer, error = 'invalid_grant', what = ''): void {
    assert.deepEqual([status, body.error], [400, error], `${what} ${JSON.stringify(body)}`);
  }

  /** Refused, and the trail says why: what repeats within a minute is told once, so that is forgotten first. */
  async function assertReason(
    reason: RegExp,
    bring: () => Promise<EndpointAnswer>,
    clientId = stage.away.client.clientId,
  ): Promise<void> {
    await app.db('repeated_refusals').delete();
    assertRefused(await bring());
    await eventually(async () => {
      const events = await app.db('audit_events').where({ action: 'token.refused', actorId: clientId });
      return events.some(({ payload }) => reason.test(payload.detail ?? ''));
    }, `the trail says ${reason}`);
  }

  it('is good once, also for fifty at once at two processes', async () => {
    const assertion = await stage.assertionFor(traveller);
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        untilTaken(() => stage.bring(assertion, {}, { origin: index % 2 === 0 ? app.issuer : other })),
      ),
    );
    const given = answers.filter(({ status }) => status === 200);
    assert.equal(given.length, 1);
    for (const answer of answers) if (answer.status !== 200) assertRefused(answer);
    const grants = await app.db('oidc_payloads').where({ model: 'Grant', accountId: traveller.there.id });
    assert.equal(grants.length, 1, 'what was refused leaves no grant');
    await assertReason(/was used before/, () => stage.bring(assertion));
  });

  it('is used up by its jti, whatever else it says', async () => {
    const jti = randomToken();
    assert.equal((await stage.bring(await stage.forge(traveller, { jti }))).status, 200);
    assertRefused(await stage.bring(await stage.forge(traveller, { jti, scope: stage.away.api.capabilities[0] })));
    const who = await abroad.traveller();
    assert.equal((await abroad.bring(await abroad.forge(who, { jti }))).status, 200, 'of another issuer');
  });

  it('refuses what is no assertion for this application here, and now', async () => {
    const at = seconds();
    const cases: Record<string, Record<string, unknown>> = {
      'another server': { aud: 'https://elsewhere.example' },
      'another spelling': { aud: `${app.issuer}/` },
      'the token endpoint': { aud: `${app.issuer}/token` },
      several: { aud: [app.issuer, 'https://elsewhere.example'] },
      'no server': { aud: undefined },
      'another application': { client_id: 'another' },
      'the application here': { client_id: stage.home.party.clientId },
      'no application': { client_id: undefined },
      'another tenant': { tenant: stage.away.tenantId },
      'no tenant': { tenant: undefined },
      'another issuer': { iss: 'https://elsewhere.example' },
      'no issuer': { iss: undefined },
      'an issuer that is no text': { iss: ['a'] },
      nobody: { sub: undefined },
      'a stranger': { sub: traveller.there.id },
      'no name that anybody has': { sub: 'a\0b' },
      'a list of people': { sub: [traveller.here.id] },
      'an issuer that no text holds': { iss: 'a\0b' },
      'no jti': { jti: undefined },
      'an empty jti': { jti: '' },
      'no end': { exp: undefined },
      'no beginning': { iat: undefined },
      'an hour': { exp: at + 3_600 },
      'the past': { iat: at - 500, exp: at - 100 },
      'the future': { iat: at + 300, exp: at + 400 },
      'not yet': { nbf: at + 300 },
      'no scope': { scope: undefined },
      'a list of scopes': { scope: stage.away.api.capabilities },
    };
    for (const [what, claims] of Object.entries(cases))
      assertRefused(await stage.bring(await stage.forge(traveller, claims)), 'invalid_grant', what);
    assert.equal((await stage.bring(await stage.forge(traveller, { aud: [app.issuer] }))).status, 200);
  });

  it('refuses what its issuer has not signed so', async () => {
    const good = await stage.forge(traveller);
    const [, body] = good.split('.');
    const claims = decodeJwt(good);
    const { typ, kid } = decodeProtectedHeader(good);
    const hs256 = Buffer.from(JSON.stringify({ alg: 'HS256', typ, kid })).toString('base64url');
    const signature = (key: string) => createHmac('sha256', key).update(`${hs256}.${body}`).digest('base64url');
    const none = Buffer.from(JSON.stringify({ alg: 'none', typ })).toString('base64url');
    const { kid: theirs } = decodeProtectedHeader(await signedBy(foreign, {}));
    const strange: Record<string, string> = {
      unsigned: new UnsecuredJWT(claims).encode(),
      none: `${none}.${body}.`,
      'by our public keys': `${hs256}.${body}.${signature(await (await fetch(`${app.issuer}/jwks`)).text())}`,
      'by the secret of the application': `${hs256}.${body}.${signature(stage.away.client.clientSecret)}`,
      'by the keys of another server': await stage.forge(traveller, {}, { by: foreign }),
      'by them, under our kid': await stage.forge(traveller, {}, { by: foreign, header: { kid } }),
      'by our keys, under theirs': await stage.forge(traveller, {}, { header: { kid: theirs } }),
      'of no type': await stage.forge(traveller, {}, { header: { typ: undefined } }),
      'as a JWT': await stage.forge(traveller, {}, { header: { typ: 'JWT' } }),
      'as an access token': await stage.forge(traveller, {}, { header: { typ: 'at+jwt' } }),
      'spelled otherwise': otherSpelling(good),
      'an id_token': (await stage.signIn(traveller)).id_token as string,
      'too long': `${good}${'A'.repeat(10_000)}`,
      'no JWT': 'a.b.c',
      nothing: 'x',
    };
    for (const [what, assertion] of Object.entries(strange))
      assertRefused(await stage.bring(assertion), 'invalid_grant', what);
    assertRefused(await stage.bring('', {}), 'invalid_request');
    assert.equal((await stage.bring(good)).status, 200, 'none of them has used it up');
    const who = await abroad.traveller();
    assertRefused(
      await abroad.bring(await abroad.forge(who, {}, { by: app })),
      'invalid_grant',
      'our keys, in their name',
    );
    assert.equal((await abroad.bring(await abroad.forge(who))).status, 200);
  });

  it('refuses another application of the tenant that may bring assertions too', async () => {
    const second = await app.relyingParty({ tenantId: stage.away.tenantId });
    await stage.trust({ clientIds: [stage.away.client.clientId, second.clientId] });
    const assertion = await stage.assertionFor(traveller);
    const bySecond = (brought: string) => () => stage.bring(brought, {}, { client: second });
    await assertReason(/another application/, bySecond(assertion), second.clientId);
    assert.equal((await stage.bring(assertion)).status, 200);
    await stage.trust();
    const own = await stage.forge(traveller, { client_id: second.clientId });
    await assertReason(/vouches to this application for nobody/, bySecond(own), second.clientId);
  });

  it('refuses people of a third tenant, whatever its application is called', async () => {
    const third = await CrossAppStage.create(app);
    const party = third.home.party;
    const names = { audience: foreign.issuer, audienceClientId: stage.away.client.clientId, scopes: ['a'] };
    await addCrossAppAudience(app.db, party.clientId, names, systemCaller);
    const { here } = await third.traveller();
    // Linked by mistake: the tenant of the assertion is what counts.
    const { there } = await stage.traveller();
    await app.db('user_identities').where({ userId: there.id, subject: traveller.here.id }).delete();
    await app
      .db('user_identities')
      .where({ userId: there.id })
      .whereNot({ provider: 'password' })
      .update({ subject: here.id });
    const { tokens } = await signIn(party, here);
    const more = { audience: app.issuer, resource: stage.away.api.identifier };
    const { body } = await third.exchange(tokens.id_token as string, more);
    // The third tenant's administrator can name our application, and still vouches for their own people alone.
    await app
      .db('cross_app_audiences')
      .where({ audience: app.issuer, audienceClientId: third.away.client.clientId })
      .update({ audienceClientId: stage.away.client.clientId, scopes: stage.away.api.capabilities });
    assert.ok(body.access_token);
    const renamed = await eventually(async () => {
      const answer = await third.exchange(tokens.id_token as string, more);
      return decodeJwt(answer.body.access_token).client_id === names.audienceClientId && answer.body.access_token;
    });
    await assertReason(/another tenant/, () => stage.bring(renamed));
  });

  it('refuses people of the very tenant', async () => {
    const { client, tenantId, providerKey } = stage.away;
    for (const tenant of [tenantId, null, 'no-id'])
      await assert.rejects(
        stage.trust({ theirTenant: tenant }),
        (error) => error instanceof DomainError,
        String(tenant),
      );
    const crossApp = { clientIds: [client.clientId], scopes: stage.away.api.capabilities, theirTenant: tenantId };
    await app
      .db('identity_providers')
      .where({ key: providerKey })
      .update({ crossApp: JSON.stringify(crossApp) });
    const own = await stage.forge(traveller, { tenant: tenantId });
    await assertReason(/this very tenant/, () => stage.bring(own));
    await stage.trust();
  });

  describe('gives no more than', () => {
    const scopeOf = ({ status, body }: EndpointAnswer) => (status === 200 ? body.scope : body.error);

    it('the assertion says, the request asks for, the provider may, and the person holds', async () => {
      const [read = '', write = ''] = stage.away.api.capabilities;
      const both = `${read} ${write}`;
      assert.equal(scopeOf(await stage.bring(await stage.forge(traveller))), both);
      const less = await stage.forge(traveller, { scope: read });
      assert.equal(scopeOf(await stage.bring(less, { scope: both })), 'invalid_scope');
      assert.equal(scopeOf(await stage.bring(less)), read, 'what was refused has used nothing up');
      assert.equal(scopeOf(await stage.bring(await stage.forge(traveller), { scope: write })), write);
      const strange = await stage.forge(traveller, { scope: `${read} openid offline_access roles users.read` });
      assert.equal(scopeOf(await stage.bring(strange)), read);
      await stage.trust({ scopes: [write] });
      assert.equal(scopeOf(await stage.bring(await stage.forge(traveller))), write);
      assert.equal(scopeOf(await stage.bring(await stage.forge(traveller, { scope: read }))), 'invalid_scope');
      await stage.trust();
      const idle = await stage.traveller({ holds: false });
      assert.equal(scopeOf(await stage.bring(await stage.forge(idle))), 'invalid_scope');
    });

    it('the API of the assertion, and never the management API', async () => {
      const { away } = stage;
      const elsewhere = await createApi(app);
      const forgeFor = (resource: unknown) => stage.forge(traveller, { resource });
      const other = await createApi(app, { tenantId: stage.home.tenantId });
      const bring = async (claims: unknown, more = {}) => scopeOf(await stage.bring(await forgeFor(claims), more));
      assert.equal(await bring(away.api.identifier, { resource: elsewhere.identifier }), 'invalid_target');
      assert.equal(await bring([away.api.identifier, elsewhere.identifier]), 'invalid_target');
      assert.equal(await bring(undefined), 'invalid_target');
      assert.equal(await bring({}), 'invalid_target');
      assert.equal(await bring(other.identifier), 'invalid_target', 'of another tenant');
      assert.equal(await bring(managementAudience(app.issuer)), 'invalid_target');
      assert.equal(await bring(elsewhere.identifier), 'invalid_scope', 'its scopes are of another API');
      assert.equal(await bring(undefined, { resource: away.api.identifier }), away.api.capabilities.join(' '));
      assert.equal(await bring([away.api.identifier]), away.api.capabilities.join(' '));
    });
  });

  it('opens neither userinfo nor the management API, and is of no refresh token', async () => {
    const token = await stage.tokenFor(traveller);
    for (const path of ['/userinfo', '/api/v1/users'])
      assert.equal(
        (await fetch(`${app.issuer}${path}`, { headers: { authorization: `Bearer ${token}` } })).status,
        401,
      );
  });

  it('makes and links nobody', async () => {
    const before = await app.db('users').count();
    const stranger = await app.person({ tenantId: stage.home.tenantId });
    const after = await app.db('users').count();
    const assertion = await stage.assertionFor({ here: stranger });
    await assertReason(/nobody who is linked/, () => stage.bring(assertion));
    assert.notDeepEqual(before, after);
    assert.deepEqual(await app.db('users').count(), after);
  });

  it('is one factor: who needs two has to sign in here', async () => {
    const someone = await stage.traveller();
    await app.db('users').where({ id: someone.there.id }).update({ mfaRequired: true });
    await app
      .db('tenants')
      .where({ id: stage.away.tenantId })
      .update({
        settings: app.db.raw(`settings || '{"second_factor_grace_days": 0}'`),
      });
    const answer = await stage.bring(
      await stage.forge(someone, { acr: 'urn:gatehouse:acr:aal2', amr: ['pwd', 'otp', 'mfa'] }),
    );
    assertRefused(answer);
    assert.equal((await stage.bring(await stage.forge(traveller))).status, 200);
  });

  it('is no token for an API that asks for two factors', async () => {
    const { id } = stage.away.api;
    const demand = (requiredAcr: string | null) => updateResourceServer(app.db, { id, requiredAcr }, systemCaller);
    await demand('urn:gatehouse:acr:aal2');
    const refused = await eventually(async () => {
      const answer = await stage.bring(await stage.forge(traveller, { acr: 'urn:gatehouse:acr:aal2' }));
      return answer.status !== 200 && answer;
    });
    assertRefused(refused, 'invalid_target');
    await demand(null);
    await eventually(async () => (await stage.bring(await stage.forge(traveller))).status === 200);
  });

  it('is held to what the tenant asks of the provider', async () => {
    const { tenantId, providerKey } = stage.away;
    const terms = (requiredHostedDomain: string | null) =>
      setProviderTerms(app.db, { tenantId, key: providerKey, requiredHostedDomain }, systemCaller);
    await terms('northwind.example');
    assertRefused(await stage.bring(await stage.forge(traveller)));
    assertRefused(await stage.bring(await stage.forge(traveller, { hd: 'elsewhere.example' })));
    assert.equal((await stage.bring(await stage.forge(traveller, { hd: 'northwind.example' }))).status, 200);
    await terms(null);
  });

  it('is for applications of one tenant that prove themselves', async () => {
    const { tenantId } = stage.away;
    const service = await app.service({ tenantId, capabilities: stage.away.api.capabilities });
    assertRefused(await stage.bring(await stage.forge(traveller), {}, { client: service }), 'invalid_request');
    const spa = await app.relyingParty({ tenantId, kind: 'spa' });
    assertRefused(await stage.bring(await stage.forge(traveller), {}, { client: spa }), 'invalid_request');
    const shared = await app.relyingParty();
    assertRefused(await stage.bring(await stage.forge(traveller), {}, { client: shared }), 'unauthorized_client');
    for (const clientId of [service.clientId, spa.clientId, shared.clientId, stage.home.party.clientId, 'nobody'])
      await assert.rejects(stage.trust({ clientIds: [clientId] }), (error) => error instanceof DomainError, clientId);
    const wrong = { ...stage.away.client, clientSecret: 'wrong' };
    assert.equal((await stage.bring(await stage.forge(traveller), {}, { client: wrong })).body.error, 'invalid_client');
  });

  it('is refused while the provider is stopped, or trusts nobody', async () => {
    const { providerKey } = stage.away;
    await setIdentityProviderState(app.db, providerKey, 'disabled', systemCaller);
    assertRefused(await stage.bring(await stage.forge(traveller)));
    await setIdentityProviderState(app.db, providerKey, 'active', systemCaller);
    await stage.trust(null);
    assertRefused(await stage.bring(await stage.forge(traveller)));
    await stage.trust();
    assert.equal((await stage.bring(await stage.forge(traveller))).status, 200);
  });

  it('answers the API about whom it is, by introspection', async () => {
    const who = await abroad.traveller();
    const { body } = await introspect(app.issuer, abroad.away.service, await abroad.tokenFor(who));
    const [said, api] = [body, abroad.away.api];
    assert.deepEqual([said.sub, said.scope, said.aud], [who.there.id, api.capabilities.join(' '), api.identifier]);
  });
});
