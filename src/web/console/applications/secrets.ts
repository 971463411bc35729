/**
 * The secrets of an application: each is shown once, when it is made. A new one is given with an overlap in which those before
 * still work, so that nothing stands still; one that leaked is ended at once. What they are is told by nobody.
 */
import type Router from '@koa/router';
import { askList, mayAsk } from '../ask.ts';
import { type Effect, mountDeed } from '../deed.ts';
import { type FormPage, mountForm } from '../form.ts';
import type { ConsoleFrame } from '../frame.ts';
import { draw, page } from '../page.ts';
import { type ConsoleDependencies, hrefTo, type Visit } from '../visit.ts';
import {
  type ApplicationHead,
  clientParams,
  clientPath,
  headOfApplication,
  nameOfApplication,
  readApplication,
} from './application-page.ts';

/** As `clients.secrets.list` answers. */
interface ClientSecret {
  id: string;
  hint: string;
  created_at: string;
  expires_at: string | null;
  last_used_at: string | null;
  revoked_at: string | null;
}

type SecretState = 'live' | 'ending' | 'expired' | 'revoked';

declare module '../../pages/view-models.ts' {
  interface ViewModels {
    'console/applications/secrets': {
      frame: ConsoleFrame;
      head: ApplicationHead;
      /** The newest first. */
      secrets: (ClientSecret & { state: SecretState; revokeHref?: string })[];
      rotateHref?: string;
    };
    'console/applications/rotated': {
      frame: ConsoleFrame;
      head: ApplicationHead;
      /** Shown this once. */
      secret: string;
      /** Those before that still work, until when. */
      others: ClientSecret[];
      backHref: string;
    };
  }
}

const tab = (visit: Visit) => `${clientPath(visit)}/secrets`;

function stateOf({ revoked_at, expires_at }: ClientSecret): SecretState {
  if (revoked_at !== null) return 'revoked';
  if (expires_at === null) return 'live';
  return Date.parse(expires_at) > Date.now() ? 'ending' : 'expired';
}

const works = (secret: ClientSecret) => ['live', 'ending'].includes(stateOf(secret));

/** The newest first: ids are given in the order of making. */
async function readSecrets(visit: Visit): Promise<ClientSecret[]> {
  const all: ClientSecret[] = [];
  let after: string | undefined;
  do {
    const asked = { params: clientParams(visit), query: { limit: 200, after } };
    const { items, next } = await askList<ClientSecret>(visit, 'clients.secrets.list', asked);
    all.push(...items);
    after = next ?? undefined;
  } while (after !== undefined && all.length < 1_000);
  return all.reverse();
}

async function show(visit: Visit): Promise<void> {
  const { application } = await readApplication(visit);
  const secrets = await readSecrets(visit);
  const may = await mayAsk(visit, 'clients.rotate_secret', { params: clientParams(visit) });
  draw(visit, 'console/applications/secrets', {
    head: headOfApplication(visit, application, 'secrets'),
    secrets: secrets.map((secret) => ({
      ...secret,
      state: stateOf(secret),
      revokeHref: may && works(secret) ? hrefTo(visit, `${tab(visit)}/${secret.id}/revoke`) : undefined,
    })),
    rotateHref: may ? hrefTo(visit, `${tab(visit)}/rotate`) : undefined,
  });
}

const hour = 3_600;

const rotate: FormPage = {
  path: '/applications/:clientId/secrets/rotate',
  section: 'applications',
  operation: 'clients.rotate_secret',
  words: 'console.applications.rotate',
  fields: () => [
    {
      name: 'overlap_seconds',
      kind: 'select',
      options: [hour, 4 * hour, 24 * hour, 0].map((seconds) => ({ value: String(seconds) })),
    },
  ],
  initial: () => ({ overlap_seconds: String(hour) }),
  params: clientParams,
  about: nameOfApplication,
  complete: ({ overlap_seconds: seconds }) => ({ overlap_seconds: Number(seconds) }),
  // Who found a browser open gets no secret out of it.
  fresh: true,
  back: tab,
  drawOnce: async (visit, { client_secret: secret }) => {
    const { application } = await readApplication(visit);
    const [made, ...before] = await readSecrets(visit);
    draw(visit, 'console/applications/rotated', {
      head: headOfApplication(visit, application, 'secrets'),
      secret: String(secret),
      others: before.filter((one) => works(one) && one.id !== made?.id),
      backHref: hrefTo(visit, tab(visit)),
    });
  },
};

async function revokingDoes(visit: Visit): Promise<Effect[]> {
  const secrets = await readSecrets(visit);
  const secret = secrets.find(({ id }) => id === visit.params.secretId);
  const others = secrets.filter((one) => works(one) && one.id !== secret?.id);
  return [
    { key: 'at_once' },
    secret?.last_used_at ? { key: 'used', at: secret.last_used_at } : { key: 'unused' },
    { key: 'others', params: { count: others.length } },
    { key: 'tokens' },
  ];
}

/** Mounts the tab, and what is done there. */
export function mountApplicationSecrets(router: Router, deps: ConsoleDependencies): void {
  router.get('/applications/:clientId/secrets', page(deps, 'applications', show));
  mountForm(router, deps, rotate);
  mountDeed(router, deps, {
    path: '/applications/:clientId/secrets/:secretId/revoke',
    section: 'applications',
    operation: 'clients.secrets.revoke',
    words: 'console.applications.revoke',
    input: (visit) => ({ params: { ...clientParams(visit), secret_id: visit.params.secretId ?? '' } }),
    subject: async (visit) => {
      const secret = (await readSecrets(visit)).find(({ id }) => id === visit.params.secretId);
      return secret ? `…${secret.hint}` : await nameOfApplication(visit);
    },
    effects: revokingDoes,
    isDangerous: true,
    back: tab,
    notice: 'revoked',
  });
}
