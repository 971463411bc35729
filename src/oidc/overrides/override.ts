/**
 * What an override is: a change to the library's insides, which its documentation does not promise to keep. Owns that one
 * whose place is gone stops the start instead of doing nothing.
 */
import type { interactionPolicy, Provider } from 'oidc-provider';
import type { Database } from '../../platform/database.ts';
import type { Secrets } from '../../platform/secrets.ts';
import type { SigningKeySet } from '../keys.ts';

/** A provider that was just built, and the interaction policy that it was given. */
export interface Library {
  provider: Provider;
  policy: interactionPolicy.DefaultPolicy;
}

export interface OverrideDependencies {
  db: Database;
  secrets: Secrets;
  keys: SigningKeySet;
  /** By the outbound rules. */
  fetch: typeof globalThis.fetch;
  /** The options of the session's cookie. */
  sessionCookie: object;
}

export interface Override {
  /** That of its file. */
  name: string;
  /** What the library does, and why that will not do. */
  why: string;
  apply(library: Library, dependencies: OverrideDependencies): void;
}

/**
 * Puts a method of ours in the place of one of the library's.
 * @throws Error where the library has no method of that name, and so would never call ours
 */
export function replaceMethod<T extends object, K extends keyof T & string>(
  owner: T,
  name: K,
  replacement: (original: T[K]) => T[K],
): void {
  const original = owner[name];
  if (typeof original !== 'function') throw new Error(`oidc-provider has no method ${name} to be overridden`);
  owner[name] = replacement(original);
}
