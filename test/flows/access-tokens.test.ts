import assert from 'node:assert/strict';
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose';
import * as openid from 'openid-client';
import { defineCapability } from '../../src/domain/access/capabilities.ts';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { assignRole, endAssignment } from '../../src/domain/organisation/org-assignments.ts';
import { createOrgNode } from '../../src/domain/organisation/org-nodes.ts';
import { createResourceServer } from '../../src/domain/resource-servers/resource-servers.ts';
import type { NewTenant } from '../../src/domain/setup/create-tenant.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { Browserless } from '../support/browserless.ts';
import { createRole } from '../support/factories.ts';
import { discover, type RelyingParty, redirectUri, signIn, startSignIn } from '../support/relying-party.ts';

const resource = 'https://stock.example/';
const scope = 'openid roles capabilities org';

describe('access tokens of people', () => {
  let app: TestApp;
  let tenant: NewTenant;
  let party: RelyingParty;
  let api: { clientId: string; clientSecret: string };

  before(async () => {
    app = await startTestApp();
    tenant = await app.tenant();
    const server = await createResourceServer(
      app.db,
      { tenantId: null, identifier: resource, name: 'Stock' },
      systemCaller,
    );
    await defineCapability(app.db, { key: 'stock.read', resourceServerId: server.id }, systemCaller);
    api = await app.service({ name: 'Stock API', resourceServerId: server.id });
    party = await discover(app, await app.relyingParty());
  });
  after(() => app?.stop());

  async function tokenOf(
    person: { email: string; password: string },
    extra: Record<string, string> = {},
    tokenParameters: Record<string, string> = {},
  ) {
    const parameters = { scope, resource, ...extra };
    return (await signIn(party, person, { parameters, tokenParameters: { resource, ...tokenParameters } })).tokens;
  }

  async function introspect(token: string): Promise<Record<string, unknown>> {
    const config = await discover(app, api);
    return openid.tokenIntrospection(config.config, token);
  }

  it('say what is held now, and nothing about the person beside it', async () => {
    const person = await app.person({ tenantId: tenant.id });
    const role = await createRole(app.db, { tenantId: tenant.id, name: 'Keeper', capabilities: ['stock.read'] });
    await assignRole(
      app.db,
      { tenantId: tenant.id, userId: person.id, roleId: role.id, orgNodeId: tenant.rootNodeId },
      systemCaller,
    );
    const { access_token: token } = await tokenOf(person);
    const keys = createRemoteJWKSet(new URL(`${app.issuer}/jwks`));
    const { payload, protectedHeader } = await jwtVerify(token, keys, {
      issuer: app.issuer,
      audience: resource,
      typ: 'at+jwt',
      algorithms: ['ES256'],
    });
    assert.equal(protectedHeader.alg, 'ES256');
    assert.equal(payload.sub, person.id);
    assert.deepEqual(payload.roles, ['Keeper']);
    assert.deepEqual(payload.capabilities, ['stock.read']);
    assert.equal((payload.tenant as { id: string }).id, tenant.id);
    assert.equal(payload.email, undefined);
    assert.ok(Buffer.byteLength(token) <= app.config.accessTokenMaxBytes);
  });

  it('never outlive the assignment they speak of, and a refresh reads access again', async () => {
    const person = await app.person({ tenantId: tenant.id });
    const role = await createRole(app.db, { tenantId: tenant.id });
    const endsAt = new Date(Date.now() + 90_000);
    const held = await assignRole(
      app.db,
      { tenantId: tenant.id, userId: person.id, roleId: role.id, orgNodeId: tenant.rootNodeId, endsAt },
      systemCaller,
    );
    const tokens = await tokenOf(person);
    const first = decodeJwt(tokens.access_token);
    assert.ok((first.exp as number) * 1000 <= endsAt.getTime(), 'exp is cut');
    assert.deepEqual(first.roles, [role.name]);
    await endAssignment(app.db, { tenantId: tenant.id, assignmentId: held.id }, systemCaller);
    const seen = await introspect(tokens.access_token);
    assert.equal(seen.active, true);
    assert.deepEqual(seen.roles, [], 'introspection tells it at once');
    const again = await openid.refreshTokenGrant(party.config, tokens.refresh_token as string, { resource });
    assert.deepEqual(decodeJwt(again.access_token).roles, []);
  });

  it('say no more than one node where the client asks for one', async () => {
    const person = await app.person({ tenantId: tenant.id });
    const [north, south] = await Promise.all(
      ['North', 'South'].map((name) =>
        createOrgNode(app.db, { tenantId: tenant.id, parentId: tenant.rootNodeId, type: 'region', name }, systemCaller),
      ),
    );
    if (!north || !south) throw new Error('no nodes');
    const school = await createOrgNode(
      app.db,
      { tenantId: tenant.id, parentId: north.id, type: 'school', name: 'Lakeside' },
      systemCaller,
    );
    const teacher = await createRole(app.db, { tenantId: tenant.id, capabilities: ['grades.write'] });
    const buyer = await createRole(app.db, { tenantId: tenant.id, capabilities: ['orders.write'] });
    for (const [role, node] of [[teacher, north] as const, [buyer, south] as const])
      await assignRole(
        app.db,
        { tenantId: tenant.id, userId: person.id, roleId: role.id, orgNodeId: node.id },
        systemCaller,
      );
    const tokens = await tokenOf(person, { org_node_id: north.id });
    const claims = decodeJwt(tokens.access_token);
    assert.equal(claims.org_node_id, north.id);
    assert.deepEqual(claims.capabilities, ['grades.write']);
    const deeper = await openid.refreshTokenGrant(party.config, tokens.refresh_token as string, {
      resource,
      org_node_id: school.id,
    });
    assert.equal(decodeJwt(deeper.access_token).org_node_id, school.id);
    assert.deepEqual(decodeJwt(deeper.access_token).capabilities, ['grades.write']);
    const back = await openid.refreshTokenGrant(party.config, deeper.refresh_token as string, { resource });
    assert.equal(decodeJwt(back.access_token).org_node_id, north.id, 'what was authorized stays');
    await assert.rejects(
      openid.refreshTokenGrant(party.config, back.refresh_token as string, { resource, org_node_id: south.id }),
      { error: 'invalid_request' },
    );
    const still = await openid.refreshTokenGrant(party.config, back.refresh_token as string, { resource });
    assert.ok(still.refresh_token, 'a refused request uses nothing up');
    const other = await app.tenant();
    await assert.rejects(tokenOf(person, {}, { org_node_id: other.rootNodeId }), { error: 'invalid_request' });
    const { address } = await startSignIn(party, { scope, resource, org_node_id: 'north' });
    const refused = await new Browserless().open(address.href, redirectUri);
    assert.equal(new URL(refused.location as string).searchParams.get('error'), 'invalid_request');
  });

  it('stay within the budget for a person with 1,000 nodes and 200 capabilities', async () => {
    const person = await app.person({ tenantId: tenant.id });
    const many = Array.from({ length: 200 }, (_, n) => `budget.capability-${n}`);
    const role = await createRole(app.db, { tenantId: tenant.id, capabilities: many });
    await app.db.raw(
      `with node as (
         insert into org_nodes (tenant_id, parent_id, type, name)
         select ?, ?, 'branch', 'Branch ' || n from generate_series(1, 1000) n
         returning id, tenant_id
       )
       insert into org_assignments (tenant_id, user_id, role_id, org_node_id) select tenant_id, ?, ?, id from node`,
      [tenant.id, tenant.rootNodeId, person.id, role.id],
    );
    const tokens = await tokenOf(person);
    assert.ok(Buffer.byteLength(tokens.access_token) <= 2048, `${Buffer.byteLength(tokens.access_token)} bytes`);
    const claims = decodeJwt(tokens.access_token) as Record<string, unknown> & {
      _claim_names: Record<string, string>;
      _claim_sources: Record<string, { endpoint: string }>;
    };
    assert.deepEqual(Object.keys(claims._claim_names).sort(), ['capabilities', 'org_assignments']);
    assert.deepEqual(claims.roles, [role.name]);
    const endpoint = claims._claim_sources[claims._claim_names.capabilities as string]?.endpoint as string;
    const headers = { authorization: `Bearer ${tokens.access_token}` };
    const full = await fetch(endpoint, { headers });
    assert.equal(full.headers.get('content-type'), 'application/jwt');
    const keys = createRemoteJWKSet(new URL(`${app.issuer}/jwks`));
    const { payload } = await jwtVerify(await full.text(), keys, { issuer: app.issuer, audience: resource });
    assert.equal((payload.capabilities as string[]).length, 200);
    assert.equal((payload.org_assignments as unknown[]).length, 1000);
    const json = await fetch(endpoint, { headers: { ...headers, accept: 'application/json' } });
    assert.equal(((await json.json()) as { capabilities: string[] }).capabilities.length, 200);
    const userinfoTokens = (await signIn(party, person, { parameters: { scope } })).tokens;
    const userinfo = await openid.fetchUserInfo(party.config, userinfoTokens.access_token, person.id);
    assert.equal((userinfo.org_assignments as unknown[]).length, 1000);
    await openid.tokenRevocation(party.config, tokens.access_token);
    assert.equal((await fetch(endpoint, { headers })).status, 401, 'a revoked token opens nothing');
  });

  it('open the claims endpoint to scripts of the application, as userinfo does', async () => {
    const person = await app.person({ tenantId: tenant.id });
    const parameters = { resource, scope: 'openid roles' };
    const { tokens } = await signIn(party, person, { parameters, tokenParameters: { resource } });
    const forUserinfo = (await signIn(party, person)).tokens;
    const own = 'http://localhost:1';
    for (const [path, token] of [
      ['/access-claims', tokens.access_token],
      ['/userinfo', forUserinfo.access_token],
    ]) {
      const ask = (headers: Record<string, string>, method = 'GET') =>
        fetch(`${app.issuer}${path}`, { method, headers: { authorization: `Bearer ${token}`, ...headers } });
      const allowed = (answer: Response) => answer.headers.get('access-control-allow-origin');
      const wants = { 'access-control-request-method': 'GET', 'access-control-request-headers': 'authorization,dpop' };
      const preflight = await fetch(`${app.issuer}${path}`, { method: 'OPTIONS', headers: { origin: own, ...wants } });
      assert.deepEqual([preflight.status, allowed(preflight)], [204, own], path);
      assert.equal(preflight.headers.get('access-control-allow-headers'), 'authorization,dpop');
      assert.match(preflight.headers.get('access-control-allow-methods') ?? '', /GET/);

      const answer = await ask({ origin: own });
      assert.deepEqual([answer.status, allowed(answer)], [200, own], path);
      assert.match(answer.headers.get('vary') ?? '', /origin/i);
      assert.equal(answer.headers.get('access-control-allow-credentials'), null);
      for (const origin of ['https://evil.example', 'http://localhost:2', 'null']) {
        const foreign = await ask({ origin });
        assert.deepEqual([foreign.status, allowed(foreign)], [400, null], `${path} ${origin}`);
        assert.doesNotMatch(await foreign.text(), /"sub"/);
      }
      const refused = await ask({ origin: own, authorization: 'Bearer x' });
      assert.deepEqual([refused.status, allowed(refused)], [401, own], path);
      assert.match(refused.headers.get('access-control-expose-headers') ?? '', /WWW-Authenticate/);
      assert.equal((await ask({})).status, 200, path);
    }
    const odd = await fetch(`${app.issuer}/access-claims`, { method: 'OPTIONS' });
    assert.equal(odd.status, 405);
  });

  it('open the claims endpoint for nobody else', async () => {
    const forged = `${'e'.repeat(20)}.${'e'.repeat(20)}.${'e'.repeat(20)}`;
    for (const authorization of [undefined, 'Bearer ', `Bearer ${forged}`, 'Basic abc', `Bearer at+jwt:${forged}`]) {
      const reply = await fetch(`${app.issuer}/access-claims`, { headers: authorization ? { authorization } : {} });
      assert.equal(reply.status, 401);
      assert.match(reply.headers.get('www-authenticate') ?? '', /^Bearer/);
    }
  });
});
