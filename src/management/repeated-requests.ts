/**
 * `Idempotency-Key`: a request that is sent again, because its answer was lost, does nothing twice and gets the same answer
 * for 24 hours. The key's row is written in the transaction of the change: of two at once, the second waits for the first.
 * Answers are sealed; some hold a secret that is shown once. A request that failed did nothing, and its key is free.
 */
import type { PersonWords } from '../domain/users/person-words.ts';
import { type Database, firstRow, rows } from '../platform/database.ts';
import { type Codes, DomainError, defineCodes } from '../platform/errors.ts';
import { inBatches } from '../platform/in-batches.ts';
import { defineSecretPurpose, type Secrets, sha256 } from '../platform/secrets.ts';

export const repeatedRequestCodes = defineCodes({
  IDEMPOTENCY_KEY_INVALID: { kind: 'invalid', means: 'the Idempotency-Key is empty, too long or not printable' },
  IDEMPOTENCY_KEY_REUSED: { kind: 'conflict', means: 'the Idempotency-Key came with another request before' },
});
declare module '../platform/errors.ts' {
  interface ErrorCodes extends Codes<typeof repeatedRequestCodes> {}
}

export interface RepeatableRequest {
  /** Whose key it is. */
  actor: string;
  key: string;
  /** All that the request asks: another one under the same key is refused. */
  content: string;
}

const repeatedRequests = defineSecretPurpose('repeated-requests');
const lifeHours = 24;

/** @throws DomainError invalid IDEMPOTENCY_KEY_INVALID */
export function checkKey(key: string): string {
  if (!/^[\x21-\x7e]{1,200}$/.test(key)) throw new DomainError('invalid', 'IDEMPOTENCY_KEY_INVALID');
  return key;
}

/**
 * Does `work` once for a key.
 * @throws DomainError conflict IDEMPOTENCY_KEY_REUSED where the key came with another request
 */
export async function onceFor<T>(
  trx: Database,
  request: RepeatableRequest,
  secrets: Secrets,
  work: () => Promise<T>,
): Promise<T> {
  const [actorHash, keyHash, requestHash] = [request.actor, request.key, request.content].map((part) => sha256(part));
  const bindings = { actorHash, keyHash, requestHash } as Record<string, Buffer>;
  const context = contextOf(actorHash, keyHash);
  await rows(
    trx,
    'delete from idempotency_keys where actor_hash = :actorHash and key_hash = :keyHash and expires_at <= now()',
    bindings,
  );
  const taken = await rows(
    trx,
    `insert into idempotency_keys (actor_hash, key_hash, request_hash, expires_at)
     values (:actorHash, :keyHash, :requestHash, now() + interval '${lifeHours} hours')
         on conflict do nothing
  returning 1`,
    bindings,
  );
  if (taken.length === 0) return earlierAnswer<T>(trx, bindings, context, secrets);
  const answer = await work();
  await rows(
    trx,
    'update idempotency_keys set answer = :answer where actor_hash = :actorHash and key_hash = :keyHash',
    {
      ...bindings,
      answer: secrets.seal(repeatedRequests, JSON.stringify(answer), context),
    },
  );
  return answer;
}

async function earlierAnswer<T>(
  trx: Database,
  bindings: Record<string, Buffer>,
  context: string,
  secrets: Secrets,
): Promise<T> {
  const found = await firstRow<{ requestHash: Buffer; answer: Buffer | null }>(
    trx,
    'select request_hash, answer from idempotency_keys where actor_hash = :actorHash and key_hash = :keyHash',
    bindings,
  );
  if (!found || !bindings.requestHash?.equals(found.requestHash))
    throw new DomainError('conflict', 'IDEMPOTENCY_KEY_REUSED');
  // Null: it told of a person who is erased. What was done is not done again.
  const text = found.answer === null ? undefined : secrets.open(repeatedRequests, found.answer, context);
  if (text === undefined) throw new DomainError('conflict', 'IDEMPOTENCY_KEY_REUSED');
  return JSON.parse(text) as T;
}

/** Forgets the answers that tell of a person. Their keys stay taken: a late repetition must not make the person again. */
export async function forgetAnswersAbout(trx: Database, words: PersonWords, secrets: Secrets): Promise<void> {
  const found = await rows<{ actorHash: Buffer; keyHash: Buffer; answer: Buffer }>(
    trx,
    // In the order of the keys: two that forget different people wait for each other instead of locking up.
    `select actor_hash, key_hash, answer
       from idempotency_keys
      where answer is not null
      order by actor_hash, key_hash`,
    [],
  );
  for (const { actorHash, keyHash, answer } of found) {
    const text = secrets.open(repeatedRequests, answer, contextOf(actorHash, keyHash));
    if (text === undefined || !words.mentions(JSON.parse(text))) continue;
    await rows(trx, 'update idempotency_keys set answer = null where actor_hash = :actorHash and key_hash = :keyHash', {
      actorHash,
      keyHash,
    });
  }
}

function contextOf(actorHash: Buffer | undefined, keyHash: Buffer | undefined): string {
  return `${actorHash?.toString('hex')}:${keyHash?.toString('hex')}`;
}

/** Deletes keys whose day is over. Answers how many went. Waits for nobody. */
export async function sweepRepeatedRequests(db: Database): Promise<number> {
  return inBatches(async (most) => {
    const result = await db.raw(
      `with held as (
         select actor_hash, key_hash from idempotency_keys where expires_at <= now() limit :most for update skip locked
       )
       delete from idempotency_keys k using held where k.actor_hash = held.actor_hash and k.key_hash = held.key_hash`,
      { most },
    );
    return result.rowCount;
  });
}
