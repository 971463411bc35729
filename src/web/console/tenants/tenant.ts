/** One tenant: what it is, who owns it, and what is done to it: an owner is invited, it is stopped, and let in again. */
import type Router from '@koa/router';
import { findTenantById } from '../../../domain/tenants/tenants.ts';
import { findHoldings } from '../../../management/permission.ts';
import { DomainError } from '../../../platform/errors.ts';
import { type Asker, ask, askList, mayAsk } from '../ask.ts';
import { type Deed, type Effect, mountDeed } from '../deed.ts';
import type { FieldSpec } from '../fields.ts';
import { mountForm } from '../form.ts';
import type { ConsoleFrame } from '../frame.ts';
import { draw, page } from '../page.ts';
import { type ConsoleDependencies, hrefTo, type Visit } from '../visit.ts';
import type { ListedTenant } from './tenants.ts';

type Tenant = Omit<ListedTenant, 'users'>;

/** As `tenants.effects` answers, as far as it is told. */
interface Effects {
  people: number;
  sessions: number;
  applications_told: number;
  service_tokens: number;
  api_keys: number;
  invitations: number;
}

declare module '../../pages/view-models.ts' {
  interface ViewModels {
    'console/tenants/tenant': {
      frame: ConsoleFrame;
      tenant: Tenant;
      listHref: string;
      /** Its own console; absent while it is stopped. */
      consoleHref?: string;
      /** Who owns it now, the first of them; null for who may not see. */
      owners: { names: string[]; more: boolean } | null;
      /** Owners who are invited, and have not come yet. */
      invited: string[];
      inviteHref?: string;
      suspendHref?: string;
      resumeHref?: string;
    };
  }
}

const tenantParams = ({ params }: Visit) => ({ tenant: params.tenantId ?? '' });
const tenantPath = ({ params }: Visit) => `/tenants/${params.tenantId}`;

async function readTenant(visit: Visit): Promise<Tenant> {
  return (await ask<Tenant>(visit, 'tenants.get', { params: tenantParams(visit) })).body;
}

/** Who acts in that tenant instead of in the platform's: by the same rules as in its own console. */
async function within(visit: Visit): Promise<Asker & Pick<Visit, 'holdings'>> {
  const { management, operator } = visit;
  const { id } = await readTenant(visit);
  const tenant = await findTenantById(management.db, id);
  if (!tenant) throw new DomainError('not_found', 'NOT_FOUND');
  const holdings = await findHoldings({ db: management.db, tenantId: id, actor: operator.actor });
  return { management, operator, tenant, holdings };
}

/** The role and the place of an owner; undefined for who may not see them. */
async function ownership(asker: Awaited<ReturnType<typeof within>>) {
  if (asker.holdings.nodesOf('roles.read').length === 0) return undefined;
  const roles = await askList<{ id: string; name: string; is_system: boolean }>(asker, 'roles.list', {
    query: { limit: 200 },
  });
  const role = roles.items.find(({ name, is_system: isSystem }) => isSystem && name === 'owner');
  for (const id of asker.holdings.nodesOf('org.read')) {
    const { body: node } = await ask<{ id: string; parent_id: string | null }>(asker, 'org_nodes.get', {
      params: { org_node_id: id },
    });
    if (role && node.parent_id === null) return { role_id: role.id, org_node_id: node.id };
  }
  return undefined;
}

const mostNamed = 5;

async function ownersOf(asker: Awaited<ReturnType<typeof within>>) {
  const owning = await ownership(asker);
  if (!owning || asker.holdings.nodesOf('users.read').length === 0) return { owners: null, invited: [] };
  const query = { ...owning, state: 'live', limit: mostNamed };
  const held = await askList<{ user_id: string; user_name: string | null }>(asker, 'assignments.list', { query });
  const names = held.items.map(({ user_id: id, user_name: name }) => name ?? id);
  const isInviting = asker.holdings.nodesOf('invitations.manage').length > 0;
  const open = isInviting
    ? await askList<{ role_id: string; email: string | null }>(asker, 'invitations.list', {
        query: { state: 'open', limit: 50 },
      })
    : { items: [] };
  const invited = open.items.filter(({ role_id: roleId }) => roleId === owning.role_id);
  return {
    owners: { names, more: held.next !== null },
    invited: invited.flatMap(({ email }) => (email === null ? [] : [email])),
  };
}

async function show(visit: Visit): Promise<void> {
  const tenant = await readTenant(visit);
  const asker = await within(visit);
  const isActive = tenant.state === 'active';
  const params = tenantParams(visit);
  const may = (operation: string) => mayAsk(visit, operation, { params });
  const href = (isShown: boolean, path: string) => (isShown ? hrefTo(visit, `${tenantPath(visit)}${path}`) : undefined);
  draw(visit, 'console/tenants/tenant', {
    tenant,
    listHref: hrefTo(visit, '/tenants'),
    consoleHref: isActive ? `/console/${tenant.slug}` : undefined,
    ...(await ownersOf(asker)),
    inviteHref: href(isActive && asker.holdings.nodesOf('invitations.manage').length > 0, '/owner'),
    suspendHref: href(isActive && !tenant.is_platform && (await may('tenants.suspend')), '/suspend'),
    resumeHref: href(!isActive && (await may('tenants.resume')), '/resume'),
  });
}

async function suspending(visit: Visit): Promise<Effect[]> {
  const { body } = await ask<Effects>(visit, 'tenants.effects', { params: tenantParams(visit) });
  const counted = [
    ['people', body.people],
    ['sessions', body.sessions],
    ['applications', body.applications_told],
    ['tokens', body.service_tokens],
    ['keys', body.api_keys],
    ['invitations', body.invitations],
  ] as const;
  const ends = counted.filter(([key, count]) => key === 'people' || count > 0);
  return [...ends.map(([key, count]) => ({ key, params: { count } })), { key: 'kept' }, { key: 'undo' }];
}

const shared = {
  section: 'tenants',
  input: (visit: Visit) => ({ params: tenantParams(visit) }),
  subject: async (visit: Visit) => (await readTenant(visit)).name,
  back: tenantPath,
} as const;

const deeds: Deed[] = [
  {
    ...shared,
    path: '/tenants/:tenantId/suspend',
    operation: 'tenants.suspend',
    words: 'console.tenants.suspend',
    effects: suspending,
    isDangerous: true,
    typed: true,
    notice: 'suspended',
  },
  {
    ...shared,
    path: '/tenants/:tenantId/resume',
    operation: 'tenants.resume',
    words: 'console.tenants.resume',
    effects: async () => [{ key: 'people' }, { key: 'anew' }],
    notice: 'resumed',
  },
];

const ownerFields: FieldSpec[] = [
  { name: 'email', kind: 'email', maxLength: 320, autocomplete: 'off' },
  { name: 'locale', kind: 'select', options: [{ value: 'en' }, { value: 'fr' }] },
];

/** Mounts `/tenants/<id>` and what is done to it. */
export function mountTenant(router: Router, deps: ConsoleDependencies): void {
  mountForm(router, deps, {
    path: '/tenants/:tenantId/owner',
    section: 'tenants',
    operation: 'invitations.create',
    words: 'console.tenants.owner',
    fields: () => ownerFields,
    asker: within,
    about: async (visit) => (await readTenant(visit)).name,
    initial: ({ ctx }) => ({ locale: ctx.state.locale ?? 'en' }),
    complete: async (body, visit) => ({ ...body, ...(await ownership(await within(visit))) }),
    back: tenantPath,
    notice: 'invited',
  });
  for (const deed of deeds) mountDeed(router, deps, deed);
  router.get('/tenants/:tenantId', page(deps, 'tenants', show));
}
