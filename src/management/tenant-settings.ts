/**
 * The settings of a tenant as the API shows and takes them: the names in snake_case, a change merged as of RFC 7396. What
 * is a good value is for domain/tenants/tenant-settings.ts.
 */
import { z } from 'zod';
import type { TenantSettings as Settings, TenantSettingsInput } from '../domain/tenants/tenant-settings.ts';
import { text } from './shapes.ts';

const channel = z.enum(['email', 'sms', 'whatsapp']);
const asServer = (most: number, least = 1) => z.int().min(least).max(most).nullable();
const names = z.array(text(253)).max(200);
const terms = {
  required_hosted_domain: text(253).nullable().meta({ description: 'Accounts of this organisation alone; null: any' }),
  trusted_email_domains: names.meta({ description: 'Their addresses link an account by the word of the provider' }),
};
const branding = {
  logo_url: text(2000).nullable().meta({ description: 'By https' }),
  accent_color: text(7).nullable().meta({ description: 'Such as `#1f6f6b`' }),
  support_url: text(2000)
    .nullable()
    .meta({ description: 'By https, or `mailto:` and an address; null: as the server' }),
};

const perAddress = (what: string) =>
  asServer(1_000_000).meta({ description: `${what}; null: as the server, which is also the highest` });
const addressLimits = {
  trusted_networks: z
    .array(text(50))
    .max(20)
    .meta({ description: 'Networks such as a school’s, where nobody is limited by address: `203.0.113.0/24`' }),
  sign_in_failures: perAddress('Wrong passwords from one address in ten minutes'),
  codes: perAddress('Codes and links from one address in an hour that nobody used'),
};

const members = {
  sign_in_methods: names.meta({ description: '`password`, `otp`, or the key of an identity provider' }),
  usernames: z.boolean().meta({ description: 'Whether people may sign in by a username, too' }),
  new_device_notices: z
    .boolean()
    .meta({ description: 'Whether people are told by mail of a sign-in from a browser that is new to them' }),
  self_sign_up: z.boolean().meta({ description: 'Whether anybody may make an account' }),
  sign_up_email_domains: names.meta({ description: 'Where self sign-up takes addresses from; empty: any domain' }),
  code_channels: z.array(channel).max(10).meta({ description: 'The ways that one-time codes go' }),
  daily_phone_messages: asServer(1_000_000, 0).meta({ description: 'Messages to phones a day; null: as the server' }),
  session_hours: asServer(2160).meta({ description: 'How long a sign-in lasts; null: as the server' }),
  second_factor_for: z
    .enum(['nobody', 'administrators', 'everyone'])
    .meta({ description: 'Of whom a second factor is asked; `administrators`: owners and admins' }),
  second_factor_grace_days: z.int().min(0).max(90).meta({ description: 'How long people may put off enrolling one' }),
  factor_reset_hours: z.int().min(0).max(168).meta({ description: 'How long a reset of a second factor waits' }),
  self_deletion_days: z
    .int()
    .min(1)
    .max(90)
    .nullable()
    .meta({ description: 'How long people who delete their own account may keep it; null: they may not delete it' }),
  inactive_erasure_days: z
    .int()
    .min(7)
    .max(3650)
    .nullable()
    .meta({ description: 'After how many days people who are deactivated are erased; null: never by themselves' }),
  passkey_offer: z
    .boolean()
    .meta({ description: 'Whether people are offered a passkey after a sign-in by something else, once' }),
  remembered_device_days: z.int().min(0).max(90).meta({
    description: 'How long a browser may be remembered, where the second factor is not asked for; 0: not at all',
  }),
  second_factor_channels: z.array(channel).max(10).meta({
    description: 'The ways by which a code that is sent counts as a second factor of people who have enrolled nothing',
  }),
  client_registration: z
    .boolean()
    .meta({ description: 'Whether applications may register themselves by an initial access token (RFC 7591)' }),
  client_documents: z.boolean().meta({
    description: 'Whether people may let in applications that are known by the https address of a document about them',
  }),
  client_document_hosts: names.meta({ description: 'Where these documents may be; empty: at any host' }),
  country_list: z
    .array(z.string().regex(/^[A-Z]{2}$/))
    .max(300)
    .meta({ description: 'Where messages to phones may go, as of ISO 3166-1 alpha-2' }),
  audit_retention_days: asServer(3650, 30).meta({ description: 'How long audit events are kept; null: as the server' }),
};

export const TenantSettings = z
  .object({
    ...members,
    branding: z.object(branding),
    address_limits: z.object(addressLimits),
    federation: z.record(z.string(), z.object(terms)),
  })
  .meta({ id: 'TenantSettings' });

export const SettingsChange = z
  .strictObject({
    ...members,
    branding: z.strictObject(branding).partial(),
    address_limits: z.strictObject(addressLimits).partial(),
    federation: z.record(text(32), z.strictObject(terms).partial().nullable()),
  })
  .partial();

/** What a change makes of the settings before; nothing but what it names. */
export function settingsInput(change: z.output<typeof SettingsChange>): (before: Settings) => TenantSettingsInput {
  const { branding: brand, address_limits: limits, federation } = change;
  return (before) => {
    const wanted: TenantSettingsInput = {
      signInMethods: change.sign_in_methods,
      usernames: change.usernames,
      newDeviceNotices: change.new_device_notices,
      selfSignUp: change.self_sign_up,
      signUpEmailDomains: change.sign_up_email_domains,
      codeChannels: change.code_channels,
      dailyPhoneMessages: change.daily_phone_messages,
      sessionHours: change.session_hours,
      secondFactorFor: change.second_factor_for,
      secondFactorGraceDays: change.second_factor_grace_days,
      factorResetHours: change.factor_reset_hours,
      selfDeletionDays: change.self_deletion_days,
      inactiveErasureDays: change.inactive_erasure_days,
      passkeyOffer: change.passkey_offer,
      rememberedDeviceDays: change.remembered_device_days,
      secondFactorChannels: change.second_factor_channels,
      clientRegistration: change.client_registration,
      clientDocuments: change.client_documents,
      clientDocumentHosts: change.client_document_hosts,
      countryList: change.country_list,
      auditRetentionDays: change.audit_retention_days,
      branding:
        brand && named({ logoUrl: brand.logo_url, accentColor: brand.accent_color, supportUrl: brand.support_url }),
      addressLimits:
        limits &&
        named({
          trustedNetworks: limits.trusted_networks,
          signInFailures: limits.sign_in_failures,
          codes: limits.codes,
        }),
      federation: federation && mergedFederation(before.federation, federation),
    };
    return named(wanted);
  };
}

function named<T extends object>(values: T): T {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;
}

type FederationChange = NonNullable<z.output<typeof SettingsChange>['federation']>;

function mergedFederation(before: Settings['federation'], change: FederationChange): Settings['federation'] {
  const merged = new Map(Object.entries(before));
  for (const [key, wanted] of Object.entries(change)) {
    if (wanted === null) merged.delete(key);
    else {
      const { required_hosted_domain: hosted, trusted_email_domains: trusted } = wanted;
      const known = merged.get(key) ?? { requiredHostedDomain: null, trustedEmailDomains: [] };
      merged.set(key, {
        requiredHostedDomain: hosted === undefined ? known.requiredHostedDomain : hosted,
        trustedEmailDomains: trusted ?? known.trustedEmailDomains,
      });
    }
  }
  return Object.fromEntries(merged);
}
