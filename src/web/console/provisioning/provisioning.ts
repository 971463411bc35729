/**
 * The section Provisioning: a directory, such as Entra ID or Okta, that fills this tenant over SCIM. Its address, the credential that
 * it is given, which group stands for which role where, and what became of its latest requests.
 */
import type Router from '@koa/router';
import { ask, askList, mayAsk } from '../ask.ts';
import { mountDeed } from '../deed.ts';
import type { FieldSpec } from '../fields.ts';
import { mountForm } from '../form.ts';
import type { ConsoleFrame } from '../frame.ts';
import { type ListModel, readList } from '../list.ts';
import { drawOnce } from '../once.ts';
import { draw, page } from '../page.ts';
import { scopesField } from '../services/capabilities.ts';
import { type ConsoleDependencies, hrefTo, type Visit } from '../visit.ts';

/** As `groups.list` answers. */
interface Group {
  id: string;
  display_name: string;
  role_id: string;
  role: string;
  org_node_id: string;
  org_node: string;
  members: number;
}

/** As `provisioning.requests` answers. */
interface RequestKind {
  actor_type: 'client' | 'api_key';
  actor_id: string;
  method: string;
  resource: string;
  status: number;
  reason: string;
  requests: number;
  last_at: string;
  last_request_id: string | null;
}

type ListedGroup = Group & { placeHref?: string; removeHref?: string };
type ShownRequest = Omit<RequestKind, 'reason'> & { reason?: string; actor: string; isRefused: boolean };

declare module '../../pages/view-models.ts' {
  interface ViewModels {
    'console/provisioning/provisioning': {
      frame: ConsoleFrame;
      /** Of SCIM. */
      address: string;
      credentialHref?: string;
      groupHref?: string;
      list: ListModel<ListedGroup>;
      /** The latest kinds of requests; none where nothing came yet. */
      requests: ShownRequest[];
    };
  }
}

const section = 'provisioning';
const path = '/provisioning';

/** What a directory is given that makes people and puts them into groups. */
const provisioningCapabilities = ['org.read', 'roles.assign', 'roles.read', 'users.manage', 'users.read'];

const addressOfScim = ({ web }: Visit) => `${web.issuer}/scim/v2`;

async function requestsOf(visit: Visit): Promise<ShownRequest[]> {
  const { body } = await ask<{ items: RequestKind[] }>(visit, 'provisioning.requests');
  const { items } = await askList<{ client_id: string; name: string }>(visit, 'services.list', {
    query: { limit: 200 },
  });
  const names = new Map(items.map(({ client_id: id, name }) => [id, name]));
  return body.items.slice(0, 30).map(({ reason, ...row }) => ({
    ...row,
    ...(reason !== '' && { reason }),
    actor: names.get(row.actor_id) ?? row.actor_id,
    isRefused: row.status >= 400,
  }));
}

async function show(visit: Visit): Promise<void> {
  const list = await readList<Group>(
    { ...visit, at: undefined },
    { path, operation: 'groups.list', words: 'console.provisioning' },
  );
  if (!list) return;
  const sees = visit.holdings.nodesOf('org.read').length > 0;
  const items = await Promise.all(
    list.items.map(async (group) => ({
      ...group,
      placeHref: sees ? hrefTo(visit, `/organisation/${group.org_node_id}`) : undefined,
      removeHref: (await mayAsk(visit, 'groups.delete', { params: { group_id: group.id } }))
        ? hrefTo(visit, `${path}/groups/${group.id}/remove`)
        : undefined,
    })),
  );
  const mayName = visit.holdings.nodesOf('roles.assign').length > 0 && visit.holdings.nodesOf('roles.read').length > 0;
  draw(visit, 'console/provisioning/provisioning', {
    address: addressOfScim(visit),
    credentialHref: (await mayAsk(visit, 'services.create', { body: { capabilities: [] } }))
      ? hrefTo(visit, `${path}/credential`)
      : undefined,
    groupHref: mayName ? hrefTo(visit, `${path}/groups/new`) : undefined,
    list: { ...list, items },
    requests: await requestsOf(visit),
  });
}

/** What the roles of its groups carry: who gives them holds as much. */
async function neededCapabilities(visit: Visit): Promise<string[]> {
  const { items: groups } = await askList<Group>(visit, 'groups.list', { query: { limit: 200 } });
  const given = new Set(groups.map(({ role_id: id }) => id));
  const { items: roles } = (await mayAsk(visit, 'roles.list'))
    ? await askList<{ id: string; capabilities: string[] }>(visit, 'roles.list', { query: { limit: 200 } })
    : { items: [] };
  const carried = roles.filter(({ id }) => given.has(id)).flatMap(({ capabilities }) => capabilities);
  return [...new Set([...provisioningCapabilities, ...carried])];
}

async function credentialFields(visit: Visit): Promise<FieldSpec[]> {
  return [
    { name: 'name', kind: 'text', maxLength: 200 },
    { ...(await scopesField(visit, 'capabilities')), optional: false },
  ];
}

async function rolesToGive(visit: Visit): Promise<FieldSpec> {
  const { items } = await askList<{ id: string; name: string }>(visit, 'roles.list', { query: { limit: 200 } });
  // What gives least stands first: it is what is chosen by nobody.
  const rank = ({ name }: { name: string }) => (name === 'member' ? 1 : name === 'owner' ? -1 : 0);
  const sorted = items.toSorted((left, right) => rank(right) - rank(left));
  return { name: 'role_id', kind: 'select', options: sorted.map(({ id, name }) => ({ value: id, label: name })) };
}

/** Mounts `/provisioning` and everything below it. */
export function mountProvisioning(router: Router, deps: ConsoleDependencies): void {
  router.get(path, page(deps, section, show));
  mountForm(router, deps, {
    path: `${path}/credential`,
    section,
    operation: 'services.create',
    words: 'console.provisioning.credential',
    fields: credentialFields,
    initial: async (visit) => ({ capabilities: (await neededCapabilities(visit)).join('\n') }),
    fresh: true,
    back: () => path,
    drawOnce: async (visit, { client_id: clientId, name, client_secret: secret }) => {
      drawOnce(visit, {
        words: 'console.provisioning.made',
        subject: name as string,
        values: [
          { name: 'address', value: addressOfScim(visit) },
          { name: 'token', value: `${clientId}.${secret}` },
        ],
        next: path,
      });
    },
  });
  mountForm(router, deps, {
    path: `${path}/groups/new`,
    section,
    operation: 'groups.create',
    words: 'console.provisioning.group',
    isAtPlace: () => true,
    about: async ({ at }) => at?.name ?? '',
    fields: async (visit) => [{ name: 'display_name', kind: 'text', maxLength: 256 }, await rolesToGive(visit)],
    complete: (body, visit) => ({ ...body, org_node_id: visit.at?.id }),
    back: () => path,
    notice: 'named',
  });
  const params = (visit: Visit) => ({ group_id: visit.params.groupId ?? '' });
  const find = async (visit: Visit) => (await ask<Group>(visit, 'groups.get', { params: params(visit) })).body;
  mountDeed(router, deps, {
    path: `${path}/groups/:groupId/remove`,
    section,
    operation: 'groups.delete',
    words: 'console.provisioning.remove',
    input: (visit) => ({ params: params(visit) }),
    subject: async (visit) => (await find(visit)).display_name,
    effects: async (visit) => [
      { key: 'members', params: { count: (await find(visit)).members } },
      { key: 'directory' },
    ],
    isDangerous: true,
    back: () => path,
    notice: 'removed',
  });
}
