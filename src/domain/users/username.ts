/**
 * A name to sign in with, beside an email address and a phone number; unique in its tenant whatever its case, and good there
 * alone. Refuses what could be taken for an address: what a person types means one thing.
 */
import { DomainError } from '../../platform/errors.ts';
import { looksLikePhone, parseEmail, trimPasted } from './canonical-address.ts';

const mostCharacters = 64;

/** NFKC, as it was written; undefined for what is none. */
function normalUsername(text: string): string | undefined {
  if (text.length > 4 * mostCharacters || /\p{Cc}/u.test(text)) return undefined;
  const name = trimPasted(text).normalize('NFKC');
  if (name === '' || [...name].length > mostCharacters || /[\s@\p{C}\p{Z}]/u.test(name)) return undefined;
  return parseEmail(name) !== undefined || looksLikePhone(name) ? undefined : name;
}

/** The form in which typed usernames are compared and counted; undefined for what is none. */
export function parseUsername(text: string): string | undefined {
  return normalUsername(text)?.toLowerCase();
}

// No address begins so: a colon stands in no email address of ours.
const prefix = 'username:';

/** A username as what codes and links are asked for by, beside addresses; of its tenant alone. @param name of any case */
export function usernameDestination(name: string): string {
  return prefix + name.toLowerCase();
}

/** The username that a destination is; undefined where it is an address. */
export function usernameOf(destination: string): string | undefined {
  return destination.startsWith(prefix) ? destination.slice(prefix.length) : undefined;
}

/** A destination as people type it and read it. */
export function destinationText(destination: string): string {
  return usernameOf(destination) ?? destination;
}

/** As it is stored; null for none. @throws DomainError invalid INVALID_INPUT */
export function checkedUsername(value: string | null | undefined): string | null {
  if (value === null || value === undefined || value.trim() === '') return null;
  const name = normalUsername(value);
  if (name === undefined) throw new DomainError('invalid', 'INVALID_INPUT', { field: 'username' });
  return name;
}
