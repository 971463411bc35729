/** The section Audit: the list of what happened, with what narrows it. */
import type Router from '@koa/router';
import { auditAreas } from '../../../domain/audit/actions.ts';
import { isId } from '../../../platform/ids.ts';
import { askList } from '../ask.ts';
import type { FieldSpec } from '../fields.ts';
import type { ConsoleFrame } from '../frame.ts';
import { type ListModel, type ListSpec, readList } from '../list.ts';
import { draw, page } from '../page.ts';
import { type ConsoleDependencies, hrefTo, queryValue, type Visit } from '../visit.ts';
import { mountEvent } from './event.ts';
import { type AuditEvent, type EventRow, rowOf } from './events.ts';
import { mountExport } from './export.ts';
import { mountLive } from './live.ts';
import { mountSeals } from './seals.ts';

/** What was typed to say a person, where it is not one alone. */
interface PersonAsked {
  text: string;
  /** Empty: nobody. */
  choices: { name: string; address: string; href: string }[];
}

declare module '../../pages/view-models.ts' {
  interface ViewModels {
    'console/audit/list': {
      frame: ConsoleFrame;
      list: ListModel<EventRow>;
      unclear?: PersonAsked;
      liveHref: string;
      sealsHref: string;
      exportHref: string;
    };
  }
}

const actions = Object.entries(auditAreas).flatMap(([group, area]) =>
  Object.keys(area).map((value) => ({ value, group })),
);

const fields: FieldSpec[] = [
  { name: 'action', kind: 'select', options: [{ value: '' }, ...actions] },
  { name: 'person', kind: 'text', maxLength: 200 },
  { name: 'client_id', kind: 'text', maxLength: 255 },
  { name: 'actor_id', kind: 'text', maxLength: 100 },
  { name: 'entity_id', kind: 'text', maxLength: 200 },
  { name: 'request_id', kind: 'text', maxLength: 64 },
  { name: 'from', kind: 'moment' },
  { name: 'until', kind: 'moment' },
];

const hour = 3_600_000;
const spans: Record<string, number> = { hour, day: 24 * hour, week: 7 * 24 * hour, month: 30 * 24 * hour };

/** What the list is, without who and since when. */
export const spec: ListSpec = {
  path: '/audit',
  operation: 'audit_events.list',
  words: 'console.audit',
  filters: [
    { name: 'actor_type', values: ['user', 'client', 'api_key', 'system'], picked: true },
    { name: 'within', values: Object.keys(spans), picked: true },
  ],
  typed: fields,
  local: ['person', 'within'],
};

interface ListedPerson {
  id: string;
  full_name: string | null;
  email: string | null;
  phone: string | null;
  username: string | null;
}

/** Whom the text means: an id means whoever it is; else people whom who looks may find. */
async function personOf(visit: Visit): Promise<{ userId?: string; unclear?: PersonAsked }> {
  const text = queryValue(visit, 'person')?.trim().slice(0, 200);
  if (text === undefined || text === '') return {};
  if (isId(text)) return { userId: text.toLowerCase() };
  const seesPeople = visit.holdings.nodesOf('users.read').length > 0;
  const found = seesPeople
    ? await askList<ListedPerson>(visit, 'users.list', { query: { q: text, limit: 8 } })
    : { items: [] };
  const [first, second] = found.items;
  if (first && !second) return { userId: first.id };
  const query = Object.fromEntries(new URLSearchParams(visit.ctx.querystring));
  const choices = found.items.map(({ id, full_name, email, phone, username }) => ({
    name: full_name ?? email ?? phone ?? username ?? id,
    address: email ?? phone ?? username ?? '',
    href: hrefTo(visit, '/audit', { ...query, person: id, after: undefined }),
  }));
  return { unclear: { text, choices } };
}

/** What the page's query says beside the fields of the operation. */
export async function narrowing(
  visit: Visit,
): Promise<{ fixed: Record<string, string | undefined>; unclear?: PersonAsked }> {
  const { userId, unclear } = await personOf(visit);
  const span = spans[queryValue(visit, 'within') ?? ''];
  // To the minute: the position of a page is good for one filter alone.
  const since =
    span === undefined ? undefined : new Date(Math.floor((Date.now() - span) / 60_000) * 60_000).toISOString();
  const fixed = {
    ...(userId && { user_id: userId }),
    ...(since && queryValue(visit, 'from') === undefined && { from: since }),
  };
  return { fixed, unclear };
}

async function show(visit: Visit): Promise<void> {
  const { fixed, unclear } = await narrowing(visit);
  // Whom it is about is not known yet: nobody's events are shown in place of theirs.
  const limit = unclear ? 1 : undefined;
  const list = await readList<AuditEvent>(visit, { ...spec, fixed, limit });
  if (!list) return;
  const items = unclear ? [] : list.items.map((event) => rowOf(visit, event));
  const query = Object.fromEntries(new URLSearchParams(visit.ctx.querystring));
  draw(visit, 'console/audit/list', {
    list: { ...list, items },
    unclear,
    liveHref: hrefTo(visit, '/audit/live'),
    sealsHref: hrefTo(visit, '/audit/seals'),
    exportHref: hrefTo(visit, '/audit/export', { ...query, after: undefined, notice: undefined }),
  });
}

/** Mounts `/audit` and everything below it. */
export function mountAudit(router: Router, deps: ConsoleDependencies): void {
  router.get('/audit', page(deps, 'audit', show));
  // Before one event: their names are no ids.
  mountExport(router, deps);
  mountLive(router, deps);
  mountSeals(router, deps);
  mountEvent(router, deps);
}
