/**
 * Offering a passkey to somebody who has signed in by something else. Owns that it is done once for a person, and not where they
 * have one or the tenant has none or wants none offered. That the browser could make one is for the caller.
 */
import { type Database, rows } from '../../../platform/database.ts';
import type { AccountProfile, UserOfTenant } from '../../users/users.ts';
import { allowsPasskeys } from './passkey-rules.ts';
import { hasPasskey } from './passkey-store.ts';

/** RFC 8176 method names of what a passkey would be easier than. Who comes by an account elsewhere has it easy already. */
const worseThanPasskeys: ReadonlySet<string> = new Set(['pwd', 'otp']);
const othersOffers: ReadonlySet<string> = new Set(['fed', 'hwk', 'swk']);

/** @param amr how they have just signed in */
export async function mayBeOfferedPasskey(
  db: Database,
  { tenantId, userId, tenant }: AccountProfile,
  amr: readonly string[],
): Promise<boolean> {
  const { settings } = tenant;
  if (!settings.passkeyOffer || !allowsPasskeys(settings)) return false;
  if (!amr.some((name) => worseThanPasskeys.has(name)) || amr.some((name) => othersOffers.has(name))) return false;
  const offered = await rows(db, 'select 1 as found from passkey_offers where tenant_id = ? and user_id = ?', [
    tenantId,
    userId,
  ]);
  return offered.length === 0 && !(await hasPasskey(db, { tenantId, userId }));
}

/** Keeps that it was done. */
export async function recordPasskeyOffer(db: Database, { tenantId, userId }: UserOfTenant): Promise<void> {
  await rows(db, 'insert into passkey_offers (tenant_id, user_id) values (?, ?) on conflict do nothing', [
    tenantId,
    userId,
  ]);
}
