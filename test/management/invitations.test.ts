import assert from 'node:assert/strict';
import { createRole, grantCapabilityToRole } from '../../src/domain/access/roles.ts';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { assignRole } from '../../src/domain/organisation/org-assignments.ts';
import { createOrgNode } from '../../src/domain/organisation/org-nodes.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { give, performAs } from '../support/management.ts';

describe('operations on invitations', () => {
  let app: TestApp;
  let tenantId: string;
  let memberId: string;
  let [north, school, south, headRole]: string[] = [];
  let head: ReturnType<typeof performAs>;
  let owner: ReturnType<typeof performAs>;
  let headId: string;

  before(async () => {
    app = await startTestApp();
    const tenant = await app.tenant();
    tenantId = tenant.id;
    memberId = tenant.systemRoleIds.member;
    const add = async (parentId: string, name: string) =>
      (await createOrgNode(app.db, { tenantId, parentId, type: 'place', name }, systemCaller)).id;
    north = await add(tenant.rootNodeId, 'North');
    school = await add(north, 'Lakeside');
    south = await add(tenant.rootNodeId, 'South');
    headRole = (await createRole(app.db, { tenantId, name: 'Head' }, systemCaller)).id;
    await grantCapabilityToRole(app.db, { tenantId, roleId: headRole, capability: 'invitations.manage' }, systemCaller);
    headId = (await app.person({ tenantId })).id;
    await assignRole(app.db, { tenantId, userId: headId, roleId: headRole, orgNodeId: north }, systemCaller);
    head = performAs(app, { tenantId, userId: headId });
    const { id: ownerId } = await app.person({ tenantId });
    await give(app, { tenantId, userId: ownerId, role: 'owner' });
    owner = performAs(app, { tenantId, userId: ownerId });
  });
  after(() => app?.stop());

  let count = 0;
  const to = (place = school, role = memberId) => ({
    body: { email: `guest-${++count}@example.test`, role_id: role, org_node_id: place },
  });
  type Shown = { id: string; org_node_id: string; invited_by: string; state: string };
  const shown = ({ body }: { body: unknown }) => body as Shown;
  const listed = ({ body }: { body: unknown }) => (body as { items: Shown[] }).items;

  it('invite to places within reach, and give what the inviter holds', async () => {
    const made = await head('invitations.create', to());
    assert.equal(made.status, 201);
    assert.equal(shown(made).invited_by, headId);
    await head('invitations.create', to(school, headRole));
    await assert.rejects(head('invitations.create', to(south)), { code: 'NOT_FOUND' });
    const { systemRoleIds } = await app.tenant();
    await assert.rejects(head('invitations.create', to(school, systemRoleIds.member)), { code: 'PRIVILEGE_EXCEEDED' });
    const auditor = (await createRole(app.db, { tenantId, name: 'Auditor' }, systemCaller)).id;
    await grantCapabilityToRole(app.db, { tenantId, roleId: auditor, capability: 'audit.read' }, systemCaller);
    await assert.rejects(head('invitations.create', to(school, auditor)), { code: 'PRIVILEGE_EXCEEDED' });
    const byOwner = shown(await owner('invitations.create', to(school, auditor)));
    const named = { params: { invitation_id: byOwner.id } };
    // Sending it again makes it work again: that takes what making it takes.
    await assert.rejects(head('invitations.resend', { ...named, body: {} }), { code: 'PRIVILEGE_EXCEEDED' });
    await head('invitations.revoke', named);
    assert.equal(shown(await owner('invitations.get', named)).state, 'revoked');
  });

  it('show those to places within reach alone', async () => {
    const away = shown(await owner('invitations.create', to(south)));
    const near = shown(await owner('invitations.create', to(school)));
    const seen = listed(await head('invitations.list', { query: { limit: '200', state: 'open' } }));
    assert.ok(seen.some(({ id }) => id === near.id));
    assert.ok(seen.every(({ org_node_id: place }) => [north, school].includes(place)));
    const all = listed(await owner('invitations.list', { query: { limit: '200' } }));
    assert.ok(all.some(({ id }) => id === away.id));
    for (const id of ['invitations.get', 'invitations.revoke'])
      await assert.rejects(head(id, { params: { invitation_id: away.id } }), { code: 'NOT_FOUND' }, id);
    await assert.rejects(head('invitations.resend', { params: { invitation_id: away.id }, body: {} }), {
      code: 'NOT_FOUND',
    });
  });

  it('are sent again after a while, and write down by which operation', async () => {
    const { id } = shown(await head('invitations.create', to()));
    const named = { params: { invitation_id: id } };
    await assert.rejects(head('invitations.resend', { ...named, body: {} }), { code: 'TOO_MANY_ATTEMPTS' });
    await app
      .db('invitations')
      .where({ id })
      .update({ sentAt: new Date(Date.now() - 3_600_000) });
    await head('invitations.resend', { ...named, body: { locale: 'fr' } });
    const events = await app.db('audit_events').where({ entityId: id }).orderBy('occurredAt');
    assert.deepEqual(
      events.map(({ action, payload }) => [action, payload.cause]),
      [
        ['invitation.created', 'invitations.create'],
        ['invitation.resent', 'invitations.resend'],
      ],
    );
  });
});
