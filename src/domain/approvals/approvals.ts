/**
 * Whom an application asks for an approval (CIBA), and how often it may. Owns that nobody learns from an answer or its time
 * whether there is such a person: everybody's request costs the same, is counted the same, and is stored. Refuses to have a
 * person asked too often, by one application or by all: what is too much for them is a request that names nobody.
 */
import type { Database } from '../../platform/database.ts';
import { type Codes, DomainError, defineCodes } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import { consume, defineLimits } from '../../platform/rate-limits.ts';
import { selectPeople } from '../sign-in/candidate-store.ts';
import type { Tenant } from '../tenants/tenants.ts';
import { parseAddress } from '../users/canonical-address.ts';
import { parseUsername } from '../users/username.ts';

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

/** By what a person may be named; nothing that could be anybody's name names nobody. */
function nameIn(hint: string, { settings }: Pick<Tenant, 'settings'>): ['email' | 'phone' | 'username', string] {
  const address = parseAddress(hint);
  if (address && 'email' in address) return ['email', address.email];
  if (address) return ['phone', address.phone];
  // A username that nobody has costs the same search.
  return ['username', (settings.usernames ? parseUsername(hint) : undefined) ?? ''];
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
  const [kind, name] = nameIn(hint, tenant);
  await consume(db, approvalLimits.approvalsPerClient, clientId);
  await consume(db, approvalLimits.approvalsPerHint, `${clientId} ${kind} ${name}`);
  const isMeant = (person: Awaited<ReturnType<typeof selectPeople>>[number]) =>
    person.userActive &&
    person.tenantActive &&
    (kind === 'username' || (kind === 'email' ? person.emailVerified : person.phoneVerified));
  const person = (await selectPeople(db, kind, name, tenant.id)).find(isMeant);
  const stranger = newId();
  // Counted for whoever it is, and one after the other: a person who is asked too often by one is not used up for all.
  const subject = person?.userId ?? stranger;
  const isAsked =
    (await isWithin(db, approvalLimits.approvalsPerClientAndPerson, `${clientId} ${subject}`)) &&
    (await isWithin(db, approvalLimits.approvalsPerPerson, subject));
  return person && isAsked ? person.userId : stranger;
}
