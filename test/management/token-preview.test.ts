import assert from 'node:assert/strict';
import { decodeJwt } from 'jose';
import * as openid from 'openid-client';
import { defineCapability } from '../../src/domain/access/capabilities.ts';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { assignRole } from '../../src/domain/organisation/org-assignments.ts';
import { createResourceServer } from '../../src/domain/resource-servers/resource-servers.ts';
import { rows } from '../../src/platform/database.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import * as make from '../support/factories.ts';
import { give, performAs } from '../support/management.ts';
import { discover, signIn } from '../support/relying-party.ts';

// biome-ignore lint/suspicious/noExplicitAny: answers are read by tests, which say what they expect
type Body = any;
type Person = Awaited<ReturnType<TestApp['person']>>;

const resource = 'https://stock.example/';
const opaque = 'https://opaque.example/';

/** What differs from one sign-in to the next, of the same length each. */
function alike(claims: object): Record<string, unknown> {
  const other: Record<string, unknown> = { iat: 0, exp: 0, auth_time: 0, jti: '', sid: '', at_hash: '' };
  return Object.fromEntries(
    Object.entries(claims).map(([name, value]) => [name, Object.hasOwn(other, name) ? other[name] : value]),
  );
}

describe('what the tokens of a person would say', () => {
  let app: TestApp;
  let tenantId: string;
  let rootId: string;
  let north: string;
  let person: Person;
  let preview: (query: Record<string, string>, userId?: string) => Promise<Body>;

  before(async () => {
    app = await startTestApp();
    const tenant = await app.tenant();
    tenantId = tenant.id;
    rootId = tenant.rootNodeId;
    north = (await make.createNode(app.db, { tenantId, name: 'North' })).id;
    const server = await createResourceServer(
      app.db,
      { tenantId: null, identifier: resource, name: 'Stock' },
      systemCaller,
    );
    await createResourceServer(
      app.db,
      { tenantId: null, identifier: opaque, name: 'Opaque', tokenFormat: 'opaque' },
      systemCaller,
    );
    await defineCapability(app.db, { key: 'stock.read', resourceServerId: server.id }, systemCaller);
    person = await app.person({ tenantId, fullName: 'Ada Žižková' });
    const role = await make.createRole(app.db, { tenantId, name: 'Keeper', capabilities: ['stock.read'] });
    const other = await make.createRole(app.db, { tenantId, name: 'Clerk' });
    const endsAt = new Date(Date.now() + 200_000);
    const held = { tenantId, userId: person.id };
    await assignRole(app.db, { ...held, roleId: role.id, orgNodeId: north, endsAt }, systemCaller);
    await assignRole(app.db, { ...held, roleId: other.id, orgNodeId: rootId }, systemCaller);
    const { id: ownerId } = await app.person({ tenantId });
    await give(app, { tenantId, userId: ownerId, role: 'owner' });
    const perform = performAs(app, { tenantId, userId: ownerId });
    preview = async (query, userId = person.id) =>
      (await perform('users.token_preview', { params: { user_id: userId }, query })).body;
  });
  after(() => app?.stop());

  /** Signs in for real, and holds every token against the preview's word, byte for byte. */
  async function sameAsIssued(
    client: { clientId: string; clientSecret: string },
    asked: { scope: string; resource?: string; org_node_id?: string },
    auth?: openid.ClientAuth,
  ): Promise<Body> {
    const party = await discover(app, client, auth);
    const { tokens } = await signIn(party, person, {
      parameters: { ...asked },
      tokenParameters: asked.resource ? { resource: asked.resource } : {},
    });
    const nonce = String(decodeJwt(tokens.id_token as string).nonce);
    const said = await preview({ client_id: client.clientId, ...asked, nonce });
    assert.equal(said.refused, null);
    const same = (mine: Body, issued: object, bytes: number, what: string) => {
      assert.equal(JSON.stringify(alike(mine.claims)), JSON.stringify(alike(issued)), what);
      assert.equal(mine.bytes, bytes, `${what}: bytes`);
    };
    same(said.id_token, decodeJwt(tokens.id_token as string), (tokens.id_token as string).length, 'id_token');
    if (!asked.resource) {
      assert.equal(said.access_token, null);
      const response = await fetch(`${app.issuer}/userinfo`, {
        headers: { authorization: `Bearer ${tokens.access_token}` },
      });
      const text = await response.text();
      const isSigned = response.headers.get('content-type')?.startsWith('application/jwt');
      const claims = isSigned ? decodeJwt(text) : JSON.parse(text);
      same(said.userinfo, claims, Buffer.byteLength(text), 'userinfo');
      return said;
    }
    if (said.access_token.format === 'jwt') {
      same(said.access_token, decodeJwt(tokens.access_token), tokens.access_token.length, 'access token');
      const mine = said.access_token.claims.exp - said.access_token.claims.iat;
      const { exp = 0, iat = 0 } = decodeJwt(tokens.access_token);
      assert.ok(Math.abs(mine - (exp - iat)) <= 60, 'it lives as long, as far as the end of a role lets it');
    } else {
      const { active, ...issued } = await openid.tokenIntrospection(party.config, tokens.access_token);
      assert.equal(active, true);
      same(said.access_token, issued, tokens.access_token.length, 'opaque access token');
    }
    return said;
  }

  it('is what is issued, for userinfo', async () => {
    const said = await sameAsIssued(await app.relyingParty(), { scope: 'openid profile email roles capabilities org' });
    assert.equal(said.userinfo.claims.name, 'Ada Žižková');
    assert.deepEqual(said.userinfo.claims.roles, ['Clerk', 'Keeper']);
  });

  it('is what is issued, for an API whose tokens are JWTs', async () => {
    const client = await app.relyingParty();
    const scope = 'openid profile roles capabilities org stock.read';
    const said = await sameAsIssued(client, { scope, resource });
    assert.deepEqual(said.access_token.claims.capabilities, ['stock.read']);
    assert.deepEqual(said.scopes, scope.split(' '));
  });

  it('is what is issued, for one node', async () => {
    const narrowed = { scope: 'openid roles org', resource, org_node_id: north };
    const said = await sameAsIssued(await app.relyingParty(), narrowed);
    assert.equal(said.access_token.claims.org_node_id, north);
  });

  it('is what is issued, for an API whose tokens are opaque', async () => {
    await sameAsIssued(await app.relyingParty(), { scope: 'openid roles org', resource: opaque });
  });

  it('is what is issued to clients of every kind', async () => {
    const scope = 'openid profile roles';
    const registered: Record<string, unknown>[] = [
      { backchannel_logout_uri: 'http://localhost:1/backchannel', backchannel_logout_session_required: true },
      { id_token_signed_response_alg: 'ES256' },
      { userinfo_signed_response_alg: 'ES256' },
      { token_endpoint_auth_method: 'client_secret_post' },
      { id_token_claims: 'all' },
      { id_token_claims: 'lean' },
      { id_token_claims: 'all', claim_mapping: { display_name: { from: 'name' }, plan: { value: 'gold' } } },
      { subject_type: 'public', require_auth_time: true, default_max_age: 3600 },
    ];
    for (const metadata of registered) await sameAsIssued(await app.relyingParty({ metadata }), { scope });
    await sameAsIssued(await app.relyingParty({ firstParty: false }), { scope });
    await sameAsIssued(await app.relyingParty({ tenantId }), { scope });
    const spa = await app.relyingParty({ kind: 'spa', redirectUris: ['http://localhost:1/callback'] });
    await sameAsIssued(spa, { scope }, openid.None());
  });

  it('is what is issued to a client with an API of its registration', async () => {
    const client = await app.relyingParty({ metadata: { default_resource: resource } });
    const party = await discover(app, client);
    const scope = 'openid profile roles stock.read';
    const { tokens } = await signIn(party, person, { parameters: { scope } });
    const nonce = String(decodeJwt(tokens.id_token as string).nonce);
    const said = await preview({ client_id: client.clientId, scope, nonce });
    assert.equal(
      JSON.stringify(alike(said.access_token.claims)),
      JSON.stringify(alike(decodeJwt(tokens.access_token))),
    );
    assert.equal(said.access_token.bytes, tokens.access_token.length);
    assert.equal(said.id_token.bytes, tokens.id_token?.length);
    assert.equal(said.userinfo, null, 'no token of theirs opens it');
  });

  it('is as small as what is issued to somebody with hundreds of places', async () => {
    const role = await make.createRole(app.db, { tenantId, name: 'Everywhere' });
    for (let n = 0; n < 60; n++) {
      const { id: orgNodeId } = await make.createNode(app.db, { tenantId, parentId: north, name: `Place ${n}` });
      await assignRole(app.db, { tenantId, userId: person.id, roleId: role.id, orgNodeId }, systemCaller);
    }
    const said = await sameAsIssued(await app.relyingParty(), { scope: 'openid roles capabilities org', resource });
    assert.deepEqual(Object.keys(said.access_token.claims._claim_names), ['org_assignments']);
    assert.ok(said.access_token.bytes <= app.config.accessTokenMaxBytes);
  });

  it('tells of another moment, with its times', async () => {
    const at = '2090-01-01T00:00:00.000Z';
    const { clientId } = await app.relyingParty();
    const { access_token: token } = await preview({ client_id: clientId, scope: 'openid roles', resource, at });
    assert.deepEqual(token.claims.roles, ['Clerk', 'Everywhere']);
    assert.ok(Math.abs(token.claims.iat - Date.parse(at) / 1000) < 120);
    assert.ok(token.claims.exp > token.claims.iat);
  });

  it('says why there would be none', async () => {
    const { clientId: client_id } = await app.relyingParty();
    const refused = async (query: object, userId?: string) => {
      const { refused, access_token, id_token, userinfo } = await preview({ client_id, ...query }, userId);
      assert.deepEqual([access_token, id_token, userinfo], [null, null, null]);
      return refused.error;
    };
    assert.equal(await refused({ resource: 'https://nowhere.example/' }), 'invalid_target');
    const elsewhere = (await make.createNode(app.db, { tenantId, name: 'Elsewhere' })).id;
    assert.equal(await refused({ resource, scope: 'openid', org_node_id: crypto.randomUUID() }), 'invalid_request');
    assert.notEqual(await preview({ client_id, resource, scope: 'openid', org_node_id: elsewhere }), undefined);
  });

  it('knows no client of another tenant, no service, and none that is disabled', async () => {
    const { id: otherTenant } = await app.tenant();
    const theirs = await app.relyingParty({ tenantId: otherTenant });
    const service = await app.service({ tenantId });
    const gone = await app.relyingParty();
    await app.db('clients').where({ clientId: gone.clientId }).update({ state: 'disabled' });
    for (const { clientId } of [theirs, service, gone, { clientId: 'nobody' }])
      await assert.rejects(preview({ client_id: clientId }), { code: 'NOT_FOUND' });
  });

  it('stores nothing, and signs with nothing that anybody takes', async () => {
    const { clientId } = await app.relyingParty();
    const count = async () =>
      (
        await rows<{ n: number }>(
          app.db,
          'select (select count(*) from oidc_payloads) + (select count(*) from audit_events) as n',
        )
      )[0]?.n;
    const before = await count();
    const said = await preview({ client_id: clientId, scope: 'openid roles', resource });
    assert.equal(await count(), before);
    assert.doesNotMatch(JSON.stringify(said), /eyJ/, 'no token leaves');
  });

  it('is shown to who reaches all that the person holds alone', async () => {
    const role = await make.createRole(app.db, { tenantId, capabilities: ['users.read'] });
    const { id: delegate } = await app.person({ tenantId });
    await assignRole(app.db, { tenantId, userId: delegate, roleId: role.id, orgNodeId: north }, systemCaller);
    const { clientId } = await app.relyingParty();
    const ask = performAs(app, { tenantId, userId: delegate });
    const about = (userId: string) =>
      ask('users.token_preview', { params: { user_id: userId }, query: { client_id: clientId } });
    await assert.rejects(about(person.id), { code: 'PRIVILEGE_EXCEEDED' });
    const within = await app.person({ tenantId });
    await assignRole(app.db, { tenantId, userId: within.id, roleId: role.id, orgNodeId: north }, systemCaller);
    assert.equal((await about(within.id)).status, 200);
  });
});
