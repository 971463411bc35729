/** The promise of docs/security.md: no change without its event, and no event without its change. */
import assert from 'node:assert/strict';
import { defineCapability } from '../../../src/domain/access/capabilities.ts';
import * as roles from '../../../src/domain/access/roles.ts';
import { systemCaller } from '../../../src/domain/audit/audit-events.ts';
import * as clients from '../../../src/domain/clients/clients.ts';
import { disableClient } from '../../../src/domain/lifecycle/end-client.ts';
import { deactivateUser, deleteUser } from '../../../src/domain/lifecycle/end-person.ts';
import { suspendTenant } from '../../../src/domain/lifecycle/end-tenant.ts';
import { signInWithPassword } from '../../../src/domain/methods/password/password-sign-in.ts';
import { setPassword } from '../../../src/domain/methods/password/set-password.ts';
import * as assignments from '../../../src/domain/organisation/org-assignments.ts';
import * as nodes from '../../../src/domain/organisation/org-nodes.ts';
import { renameTenant } from '../../../src/domain/organisation/root-node.ts';
import * as visibility from '../../../src/domain/organisation/visibility-grants.ts';
import { createResourceServer } from '../../../src/domain/resource-servers/resource-servers.ts';
import { createTenant } from '../../../src/domain/setup/create-tenant.ts';
import { completeSetup, createSetupLink } from '../../../src/domain/setup/setup-links.ts';
import { unlockAccount } from '../../../src/domain/sign-in/unlock-account.ts';
import * as tenants from '../../../src/domain/tenants/tenants.ts';
import * as users from '../../../src/domain/users/users.ts';
import { rotateSigningKeys } from '../../../src/oidc/keys.ts';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { eventsOf, installFaults, stateOf, withFault } from '../../support/audit.ts';
import { unlimited } from '../../support/limits.ts';
import { redirectUri } from '../../support/relying-party.ts';

describe('a change in the domain and its event', function () {
  this.timeout(120_000);
  let app: TestApp;
  before(async () => {
    app = await startTestApp();
    await installFaults(app.db);
  });
  after(() => app?.stop());

  interface Change {
    what: string;
    /** The events, in their order. */
    actions: string[];
    /** Makes what the change is about; answers the change. */
    prepare(): Promise<() => Promise<unknown>>;
  }

  const caller = systemCaller;
  const tenant = () => app.tenant();
  const dependencies = () => ({ passwords: app.passwords, secrets: app.secrets, limits: unlimited, caller });

  async function personAtRoot() {
    const { id: tenantId, rootNodeId: orgNodeId, systemRoleIds } = await tenant();
    const { id: userId } = await app.person({ tenantId });
    return { tenantId, orgNodeId, userId, roleId: systemRoleIds.member };
  }

  let count = 0;
  const changes: Change[] = [
    {
      what: 'a new tenant',
      actions: ['tenant.created', 'org_node.created', 'role.created', 'role.created', 'role.created'],
      prepare: async () => () => createTenant(app.db, { slug: `audited-${++count}`, name: 'Audited' }, caller),
    },
    {
      what: 'a new name of a tenant',
      actions: ['tenant.renamed'],
      async prepare() {
        const { id } = await tenant();
        return () => renameTenant(app.db, id, 'Renamed', caller);
      },
    },
    {
      what: 'settings of a tenant',
      actions: ['tenant.settings_changed'],
      async prepare() {
        const { id } = await tenant();
        return () => tenants.updateTenantSettings(app.db, id, { sessionHours: 8 }, caller);
      },
    },
    {
      what: 'a suspended tenant',
      actions: ['tenant.suspended'],
      async prepare() {
        const { id } = await tenant();
        return () => suspendTenant(app.db, id, caller);
      },
    },
    {
      what: 'a new user',
      actions: ['user.created'],
      async prepare() {
        const { id: tenantId } = await tenant();
        return () =>
          users.createUser(
            app.db,
            { tenantId, email: `audited${++count}@example.test`, password: 'a walk along the river' },
            dependencies(),
          );
      },
    },
    {
      what: 'a deactivated user',
      actions: ['user.deactivated', 'session.all_revoked'],
      async prepare() {
        const user = await personAtRoot();
        return () => deactivateUser(app.db, user, caller);
      },
    },
    {
      what: 'a deleted user',
      actions: ['user.deleted', 'session.all_revoked'],
      async prepare() {
        const user = await personAtRoot();
        return () => deleteUser(app.db, user, caller);
      },
    },
    {
      what: 'a new password',
      actions: ['password.changed', 'session.all_revoked'],
      async prepare() {
        const user = await personAtRoot();
        return () => setPassword(app.db, { ...user, password: 'another walk elsewhere' }, dependencies());
      },
    },
    {
      what: 'an unlocked account',
      actions: ['user.unlocked'],
      async prepare() {
        const user = await personAtRoot();
        const { email: address } = (await users.findUser(app.db, user)) ?? {};
        await assert.rejects(
          signInWithPassword(
            app.db,
            { address: address ?? '', password: 'no', tenantId: user.tenantId },
            dependencies(),
          ),
        );
        return () => unlockAccount(app.db, user, dependencies());
      },
    },
    {
      what: 'a role given',
      actions: ['role.assigned'],
      async prepare() {
        const wanted = await personAtRoot();
        return () => assignments.assignRole(app.db, wanted, caller);
      },
    },
    {
      what: 'a role taken',
      actions: ['role.removed'],
      async prepare() {
        const wanted = await personAtRoot();
        const { id: assignmentId } = await assignments.assignRole(app.db, wanted, caller);
        return () => assignments.endAssignment(app.db, { tenantId: wanted.tenantId, assignmentId }, caller);
      },
    },
    {
      what: 'visibility granted',
      actions: ['visibility.granted'],
      async prepare() {
        const wanted = await personAtRoot();
        return () => visibility.grantVisibility(app.db, { ...wanted, accessScope: 'read' }, caller);
      },
    },
    {
      what: 'visibility ended',
      actions: ['visibility.ended'],
      async prepare() {
        const wanted = await personAtRoot();
        const { id: grantId } = await visibility.grantVisibility(app.db, { ...wanted, accessScope: 'read' }, caller);
        return () => visibility.endVisibilityGrant(app.db, { tenantId: wanted.tenantId, grantId }, caller);
      },
    },
    {
      what: 'a new role',
      actions: ['role.created'],
      async prepare() {
        const { id: tenantId } = await tenant();
        return () => roles.createRole(app.db, { tenantId, name: 'Auditor' }, caller);
      },
    },
    {
      what: 'a renamed role',
      actions: ['role.renamed'],
      async prepare() {
        const { id: tenantId } = await tenant();
        const { id: roleId } = await roles.createRole(app.db, { tenantId, name: 'Auditor' }, caller);
        return () => roles.updateRole(app.db, { tenantId, roleId, name: 'Examiner' }, caller);
      },
    },
    {
      what: 'a deleted role',
      actions: ['role.deleted'],
      async prepare() {
        const { id: tenantId } = await tenant();
        const { id: roleId } = await roles.createRole(app.db, { tenantId, name: 'Auditor' }, caller);
        return () => roles.deleteRole(app.db, { tenantId, roleId }, caller);
      },
    },
    {
      what: 'a capability of a role',
      actions: ['role.capability_granted'],
      async prepare() {
        const { id: tenantId, systemRoleIds } = await tenant();
        const capability = `audited.${++count}`;
        await defineCapability(app.db, { key: capability }, caller);
        return () =>
          roles.grantCapabilityToRole(app.db, { tenantId, roleId: systemRoleIds.member, capability }, caller);
      },
    },
    {
      what: 'a new capability',
      actions: ['capability.defined'],
      prepare: async () => () => defineCapability(app.db, { key: `audited.new${++count}` }, caller),
    },
    {
      what: 'a new place',
      actions: ['org_node.created'],
      async prepare() {
        const { id: tenantId, rootNodeId: parentId } = await tenant();
        return () => nodes.createOrgNode(app.db, { tenantId, parentId, type: 'school', name: 'Lakeside' }, caller);
      },
    },
    {
      what: 'a deleted place',
      actions: ['org_node.deleted'],
      async prepare() {
        const { id: tenantId, rootNodeId: parentId } = await tenant();
        const node = { tenantId, parentId, type: 'school', name: 'Lakeside' };
        const { id: orgNodeId } = await nodes.createOrgNode(app.db, node, caller);
        return () => nodes.deleteOrgNode(app.db, { tenantId, orgNodeId }, caller);
      },
    },
    {
      what: 'a new application',
      actions: ['client.created'],
      prepare: async () => () =>
        clients.createClient(app.db, { tenantId: null, kind: 'web', name: 'X', redirectUris: [redirectUri] }, caller),
    },
    {
      what: 'a new service',
      actions: ['client.created'],
      prepare: async () => () => clients.createService(app.db, { tenantId: null, name: 'X', capabilities: [] }, caller),
    },
    {
      what: 'a new secret',
      actions: ['client.rotated'],
      async prepare() {
        const { clientId } = await app.relyingParty();
        return () => clients.rotateClientSecret(app.db, clientId, 60, caller);
      },
    },
    {
      what: 'a disabled application',
      actions: ['client.disabled'],
      async prepare() {
        const { clientId } = await app.relyingParty();
        return () => disableClient(app.db, clientId, caller);
      },
    },
    {
      what: 'a new API',
      actions: ['resource_server.created'],
      prepare: async () => () =>
        createResourceServer(
          app.db,
          { tenantId: null, identifier: `https://audited-${++count}.example.test/`, name: 'X' },
          caller,
        ),
    },
    {
      what: 'new signing keys',
      actions: ['signing_key.rotated', 'signing_key.rotated'],
      prepare: async () => () => rotateSigningKeys(app.db, app.secrets, { verifySeconds: 60 }, caller),
    },
    {
      what: 'a set-up link',
      actions: ['setup_link.created'],
      prepare: async () => () => createSetupLink(app.db, {}, caller),
    },
    {
      what: 'a set-up link used',
      actions: [
        'tenant.created',
        'org_node.created',
        ...['role.created', 'role.created', 'role.created'],
        'user.created',
        'role.assigned',
        'setup_link.used',
      ],
      async prepare() {
        const { token } = await createSetupLink(app.db, {}, caller);
        const wanted = { token, tenantName: 'Audited', fullName: 'Ada', password: 'a walk along the river' };
        return () => completeSetup(app.db, { ...wanted, email: `owner${++count}@example.test` }, dependencies());
      },
    },
  ];

  for (const { what, actions, prepare } of changes) {
    it(`are both or neither: ${what}`, async () => {
      const change = await prepare();
      const before = await stateOf(app.db);
      const failed = await eventsOf(app.db, async () => {
        // Whichever of the events fails: the whole change goes back.
        for (const action of new Set(actions))
          await withFault(app.db, action, () => assert.rejects(change(), /the trail is out of order/, action));
        await withFault(app.db, 'change', () => assert.rejects(change(), /out of order/));
      });
      assert.deepEqual(await stateOf(app.db), before, 'nothing was changed');
      assert.deepEqual(failed.events, [], 'and nothing was told');

      const { events } = await eventsOf(app.db, change);
      assert.deepEqual(
        events.map(({ action }) => action),
        actions,
      );
      assert.notDeepEqual(await stateOf(app.db), before);
    });
  }
});
