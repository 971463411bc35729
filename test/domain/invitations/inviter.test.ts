import assert from 'node:assert/strict';
import { grantCapabilityToRole } from '../../../src/domain/access/roles.ts';
import { type Caller, systemCaller } from '../../../src/domain/audit/audit-events.ts';
import { createService } from '../../../src/domain/clients/clients.ts';
import { acceptInvitation, findInvitation, type Invitation } from '../../../src/domain/invitations/invitations.ts';
import { acceptInvitationsOf } from '../../../src/domain/invitations/invitations-of-address.ts';
import { disableClient } from '../../../src/domain/lifecycle/end-client.ts';
import { assignRole, endAssignment } from '../../../src/domain/organisation/org-assignments.ts';
import { deactivateOrgNode } from '../../../src/domain/organisation/org-nodes.ts';
import { setPlatformTenant } from '../../../src/domain/tenants/platform-tenant.ts';
import { createNode, createRole, createUser } from '../../support/factories.ts';
import { createInvitationBench, type InvitationBench, someEmail } from './invitation-bench.ts';

/** Somebody who leaves an office could else let themselves in again by an invitation that they made before. */
describe('an invitation whose inviter may no longer give what it gives', () => {
  let bench: InvitationBench;
  let region: string;
  let headRole: string;

  before(async () => {
    bench = await createInvitationBench();
    const { db, tenant } = bench;
    const tenantId = tenant.id;
    await bench.own((await createUser(db, { tenantId })).id);
    region = (await createNode(db, { tenantId, name: 'North' })).id;
    headRole = (await createRole(db, { tenantId, name: 'Head' })).id;
    for (const capability of ['users.read', 'invitations.manage'])
      await grantCapabilityToRole(db, { tenantId, roleId: headRole, capability }, systemCaller);
  });
  after(() => bench?.close());

  const person = (id: string): Caller => ({ type: 'user', id });

  async function refused(invitation: Invitation): Promise<void> {
    const { db, server } = bench;
    const token = await bench.tokenOf(invitation);
    await assert.rejects(findInvitation(db, token, server), { code: 'INVITATION_INVALID' });
    const wanted = { token, fullName: 'Ada', locale: 'en' };
    await assert.rejects(acceptInvitation(db, wanted, bench.accepting()), { code: 'INVITATION_INVALID' });
    const { tenantId, email } = invitation;
    const { id: userId } = await createUser(db, { tenantId, email: email as string });
    assert.equal(await acceptInvitationsOf(db, { tenantId, userId, email: email as string }, systemCaller), 0);
    const held = await db('orgAssignments').where({ userId });
    assert.equal(held.length, 0);
  }

  async function accepted(invitation: Invitation): Promise<void> {
    const wanted = { token: await bench.tokenOf(invitation), fullName: 'Ada', locale: 'en' };
    assert.equal((await acceptInvitation(bench.db, wanted, bench.accepting())).created, true);
  }

  async function head(orgNodeId = region): Promise<{ id: string; assignmentId: string }> {
    const { db, tenant } = bench;
    const { id } = await createUser(db, { tenantId: tenant.id });
    const role = { tenantId: tenant.id, userId: id, roleId: headRole, orgNodeId };
    return { id, assignmentId: (await assignRole(db, role, systemCaller)).id };
  }

  const invite = (caller: Caller, more = {}) =>
    bench.invite({ roleId: headRole, orgNodeId: region, email: someEmail(), ...more }, caller);

  it('counts for nothing where the inviter lost the office, and counts while they have it', async () => {
    const { id, assignmentId } = await head();
    await accepted(await invite(person(id)));
    const waiting = await invite(person(id));
    await endAssignment(bench.db, { tenantId: bench.tenant.id, assignmentId }, systemCaller);
    await refused(waiting);
  });

  it('counts for nothing where the role carries more by now', async () => {
    const { db, tenant } = bench;
    const tenantId = tenant.id;
    const { id: roleId } = await createRole(db, { tenantId, name: 'Helper' });
    const waiting = await invite(person((await head()).id), { roleId });
    const other = await invite(person((await head()).id), { roleId });
    await accepted(other);
    await grantCapabilityToRole(db, { tenantId, roleId, capability: 'audit.read' }, systemCaller);
    await refused(waiting);
  });

  it('counts for nothing where the office is at a place that was switched off', async () => {
    const { db, tenant } = bench;
    const above = await createNode(db, { tenantId: tenant.id });
    const waiting = await invite(person((await head(above.id)).id), { orgNodeId: above.id });
    await deactivateOrgNode(db, { tenantId: tenant.id, orgNodeId: above.id }, systemCaller);
    await refused(waiting);
  });

  it('counts for nothing where a service that invited is stopped, or of somebody from another tenant', async () => {
    const { db, tenant } = bench;
    const wanted = { tenantId: tenant.id, name: 'Sync', capabilities: ['users.read', 'invitations.manage'] };
    const { client } = await createService(db, wanted, systemCaller);
    const service: Caller = { type: 'client', id: client.clientId };
    await accepted(await invite(service));
    const waiting = await invite(service);
    await disableClient(db, client.clientId, systemCaller);
    await refused(waiting);

    const other = await bench.newTenant();
    const { id } = await createUser(db, { tenantId: other.id });
    await bench.own(id, other);
    const stranger: Caller = { ...person(id), actorTenantId: other.id };
    await refused(await invite(stranger));
    await setPlatformTenant(db, other.id, systemCaller);
    await accepted(await invite(stranger));
    const late = await invite(stranger);
    await setPlatformTenant(db, tenant.id, systemCaller);
    await refused(late);
  });
});
