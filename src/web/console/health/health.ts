/** The section Health: what is wrong with the installation, and what to do about it, as the server that answers finds it. */
import type Router from '@koa/router';
import { ask } from '../ask.ts';
import type { ConsoleFrame } from '../frame.ts';
import { draw, page } from '../page.ts';
import { type ConsoleDependencies, hrefTo, type Visit } from '../visit.ts';

/** One of `installation.checks`. The texts are English, as in the log and on the command line. */
interface Finding {
  name: string;
  status: 'ok' | 'warn' | 'fail';
  detail: string;
  advice: string | null;
}

declare module '../../pages/view-models.ts' {
  interface ViewModels {
    'console/health/health': {
      frame: ConsoleFrame;
      server: string;
      checkedAt: string;
      /** The worst first. */
      wrong: Finding[];
      well: Finding[];
      againHref: string;
    };
  }
}

async function show(visit: Visit): Promise<void> {
  const { body } = await ask<{ server: string; checked_at: string; items: Finding[] }>(visit, 'installation.checks');
  const of = (wanted: Finding['status']) => body.items.filter(({ status }) => status === wanted);
  draw(visit, 'console/health/health', {
    server: body.server,
    checkedAt: body.checked_at,
    wrong: [...of('fail'), ...of('warn')],
    well: of('ok'),
    againHref: hrefTo(visit, '/health'),
  });
}

/** Mounts `/health`. */
export function mountHealth(router: Router, deps: ConsoleDependencies): void {
  router.get('/health', page(deps, 'health', show));
}
