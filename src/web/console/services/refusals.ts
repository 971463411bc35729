/** Why a service was refused lately, as the trail has it. */
import type Router from '@koa/router';
import { ask } from '../ask.ts';
import type { ConsoleFrame } from '../frame.ts';
import { draw, page } from '../page.ts';
import type { ConsoleDependencies, Visit } from '../visit.ts';
import { headOf, readService, type ServiceHead, serviceParams } from './service-page.ts';

/** One of `services.refusals`. */
interface Refusal {
  action: string;
  error: string;
  detail: string | null;
  times: number;
  last_at: string;
}

declare module '../../pages/view-models.ts' {
  interface ViewModels {
    'console/services/refusals': { frame: ConsoleFrame; head: ServiceHead; refusals: Refusal[] };
  }
}

async function show(visit: Visit): Promise<void> {
  const { service } = await readService(visit);
  const { body } = await ask<{ refusals: Refusal[] }>(visit, 'services.refusals', { params: serviceParams(visit) });
  draw(visit, 'console/services/refusals', { head: headOf(visit, service, 'refusals'), refusals: body.refusals });
}

/** Mounts the tab. */
export function mountRefusals(router: Router, deps: ConsoleDependencies): void {
  router.get('/services/:clientId/refusals', page(deps, 'services', show));
}
