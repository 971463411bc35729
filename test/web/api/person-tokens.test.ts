import assert from 'node:assert/strict';
import * as openid from 'openid-client';
import { systemCaller } from '../../../src/domain/audit/audit-events.ts';
import { deactivateUser } from '../../../src/domain/lifecycle/end-person.ts';
import { managementAudience } from '../../../src/oidc/tokens/management-audience.ts';
import { startTestApp, type TestApp } from '../../support/app.ts';
import * as make from '../../support/factories.ts';
import { asking, managementCapabilities } from '../../support/management.ts';
import { personToken } from '../../support/management-world.ts';
import { discover, signIn } from '../../support/relying-party.ts';

describe("a person's access token at the management API", () => {
  let app: TestApp;
  let tenantId: string;

  before(async () => {
    app = await startTestApp();
    tenantId = (await app.tenant()).id;
  });
  after(() => app?.stop());

  async function personWith(...capabilities: string[]) {
    const person = await app.person({ tenantId });
    const role = await make.createRole(app.db, { tenantId, capabilities });
    const { id } = await make.assign(app.db, { tenantId, userId: person.id, roleId: role.id });
    return { ...person, assignmentId: id, roleId: role.id };
  }

  async function tokensOf(person: { email: string; password: string }, options = {}) {
    const party = await discover(app, await app.relyingParty());
    const resource = { resource: managementAudience(app.issuer) };
    const parameters = { ...resource, scope: 'openid roles.read roles.manage' };
    const { tokens } = await signIn(party, person, { parameters, tokenParameters: resource, options });
    return { party, token: tokens.access_token, type: tokens.token_type };
  }

  it('counts by a real sign-in, and the trail names the person', async () => {
    const person = await personWith('roles.read', 'roles.manage');
    const ask = asking(app, (await tokensOf(person)).token);
    const made = await ask('POST', '/roles', { name: 'By a person' });
    assert.equal(made.status, 201);
    const [event] = await app.db('audit_events').where({ entityId: made.body.id });
    assert.deepEqual([event.actorType, event.actorId], ['user', person.id]);
  });

  it('gives no more than its scopes, and its scopes no more than what the person holds', async () => {
    const able = await personWith('roles.read', 'roles.manage');
    const narrow = asking(app, await personToken(app, able, { scopes: ['roles.read'] }));
    assert.equal((await narrow('GET', '/roles')).status, 200);
    const refused = await narrow('POST', '/roles', { name: 'Too much' });
    assert.equal(refused.status, 403);
    assert.match(refused.headers.get('www-authenticate') ?? '', /error="insufficient_scope", scope="roles.manage"/);

    const reader = await personWith('roles.read');
    const wide = asking(app, await personToken(app, reader, { scopes: managementCapabilities }));
    assert.equal((await wide('GET', '/roles')).status, 200);
    assert.equal((await wide('POST', '/roles', { name: 'Too much' })).status, 403);
  });

  it('follows what the person holds from one request to the next', async () => {
    const person = await personWith('roles.read');
    const ask = asking(app, (await tokensOf(person)).token);
    assert.equal((await ask('GET', '/roles')).status, 200);
    await app.db('role_capabilities').where({ roleId: person.roleId }).delete();
    assert.equal((await ask('GET', '/roles')).status, 403);
  });

  it('is refused once it is revoked, and once the person is deactivated', async () => {
    const person = await personWith('roles.read');
    const { party, token } = await tokensOf(person);
    const ask = asking(app, token);
    assert.equal((await ask('GET', '/roles')).status, 200);
    await openid.tokenRevocation(party.config, token);
    assert.equal((await ask('GET', '/roles')).status, 401);

    const another = asking(app, (await tokensOf(person)).token);
    assert.equal((await another('GET', '/roles')).status, 200);
    await deactivateUser(app.db, { tenantId, userId: person.id }, systemCaller);
    assert.equal((await another('GET', '/roles')).status, 401);
  });

  it('asks for a sign-in of the last five minutes before a password is set', async () => {
    const person = await personWith(...managementCapabilities);
    const { id } = await app.person({ tenantId });
    const ask = asking(app, await personToken(app, person));
    const set = () => ask('PUT', `/users/${id}/password`, { password: 'a walk along the river' });
    assert.equal((await set()).status, 204);
    const tenMinutesAgo = new Date(Date.now() - 600_000);
    await app.db('user_sessions').where({ userId: person.id }).update({ loginAt: tenMinutesAgo });
    const { status, body, headers } = await set();
    assert.deepEqual([status, body.code], [401, 'FRESH_AUTHENTICATION_REQUIRED']);
    assert.match(headers.get('www-authenticate') ?? '', /insufficient_user_authentication", max_age="300"/);
  });

  it('is refused as a bearer token where it is bound to a key, with a proof or without', async () => {
    const person = await personWith('roles.read');
    const party = await discover(app, await app.relyingParty());
    const DPoP = openid.getDPoPHandle(party.config, await openid.randomDPoPKeyPair());
    const resource = { resource: managementAudience(app.issuer) };
    const parameters = { ...resource, scope: 'openid roles.read' };
    const { tokens } = await signIn(party, person, { parameters, tokenParameters: resource, options: { DPoP } });
    assert.equal(tokens.token_type, 'dpop');
    const ask = asking(app, tokens.access_token);
    assert.equal((await ask('GET', '/roles')).status, 401);
    const spoken = { authorization: `DPoP ${tokens.access_token}` };
    assert.equal((await ask('GET', '/roles', undefined, spoken)).status, 401);
  });

  it('is taken from the header alone, and whole', async () => {
    const { token } = await tokensOf(await personWith('roles.read'));
    const nobody = asking(app, undefined);
    assert.equal((await nobody('GET', `/roles?access_token=${token}`)).status, 401);
    const [head, body, signature] = token.split('.') as [string, string, string];
    const unsigned = Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url');
    for (const forged of [
      `${unsigned}.${body}.`,
      `${unsigned}.${body}.${signature}`,
      `${head}.${body}.${signature.slice(1)}`,
      `${token} x`,
    ])
      assert.equal((await asking(app, forged)('GET', '/roles')).status, 401);
    for (const scheme of ['Basic', 'Token', ''])
      assert.equal((await nobody('GET', '/roles', undefined, { authorization: `${scheme} ${token}` })).status, 401);
  });
});
