/**
 * Operations on API keys. A key of a place is made by who holds what it carries there for as long as it lives. A key of a
 * person is made by that person alone: whoever else made one would act in their name, also as what they become later.
 */
import { z } from 'zod';
import {
  changeApiKey,
  createApiKey,
  defaultExpiry,
  defaultLifeDays,
  findApiKey,
  listApiKeys,
  longestLifeDays,
  revokeApiKey,
} from '../domain/api-keys/api-keys.ts';
import { withNames } from '../domain/organisation/names.ts';
import { DomainError } from '../platform/errors.ts';
import type { Actor } from './actor.ts';
import { type Lookup, operation } from './operation.ts';
import { within } from './reach.ts';
import { capabilityKey, id, listedNames, name, pageQuery, time, timeIn } from './shapes.ts';

const members = {
  id,
  name: z.string(),
  prefix: z.string().meta({ description: 'How it begins, after `gk_`', example: '7Kq0ZxT2' }),
  org_node_id: id.meta({ description: 'It counts there and below' }),
  user_id: id.nullable().meta({ description: 'Whose it is; null: it is the place’s own' }),
  capabilities: z.array(capabilityKey),
  active: z.boolean(),
  expires_at: time,
  last_used_at: time.nullable().meta({ description: 'To the minute' }),
  revoked_at: time.nullable(),
  created_at: time,
  created_by: id.nullable(),
};
const ApiKey = z.object({ ...members, ...listedNames }).meta({ id: 'ApiKey' });
const NewApiKey = z
  .object({ ...members, key: z.string().meta({ description: 'The key itself; told now and never again' }) })
  .meta({ id: 'NewApiKey' });

const params = z.strictObject({ api_key_id: id });
type Named = { params: { api_key_id: string } };

const find = ({ params }: Named, { db, tenantId }: Pick<Lookup, 'db' | 'tenantId'>) =>
  findApiKey(db, { tenantId, apiKeyId: params.api_key_id });
const itsNode = async (input: Named, lookup: Lookup) => (await find(input, lookup))?.orgNodeId;

const capabilities = z.array(capabilityKey).min(1).max(100).meta({
  description: 'What it is good for. A person’s key never counts for more than the person holds at that moment',
});
const expiry = timeIn.meta({ description: `At the most ${longestLifeDays} days from now` });

/** What the maker of a person's key must hold is held now; that it is held later is asked at each use. */
const heldUntil = (userId: string | null, expiresAt: Date) => (userId === null ? expiresAt : new Date());

/** @throws DomainError forbidden PRIVILEGE_EXCEEDED, whether there is such a person or not */
function assertOwn(actor: Actor, userId: string | null): void {
  if (userId === null || actor.kind === 'system' || (actor.kind === 'person' && actor.id === userId)) return;
  throw new DomainError('forbidden', 'PRIVILEGE_EXCEEDED');
}

const Change = z.strictObject({
  name: name.optional(),
  active: z.boolean().optional().meta({ description: 'false: it does not count for now' }),
  capabilities: capabilities.optional(),
  expires_at: expiry.optional(),
});

/** Whether a change makes a key good for something that it was not good for. */
const givesMore = ({ active, capabilities, expires_at }: z.output<typeof Change>) =>
  active === true || capabilities !== undefined || expires_at !== undefined;

export const apiKeys = [
  operation({
    id: 'api_keys.list',
    method: 'GET',
    path: '/api-keys',
    summary: 'List API keys, those that have ended too',
    needs: { capability: 'api_keys.manage', at: 'anywhere' },
    query: pageQuery.extend({
      org_node_id: id.optional(),
      user_id: id.optional(),
      state: z.enum(['live', 'inactive', 'ended']).optional(),
      under: id.optional().meta({ description: 'At this node or below it' }),
    }),
    list: true,
    answer: ApiKey,
    run: async ({ db, tenantId, query, reach }) => {
      const { org_node_id: orgNodeId, user_id: userId, ...rest } = query;
      const page = await listApiKeys(db, { tenantId, orgNodeId, userId, ...rest, ...within(reach) });
      return { ...page, items: await withNames(db, tenantId, page.items) };
    },
  }),
  operation({
    id: 'api_keys.create',
    method: 'POST',
    path: '/api-keys',
    summary: 'Make an API key of a place, or one of your own',
    description: `The answer alone holds the key. It lives ${defaultLifeDays} days if nothing else is said. docs/api-keys.md says what it looks like.`,
    needs: {
      capability: 'api_keys.manage',
      at: ({ body }) => body.org_node_id,
      carries: ({ body }) => ({
        capabilities: body.capabilities,
        orgNodeId: body.org_node_id,
        endsAt: heldUntil(body.user_id ?? null, body.expires_at ?? defaultExpiry()),
      }),
    },
    body: z.strictObject({
      name,
      org_node_id: id.meta({ description: 'It counts there and below' }),
      user_id: id
        .nullish()
        .meta({ description: 'Your own id, for a key that acts as you; else it is the place’s own' }),
      capabilities,
      expires_at: expiry.optional(),
    }),
    answer: NewApiKey,
    errors: ['INVALID_INPUT', 'PERIOD_INVALID', 'PRIVILEGE_EXCEEDED'],
    idempotent: true,
    fresh: true,
    run: ({ db, tenantId, body, actor }) => {
      const { name, capabilities, expires_at: expiresAt, org_node_id: orgNodeId } = body;
      const userId = body.user_id ?? null;
      assertOwn(actor, userId);
      return createApiKey(db, { tenantId, orgNodeId, userId, name, capabilities, expiresAt }, actor.caller);
    },
  }),
  operation({
    id: 'api_keys.get',
    method: 'GET',
    path: '/api-keys/{api_key_id}',
    summary: 'Show an API key; what it is is told by nobody',
    needs: { capability: 'api_keys.manage', at: itsNode },
    params,
    answer: ApiKey,
    run: async (run) => {
      const key = await find(run, run);
      if (!key) throw new DomainError('not_found', 'NOT_FOUND');
      return (await withNames(run.db, run.tenantId, [key]))[0];
    },
  }),
  operation({
    id: 'api_keys.update',
    method: 'PATCH',
    path: '/api-keys/{api_key_id}',
    summary: 'Change what an API key is called or good for, until when, and whether it counts',
    needs: {
      capability: 'api_keys.manage',
      at: itsNode,
      carries: async (input, lookup) => {
        const key = givesMore(input.body) ? await find(input, lookup) : undefined;
        if (!key) return undefined;
        const { orgNodeId, userId } = key;
        const carried = input.body.capabilities ?? key.capabilities;
        const endsAt = heldUntil(userId, input.body.expires_at ?? key.expiresAt);
        return { capabilities: carried, orgNodeId, endsAt };
      },
    },
    params,
    body: Change,
    answer: ApiKey,
    errors: ['API_KEY_ENDED', 'INVALID_INPUT', 'PERIOD_INVALID', 'PRIVILEGE_EXCEEDED'],
    guards: { read: 'api_keys.get', ifMatch: 'honoured' },
    fresh: ({ body }) => givesMore(body),
    run: async ({ db, tenantId, params, body, actor }) => {
      const reference = { tenantId, apiKeyId: params.api_key_id };
      if (givesMore(body)) assertOwn(actor, (await findApiKey(db, reference))?.userId ?? null);
      const { expires_at: expiresAt, ...rest } = body;
      const changed = await changeApiKey(db, reference, { ...rest, expiresAt }, actor.caller);
      return (await withNames(db, tenantId, [changed]))[0];
    },
  }),
  operation({
    id: 'api_keys.revoke',
    method: 'DELETE',
    path: '/api-keys/{api_key_id}',
    summary: 'End an API key at once, and for good',
    needs: { capability: 'api_keys.manage', at: itsNode },
    params,
    run: async ({ db, tenantId, params, actor }) => {
      await revokeApiKey(db, { tenantId, apiKeyId: params.api_key_id }, actor.caller);
      return undefined;
    },
  }),
];
