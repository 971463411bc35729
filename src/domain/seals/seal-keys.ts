/**
 * The keys that sign seals: Ed25519, their own, for no token is signed by them. They lie sealed in the database, so that whoever
 * has the database alone signs nothing. Public keys are believed where what is sealed beside them opens: a key that somebody puts
 * into the table is none.
 */
import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { calculateJwkThumbprint, type JWK } from 'jose';
import { type Database, firstRow, inTransaction, rows } from '../../platform/database.ts';
import { defineSecretPurpose, randomToken, type Secrets } from '../../platform/secrets.ts';
import { type Caller, recordEvent } from '../audit/audit-events.ts';

const sealedKeys = defineSecretPurpose('audit-seal-keys');

/** A key of this age is replaced by itself. */
const signsForDays = 365;

export interface SealKey {
  kid: string;
  publicJwk: JWK;
  publicKey: KeyObject;
  /** Absent: it signs no more. */
  privateKey?: KeyObject;
  /** Of another server, from which a tenant came: it counts for what came along, and for nothing else. */
  isFormer: boolean;
  tagKey: string;
}

export interface ListedSealKey {
  kid: string;
  state: 'current' | 'retired';
  createdAt: Date;
  retiredAt: Date | null;
  publicJwk: JWK;
}

interface Sealed {
  /** As `SealKey`: what a column said, who has the database could change. */
  isFormer?: true;
  privateJwk?: JWK;
  tagKey: string;
}

interface KeyRow {
  kid: string;
  publicJwk: JWK;
  sealed: Buffer;
  createdAt: Date;
}

/** undefined: it is not one of ours, or was sealed under a SECRET_KEY that is not configured. */
async function openKey(secrets: Secrets, row: KeyRow): Promise<SealKey | undefined> {
  const { kid, publicJwk } = row;
  const opened = secrets.open(sealedKeys, row.sealed, kid);
  if (opened === undefined || (await calculateJwkThumbprint(publicJwk)) !== kid) return undefined;
  const { privateJwk, tagKey, isFormer = false } = JSON.parse(opened) as Sealed;
  const privateKey = privateJwk && createPrivateKey({ key: privateJwk as never, format: 'jwk' });
  const publicKey = createPublicKey({ key: publicJwk as never, format: 'jwk' });
  return { kid, publicJwk, publicKey, privateKey, tagKey, isFormer };
}

async function insertKey(trx: Database, secrets: Secrets): Promise<string> {
  const pair = generateKeyPairSync('ed25519');
  const publicKey = pair.publicKey.export({ format: 'jwk' }) as JWK;
  const kid = await calculateJwkThumbprint(publicKey);
  const sealed: Sealed = { privateJwk: pair.privateKey.export({ format: 'jwk' }) as JWK, tagKey: randomToken() };
  const publicJwk = { ...publicKey, kid, alg: 'EdDSA', use: 'sig' };
  await rows(
    trx,
    `insert into audit_seal_keys (kid, public_jwk, sealed, state) values (:kid, :publicJwk::jsonb, :sealed, 'current')`,
    { kid, publicJwk: JSON.stringify(publicJwk), sealed: secrets.seal(sealedKeys, JSON.stringify(sealed), kid) },
  );
  return kid;
}

/**
 * A public key of another server, whose seals came along with a tenant; its leaves are tagged under what is made here. One that came
 * before stays as it is. @returns false: it is none, or is this server's own
 */
export async function insertFormerKey(
  trx: Database,
  secrets: Secrets,
  {
    kid,
    publicJwk,
    createdAt,
    retiredAt,
  }: { kid: string; publicJwk: JWK; createdAt: string; retiredAt: string | null },
): Promise<boolean> {
  if (publicJwk?.kty !== 'OKP' || publicJwk.crv !== 'Ed25519' || publicJwk.d !== undefined) return false;
  if ((await calculateJwkThumbprint(publicJwk)) !== kid) return false;
  const sealed: Sealed = { isFormer: true, tagKey: randomToken() };
  await rows(
    trx,
    `insert into audit_seal_keys (kid, public_jwk, sealed, state, created_at, retired_at)
     values (:kid, :publicJwk::jsonb, :sealed, 'retired', :createdAt, coalesce(:retiredAt::timestamptz, now()))
         on conflict (kid) do nothing`,
    {
      ...{ kid, createdAt, retiredAt, publicJwk: JSON.stringify(publicJwk) },
      sealed: secrets.seal(sealedKeys, JSON.stringify(sealed), kid),
    },
  );
  return (await openSealKeys(trx, secrets)).get(kid)?.isFormer === true;
}

const keyColumns = 'kid, public_jwk, sealed, created_at';

async function currentRow(trx: Database): Promise<KeyRow | undefined> {
  return firstRow<KeyRow>(trx, `select ${keyColumns} from audit_seal_keys where state = 'current' for update`);
}

/** Keeps of it what its seals may be asked for, and nothing that signs. */
async function retire(trx: Database, secrets: Secrets, { kid, tagKey }: SealKey): Promise<void> {
  const sealed = secrets.seal(sealedKeys, JSON.stringify({ tagKey } satisfies Sealed), kid);
  await rows(
    trx,
    `update audit_seal_keys set state = 'retired', retired_at = now(), sealed = :sealed where kid = :kid`,
    {
      kid,
      sealed,
    },
  );
}

async function openCurrent(trx: Database, secrets: Secrets): Promise<{ key: SealKey; createdAt: Date } | undefined> {
  const row = await currentRow(trx);
  if (!row) return undefined;
  const key = await openKey(secrets, row);
  if (!key?.privateKey)
    throw new Error(
      `The key ${row.kid}, which signs seals of the audit trail, cannot be decrypted: it was sealed under another SECRET_KEY. Put that key into SECRET_KEY_PREVIOUS.`,
    );
  return { key, createdAt: row.createdAt };
}

/**
 * The key that signs now; made where there is none, and replaced where it is a year old. In the transaction of the seal, under
 * its lock.
 */
export async function signingSealKey(trx: Database, secrets: Secrets, caller: Caller): Promise<SealKey> {
  const current = await openCurrent(trx, secrets);
  const isDue = current && Date.now() - current.createdAt.getTime() > signsForDays * 86_400_000;
  if (current && !isDue) return current.key;
  return replaceKey(trx, secrets, current?.key, caller);
}

async function replaceKey(
  trx: Database,
  secrets: Secrets,
  before: SealKey | undefined,
  caller: Caller,
): Promise<SealKey> {
  if (before) await retire(trx, secrets, before);
  const kid = await insertKey(trx, secrets);
  const action = before ? 'audit_seal_key.rotated' : 'audit_seal_key.created';
  await recordEvent(trx, { action, entityType: 'audit_seal_key', entityId: kid }, caller);
  return ((await openCurrent(trx, secrets)) as { key: SealKey }).key;
}

/** Retires the key that signs, whose private part is gone from then on, and makes another. Seals before stay good. */
export async function rotateSealKey(db: Database, secrets: Secrets, caller: Caller): Promise<void> {
  await inTransaction(db, async (trx) => {
    await lockSealing(trx);
    await replaceKey(trx, secrets, (await openCurrent(trx, secrets))?.key, caller);
  });
}

/** Of two that seal, or erase what is sealed, one waits. @param shared beside others that say so too */
export async function lockSealing(trx: Database, { shared = false } = {}): Promise<void> {
  await trx.raw(`select pg_advisory_xact_lock${shared ? '_shared' : ''}(hashtextextended('gatehouse:audit-seals', 0))`);
}

/** Every key that is ours, by its id. */
export async function openSealKeys(db: Database, secrets: Secrets): Promise<Map<string, SealKey>> {
  const found = await rows<KeyRow>(db, `select ${keyColumns} from audit_seal_keys`);
  const keys = await Promise.all(found.map((row) => openKey(secrets, row)));
  return new Map(keys.flatMap((key) => (key ? [[key.kid, key]] : [])));
}

/**
 * Where an earlier SECRET_KEY is configured too, seals all keys under the newest, so that the earlier one can be taken out: the
 * keys of old seals are needed for as long as the seals.
 */
export async function resealKeys(db: Database, secrets: Secrets): Promise<void> {
  if (secrets.keys(sealedKeys).length < 2) return;
  await inTransaction(db, async (trx) => {
    await lockSealing(trx);
    for (const { kid, sealed } of await rows<KeyRow>(trx, `select ${keyColumns} from audit_seal_keys`)) {
      const opened = secrets.open(sealedKeys, sealed, kid);
      if (opened === undefined) continue;
      await rows(trx, `update audit_seal_keys set sealed = :sealed where kid = :kid`, {
        kid,
        sealed: secrets.seal(sealedKeys, opened, kid),
      });
    }
  });
}

/** The newest first. */
export async function listSealKeys(db: Database): Promise<ListedSealKey[]> {
  return rows(
    db,
    'select kid, state, created_at, retired_at, public_jwk from audit_seal_keys order by created_at desc, kid',
  );
}

/** Those that were sealed here: the server's seal holds these. */
export function sealedHere<T extends { kid: string }>(seals: readonly T[], keys: ReadonlyMap<string, SealKey>): T[] {
  return seals.filter(({ kid }) => !keys.get(kid)?.isFormer);
}

/** Ed25519 (RFC 8032). */
export function signStatement({ privateKey }: SealKey, statement: string): Buffer {
  if (!privateKey) throw new Error('a retired key signs nothing');
  return sign(null, Buffer.from(statement), privateKey);
}

export function isSigned({ publicKey }: SealKey, statement: string, signature: Buffer): boolean {
  return verify(null, Buffer.from(statement), publicKey, signature);
}

/** Says that a leaf was sealed at its place: 16 bytes that nobody makes who has the database alone. */
export function tagOf({ tagKey }: SealKey, sealId: string, index: number, leaf: Buffer): Buffer {
  return createHmac('sha256', tagKey).update(`${sealId}:${index}:`).update(leaf).digest().subarray(0, 16);
}
