/** Why an application was refused lately: what it sent, what is registered of it, and in what the two differ. */
import type Router from '@koa/router';
import { ask } from '../ask.ts';
import type { ConsoleFrame } from '../frame.ts';
import { draw, page } from '../page.ts';
import { type ConsoleDependencies, hrefTo, type Visit } from '../visit.ts';
import {
  type ApplicationHead,
  clientParams,
  clientPath,
  headOfApplication,
  mayChange,
  readApplication,
} from './application-page.ts';
import { isSafeToAdd, type MarkedAddress, markDifference } from './redirects.ts';

/** As `clients.refusals` answers. */
interface Refusals {
  redirect_uris: {
    sent: string;
    registered: string | null;
    differences: string[];
    times: number;
    first_at: string;
    last_at: string;
  }[];
  refusals: { action: string; error: string; detail: string | null; times: number; last_at: string }[];
}

declare module '../../pages/view-models.ts' {
  interface ViewModels {
    'console/applications/refusals': {
      frame: ConsoleFrame;
      head: ApplicationHead;
      mistakes: {
        /** Undefined: all those beyond the first few. */
        sent?: MarkedAddress;
        /** Undefined: nothing is registered that it could have meant. */
        registered?: MarkedAddress;
        /** Keys of the locale. */
        reasons: { key: string }[];
        times: number;
        last_at: string;
        /** To the form with this address in it; absent where that would not be safe, or is not for who looks. */
        addHref?: string;
      }[];
      refusals: Refusals['refusals'];
      addressesHref?: string;
    };
  }
}

async function show(visit: Visit): Promise<void> {
  const { application } = await readApplication(visit);
  const { body } = await ask<Refusals>(visit, 'clients.refusals', { params: clientParams(visit) });
  const may = await mayChange(visit);
  const path = `${clientPath(visit)}/addresses`;
  const { redirect_uris: registered } = application.metadata;
  draw(visit, 'console/applications/refusals', {
    head: headOfApplication(visit, application, 'refusals'),
    mistakes: body.redirect_uris.map(({ sent, registered: closest, differences, times, last_at }) => ({
      ...(sent !== '' && { sent: { before: sent, differs: '', after: '' } }),
      ...(sent !== '' && closest !== null && markDifference(sent, closest)),
      reasons: differences.map((key) => ({ key })),
      times,
      last_at,
      addHref: may && isSafeToAdd(sent, registered, application.kind) ? hrefTo(visit, path, { add: sent }) : undefined,
    })),
    refusals: body.refusals,
    addressesHref: may ? hrefTo(visit, path) : undefined,
  });
}

/** Mounts the tab. */
export function mountApplicationRefusals(router: Router, deps: ConsoleDependencies): void {
  router.get('/applications/:clientId/refusals', page(deps, 'applications', show));
}
