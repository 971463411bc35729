/**
 * Sign-ins and links that are on their way to a provider. Owns that the answer counts once, for ten minutes, at the
 * callback of the provider it was asked of, and in the browser that set out. `state` and the browser's token are stored as
 * SHA-256, everything else is sealed. Expired rows count for nothing whether swept or not.
 */
import { z } from 'zod';
import { type Database, firstRow, rows } from '../../../platform/database.ts';
import { DomainError } from '../../../platform/errors.ts';
import { newId } from '../../../platform/ids.ts';
import { inBatches } from '../../../platform/in-batches.ts';
import { defineLimits, giveBackHit } from '../../../platform/rate-limits.ts';
import { defineSecretPurpose, randomToken, type Secrets, sha256 } from '../../../platform/secrets.ts';

export const requestLifeSeconds = 600;

export const federationLimits = defineLimits({
  /** Sign-ins begun with another provider from one address that nobody came back from: a row and a call each. */
  federationPerIp: { hits: 300, windowSeconds: 600 },
});

const sealedRequests = defineSecretPurpose('federation');

const sealedDetails = z.object({
  nonce: z.string(),
  codeVerifier: z.string(),
  /** Unix time in seconds. */
  startedAt: z.number(),
  /** The provider was asked to have the person prove themselves again. */
  reauthenticate: z.boolean(),
  /** The oldest authentication at the provider that will do, in seconds. */
  maxAge: z.number().optional(),
  /** Under which keys it was counted at its address: whoever comes back gives it back. */
  countedAs: z.array(z.string()).default([]),
  purpose: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('sign-in'), interactionUid: z.string() }),
    z.object({ kind: z.literal('link'), userId: z.string(), sessionHash: z.string() }),
  ]),
});

export type FederationDetails = z.output<typeof sealedDetails>;

export interface StartedRequest {
  /** For the provider, which gives it back. */
  state: string;
  /** For a cookie of this browser. */
  browserToken: string;
}

function contextOf(id: string): string {
  return `federation:${id}`;
}

/** Writes down what was asked of a provider. */
export async function startFederationRequest(
  db: Database,
  { providerId, details }: { providerId: string; details: FederationDetails },
  secrets: Secrets,
): Promise<StartedRequest> {
  const id = newId();
  const state = randomToken();
  const browserToken = randomToken();
  await rows(
    db,
    `insert into federation_requests (id, provider_id, state_hash, browser_hash, sealed, expires_at)
     values (:id, :providerId, :stateHash, :browserHash, :sealed, now() + make_interval(secs => ${requestLifeSeconds}))`,
    {
      id,
      providerId,
      stateHash: sha256(state),
      browserHash: sha256(browserToken),
      sealed: secrets.seal(sealedRequests, JSON.stringify(details), contextOf(id)),
    },
  );
  return { state, browserToken };
}

/**
 * What was asked of the provider, once: of many answers at the same moment, one is let through.
 * @throws DomainError conflict INTERACTION_NOT_FOUND (unknown or used), expired INTERACTION_EXPIRED, conflict
 *   WRONG_BROWSER (the request stays good for the right one), invalid PROVIDER_REFUSED (another provider's callback)
 */
export async function consumeFederationRequest(
  db: Database,
  answer: { providerId: string; state: string; browserToken: string | undefined },
  secrets: Secrets,
): Promise<FederationDetails> {
  const given = {
    providerId: answer.providerId,
    stateHash: sha256(answer.state),
    browserHash: sha256(answer.browserToken ?? ''),
  };
  const used = await firstRow<{ id: string; sealed: Buffer }>(
    db,
    `update federation_requests
        set consumed_at = now()
      where state_hash = :stateHash and provider_id = :providerId and browser_hash = :browserHash
        and consumed_at is null and expires_at > now()
     returning id, sealed`,
    given,
  );
  if (!used) throw await whyNot(db, given);
  const opened = openRequest(secrets, used);
  if (opened === undefined) throw new DomainError('expired', 'INTERACTION_EXPIRED');
  await giveBackHit(db, opened.countedAs);
  return opened;
}

/** What a row seals; undefined where no key opens it. */
export function openRequest(
  secrets: Secrets,
  { id, sealed }: { id: string; sealed: Buffer },
): FederationDetails | undefined {
  const opened = secrets.open(sealedRequests, sealed, contextOf(id));
  return opened === undefined ? undefined : sealedDetails.parse(JSON.parse(opened));
}

async function whyNot(
  db: Database,
  given: { providerId: string; stateHash: Buffer; browserHash: Buffer },
): Promise<DomainError> {
  const known = await firstRow<{ id: string; used: boolean; expired: boolean; here: boolean; sameProvider: boolean }>(
    db,
    `select id, consumed_at is not null as used, expires_at <= now() as expired,
            browser_hash = :browserHash as here, provider_id = :providerId as same_provider
       from federation_requests
      where state_hash = :stateHash`,
    given,
  );
  if (!known || known.used) return new DomainError('conflict', 'INTERACTION_NOT_FOUND');
  if (known.expired) return new DomainError('expired', 'INTERACTION_EXPIRED');
  if (!known.sameProvider) {
    // One provider was given what another was asked for (RFC 9700 section 4.4): nothing more comes of it.
    await rows(db, `update federation_requests set consumed_at = now() where id = ? and consumed_at is null`, [
      known.id,
    ]);
    return new DomainError('invalid', 'PROVIDER_REFUSED');
  }
  return new DomainError('conflict', known.here ? 'INTERACTION_NOT_FOUND' : 'WRONG_BROWSER');
}

/** Ends what is on its way to a tenant's own providers. (To those of all tenants: nobody of a tenant that was stopped comes in.) */
export async function endFederationRequestsOfTenant(trx: Database, tenantId: string): Promise<void> {
  await rows(
    trx,
    `with held as (
       select r.id
         from federation_requests r
         join identity_providers p on p.id = r.provider_id
        where p.tenant_id = ?
        order by r.id
          for update of r
     )
     delete from federation_requests r using held where r.id = held.id`,
    [tenantId],
  );
}

/** Deletes what has ended. Answers how many rows went. Waits for nobody. */
export async function sweepFederationRequests(db: Database): Promise<number> {
  return inBatches(async (most) => {
    const result = await db.raw(
      `with held as (
         select id from federation_requests where expires_at < now() limit :most for update skip locked
       )
       delete from federation_requests r using held where r.id = held.id`,
      { most },
    );
    return result.rowCount;
  });
}
