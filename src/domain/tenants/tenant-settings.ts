/**
 * What a tenant decides for itself. Owns the shape of `tenants.settings`: only what was chosen is stored, and what was
 * not is filled in when read, so that a better default reaches every tenant. Refuses to write a name it does not know.
 */
import { z } from 'zod';
import { type Brand, isAccentColor, isPictureUrl, isSupportUrl } from '../../platform/brand.ts';
import type { Database } from '../../platform/database.ts';
import { type Codes, DomainError, defineCodes } from '../../platform/errors.ts';
import { isNarrowNetwork } from '../../platform/network/networks.ts';

export const tenantSettingsCodes = defineCodes({
  EMAIL_DOMAIN_NOT_ALLOWED: {
    kind: 'invalid',
    params: ['field'],
    means: 'the tenant takes in addresses of other domains only',
  },
  SIGN_UP_CLOSED: { kind: 'forbidden', means: 'the tenant lets nobody make an account without an invitation' },
});
declare module '../../platform/errors.ts' {
  interface ErrorCodes extends Codes<typeof tenantSettingsCodes> {}
}

/** `password`, `otp`, or the key of an identity provider of all tenants. A tenant's own providers need no mention. */
const signInMethods = z
  .array(z.string().regex(/^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/))
  .min(1)
  .transform((methods) => [...new Set(methods)]);
const logoUrl = z.string().refine(isPictureUrl).nullable();
const accentColor = z.string().refine(isAccentColor).nullable();
const supportUrl = z.string().refine(isSupportUrl).nullable();
const selfSignUp = z.boolean();
const usernames = z.boolean();
const newDeviceNotices = z.boolean();
const codeChannels = z.array(z.enum(['email', 'sms', 'whatsapp'])).transform((channels) => [...new Set(channels)]);
/** Lower case, in ASCII: `example.org`. */
const emailDomains = z
  .array(z.string().regex(/^(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*$/))
  .transform((domains) => [...new Set(domains)].sort());
const dailyPhoneMessages = z.int().min(0).max(1_000_000).nullable();
/** By the key of the identity provider. */
const federation = z.record(
  z.string().regex(/^[a-z0-9-]{1,32}$/),
  z.object({
    /** The hosted domain (`hd`) that a person's token must carry; null: any account. */
    requiredHostedDomain: z.string().max(253).nullable().default(null),
    /** Domains for which the provider's word on an email address links an account without further proof. */
    trustedEmailDomains: emailDomains.default([]),
  }),
);
const sessionHours = z.int().min(1).max(2160).nullable();
/** ISO 3166-1 alpha-2. */
const countryList = z.array(z.string().regex(/^[A-Z]{2}$/)).transform((countries) => [...new Set(countries)].sort());
/** Networks that the tenant knows, such as those of its schools: nobody there is limited by address at this tenant. */
const trustedNetworks = z
  .array(z.string().max(50).refine(isNarrowNetwork))
  .max(20)
  .transform((networks) => [...new Set(networks)]);
/** From one address; the server's own number is the highest. */
const perAddress = z.int().min(1).max(1_000_000).nullable();
/** Not less than what the trail keeps in any case (migration 0049); settings of earlier versions may say less. */
const auditRetentionDays = z.int().min(30).max(3650).nullable();
const storedRetentionDays = z
  .int()
  .min(1)
  .max(3650)
  .transform((days) => Math.max(30, days))
  .nullable();

const secondFactorFor = z.enum(['nobody', 'administrators', 'everyone']);
const secondFactorGraceDays = z.int().min(0).max(90);
const factorResetHours = z.int().min(0).max(168);
const selfDeletionDays = z.int().min(1).max(90).nullable();
const inactiveErasureDays = z.int().min(7).max(3650).nullable();
const passkeyOffer = z.boolean();
const rememberedDeviceDays = z.int().min(0).max(90);
const clientRegistration = z.boolean();
const clientDocuments = z.boolean();
/** As they stand in an address. */
const hostNames = z
  .array(z.string().regex(/^(?=.{1,253}$)[a-z0-9-]+(?:\.[a-z0-9-]+)*$/))
  .max(200)
  .transform((hosts) => [...new Set(hosts)].sort());
const secondFactorChannels = z
  .array(z.enum(['email', 'sms', 'whatsapp']))
  .transform((channels) => [...new Set(channels)]);

const storedSettings = z.object({
  /** The ways to sign in that the tenant's people are offered. */
  signInMethods: signInMethods.default(['password', 'otp', 'google']),
  /** Whether people may sign in by a username in the place of an address, where the tenant is known. */
  usernames: usernames.default(false),
  /** Whether people are told by mail of a sign-in from a browser that is new to them. */
  newDeviceNotices: newDeviceNotices.default(true),
  /** Whether anyone may make an account; off, people come by invitation. */
  selfSignUp: selfSignUp.default(false),
  /** Where self sign-up takes email addresses from; empty: any domain. */
  signUpEmailDomains: emailDomains.default([]),
  /** The ways that one-time codes go; those without a provider on this server are not offered. */
  codeChannels: codeChannels.default(['email', 'sms', 'whatsapp']),
  /** SMS and WhatsApp messages a day at the most; null: as the server is configured, which is also the highest. */
  dailyPhoneMessages: dailyPhoneMessages.default(null),
  /** What the tenant asks of each identity provider. */
  federation: federation.default({}),
  /** How long a sign-in lasts at the most; null: as the server is configured. */
  sessionHours: sessionHours.default(null),
  /** Of whom a second factor is asked; of those who have one it always is. `administrators`: owners and admins, wherever. */
  secondFactorFor: secondFactorFor.default('nobody'),
  /** For how many days after they were first asked people may put off enrolling one; 0: not at all. */
  secondFactorGraceDays: secondFactorGraceDays.default(0),
  /** How many hours an administrator's reset of a second factor waits, so that the person can object; 0: at once. */
  factorResetHours: factorResetHours.default(0),
  /** For how many days people who delete their own account may keep it; null: they may not delete it. */
  selfDeletionDays: selfDeletionDays.default(14),
  /** For how many days people stay deactivated before they are erased; null: until somebody erases them. */
  inactiveErasureDays: inactiveErasureDays.default(null),
  /** Whether people are offered a passkey after they signed in by something else, once. */
  passkeyOffer: passkeyOffer.default(true),
  /** For how many days a browser may be remembered, where the second factor is not asked for; 0: none is. */
  rememberedDeviceDays: rememberedDeviceDays.default(0),
  /** The ways by which a code that is sent counts as a second factor, for people who have enrolled nothing; empty: none. */
  secondFactorChannels: secondFactorChannels.default([]),
  /** Whether who holds an initial access token of the tenant may register applications (RFC 7591). */
  clientRegistration: clientRegistration.default(false),
  /** Whether people may let in applications that are known by the address of a document about them, and of which hosts; empty: any. */
  clientDocuments: clientDocuments.default(false),
  clientDocumentHosts: hostNames.default([]),
  /** Of its pages and mails, and where its people find help; null: no logo, and the server's colour and help. */
  branding: z
    .object({
      // Written by an earlier version, under another rule: such a one is not shown, and stops nothing.
      logoUrl: logoUrl.default(null).catch(null),
      accentColor: accentColor.default(null),
      supportUrl: supportUrl.default(null),
    })
    .default({ logoUrl: null, accentColor: null, supportUrl: null }),
  /** Countries that SMS and WhatsApp messages may go to; empty: none. */
  countryList: countryList.default([]),
  /** What is let through from one address; null: as the server is configured, which is also the highest. */
  addressLimits: z
    .object({
      trustedNetworks: trustedNetworks.default([]),
      signInFailures: perAddress.default(null),
      codes: perAddress.default(null),
    })
    .default({ trustedNetworks: [], signInFailures: null, codes: null }),
  /** How long audit events are kept; null: as the server is configured. */
  auditRetentionDays: storedRetentionDays.default(null),
});

const writtenSettings = z.strictObject({
  signInMethods: signInMethods.optional(),
  usernames: usernames.optional(),
  newDeviceNotices: newDeviceNotices.optional(),
  selfSignUp: selfSignUp.optional(),
  signUpEmailDomains: emailDomains.optional(),
  codeChannels: codeChannels.optional(),
  dailyPhoneMessages: dailyPhoneMessages.optional(),
  federation: federation.optional(),
  sessionHours: sessionHours.optional(),
  secondFactorFor: secondFactorFor.optional(),
  secondFactorGraceDays: secondFactorGraceDays.optional(),
  factorResetHours: factorResetHours.optional(),
  selfDeletionDays: selfDeletionDays.optional(),
  inactiveErasureDays: inactiveErasureDays.optional(),
  passkeyOffer: passkeyOffer.optional(),
  rememberedDeviceDays: rememberedDeviceDays.optional(),
  secondFactorChannels: secondFactorChannels.optional(),
  clientRegistration: clientRegistration.optional(),
  clientDocuments: clientDocuments.optional(),
  clientDocumentHosts: hostNames.optional(),
  branding: z.strictObject({ logoUrl, accentColor, supportUrl }).partial().optional(),
  countryList: countryList.optional(),
  addressLimits: z
    .strictObject({
      trustedNetworks: trustedNetworks.optional(),
      signInFailures: perAddress.optional(),
      codes: perAddress.optional(),
    })
    .optional(),
  auditRetentionDays: auditRetentionDays.optional(),
});

export type TenantSettings = z.output<typeof storedSettings>;
/** Some of the settings, as somebody writes them. */
export type TenantSettingsInput = z.input<typeof writtenSettings>;

/**
 * The settings as stored, with every default filled in. Names it does not know are left out: a newer version of the
 * program may have written them.
 */
export function parseTenantSettings(stored: unknown): TenantSettings {
  return storedSettings.parse(stored ?? {});
}

/**
 * Checks settings before they are written; what is absent stays absent.
 * @throws DomainError invalid INVALID_INPUT with the dotted name of the first field at fault
 */
export function checkTenantSettings(input: unknown): z.output<typeof writtenSettings> {
  const result = writtenSettings.safeParse(input);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [];
  const field = ['settings', ...(issue?.path ?? []), ...unknown].join('.').slice(0, 200);
  throw new DomainError('invalid', 'INVALID_INPUT', { field });
}

/** The look of a tenant's pages and mails. */
export function brandOf({ name, settings }: { name: string; settings: TenantSettings }): Brand {
  const { logoUrl, accentColor, supportUrl } = settings.branding;
  return {
    name,
    logoUrl: logoUrl ?? undefined,
    accentColor: accentColor ?? undefined,
    supportUrl: supportUrl ?? undefined,
  };
}

/** Whether the tenant takes addresses of this domain in by self sign-up. The listed domains alone count, not those below them. */
export function isDomainAllowed(settings: TenantSettings, email: string): boolean {
  const domains = settings.signUpEmailDomains;
  return domains.length === 0 || domains.includes(email.slice(email.lastIndexOf('@') + 1));
}

/** Whether a way to sign in of this name is there for the tenant. Which there are is no part of this feature. */
export type KnowsMethod = (db: Database, tenantId: string, key: string) => Promise<boolean>;

/** Knows of none beside those of every tenant's default. */
export const noFurtherMethod: KnowsMethod = async () => false;

/**
 * Refuses ways to sign in that nobody could use. What the tenant names already, or every tenant does by default, may stay
 * named while its provider is away.
 * @throws DomainError not_found NOT_FOUND (identity_provider)
 */
export async function checkNamedMethods(
  db: Database,
  {
    tenantId,
    before,
    wanted,
  }: {
    tenantId: string;
    before: TenantSettings;
    wanted: Partial<Pick<TenantSettings, 'signInMethods' | 'federation'>>;
  },
  knowsMethod: KnowsMethod,
): Promise<void> {
  const known = new Set([
    ...parseTenantSettings({}).signInMethods,
    ...before.signInMethods,
    ...Object.keys(before.federation),
  ]);
  for (const key of new Set([...(wanted.signInMethods ?? []), ...Object.keys(wanted.federation ?? {})])) {
    if (!known.has(key) && !(await knowsMethod(db, tenantId, key)))
      throw new DomainError('not_found', 'NOT_FOUND', { entity: 'identity_provider', value: key });
  }
}
