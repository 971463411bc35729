/** The trail as a file: all that the filters of the list let through. Asks for a fresh sign-in before, and for each file. */
import type Router from '@koa/router';
import { sendStream } from '../../api/streams.ts';
import { askStream, assertMayEver } from '../ask.ts';
import { leadToFresh } from '../form.ts';
import type { ConsoleFrame } from '../frame.ts';
import { narrowedBy } from '../list.ts';
import { draw, page, posted } from '../page.ts';
import { addressOf, type ConsoleDependencies, hrefTo, queryValue, type Visit } from '../visit.ts';
import { narrowing, spec } from './audit.ts';

declare module '../../pages/view-models.ts' {
  interface ViewModels {
    'console/audit/export': {
      frame: ConsoleFrame;
      action: string;
      backHref: string;
      /** What narrows it, by the names of the list's fields and filters; empty: nothing does. */
      chosen: { name: string; value: string; isFilter: boolean }[];
    };
  }
}

function queryOf(visit: Visit): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(visit.ctx.querystring));
}

async function show(visit: Visit): Promise<void> {
  await assertMayEver(visit, 'audit_events.export');
  if (leadToFresh(visit, true)) return;
  const names = (list: readonly { name: string }[] = [], isFilter: boolean) =>
    list.flatMap(({ name }) => {
      const value = queryValue(visit, name);
      return value === undefined ? [] : [{ name, value, isFilter }];
    });
  draw(visit, 'console/audit/export', {
    action: addressOf(visit.ctx),
    backHref: hrefTo(visit, '/audit', { ...queryOf(visit), after: undefined }),
    chosen: [...names(spec.filters, true), ...names(spec.typed, false)],
  });
}

async function send(visit: Visit, form: Record<string, string>): Promise<void> {
  if (leadToFresh(visit, true)) return;
  const { fixed, unclear } = await narrowing(visit);
  // Whom it is about was never said: the list asks.
  if (unclear) return visit.ctx.redirect(hrefTo(visit, '/audit', queryOf(visit)));
  const body = { ...narrowedBy(visit, { ...spec, fixed }), format: form.format === 'csv' ? 'csv' : 'ndjson' };
  const named = Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined));
  sendStream(visit.ctx, await askStream(visit, 'audit_events.export', { body: named }));
}

/** Mounts `/audit/export`. */
export function mountExport(router: Router, deps: ConsoleDependencies): void {
  router.get('/audit/export', page(deps, 'audit', show));
  router.post('/audit/export', posted(deps, 'audit', send));
}
