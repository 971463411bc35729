/** What happens in a tenant, at random: everything that changes who may do what, by the domain's own functions. */
import { defineCapability, deleteCapability } from '../../../src/domain/access/capabilities.ts';
import * as roles from '../../../src/domain/access/roles.ts';
import { systemCaller } from '../../../src/domain/audit/audit-events.ts';
import * as people from '../../../src/domain/lifecycle/end-person.ts';
import * as tenants from '../../../src/domain/lifecycle/end-tenant.ts';
import * as assignments from '../../../src/domain/organisation/org-assignments.ts';
import * as orgNodes from '../../../src/domain/organisation/org-nodes.ts';
import * as grants from '../../../src/domain/organisation/visibility-grants.ts';
import { type Database, inTransaction } from '../../../src/platform/database.ts';
import { DomainError } from '../../../src/platform/errors.ts';
import * as make from '../factories.ts';

export interface Past {
  tenantId: string;
  nodes: string[];
  people: string[];
  roles: string[];
  capabilities: string[];
  assignments: string[];
  grants: string[];
  count: number;
}

export interface Deed {
  kind: (typeof deedKinds)[number];
  a: number;
  b: number;
  c: number;
  /** Milliseconds. */
  from: number;
}

let pasts = 0;

export async function startPast(db: Database): Promise<Past> {
  const { id: tenantId, rootNodeId } = await make.createTenant(db);
  const number = ++pasts;
  const capabilities = ['a', 'b', 'c'].map((name) => `past${number}.${name}`);
  for (const key of capabilities) await defineCapability(db, { key }, systemCaller);
  const past: Past = {
    ...{ tenantId, nodes: [rootNodeId], people: [], roles: [], capabilities, assignments: [], grants: [], count: 0 },
  };
  for (let n = 0; n < 3; n++) {
    past.people.push((await make.createUser(db, { tenantId })).id);
    const parentId = past.nodes.at(-1) as string;
    past.nodes.push((await make.createNode(db, { tenantId, parentId })).id);
    past.roles.push((await make.createRole(db, { tenantId, capabilities: [pick(capabilities, n)] })).id);
    const held = {
      tenantId,
      userId: pick(past.people, n),
      roleId: pick(past.roles, n),
      orgNodeId: pick(past.nodes, n),
    };
    past.assignments.push((await make.assign(db, held)).id);
  }
  return past;
}

function pick<T>(list: readonly T[], index: number): T {
  return list[index % list.length] as T;
}

type Doing = (db: Database, past: Past, deed: Deed) => Promise<unknown>;

const node = ({ tenantId, nodes }: Past, { a }: Deed) => ({ tenantId, orgNodeId: pick(nodes, a) });
const role = ({ tenantId, roles: all }: Past, { a }: Deed) => ({ tenantId, roleId: pick(all, a) });
const person = ({ tenantId, people: all }: Past, { a }: Deed) => ({ tenantId, userId: pick(all, a) });
/** Begins now or soon, and lasts a moment or goes on. */
const periodOf = ({ b, c, from }: Deed) => {
  const startsAt = new Date(Date.now() + from);
  return {
    startsAt: c % 2 === 0 ? undefined : startsAt,
    endsAt: b % 3 === 0 ? new Date(Date.now() + from + c + 1) : undefined,
  };
};
const by = { type: 'user' } as const;

const doings = {
  async 'make a node'(db, past, deed) {
    const values = { tenantId: past.tenantId, parentId: pick(past.nodes, deed.a), type: 'branch' };
    const made = await orgNodes.createOrgNode(db, { ...values, name: `Node ${++past.count}` }, systemCaller);
    past.nodes.push(made.id);
  },
  'rename a node': (db, past, deed) =>
    orgNodes.updateOrgNode(db, { ...node(past, deed), name: `Node ${++past.count}` }, systemCaller),
  'move a node': (db, past, deed) =>
    orgNodes.moveOrgNode(db, { ...node(past, deed), parentId: pick(past.nodes, deed.b) }, systemCaller),
  'deactivate a node': (db, past, deed) => orgNodes.deactivateOrgNode(db, node(past, deed), systemCaller),
  'activate a node': (db, past, deed) => orgNodes.activateOrgNode(db, node(past, deed), systemCaller),
  'delete a node': (db, past, deed) => orgNodes.deleteOrgNode(db, node(past, deed), systemCaller),
  async 'make a role'(db, past) {
    const made = await roles.createRole(db, { tenantId: past.tenantId, name: `Role ${++past.count}` }, systemCaller);
    past.roles.push(made.id);
  },
  'rename a role': (db, past, deed) =>
    roles.updateRole(db, { ...role(past, deed), name: `Role ${++past.count}` }, systemCaller),
  'delete a role': (db, past, deed) => roles.deleteRole(db, role(past, deed), systemCaller),
  'fill a role': (db, past, deed) =>
    roles.grantCapabilityToRole(db, { ...role(past, deed), capability: pick(past.capabilities, deed.b) }, systemCaller),
  'empty a role': (db, past, deed) =>
    roles.revokeCapabilityFromRole(
      db,
      { ...role(past, deed), capability: pick(past.capabilities, deed.b) },
      systemCaller,
    ),
  'delete a capability': (db, past, deed) => deleteCapability(db, pick(past.capabilities, deed.a), systemCaller),
  'define a capability': (db, past, deed) =>
    defineCapability(db, { key: pick(past.capabilities, deed.a) }, systemCaller),
  async 'give a role'(db, past, deed) {
    const held = { ...person(past, deed), roleId: pick(past.roles, deed.b), orgNodeId: pick(past.nodes, deed.c) };
    const caller = { ...by, id: pick(past.people, deed.c) };
    past.assignments.push((await assignments.assignRole(db, { ...held, ...periodOf(deed) }, caller)).id);
  },
  'end a role': (db, past, deed) =>
    assignments.endAssignment(
      db,
      { tenantId: past.tenantId, assignmentId: pick(past.assignments, deed.a), endsAt: periodOf(deed).endsAt },
      systemCaller,
    ),
  async 'show a place'(db, past, deed) {
    const seen = { ...person(past, deed), orgNodeId: pick(past.nodes, deed.b), accessScope: 'read' as const };
    past.grants.push((await grants.grantVisibility(db, { ...seen, ...periodOf(deed) }, systemCaller)).id);
  },
  'end a grant': async (db, past, deed) =>
    past.grants.length > 0 &&
    grants.endVisibilityGrant(db, { tenantId: past.tenantId, grantId: pick(past.grants, deed.a) }, systemCaller),
  'stop a person': (db, past, deed) => people.deactivateUser(db, person(past, deed), systemCaller),
  'let a person in again': (db, past, deed) => people.activateUser(db, person(past, deed), systemCaller),
  'delete a person': async (db, past, deed) =>
    deed.b % 3 === 0 && people.deleteUser(db, person(past, deed), systemCaller),
  'suspend the tenant': async (db, past, deed) =>
    deed.b % 3 === 0 && tenants.suspendTenant(db, past.tenantId, systemCaller),
  'activate the tenant': (db, past) => tenants.activateTenant(db, past.tenantId, systemCaller),
} satisfies Record<string, Doing>;

export const deedKinds = [
  ...(Object.keys(doings) as (keyof typeof doings)[]),
  // More of what all the rest is about.
  ...(['give a role', 'give a role', 'move a node', 'let a person in again', 'activate the tenant'] as const),
];

/** In one transaction. False where something was refused: then nothing happened. */
export async function performDeeds(db: Database, past: Past, deeds: readonly Deed[]): Promise<boolean> {
  const before = structuredClone(past);
  try {
    await inTransaction(db, async (trx) => {
      for (const deed of deeds) await doings[deed.kind](trx, past, deed);
    });
    return true;
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    Object.assign(past, before, { count: past.count });
    return false;
  }
}
