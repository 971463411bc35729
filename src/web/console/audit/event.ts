/** One event of the trail: what happened, by whom and to what, and what was changed by it. */
import type Router from '@koa/router';
import { describeBrowser } from '../../../platform/describe-browser.ts';
import { ask } from '../ask.ts';
import type { ConsoleFrame } from '../frame.ts';
import { draw, page } from '../page.ts';
import { type ConsoleDependencies, hrefTo, type Visit } from '../visit.ts';
import { readPayload, type ToldPayload } from './changes.ts';
import { type AuditEvent, type EventRow, rowOf } from './events.ts';

declare module '../../pages/view-models.ts' {
  interface ViewModels {
    'console/audit/event': {
      frame: ConsoleFrame;
      event: EventRow & {
        requestId: string | null;
        browser: string;
        os: string;
        userAgent: string | null;
        cause: string;
      };
      payload: ToldPayload;
      backHref: string;
      /** All that this request did. */
      requestHref?: string;
    };
  }
}

async function show(visit: Visit): Promise<void> {
  const params = { audit_event_id: visit.params.eventId ?? '' };
  const { body } = await ask<AuditEvent & { names: Record<string, string> }>(visit, 'audit_events.get', { params });
  const { payload, names, request_id: requestId, user_agent: userAgent } = body;
  const { cause } = payload;
  draw(visit, 'console/audit/event', {
    event: {
      ...rowOf(visit, body),
      requestId,
      userAgent,
      ...describeBrowser(userAgent),
      cause: typeof cause === 'string' ? cause : '',
    },
    payload: readPayload(payload, (id) => names[id]),
    backHref: hrefTo(visit, '/audit'),
    requestHref: requestId === null ? undefined : hrefTo(visit, '/audit', { request_id: requestId }),
  });
}

/** Mounts `/audit/:eventId`. */
export function mountEvent(router: Router, deps: ConsoleDependencies): void {
  router.get('/audit/:eventId', page(deps, 'audit', show));
}
