/** Operations on the seals of the audit trail: who keeps one elsewhere sees later whether anything before it was changed. */
import { z } from 'zod';
import { proveEvent } from '../domain/seals/event-proof.ts';
import { findSeal, listed, listSeals } from '../domain/seals/list-seals.ts';
import { findSealState } from '../domain/seals/seal-events.ts';
import { listSealKeys, rotateSealKey } from '../domain/seals/seal-keys.ts';
import { selectNewestSeal } from '../domain/seals/seal-store.ts';
import { DomainError } from '../platform/errors.ts';
import { operation } from './operation.ts';
import { id, pageQuery, time } from './shapes.ts';

const hex = z.string().meta({ description: 'SHA-256, in hex' });

const AuditSeal = z
  .object({
    id,
    tenant_id: id.nullable().meta({ description: 'null: of the server' }),
    number: z.number().int().meta({ description: 'From 1 in its chain' }),
    starts_at: time,
    ends_at: time,
    sealed_at: time,
    events: z.number().int().meta({ description: 'How many events are its leaves' }),
    late: z.number().int().meta({ description: 'So many of them are of an hour that was sealed already' }),
    seals: z.number().int().meta({ description: 'Of the server’s: how many seals of tenants are its leaves too' }),
    first_event: id.nullable(),
    last_event: id.nullable(),
    root: hex,
    previous: hex.meta({ description: 'The hash of the seal before; zeros: it is the first' }),
    hash: hex.meta({ description: 'Of the statement: what to keep elsewhere' }),
    kid: z.string().meta({ description: 'By which key it is signed' }),
    signature: z.string().meta({ description: 'Of the statement, Ed25519, base64url' }),
    statement: z.string().meta({ description: 'What is signed: the rest of this, as it was hashed' }),
  })
  .meta({ id: 'AuditSeal' });

const SealState = z
  .object({
    sealed_until: time
      .nullable()
      .meta({ description: 'Up to when the trail is sealed; null: there is nothing to seal' }),
    is_behind: z.boolean().meta({ description: 'An hour is not sealed that should be' }),
    newest: AuditSeal.nullable().meta({ description: 'Of this tenant' }),
  })
  .meta({ id: 'AuditSealState' });

const SealKeys = z
  .object({
    items: z.array(
      z.object({
        kid: z.string(),
        state: z.enum(['current', 'retired']),
        created_at: time,
        retired_at: time.nullable(),
        public_jwk: z.record(z.string(), z.unknown()).meta({ description: 'Ed25519, as of RFC 8037' }),
      }),
    ),
  })
  .meta({ id: 'AuditSealKeys' });

const provedPart = z.union([
  z.object({ salt: z.string(), text: z.string() }),
  z.object({ commitment: z.string().meta({ description: 'It was erased; this stands for it' }) }),
]);

const AuditProof = z
  .object({
    type: z.literal('gatehouse-audit-proof'),
    version: z.literal(1),
    event: z.object({
      plain: z.string().meta({
        description:
          '`[id, tenant, actor type, actor, action, entity type, entity, request, microseconds since 1970, cause]`',
      }),
      origin: provedPart.meta({ description: '`[ip, user agent]`' }),
      content: provedPart.meta({ description: 'The payload' }),
    }),
    leaf_index: z.number().int(),
    tree_size: z.number().int(),
    path: z.array(hex).meta({ description: 'From the leaf upwards (RFC 9162 section 2.1.3)' }),
    seal: z.object({ id, statement: z.string(), signature: z.string() }),
    key: z.record(z.string(), z.unknown()).meta({ description: 'The public key, as JWK' }),
  })
  .meta({ id: 'AuditProof' });

const needs = { capability: 'audit.read', at: 'root' } as const;

export const auditSeals = [
  operation({
    id: 'audit_seals.list',
    method: 'GET',
    path: '/audit-seals',
    summary: 'List the seals of the trail',
    description: 'Those of the tenant, the newest first.',
    needs,
    query: pageQuery,
    list: true,
    answer: AuditSeal,
    run: ({ db, tenantId, query }) => listSeals(db, { tenantId, ...query }),
  }),
  operation({
    id: 'audit_seals.list_server',
    method: 'GET',
    path: '/audit-seals/server',
    summary: 'List the seals of the server',
    description: 'Each holds the seals of all tenants of its hour, and the events of none. The newest first.',
    needs: { capability: 'audit.read', at: 'platform' },
    query: pageQuery,
    list: true,
    answer: AuditSeal,
    run: ({ db, query }) => listSeals(db, { tenantId: null, ...query }),
  }),
  operation({
    id: 'audit_seals.state',
    method: 'GET',
    path: '/audit-seals/state',
    summary: 'Say how far the trail is sealed',
    needs,
    answer: SealState,
    run: async ({ db, tenantId }) => {
      const { until, behindMs } = await findSealState(db);
      const newest = await selectNewestSeal(db, tenantId);
      return { sealedUntil: until, isBehind: behindMs > 0, newest: newest ? listed(newest) : null };
    },
  }),
  operation({
    id: 'audit_seals.keys',
    method: 'GET',
    path: '/audit-seals/keys',
    summary: 'List the public keys that sign seals',
    description: 'The newest first. A seal is believed by one of these alone.',
    needs,
    answer: SealKeys,
    run: async ({ db }) => ({ items: await listSealKeys(db) }),
  }),
  operation({
    id: 'audit_seals.rotate_key',
    method: 'POST',
    path: '/audit-seals/keys/rotate',
    summary: 'Let a new key sign seals from now on',
    description: 'What was sealed before stays good: the public key stays, and the private one goes.',
    needs: { capability: 'keys.manage', at: 'platform' },
    body: z.strictObject({}),
    answer: SealKeys,
    fresh: true,
    run: async ({ db, actor, deps: { secrets } }) => {
      await rotateSealKey(db, secrets, actor.caller);
      return { items: await listSealKeys(db) };
    },
  }),
  // Behind them: their names are no ids.
  operation({
    id: 'audit_seals.get',
    method: 'GET',
    path: '/audit-seals/{audit_seal_id}',
    summary: 'Show one seal of the trail',
    needs,
    params: z.strictObject({ audit_seal_id: id }),
    answer: AuditSeal,
    run: async ({ db, tenantId, params }) => {
      const found = await findSeal(db, { tenantId, sealId: params.audit_seal_id });
      if (!found) throw new DomainError('not_found', 'NOT_FOUND');
      return found;
    },
  }),
  operation({
    id: 'audit_events.proof',
    method: 'GET',
    path: '/audit-events/{audit_event_id}/proof',
    summary: 'Prove that an event was in the trail when its hour was sealed',
    description: 'What is answered is checked without the server: examples/verify-audit-proof does it.',
    needs,
    params: z.strictObject({ audit_event_id: id }),
    answer: AuditProof,
    errors: ['AUDIT_EVENT_UNSEALED', 'AUDIT_EVENT_CHANGED'],
    run: ({ db, tenantId, params, deps: { secrets } }) =>
      proveEvent(db, secrets, { tenantId, eventId: params.audit_event_id }),
  }),
];
