/**
 * Decisions for APIs: may this person do this here, where may they, who may here, what may they here. Owns what an API may ask
 * about: capabilities of its own and of no API, and, where it belongs to a tenant, that tenant alone; and what the names stand
 * for by which it asks. What it may not ask about, and what it names in vain, looks exactly like what is not permitted.
 */
import type { Database } from '../../platform/database.ts';
import { isId } from '../../platform/ids.ts';
import { emptyPage, type Page, type PageRequest, preparedPage } from '../../platform/paging.ts';
import { findTenantById, findTenantBySlug } from '../tenants/tenants.ts';
import { parseEmail } from '../users/canonical-address.ts';
import { isPlainProperty } from './capabilities.ts';
import {
  type ActionRow,
  type AskedAction,
  type DecisionQuery,
  type NamedRow,
  selectDecision,
  selectNamedNode,
  selectNamedUser,
  selectPermittedActions,
  selectPermittedNodes,
  selectPermittedUsers,
} from './decision-store.ts';
import type { Holder, ReachedNode } from './effective-access.ts';

/** The API that asks. */
export interface Asker {
  /** null: an API that serves every tenant. */
  tenantId: string | null;
  resourceServerId: string;
}

export type { ActionRow, AskedAction } from './decision-store.ts';

/** A node as it is asked about. */
export interface NamedNode {
  /** Our id, or the external id. */
  name: string;
  /** Null: a node of any type. */
  type: string | null;
}

/** A question of an asker: names, and the tenant in which they are looked for. */
export interface Question {
  /**
   * Id or slug of the tenant whose names these are, from an asker that serves every tenant. Without it a name that is no id of
   * ours stands for something in the tenant of the other one, where that is named by our id, and else for nothing.
   */
  tenant?: string;
}

export type AtNode = Question & { person: string; node: NamedNode };

/** True if the person has the capability at the node now. */
export async function isPermitted(
  db: Database,
  asker: Asker,
  question: AtNode & { action: AskedAction },
): Promise<boolean> {
  const action = plain(question.action);
  const direct = byIds(question);
  // Most ask by our ids, and what is permitted so needs no look at names.
  if (direct && (await selectDecision(db, { ...asker, ...direct, action, at: null }))) return true;
  const found = await findBoth(db, asker, question);
  if (!found || (found.userId === direct?.userId && found.orgNodeId === direct?.orgNodeId)) return false;
  return selectDecision(db, { ...asker, ...found, action, at: null });
}

/** What the person may do at the node now, by name. */
export async function permittedActions(
  db: Database,
  asker: Asker,
  { limit, after, ...question }: AtNode & PageRequest,
): Promise<Page<ActionRow>> {
  const found = await findBoth(db, asker, question);
  if (!found) return emptyPage();
  return preparedPage({ limit, after }, { type: 'text', of: ({ position }) => position }, (page) =>
    selectPermittedActions(db, { ...asker, ...found, at: null, ...page }),
  );
}

/** The nodes of the type (null: of any) where the person may do this now, by id. */
export async function permittedNodes(
  db: Database,
  asker: Asker,
  { limit, after, ...question }: Question & { person: string; action: AskedAction; type: string | null } & PageRequest,
): Promise<Page<ReachedNode>> {
  const { resourceServerId } = asker;
  const user = await findPerson(db, asker, question.person, await namedTenant(db, asker, question));
  if (!user) return emptyPage();
  const { id: userId, tenantId } = user;
  const asked = { tenantId, userId, action: plain(question.action), type: question.type, resourceServerId, at: null };
  return preparedPage({ limit, after }, byId, (page) => selectPermittedNodes(db, { ...asked, ...page }));
}

/** The active people who may do this at the node now, by id. */
export async function permittedUsers(
  db: Database,
  asker: Asker,
  { limit, after, ...question }: Question & { node: NamedNode; action: AskedAction } & PageRequest,
): Promise<Page<Holder>> {
  const { resourceServerId } = asker;
  const node = await findNode(db, asker, question.node, await namedTenant(db, asker, question));
  if (!node) return emptyPage();
  const { id: orgNodeId, tenantId } = node;
  const asked = { tenantId, orgNodeId, action: plain(question.action), resourceServerId, at: null };
  return preparedPage({ limit, after }, byId, (page) => selectPermittedUsers(db, { ...asked, ...page }));
}

const byId = { type: 'uuid', of: ({ id }: { id: string }) => id } as const;

type Found = Pick<DecisionQuery, 'userId' | 'orgNodeId'>;

function byIds({ person, node }: AtNode): Found | undefined {
  const isDirect = node.type === null && isId(person) && isId(node.name);
  return isDirect ? { userId: person.toLowerCase(), orgNodeId: node.name.toLowerCase() } : undefined;
}

/** Who and where it is. The one that is named by our id says in which tenant the other's name is looked for. */
async function findBoth(db: Database, asker: Asker, question: AtNode): Promise<Found | undefined> {
  const tenantId = await namedTenant(db, asker, question);
  const node = await findNode(db, asker, question.node, tenantId);
  const user = await findPerson(db, asker, question.person, tenantId ?? node?.tenantId ?? null);
  if (!user) return undefined;
  const there = node ?? (tenantId === null ? await findNode(db, asker, question.node, user.tenantId) : undefined);
  return there && { userId: user.id, orgNodeId: there.id };
}

/** The tenant whose names count: the asker's own, or the one that an asker of all names. Null: none. */
async function namedTenant(db: Database, asker: Asker, { tenant }: Question): Promise<string | null> {
  if (asker.tenantId !== null || tenant === undefined) return asker.tenantId;
  const found = isId(tenant) ? await findTenantById(db, tenant) : await findTenantBySlug(db, tenant);
  return found?.id ?? null;
}

function findPerson(db: Database, asker: Asker, name: string, tenantId: string | null): Promise<NamedRow | undefined> {
  const id = isId(name) ? name : null;
  // As `checkedUsername` stores it; an external id is told apart by every letter.
  const [username, email] = [name.normalize('NFKC'), parseEmail(name) ?? null];
  return selectNamedUser(db, { boundTo: asker.tenantId, id, tenantId, externalId: name, username, email });
}

function findNode(
  db: Database,
  asker: Asker,
  { name, type }: NamedNode,
  tenantId: string | null,
): Promise<NamedRow | undefined> {
  return selectNamedNode(db, {
    boundTo: asker.tenantId,
    id: isId(name) ? name : null,
    tenantId,
    externalId: name,
    type,
  });
}

/** Of what an action says of itself, what a capability can ask for. */
function plain({ name, properties }: AskedAction): AskedAction {
  const members = Object.entries(properties).filter((member) => member.every(isPlainProperty));
  return { name, properties: Object.fromEntries(members) };
}
