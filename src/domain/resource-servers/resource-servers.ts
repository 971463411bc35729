/**
 * Resource servers: the APIs that take our access tokens. Owns the audience URI (RFC 8707), the token's format and
 * lifetime, and which capabilities are its scopes.
 */
import {
  type Database,
  firstRow,
  inTransaction,
  prepared,
  rows,
  runPrepared,
  violatedConstraint,
} from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import { remembered } from '../../platform/remembered.ts';
import { defineCapability } from '../access/capabilities.ts';
import { type Caller, recordEvent } from '../audit/audit-events.ts';
import { renameDefaultResource } from '../clients/default-resource.ts';
import { hostSpellings, normalIdentifier, registeredAmong } from './normal-identifier.ts';

export interface ResourceServer {
  id: string;
  tenantId: string | null;
  /** An absolute URI without a fragment: the `aud` of its tokens. */
  identifier: string;
  name: string;
  tokenFormat: 'jwt' | 'opaque';
  signingAlg: 'ES256' | 'RS256';
  /** Seconds. */
  accessTokenTtl: number;
  /** Whether it takes tokens that services and API keys were exchanged for (RFC 8693). */
  tokenExchange: boolean;
  /** How a person has to have signed in for a token of theirs, as a context class (domain/factors/requirement.ts); null: as anybody. */
  requiredAcr: string | null;
  /** Whether first-party clients get its scopes without a question; others never do. */
  skipConsent: boolean;
}

export interface ResourceServerWithScopes extends ResourceServer {
  /** Capability keys of this API. */
  scopes: string[];
}

/** A capability that becomes a scope of an API. */
export interface NewScope {
  key: string;
  /** Absent: one that is there already keeps its own. */
  description?: string;
}

/**
 * Registers an API, with the capabilities that are its scopes; those that are not there yet are made.
 * @throws DomainError invalid INVALID_INPUT, conflict DUPLICATE (identifier),
 *   CAPABILITY_OF_ANOTHER_API, SYSTEM_CAPABILITY_FIXED
 */
export async function createResourceServer(
  db: Database,
  wanted: Pick<ResourceServer, 'tenantId' | 'identifier' | 'name'> & Partial<ResourceServer> & { scopes?: NewScope[] },
  caller: Caller,
): Promise<ResourceServer> {
  const server: ResourceServer = {
    id: newId(),
    tenantId: wanted.tenantId,
    identifier: wanted.identifier,
    name: wanted.name,
    tokenFormat: wanted.tokenFormat ?? 'jwt',
    signingAlg: wanted.signingAlg ?? 'ES256',
    accessTokenTtl: wanted.accessTokenTtl ?? 600,
    tokenExchange: wanted.tokenExchange ?? false,
    requiredAcr: wanted.requiredAcr ?? null,
    skipConsent: wanted.skipConsent ?? true,
  };
  return inTransaction(db, async (trx) => {
    await lockIdentifier(trx, server.identifier);
    if (await findOtherSpelling(trx, server.identifier))
      throw new DomainError('conflict', 'DUPLICATE', { field: 'identifier' });
    try {
      await trx('resource_servers').insert(server);
    } catch (error) {
      const violated = violatedConstraint(error);
      if (violated?.constraint === 'resource_servers_identifier_key')
        throw new DomainError('conflict', 'DUPLICATE', { field: 'identifier' });
      if (violated) throw new DomainError('invalid', 'INVALID_INPUT', { field: 'identifier' });
      throw error;
    }
    await recordEvent(
      trx,
      {
        tenantId: server.tenantId,
        action: 'resource_server.created',
        entityType: 'resource_server',
        entityId: server.id,
        payload: { identifier: server.identifier },
      },
      caller,
    );
    for (const scope of wanted.scopes ?? [])
      await defineCapability(trx, { ...scope, resourceServerId: server.id }, caller);
    return server;
  });
}

/** Two spellings of one identifier are one; no index knows that. */
export async function lockIdentifier(trx: Database, identifier: string): Promise<void> {
  await trx.raw(`select pg_advisory_xact_lock(hashtextextended(?, 0))`, [
    `resource-server:${normalIdentifier(identifier)}`,
  ]);
}

const byIdentifier = prepared(
  'resource-server',
  `select r.id, r.tenant_id, r.identifier, r.name, r.token_format, r.signing_alg, r.access_token_ttl,
          r.token_exchange, r.required_acr, r.skip_consent,
          coalesce(array_agg(k.key order by k.key) filter (where k.key is not null), '{}') as scopes
     from resource_servers r
     left join capabilities k on k.resource_server_id = r.id and k.deleted_at is null
    where r.identifier = $1
    group by r.id`,
);

/**
 * The API of an audience URI with its scopes, or undefined. It need not be spelled as it is registered; of two that differ by
 * the spelling alone, from before that was refused, each is found by its own and the older one by any other. Shared: not to be
 * changed.
 */
export async function findResourceServer(
  db: Database,
  identifier: string,
): Promise<ResourceServerWithScopes | undefined> {
  return remembered(db, `api ${identifier}`, () => selectResourceServer(db, identifier));
}

async function selectResourceServer(db: Database, identifier: string): Promise<ResourceServerWithScopes | undefined> {
  const [exact] = (await runPrepared<ResourceServerWithScopes>(db, byIdentifier, [identifier])).rows;
  if (exact) return exact;
  const registered = await findOtherSpelling(db, identifier);
  if (registered === undefined) return undefined;
  return (await runPrepared<ResourceServerWithScopes>(db, byIdentifier, [registered])).rows[0];
}

/** The registered identifier that means the same. */
async function findOtherSpelling(db: Database, identifier: string): Promise<string | undefined> {
  return registeredAmong(await findSpellings(db, identifier), identifier);
}

/** The registered identifiers that mean the same, the oldest first. */
export async function findSpellings(db: Database, identifier: string): Promise<string[]> {
  const normal = normalIdentifier(identifier);
  if (normal === undefined) return [];
  const alike = await rows<{ identifier: string }>(
    db,
    `select identifier
       from resource_servers
      where identifier = :normal or lower(split_part(identifier, '/', 3)) = any(:hosts)
      order by created_at, id`,
    { normal, hosts: hostSpellings(normal) },
  );
  return alike.map((row) => row.identifier).filter((one) => normalIdentifier(one) === normal);
}

const byId = prepared('resource-server-identifier', 'select identifier from resource_servers where id = $1');

/** The audience URI of an API by its row id. */
export async function findResourceServerIdentifier(db: Database, id: string): Promise<string | undefined> {
  return remembered(db, `api-identifier ${id}`, async () => {
    const found = await runPrepared<{ identifier: string }>(db, byId, [id]);
    return found.rows[0]?.identifier;
  });
}

/** The audience URI of the program's own API; undefined before the first start. */
export async function findSystemApiIdentifier(db: Database): Promise<string | undefined> {
  const found = await firstRow<{ identifier: string }>(db, 'select identifier from resource_servers where is_system');
  return found?.identifier;
}

/**
 * Has the program's own API stand among the others. Safe to call by many at once.
 * @param mayReplace whether this address may take the place of the stored one, where they differ
 * @returns its id, and the address that is stored now
 */
export async function ensureSystemApi(
  trx: Database,
  identifier: string,
  mayReplace: (stored: string) => boolean,
): Promise<{ id: string; identifier: string }> {
  await trx.raw(
    `insert into resource_servers (id, identifier, name, is_system) values (:id, :identifier, 'Gatehouse', true)
         on conflict (is_system) where is_system do nothing`,
    { id: newId(), identifier },
  );
  const stored = await firstRow<{ id: string; identifier: string }>(
    trx,
    'select id, identifier from resource_servers where is_system for update',
  );
  if (!stored) throw new Error('no row for the API of the program');
  if (stored.identifier === identifier || !mayReplace(stored.identifier)) return stored;
  await trx.raw('update resource_servers set identifier = ? where id = ?', [identifier, stored.id]);
  await renameDefaultResource(trx, stored.identifier, identifier);
  return { ...stored, identifier };
}
