/**
 * Hashing of passwords with argon2id (RFC 9106). Each hash takes a core and 19 MiB for some 12 ms, so at most one a
 * core runs at once, and what would wait longer than two seconds is refused instead (hash-queue.ts). Never stores, never logs, and
 * judges no password but a newly chosen one.
 */
import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { hash as argon2Hash, verify as argon2Verify, hashRaw as argon2Work } from '@node-rs/argon2';
import { DomainError } from '../../../platform/errors.ts';
import type { PersonalWords } from '../../users/users.ts';
import { matchesForeign } from './compare-foreign.ts';
import type { ForeignHash } from './foreign-hash.ts';
import { createHashQueue, type HashPlaces } from './hash-queue.ts';
import { checkNewPassword, normalizePassword } from './password-policy.ts';

export interface PasswordHasherOptions {
  /** Default 19,456, the floor of OWASP's recommendation for one lane and two passes; the configuration refuses less. */
  memoryKiB?: number;
  /** Passes over the memory; default 2. */
  iterations?: number;
  /** Lanes; default 1. */
  parallelism?: number;
  /** Hashes at once; default one a core. Beyond 4, Node's own pool of threads (UV_THREADPOOL_SIZE) is the limit. */
  concurrency?: number;
  /** How long a hash may wait for its turn; default two seconds. */
  longestWaitMs?: number;
  /** How long one is thought to take until some were measured; default 50 ms. */
  expectedMs?: number;
}

/** A hash of another system that waits for its person, if any does: what is refused costs the work of it, too. */
export type ForeignWork = () => Promise<ForeignHash | undefined>;

/** Comparing, in places that are taken already. */
export interface PasswordAttempt {
  verify(hash: string, password: string, work?: ForeignWork): Promise<{ ok: boolean; needsRehash: boolean }>;
  /** With a hash of another system, as that system compares. A wrong password costs the work of ours as well. */
  verifyForeign(hash: ForeignHash, password: string): Promise<boolean>;
  verifyAgainstNothing(password: string, work?: ForeignWork): Promise<void>;
  leave(): void;
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
  verify(hash: string, password: string, work?: ForeignWork): Promise<{ ok: boolean; needsRehash: boolean }>;
  /** Compares with a hash of another system. @throws DomainError SERVICE_BUSY */
  verifyForeign(hash: ForeignHash, password: string): Promise<boolean>;
  /** The work of `verify` where there is no hash to compare with. @throws DomainError SERVICE_BUSY */
  verifyAgainstNothing(password: string, work?: ForeignWork): Promise<void>;
  /**
   * Takes the places of an attempt before it is counted: what was counted is compared. To be left at the end.
   * @throws DomainError SERVICE_BUSY
   */
  forAttempt(hashes: number): PasswordAttempt;
  /** Running and waiting. */
  readonly pending: number;
}

/** `Algorithm.Argon2id` of the binding, whose enum is not there at run time. */
const argon2id = 2;

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

/** The work of hashing, its result thrown away. `share` of the memory of these parameters. */
async function workInVain(password: string, current: Parameters, share = 1): Promise<void> {
  const memoryCost = Math.max(8 * current.parallelism, Math.round(current.memoryCost * share));
  await argon2Work(password, { ...current, memoryCost, algorithm: argon2id, salt: randomBytes(16) });
}

/** What another system's hash would cost, its result thrown away: else a quick refusal tells who was not imported. */
async function foreignInVain(password: string, work: ForeignWork | undefined): Promise<void> {
  const hash = await work?.();
  if (hash) await matchesForeign(hash, password);
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
  const ok = await argon2Verify(hash, normal);
  // Made when less was asked: unless the difference is worked off, a quick refusal tells that the account exists.
  const missing = 1 - (made.memoryCost * made.timeCost) / (current.memoryCost * current.timeCost);
  if (!ok && missing > 0) await workInVain(normal, current, missing);
  const weaker =
    made.memoryCost < current.memoryCost || made.timeCost < current.timeCost || made.parallelism < current.parallelism;
  return { ok, needsRehash: ok && weaker };
}

function comparing(current: Parameters, { inTurn }: Pick<HashPlaces, 'inTurn'>): Omit<PasswordAttempt, 'leave'> {
  return {
    async verify(hash, password, work) {
      const normal = normalizePassword(password);
      if (normal === undefined) return { ok: false, needsRehash: false };
      return inTurn(async () => {
        const found = await compare(hash, normal, current);
        if (!found.ok) await foreignInVain(password, work);
        return found;
      });
    },
    async verifyForeign(hash, password) {
      const normal = normalizePassword(password);
      if (normal === undefined) return false;
      return inTurn(async () => {
        const ok = await matchesForeign(hash, password);
        if (!ok) await workInVain(normal, current);
        return ok;
      });
    },
    async verifyAgainstNothing(password, work) {
      const normal = normalizePassword(password);
      if (normal === undefined) return;
      await inTurn(async () => {
        await workInVain(normal, current);
        await foreignInVain(password, work);
      });
    },
  };
}

/** One queue for the whole process: create it once. */
export function createPasswordHasher(options: PasswordHasherOptions = {}): PasswordHasher {
  const { memoryKiB = 19_456, iterations = 2, parallelism = 1 } = options;
  const { concurrency = availableParallelism(), longestWaitMs = 2_000, expectedMs = 50 } = options;
  const current: Parameters = { memoryCost: memoryKiB, timeCost: iterations, parallelism };
  const queue = createHashQueue({ concurrency, longestWaitMs, expectedMs });
  const atOnce = { inTurn: <T>(work: () => Promise<T>) => queue.takePlaces(1).inTurn(work) };
  const hashNormal = (normal: string) => atOnce.inTurn(() => argon2Hash(normal, { ...current, algorithm: argon2id }));

  return {
    async hash(password) {
      const normal = normalizePassword(password);
      if (normal === undefined) throw new DomainError('invalid', 'PASSWORD_TOO_LONG', { field: 'password' });
      return hashNormal(normal);
    },
    async hashNew(password, personal) {
      return hashNormal(checkNewPassword(password, personal));
    },
    ...comparing(current, atOnce),
    forAttempt(hashes) {
      const places = queue.takePlaces(hashes);
      return { ...comparing(current, places), leave: places.leave };
    },
    get pending() {
      return queue.pending;
    },
  };
}
