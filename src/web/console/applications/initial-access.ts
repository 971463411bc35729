/**
 * Initial access tokens, by which applications register themselves: their list, the making of another one, which is shown
 * once, and its end. What registered by one is an application among the others.
 */
import type Router from '@koa/router';
import { scopes as protocolScopes } from '../../../domain/claims/claims.ts';
import { defaultTokenDays } from '../../../domain/registration/initial-access-tokens.ts';
import { ask, mayAsk } from '../ask.ts';
import { type Effect, mountDeed } from '../deed.ts';
import { type FieldSpec, wallTime } from '../fields.ts';
import { mountForm } from '../form.ts';
import type { ConsoleFrame } from '../frame.ts';
import { type ListModel, type ListSpec, readList } from '../list.ts';
import { drawOnce } from '../once.ts';
import { draw, page } from '../page.ts';
import { readScopes } from '../services/capabilities.ts';
import { type ConsoleDependencies, hrefTo, type Visit, zoneOf } from '../visit.ts';

/** As `initial_access_tokens.list` answers. */
interface InitialAccessToken {
  id: string;
  name: string;
  /** Its last characters. */
  hint: string;
  redirect_hosts: string[];
  scopes: string[];
  most_uses: number;
  uses: number;
  expires_at: string;
  last_used_at: string | null;
  revoked_at: string | null;
  created_at: string;
}

type TokenState = 'live' | 'used_up' | 'ended' | 'revoked';

declare module '../../pages/view-models.ts' {
  interface ViewModels {
    'console/applications/initial-access-tokens': {
      frame: ConsoleFrame;
      list: ListModel<InitialAccessToken & { state: TokenState; href: string }>;
      applicationsHref: string;
      createHref: string;
      /** The tenant lets nobody register: tokens are good for nothing until it does. */
      isOff: boolean;
      /** Where that is switched; absent for who may not. */
      settingsHref?: string;
    };
    'console/applications/initial-access-token': {
      frame: ConsoleFrame;
      token: InitialAccessToken;
      state: TokenState;
      applicationsHref: string;
      listHref: string;
      /** Absent where it has ended. */
      revokeHref?: string;
    };
  }
}

// No client_id of a tenant's own making begins so in the console: `_new` is of the same kind.
const base = '/applications/_initial-access';
const words = 'console.initial_access';

function stateOf(token: InitialAccessToken, now = Date.now()): TokenState {
  if (token.revoked_at !== null) return 'revoked';
  if (Date.parse(token.expires_at) <= now) return 'ended';
  return token.uses >= token.most_uses ? 'used_up' : 'live';
}

const spec: ListSpec = { path: base, operation: 'initial_access_tokens.list', words };

/** Whether the tenant lets nobody register; who may not read its settings is not told. */
async function isSwitchedOff(visit: Visit): Promise<boolean> {
  if (!(await mayAsk(visit, 'tenants.settings.get'))) return false;
  const { body } = await ask<{ client_registration: boolean }>(visit, 'tenants.settings.get');
  return !body.client_registration;
}

async function showList(visit: Visit): Promise<void> {
  const list = await readList<InitialAccessToken>({ ...visit, at: undefined }, spec);
  if (!list) return;
  const items = list.items.map((token) => ({
    ...token,
    state: stateOf(token),
    href: hrefTo(visit, `${base}/${token.id}`),
  }));
  const isOff = await isSwitchedOff(visit);
  const maySwitch = isOff && (await mayAsk(visit, 'tenants.settings.update'));
  draw(visit, 'console/applications/initial-access-tokens', {
    list: { ...list, items },
    applicationsHref: hrefTo(visit, '/applications'),
    createHref: hrefTo(visit, `${base}/new`),
    isOff,
    settingsHref: maySwitch ? hrefTo(visit, '/settings/registration') : undefined,
  });
}

const tokenParams = ({ params }: Visit) => ({ initial_access_token_id: params.tokenId ?? '' });
const tokenPath = ({ params }: Visit) => `${base}/${params.tokenId}`;

async function readToken(visit: Visit): Promise<InitialAccessToken> {
  return (await ask<InitialAccessToken>(visit, 'initial_access_tokens.get', { params: tokenParams(visit) })).body;
}

async function showToken(visit: Visit): Promise<void> {
  const token = await readToken(visit);
  const state = stateOf(token);
  draw(visit, 'console/applications/initial-access-token', {
    token,
    state,
    applicationsHref: hrefTo(visit, '/applications'),
    listHref: hrefTo(visit, base),
    revokeHref: state === 'live' ? hrefTo(visit, `${tokenPath(visit)}/revoke`) : undefined,
  });
}

/** What may be asked for at the most; who may not read capabilities names them, one a line. */
async function scopesField(visit: Visit): Promise<FieldSpec> {
  const capabilities = await readScopes(visit);
  if (!capabilities) return { name: 'scopes', kind: 'lines' };
  // That of no API stands in no token, and that of another tenant's API is of no use here.
  const ofApis = capabilities.filter(({ resource_server: api }) => api !== null);
  return {
    name: 'scopes',
    kind: 'checks',
    options: [
      ...Object.keys(protocolScopes).map((value) => ({ value, label: value, under: '' })),
      ...ofApis.map(({ key, description, resource_server: api }) => ({
        value: key,
        label: description === null ? key : `${key}: ${description}`,
        under: api ?? '',
      })),
    ],
  };
}

const day = 86_400_000;

async function revokeEffects(visit: Visit): Promise<Effect[]> {
  const { uses, most_uses: most } = await readToken(visit);
  return [
    { key: 'left', params: { count: most - uses } },
    { key: 'registered', params: { count: uses } },
    { key: 'for_good' },
  ];
}

/** Mounts `/applications/_initial-access` and everything below it. */
export function mountInitialAccess(router: Router, deps: ConsoleDependencies): void {
  router.get(base, page(deps, 'applications', showList));
  mountForm(router, deps, {
    path: `${base}/new`,
    section: 'applications',
    operation: 'initial_access_tokens.create',
    words: `${words}.create`,
    fields: async (visit) => [
      { name: 'name', kind: 'text', maxLength: 200 },
      { name: 'redirect_hosts', kind: 'lines' },
      await scopesField(visit),
      { name: 'most_uses', kind: 'number' },
      { name: 'expires_at', kind: 'moment' },
    ],
    initial: (visit) => {
      const ends = new Date(Date.now() + defaultTokenDays * day).toISOString();
      const scopes = ['openid', 'profile', 'email'].join('\n');
      return { scopes, most_uses: '1', expires_at: wallTime(ends, zoneOf(visit)) };
    },
    back: () => base,
    drawOnce: async (visit, { id, name, token }) =>
      drawOnce(visit, {
        words: `${words}.made`,
        subject: name as string,
        values: [
          { name: 'registration_endpoint', value: `${visit.web.issuer}/register` },
          { name: 'token', value: token as string },
        ],
        next: `${base}/${id}`,
      }),
  });
  mountDeed(router, deps, {
    path: `${base}/:tokenId/revoke`,
    section: 'applications',
    operation: 'initial_access_tokens.revoke',
    words: `${words}.revoke`,
    input: (visit) => ({ params: tokenParams(visit) }),
    subject: async (visit) => (await readToken(visit)).name,
    effects: revokeEffects,
    isDangerous: true,
    back: tokenPath,
    notice: 'initial_access_revoked',
  });
  router.get(`${base}/:tokenId`, page(deps, 'applications', showToken));
}
