/**
 * What tests are about, made by the domain's own functions. Each takes overrides and makes the parents it lacks; names
 * are numbered, so that nothing collides. The number starts at random: files that share a server do not meet either.
 */
import { randomInt } from 'node:crypto';
import { defineCapability, findCapability } from '../../src/domain/access/capabilities.ts';
import * as roles from '../../src/domain/access/roles.ts';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { assignRole, type OrgAssignment } from '../../src/domain/organisation/org-assignments.ts';
import * as orgNodes from '../../src/domain/organisation/org-nodes.ts';
import * as setup from '../../src/domain/setup/create-tenant.ts';
import * as users from '../../src/domain/users/users.ts';
import type { Database } from '../../src/platform/database.ts';

let count = randomInt(1_000_000) * 1_000;

function next(): number {
  return ++count;
}

export async function createTenant(
  db: Database,
  overrides: Partial<Parameters<typeof setup.createTenant>[1]> = {},
): Promise<setup.NewTenant> {
  const n = next();
  const wanted = { slug: `tenant-${n}`, name: `Tenant ${n}`, ...overrides };
  return setup.createTenant(db, wanted, systemCaller, anyProvider);
}

/** Providers may be added after the tenant that names them. */
async function anyProvider(): Promise<boolean> {
  return true;
}

/** Active, with a verified email address and no password. */
export async function createUser(
  db: Database,
  overrides: Partial<Omit<users.NewUser, 'password'>> = {},
): Promise<users.User> {
  const n = next();
  const tenantId = overrides.tenantId ?? (await createTenant(db)).id;
  return users.createUser(
    db,
    { email: `person-${n}@example.test`, emailVerified: true, fullName: `Person ${n}`, ...overrides, tenantId },
    { passwords: { hashNew: noPassword }, caller: systemCaller },
  );
}

async function noPassword(): Promise<string> {
  throw new Error('give `passwordHash` to a user of the factory, or call createUser of the domain');
}

/** A role with `capabilities`, whose keys are defined where they are not yet. */
export async function createRole(
  db: Database,
  {
    capabilities = [],
    ...overrides
  }: Partial<Parameters<typeof roles.createRole>[1]> & { capabilities?: string[] } = {},
): Promise<roles.Role> {
  const tenantId = overrides.tenantId ?? (await createTenant(db)).id;
  const role = await roles.createRole(db, { name: `Role ${next()}`, ...overrides, tenantId }, systemCaller);
  for (const capability of capabilities) {
    if (!(await findCapability(db, capability))) await defineCapability(db, { key: capability }, systemCaller);
    await roles.grantCapabilityToRole(db, { tenantId, roleId: role.id, capability }, systemCaller);
  }
  return role;
}

/** Below the root, if no parent is named. */
export async function createNode(
  db: Database,
  overrides: Partial<Parameters<typeof orgNodes.createOrgNode>[1]> = {},
): Promise<orgNodes.OrgNode> {
  const tenantId = overrides.tenantId ?? (await createTenant(db)).id;
  const parentId = overrides.parentId ?? (await rootOf(db, tenantId));
  const values = { type: 'branch', name: `Branch ${next()}`, ...overrides, tenantId, parentId };
  return orgNodes.createOrgNode(db, values, systemCaller);
}

/** A role for a user: a new role if none is named, a new user, at the root. */
export async function assign(
  db: Database,
  overrides: Partial<Parameters<typeof assignRole>[1]> = {},
): Promise<OrgAssignment> {
  const tenantId = overrides.tenantId ?? (await createTenant(db)).id;
  const userId = overrides.userId ?? (await createUser(db, { tenantId })).id;
  const roleId = overrides.roleId ?? (await createRole(db, { tenantId })).id;
  const orgNodeId = overrides.orgNodeId ?? (await rootOf(db, tenantId));
  return assignRole(db, { ...overrides, tenantId, userId, roleId, orgNodeId }, systemCaller);
}

async function rootOf(db: Database, tenantId: string): Promise<string> {
  const root = await orgNodes.findRootNode(db, tenantId);
  if (!root) throw new Error(`no tenant ${tenantId}`);
  return root.id;
}
