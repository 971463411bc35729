/**
 * What a provider says of a person, read by the provider's own names for the standard claims (OpenID Connect Core section
 * 5.1). Owns what counts as a verified email address: the boolean `true` and nothing else, unless the mapping lists the
 * provider's other ways to say so. Whatever else is malformed counts as not told; it never ends a sign-in.
 */
import { z } from 'zod';
import { DomainError } from '../../../platform/errors.ts';
import { parseEmail } from '../../users/canonical-address.ts';
import { isEntraIssuer } from './entra-issuers.ts';

const claimName = z.string().min(1).max(100);

const mapping = z.strictObject({
  email: claimName.default('email'),
  email_verified: claimName.default('email_verified'),
  name: claimName.default('name'),
  given_name: claimName.default('given_name'),
  family_name: claimName.default('family_name'),
  picture: claimName.default('picture'),
  locale: claimName.default('locale'),
  /** The organisation that the account belongs to; read from the signed id_token alone. */
  hosted_domain: claimName.default('hd'),
  /** Values of `email_verified` that mean yes. No is never among them. */
  email_verified_values: z
    .array(
      z
        .union([z.boolean(), z.string().min(1).max(100), z.number()])
        .refine((value) => !['false', 'no', '0', 'null', 'undefined', ''].includes(String(value).trim().toLowerCase())),
    )
    .default([true]),
});

/** The provider's name for each standard claim, with the defaults filled in. */
export type ClaimMapping = z.output<typeof mapping>;
export type ClaimMappingInput = z.input<typeof mapping>;

/**
 * At Entra ID an address is as good as the claim `xms_edov` says (the owner of the domain is known), whatever was chosen: any
 * directory can put any address there. It speaks of the claim `email` and of no other.
 */
function ofEntra(chosen: ClaimMappingInput): ClaimMappingInput {
  const values = (chosen.email ?? 'email') === 'email' ? (chosen.email_verified_values ?? [true, 'true', 1, '1']) : [];
  return { hosted_domain: 'tid', ...chosen, email_verified: 'xms_edov', email_verified_values: values };
}

/** What is stored is what was chosen; defaults are filled in when it is read. */
export function parseClaimMapping(stored: unknown, issuer: string): ClaimMapping {
  const chosen = (stored ?? {}) as ClaimMappingInput;
  return mapping.parse(isEntraIssuer(issuer) ? ofEntra(chosen) : chosen);
}

/** @throws DomainError invalid INVALID_INPUT (claim_mapping.<name>) */
export function checkClaimMapping(input: unknown): ClaimMappingInput {
  const result = mapping.safeParse(input);
  if (result.success) return input as ClaimMappingInput;
  const [issue] = result.error.issues;
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [];
  const field = ['claim_mapping', ...(issue?.path ?? []), ...unknown].join('.').slice(0, 200);
  throw new DomainError('invalid', 'INVALID_INPUT', { field });
}

/** A person as their provider knows them. (issuer, subject) is the identity; all else is what is said of it. */
export interface ProviderPerson {
  issuer: string;
  subject: string;
  /** In canonical form. */
  email: string | null;
  emailVerified: boolean;
  /** Lower case. */
  hostedDomain: string | null;
  fullName: string | null;
  givenName: string | null;
  familyName: string | null;
  pictureUrl: string | null;
  locale: string | null;
}

type Claims = Readonly<Record<string, unknown>>;

/** OpenID Connect Core section 2: at most 255 characters, ASCII. Undefined for anything else. */
function checkedSubject(subject: unknown): string | undefined {
  return typeof subject === 'string' && /^[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?$/.test(subject)
    ? subject
    : undefined;
}

/**
 * What userinfo has to be asked for because the id_token does not say it: `address` where nobody can be told without, `more`
 * for the word on an address that is there, and for a name.
 */
export function missingClaims(names: ClaimMapping, idToken: Claims): 'address' | 'more' | undefined {
  const has = (name: string) => idToken[name] !== undefined;
  if (!has(names.email)) return 'address';
  const hasName = has(names.name) || (has(names.given_name) && has(names.family_name));
  return has(names.email_verified) && hasName ? undefined : 'more';
}

/** The address that a provider gives, and its word on that very address. */
function addressOf(names: ClaimMapping, idToken: Claims, userinfo: Claims): { address: unknown; verified: unknown } {
  const [address, again] = [idToken[names.email], userinfo[names.email]];
  if (address === undefined) return { address: again, verified: userinfo[names.email_verified] };
  // Okta says the address in both places, and the word on it at userinfo alone. A word on another address says nothing.
  const word = idToken[names.email_verified] ?? (again === address ? userinfo[names.email_verified] : undefined);
  return { address, verified: word };
}

/**
 * @param idToken the claims of an id_token that was verified
 * @param userinfo the answer for the same subject, where one was asked for; the id_token goes first
 * @throws DomainError invalid PROVIDER_REFUSED for a subject that is none
 */
export function readPerson(names: ClaimMapping, idToken: Claims, userinfo: Claims = {}): ProviderPerson {
  const subject = checkedSubject(idToken.sub);
  if (subject === undefined || typeof idToken.iss !== 'string') throw new DomainError('invalid', 'PROVIDER_REFUSED');
  const { address, verified } = addressOf(names, idToken, userinfo);
  const email = typeof address === 'string' ? parseEmail(address) : undefined;
  const text = (name: string) => lineOf(idToken[name] ?? userinfo[name]);
  const hostedDomain = idToken[names.hosted_domain];
  return {
    issuer: idToken.iss,
    subject,
    email: email ?? null,
    emailVerified: email !== undefined && isSameMailbox(String(address), email) && isYes(names, verified),
    hostedDomain: typeof hostedDomain === 'string' ? hostedDomain.toLowerCase().slice(0, 253) : null,
    fullName: text(names.name),
    givenName: text(names.given_name),
    familyName: text(names.family_name),
    pictureUrl: httpsUrl(idToken[names.picture] ?? userinfo[names.picture]),
    locale: localeOf(idToken[names.locale] ?? userinfo[names.locale]),
  };
}

function isYes({ email_verified_values: values }: ClaimMapping, value: unknown): boolean {
  return values.some((yes) => yes === value);
}

/**
 * Whether the canonical form of an address is the mailbox that the provider has verified. Folding letters beyond ASCII
 * (a long s, a Kelvin sign, full-width ones) may make it somebody else's.
 */
function isSameMailbox(told: string, canonical: string): boolean {
  const localPart = (address: string) => address.slice(0, address.lastIndexOf('@'));
  return localPart(told.trim()).replace(/[A-Z]/g, (letter) => letter.toLowerCase()) === localPart(canonical);
}

/** As much of a text as a name of ours may be, on one line. */
function lineOf(value: unknown): string | null {
  if (typeof value !== 'string' || value.length > 2000) return null;
  const line = value
    .normalize('NFC')
    .replace(/[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069\s]+/gu, ' ')
    .trim();
  return [...line].slice(0, 200).join('').trim() || null;
}

function httpsUrl(value: unknown): string | null {
  const url = typeof value === 'string' && value.length <= 2000 ? URL.parse(value) : undefined;
  return url?.protocol === 'https:' && !url.username && !url.password ? url.href.slice(0, 2000) : null;
}

function localeOf(value: unknown): string | null {
  if (typeof value !== 'string' || value.length > 35) return null;
  try {
    // Some write fr_CH.
    return new Intl.Locale(value.replaceAll('_', '-')).toString();
  } catch {
    return null;
  }
}
