/** What registering refuses, and how often it is let through. */
import { type Codes, defineCodes } from '../../platform/errors.ts';
import { defineLimits } from '../../platform/rate-limits.ts';

export const registrationCodes = defineCodes({
  REGISTRATION_TOKEN_INVALID: {
    kind: 'unauthenticated',
    means: 'the initial or registration access token is missing, has ended, is used up, or is for something else',
  },
});
declare module '../../platform/errors.ts' {
  interface ErrorCodes extends Codes<typeof registrationCodes> {}
}

export const registrationLimits = defineLimits({
  /** Asked for, by an address: each is a parse, and a look for a token. */
  registrationsPerIp: { hits: 60, windowSeconds: 3_600 },
  /** Asked for by a token, taken or not. */
  registrationsPerToken: { hits: 120, windowSeconds: 3_600 },
  /** Reads, changes and removals of what was registered, by an address. */
  registrationLooksPerIp: { hits: 600, windowSeconds: 3_600 },
  /** Documents of clients that are fetched for an address: each is a request of ours to whom it names. */
  clientDocumentsPerIp: { hits: 30, windowSeconds: 600 },
  /** The same at one host, for whomever: no crowd of addresses turns this server on somebody else's. */
  clientDocumentsPerHost: { hits: 120, windowSeconds: 600 },
});
