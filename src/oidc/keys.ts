/**
 * Signing keys. They live in the database, the private part sealed, and move next -> current -> retired: a key is
 * published before it signs, and after it stopped signing until nothing it signed can live. Every process reloads them
 * without a restart. Refuses to run with a key it cannot open.
 */
import { generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';
import { calculateJwkThumbprint, type JWK } from 'jose';
import type { Config } from '../config.ts';
import { type Caller, recordEvent } from '../domain/audit/audit-events.ts';
import { type Database, inTransaction, rows } from '../platform/database.ts';
import { type Glimpse, glimpse } from '../platform/glimpse.ts';
import { defineSecretPurpose, type Secrets } from '../platform/secrets.ts';

/** How long a retired key stays published: longer than anything it signed, and than a session may log out by it. */
export function verifySecondsOf(config: Config): number {
  return Math.max(config.lifetimes.sessionSeconds, 86_400) + 3600;
}

export type SigningAlg = 'RS256' | 'ES256';

/** RS256 for id_tokens, because every relying party knows it; ES256 for access tokens, because it signs 12 times faster. */
export const signingAlgs: readonly SigningAlg[] = ['RS256', 'ES256'];

export type PublicJwk = JWK & { kid: string; alg: SigningAlg };

export interface SigningKeyRow {
  kid: string;
  alg: SigningAlg;
  state: 'next' | 'current' | 'retired';
  createdAt: Date;
  activatesAt: Date;
  retiresAt: Date | null;
  verifiesUntil: Date | null;
}

/** What one process signs and publishes with. `version` changes whenever the set does. */
export interface SigningKeySet {
  version: string;
  privateJwks: JWK[];
  publicJwks: PublicJwk[];
}

const sealedKeys = defineSecretPurpose('signing-keys');
const generate = promisify(generateKeyPair);

async function newKey(alg: SigningAlg): Promise<{ kid: string; publicJwk: PublicJwk; privateJwk: JWK }> {
  const pair =
    alg === 'RS256' ? await generate('rsa', { modulusLength: 2048 }) : await generate('ec', { namedCurve: 'P-256' });
  const publicKey = pair.publicKey.export({ format: 'jwk' }) as JWK;
  const privateKey = pair.privateKey.export({ format: 'jwk' }) as JWK;
  const kid = await calculateJwkThumbprint(publicKey as JWK);
  const common = { kid, alg, use: 'sig' };
  return { kid, publicJwk: { ...publicKey, ...common }, privateJwk: { ...privateKey, ...common } };
}

/** Keys of the same kinds that are published and kept nowhere: what they sign, nobody takes. */
export async function createThrowawayKeys(): Promise<SigningKeySet> {
  const made = [];
  for (const alg of signingAlgs) made.push(await newKey(alg));
  return {
    version: '',
    privateJwks: made.map(({ privateJwk }) => privateJwk),
    publicJwks: made.map(({ publicJwk }) => publicJwk),
  };
}

async function insertKey(trx: Database, secrets: Secrets, alg: SigningAlg, state: 'next' | 'current'): Promise<string> {
  const key = await newKey(alg);
  await trx('signing_keys').insert({
    kid: key.kid,
    alg,
    state,
    publicJwk: JSON.stringify(key.publicJwk),
    privateJwkSealed: secrets.seal(sealedKeys, JSON.stringify(key.privateJwk), key.kid),
    activatesAt: trx.fn.now(),
  });
  return key.kid;
}

async function lockKeys(trx: Database): Promise<void> {
  await trx.raw(`select pg_advisory_xact_lock(hashtextextended('gatehouse:signing-keys', 0))`);
}

async function stateOf(trx: Database, alg: SigningAlg, state: string): Promise<SigningKeyRow | undefined> {
  return trx('signing_keys').where({ alg, state }).first('kid', 'alg', 'state', 'activatesAt');
}

/** Makes what is missing: for each algorithm a current key and its successor. Safe on any number of nodes at once. */
export async function ensureSigningKeys(db: Database, secrets: Secrets, caller: Caller): Promise<void> {
  await inTransaction(db, async (trx) => {
    await lockKeys(trx);
    for (const alg of signingAlgs) {
      for (const state of ['current', 'next'] as const) {
        if (await stateOf(trx, alg, state)) continue;
        const kid = await insertKey(trx, secrets, alg, state);
        await recordEvent(
          trx,
          { action: 'signing_key.created', entityType: 'signing_key', entityId: kid, payload: { alg, state } },
          caller,
        );
      }
    }
  });
}

async function rotate(
  trx: Database,
  secrets: Secrets,
  alg: SigningAlg,
  verifySeconds: number,
  caller: Caller,
): Promise<void> {
  await rows(
    trx,
    `update signing_keys
        set state = 'retired', retires_at = now(), verifies_until = now() + make_interval(secs => ?)
      where alg = ? and state = 'current'`,
    [verifySeconds, alg],
  );
  const [promoted] = await rows<{ kid: string }>(
    trx,
    `update signing_keys set state = 'current', activates_at = now() where alg = ? and state = 'next' returning kid`,
    [alg],
  );
  const kid = promoted?.kid ?? (await insertKey(trx, secrets, alg, 'current'));
  await insertKey(trx, secrets, alg, 'next');
  await recordEvent(
    trx,
    { action: 'signing_key.rotated', entityType: 'signing_key', entityId: kid, payload: { alg } },
    caller,
  );
}

/**
 * Promotes the next keys, retires the current ones.
 * @param options.verifySeconds how long a retired key stays published: the longest life of what it signed
 * @param options.olderThanDays only keys that have signed for so long; absent: all
 * @returns the algorithms that were rotated
 */
export async function rotateSigningKeys(
  db: Database,
  secrets: Secrets,
  options: { verifySeconds: number; olderThanDays?: number },
  caller: Caller,
): Promise<SigningAlg[]> {
  await ensureSigningKeys(db, secrets, caller);
  return inTransaction(db, async (trx) => {
    await lockKeys(trx);
    const rotated: SigningAlg[] = [];
    for (const alg of signingAlgs) {
      const current = await stateOf(trx, alg, 'current');
      const ageMs = current ? Date.now() - current.activatesAt.getTime() : Number.POSITIVE_INFINITY;
      if (options.olderThanDays !== undefined && ageMs < options.olderThanDays * 86_400_000) continue;
      await rotate(trx, secrets, alg, options.verifySeconds, caller);
      rotated.push(alg);
    }
    return rotated;
  });
}

const published = `(state <> 'retired' or verifies_until > now())`;

/**
 * For keys that others may know: replaces the current and the next ones, and publishes no earlier key any more. What they
 * signed is refused as soon as the APIs fetch the keys again.
 */
export async function withdrawSigningKeys(db: Database, secrets: Secrets, caller: Caller): Promise<void> {
  await inTransaction(db, async (trx) => {
    // Twice: the next key lay beside the current one.
    for (let times = 0; times < 2; times++) await rotateSigningKeys(trx, secrets, { verifySeconds: 0 }, caller);
    await trx.raw(`update signing_keys set verifies_until = now() where state = 'retired'`);
    await recordEvent(trx, { action: 'signing_key.withdrawn', entityType: 'signing_key' }, caller);
  });
}

/** The keys of the database, newest first, for the command line. */
export async function listSigningKeys(db: Database): Promise<SigningKeyRow[]> {
  return rows(
    db,
    `select kid, alg, state, created_at, activates_at, retires_at, verifies_until from signing_keys order by created_at desc`,
  );
}

/** The keys that sign and are replaced soon, or should have been: made longer ago than `olderThanDays`. */
export async function findKeysToRotate(db: Database, { olderThanDays }: { olderThanDays: number }): Promise<Glimpse> {
  return glimpse(
    db,
    `select kid as id, alg as name, null as detail, activates_at as at
       from signing_keys
      where state = 'current' and activates_at < now() - make_interval(days => :olderThanDays::integer)`,
    { olderThanDays },
  );
}

/** Names the published set; two equal names are the same keys in the same states. */
export async function signingKeysVersion(db: Database): Promise<string> {
  const [row] = await rows<{ version: string }>(
    db,
    `select coalesce(md5(string_agg(kid || state, ',' order by kid)), '') as version from signing_keys where ${published}`,
  );
  return row?.version ?? '';
}

/**
 * Loads the published keys: current first, because the library signs with the first that fits.
 * @throws Error where a key was sealed under a SECRET_KEY that is not configured
 */
export async function loadSigningKeys(db: Database, secrets: Secrets): Promise<SigningKeySet> {
  const version = await signingKeysVersion(db);
  const found = await rows<{ kid: string; publicJwk: PublicJwk; privateJwkSealed: Buffer }>(
    db,
    `select kid, public_jwk, private_jwk_sealed
       from signing_keys
      where ${published}
      order by case state when 'current' then 0 when 'next' then 1 else 2 end, activates_at desc`,
  );
  const privateJwks = found.map((row) => {
    const opened = secrets.open(sealedKeys, row.privateJwkSealed, row.kid);
    if (opened === undefined)
      throw new Error(
        `Signing key ${row.kid} cannot be decrypted: it was sealed under another SECRET_KEY. Put that key into SECRET_KEY_PREVIOUS.`,
      );
    return JSON.parse(opened) as JWK;
  });
  return { version, privateJwks, publicJwks: found.map((row) => row.publicJwk) };
}

/** Deletes retired keys that verify nothing any more. */
export async function sweepSigningKeys(db: Database): Promise<void> {
  await db.raw(`delete from signing_keys where state = 'retired' and verifies_until < now()`);
}
