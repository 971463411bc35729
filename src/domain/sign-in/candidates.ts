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
import { opensAccount } from '../users/verified-address.ts';
import { type PersonRow, selectPeople } from './candidate-store.ts';

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

/**
 * Why a code that was sent this way does not lead into an account; undefined where it does.
 * @param serverCountries empty where only the tenant's list is to be asked
 */
export function noWayIn(
  person: Person,
  {
    destination,
    channel,
    serverCountries,
  }: { destination: string; channel: Channel; serverCountries: readonly string[] },
): NoWayIn | undefined {
  if (!person.tenantActive) return 'tenant_suspended';
  if (!person.userActive) return 'user_inactive';
  const settings = parseTenantSettings(person.tenantSettings);
  if (!settings.signInMethods.includes('otp') || !settings.codeChannels.includes(channel)) return 'method_not_offered';
  if (kindOf(channel) === 'phone' && !isCountryAllowed(destination, settings, serverCountries))
    return 'country_not_allowed';
  return opensAccount(person, kindOf(channel)) ? undefined : 'address_not_proved';
}
