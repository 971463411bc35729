/** The seals of the trail: how far it is sealed, whether that is behind, and each hour's seal, to be kept elsewhere. */
import type Router from '@koa/router';
import { ask } from '../ask.ts';
import type { ConsoleFrame } from '../frame.ts';
import { type ListModel, type ListSpec, readList } from '../list.ts';
import { draw, page } from '../page.ts';
import { type ConsoleDependencies, hrefTo, type Visit } from '../visit.ts';

/** As `audit_seals.list` answers, as far as it is shown. */
interface Seal {
  id: string;
  tenant_id: string | null;
  number: number;
  starts_at: string;
  ends_at: string;
  sealed_at: string;
  events: number;
  /** So many of them are of an hour that was sealed already. */
  late: number;
  hash: string;
  kid: string;
}

interface SealState {
  /** null: there is nothing to seal. */
  sealed_until: string | null;
  is_behind: boolean;
  newest: Seal | null;
}

declare module '../../pages/view-models.ts' {
  interface ViewModels {
    'console/audit/seals': {
      frame: ConsoleFrame;
      state: SealState;
      /** The newest seal, as `gatehouse audit verify --witness` reads it. */
      witness: string;
      list: ListModel<Seal>;
      listHref: string;
      liveHref: string;
    };
  }
}

const spec: ListSpec = {
  path: '/audit/seals',
  operation: 'audit_seals.list',
  words: 'console.audit.seals',
  filters: [],
};

async function show(visit: Visit): Promise<void> {
  const list = await readList<Seal>(visit, spec);
  if (!list) return;
  const { body: state } = await ask<SealState>(visit, 'audit_seals.state', {});
  const { tenant_id, number, hash } = state.newest ?? {};
  draw(visit, 'console/audit/seals', {
    state,
    witness: JSON.stringify({ tenant_id, number, hash }),
    list,
    listHref: hrefTo(visit, '/audit'),
    liveHref: hrefTo(visit, '/audit/live'),
  });
}

/** Mounts `/audit/seals`. */
export function mountSeals(router: Router, deps: ConsoleDependencies): void {
  router.get('/audit/seals', page(deps, 'audit', show));
}
