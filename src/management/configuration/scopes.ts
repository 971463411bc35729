/** The scopes that sections work in: a tenant's or the server's, in one transaction, for one actor. */
import { createOrgNodes } from '../../domain/organisation/org-nodes.ts';
import { listTenants } from '../../domain/tenants/list-tenants.ts';
import { findPlatformTenantId } from '../../domain/tenants/platform-tenant.ts';
import { findTenantBySlug } from '../../domain/tenants/tenants.ts';
import type { Database } from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';
import type { Actor } from '../actor.ts';
import { capabilities } from '../capabilities.ts';
import { clients } from '../clients.ts';
import { crossAppAudiences } from '../cross-app-audiences.ts';
import { crossAppTerms } from '../cross-app-terms.ts';
import { identityProviders } from '../identity-providers.ts';
import type { AnyOperation, ManagementDependencies } from '../operation.ts';
import { orgNodes } from '../org-nodes.ts';
import { perform, refuseMoved } from '../perform.ts';
import { provisioning } from '../provisioning.ts';
import { resourceServers } from '../resource-servers.ts';
import { roles } from '../roles.ts';
import { securityProfileOperations } from '../security-profiles.ts';
import { serviceExchange } from '../service-exchange.ts';
import { services } from '../services.ts';
import { tenants } from '../tenants.ts';
import { validate } from '../validate.ts';
import { webhooks } from '../webhooks.ts';
import { workloadIdentities } from '../workload-identities.ts';
import type { MadeSecret, NewNode, Scope, SecretReference } from './section.ts';
import { sections } from './sections.ts';
import type { Scopes } from './steps.ts';
import { placesOf } from './tree.ts';
import { readTree } from './tree-steps.ts';

/** By which all is changed. */
const operations: readonly AnyOperation[] = [
  ...capabilities,
  ...clients,
  ...crossAppAudiences,
  ...crossAppTerms,
  ...identityProviders,
  ...orgNodes,
  ...provisioning,
  ...resourceServers,
  ...roles,
  ...securityProfileOperations,
  ...serviceExchange,
  ...services,
  ...tenants,
  ...webhooks,
  ...workloadIdentities,
];

export interface ScopeDependencies {
  db: Database;
  deps: ManagementDependencies;
  actor: Actor;
  /** @throws where the secret is not there */
  secretOf(reference: SecretReference): string;
  tell(made: MadeSecret): void;
}

function notFound(entity: string, value: string): DomainError {
  return new DomainError('not_found', 'NOT_FOUND', { entity, value });
}

function createScope(
  { db, deps, actor, secretOf, tell }: ScopeDependencies,
  where: { tenant: string | null; tenantId: string },
): Scope {
  const { tenant } = where;
  const scope: Scope = {
    db,
    deps,
    ...where,
    isServer: tenant === null,
    secretOf,
    tell: (made) => tell({ ...made, tenant }),
    async perform(id, { params = {}, query = {}, body }, inTenant = scope.tenantId) {
      const operation = operations.find((one) => one.id === id);
      if (!operation) throw new Error(`${id} is no operation that a configuration is applied by`);
      const request = { params: { ...params }, query: { ...query }, body, actor, tenantId: inTenant };
      // What is changed was read in this transaction.
      const answer = await perform(operation, { ...request, ifMatch: '*' }, { ...deps, db }, operations);
      return (answer.body ?? {}) as Record<string, unknown>;
    },
    makeNodes: (nodes) => makeNodes(scope, actor, nodes),
    idOf: async (name, key) => {
      if (key === 'tree') return placeOf(scope, name);
      const section = sections.find((one) => one.key === key);
      const found = (await section?.read(scope))?.get(name);
      if (!found) throw notFound(section?.noun ?? key, name);
      return found.id;
    },
  };
  return scope;
}

/** Whoever is no system asks for each by itself: it may make some of them and others not. */
async function makeNodes(scope: Scope, actor: Actor, nodes: readonly NewNode[]): Promise<void> {
  const operation = orgNodes.find(({ id }) => id === 'org_nodes.create');
  if (!operation || actor.standingOf !== 'system') throw new DomainError('forbidden', 'FORBIDDEN');
  await refuseMoved(scope.db, scope.tenantId);
  for (const { parentId: parent_id, name, type, externalId: external_id } of nodes)
    validate(operation, { params: {}, query: {}, body: { parent_id, name, type, external_id } });
  const wanted = nodes.map(({ externalId = null, ...node }) => ({ ...node, externalId }));
  const caller = { ...actor.caller, cause: operation.id };
  await createOrgNodes(scope.db, { tenantId: scope.tenantId, nodes: wanted }, caller);
}

/** The node of a key, or of names from the root down. */
async function placeOf(scope: Scope, place: string): Promise<string> {
  const tree = await readTree(scope);
  const nameOf = placesOf(tree);
  const node = place.startsWith('/')
    ? tree.find((one) => nameOf(one) === place)
    : tree.find(({ externalId }) => externalId === place);
  if (!node) throw notFound('org_node', place);
  return node.id;
}

/** One scope for each tenant, made when it is first asked for. */
export async function createScopes(dependencies: ScopeDependencies): Promise<Scopes> {
  const { db } = dependencies;
  const platform = await findPlatformTenantId(db);
  const any = platform ?? (await listTenants(db, { limit: 1 })).items[0]?.id;
  // Where there is no tenant yet, the first one is made by nobody's standing, and nothing else is done before it.
  const server = createScope(dependencies, { tenant: null, tenantId: any ?? '' });
  const known = new Map<string, Scope>();
  return {
    server,
    async tenant(slug) {
      const before = known.get(slug);
      if (before) return before;
      const found = await findTenantBySlug(db, slug);
      if (!found) throw notFound('tenant', slug);
      const scope = createScope(dependencies, { tenant: slug, tenantId: found.id });
      known.set(slug, scope);
      if (server.tenantId === '') server.tenantId = found.id;
      return scope;
    },
  };
}
