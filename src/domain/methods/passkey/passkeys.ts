/**
 * The passkeys of a person: listing, adding, naming and taking them away. Owns that each change leaves its event, that a new one
 * is told to the person by mail, and that the last way in stays, unless who administers people says otherwise. Asks for no
 * fresh sign-in, and not who may do so; that is for the caller.
 */
import { type Database, inTransaction } from '../../../platform/database.ts';
import { type Codes, DomainError, defineCodes } from '../../../platform/errors.ts';
import { isId } from '../../../platform/ids.ts';
import { emptyPage, type Page, type PageRequest } from '../../../platform/paging.ts';
import { type Caller, recordEvent } from '../../audit/audit-events.ts';
import { findRemoval } from '../../audit/find-events.ts';
import { revokeAllSessions } from '../../sessions/sessions.ts';
import type { SignInServer } from '../../sign-in/method.ts';
import { findProvable, waysIn } from '../../sign-in/ways-in.ts';
import { findTenantById } from '../../tenants/tenants.ts';
import { holdUser } from '../../users/user-state.ts';
import type { UserOfTenant } from '../../users/users.ts';
import { checkKeyName } from '../../webauthn/key-name.ts';
import { passkeyMethod } from './passkey-method.ts';
import { deletePasskey, type PasskeyRow, renameRow, selectPasskeyPage, selectPasskeys } from './passkey-store.ts';

export const passkeyCodes = defineCodes({
  PASSKEY_LAST_WAY: { kind: 'conflict', means: 'it is the only way that the person has to sign in' },
});
declare module '../../../platform/errors.ts' {
  interface ErrorCodes extends Codes<typeof passkeyCodes> {}
}

/** A passkey of a person. */
export interface OnePasskey extends UserOfTenant {
  /** Of the row; it is no credential. */
  id: string;
}

export const passkeyNotFound = () => new DomainError('not_found', 'NOT_FOUND');

export function aboutPasskeysOf({ tenantId, userId }: UserOfTenant) {
  return { tenantId, entityType: 'user', entityId: userId };
}

/** In the order of the ids. @throws DomainError invalid CURSOR_INVALID */
export async function listPasskeys(
  db: Database,
  { tenantId, userId, ...page }: PageRequest & UserOfTenant,
): Promise<Page<PasskeyRow>> {
  if (!isId(tenantId) || !isId(userId)) return emptyPage();
  return selectPasskeyPage(db, { tenantId, userId }, page);
}

export interface OwnPasskey extends PasskeyRow {
  credentialId: Buffer;
  /** False where it is the person's only way to sign in. */
  canRemove: boolean;
}

/** What a person sees of their own, the oldest first. */
export async function describePasskeys(
  db: Database,
  { tenantId, userId }: UserOfTenant,
  server: SignInServer,
): Promise<OwnPasskey[]> {
  const held = await selectPasskeys(db, { tenantId, userId });
  const canRemove = held.length > 1 || (await hasOtherWay(db, { tenantId, userId }, server));
  return held.map((passkey) => ({ ...passkey, canRemove }));
}

/** @throws DomainError not_found NOT_FOUND, invalid INVALID_INPUT */
export async function renamePasskey(
  db: Database,
  { tenantId, userId, id, ...typed }: OnePasskey & { name: string },
  caller: Caller,
): Promise<void> {
  const name = checkKeyName(typed.name);
  if (!isId(id)) throw passkeyNotFound();
  await inTransaction(db, async (trx) => {
    const before = await renameRow(trx, { tenantId, userId, id, name });
    if (before === undefined) throw passkeyNotFound();
    if (before === name) return;
    const payload = { passkey: id, name: { from: before, to: name } };
    await recordEvent(trx, { ...aboutPasskeysOf({ tenantId, userId }), action: 'passkey.renamed', payload }, caller);
  });
}

/**
 * Takes a passkey away. Once more does no harm.
 * @param wanted.lastWay also where nothing else lets the person in
 * @param wanted.endSessions whether what was signed in to ends: it may have been by this passkey
 * @throws DomainError not_found NOT_FOUND, conflict PASSKEY_LAST_WAY
 */
export async function removePasskey(
  db: Database,
  { tenantId, userId, id, lastWay, endSessions }: OnePasskey & { lastWay: boolean; endSessions: boolean },
  { caller, ...server }: SignInServer & { caller: Caller },
): Promise<void> {
  if (!isId(id)) throw passkeyNotFound();
  const user = { tenantId, userId };
  await inTransaction(db, async (trx) => {
    // Two at once would each find the other's passkey and leave none.
    await holdUser(trx, user);
    const name = await deletePasskey(trx, { ...user, id });
    if (name === undefined) {
      const by = { entityId: userId, member: 'passkey', value: id };
      if (await findRemoval(trx, { action: 'passkey.removed', entityType: 'user', by, tenantIds: [tenantId] })) return;
      throw passkeyNotFound();
    }
    const isLeft = (await selectPasskeys(trx, user)).length > 0;
    if (!lastWay && !isLeft && !(await hasOtherWay(trx, user, server)))
      throw new DomainError('conflict', 'PASSKEY_LAST_WAY');
    const payload = { passkey: id, name };
    await recordEvent(trx, { ...aboutPasskeysOf(user), action: 'passkey.removed', payload }, caller);
    if (endSessions) await revokeAllSessions(trx, user, caller);
  });
}

/** Whether something beside passkeys lets the person in. */
async function hasOtherWay(db: Database, user: UserOfTenant, server: SignInServer): Promise<boolean> {
  const tenant = await findTenantById(db, user.tenantId);
  if (!tenant) return false;
  const person = await findProvable(db, user, server.methods);
  return waysIn(tenant.settings, server, person).some(({ method }) => method !== passkeyMethod.id);
}
