/** Row ids: UUIDv7 (RFC 9562 section 5.7), so that they sort by time and keep indexes compact. */
import { v7, validate } from 'uuid';

/** A new row id. */
export function newId(): string {
  return v7();
}

/** True for any UUID in its text form. */
export function isId(value: unknown): value is string {
  return typeof value === 'string' && validate(value);
}
