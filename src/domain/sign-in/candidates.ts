/**
 * Whom a destination may mean: who of those who live at an address may be sent a code for it and may come in by one.
 * Asked by the job that delivers, and again when the code is typed. Refuses people who may not act, tenants that do not sign
 * in by codes or not by this channel, numbers of countries that are not on the tenant's list, and an address that never
 * opened the account (users/verified-address.ts).
 */
import type { Database } from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';
import { type Channel, kindOf } from '../messages/outgoing-message.ts';
import { checkPhone } from '../messages/phone-policy.ts';
import { parseTenantSettings, type TenantSettings } from '../tenants/tenant-settings.ts';
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
  return selectPeople(db, kindOf(channel), destination, tenantId);
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
export interface SentTo {
  person: Person;
  settings: TenantSettings;
  destination: string;
  channel: Channel;
  /** Empty where only the tenant's list is to be asked. */
  serverCountries: readonly string[];
}

/** In the order in which they are told. */
export const codeRules: readonly Rule<SentTo, NoWayIn>[] = [
  { refusal: 'tenant_suspended', holds: ({ person }) => person.tenantActive },
  { refusal: 'user_inactive', holds: ({ person }) => person.userActive },
  {
    refusal: 'method_not_offered',
    holds: ({ settings, channel }) => settings.signInMethods.includes('otp') && settings.codeChannels.includes(channel),
  },
  {
    refusal: 'country_not_allowed',
    holds: ({ settings, channel, destination, serverCountries }) =>
      kindOf(channel) !== 'phone' || isCountryAllowed(destination, settings, serverCountries),
  },
  { refusal: 'address_not_proved', holds: ({ person, channel }) => opensAccount(person, kindOf(channel)) },
];

/** One person by their id. */
export async function findPerson(db: Database, user: UserOfTenant): Promise<Person | undefined> {
  return selectPerson(db, user);
}

/**
 * Why a code that was sent this way does not lead into an account; undefined where it does.
 */
export function noWayIn(
  person: Person,
  sent: Pick<SentTo, 'destination' | 'channel' | 'serverCountries'>,
): NoWayIn | undefined {
  return firstRefusal(codeRules, { ...sent, person, settings: parseTenantSettings(person.tenantSettings) });
}
