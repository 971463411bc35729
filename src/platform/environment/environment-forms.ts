/** The forms that environment variables have: each takes the text of a variable and gives the value, or says what it must be. */
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { isSupportedCountry } from 'libphonenumber-js/max';
import { z } from 'zod';

/** A whole number written in digits. */
export const integer = (min: number, max: number, fallback: number) =>
  z.preprocess(
    (value) =>
      value === undefined ? fallback : typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value,
    z.int(`must be a whole number`).min(min, `must be at least ${min}`).max(max, `must be at most ${max}`),
  );
export const text = z.string().optional();
export const flag = z
  .enum(['true', 'false'], 'must be true or false')
  .transform((value) => value === 'true')
  .optional();
/** The name of a header of a proxy's own, in lower case. One that a request has anyway would be taken from it. */
export const header = z
  .string()
  .toLowerCase()
  .regex(/^(?:x-|client-cert)[a-z0-9-]{0,60}$/, 'must be the name of a header such as X-Client-Cert')
  .optional();

/** A comma-separated list of addresses and networks. */
export const networks = z
  .string()
  .default('')
  .transform((value) =>
    value
      .split(',')
      .map((entry) => entry.trim())
      .filter(Boolean),
  )
  .refine((list) => list.every(isNetwork), 'must be a comma-separated list of networks such as 10.0.0.0/8');

/** A comma-separated list of countries, in upper case. */
export const countries = z
  .string()
  .default('')
  .transform((value) =>
    value
      .split(',')
      .map((entry) => entry.trim().toUpperCase())
      .filter(Boolean),
  )
  .refine(
    (list) => list.every((entry) => isSupportedCountry(entry)),
    'must be a comma-separated list of ISO 3166-1 countries such as FR,CH',
  );

function isNetwork(value: string): boolean {
  return ipaddr.isValidCIDR(value) || isIP(value) !== 0;
}
