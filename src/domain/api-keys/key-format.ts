/**
 * What an API key looks like: `gk_<prefix>_<secret><checksum>`, documented in docs/api-keys.md for whoever searches code
 * and logs for lost ones. The checksum tells a key from what only looks like one, and protects nothing.
 */
import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const prefixLength = 8;
/** 62^43 are 256 bits. */
const secretLength = 43;
const checksumLength = 6;

const form = new RegExp(`^gk_([0-9A-Za-z]{${prefixLength}})_[0-9A-Za-z]{${secretLength + checksumLength}}$`);

/** A key as it is shown once, and the prefix by which it is found again. */
export interface GeneratedKey {
  key: string;
  prefix: string;
}

export function generateKey(): GeneratedKey {
  const prefix = randomText(prefixLength);
  const body = `gk_${prefix}_${randomText(secretLength)}`;
  return { key: body + checksumOf(body), prefix };
}

/** Whether a bearer value means to be a key. */
export function looksLikeKey(value: string): boolean {
  return value.startsWith('gk_');
}

/** The prefix of a key that is whole; undefined for anything else. */
export function prefixOfKey(value: string): string | undefined {
  const prefix = form.exec(value)?.[1];
  const body = value.slice(0, -checksumLength);
  return checksumOf(body) === value.slice(-checksumLength) ? prefix : undefined;
}

/** CRC-32 (ISO 3309) in six digits of base 62, the highest first. */
function checksumOf(body: string): string {
  let rest = crc32(body);
  let digits = '';
  for (let n = 0; n < checksumLength; n += 1) {
    digits = alphabet.charAt(rest % alphabet.length) + digits;
    rest = Math.floor(rest / alphabet.length);
  }
  return digits;
}

/** Every character as likely as another: bytes that would favour some are thrown away. */
function randomText(length: number): string {
  const fair = 256 - (256 % alphabet.length);
  let text = '';
  while (text.length < length)
    for (const byte of randomBytes(length)) if (byte < fair) text += alphabet.charAt(byte % alphabet.length);
  return text.slice(0, length);
}
