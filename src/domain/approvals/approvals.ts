/**
 * Whom an application asks for an approval (CIBA), and how often it may. Owns that nobody learns from an answer or its time
 * whether there is such a person: everybody's request costs the same, is counted the same, and is stored. Refuses to have a
 * person asked too often, by one application or by all: what is too much for them is a request that names nobody.
 */
import type { Database } from '../../platform/database.ts';
import { type Codes, DomainError, defineCodes } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import { consume, defineLimits } from '../../platform/rate-limits.ts';
import { findPeople, type Person } from '../sign-in/candidates.ts';
import type { Tenant } from '../tenants/tenants.ts';
import { parseAddress } from '../users/canonical-address.ts';
import { parseUsername, usernameDestination } from '../users/username.ts';

export const approvalCodes = defineCodes({
  APPROVAL_EXPIRED: {
    kind: 'expired',
    means: 'the request for an approval is answered, has expired, or its application may not ask any more',
  },
});
declare module '../../platform/errors.ts' {
  interface ErrorCodes extends Codes<typeof approvalCodes> {}
}

export const approvalLimits = defineLimits({
  /** Requests of one application. */
  approvalsPerClient: { hits: 600, windowSeconds: 600 },
  /** Of one application, by whom it names: the same whether there is such a person. */
  approvalsPerHint: { hits: 5, windowSeconds: 600 },
  /** Of one application and one person, by whatever name. More are asked of nobody. */
  approvalsPerClientAndPerson: { hits: 10, windowSeconds: 3_600 },
  /** Of all applications and one person. More are asked of nobody. */
  approvalsPerPerson: { hits: 20, windowSeconds: 3_600 },
});

interface Named {
  destination: string;
  channel: 'email' | 'sms';
  /** Whether somebody who is found by it is meant by it: an address that was never proved may be another's. */
  isOf(person: Person): boolean;
}

/** What a hint may be the name of; what is nobody's costs the same search. */
function nameIn(hint: string, { settings }: Pick<Tenant, 'settings'>): Named {
  const address = parseAddress(hint);
  if (address && 'email' in address)
    return { destination: address.email, channel: 'email', isOf: ({ emailVerified }) => emailVerified };
  if (address) return { destination: address.phone, channel: 'sms', isOf: ({ phoneVerified }) => phoneVerified };
  const username = (settings.usernames ? parseUsername(hint) : undefined) ?? '';
  return { destination: usernameDestination(username), channel: 'email', isOf: () => true };
}

async function isWithin(db: Database, limit: (typeof approvalLimits)[keyof typeof approvalLimits], subject: string) {
  try {
    await consume(db, limit, subject);
    return true;
  } catch (error) {
    if (error instanceof DomainError && error.code === 'TOO_MANY_ATTEMPTS') return false;
    throw error;
  }
}

export interface AskedApproval {
  tenant: Tenant;
  /** As the protocol has it. */
  clientId: string;
  /** An email address or a phone number that was proved, or a username. */
  hint: string;
}

/**
 * Counts a request, and finds the person whom it names; else an id that nobody has.
 * @throws DomainError rate_limited TOO_MANY_ATTEMPTS
 */
export async function findAskedPerson(db: Database, { tenant, clientId, hint }: AskedApproval): Promise<string> {
  const { destination, channel, isOf } = nameIn(hint, tenant);
  await consume(db, approvalLimits.approvalsPerClient, clientId);
  await consume(db, approvalLimits.approvalsPerHint, `${clientId} ${destination}`);
  const people = await findPeople(db, { destination, channel, tenantId: tenant.id });
  const person = people.find((one) => one.userActive && one.tenantActive && isOf(one));
  const stranger = newId();
  // Counted for whoever it is, and one after the other: a person who is asked too often by one is not used up for all.
  const subject = person?.userId ?? stranger;
  const isAsked =
    (await isWithin(db, approvalLimits.approvalsPerClientAndPerson, `${clientId} ${subject}`)) &&
    (await isWithin(db, approvalLimits.approvalsPerPerson, subject));
  return person && isAsked ? person.userId : stranger;
}
