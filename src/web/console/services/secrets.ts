/** The secrets of a service: when each was made, used and ends; another one, which is shown once, and the end of one. */
import type Router from '@koa/router';
import { mayAsk } from '../ask.ts';
import { mountDeed } from '../deed.ts';
import { mountForm } from '../form.ts';
import type { ConsoleFrame } from '../frame.ts';
import { type ListModel, readList } from '../list.ts';
import { drawOnce } from '../once.ts';
import { draw, page } from '../page.ts';
import { type ConsoleDependencies, hrefTo, type Visit } from '../visit.ts';
import { headOf, readService, type ServiceHead, serviceParams, servicePath } from './service-page.ts';

/** As `services.secrets.list` answers. */
interface Secret {
  id: string;
  hint: string;
  created_at: string;
  expires_at: string | null;
  last_used_at: string | null;
  revoked_at: string | null;
}

interface SecretModel extends Secret {
  state: 'works' | 'ends' | 'ended';
  revokeHref?: string;
}

declare module '../../pages/view-models.ts' {
  interface ViewModels {
    'console/services/secrets': {
      frame: ConsoleFrame;
      head: ServiceHead;
      list: ListModel<SecretModel>;
      rotateHref?: string;
    };
  }
}

const tab = (visit: Visit) => `${servicePath(visit)}/secrets`;

export function stateOfSecret(
  { expires_at: ends, revoked_at: revoked }: Secret,
  now = Date.now(),
): SecretModel['state'] {
  if (revoked !== null || (ends !== null && Date.parse(ends) <= now)) return 'ended';
  return ends === null ? 'works' : 'ends';
}

async function show(visit: Visit): Promise<void> {
  const { service } = await readService(visit);
  const params = serviceParams(visit);
  const list = await readList<Secret>(visit, {
    path: tab(visit),
    operation: 'services.secrets.list',
    words: 'console.services.secrets',
    params,
    limit: 100,
  });
  if (!list) return;
  const mayRevoke = await mayAsk(visit, 'services.secrets.revoke', { params });
  const mayRotate = await mayAsk(visit, 'services.rotate_secret', { params });
  const items = list.items.map((secret) => {
    const state = stateOfSecret(secret);
    const revokeHref = mayRevoke && state !== 'ended' ? hrefTo(visit, `${tab(visit)}/${secret.id}/revoke`) : undefined;
    return { ...secret, state, revokeHref };
  });
  const order = { works: 0, ends: 1, ended: 2 };
  draw(visit, 'console/services/secrets', {
    head: headOf(visit, service, 'secrets'),
    list: { ...list, items: items.sort((left, right) => order[left.state] - order[right.state]) },
    rotateHref: mayRotate ? hrefTo(visit, `${tab(visit)}/new`) : undefined,
  });
}

/** Seconds. */
const overlaps = ['0', '900', '3600', '28800', '86400'];

const subject = async (visit: Visit) => (await readService(visit)).service.name;

/** Mounts the tab, and what is done there. */
export function mountSecrets(router: Router, deps: ConsoleDependencies): void {
  router.get('/services/:clientId/secrets', page(deps, 'services', show));
  mountForm(router, deps, {
    path: '/services/:clientId/secrets/new',
    section: 'services',
    operation: 'services.rotate_secret',
    words: 'console.services.rotate',
    fields: () => [{ name: 'overlap_seconds', kind: 'select', options: overlaps.map((value) => ({ value })) }],
    initial: () => ({ overlap_seconds: '3600' }),
    params: serviceParams,
    about: subject,
    complete: ({ overlap_seconds: seconds }) => ({ overlap_seconds: Number(seconds) }),
    fresh: true,
    back: tab,
    drawOnce: async (visit, { client_secret: secret }) => {
      const values = [{ name: 'client_secret', value: secret as string }];
      const next = tab(visit);
      drawOnce(visit, { words: 'console.services.rotated', subject: await subject(visit), values, next });
    },
  });
  mountDeed(router, deps, {
    path: '/services/:clientId/secrets/:secretId/revoke',
    section: 'services',
    operation: 'services.secrets.revoke',
    words: 'console.services.revoke_secret',
    input: (visit) => ({ params: { ...serviceParams(visit), secret_id: visit.params.secretId ?? '' } }),
    subject,
    effects: async () => [{ key: 'at_once' }, { key: 'tokens' }],
    isDangerous: true,
    back: tab,
    notice: 'secret_revoked',
  });
}
