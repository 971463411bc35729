/** What ends an exchanged token, what binds it, and tokens for API keys. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { calculateJwkThumbprint, decodeJwt, exportJWK, SignJWT } from 'jose';
import * as openid from 'openid-client';
import { createApiKey, revokeApiKey } from '../../src/domain/api-keys/api-keys.ts';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { disableClient, enableClient } from '../../src/domain/lifecycle/end-client.ts';
import { deactivateUser } from '../../src/domain/lifecycle/end-person.ts';
import { withdrawGrant } from '../../src/domain/sessions/grants.ts';
import { revokeAllSessions } from '../../src/domain/sessions/sessions.ts';
import { keyClientId } from '../../src/oidc/key-client.ts';
import { openPayload, sealPayload } from '../../src/oidc/storage/sealing.ts';
import { apiKeyType } from '../../src/oidc/token-exchange/token-exchange.ts';
import { sha256 } from '../../src/platform/secrets.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { introspect, postAs } from '../support/endpoints.ts';
import { eventually } from '../support/eventually.ts';
import { assign, createNode, createRole } from '../support/factories.ts';
import { ExchangeStage, type Step } from '../support/token-exchange.ts';

describe('an exchanged token', () => {
  let app: TestApp;
  let other: string;
  let stage: ExchangeStage;
  let stock: Step;
  let ledger: Step;
  before(async () => {
    app = await startTestApp();
    other = await app.startProcess();
    stage = await ExchangeStage.create(app);
    [stock, ledger] = [await stage.step(), await stage.step()];
    await stage.allow(stock, ledger);
    await stage.holds(stage.person, [stock, ledger]);
  });
  after(() => app?.stop());

  const isActive = async (token: string, origin = app.issuer) =>
    (await introspect(origin, ledger.service, token)).body.active as boolean;

  async function exchanged(person = stage.person): Promise<string> {
    const subject = await stage.tokenFor(stock, { apis: [stock, ledger], person });
    const { body } = await stage.exchange(stock, subject, ledger);
    assert.ok(body.access_token, JSON.stringify(body));
    return body.access_token;
  }

  async function somebody() {
    const person = await app.person({ tenantId: stage.tenantId });
    await stage.holds(person, [stock, ledger]);
    return person;
  }

  describe('ends, on every process, with', () => {
    const whose = (person: { id: string; tenantId: string }) => ({ tenantId: person.tenantId, userId: person.id });
    const ends: Record<string, (person: Awaited<ReturnType<typeof somebody>>) => Promise<unknown>> = {
      'the sessions of the person': (person) => revokeAllSessions(app.db, whose(person), systemCaller),
      'the deactivation of the person': (person) => deactivateUser(app.db, whose(person), systemCaller),
      'the consent to the application': async (person) => {
        const { grantId } = await app.db('oidc_payloads').where({ model: 'Grant', accountId: person.id }).first();
        await withdrawGrant(app.db, { ...whose(person), grantId }, systemCaller);
      },
      'what the person may': (person) =>
        app.db('org_assignments').where({ userId: person.id }).update({ endsAt: new Date() }),
      'the application': () => disableClient(app.db, stage.party.clientId, systemCaller),
    };
    for (const [what, end] of Object.entries(ends))
      it(what, async () => {
        const person = await somebody();
        const token = await exchanged(person);
        for (const origin of [app.issuer, other]) assert.equal(await isActive(token, origin), true);
        await end(person);
        for (const origin of [app.issuer, other])
          await eventually(async () => !(await isActive(token, origin)), `the token has ended at ${origin}`);
        if (what === 'the application') await enableClient(app.db, stage.party.clientId, systemCaller);
        assert.equal(await isActive(token), false);
      });

    it('the browser session alone, where the first token did', async () => {
      const person = await somebody();
      const subject = await stage.tokenFor(stock, { apis: [stock, ledger], person, offline: false });
      const { body } = await stage.exchange(stock, subject, ledger);
      assert.equal(await isActive(body.access_token), true);
      // As the sign-out of the browser leaves it.
      await app.db('oidc_payloads').where({ model: 'Session', accountId: person.id }).delete();
      for (const origin of [app.issuer, other]) assert.equal(await isActive(body.access_token, origin), false);
    });

    it('the sessions, also where it is being made meanwhile', async () => {
      const person = await somebody();
      const subject = await stage.tokenFor(stock, { apis: [stock, ledger], person });
      const exchanges = Array.from({ length: 30 }, () => stage.exchange(stock, subject, ledger));
      await Promise.all([...exchanges.slice(0, 2)]);
      await revokeAllSessions(app.db, { tenantId: person.tenantId, userId: person.id }, systemCaller);
      for (const { body } of await Promise.all(exchanges))
        if (body.access_token) assert.equal(await isActive(body.access_token), false);
    });
  });

  it('is revoked by the service that has it', async () => {
    const token = await exchanged();
    await postAs(`${app.issuer}/revoke`, ledger.service, { token });
    assert.equal(await isActive(token), true);
    await postAs(`${app.issuer}/revoke`, stock.service, { token });
    assert.equal(await isActive(token, other), false);
  });

  it('opens neither userinfo nor the management API', async () => {
    const authorization = `Bearer ${await exchanged()}`;
    for (const path of ['/userinfo', '/api/v1/users'])
      assert.equal((await fetch(`${app.issuer}${path}`, { headers: { authorization } })).status, 401, path);
  });

  it('reads the claims that did not fit, as they are', async () => {
    const subject = await stage.tokenFor(stock, {
      apis: [stock, ledger],
      asked: [...stock.api.capabilities, ...ledger.api.capabilities, 'roles'],
    });
    const { body } = await stage.exchange(stock, subject, ledger);
    assert.match(body.scope, / roles$/);
    const headers = { authorization: `Bearer ${body.access_token}`, accept: 'application/json' };
    const answer = await fetch(`${app.issuer}/access-claims`, { headers });
    assert.equal(answer.status, 200);
    const claims = (await answer.json()) as Record<string, unknown>;
    assert.equal(claims.sub, stage.person.id);
    assert.deepEqual(claims.roles, decodeJwt(body.access_token).roles);
  });

  it('honours may_act of the first token', async () => {
    const opaque = await stage.step({ tokenFormat: 'opaque' });
    await stage.allow(opaque, ledger);
    await stage.holds(stage.person, [opaque]);
    const subject = await stage.tokenFor(opaque, { apis: [opaque, ledger] });
    const where = { model: 'AccessToken', idHash: sha256(subject) };
    const mayAct = async (sub: string) => {
      const row = await app.db('oidc_payloads').where(where).first();
      const payload = openPayload(app.secrets, 'AccessToken', row) as { extra?: object };
      const changed = { ...payload, extra: { ...payload.extra, may_act: { sub } } };
      await app
        .db('oidc_payloads')
        .where(where)
        .update({ payload: sealPayload(app.secrets, 'AccessToken', row.idHash, changed) });
      return stage.exchange(opaque, subject, ledger);
    };
    assert.match((await mayAct('another')).body.error_description, /may_act/);
    assert.equal((await mayAct(opaque.service.clientId)).status, 200);
  });

  describe('keeps the binding of the first one (RFC 9449)', () => {
    const proofBy = async (keys: CryptoKeyPair, path = '/token') =>
      new SignJWT({ jti: randomUUID(), htm: 'POST', htu: `${app.issuer}${path}`, iat: Math.floor(Date.now() / 1000) })
        .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk: await exportJWK(keys.publicKey) })
        .sign(keys.privateKey);

    it('and is refused without a proof of the key', async () => {
      const keys = await openid.randomDPoPKeyPair('ES256', { extractable: true });
      const strange = await openid.randomDPoPKeyPair('ES256', { extractable: true });
      const DPoP = openid.getDPoPHandle(stage.party.config, keys);
      const subject = await stage.tokenFor(stock, { apis: [stock, ledger], options: { DPoP } });
      assert.ok((decodeJwt(subject).cnf as { jkt: string }).jkt);
      for (const headers of [{}, { dpop: await proofBy(strange) }] as Record<string, string>[]) {
        const { body } = await stage.exchange(stock, subject, ledger, {}, headers);
        assert.equal(body.error, 'invalid_request');
        assert.match(body.error_description, /bound to a key/);
      }
      const dpop = await proofBy(keys);
      const { body } = await stage.exchange(stock, subject, ledger, {}, { dpop });
      assert.equal(body.token_type, 'DPoP', JSON.stringify(body));
      const jkt = await calculateJwkThumbprint(await exportJWK(keys.publicKey));
      assert.deepEqual(decodeJwt(body.access_token).cnf, { jkt });
      assert.equal((await stage.exchange(stock, subject, ledger, {}, { dpop })).status, 400);
    });

    it('or gets one from the service', async () => {
      const keys = await openid.randomDPoPKeyPair('ES256', { extractable: true });
      const subject = await stage.tokenFor(stock, { apis: [stock, ledger] });
      const { body } = await stage.exchange(stock, subject, ledger, {}, { dpop: await proofBy(keys) });
      const { body: said } = await introspect(app.issuer, ledger.service, body.access_token);
      assert.equal(said.cnf.jkt, await calculateJwkThumbprint(await exportJWK(keys.publicKey)));
      assert.equal(said.token_type, 'DPoP');
    });
  });

  describe('for an API key', () => {
    const itself = { service: { clientId: keyClientId, clientSecret: '' } };
    const asKey = { subject_token_type: apiKeyType };

    async function keyOf(userId: string | null, capabilities = ledger.api.capabilities, orgNodeId?: string) {
      const { tenantId } = stage;
      const node = orgNodeId ?? (await createNode(app.db, { tenantId })).id;
      return createApiKey(app.db, { tenantId, orgNodeId: node, userId, name: 'K', capabilities }, systemCaller);
    }

    it('of a place is of the place, for as long as the key counts', async () => {
      const { key, id, orgNodeId } = await keyOf(null);
      const { status, body } = await stage.exchange(itself, key, ledger, asKey);
      assert.equal(status, 200, JSON.stringify(body));
      const claims = decodeJwt(body.access_token);
      assert.deepEqual([claims.sub, claims.org_node_id, claims.client_id], [orgNodeId, orgNodeId, keyClientId]);
      assert.equal((claims.tenant as { id: string }).id, stage.tenantId);
      assert.equal(claims.act, undefined);
      assert.equal(claims.scope, ledger.api.capabilities.join(' '));
      const { body: said } = await introspect(other, ledger.service, body.access_token);
      assert.deepEqual([said.active, said.sub, said.org_node_id], [true, orgNodeId, orgNodeId]);
      const event = await app
        .db('audit_events')
        .where({ action: 'token.exchanged', actorType: 'api_key', actorId: id })
        .first();
      assert.equal(event.tenantId, stage.tenantId);
      await revokeApiKey(app.db, { tenantId: stage.tenantId, apiKeyId: id }, systemCaller);
      for (const origin of [app.issuer, other]) assert.equal(await isActive(body.access_token, origin), false);
      assert.match((await stage.exchange(itself, key, ledger, asKey)).body.error_description, /no live API key/);
    });

    it('of a person is of the person, and says what they may there at that moment', async () => {
      const { tenantId } = stage;
      const [read = '', write = ''] = ledger.api.capabilities;
      const person = await app.person({ tenantId });
      const role = await createRole(app.db, { tenantId, capabilities: [read, write] });
      const node = await createNode(app.db, { tenantId });
      const { id } = await assign(app.db, { tenantId, userId: person.id, roleId: role.id, orgNodeId: node.id });
      const { key } = await keyOf(person.id, [read, ...stock.api.capabilities], node.id);
      const { body } = await stage.exchange(itself, key, ledger, asKey);
      assert.equal(body.scope, read);
      assert.equal(decodeJwt(body.access_token).sub, person.id);
      assert.equal((await stage.exchange(itself, key, ledger, { ...asKey, scope: write })).body.error, 'invalid_scope');
      assert.equal((await stage.exchange(itself, key, stock, asKey)).body.error, 'invalid_scope');
      const event = await app.db('audit_events').where({ action: 'token.exchanged', actorId: person.id }).first();
      assert.equal(event.actorType, 'user');
      assert.ok(event.payload.keyId);
      await app.db('org_assignments').where({ id }).update({ endsAt: new Date() });
      assert.equal(await isActive(body.access_token, other), false);
    });

    it('is had by a service as far as it may, which acts then, and goes on from there', async () => {
      const [read = ''] = ledger.api.capabilities;
      const { key, orgNodeId } = await keyOf(null, [read, ...stock.api.capabilities]);
      const { body } = await stage.exchange(stock, key, ledger, asKey);
      assert.equal(body.scope, read);
      const claims = decodeJwt(body.access_token);
      assert.deepEqual(claims.act, { sub: stock.service.clientId });
      assert.equal(claims.sub, orgNodeId);
      await stage.allow(ledger, stock);
      const on = await stage.exchange(ledger, body.access_token, stock);
      assert.deepEqual(decodeJwt(on.body.access_token).act, {
        sub: ledger.service.clientId,
        act: { sub: stock.service.clientId },
      });
      const foreign = await app.service({ tenantId: (await app.tenant()).id, resourceServerId: stock.api.id });
      assert.equal((await stage.exchange({ service: foreign }, key, ledger, asKey)).body.error, 'invalid_request');
    });

    it('takes no access token from who has nothing else, and no narrowing elsewhere', async () => {
      const subject = await stage.tokenFor(stock, { apis: [stock, ledger] });
      assert.equal((await stage.exchange(itself, subject, ledger)).body.error, 'unauthorized_client');
      assert.equal((await stage.exchange(itself, subject, ledger, asKey)).body.error, 'invalid_request');
      const { key } = await keyOf(null);
      const elsewhere = { ...asKey, org_node_id: (await createNode(app.db, { tenantId: stage.tenantId })).id };
      assert.equal((await stage.exchange(itself, key, ledger, elsewhere)).body.error, 'invalid_request');
      assert.equal((await stage.exchange(itself, key, ledger)).body.error, 'unauthorized_client');
      const form = { grant_type: 'client_credentials', client_id: keyClientId };
      assert.equal((await postAs(`${app.issuer}/token`, itself.service, form)).status, 400);
    });

    it('is as short as the API says, and no longer than the key', async () => {
      const { tenantId } = stage;
      const node = await createNode(app.db, { tenantId });
      const expiresAt = new Date(Date.now() + 100_000);
      const wanted = { tenantId, orgNodeId: node.id, userId: null, name: 'K', capabilities: ledger.api.capabilities };
      const { key } = await createApiKey(app.db, { ...wanted, expiresAt }, systemCaller);
      const { body } = await stage.exchange(itself, key, ledger, asKey);
      assert.ok((decodeJwt(body.access_token).exp as number) * 1000 <= expiresAt.getTime());
      assert.ok(!app.logs().includes(key));
    });
  });
});
