/** Row ids: UUIDv7 (RFC 9562 section 5.7), so that they sort by time and keep indexes compact. */
import { v7, validate } from 'uuid';
import { openRandomBytes } from './secrets.ts';

let latestMs = 0;
let latestSequence = 0;

/** A new row id: after those that this process has made before, also in the same millisecond. */
export function newId(): string {
  const random = openRandomBytes(16);
  const now = Date.now();
  if (now > latestMs) {
    latestMs = now;
    // 32 bits; from the lower half, so that there is room for more in this millisecond.
    latestSequence = random.readUInt32BE(0) >>> 1;
  } else {
    latestSequence += 1;
  }
  return v7({ random, msecs: latestMs, seq: latestSequence });
}

/** True for any UUID in its text form. */
export function isId(value: unknown): value is string {
  return typeof value === 'string' && validate(value);
}
