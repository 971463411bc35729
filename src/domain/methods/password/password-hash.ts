/**
 * Hashing of passwords with argon2id (RFC 9106). Owns the queue before it: each hash takes a core and 19 MiB for some 25
 * ms, so at most one a core runs at once, and what would wait too long is refused instead. Never stores, never logs, and
 * judges no password but a newly chosen one.
 */
import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import argon2 from 'argon2';
import { type Codes, DomainError, defineCodes } from '../../../platform/errors.ts';
import type { PersonalWords } from '../../users/users.ts';
import { checkNewPassword, normalizePassword } from './password-policy.ts';

export const passwordHashCodes = defineCodes({
  SERVICE_BUSY: { kind: 'unavailable', params: ['seconds'], means: 'too many passwords are being hashed at once' },
});
declare module '../../../platform/errors.ts' {
  interface ErrorCodes extends Codes<typeof passwordHashCodes> {}
}

export interface PasswordHasherOptions {
  /** Default 19,456, the floor of OWASP's recommendation for one lane and two passes; the configuration refuses less. */
  memoryKiB?: number;
  /** Passes over the memory; default 2. */
  iterations?: number;
  /** Lanes; default 1. */
  parallelism?: number;
  /** Hashes at once; default one a core. Beyond 4, Node's own pool of threads (UV_THREADPOOL_SIZE) is the limit. */
  concurrency?: number;
  /** How many may wait; default 64 for each that runs, a wait of some two seconds. */
  queueLimit?: number;
}

export interface PasswordHasher {
  /** Hashes as it is, without asking the policy; at most 128 code points. @throws DomainError SERVICE_BUSY */
  hash(password: string): Promise<string>;
  /** Holds a chosen password against the policy, then hashes it. @throws DomainError invalid PASSWORD_*, SERVICE_BUSY */
  hashNew(password: string, personal: PersonalWords): Promise<string>;
  /**
   * Compares. `needsRehash`: it is right, and its hash was made with weaker parameters than today's. A wrong password
   * costs the work of today's parameters even so. @throws DomainError SERVICE_BUSY
   */
  verify(hash: string, password: string): Promise<{ ok: boolean; needsRehash: boolean }>;
  /** The work of `verify` where there is no hash to compare with. @throws DomainError SERVICE_BUSY */
  verifyAgainstNothing(password: string): Promise<void>;
  /** Refuses now what would be refused in the queue: to be asked before an attempt is counted. @throws SERVICE_BUSY */
  ensureCapacity(): void;
  /** Running and waiting. */
  readonly pending: number;
}

interface Parameters {
  memoryCost: number;
  timeCost: number;
  parallelism: number;
}

function parametersOf(hash: string): Parameters | undefined {
  const match = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$/.exec(hash);
  return match
    ? { memoryCost: Number(match[1]), timeCost: Number(match[2]), parallelism: Number(match[3]) }
    : undefined;
}

/** Work that waits for a core. */
interface Queue {
  /** @throws DomainError SERVICE_BUSY where it is full */
  ensureCapacity(): void;
  /** @throws DomainError SERVICE_BUSY where it is full */
  inTurn<T>(work: () => Promise<T>): Promise<T>;
  /** Running and waiting. */
  readonly pending: number;
}

function createQueue({ concurrency, queueLimit }: { concurrency: number; queueLimit: number }): Queue {
  const waiting: (() => void)[] = [];
  let running = 0;
  let averageMs = 50;

  function ensureCapacity(): void {
    if (running < concurrency || waiting.length < queueLimit) return;
    const seconds = Math.ceil(((running + waiting.length) * averageMs) / concurrency / 1000);
    throw new DomainError('unavailable', 'SERVICE_BUSY', { seconds: Math.max(1, seconds) });
  }

  async function inTurn<T>(work: () => Promise<T>): Promise<T> {
    ensureCapacity();
    // The turn is handed over, not given back: nobody who comes later overtakes.
    if (running < concurrency) running += 1;
    else await new Promise<void>((resume) => waiting.push(resume));
    const startedAt = performance.now();
    try {
      return await work();
    } finally {
      averageMs += (performance.now() - startedAt - averageMs) / 16;
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  }

  return {
    ensureCapacity,
    inTurn,
    get pending() {
      return running + waiting.length;
    },
  };
}

/** The work of hashing, its result thrown away. `share` of the memory of these parameters. */
async function workInVain(password: string, current: Parameters, share = 1): Promise<void> {
  const memoryCost = Math.max(8 * current.parallelism, Math.round(current.memoryCost * share));
  await argon2.hash(password, { ...current, memoryCost, type: argon2.argon2id, salt: randomBytes(16), raw: true });
}

async function compare(
  hash: string,
  normal: string,
  current: Parameters,
): Promise<{ ok: boolean; needsRehash: boolean }> {
  const made = parametersOf(hash);
  if (!made) {
    await workInVain(normal, current);
    return { ok: false, needsRehash: false };
  }
  const ok = await argon2.verify(hash, normal);
  // Made when less was asked: unless the difference is worked off, a quick refusal tells that the account exists.
  const missing = 1 - (made.memoryCost * made.timeCost) / (current.memoryCost * current.timeCost);
  if (!ok && missing > 0) await workInVain(normal, current, missing);
  const weaker =
    made.memoryCost < current.memoryCost || made.timeCost < current.timeCost || made.parallelism < current.parallelism;
  return { ok, needsRehash: ok && weaker };
}

/** One queue for the whole process: create it once. */
export function createPasswordHasher(options: PasswordHasherOptions = {}): PasswordHasher {
  const { memoryKiB = 19_456, iterations = 2, parallelism = 1, concurrency = availableParallelism() } = options;
  const current: Parameters = { memoryCost: memoryKiB, timeCost: iterations, parallelism };
  const queue = createQueue({ concurrency, queueLimit: options.queueLimit ?? 64 * concurrency });
  const hashNormal = (normal: string) => queue.inTurn(() => argon2.hash(normal, { ...current, type: argon2.argon2id }));

  return {
    async hash(password) {
      const normal = normalizePassword(password);
      if (normal === undefined) throw new DomainError('invalid', 'PASSWORD_TOO_LONG', { field: 'password' });
      return hashNormal(normal);
    },
    async hashNew(password, personal) {
      return hashNormal(checkNewPassword(password, personal));
    },
    async verify(hash, password) {
      const normal = normalizePassword(password);
      if (normal === undefined) return { ok: false, needsRehash: false };
      return queue.inTurn(() => compare(hash, normal, current));
    },
    async verifyAgainstNothing(password) {
      const normal = normalizePassword(password);
      if (normal !== undefined) await queue.inTurn(() => workInVain(normal, current));
    },
    ensureCapacity: queue.ensureCapacity,
    get pending() {
      return queue.pending;
    },
  };
}
