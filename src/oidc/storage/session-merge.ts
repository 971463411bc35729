/**
 * Two requests of one browser at the same moment: each reads the session, adds what it did and stores the whole. Here
 * the later one keeps what the earlier one added, so that opening two applications side by side signs nobody out of
 * either. Owns the comparison alone; the adapter locks the row.
 */
import type { AdapterPayload } from 'oidc-provider';

export interface SessionAuthorization {
  sid?: string;
  grantId?: string;
}

export interface SessionPayload extends AdapterPayload {
  authorizations?: Record<string, SessionAuthorization>;
}

function same(left: unknown, right: unknown): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}

const loginFields = ['loginTs', 'amr', 'acr', 'transient'] as const;

/**
 * What to store.
 * @param ours as this request leaves it
 * @param base as this request found it
 * @param theirs as it is stored by now
 */
export function mergeSessions(
  ours: SessionPayload,
  base: SessionPayload | undefined,
  theirs: SessionPayload | undefined,
): SessionPayload {
  if (!base || !theirs || base.accountId !== theirs.accountId || ours.accountId !== theirs.accountId) return ours;
  const authorizations: Record<string, SessionAuthorization> = {};
  const clientIds = new Set([...Object.keys(ours.authorizations ?? {}), ...Object.keys(theirs.authorizations ?? {})]);
  for (const clientId of clientIds) {
    const mine = ours.authorizations?.[clientId];
    const untouched = same(mine, base.authorizations?.[clientId]);
    const kept = untouched ? theirs.authorizations?.[clientId] : mine;
    if (kept) authorizations[clientId] = kept;
  }
  const merged: SessionPayload = { ...ours, authorizations };
  // A fresh proof in another tab stays the proof of the session.
  if (loginFields.every((name) => same(ours[name], base[name])))
    for (const name of loginFields) Object.assign(merged, { [name]: theirs[name] });
  return merged;
}
