/** What ends a token that was given for an identity assertion (cross-app access), at every process, and what binds it. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { calculateJwkThumbprint, decodeJwt, exportJWK, SignJWT } from 'jose';
import * as openid from 'openid-client';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { addExchangeCapability } from '../../src/domain/clients/exchange-capabilities.ts';
import { disableClient, enableClient } from '../../src/domain/lifecycle/end-client.ts';
import { deactivateUser } from '../../src/domain/lifecycle/end-person.ts';
import { removeIdentity } from '../../src/domain/methods/federation/administer-identities.ts';
import {
  removeIdentityProvider,
  setIdentityProviderState,
} from '../../src/domain/methods/federation/identity-providers.ts';
import { signInMethods } from '../../src/domain/methods/methods.ts';
import { withdrawGrant } from '../../src/domain/sessions/grants.ts';
import { revokeAllSessions } from '../../src/domain/sessions/sessions.ts';
import { tokenExchangeGrant } from '../../src/oidc/grant-types.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { CrossAppStage, type Traveller } from '../support/cross-app.ts';
import { createApi, introspect, postAs } from '../support/endpoints.ts';
import { eventually } from '../support/eventually.ts';
import { assign, createRole } from '../support/factories.ts';

describe('a token for an identity assertion', () => {
  let app: TestApp;
  let other: string;
  let stage: CrossAppStage;
  before(async () => {
    app = await startTestApp();
    other = await app.startProcess();
  });
  beforeEach(async () => {
    stage = await CrossAppStage.create(app);
  });
  after(() => app?.stop());

  const isActive = async (token: string, origin = app.issuer) =>
    (await introspect(origin, stage.away.service, token)).body.active as boolean;
  const whose = ({ there }: Traveller) => ({ tenantId: there.tenantId, userId: there.id });

  const ends: Record<string, (traveller: Traveller) => Promise<unknown>> = {
    'the person': (traveller) => deactivateUser(app.db, whose(traveller), systemCaller),
    'all that the person is signed in to': (traveller) => revokeAllSessions(app.db, whose(traveller), systemCaller),
    'what the person may': ({ there }) =>
      app.db('org_assignments').where({ userId: there.id }).update({ endsAt: new Date() }),
    'the consent': async (traveller) => {
      const { grantId } = await app
        .db('oidc_payloads')
        .where({ model: 'Grant', accountId: traveller.there.id })
        .first();
      await withdrawGrant(app.db, { ...whose(traveller), grantId }, systemCaller);
    },
    'the application': () => disableClient(app.db, stage.away.client.clientId, systemCaller),
    'the provider': () => setIdentityProviderState(app.db, stage.away.providerKey, 'disabled', systemCaller),
    'the provider for good': () =>
      removeIdentityProvider(app.db, stage.away.providerKey, { withIdentities: true }, systemCaller),
    'the trust in its assertions': () => stage.trust(null),
    'the trust in them for this application': async () => {
      const { clientId } = await app.relyingParty({ tenantId: stage.away.tenantId });
      await stage.trust({ clientIds: [clientId] });
    },
    'the link': (traveller) =>
      removeIdentity(
        app.db,
        { ...whose(traveller), provider: stage.away.providerKey, lastWay: true },
        { methods: signInMethods, channels: [], phoneCountries: [], caller: systemCaller },
      ),
  };
  for (const [what, end] of Object.entries(ends))
    it(`ends, on every process, with ${what}`, async () => {
      const traveller = await stage.traveller();
      const token = await stage.tokenFor(traveller);
      for (const origin of [app.issuer, other]) assert.equal(await isActive(token, origin), true);
      await end(traveller);
      for (const origin of [app.issuer, other])
        await eventually(async () => !(await isActive(token, origin)), `the token has ended at ${origin}`);
      if (what === 'the application') {
        await enableClient(app.db, stage.away.client.clientId, systemCaller);
        assert.equal(await isActive(token), false, 'for good');
      }
    });

  it('stays ended where the link is made anew', async () => {
    const traveller = await stage.traveller();
    const token = await stage.tokenFor(traveller);
    const identities = app.db('user_identities').where({ userId: traveller.there.id });
    const [identity] = await identities.clone().whereNot({ provider: 'password' });
    await identities.clone().where({ id: identity.id }).delete();
    await app.db('user_identities').insert({ ...identity, id: randomUUID() });
    assert.equal(await isActive(token), false);
  });

  it('ends also where it is being made meanwhile', async () => {
    const traveller = await stage.traveller();
    const assertions = await Promise.all(Array.from({ length: 20 }, () => stage.forge(traveller)));
    const brought = assertions.map((assertion, index) =>
      stage.bring(assertion, {}, { origin: index % 2 === 0 ? app.issuer : other }),
    );
    await Promise.any(brought);
    await stage.trust(null);
    for (const { body } of await Promise.all(brought))
      if (body.access_token) assert.equal(await isActive(body.access_token, other), false);
  });

  it('does not end with the session at the other side, which it says nothing of', async () => {
    const traveller = await stage.traveller();
    const token = await stage.tokenFor(traveller);
    const { here } = traveller;
    await revokeAllSessions(app.db, { tenantId: here.tenantId, userId: here.id }, systemCaller);
    assert.equal(await isActive(token), true);
  });

  it('is listed among what the person lets applications have, and revoked by the application', async () => {
    const traveller = await stage.traveller();
    const token = await stage.tokenFor(traveller);
    const [grant] = await app.db('oidc_payloads').where({ model: 'Grant', accountId: traveller.there.id });
    assert.equal(grant.clientId, stage.away.client.clientId);
    const { exp } = decodeJwt(token);
    assert.ok(Math.abs(grant.expiresAt.getTime() / 1000 - (exp as number)) <= 2, 'it lasts as long as the token');
    await postAs(`${app.issuer}/revoke`, stage.away.client, { token });
    assert.equal(await isActive(token, other), false);
  });

  it('takes what it was exchanged for with it', async () => {
    const ledger = await createApi(app, { tokenExchange: true });
    const service = await app.service({ resourceServerId: ledger.id });
    for (const capability of ledger.capabilities)
      await addExchangeCapability(app.db, { clientId: stage.away.service.clientId, capability }, systemCaller);
    const traveller = await stage.traveller();
    const role = await createRole(app.db, { tenantId: stage.away.tenantId, capabilities: ledger.capabilities });
    await assign(app.db, { tenantId: stage.away.tenantId, userId: traveller.there.id, roleId: role.id });
    const exchange = async (resource: string) =>
      postAs(`${app.issuer}/token`, stage.away.service, {
        grant_type: tokenExchangeGrant,
        subject_token: await stage.tokenFor(traveller),
        subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        resource,
      });
    // The grant is for one API, so nothing may be said at another.
    assert.equal((await exchange(ledger.identifier)).body.error, 'invalid_scope');
    await app.db('resource_servers').where({ id: stage.away.api.id }).update({ tokenExchange: true });
    for (const capability of stage.away.api.capabilities)
      await addExchangeCapability(app.db, { clientId: stage.away.service.clientId, capability }, systemCaller);
    const { body } = await eventually(async () => {
      const answer = await exchange(stage.away.api.identifier);
      return answer.status === 200 && answer;
    });
    const active = async () => (await introspect(other, stage.away.service, body.access_token)).body.active;
    assert.equal(await active(), true);
    await stage.trust(null);
    await eventually(async () => !(await active()), 'the exchanged one has ended');
    assert.ok(service.clientId);
  });

  it('is bound to the key of a proof (RFC 9449)', async () => {
    const keys = await openid.randomDPoPKeyPair('ES256', { extractable: true });
    const dpop = await new SignJWT({
      ...{ jti: randomUUID(), htm: 'POST', htu: `${app.issuer}/token`, iat: Math.floor(Date.now() / 1000) },
    })
      .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk: await exportJWK(keys.publicKey) })
      .sign(keys.privateKey);
    const assertion = await stage.forge(await stage.traveller());
    const { body } = await stage.bring(assertion, {}, { headers: { dpop } });
    assert.equal(body.token_type, 'DPoP', JSON.stringify(body));
    const jkt = await calculateJwkThumbprint(await exportJWK(keys.publicKey));
    assert.deepEqual(decodeJwt(body.access_token).cnf, { jkt });
  });
});
