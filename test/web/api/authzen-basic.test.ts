/**
 * AuthZEN certification, level Basic (Core and Properties): the Access Evaluation API. The cases are those of the scenario,
 * sections 2 and 5, in its order; at the end what it does not ask, of tenants and of how an API proves who it is.
 */
import assert from 'node:assert/strict';
import { exportJWK, generateKeyPair } from 'jose';
import * as openid from 'openid-client';
import { defineCapability } from '../../../src/domain/access/capabilities.ts';
import { systemCaller } from '../../../src/domain/audit/audit-events.ts';
import { disableClient } from '../../../src/domain/lifecycle/end-client.ts';
import { createResourceServer } from '../../../src/domain/resource-servers/resource-servers.ts';
import { startTestApp, type TestApp } from '../../support/app.ts';
import {
  type AskAuthzen,
  type AuthzenFixture,
  action,
  askAuthzen,
  basicOf,
  createAuthzenFixture,
  record,
  user,
} from '../../support/authzen.ts';
import { createRole, createUser } from '../../support/factories.ts';
import { personToken } from '../../support/management-world.ts';

describe('AuthZEN certification: Basic', () => {
  let app: TestApp;
  let fixture: AuthzenFixture;
  let ask: AskAuthzen;
  before(async () => {
    app = await startTestApp();
    fixture = await createAuthzenFixture(app);
    ({ ask } = fixture.ours);
  });
  after(() => app?.stop());

  const question = { subject: user('alice'), action: action('read'), resource: record('record-1') };

  async function decision(asked: object, by = ask): Promise<boolean> {
    const { status, body } = await by('evaluation', { ...question, ...asked });
    assert.equal(status, 200, JSON.stringify(body));
    assert.equal(typeof body.decision, 'boolean');
    return body.decision;
  }

  describe('2.2 request acceptance', () => {
    for (const [rule, subject, name, expected] of [
      [1, 'alice', 'read', true],
      [2, 'alice', 'write', true],
      [3, 'bob', 'read', true],
      [4, 'bob', 'write', false],
    ] as const)
      it(`rule ${rule}: ${subject} ${name} record-1 is ${expected}`, async () => {
        assert.equal(await decision({ subject: user(subject), action: action(name) }), expected);
      });

    it('2.2.3 with a context', async () => {
      assert.equal(await decision({ context: { time: '2025-06-27T18:03-07:00', ip: '192.168.1.1' } }), true);
    });

    const archived = record('record-2', { status: 'archived' });
    for (const [rule, what, asked, expected] of [
      ['5', 'alice writes an archived record', { action: action('write'), resource: archived }, false],
      [
        '6',
        'an admin writes an archived record',
        { subject: user('bob', { role: 'admin' }), action: action('write'), resource: archived },
        true,
      ],
      ['7', 'alice deletes softly', { action: action('delete', { soft: true }) }, true],
      ['8', 'alice deletes for good', { action: action('delete', { soft: false }) }, false],
    ] as const)
      it(`rule ${rule} (properties): ${what} is ${expected}`, async () => {
        assert.equal(await decision(asked), expected);
      });

    it('2.2.8 with more properties than anybody asked for', async () => {
      const asked = {
        subject: user('alice', { department: 'Sales', role: 'manager' }),
        action: action('read', { method: 'GET' }),
        resource: record('record-1', { status: 'active', owner: 'bob' }),
      };
      assert.equal(await decision(asked), true);
    });

    it('2.2.9 with fields that nobody knows', async () => {
      assert.equal(await decision({ foo: 'bar', futureField: { nested: true } }), true);
    });
  });

  describe('2.4 error handling', () => {
    const { subject, action: read, resource } = question;
    const faults: Record<string, unknown> = {
      'no subject': { action: read, resource },
      'no action': { subject, resource },
      'no resource': { subject, action: read },
      'a subject without a type': { ...question, subject: { id: 'alice' } },
      'a subject without an id': { ...question, subject: { type: 'user' } },
      'an action without a name': { ...question, action: {} },
      'a resource without a type': { ...question, resource: { id: 'record-1' } },
      'a resource without an id': { ...question, resource: { type: 'record' } },
      'a subject that is text': { ...question, subject: 'alice' },
      'a name that is a number': { ...question, action: { name: 123 } },
      'properties that are text': { ...question, subject: { ...subject, properties: 'x' } },
      'a context that is a list': { ...question, context: [] },
      'null for a subject': { ...question, subject: null },
      'malformed JSON': '{"subject":',
      'an empty body': '',
      'a list': '[]',
      null: 'null',
    };
    for (const [fault, body] of Object.entries(faults))
      it(`400 for ${fault}`, async () => {
        const reply = await ask('evaluation', body);
        assert.equal(reply.status, 400);
        assert.equal(typeof reply.body, 'string', 'an error message string');
      });

    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/jsonp', 'multipart/form-data'])
      it(`400 for the content type ${type}`, async () => {
        assert.equal((await ask('evaluation', question, { headers: { 'content-type': type } })).status, 400);
      });

    it('takes application/json with a charset', async () => {
      const headers = { 'content-type': 'application/json; charset=utf-8' };
      assert.equal((await ask('evaluation', question, { headers })).status, 200);
    });

    it('takes names that no database could hold for nobody', async () => {
      for (const id of ['\ud800', '%00', "'; drop table users; --", 'ALICE', ' alice', 'alice\u200b', '*'])
        assert.equal(await decision({ subject: user(id) }), false, id);
      assert.equal(await decision({ action: action('delete', { soft: ['\ud800', { deep: [true] }] }) }), false);
      assert.equal(await decision({ action: action('delete', { soft: [true] }) }), false);
    });
  });

  describe('2.5 headers', () => {
    it('gives X-Request-ID back, also with an error', async () => {
      for (const id of ['bfe9eb29-ab87-4ca3-be83-a1d5d8305716', 'a request of mine']) {
        const headers = { 'x-request-id': id };
        for (const [body, authorization] of [[question], ['{'], [question, null]] as const) {
          const options = authorization === undefined ? { headers } : { headers, authorization };
          assert.equal((await ask('evaluation', body, options)).headers.get('x-request-id'), id);
        }
      }
    });

    it('does without one', async () => {
      assert.equal((await ask('evaluation', question)).status, 200);
    });
  });

  it('2.6 answers the same each time', async () => {
    const decisions = await Promise.all(Array.from({ length: 10 }, () => decision({})));
    assert.deepEqual(new Set(decisions), new Set([true]));
  });

  describe('who is meant', () => {
    it('is told by our ids as well, in any mixture', async () => {
      const { ids } = fixture.ours;
      for (const subject of ['alice', ids.alice, ids.alice.toUpperCase()])
        for (const [type, id] of [
          ['record', 'record-1'],
          ['record', ids['record-1']],
          ['org_node', 'record-1'],
          ['org_node', ids['record-1']],
        ] as const)
          assert.equal(await decision({ subject: user(subject), resource: { type, id } }), true, `${subject} ${type}`);
    });

    it('is told by username and by a verified address', async () => {
      const { tenantId, ids } = fixture.ours;
      const reader = await createRole(app.db, { tenantId, capabilities: ['records.read'] });
      const people = {
        named: await createUser(app.db, { tenantId, username: 'Named' }),
        mailed: await createUser(app.db, { tenantId, email: 'mailed@example.test', emailVerified: true }),
        unproved: await createUser(app.db, { tenantId, email: 'unproved@example.test', emailVerified: false }),
      };
      await app.db('org_assignments').insert(
        Object.values(people).map(({ id }) => ({
          tenantId,
          userId: id,
          roleId: reader.id,
          orgNodeId: ids['record-1'],
        })),
      );
      for (const [name, expected] of [
        ['named', true],
        ['NAMED', true],
        ['Mailed@Example.test', true],
        ['unproved@example.test', false],
      ] as const)
        assert.equal(await decision({ subject: user(name) }), expected, name);
    });

    it('is nobody else, whatever name people give themselves', async () => {
      const { tenantId, ids } = fixture.ours;
      // Somebody calls themselves as alice is called elsewhere, and another system has alice's id of ours for somebody.
      await createUser(app.db, { tenantId, username: 'alice' });
      await createUser(app.db, { tenantId, externalId: ids.alice });
      assert.equal(await decision({}), true);
      assert.equal(await decision({ subject: user(ids.alice) }), true);
    });

    it('is no node of another type', async () => {
      assert.equal(await decision({ resource: { type: 'school', id: 'record-1' } }), false);
      assert.equal(await decision({ resource: { type: 'school', id: fixture.ours.ids['record-1'] } }), false);
      assert.equal(await decision({ subject: { type: 'robot', id: 'alice' } }), false);
    });
  });

  describe('what an action is', () => {
    it('is a capability by its key, too', async () => {
      assert.equal(await decision({ action: action('records.read') }), true);
      assert.equal(await decision({ action: action('records.discard') }), true);
      assert.equal(await decision({ action: action('records.destroy') }), false);
    });

    it('is nothing that another API calls so', async () => {
      const other = { tenantId: null, identifier: 'https://other.example/', name: 'Other' };
      const { id: resourceServerId } = await createResourceServer(app.db, other, systemCaller);
      await defineCapability(app.db, { key: 'other.read', resourceServerId, action: 'read' }, systemCaller);
      const { tenantId } = fixture.ours;
      const theirApi = await app.service({ tenantId, resourceServerId });
      assert.equal(await decision({}, askAuthzen(app, theirApi)), false);
      assert.equal(await decision({ action: action('other.read') }), false);
    });
  });

  describe('tenants', () => {
    it('each answer of their own people and nodes, under the same names', async () => {
      const { theirs } = fixture;
      assert.equal(await decision({ subject: user('bob'), action: action('write') }, theirs.ask), true);
      assert.equal(await decision({ action: action('write') }, theirs.ask), false);
      for (const asked of [
        { subject: user(theirs.ids.bob), resource: record(theirs.ids['record-1']) },
        { subject: user(theirs.ids.bob), resource: { type: 'org_node', id: theirs.ids['record-1'] } },
        { subject: user('alice'), resource: record(theirs.ids['record-1']) },
        { subject: user(theirs.ids.alice), resource: record('record-1') },
      ])
        assert.equal(await decision({ ...asked, context: { tenant: theirs.tenantId } }), false, JSON.stringify(asked));
    });

    it('have to be named by an API of all where names alone are given', async () => {
      const { ours, theirs, resourceServerId } = fixture;
      const all = askAuthzen(app, await app.service({ tenantId: null, resourceServerId }));
      const write = { action: action('write') };
      assert.equal(await decision(write, all), false);
      assert.equal(await decision({ ...write, context: { tenant: ours.tenantId } }, all), true);
      assert.equal(await decision({ ...write, context: { tenant: theirs.tenantId } }, all), false);
      assert.equal(await decision({ ...write, context: { tenant: 'nobody' } }, all), false);
      const { slug } = await app.db('tenants').where({ id: ours.tenantId }).first();
      assert.equal(await decision({ ...write, context: { tenant: slug } }, all), true);
      // Our id of the one says whose names the other's is.
      assert.equal(await decision({ ...write, subject: user(ours.ids.alice) }, all), true);
      assert.equal(await decision({ ...write, resource: record(ours.ids['record-1']) }, all), true);
      assert.equal(await decision({ ...write, resource: record(theirs.ids['record-1']) }, all), false);
    });
  });

  describe('who asks', () => {
    const wwwAuthenticate = async (options: { authorization: string | null }) => {
      const { status, headers } = await ask('evaluation', question, options);
      assert.equal(status, 401);
      return headers.get('www-authenticate') ?? '';
    };

    /** A client of openid-client, which proves itself in the way that is given. */
    async function tokenOf(
      clientId: string,
      authentication: openid.ClientAuth,
      parameters: Record<string, string> = {},
      options: openid.DPoPOptions = {},
    ): Promise<string> {
      const config = await openid.discovery(new URL(app.issuer), clientId, undefined, authentication, {
        execute: [openid.allowInsecureRequests],
      });
      return (await openid.clientCredentialsGrant(config, parameters, options)).access_token;
    }

    it('is asked to prove it', async () => {
      assert.match(
        await wwwAuthenticate({ authorization: null }),
        /^Basic realm="[^"]+", charset="UTF-8", Bearer realm="[^"]+"$/,
      );
      assert.match(await wwwAuthenticate({ authorization: 'Bearer nonsense' }), /Bearer .*error="invalid_token"/);
      const wrong = basicOf({ ...fixture.ours.api, clientSecret: 'wrong' });
      assert.match(await wwwAuthenticate({ authorization: wrong }), /^Basic/);
    });

    it('shows its secret, or a token that it got for it', async () => {
      const { clientId, clientSecret } = fixture.ours.api;
      const named: Record<string, string> = { resource: `${app.issuer}/access/v1` };
      for (const parameters of [{}, named]) {
        const token = await tokenOf(clientId, openid.ClientSecretBasic(clientSecret), parameters);
        const reply = await ask('evaluation', question, { authorization: `Bearer ${token}` });
        assert.deepEqual([reply.status, reply.body.decision], [200, true]);
      }
    });

    it('shows a token that it got by a signed assertion (private_key_jwt)', async () => {
      const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
      const jwks = { keys: [{ ...(await exportJWK(publicKey)), alg: 'ES256', use: 'sig', kid: 'one' }] };
      const { tenantId } = fixture.ours;
      const { clientId } = await app.service({ tenantId, resourceServerId: fixture.resourceServerId, jwks });
      const token = await tokenOf(clientId, openid.PrivateKeyJwt({ key: privateKey, kid: 'one' }));
      const reply = await ask('evaluation', question, { authorization: `Bearer ${token}` });
      assert.deepEqual([reply.status, reply.body.decision], [200, true]);
    });

    it('shows a token that is bound to a key with a proof of the key alone (DPoP)', async () => {
      const { clientId, clientSecret } = fixture.ours.api;
      const keys = await openid.randomDPoPKeyPair('ES256', { extractable: true });
      const config = await openid.discovery(
        new URL(app.issuer),
        clientId,
        undefined,
        openid.ClientSecretBasic(clientSecret),
        { execute: [openid.allowInsecureRequests] },
      );
      const DPoP = openid.getDPoPHandle(config, keys);
      const { access_token: token } = await openid.clientCredentialsGrant(config, {}, { DPoP });
      const body = JSON.stringify(question);
      const headers = new Headers({ 'content-type': 'application/json' });
      const address = new URL(`${app.issuer}/access/v1/evaluation`);
      const reply = await openid.fetchProtectedResource(config, token, address, 'POST', body, headers, { DPoP });
      assert.deepEqual(await reply.json(), { decision: true });
      assert.equal((await ask('evaluation', question, { authorization: `Bearer ${token}` })).status, 401);
      assert.equal((await ask('evaluation', question, { authorization: `DPoP ${token}` })).status, 401);
    });

    it('is nobody by a token for something else, of a person, or of a service that is no API', async () => {
      const { tenantId } = fixture.ours;
      const elsewhere = await app.service({
        tenantId,
        resourceServerId: fixture.resourceServerId,
        capabilities: ['records.read'],
      });
      const forRecords = await tokenOf(elsewhere.clientId, openid.ClientSecretBasic(elsewhere.clientSecret), {
        resource: 'https://records.example/',
      });
      const person = await app.person({ tenantId });
      const ofPerson = await personToken(app, person, { audience: `${app.issuer}/api/v1`, scopes: [] });
      for (const token of [forRecords, ofPerson])
        assert.equal((await ask('evaluation', question, { authorization: `Bearer ${token}` })).status, 401);
      const plain = await app.service({ tenantId });
      assert.equal((await ask('evaluation', question, { authorization: basicOf(plain) })).status, 403);
      await assert.rejects(
        tokenOf(plain.clientId, openid.ClientSecretBasic(plain.clientSecret), { resource: `${app.issuer}/access/v1` }),
        { error: 'invalid_target' },
      );
    });

    it('is nobody from the moment its client is disabled, also with a token that is out', async () => {
      const { tenantId } = fixture.ours;
      const api = await app.service({ tenantId, resourceServerId: fixture.resourceServerId });
      const token = await tokenOf(api.clientId, openid.ClientSecretBasic(api.clientSecret));
      await disableClient(app.db, api.clientId, systemCaller);
      for (const authorization of [`Bearer ${token}`, basicOf(api)])
        assert.equal((await ask('evaluation', question, { authorization })).status, 401);
    });

    it('gets no scope with such a token', async () => {
      const { clientId, clientSecret } = fixture.ours.api;
      await assert.rejects(tokenOf(clientId, openid.ClientSecretBasic(clientSecret), { scope: 'records.read' }), {
        error: 'invalid_scope',
      });
    });
  });
});
