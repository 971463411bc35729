/**
 * What follows from a person's having proved that an email address or phone number is theirs: by a code, a recovery link
 * or an invitation that was sent to it. Owns that an account belongs to the person who proved an address of it first. Whatever
 * could sign in to it before that, by any method, may have been set up by somebody who never had the address and waited for
 * its owner to come (account pre-hijacking); it goes, with every session, and the person is told.
 *
 * Refuses an address that the account has no longer, users who may not act, and an unproved address as a way into an
 * account of which another address was proved: it may be a slip of the pen and somebody else's. It is verified from
 * inside, by the person who is signed in.
 */
import { type Database, inTransaction } from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';
import { isId } from '../../platform/ids.ts';
import type { Secrets } from '../../platform/secrets.ts';
import { type Caller, recordEvent } from '../audit/audit-events.ts';
import { type Channel, enqueueMessage, kindOf } from '../messages/outgoing-message.ts';
import { revokeAllSessions } from '../sessions/sessions.ts';
import type { UserOfTenant } from '../users/users.ts';
import {
  type AddressHolder,
  type AddressKind,
  holdAddress,
  markVerified,
  opensAccount,
} from '../users/verified-address.ts';
import type { SignInMethod } from './method.ts';

/** What letting somebody in by an address needs. */
export interface ProofDependencies {
  /** All of them: what a method is not asked for stays. */
  methods: readonly SignInMethod[];
  secrets: Secrets;
  /** Ours; links in messages begin with it. */
  issuer: string;
  caller: Caller;
}

export interface ProvedAddress extends UserOfTenant {
  kind: AddressKind;
  /** In canonical form. */
  address: string;
}

export interface ProvedWayIn extends UserOfTenant {
  /** By which the proof came, and the notice goes. */
  channel: Channel;
  /** In canonical form. */
  address: string;
  /** Of the notice, for a person who has set none. */
  locale: string;
  /** A credential that the person sets anew in this transaction, and is told of by that: no notice for it alone. */
  replacing?: string;
}

/**
 * Marks an address of a person who comes in by it as verified; where it was already, nothing changes. Upon the first proof
 * the credentials of every method and every session are taken away. Give the transaction in which the proof was used up.
 * @returns `first`: the address had not been proved before; `removed`: what was taken away, such as `google` and `password`
 * @throws DomainError not_found where the user has not that address (any longer), may not act, is of another tenant, or
 *   where `opensAccount` says no
 */
export async function proveAddress(
  db: Database,
  { tenantId, userId, channel, address, locale, replacing }: ProvedWayIn,
  deps: ProofDependencies,
): Promise<{ first: boolean; removed: string[] }> {
  const { caller, methods } = deps;
  const kind = kindOf(channel);
  const proved: ProvedAddress = { tenantId, userId, kind, address };
  return inTransaction(db, async (trx) => {
    const holder = await heldBy(trx, proved);
    if (!opensAccount(holder, kind)) throw notFound();
    if (!(await verify(trx, proved, holder, caller))) return { first: false, removed: [] };

    const removed: string[] = [];
    for (const method of methods) removed.push(...(await method.takeAway(trx, { tenantId, userId })));
    removed.sort();
    if (removed.length > 0) {
      const payload = { kind, methods: removed };
      await recordEvent(trx, { ...about(proved), action: 'credentials.removed', payload }, caller);
    }
    await revokeAllSessions(trx, { tenantId, userId }, caller);
    if (removed.some((name) => name !== replacing)) {
      const { tenantName, locale: own } = holder;
      await tellOfRemoval(trx, { tenantId, channel, address, locale: own ?? locale, tenantName }, deps);
    }
    return { first: true, removed };
  });
}

/**
 * Marks one more address of a person who is signed in already as verified, and takes nothing away. Give the transaction in
 * which the proof was used up.
 * @returns `first`: the address had not been proved before
 * @throws DomainError not_found where the user has not that address (any longer), may not act, or is of another tenant
 */
export async function verifyAddress(db: Database, proved: ProvedAddress, caller: Caller): Promise<{ first: boolean }> {
  return inTransaction(db, async (trx) => {
    return { first: await verify(trx, proved, await heldBy(trx, proved), caller) };
  });
}

async function heldBy(trx: Database, proved: ProvedAddress): Promise<AddressHolder> {
  const holder = isId(proved.tenantId) && isId(proved.userId) ? await holdAddress(trx, proved) : undefined;
  if (!holder) throw notFound();
  return holder;
}

/** False where it was verified before. */
async function verify(
  trx: Database,
  proved: ProvedAddress,
  { emailVerified, phoneVerified }: AddressHolder,
  caller: Caller,
): Promise<boolean> {
  if (proved.kind === 'email' ? emailVerified : phoneVerified) return false;
  await markVerified(trx, proved);
  await recordEvent(trx, { ...about(proved), action: 'address.verified', payload: { kind: proved.kind } }, caller);
  return true;
}

async function tellOfRemoval(
  trx: Database,
  {
    address,
    tenantName,
    ...to
  }: { tenantId: string; channel: Channel; address: string; locale: string; tenantName: string },
  { secrets, issuer }: Pick<ProofDependencies, 'secrets' | 'issuer'>,
): Promise<void> {
  const model = { tenantName, href: `${issuer}/account` };
  await enqueueMessage(trx, { ...to, to: address, template: 'credentials-removed', model }, { secrets });
}

function about({ tenantId, userId }: UserOfTenant) {
  return { tenantId, entityType: 'user', entityId: userId };
}

function notFound(): DomainError {
  return new DomainError('not_found', 'NOT_FOUND');
}
