/** One API key: what it is good for, where and until when; how that is changed, and its end. What it is is told by nobody. */
import type Router from '@koa/router';
import { ask, mayAsk } from '../ask.ts';
import { type Deed, mountDeed } from '../deed.ts';
import type { FieldSpec } from '../fields.ts';
import { mountForm } from '../form.ts';
import type { ConsoleFrame } from '../frame.ts';
import { draw, page } from '../page.ts';
import { scopesField } from '../services/capabilities.ts';
import { type ConsoleDependencies, hrefTo, type Visit } from '../visit.ts';

/** As `api_keys.list` answers. */
export interface ApiKey {
  id: string;
  name: string;
  /** How it begins, after `gk_`. */
  prefix: string;
  org_node_id: string;
  /** null: it is the place's own. */
  user_id: string | null;
  /** Names, as far as they are there still. */
  org_node: string | null;
  user_name: string | null;
  capabilities: string[];
  active: boolean;
  expires_at: string;
  last_used_at: string | null;
  revoked_at: string | null;
  created_at: string;
}

type KeyState = 'live' | 'inactive' | 'ended';

declare module '../../pages/view-models.ts' {
  interface ViewModels {
    'console/api-keys/api-key': {
      frame: ConsoleFrame;
      key: ApiKey;
      state: KeyState;
      listHref: string;
      placeHref?: string;
      personHref?: string;
      /** What may be done to it by who looks; absent: not by them, or not now. */
      editHref?: string;
      pauseHref?: string;
      resumeHref?: string;
      revokeHref?: string;
    };
  }
}

export function stateOfKey({ revoked_at, expires_at, active }: ApiKey, now = Date.now()): KeyState {
  if (revoked_at !== null || Date.parse(expires_at) <= now) return 'ended';
  return active ? 'live' : 'inactive';
}

const keyParams = ({ params }: Visit) => ({ api_key_id: params.keyId ?? '' });
const keyPath = ({ params }: Visit) => `/api-keys/${params.keyId}`;

async function readKey(visit: Visit): Promise<{ key: ApiKey; etag?: string }> {
  const { body: key, etag } = await ask<ApiKey>(visit, 'api_keys.get', { params: keyParams(visit) });
  return { key, etag };
}

/** Whether who looks may make it good for more: a person's key is that person's alone to do so. */
function mayExtend(visit: Visit, { user_id: userId }: ApiKey): boolean {
  return userId === null || userId === visit.operator.actor.id;
}

async function show(visit: Visit): Promise<void> {
  const { key } = await readKey(visit);
  const params = keyParams(visit);
  const state = stateOfKey(key);
  const mayChange = state !== 'ended' && (await mayAsk(visit, 'api_keys.update', { params, body: {} }));
  const mayRevoke = state !== 'ended' && (await mayAsk(visit, 'api_keys.revoke', { params }));
  const mayResume =
    state === 'inactive' &&
    mayExtend(visit, key) &&
    (await mayAsk(visit, 'api_keys.update', { params, body: { active: true } }));
  const href = (may: boolean, path: string) => (may ? hrefTo(visit, `${keyPath(visit)}/${path}`) : undefined);
  const sees = (capability: string) => visit.holdings.nodesOf(capability).length > 0;
  draw(visit, 'console/api-keys/api-key', {
    key,
    state,
    listHref: hrefTo(visit, '/api-keys'),
    placeHref: sees('org.read') ? hrefTo(visit, `/organisation/${key.org_node_id}`) : undefined,
    personHref: key.user_id !== null && sees('users.read') ? hrefTo(visit, `/people/${key.user_id}`) : undefined,
    editHref: href(mayChange, 'edit'),
    pauseHref: href(mayChange && state === 'live', 'pause'),
    resumeHref: href(mayResume, 'resume'),
    revokeHref: href(mayRevoke, 'revoke'),
  });
}

async function editFields(visit: Visit): Promise<FieldSpec[]> {
  const { key } = await readKey(visit);
  const name: FieldSpec = { name: 'name', kind: 'text', maxLength: 200 };
  if (!mayExtend(visit, key)) return [name];
  const scopes = await scopesField(visit, 'capabilities', key.capabilities);
  return [name, { ...scopes, optional: false }, { name: 'expires_at', kind: 'moment' }];
}

const shared = {
  section: 'api-keys',
  subject: async (visit: Visit) => (await readKey(visit)).key.name,
  back: keyPath,
} as const;

const turned = (active: boolean) => (visit: Visit) => ({ params: keyParams(visit), body: { active } });

const deeds: Deed[] = [
  {
    ...shared,
    path: '/api-keys/:keyId/pause',
    operation: 'api_keys.update',
    words: 'console.api_keys.pause',
    input: turned(false),
    effects: async () => [{ key: 'at_once' }, { key: 'undo' }],
    isDangerous: true,
    notice: 'paused',
  },
  {
    ...shared,
    path: '/api-keys/:keyId/resume',
    operation: 'api_keys.update',
    words: 'console.api_keys.resume',
    input: turned(true),
    effects: async () => [{ key: 'counts' }],
    isFresh: true,
    notice: 'resumed',
  },
  {
    ...shared,
    path: '/api-keys/:keyId/revoke',
    operation: 'api_keys.revoke',
    words: 'console.api_keys.revoke',
    input: (visit) => ({ params: keyParams(visit) }),
    effects: async () => [{ key: 'at_once' }, { key: 'for_good' }],
    isDangerous: true,
    notice: 'revoked',
  },
];

/** Mounts `/api-keys/<id>`, and what is done to it. */
export function mountApiKey(router: Router, deps: ConsoleDependencies): void {
  mountForm(router, deps, {
    path: '/api-keys/:keyId/edit',
    section: 'api-keys',
    operation: 'api_keys.update',
    words: 'console.api_keys.edit',
    fields: editFields,
    params: keyParams,
    read: async (visit) => {
      const { key, etag } = await readKey(visit);
      return { stored: key, etag, subject: key.name };
    },
    fresh: true,
    back: keyPath,
    notice: 'saved',
  });
  for (const deed of deeds) mountDeed(router, deps, deed);
  router.get('/api-keys/:keyId', page(deps, 'api-keys', show));
}
