/** Where a person is signed in, and which applications have something of theirs: both end here. */
import type Router from '@koa/router';
import { describeBrowser } from '../../../platform/describe-browser.ts';
import { askList, mayAsk } from '../ask.ts';
import { type Deed, mountDeed } from '../deed.ts';
import type { ConsoleFrame } from '../frame.ts';
import { draw, page } from '../page.ts';
import { type ConsoleDependencies, hrefTo, type Visit } from '../visit.ts';
import { headOf, nameOf, type PersonHead, personParams, personPath, readPerson } from './person-page.ts';

interface Session {
  id: string;
  user_agent: string | null;
  ip: string | null;
  amr: string[];
  login_at: string;
  last_seen_at: string;
  clients: string[];
}

interface Grant {
  id: string;
  client_id: string;
  client_name: string | null;
  first_party: boolean;
  scopes: string[];
  resources: { resource: string; scopes: string[] }[];
  created_at: string;
  last_used_at: string | null;
}

declare module '../../pages/view-models.ts' {
  interface ViewModels {
    'console/people/sessions': {
      frame: ConsoleFrame;
      head: PersonHead;
      sessions: (Omit<Session, 'user_agent'> & { browser: string; os: string; endHref?: string })[];
      endAllHref?: string;
      grants: (Grant & { withdrawHref?: string })[];
    };
  }
}

const tab = (visit: Visit) => `${personPath(visit)}/sessions`;

async function show(visit: Visit): Promise<void> {
  const params = personParams(visit);
  const { person } = await readPerson(visit);
  const [sessions, grants, may] = await Promise.all([
    askList<Session>(visit, 'sessions.list', { params, query: { limit: 100 } }),
    askList<Grant>(visit, 'users.grants.list', { params, query: { limit: 100 } }),
    mayAsk(visit, 'sessions.end_all', { params }),
  ]);
  draw(visit, 'console/people/sessions', {
    head: headOf(visit, person, 'sessions'),
    sessions: sessions.items.map(({ user_agent, ...session }) => ({
      ...session,
      ...browserOf(user_agent),
      endHref: may ? hrefTo(visit, `${tab(visit)}/${session.id}/end`) : undefined,
    })),
    endAllHref: may && sessions.items.length > 0 ? hrefTo(visit, `${tab(visit)}/end-all`) : undefined,
    grants: grants.items.map((grant) => ({
      ...grant,
      withdrawHref: may ? hrefTo(visit, `${tab(visit)}/grants/${grant.id}/withdraw`) : undefined,
    })),
  });
}

function browserOf(userAgent: string | null): { browser: string; os: string } {
  const { browser = '', os = '' } = describeBrowser(userAgent ?? undefined);
  return { browser, os };
}

const shared = {
  section: 'people',
  subject: async (visit: Visit) => nameOf((await readPerson(visit)).person),
  back: tab,
  isDangerous: true,
} as const;

const deeds: Deed[] = [
  {
    ...shared,
    path: '/people/:userId/sessions/end-all',
    operation: 'sessions.end_all',
    words: 'console.people.end_sessions',
    input: (visit) => ({ params: personParams(visit) }),
    effects: async (visit) => {
      const query = { limit: 200 };
      const { items } = await askList<Session>(visit, 'sessions.list', { params: personParams(visit), query });
      const clients = new Set(items.flatMap((session) => session.clients));
      return [
        { key: 'sessions', params: { count: items.length } },
        { key: 'clients', params: { count: clients.size } },
        { key: 'back' },
      ];
    },
    notice: 'signed_out',
  },
  {
    ...shared,
    path: '/people/:userId/sessions/:sessionId/end',
    operation: 'sessions.end',
    words: 'console.people.end_session',
    input: (visit) => ({ params: { session_id: visit.params.sessionId ?? '' } }),
    effects: async () => [{ key: 'told' }, { key: 'back' }],
    notice: 'signed_out',
  },
  {
    ...shared,
    path: '/people/:userId/sessions/grants/:grantId/withdraw',
    operation: 'users.grants.withdraw',
    words: 'console.people.withdraw',
    input: (visit) => ({ params: { ...personParams(visit), grant_id: visit.params.grantId ?? '' } }),
    effects: async () => [{ key: 'tokens' }, { key: 'stays' }],
    notice: 'withdrawn',
  },
];

/** Mounts the tab, and what ends there. */
export function mountSignedInPlaces(router: Router, deps: ConsoleDependencies): void {
  router.get('/people/:userId/sessions', page(deps, 'people', show));
  for (const deed of deeds) mountDeed(router, deps, deed);
}
