/**
 * `gatehouse tenants set` and `show`: what a tenant decides for itself. What it asks of identity providers is set by
 * `gatehouse identity-providers configure`. Refuses a country that is none.
 */
import { type Command, Option } from 'commander';
import type { Config } from '../config.ts';
import { systemCaller } from '../domain/audit/audit-events.ts';
import { configuredChannels, idleChoices } from '../domain/messages/available-channels.ts';
import { changeTenantSettings, idleProviders } from '../domain/methods/tenant-methods.ts';
import type { TenantSettings, TenantSettingsInput } from '../domain/tenants/tenant-settings.ts';
import type { Tenant } from '../domain/tenants/tenants.ts';
import type { Database } from '../platform/database.ts';
import { type CommandResult, performs } from './frame/command-action.ts';
import { UsageError } from './frame/failures.ts';
import { wholeNumber } from './frame/list-options.ts';
import { tenantOf } from './frame/named.ts';
import { fields, printable } from './frame/terminal-text.ts';
import { withDatabase } from './frame/with-database.ts';
import {
  type CodeChannel,
  channelsOf,
  countriesOf,
  domainsOf,
  listOf,
  networksOf,
  unless,
} from './tenant-setting-values.ts';

const setHelp = `
What is not named stays as it is. Lists are comma-separated and replace what was there.

  --sign-in-methods   password, otp (one-time codes), and keys of identity providers of all tenants; the tenant's own
                      providers are offered in any case
  --code-channels     email, sms, whatsapp; none. One without a provider on this server is not offered
  --countries         where SMS and WhatsApp may go, within PHONE_COUNTRIES: FR,CH; none, which is the default
  --sign-up-domains   where self sign-up takes email addresses from: example.org; any

Example:
  gatehouse tenants set northwind --self-sign-up on --sign-up-domains example.org --countries FR,CH`;

interface SetOptions {
  usernames?: 'on' | 'off';
  newDeviceNotices?: 'on' | 'off';
  selfSignUp?: 'on' | 'off';
  signUpDomains?: string[];
  signInMethods?: string[];
  codeChannels?: CodeChannel[];
  countries?: string[];
  dailyPhoneMessages?: number | 'server';
  sessionHours?: number | 'server';
  auditRetentionDays?: number | 'server';
  trustedNetworks?: string[];
  signInFailuresPerAddress?: number | 'server';
  codesPerAddress?: number | 'server';
  secondFactor?: TenantSettings['secondFactorFor'];
  secondFactorGraceDays?: number;
  factorResetHours?: number;
  selfDeletionDays?: number | 'never';
  inactiveErasureDays?: number | 'never';
  passkeyOffer?: 'on' | 'off';
  rememberedDeviceDays?: number;
  secondFactorChannels?: CodeChannel[];
  clientRegistration?: 'on' | 'off';
  clientDocuments?: 'on' | 'off';
  clientDocumentHosts?: string[];
  accentColor?: string;
  logoUrl?: string;
  supportUrl?: string;
}

/** Commander takes a null for a parser that failed, so these words come as far as here. */
function orNull<T>(value: T, word: string): T | null {
  return value === word ? null : value;
}

/** What was named, and nothing else: an absent setting stays as it is. */
function changeOf(options: SetOptions): TenantSettingsInput {
  const { usernames, selfSignUp, signUpDomains, signInMethods, codeChannels } = options;
  const { accentColor, logoUrl, supportUrl, secondFactor: secondFactorFor } = options;
  const { countries: countryList, dailyPhoneMessages, sessionHours, auditRetentionDays } = options;
  const named = (values: object) =>
    Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
  const branding = named({
    accentColor: orNull(accentColor, 'none'),
    logoUrl: orNull(logoUrl, 'none'),
    supportUrl: orNull(supportUrl, 'server'),
  });
  const addressLimits = named({
    trustedNetworks: options.trustedNetworks,
    signInFailures: orNull(options.signInFailuresPerAddress, 'server'),
    codes: orNull(options.codesPerAddress, 'server'),
  });
  return named({
    usernames: usernames && usernames === 'on',
    newDeviceNotices: options.newDeviceNotices && options.newDeviceNotices === 'on',
    selfSignUp: selfSignUp && selfSignUp === 'on',
    signUpEmailDomains: signUpDomains,
    signInMethods,
    codeChannels,
    countryList,
    dailyPhoneMessages: orNull(dailyPhoneMessages, 'server'),
    sessionHours: orNull(sessionHours, 'server'),
    auditRetentionDays: orNull(auditRetentionDays, 'server'),
    addressLimits: Object.keys(addressLimits).length > 0 ? addressLimits : undefined,
    secondFactorFor,
    secondFactorGraceDays: options.secondFactorGraceDays,
    factorResetHours: options.factorResetHours,
    selfDeletionDays: orNull(options.selfDeletionDays, 'never'),
    inactiveErasureDays: orNull(options.inactiveErasureDays, 'never'),
    passkeyOffer: options.passkeyOffer && options.passkeyOffer === 'on',
    rememberedDeviceDays: options.rememberedDeviceDays,
    secondFactorChannels: options.secondFactorChannels,
    clientRegistration: options.clientRegistration && options.clientRegistration === 'on',
    clientDocuments: options.clientDocuments && options.clientDocuments === 'on',
    clientDocumentHosts: options.clientDocumentHosts,
    branding: Object.keys(branding).length > 0 ? branding : undefined,
  });
}

/** What was set and counts for nothing on this server, or not yet. */
async function idleNotes(db: Database, tenant: Tenant, change: TenantSettingsInput, config: Config): Promise<string[]> {
  const server = { channels: configuredChannels(config), countries: config.phone.countries };
  const { countries, channels } = idleChoices(change, server);
  const providers = await idleProviders(db, tenant, change.signInMethods ?? []);
  return [
    ...providers.map((key) => `${key} is not offered until the identity provider is there and enabled`),
    ...(countries.length > 0
      ? [`nothing goes to ${countries.join(', ')}: PHONE_COUNTRIES of the server does not list them`]
      : []),
    ...channels.map((channel) => `${channel} is not offered: the server has no provider for it`),
  ];
}

/** What is told of a tenant's settings; the names for `--json`. */
function dataOf({ id, slug, name, state, settings }: Tenant) {
  const { branding } = settings;
  return {
    id,
    slug,
    name,
    state,
    settings: {
      usernames: settings.usernames,
      new_device_notices: settings.newDeviceNotices,
      self_sign_up: settings.selfSignUp,
      sign_up_domains: settings.signUpEmailDomains,
      sign_in_methods: settings.signInMethods,
      code_channels: settings.codeChannels,
      countries: settings.countryList,
      daily_phone_messages: settings.dailyPhoneMessages,
      session_hours: settings.sessionHours,
      audit_retention_days: settings.auditRetentionDays,
      trusted_networks: settings.addressLimits.trustedNetworks,
      sign_in_failures_per_address: settings.addressLimits.signInFailures,
      codes_per_address: settings.addressLimits.codes,
      second_factor: settings.secondFactorFor,
      second_factor_grace_days: settings.secondFactorGraceDays,
      factor_reset_hours: settings.factorResetHours,
      self_deletion_days: settings.selfDeletionDays,
      inactive_erasure_days: settings.inactiveErasureDays,
      passkey_offer: settings.passkeyOffer,
      remembered_device_days: settings.rememberedDeviceDays,
      second_factor_channels: settings.secondFactorChannels,
      client_registration: settings.clientRegistration,
      client_documents: settings.clientDocuments,
      client_document_hosts: settings.clientDocumentHosts,
      accent_color: branding.accentColor,
      logo_url: branding.logoUrl,
      support_url: branding.supportUrl,
    },
  };
}

function textOf(settings: TenantSettings): string {
  const asServer = 'as the server';
  const { branding } = settings;
  return fields({
    usernames: settings.usernames ? 'on' : 'off',
    'new-device notices': settings.newDeviceNotices ? 'on' : 'off',
    'self sign-up': settings.selfSignUp ? 'on' : 'off',
    'sign-up domains': settings.signUpEmailDomains.join(', ') || 'any',
    'sign-in methods': settings.signInMethods.join(', '),
    'code channels': settings.codeChannels.join(', ') || 'none',
    countries: settings.countryList.join(', ') || 'none',
    'daily phone messages': settings.dailyPhoneMessages ?? asServer,
    'session hours': settings.sessionHours ?? asServer,
    'audit retention days': settings.auditRetentionDays ?? asServer,
    'trusted networks': settings.addressLimits.trustedNetworks.join(', ') || 'none',
    'sign-in failures per address': settings.addressLimits.signInFailures ?? asServer,
    'codes per address': settings.addressLimits.codes ?? asServer,
    'second factor of': settings.secondFactorFor,
    'second factor grace days': settings.secondFactorGraceDays,
    'factor reset hours': settings.factorResetHours,
    'self deletion days': settings.selfDeletionDays ?? 'never',
    'inactive erasure days': settings.inactiveErasureDays ?? 'never',
    'passkey offer': settings.passkeyOffer ? 'on' : 'off',
    'remembered device days': settings.rememberedDeviceDays || 'off',
    'codes as a second factor': settings.secondFactorChannels.join(', ') || 'none',
    'client registration': settings.clientRegistration ? 'on' : 'off',
    'client documents': settings.clientDocuments ? settings.clientDocumentHosts.join(', ') || 'of any host' : 'off',
    'accent colour': branding.accentColor,
    'logo URL': branding.logoUrl,
    'support URL': branding.supportUrl ?? asServer,
  });
}

async function set(options: SetOptions, slug = ''): Promise<CommandResult> {
  const change = changeOf(options);
  if (Object.keys(change).length === 0)
    throw new UsageError(`name a setting to change; see them with: gatehouse tenants show ${slug}`);
  return withDatabase(async ({ db, config }) => {
    const before = await tenantOf(db, slug);
    const tenant = await changeTenantSettings(db, before.id, change, systemCaller);
    const notes = await idleNotes(db, tenant, change, config);
    const told = notes.map((note) => `\nNote: ${note}.`).join('');
    return {
      data: { ...dataOf(tenant), notes },
      text: `The settings of ${printable(tenant.name)} are now:\n\n${textOf(tenant.settings)}${told && `\n${told}`}`,
    };
  });
}

async function show(_options: object, slug = ''): Promise<CommandResult> {
  return withDatabase(async ({ db }) => {
    const tenant = await tenantOf(db, slug);
    const { id, name, state, settings } = tenant;
    return { data: dataOf(tenant), text: `${fields({ name, slug, id, state })}\n\n${textOf(settings)}` };
  });
}

function withSecondFactor(command: Command): Command {
  return command
    .addOption(
      new Option('--second-factor <whom>', 'of whom a second factor is asked').choices([
        'nobody',
        'administrators',
        'everyone',
      ]),
    )
    .option('--second-factor-grace-days <number>', 'how long people may put off enrolling one', wholeNumber(0, 90))
    .option('--factor-reset-hours <number>', 'how long a reset of a second factor waits', wholeNumber(0, 168))
    .option(
      '--self-deletion-days <number>',
      'how long people who delete their account may keep it; or never: they may not',
      unless('never', 'never', wholeNumber(1, 90)),
    )
    .option(
      '--inactive-erasure-days <number>',
      'after how many days people who are deactivated are erased; or never: not by themselves',
      unless('never', 'never', wholeNumber(7, 3650)),
    )
    .addOption(onOff('--passkey-offer <on|off>', 'whether a passkey is offered after another sign-in, once'))
    .option(
      '--remembered-device-days <number>',
      'how long a browser may be remembered, where the second factor is not asked for; 0: not at all',
      wholeNumber(0, 90),
    )
    .option(
      '--second-factor-channels <list>',
      'codes that count as a second factor of people who have enrolled nothing',
      unless('none', [], channelsOf),
    );
}

function withRegistration(command: Command): Command {
  return command
    .addOption(onOff('--client-registration <on|off>', 'whether applications register by a token'))
    .addOption(onOff('--client-documents <on|off>', 'whether applications are known by a document about them'))
    .option('--client-document-hosts <list>', 'and at which hosts; or any', unless('any', [], listOf));
}

function onOff(flags: string, description: string): Option {
  return new Option(flags, description).choices(['on', 'off']);
}

export function addTenantSettings(tenants: Command): void {
  const which = ['<slug>', 'its short name'] as const;
  performs<SetOptions>(
    withRegistration(withSecondFactor(tenants.command('set').description('change settings of a tenant')))
      .argument(...which)
      .addOption(onOff('--usernames <on|off>', 'whether a username signs in, too'))
      .addOption(onOff('--new-device-notices <on|off>', 'whether a sign-in from a new browser is told'))
      .addOption(onOff('--self-sign-up <on|off>', 'whether anybody may make an account'))
      .option('--sign-up-domains <list>', 'and with which email addresses; or any', unless('any', [], domainsOf))
      .option('--sign-in-methods <list>', 'the ways to sign in', listOf)
      .option('--code-channels <list>', 'the ways that codes go; or none', unless('none', [], channelsOf))
      .option('--countries <list>', 'where messages to phones may go; or none', unless('none', [], countriesOf))
      .option(
        '--daily-phone-messages <number>',
        'SMS and WhatsApp messages a day; or server',
        unless('server', 'server', wholeNumber(0, 1_000_000)),
      )
      .option(
        '--session-hours <number>',
        'how long a sign-in lasts; or server',
        unless('server', 'server', wholeNumber(1, 2160)),
      )
      .option(
        '--audit-retention-days <number>',
        'how long audit events are kept; or server',
        unless('server', 'server', wholeNumber(30, 3650)),
      )
      .option(
        '--trusted-networks <list>',
        'nobody there is limited by address; or none',
        unless('none', [], networksOf),
      )
      .option(
        '--sign-in-failures-per-address <number>',
        'wrong passwords in ten minutes; or server',
        unless('server', 'server', wholeNumber(1, 1_000_000)),
      )
      .option(
        '--codes-per-address <number>',
        'codes in an hour that nobody used; or server',
        unless('server', 'server', wholeNumber(1, 1_000_000)),
      )
      .option('--accent-color <#rrggbb>', 'the colour of its pages and mails; or none')
      .option('--logo-url <url>', 'its logo, by https; or none')
      .option('--support-url <url>', 'where its people find help: https or mailto:; or server')
      .addHelpText('after', setHelp),
    set,
  );
  performs(
    tenants
      .command('show')
      .description('tell the settings of a tenant')
      .argument(...which),
    show,
  );
}
