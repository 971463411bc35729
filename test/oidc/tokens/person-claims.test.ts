import assert from 'node:assert/strict';
import { decodeJwt } from 'jose';
import * as openid from 'openid-client';
import { up } from '../../../migrations/0012-client-metadata.ts';
import { systemCaller } from '../../../src/domain/audit/audit-events.ts';
import { updateClient } from '../../../src/domain/clients/change-client.ts';
import type { NewClient } from '../../../src/domain/clients/clients.ts';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { createApi } from '../../support/endpoints.ts';
import { assign, createRole } from '../../support/factories.ts';
import { discover, signIn } from '../../support/relying-party.ts';

const all = 'openid profile email roles org';

describe('what a client is told of a person', () => {
  let app: TestApp;
  let person: Awaited<ReturnType<TestApp['person']>>;
  before(async () => {
    app = await startTestApp();
    person = await app.person();
    await app.db('users').where({ id: person.id }).update({ username: 'ada.k' });
    const role = await createRole(app.db, { tenantId: person.tenantId, name: 'Teacher' });
    await assign(app.db, { tenantId: person.tenantId, userId: person.id, roleId: role.id });
  });
  after(() => app?.stop());

  async function given(overrides: Partial<NewClient>, parameters: Record<string, string> = {}) {
    const client = await app.relyingParty(overrides);
    const party = await discover(app, client);
    const { tokens } = await signIn(party, person, { parameters: { scope: all, ...parameters } });
    const idToken = tokens.claims() as openid.IDToken;
    return { idToken, tokens, party, ...client };
  }
  const userinfo = (party: openid.Configuration, token: string) => openid.fetchUserInfo(party, token, person.id);

  it('is in the id_token as well as at userinfo, and is said again at each refresh', async () => {
    const { idToken, tokens, party, clientId } = await given({});
    assert.equal(idToken.email, person.email);
    assert.equal(idToken.email_verified, true);
    assert.equal(idToken.preferred_username, 'ada.k');
    assert.deepEqual(idToken.roles, ['Teacher']);
    const told = await userinfo(party.config, tokens.access_token);
    for (const name of ['email', 'name', 'preferred_username', 'roles', 'org_assignments', 'tenant'])
      assert.deepEqual(idToken[name], told[name], name);
    const row = await app.db('clients').where({ clientId }).first('metadata');
    assert.equal(row.metadata.id_token_claims, 'all');

    await app.db('users').where({ id: person.id }).update({ username: 'ada.keller' });
    const next = await openid.refreshTokenGrant(party.config, tokens.refresh_token as string);
    assert.equal(next.claims()?.preferred_username, 'ada.keller');
    await app.db('users').where({ id: person.id }).update({ username: 'ada.k' });
  });

  it('is what the scopes release, and nothing for a scope that was not asked for', async () => {
    const { idToken } = await given({}, { scope: 'openid email' });
    assert.equal(idToken.email, person.email);
    for (const name of ['name', 'preferred_username', 'roles', 'tenant', 'org_assignments'])
      assert.equal(idToken[name], undefined, name);
  });

  it('is at userinfo alone where the client is registered lean', async () => {
    const lean = { metadata: { id_token_claims: 'lean' } };
    const { idToken, tokens, party } = await given(lean);
    for (const name of ['email', 'name', 'preferred_username', 'roles', 'tenant'])
      assert.equal(idToken[name], undefined, name);
    assert.equal((await userinfo(party.config, tokens.access_token)).email, person.email);
    const claims = JSON.stringify({ id_token: { email: null } });
    const asked = await given(lean, { scope: 'openid profile', claims });
    assert.equal(asked.idToken.email, person.email);
    assert.equal(asked.idToken.name, undefined);
  });

  it('is in a lean id_token too where the access token opens no userinfo', async () => {
    const api = await createApi(app);
    const party = await discover(app, await app.relyingParty({ metadata: { id_token_claims: 'lean' } }));
    const resource = { resource: api.identifier };
    const { tokens } = await signIn(party, person, {
      parameters: { ...resource, scope: 'openid email' },
      tokenParameters: resource,
    });
    assert.equal(tokens.claims()?.email, person.email);
  });

  it('comes under the names that the client registered, at both places, and in no other token', async () => {
    const metadata = {
      claim_mapping: {
        groups: { from: 'roles' },
        upn: { from: 'email' },
        environment: { value: 'production' },
        picture: null,
        name: null,
      },
      userinfo_signed_response_alg: 'ES256',
      introspection_signed_response_alg: 'ES256',
    };
    const own = { metadata: { ...metadata, token_endpoint_auth_method: 'client_secret_post' } };
    const { idToken, tokens, clientId, clientSecret } = await given({ ...own, tenantId: person.tenantId });
    const answer = await fetch(`${app.issuer}/userinfo`, {
      headers: { authorization: `Bearer ${tokens.access_token}` },
    });
    for (const claims of [idToken, decodeJwt(await answer.text())] as Record<string, unknown>[]) {
      assert.deepEqual(claims.groups, ['Teacher']);
      assert.equal(claims.upn, person.email);
      assert.equal(claims.environment, 'production');
      assert.equal(claims.name, undefined);
      assert.equal(claims.sub, person.id);
    }
    const form = { token: tokens.access_token, client_id: clientId, client_secret: clientSecret };
    const introspection = await fetch(`${app.issuer}/introspect`, {
      method: 'POST',
      body: new URLSearchParams(form),
      headers: { accept: 'application/token-introspection+jwt' },
    });
    assert.deepEqual(Object.keys(decodeJwt(await introspection.text())).sort(), [
      'aud',
      'iat',
      'iss',
      'token_introspection',
    ]);
  });

  it('names the tenant of a role to an application of all tenants', async () => {
    const { idToken } = await given({ metadata: { claim_mapping: { groups: { from: 'roles' } } } });
    const { slug } = idToken.tenant as { slug: string };
    assert.deepEqual(idToken.groups, [`${slug}:Teacher`]);
  });

  it('keeps people of two tenants apart who hold roles of one name', async () => {
    const party = await discover(
      app,
      await app.relyingParty({ metadata: { claim_mapping: { groups: { from: 'roles' } } } }),
    );
    const other = await app.person({ tenantId: (await app.tenant()).id });
    const role = await createRole(app.db, { tenantId: other.tenantId, name: 'Teacher' });
    await assign(app.db, { tenantId: other.tenantId, userId: other.id, roleId: role.id });
    const groups = [];
    for (const whose of [person, other]) {
      const { tokens } = await signIn(party, whose, { parameters: { scope: all } });
      const { slug } = (tokens.claims() as openid.IDToken).tenant as { slug: string };
      assert.deepEqual(tokens.claims()?.groups, [`${slug}:Teacher`]);
      groups.push(tokens.claims()?.groups);
    }
    assert.notDeepEqual(groups[0], groups[1]);
  });

  it('stays as it was for applications that were there before', async () => {
    const [old, service] = [await app.relyingParty(), await app.service({})];
    const claimsOf = async (trx: typeof app.db, { clientId }: { clientId: string }) =>
      (await trx('clients').where({ clientId }).first('metadata')).metadata.id_token_claims;
    const undone = new Error('undone');
    await assert.rejects(
      app.db.transaction(async (trx) => {
        await trx.raw(`update clients set metadata = metadata - 'id_token_claims'`);
        await up(trx);
        assert.equal(await claimsOf(trx, old), 'lean');
        assert.equal(await claimsOf(trx, service), undefined);
        throw undone;
      }),
      undone,
    );
    assert.equal(await claimsOf(app.db, old), 'all');
  });

  it('is nothing more than the scopes give, whatever the mapping asks for', async () => {
    const from = (...sources: string[]) => Object.fromEntries(sources.map((name) => [`x_${name}`, { from: name }]));
    const claim_mapping = from('email', 'name', 'preferred_username', 'roles', 'capabilities', 'places', 'tenant');
    const { idToken, tokens, party } = await given({ metadata: { claim_mapping } }, { scope: 'openid' });
    const told = await userinfo(party.config, tokens.access_token);
    assert.deepEqual(Object.keys(told), ['sub']);
    assert.deepEqual(
      Object.keys(idToken).filter((name) => name.startsWith('x_')),
      [],
    );
  });

  it('changes with the registration, also for who was signed in before', async () => {
    const { tokens, party, clientId } = await given({ metadata: { id_token_claims: 'lean' } });
    const metadata = { id_token_claims: null, claim_mapping: { groups: { from: 'roles' } } };
    await updateClient(app.db, { clientId, metadata }, systemCaller);
    const next = await openid.refreshTokenGrant(party.config, tokens.refresh_token as string);
    assert.equal(next.claims()?.email, person.email);
    assert.ok(Array.isArray(next.claims()?.groups));
  });
});
