/** Cross-app access (ID-JAG): one side vouches to the other for its people, between two tenants and between two servers. */
import assert from 'node:assert/strict';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { randomToken } from '../../src/platform/secrets.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { CrossAppStage } from '../support/cross-app.ts';
import { introspect } from '../support/endpoints.ts';

describe('cross-app access', () => {
  let app: TestApp;
  let foreign: TestApp;
  before(async () => {
    [app, foreign] = await Promise.all([startTestApp(), startTestApp({ env: { SECRET_KEY: randomToken(36) } })]);
  });
  after(async () => {
    await Promise.all([app?.stop(), foreign?.stop()]);
  });

  for (const [where, servers] of [
    ['between two tenants', () => [app, app] as const],
    ['between two servers', () => [app, foreign] as const],
  ] as const)
    describe(where, () => {
      let stage: CrossAppStage;
      before(async () => {
        stage = await CrossAppStage.create(...servers());
      });

      it('gives a token there to whoever is signed in here', async () => {
        const traveller = await stage.traveller();
        const { id_token: idToken = '' } = await stage.signIn(traveller);
        const first = decodeJwt(idToken);
        const { api, client, service, tenantId, app: there } = stage.away;
        const issued = await stage.exchange(idToken, { scope: api.capabilities.join(' ') });
        assert.equal(issued.status, 200, JSON.stringify(issued.body));
        const { access_token: assertion, ...answer } = issued.body;
        assert.deepEqual(answer, {
          issued_token_type: 'urn:ietf:params:oauth:token-type:id-jag',
          token_type: 'N_A',
          expires_in: 120,
          scope: api.capabilities.join(' '),
        });
        assert.equal(decodeProtectedHeader(assertion).typ, 'oauth-id-jag+jwt');
        const { jti, iat, exp, ...said } = decodeJwt(assertion);
        assert.deepEqual(said, {
          iss: app.issuer,
          sub: traveller.here.id,
          aud: there.issuer,
          client_id: client.clientId,
          tenant: stage.home.tenantId,
          resource: api.identifier,
          scope: api.capabilities.join(' '),
          auth_time: first.auth_time,
          acr: first.acr,
          amr: first.amr,
        });
        assert.equal((exp as number) - (iat as number), 120);
        const accepted = await stage.bring(assertion);
        assert.equal(accepted.status, 200, JSON.stringify(accepted.body));
        assert.deepEqual(Object.keys(accepted.body).sort(), ['access_token', 'expires_in', 'scope', 'token_type']);
        const claims = decodeJwt(accepted.body.access_token);
        assert.deepEqual(
          [claims.sub, claims.aud, claims.client_id, claims.scope, claims.iss],
          [traveller.there.id, api.identifier, client.clientId, api.capabilities.join(' '), there.issuer],
        );
        assert.deepEqual([claims.acr, claims.auth_time], ['urn:gatehouse:acr:aal1', first.auth_time]);
        const told = await introspect(there.issuer, service, accepted.body.access_token);
        assert.deepEqual([told.body.active, told.body.sub], [true, traveller.there.id]);
        const events = async (db: TestApp['db'], action: string) =>
          (await db('audit_events').where({ action })).filter(({ payload }) => payload.jti === jti);
        const [given] = await events(app.db, 'cross_app.issued');
        assert.deepEqual(
          [given.tenantId, given.actorId, given.payload.accountId, given.payload.aud],
          [stage.home.tenantId, stage.home.party.clientId, traveller.here.id, there.issuer],
        );
        const [taken] = await events(there.db, 'cross_app.accepted');
        assert.deepEqual(
          [taken.tenantId, taken.actorId, taken.payload.accountId, taken.payload.issuer, taken.payload.provider],
          [tenantId, client.clientId, traveller.there.id, app.issuer, stage.away.providerKey],
        );
      });
    });
});
