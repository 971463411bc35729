/**
 * Which numbers messages may go to, and how many a day. Owns the countries of a tenant within those of the server, the
 * kinds of number (a mobile one, never one that earns its owner money) and the key of a tenant's daily budget. Refuses
 * by what a number is, never by whose it is: anybody may be told.
 */
import { parsePhoneNumberFromString } from 'libphonenumber-js/max';
import type { Database } from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';
import { budgetLeft } from '../../platform/rate-limits.ts';
import type { TenantSettings } from '../tenants/tenant-settings.ts';
import type { MessageKind } from './outgoing-message.ts';

/** Messages a day for each tenant, as the server is configured. */
export interface MessageBudgets {
  readonly email: number;
  readonly phone: number;
}

/** A tenant whose budget counts; null: messages of the server that belong to no tenant. */
export type BudgetOwner = { id: string; settings: TenantSettings } | null;

/**
 * The countries (ISO 3166-1 alpha-2) that messages may go to. A tenant's list is narrowed by the server's, where it has
 * one; without a tenant the server's list alone decides. Empty: none.
 */
export function allowedCountries(tenant: TenantSettings | null, serverCountries: readonly string[]): readonly string[] {
  if (tenant === null) return serverCountries;
  return serverCountries.length === 0
    ? tenant.countryList
    : tenant.countryList.filter((country) => serverCountries.includes(country));
}

/**
 * Refuses a number that no message may go to.
 * @param phone E.164
 * @throws DomainError invalid PHONE_NOT_SUPPORTED
 */
export function checkPhone(
  phone: string,
  { serverCountries, tenant }: { serverCountries: readonly string[]; tenant: TenantSettings | null },
): void {
  const number = parsePhoneNumberFromString(phone);
  const type = number?.getType();
  // Where a country does not tell them apart (North America), a number may be either; premium ones it does tell.
  const mobile = number?.isValid() === true && (type === 'MOBILE' || type === 'FIXED_LINE_OR_MOBILE');
  const country = number?.country;
  if (!mobile || country === undefined || !allowedCountries(tenant, serverCountries).includes(country))
    throw new DomainError('invalid', 'PHONE_NOT_SUPPORTED', { field: 'phone' });
}

/** What a tenant may send in a day: the server's budget, and for phones no more than the tenant itself allows. */
export function dailyBudget(kind: MessageKind, owner: BudgetOwner, budgets: MessageBudgets): number {
  if (kind === 'email') return budgets.email;
  return Math.min(budgets.phone, owner?.settings.dailyPhoneMessages ?? budgets.phone);
}

/** What the budget of a tenant is counted under. */
export function budgetSubject(kind: MessageKind, tenantId: string | null): string {
  return `${kind}:${tenantId ?? 'server'}`;
}

/** Whether today's budget is used up; counts nothing. The same for every address. */
export async function isBudgetUsedUp(
  db: Database,
  kind: MessageKind,
  owner: BudgetOwner,
  budgets: MessageBudgets,
): Promise<boolean> {
  const left = await budgetLeft(db, budgetSubject(kind, owner?.id ?? null), dailyBudget(kind, owner, budgets));
  return left === 0;
}
