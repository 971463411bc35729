/** A tenant moves from one server to another: two databases, two secrets, two issuers. Its people and programs go on there. */
import assert from 'node:assert/strict';
import { findEffectiveAccess } from '../../src/domain/access/effective-access.ts';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { reportMove, reportText } from '../../src/domain/moves/told-changes.ts';
import { assignRole } from '../../src/domain/organisation/org-assignments.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { Browserless } from '../support/browserless.ts';
import { introspect, postAs } from '../support/endpoints.ts';
import { createNode, createRole } from '../support/factories.ts';
import { moveTenant, startOtherServer } from '../support/moved-tenant.ts';
import { discover, signIn, startSignIn } from '../support/relying-party.ts';

describe('a tenant that moves', () => {
  let from: TestApp;
  let to: TestApp;
  before(async () => {
    [from, to] = await Promise.all([startTestApp(), startOtherServer()]);
  });
  after(async () => {
    await Promise.all([from?.stop(), to?.stop()]);
  });

  it('has its people, tree, roles and applications at the other server, and nobody gets in at the first', async () => {
    const tenant = await from.tenant();
    const tenantId = tenant.id;
    const person = await from.person({ tenantId });
    const school = await createNode(from.db, { tenantId, name: 'North School' });
    const role = await createRole(from.db, { tenantId, name: 'teacher', capabilities: ['users.read', 'lessons.plan'] });
    const given = { tenantId, userId: person.id, roleId: role.id, orgNodeId: school.id };
    await assignRole(from.db, given, systemCaller);
    const client = await from.relyingParty({ tenantId });
    const service = await from.service({ tenantId, capabilities: ['users.read'] });
    const before = await signIn(await discover(from, client), person);
    const accessBefore = await findEffectiveAccess(from.db, { tenantId, userId: person.id });

    await moveTenant(from, to, tenantId);

    const after = await signIn(await discover(to, client), person);
    const [then, now] = [before.tokens.claims(), after.tokens.claims()] as Record<string, unknown>[];
    const own = ['iss', 'iat', 'exp', 'auth_time', 'nonce', 'at_hash', 'sid', 'jti', 's_hash'];
    const same = (claims = {}) => Object.fromEntries(Object.entries(claims).filter(([name]) => !own.includes(name)));
    assert.deepEqual(same(now), same(then));
    assert.deepEqual([then?.iss, now?.iss], [from.issuer, to.issuer]);
    assert.deepEqual(await findEffectiveAccess(to.db, { tenantId, userId: person.id }), accessBefore);

    const form = { grant_type: 'client_credentials' };
    const granted = await postAs(`${to.issuer}/token`, service, form);
    assert.equal(granted.status, 200, JSON.stringify(granted.body));
    const refused = await postAs(`${from.issuer}/token`, service, form);
    assert.notEqual(refused.status, 200);
    const there = await from.service({ capabilities: [] });
    assert.equal((await introspect(from.issuer, there, before.tokens.access_token)).body.active, false);
    await assert.rejects(signIn(await discover(from, client), person));
    const { address } = await startSignIn(await discover(from, client));
    const page = await new Browserless().open(address.href);
    assert.equal(page.status, 409, page.body);
    assert.match(page.body, /This organisation has moved/);
    assert.ok(page.body.includes(to.issuer), 'says where to');

    const report = await reportMove(to.db, { tenantId, from: from.issuer, to: to.issuer });
    assert.deepEqual(report.told.map(({ id }) => id).sort(), [client.clientId, service.clientId].sort());
    assert.ok(reportText(report).includes(`${to.issuer}/.well-known/openid-configuration`));
  });
});
