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
        /** What it is sealed in; undefined: not yet. */
        seal?: { number: number; isLate: boolean };
      };
      payload: ToldPayload;
      backHref: string;
      /** A file that proves the event without the server. */
      proofHref?: string;
      /** All that this request did. */
      requestHref?: string;
    };
  }
}

type ShownEvent = AuditEvent & {
  names: Record<string, string>;
  seal: { number: number; is_late: boolean } | null;
};

async function show(visit: Visit): Promise<void> {
  const params = { audit_event_id: visit.params.eventId ?? '' };
  const { body } = await ask<ShownEvent>(visit, 'audit_events.get', { params });
  const { payload, names, seal, request_id: requestId, user_agent: userAgent } = body;
  const { cause } = payload;
  draw(visit, 'console/audit/event', {
    event: {
      ...rowOf(visit, body),
      requestId,
      userAgent,
      ...describeBrowser(userAgent),
      cause: typeof cause === 'string' ? cause : '',
      seal: seal ? { number: seal.number, isLate: seal.is_late } : undefined,
    },
    payload: readPayload(payload, (id) => names[id]),
    backHref: hrefTo(visit, '/audit'),
    proofHref: seal ? hrefTo(visit, `/audit/${body.id}/proof`) : undefined,
    requestHref: requestId === null ? undefined : hrefTo(visit, '/audit', { request_id: requestId }),
  });
}

/** The proof as a file. */
async function sendProof(visit: Visit): Promise<void> {
  const params = { audit_event_id: visit.params.eventId ?? '' };
  const { body } = await ask<object>(visit, 'audit_events.proof', { params });
  visit.ctx.attachment(`audit-proof-${params.audit_event_id}.json`);
  visit.ctx.type = 'application/json';
  visit.ctx.body = `${JSON.stringify(body, null, 2)}\n`;
}

/** Mounts `/audit/:eventId`, and its proof. */
export function mountEvent(router: Router, deps: ConsoleDependencies): void {
  router.get('/audit/:eventId', page(deps, 'audit', show));
  router.get('/audit/:eventId/proof', page(deps, 'audit', sendProof));
}
