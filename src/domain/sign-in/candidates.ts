/**
 * Whom a destination may mean: who of those who live at an address may be sent a code for it and may come in by one.
 * Asked by the job that delivers, and again when the code is typed. Refuses people who may not act, tenants that do not sign
 * in by codes or not by this channel, numbers of countries that are not on the tenant's list, and an address that never
 * opened the account (users/verified-address.ts). What was asked for by a username goes to an address that was verified
 * before that, and leads in only while it is the person's: nobody comes in by an address that was given to the account
 * meanwhile.
 */
import type { Database } from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';
import { type Channel, kindOf } from '../messages/outgoing-message.ts';
import { checkPhone } from '../messages/phone-policy.ts';
import { parseTenantSettings, type TenantSettings } from '../tenants/tenant-settings.ts';
import { usernameOf } from '../users/username.ts';
import type { UserOfTenant } from '../users/users.ts';
import { opensAccount } from '../users/verified-address.ts';
import { type PersonRow, selectPeople, selectPerson } from './candidate-store.ts';
import { firstRefusal, type Rule } from './rules.ts';

export type Person = PersonRow;

export type NoWayIn =
  | 'address_not_proved'
  | 'country_not_allowed'
  | 'method_not_offered'
  | 'tenant_suspended'
  | 'user_inactive';

/** Users that are not deleted, in one tenant or in all; those who may act first. */
export async function findPeople(
  db: Database,
  { destination, channel, tenantId }: { destination: string; channel: Channel; tenantId: string | null },
): Promise<Person[]> {
  const username = usernameOf(destination);
  if (username !== undefined) return selectPeople(db, 'username', username, tenantId);
  return selectPeople(db, kindOf(channel), destination, tenantId);
}

/** How something was asked for, and where it went. */
export interface AskedFor {
  /** An address in canonical form, or `usernameDestination`. */
  destination: string;
  channel: Channel;
  createdAt: Date;
  /** The address that something which was asked for by a username went to, once it has gone. */
  reached: string | null;
}

/** The address behind a destination; null where the person of a username has none of the channel's kind. */
export function addressOf(person: Person, { destination, channel }: Pick<AskedFor, 'destination' | 'channel'>) {
  if (usernameOf(destination) === undefined) return destination;
  return kindOf(channel) === 'email' ? person.email : person.phone;
}

/** Whether the holder of the address behind a destination may come into the account by what was asked for. */
export function mayOpen(person: Person, asked: AskedFor): boolean {
  const kind = kindOf(asked.channel);
  if (usernameOf(asked.destination) === undefined) return opensAccount(person, kind);
  const { emailVerifiedAt, phoneVerifiedAt } = person;
  const verifiedAt = kind === 'email' ? emailVerifiedAt : phoneVerifiedAt;
  if (verifiedAt === null || verifiedAt >= asked.createdAt) return false;
  return asked.reached === null || asked.reached === addressOf(person, asked);
}

/** Whether a tenant takes usernames, where one was given. */
export function takesDestination(settings: TenantSettings, destination: string): boolean {
  return settings.usernames || usernameOf(destination) === undefined;
}

function isCountryAllowed(phone: string, tenant: TenantSettings, serverCountries: readonly string[]): boolean {
  try {
    checkPhone(phone, { tenant, serverCountries });
    return true;
  } catch (error) {
    if (error instanceof DomainError) return false;
    throw error;
  }
}

/** A person, and how a code would be sent to them. */
export interface SentTo extends AskedFor {
  person: Person;
  settings: TenantSettings;
  /** Empty where only the tenant's list is to be asked. */
  serverCountries: readonly string[];
}

/** In the order in which they are told. */
export const codeRules: readonly Rule<SentTo, NoWayIn>[] = [
  { refusal: 'tenant_suspended', holds: ({ person }) => person.tenantActive },
  { refusal: 'user_inactive', holds: ({ person }) => person.userActive },
  {
    refusal: 'method_not_offered',
    holds: ({ settings, channel, destination }) =>
      settings.signInMethods.includes('otp') &&
      settings.codeChannels.includes(channel) &&
      takesDestination(settings, destination),
  },
  {
    refusal: 'country_not_allowed',
    holds: ({ person, settings, serverCountries, ...asked }) => {
      const address = kindOf(asked.channel) === 'phone' ? addressOf(person, asked) : null;
      return address === null || isCountryAllowed(address, settings, serverCountries);
    },
  },
  { refusal: 'address_not_proved', holds: ({ person, ...asked }) => mayOpen(person, asked) },
];

/** One person by their id. */
export async function findPerson(db: Database, user: UserOfTenant): Promise<Person | undefined> {
  return selectPerson(db, user);
}

/**
 * Why a code that was sent this way does not lead into an account; undefined where it does.
 */
export function noWayIn(person: Person, sent: AskedFor & Pick<SentTo, 'serverCountries'>): NoWayIn | undefined {
  return firstRefusal(codeRules, { ...sent, person, settings: parseTenantSettings(person.tenantSettings) });
}
