/** The live tokens of a service: what each is for, since when and until when; the end of one, and of all. */
import type Router from '@koa/router';
import { ask, mayAsk } from '../ask.ts';
import { type Deed, mountDeed } from '../deed.ts';
import type { ConsoleFrame } from '../frame.ts';
import { type ListModel, readList } from '../list.ts';
import { draw, page } from '../page.ts';
import { type ConsoleDependencies, hrefTo, type Visit } from '../visit.ts';
import { headOf, readService, type ServiceHead, serviceParams, servicePath } from './service-page.ts';

/** As `services.tokens.list` answers. */
interface LiveToken {
  id: string;
  /** null: what it is for cannot be read any more. */
  resource: string | null;
  scope: string | null;
  ip: string | null;
  created_at: string;
  expires_at: string;
}

declare module '../../pages/view-models.ts' {
  interface ViewModels {
    'console/services/tokens': {
      frame: ConsoleFrame;
      head: ServiceHead;
      list: ListModel<LiveToken & { revokeHref?: string }>;
      revokeAllHref?: string;
    };
  }
}

const tab = (visit: Visit) => `${servicePath(visit)}/tokens`;

async function show(visit: Visit): Promise<void> {
  const { service } = await readService(visit);
  const params = serviceParams(visit);
  const list = await readList<LiveToken>(
    { ...visit, at: undefined },
    { path: tab(visit), operation: 'services.tokens.list', words: 'console.services.tokens', params },
  );
  if (!list) return;
  const may = await mayAsk(visit, 'services.tokens.revoke_all', { params });
  const items = list.items.map((token) => ({
    ...token,
    revokeHref: may ? hrefTo(visit, `${tab(visit)}/${token.id}/revoke`) : undefined,
  }));
  draw(visit, 'console/services/tokens', {
    head: headOf(visit, service, 'tokens'),
    list: { ...list, items },
    revokeAllHref: may && items.length > 0 ? hrefTo(visit, `${tab(visit)}/revoke`) : undefined,
  });
}

const shared = {
  section: 'services',
  subject: async (visit: Visit) => (await readService(visit)).service.name,
  isDangerous: true,
  back: tab,
} as const;

const deeds: Deed[] = [
  {
    ...shared,
    path: '/services/:clientId/tokens/revoke',
    operation: 'services.tokens.revoke_all',
    words: 'console.services.revoke_tokens',
    input: (visit) => ({ params: serviceParams(visit) }),
    effects: async (visit) => {
      const params = serviceParams(visit);
      const { body } = await ask<{ service_tokens: number }>(visit, 'services.effects', { params });
      const count = { key: 'tokens', params: { count: body.service_tokens } };
      return [count, { key: 'jwt' }, { key: 'again' }];
    },
    notice: 'tokens_revoked',
  },
  {
    ...shared,
    path: '/services/:clientId/tokens/:tokenId/revoke',
    operation: 'services.tokens.revoke',
    words: 'console.services.revoke_token',
    input: (visit) => ({ params: { ...serviceParams(visit), token_id: visit.params.tokenId ?? '' } }),
    effects: async () => [{ key: 'at_once' }, { key: 'jwt' }, { key: 'again' }],
    notice: 'token_revoked',
  },
];

/** Mounts the tab, and what is done there. */
export function mountTokens(router: Router, deps: ConsoleDependencies): void {
  router.get('/services/:clientId/tokens', page(deps, 'services', show));
  for (const deed of deeds) mountDeed(router, deps, deed);
}
