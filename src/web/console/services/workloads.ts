/** Which tokens of its platform prove a service (RFC 7523): shown on its page, added and taken away one by one. */
import type Router from '@koa/router';
import { ask, mayAsk } from '../ask.ts';
import { mountDeed } from '../deed.ts';
import { mountForm } from '../form.ts';
import { type ConsoleDependencies, hrefTo, type Visit } from '../visit.ts';
import { workloadFields } from './proof.ts';
import { proofOf, readService, type Service, serviceParams, servicePath } from './service-page.ts';

/** As `services.workload_identities.list` answers. */
interface WorkloadIdentity {
  id: string;
  issuer: string;
  audience: string;
  subject: string;
  /** null: the issuer says it by discovery. */
  jwks_uri: string | null;
  single_use: boolean;
  /** null: never. */
  last_used_at: string | null;
}

export interface WorkloadsModel {
  items: (WorkloadIdentity & { removeHref?: string })[];
  /** Absent for who may not. */
  addHref?: string;
}

async function readIdentities(visit: Visit): Promise<WorkloadIdentity[]> {
  const params = serviceParams(visit);
  const { body } = await ask<{ items: WorkloadIdentity[] }>(visit, 'services.workload_identities.list', { params });
  return body.items;
}

/** Undefined for a service that proves itself in another way. */
export async function workloadsOf(visit: Visit, service: Service): Promise<WorkloadsModel | undefined> {
  if (proofOf(service) !== 'workload') return undefined;
  const params = serviceParams(visit);
  const href = async (operation: string, path: string) =>
    (await mayAsk(visit, operation, { params })) ? hrefTo(visit, `${servicePath(visit)}/workloads/${path}`) : undefined;
  const items = (await readIdentities(visit)).map(async (identity) => ({
    ...identity,
    removeHref: await href('services.workload_identities.remove', `${identity.id}/remove`),
  }));
  return { items: await Promise.all(items), addHref: await href('services.workload_identities.add', 'new') };
}

/** Mounts the form and the deed. */
export function mountWorkloads(router: Router, deps: ConsoleDependencies): void {
  const shared = { section: 'services', back: servicePath } as const;
  mountForm(router, deps, {
    ...shared,
    path: '/services/:clientId/workloads/new',
    operation: 'services.workload_identities.add',
    words: 'console.services.workloads.add',
    fields: () => [...workloadFields],
    about: async (visit) => (await readService(visit)).service.name,
    params: serviceParams,
    initial: (visit) => ({ audience: visit.web.issuer, single_use: 'yes' }),
    fresh: true,
    notice: 'workload_added',
  });
  mountDeed(router, deps, {
    ...shared,
    path: '/services/:clientId/workloads/:workloadId/remove',
    operation: 'services.workload_identities.remove',
    words: 'console.services.workloads.remove',
    input: ({ params, ...visit }) => ({
      params: { ...serviceParams({ ...visit, params }), workload_identity_id: params.workloadId ?? '' },
    }),
    subject: async (visit) =>
      (await readIdentities(visit)).find(({ id }) => id === visit.params.workloadId)?.subject ?? '',
    effects: async (visit) => [
      { key: 'others', params: { count: Math.max(0, (await readIdentities(visit)).length - 1) } },
      { key: 'tokens' },
    ],
    isDangerous: true,
    notice: 'workload_removed',
  });
}
