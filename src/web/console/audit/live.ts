/** The trail as it happens: a page that says what was last, and the stream that its script listens to. */
import type Router from '@koa/router';
import { formatDate } from '../../../platform/format-date.ts';
import { sendStream } from '../../api/streams.ts';
import { askList, askStream } from '../ask.ts';
import type { ConsoleFrame } from '../frame.ts';
import { draw, page } from '../page.ts';
import { type ConsoleDependencies, hrefTo, queryValue, type Visit, zoneOf } from '../visit.ts';
import { type AuditEvent, type EventRow, rowOf } from './events.ts';

declare module '../../pages/view-models.ts' {
  interface ViewModels {
    'console/audit/live': {
      frame: ConsoleFrame;
      items: EventRow[];
      streamHref: string;
      listHref: string;
      hereHref: string;
      sealsHref: string;
    };
  }
}

async function show(visit: Visit): Promise<void> {
  const { items } = await askList<AuditEvent>(visit, 'audit_events.list', { query: { limit: 20 } });
  draw(visit, 'console/audit/live', {
    items: items.map((event) => rowOf(visit, event)),
    streamHref: hrefTo(visit, '/audit/live/events', { last: items[0]?.id, at: undefined }),
    listHref: hrefTo(visit, '/audit'),
    hereHref: hrefTo(visit, '/audit/live'),
    sealsHref: hrefTo(visit, '/audit/seals'),
  });
}

/** A row as the page's script writes it: text alone, in the language of who looks. */
function wordsOf(visit: Visit): (data: object) => object {
  const { web, ctx } = visit;
  const locale = String(ctx.state.locale ?? 'en');
  const t = web.pages.i18n.translator(locale);
  const timeZone = zoneOf(visit);
  return (data) => {
    const { id, action, href, actor, about, isSelf, ip, occurredAt } = rowOf(visit, data as AuditEvent);
    const words = `console.audit.options.action.${action}`;
    const when = new Date(occurredAt);
    return {
      id,
      href,
      action,
      what: t.has(words) ? t(words) : action,
      who: actor?.text ?? t('console.audit.system'),
      about: about && !isSelf ? about.text : '–',
      from: ip ?? '–',
      at: when.toISOString(),
      when: formatDate(when, 'exact', { locale, timeZone, now: when }),
    };
  };
}

async function stream(visit: Visit): Promise<void> {
  const last = visit.ctx.get('last-event-id') || queryValue(visit, 'last');
  const query = { last_event_id: last };
  sendStream(visit.ctx, await askStream(visit, 'audit_events.tail', { query }), { shown: wordsOf(visit) });
}

/** Mounts `/audit/live`, and what it listens to. */
export function mountLive(router: Router, deps: ConsoleDependencies): void {
  router.get('/audit/live', page(deps, 'audit', show));
  router.get('/audit/live/events', page(deps, 'audit', stream));
}
