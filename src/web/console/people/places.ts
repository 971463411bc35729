/** Where a person stands, on a time line: what they held, hold and will hold, as roles and as sight; giving and ending it; or at one moment. */
import type Router from '@koa/router';
import { ask, askList, mayAsk } from '../ask.ts';
import { type Deed, mountDeed } from '../deed.ts';
import type { FieldSpec } from '../fields.ts';
import { type FormPage, mountForm } from '../form.ts';
import type { ConsoleFrame } from '../frame.ts';
import { draw, page } from '../page.ts';
import type { ThenModel } from '../then.ts';
import { type ConsoleDependencies, hrefTo, type Visit } from '../visit.ts';
import { headOf, nameOf, type PersonHead, personPath, readPerson } from './person-page.ts';
import { type HeldThen, readPlacesThen } from './places-then.ts';
import { type Span, spansOf } from './spans.ts';

interface Holding {
  id: string;
  role_id?: string;
  access_scope?: 'read' | 'analyze';
  org_node_id: string;
  /** Names, as far as they are there still. */
  role?: string | null;
  org_node?: string | null;
  starts_at: string;
  ends_at: string | null;
}

type When = 'live' | 'coming' | 'ended';

interface HoldingModel {
  /** The role's name; of sight: absent. */
  role?: string;
  sees?: 'read' | 'analyze';
  place: string;
  placeHref: string;
  when: When;
  startsAt: string;
  endsAt: string | null;
  span: Span;
  endHref?: string;
  changeHref?: string;
}

declare module '../../pages/view-models.ts' {
  interface ViewModels {
    'console/people/access': {
      frame: ConsoleFrame;
      head: PersonHead;
      /** Of now. */
      holdings: HoldingModel[];
      /** Where the form of the moment leads, and what goes along. */
      action: string;
      at?: string;
      moment: ThenModel;
      /** Of another moment; absent where the page is of now. */
      held?: HeldThen;
      giveHref?: string;
      showHref?: string;
    };
  }
}

const tab = (visit: Visit) => `${personPath(visit)}/access`;
const states = ['live', 'coming', 'ended'] as const;

async function holdingsOf(visit: Visit): Promise<(Holding & { when: When })[]> {
  const query = { user_id: visit.params.userId ?? '', limit: 100 };
  const lists = await Promise.all(
    ['assignments.list', 'visibility_grants.list'].flatMap((operation) =>
      states.map(async (when) => {
        const { items } = await askList<Holding>(visit, operation, { query: { ...query, state: when } });
        return items.map((holding) => ({ ...holding, when }));
      }),
    ),
  );
  const order = { live: 0, coming: 1, ended: 2 };
  return lists.flat().sort((a, b) => order[a.when] - order[b.when] || (a.starts_at < b.starts_at ? 1 : -1));
}

/** What may be done about one, by who looks. */
async function linksOf(visit: Visit, { id, role_id, when }: Holding & { when: When }) {
  if (when === 'ended') return {};
  const isRole = role_id !== undefined;
  const params: Record<string, string> = isRole ? { assignment_id: id } : { visibility_grant_id: id };
  const may = await mayAsk(visit, isRole ? 'assignments.end' : 'visibility_grants.end', { params });
  const path = `${tab(visit)}/${isRole ? 'roles' : 'sight'}/${id}`;
  return {
    endHref: may ? hrefTo(visit, `${path}/end`) : undefined,
    changeHref: may && isRole ? hrefTo(visit, `${path}/dates`) : undefined,
  };
}

async function show(visit: Visit): Promise<void> {
  const { person } = await readPerson(visit);
  const past = await readPlacesThen(visit);
  const held = past.moment.at === undefined ? await holdingsOf(visit) : [];
  const links = await Promise.all(held.map((holding) => linksOf(visit, holding)));
  const spans = spansOf(
    held.map(({ starts_at, ends_at }) => ({ from: starts_at, until: ends_at })),
    new Date(),
  );
  const holdings = held.map(
    ({ role_id, role, access_scope, org_node_id, org_node, when, starts_at, ends_at }, index) => ({
      role: role_id && (role ?? role_id),
      sees: access_scope,
      place: org_node ?? org_node_id,
      placeHref: hrefTo(visit, '/people', { at: org_node_id }),
      when,
      startsAt: starts_at,
      endsAt: ends_at,
      span: spans[index] as Span,
      ...links[index],
    }),
  );
  const mayGive = visit.holdings.nodesOf('roles.assign').length > 0;
  const mayShow = visit.holdings.nodesOf('visibility.grant').length > 0;
  draw(visit, 'console/people/access', {
    head: headOf(visit, person, 'access'),
    holdings,
    action: hrefTo({ ...visit, at: undefined }, tab(visit)),
    at: visit.at?.id,
    ...past,
    giveHref: mayGive ? hrefTo(visit, `${tab(visit)}/give`) : undefined,
    showHref: mayShow ? hrefTo(visit, `${tab(visit)}/show`) : undefined,
  });
}

const period: FieldSpec[] = [
  { name: 'starts_at', kind: 'moment', optional: true },
  { name: 'ends_at', kind: 'moment', optional: true },
];

const subject = async (visit: Visit) => nameOf((await readPerson(visit)).person);

function complete(body: Record<string, unknown>, visit: Visit): unknown {
  return { ...body, user_id: visit.params.userId, org_node_id: visit.at?.id };
}

const shared = { section: 'people', about: subject, back: tab, complete, isAtPlace: () => true } as const;

const forms: FormPage[] = [
  {
    ...shared,
    path: '/people/:userId/access/give',
    operation: 'assignments.create',
    words: 'console.people.give',
    fields: async (visit) => {
      const { items } = await askList<{ id: string; name: string }>(visit, 'roles.list', { query: { limit: 200 } });
      const options = items.map(({ id, name }) => ({ value: id, label: name }));
      return [{ name: 'role_id', kind: 'select', options }, ...period];
    },
    notice: 'given',
  },
  {
    ...shared,
    path: '/people/:userId/access/show',
    operation: 'visibility_grants.create',
    words: 'console.people.show',
    fields: () => [
      { name: 'access_scope', kind: 'select', options: [{ value: 'read' }, { value: 'analyze' }] },
      ...period,
    ],
    notice: 'shown',
  },
  {
    section: 'people',
    path: '/people/:userId/access/roles/:assignmentId/dates',
    operation: 'assignments.update',
    words: 'console.people.dates',
    fields: () => [{ name: 'ends_at', kind: 'moment', optional: true, empty: 'null' }],
    params: ({ params }) => ({ assignment_id: params.assignmentId ?? '' }),
    read: async (visit) => {
      const params = { assignment_id: visit.params.assignmentId ?? '' };
      const { body, etag } = await ask<Holding>(visit, 'assignments.get', { params });
      return { stored: body, etag, subject: await subject(visit) };
    },
    back: tab,
    notice: 'dated',
  },
];

const endings: Deed[] = [
  {
    section: 'people',
    path: '/people/:userId/access/roles/:assignmentId/end',
    operation: 'assignments.end',
    words: 'console.people.end_role',
    input: ({ params }) => ({ params: { assignment_id: params.assignmentId ?? '' } }),
    subject,
    effects: async () => [{ key: 'at_once' }, { key: 'record' }],
    isDangerous: true,
    back: tab,
    notice: 'ended',
  },
  {
    section: 'people',
    path: '/people/:userId/access/sight/:grantId/end',
    operation: 'visibility_grants.end',
    words: 'console.people.end_sight',
    input: ({ params }) => ({ params: { visibility_grant_id: params.grantId ?? '' } }),
    subject,
    effects: async () => [{ key: 'at_once' }],
    isDangerous: true,
    back: tab,
    notice: 'ended',
  },
];

/** Mounts the tab, and what is given and ended there. */
export function mountPlaces(router: Router, deps: ConsoleDependencies): void {
  router.get('/people/:userId/access', page(deps, 'people', show));
  for (const form of forms) mountForm(router, deps, form);
  for (const deed of endings) mountDeed(router, deps, deed);
}
