/** The section Signing keys: which keys sign tokens, which will, and which are published still; changing them. */
import type Router from '@koa/router';
import { ask, mayAsk } from '../ask.ts';
import { type Deed, type Effect, mountDeed } from '../deed.ts';
import type { ConsoleFrame } from '../frame.ts';
import { draw, page } from '../page.ts';
import { type ConsoleDependencies, hrefTo, type Visit } from '../visit.ts';

/** As `signing_keys.list` answers. */
export interface SigningKey {
  kid: string;
  alg: string;
  state: 'next' | 'current' | 'retired';
  created_at: string;
  activates_at: string;
  retires_at: string | null;
  verifies_until: string | null;
}

declare module '../../pages/view-models.ts' {
  interface ViewModels {
    'console/signing-keys/list': {
      frame: ConsoleFrame;
      /** Those that sign first. `since`: of its state; `until`: null where that has no end that is known. */
      keys: (Pick<SigningKey, 'kid' | 'alg' | 'state'> & { since: string; until: string | null })[];
      /** After so many days the server replaces a key by itself. */
      rotationDays: number;
      /** Where they are published. */
      publishedHref: string;
      rotateHref?: string;
      withdrawHref?: string;
    };
  }
}

const order = { current: 0, next: 1, retired: 2 } as const;

async function readKeys(visit: Visit): Promise<SigningKey[]> {
  const { body } = await ask<{ items: SigningKey[] }>(visit, 'signing_keys.list');
  // What verifies nothing any more is swept away soon.
  const published = body.items.filter(
    ({ state, verifies_until: until }) => state !== 'retired' || until === null || Date.parse(until) > Date.now(),
  );
  return published.toSorted((left, right) => order[left.state] - order[right.state]);
}

function shown({ kid, alg, state, ...times }: SigningKey) {
  const since = { current: times.activates_at, next: times.created_at, retired: times.retires_at ?? times.created_at };
  return { kid, alg, state, since: since[state], until: times.verifies_until };
}

async function show(visit: Visit): Promise<void> {
  const keys = (await readKeys(visit)).map(shown);
  const mayChange = await mayAsk(visit, 'signing_keys.rotate', { body: { withdraw: false } });
  draw(visit, 'console/signing-keys/list', {
    keys,
    rotationDays: visit.management.rotationDays,
    publishedHref: `${visit.web.issuer}/jwks`,
    rotateHref: mayChange ? hrefTo(visit, '/signing-keys/rotate') : undefined,
    withdrawHref: mayChange ? hrefTo(visit, '/signing-keys/withdraw') : undefined,
  });
}

async function countOf(visit: Visit, isMeant: (key: SigningKey) => boolean): Promise<number> {
  return (await readKeys(visit)).filter(isMeant).length;
}

const shared = {
  section: 'signing-keys',
  operation: 'signing_keys.rotate',
  // The server's: tokens name it as their issuer.
  subject: async ({ web }: Visit) => new URL(web.issuer).host,
  back: () => '/signing-keys',
} as const;

const deeds: Deed[] = [
  {
    ...shared,
    path: '/signing-keys/rotate',
    words: 'console.signing_keys.rotate',
    input: () => ({ body: { withdraw: false } }),
    effects: async (visit): Promise<Effect[]> => [
      { key: 'sign', params: { count: await countOf(visit, ({ state }) => state === 'next') } },
      { key: 'published', params: { hours: Math.ceil(visit.management.verifySeconds / 3600) } },
      { key: 'nobody' },
      { key: 'fetch' },
    ],
    notice: 'rotated',
  },
  {
    ...shared,
    path: '/signing-keys/withdraw',
    words: 'console.signing_keys.withdraw',
    input: () => ({ body: { withdraw: true } }),
    effects: async (visit): Promise<Effect[]> => [
      { key: 'keys', params: { count: await countOf(visit, () => true) } },
      { key: 'tokens' },
      { key: 'cached' },
      { key: 'sessions' },
      { key: 'for_good' },
    ],
    isDangerous: true,
    typed: true,
    notice: 'withdrawn',
  },
];

/** Mounts `/signing-keys` and everything below it. */
export function mountSigningKeys(router: Router, deps: ConsoleDependencies): void {
  router.get('/signing-keys', page(deps, 'signing-keys', show));
  for (const deed of deeds) mountDeed(router, deps, deed);
}
