/**
 * Codes of an authenticator app (TOTP, RFC 6238: HMAC-SHA-1, 6 digits, 30 seconds, the parameters that every app knows).
 * Owns that a code counts once, and no older one after it; that a clock may be one step off either way; and that the seed is
 * sealed, bound to its row. The seed of an app that is being set up is in no table until a code has proved it.
 */
import { createHmac, randomBytes } from 'node:crypto';
import type { Database } from '../../platform/database.ts';
import { newId } from '../../platform/ids.ts';
import { defineSecretPurpose, equalInConstantTime, type Secrets } from '../../platform/secrets.ts';
import type { UserOfTenant } from '../users/users.ts';
import { replaceTotp, selectTotp, useTotpStep } from './factor-store.ts';
import type { SecondFactor } from './second-factor.ts';

export const totpSeeds = defineSecretPurpose('second-factors');
const stepSeconds = 30;
const digits = 6;
/** Steps that a clock may be ahead or behind (RFC 6238 section 5.2). */
const drift = 1;
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** Base32 without padding (RFC 4648 section 6): 160 bits, as RFC 4226 section 4 recommends. */
export function newTotpSeed(): string {
  const bits = [...randomBytes(20)].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return (bits.match(/.{5}/g) ?? []).map((five) => alphabet[Number.parseInt(five, 2)]).join('');
}

/** One as they are made here: of fewer bits it could be tried. */
export function isTotpSeed(text: string): boolean {
  return /^[A-Z2-7]{32}$/.test(text);
}

function seedBytes(seed: string): Buffer {
  const bits = [...seed].map((letter) => alphabet.indexOf(letter).toString(2).padStart(5, '0')).join('');
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
}

/** What an authenticator app reads from the picture. */
export function totpAddress(seed: string, { account, issuer }: { account: string; issuer: string }): string {
  const label = `${encodeURIComponent(issuer.replaceAll(':', ' '))}:${encodeURIComponent(account)}`;
  const query = `secret=${seed}&issuer=${encodeURIComponent(issuer.replaceAll(':', ' '))}`;
  return `otpauth://totp/${label}?${query}&algorithm=SHA1&digits=${digits}&period=${stepSeconds}`;
}

export function totpStep(at: Date): number {
  return Math.floor(at.getTime() / 1000 / stepSeconds);
}

/** The code of one time step (RFC 4226 section 5.3). */
export function totpCode(seed: string, step: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const hash = createHmac('sha1', seedBytes(seed)).update(counter).digest();
  const offset = (hash.at(-1) as number) & 0xf;
  return String((hash.readUInt32BE(offset) & 0x7fffffff) % 10 ** digits).padStart(digits, '0');
}

/** The newest step within the drift that the code is of; undefined where it is of none. */
export function stepOfCode(seed: string, typed: string, at: Date): number | undefined {
  const code = typed.replace(/[\s-]/g, '');
  if (!/^\d{6}$/.test(code)) return undefined;
  const now = totpStep(at);
  const steps = Array.from({ length: 2 * drift + 1 }, (_, index) => now + drift - index);
  return steps.filter((step) => equalInConstantTime(totpCode(seed, step), code))[0];
}

export const totpContext = (id: string) => `totp:${id}`;

/** Keeps a seed that a code of `step` has proved: that code counts for nothing any more. */
export async function storeTotp(
  trx: Database,
  { tenantId, userId, seed, step }: UserOfTenant & { seed: string; step: number },
  secrets: Secrets,
): Promise<string> {
  const id = newId();
  await replaceTotp(trx, {
    id,
    tenantId,
    userId,
    secret: secrets.seal(totpSeeds, seed, totpContext(id)),
    lastStep: step,
  });
  return id;
}

export const totpFactor: SecondFactor = {
  kind: 'totp',
  isHeld: async (db, user) => (await selectTotp(db, user)) !== undefined,
  async prove(db, user, answer, { secrets, now }) {
    const row = await selectTotp(db, user);
    const seed = row && secrets.open(totpSeeds, row.secret, totpContext(row.id));
    if (!row || seed === undefined) return undefined;
    const step = stepOfCode(seed, answer, now);
    if (step === undefined) return undefined;
    return async (trx) => ((await useTotpStep(trx, row.id, step)) ? ['otp'] : undefined);
  },
};
