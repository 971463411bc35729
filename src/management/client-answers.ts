/**
 * What the operations on applications and on services have in common: which of them stand in the tenant that is acted in.
 * Those that serve all tenants stand in the platform's, and are changed by who runs the server alone.
 */
import { z } from 'zod';
import { type ClientDetails, selectClientDetails } from '../domain/clients/client-store.ts';
import { clientOrders } from '../domain/clients/list-clients.ts';
import { securityProfiles } from '../domain/clients/security-profile.ts';
import { isPlatformTenant } from '../domain/tenants/platform-tenant.ts';
import { DomainError } from '../platform/errors.ts';
import type { Lookup } from './operation.ts';
import { id, pageQuery, text, time } from './shapes.ts';

export const clientId = z
  .string()
  .regex(/^(?:[A-Za-z0-9._~:-]{1,100}|https:\/\/[!-~]{1,242})$/)
  .meta({ description: 'The client_id, as the protocol has it; an address is written with percent signs in a path' });

export const named = z.strictObject({ client_id: clientId });
export type Named = { params: { client_id: string } };

/** Members of every registration. */
export const common = {
  client_id: clientId,
  tenant_id: id.nullable().meta({ description: 'null: of all tenants' }),
  name: z.string(),
  state: z.enum(['active', 'disabled']),
  security_profile: z
    .enum(securityProfiles)
    .meta({ description: 'What it is held to beyond the others (docs/fapi.md)' }),
  metadata: z
    .record(z.string(), z.unknown())
    .meta({ description: 'By the registered names (OpenID Connect Dynamic Client Registration 1.0 section 2)' }),
  created_at: time,
  updated_at: time,
};

/** What narrows and orders a list of registrations. */
export const listed = pageQuery.extend({
  q: text(200).optional().meta({ description: 'A part of the name or of the client_id' }),
  state: common.state.optional(),
  sort: z.enum(clientOrders).optional().meta({ description: 'Default: created_at' }),
});

export const clientSecret = z.string().optional().meta({ description: 'Shown this once' });

export const ClientSecret = z
  .object({
    id,
    hint: z.string().meta({ description: 'Its last characters' }),
    created_at: time,
    expires_at: time.nullable(),
    last_used_at: time.nullable().meta({ description: 'To the minute' }),
    revoked_at: time.nullable(),
  })
  .meta({ id: 'ClientSecret' });
export const NewClientSecret = z
  .object({ client_id: clientId, client_secret: z.string().meta({ description: 'Shown this once' }) })
  .meta({ id: 'NewClientSecret' });
export const overlap = z.strictObject({
  overlap_seconds: z
    .int()
    .min(0)
    .max(86_400)
    .default(0)
    .meta({ description: 'How long the secrets before still work; default 0: they end at once' }),
});

export const keySet = z
  .object({ keys: z.array(z.record(z.string(), z.unknown())).min(1).max(20) })
  .meta({ description: 'Public keys, as a JWK Set (RFC 7517)' });
export const defaultResource = text(2000).nullish().meta({
  description: 'The identifier of the API that its tokens are for where a request names none (`resource`); null: none',
});
export const clientName = text(200).meta({ description: 'What people read when they are asked to sign in' });

/** The client where it stands in the tenant; undefined for another one's, and for one of the other kind. */
export async function findIn(
  { db, tenantId, actor }: Lookup,
  { params }: Named,
  kind: 'application' | 'service',
  which: { deletedToo?: boolean } = {},
): Promise<ClientDetails | undefined> {
  const client = await selectClientDetails(db, params.client_id, which);
  if (!client || (client.kind === 'service') !== (kind === 'service')) return undefined;
  if (client.tenantId === tenantId) return client;
  const shared = client.tenantId === null && (actor.standingOf === 'system' || (await isPlatformTenant(db, tenantId)));
  return shared ? client : undefined;
}

/** @throws DomainError not_found NOT_FOUND */
export async function clientIn(
  lookup: Lookup,
  input: Named,
  kind: 'application' | 'service',
  which: { deletedToo?: boolean } = {},
): Promise<ClientDetails> {
  const client = await findIn(lookup, input, kind, which);
  if (!client) throw new DomainError('not_found', 'NOT_FOUND');
  return client;
}
