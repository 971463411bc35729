/** "Who can do this here?": everybody who may do something at a place, and by which role, given by whom, until when. */
import type Router from '@koa/router';
import { ask, mayAsk } from '../ask.ts';
import type { ConsoleFrame } from '../frame.ts';
import { type ListModel, readList } from '../list.ts';
import { draw, page } from '../page.ts';
import { askThen, type ThenModel, thenName } from '../then.ts';
import { type ConsoleDependencies, hrefTo, type Place, queryValue, type Visit } from '../visit.ts';
import { readCapabilities } from './capabilities.ts';
import { type RolesTab, rolesTabs } from './roles.ts';

/** One of `org_nodes.holders`: a person by an assignment. */
interface Chain {
  assignment_id: string;
  user: { id: string; full_name: string | null; email: string | null };
  role: { id: string; name: string };
  org_node: { id: string; name: string; type: string };
  ends_at: string | null;
  given_at: string;
}

/** Absent links: it is not there any more, or may not be. */
type Holder = Chain & { personHref?: string; roleHref?: string; nodeHref?: string };

declare module '../../pages/view-models.ts' {
  interface ViewModels {
    'console/roles/who-can': {
      frame: ConsoleFrame;
      tabs: RolesTab[];
      action: string;
      /** Carried along by the form. */
      place: Place;
      placeHref: string;
      capability: string;
      options: { value: string; text: string }[];
      /** Absent until something is asked. */
      list?: ListModel<Holder>;
      moment: ThenModel;
    };
  }
}

/** The place at hand, or the first that one reaches: of who reaches all, the root. */
async function placeOf(visit: Visit): Promise<Place | undefined> {
  if (visit.at) return visit.at;
  const [first] = visit.holdings.nodesOf('users.read');
  if (first === undefined) return undefined;
  if (visit.holdings.nodesOf('org.read').length === 0) return { id: first, name: visit.tenant.name };
  const { body } = await ask<Place>(visit, 'org_nodes.get', { params: { org_node_id: first } });
  return { id: body.id, name: body.name };
}

async function find(visit: Visit, place: Place, capability: string, at: string | undefined) {
  // What was asked goes along to further pages as a filter does.
  const list = await readList<Chain>(visit, {
    path: '/roles/who-can',
    operation: 'org_nodes.holders',
    words: 'console.roles.who_can',
    params: { org_node_id: place.id },
    filters: [{ name: 'capability', values: [capability] }],
    typed: [{ name: thenName, kind: 'moment' }],
    local: [thenName],
    fixed: { at },
  });
  if (!list) return undefined;
  const items = await Promise.all(list.items.map((chain) => linkedOf(visit, chain, at)));
  return { ...list, items };
}

/** Of now, everything is there. Of then, the person may be; their places of then are what is looked at next. */
async function linkedOf(visit: Visit, chain: Chain, at: string | undefined): Promise<Holder> {
  const path = `/people/${chain.user.id}`;
  if (at === undefined)
    return {
      ...chain,
      personHref: hrefTo(visit, path),
      roleHref: hrefTo(visit, `/roles/${chain.role.id}`),
      nodeHref: hrefTo(visit, `/organisation/${chain.org_node.id}`),
    };
  const isThere = await mayAsk(visit, 'users.get', { params: { user_id: chain.user.id } });
  return {
    ...chain,
    personHref: isThere ? hrefTo(visit, `${path}/access`, { [thenName]: queryValue(visit, thenName) }) : undefined,
  };
}

async function show(visit: Visit): Promise<void> {
  const place = await placeOf(visit);
  const all = await readCapabilities(visit);
  const asked = queryValue(visit, 'capability');
  const capability = all.find(({ key }) => key === asked)?.key ?? '';
  const isAsked = capability !== '' && place !== undefined;
  const nowHref = hrefTo(visit, '/roles/who-can', { capability });
  const { moment, answer: list } = await askThen(visit, nowHref, async (at) =>
    isAsked ? find(visit, place, capability, at) : undefined,
  );
  if (isAsked && !list && moment.since === undefined) return;
  draw(visit, 'console/roles/who-can', {
    tabs: rolesTabs(visit, 'who-can'),
    action: hrefTo({ ...visit, at: undefined }, '/roles/who-can'),
    place: place ?? { id: '', name: visit.tenant.name },
    placeHref: hrefTo(visit, '/place', {
      back: hrefTo(visit, '/roles/who-can', { at: undefined, capability, [thenName]: queryValue(visit, thenName) }),
    }),
    capability,
    options: all.map(({ key, description }) => ({ value: key, text: description ? `${key}: ${description}` : key })),
    list,
    moment,
  });
}

/** Mounts `/roles/who-can`. */
export function mountWhoCan(router: Router, deps: ConsoleDependencies): void {
  router.get('/roles/who-can', page(deps, 'roles', show));
}
