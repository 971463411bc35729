/** What happened to a person, as the trail has it; and all that is held on them, as a file. */
import type Router from '@koa/router';
import { ask, assertMayEver, mayAsk } from '../ask.ts';
import { leadToFresh } from '../form.ts';
import type { ConsoleFrame } from '../frame.ts';
import { type ListModel, readList } from '../list.ts';
import { draw, page, posted } from '../page.ts';
import { addressOf, type ConsoleDependencies, hrefTo, type Visit } from '../visit.ts';
import { headOf, nameOf, type PersonHead, personParams, personPath, readPerson } from './person-page.ts';

interface Event {
  id: string;
  actor_type: 'user' | 'client' | 'api_key' | 'system';
  actor_id: string | null;
  action: string;
  ip: string | null;
  occurred_at: string;
}

declare module '../../pages/view-models.ts' {
  interface ViewModels {
    'console/people/history': {
      frame: ConsoleFrame;
      head: PersonHead;
      list: ListModel<Event & { actor: string; isSelf: boolean; actorHref?: string }>;
    };
    'console/people/export': { frame: ConsoleFrame; head: PersonHead; action: string; backHref: string };
  }
}

/** Who did it, by name where it is somebody within reach. */
async function actorsOf(visit: Visit, events: readonly Event[]): Promise<Map<string, string>> {
  const ids = new Set(
    events.flatMap(({ actor_type, actor_id }) => (actor_type === 'user' && actor_id ? [actor_id] : [])),
  );
  const named = await Promise.all(
    [...ids].map(async (id): Promise<[string, string][]> => {
      const params = { user_id: id };
      if (!(await mayAsk(visit, 'users.get', { params }))) return [];
      const { body } = await ask<{ full_name: string | null; email: string | null }>(visit, 'users.get', { params });
      return [[id, body.full_name ?? body.email ?? id]];
    }),
  );
  return new Map(named.flat());
}

async function show(visit: Visit): Promise<void> {
  const { person } = await readPerson(visit);
  const list = await readList<Event>(visit, {
    path: `${personPath(visit)}/history`,
    operation: 'audit_events.list',
    words: 'console.people.history',
    fixed: { entity_type: 'user', entity_id: person.id },
  });
  if (!list) return;
  const actors = await actorsOf(visit, list.items);
  const items = list.items.map((event) => {
    const name = event.actor_id === null ? undefined : actors.get(event.actor_id);
    return {
      ...event,
      actor: name ?? event.actor_id ?? '',
      isSelf: event.actor_id === person.id,
      actorHref: name && hrefTo(visit, `/people/${event.actor_id}`),
    };
  });
  draw(visit, 'console/people/history', { head: headOf(visit, person, 'history'), list: { ...list, items } });
}

async function showExport(visit: Visit): Promise<void> {
  await assertMayEver(visit, 'users.export', personParams(visit));
  if (leadToFresh(visit, true)) return;
  const { person } = await readPerson(visit);
  const backHref = hrefTo(visit, personPath(visit));
  draw(visit, 'console/people/export', {
    head: headOf(visit, person, 'details'),
    action: addressOf(visit.ctx),
    backHref,
  });
}

async function sendExport(visit: Visit): Promise<void> {
  if (leadToFresh(visit, true)) return;
  const { person } = await readPerson(visit);
  const { body } = await ask<object>(visit, 'users.export', { params: personParams(visit) });
  const name = nameOf(person)
    .normalize('NFD')
    .replace(/[^A-Za-z0-9]+/g, '-')
    .slice(0, 60);
  visit.ctx.set('content-disposition', `attachment; filename="${name}.json"`);
  visit.ctx.type = 'application/json; charset=utf-8';
  visit.ctx.body = `${JSON.stringify(body, null, 2)}\n`;
}

/** Mounts the tab, and the file. */
export function mountHistory(router: Router, deps: ConsoleDependencies): void {
  router.get('/people/:userId/history', page(deps, 'people', show));
  router.get('/people/:userId/export', page(deps, 'people', showExport));
  router.post('/people/:userId/export', posted(deps, 'people', sendExport));
}
