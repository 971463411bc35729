/**
 * Who a person is here whom a provider vouches for. Owns the rule that an identity is (issuer, subject), and that an email
 * address never finds an account by itself: it finds whom to ask for proof (security.md, "Federation").
 *
 * - A known identity is its account.
 * - An unknown one with an email address that the provider has verified: the account of that address proves itself first,
 *   unless the tenant trusts the provider for that domain. Where nothing of the account was ever verified here, its
 *   password is no proof (somebody may have set it up and waited): a code to the address is, or the word of a trusted
 *   provider, and either takes what could sign in to the account before (sign-in/prove-address.ts).
 * - Nobody of that address: whether somebody may join is for domain/sign-up.
 *
 * Refuses everything else in the same words, and writes why.
 */

import { type Database, inTransaction } from '../../../platform/database.ts';
import { type Caller, recordEvent } from '../../audit/audit-events.ts';
import { type ProofDependencies, proveAddress } from '../../sign-in/prove-address.ts';
import type { ProvedAccount } from '../../sign-in/proved-account.ts';
import { firstRefusal } from '../../sign-in/rules.ts';
import { parseTenantSettings } from '../../tenants/tenant-settings.ts';
import { findTenantById, type Tenant } from '../../tenants/tenants.ts';
import { useIdentity } from '../../users/identities.ts';
import { opensAccount } from '../../users/verified-address.ts';
import type { ProviderPerson } from './claim-mapping.ts';
import { federationRules } from './federation-rules.ts';
import { isOfHostedDomain, type LinkDependencies, linkIdentity, refusedAccount } from './identities.ts';
import { type IdentityProvider, isOffered } from './identity-providers.ts';
import {
  type AccountRow,
  type AddressedAccountRow,
  lockActiveUser,
  selectAccountsByEmail,
  selectIdentityAccounts,
} from './identity-store.ts';

/** An account that has to be proved before an identity is linked to it. */
export interface AccountToProve {
  userId: string;
  tenantId: string;
  tenantName: string;
  email: string;
  /** Whether its password proves it: it has one, and an address of the account was proved. */
  hasPassword: boolean;
  /** Whether a code to the address proves it: not where another address was proved, and this one never. */
  codeProves: boolean;
}

export type FederatedSignIn =
  | { kind: 'signed-in'; accounts: ProvedAccount[] }
  | { kind: 'proof-needed'; account: AccountToProve }
  /** Nobody here, of a tenant that is known; the email address is verified at the provider. */
  | { kind: 'nobody' };

type Reason =
  | 'email_not_verified'
  | 'hosted_domain'
  | 'method_not_offered'
  | 'tenant_suspended'
  | 'unknown_account'
  | 'user_inactive';

interface Refused {
  kind: 'refused';
  reason: Reason;
  row?: AccountRow;
}

export interface FederatedAttempt {
  provider: IdentityProvider;
  person: ProviderPerson;
  /** Null: any tenant. */
  tenant: Pick<Tenant, 'id' | 'settings'> | null;
}

function provedAccount({ userId, tenantId, tenantName, tenantSlug, fullName, email }: AccountRow): ProvedAccount {
  return { userId, tenantId, tenantName, tenantSlug, name: fullName, email };
}

/** Why an account cannot be signed in to with this identity; undefined where it can. */
function unusable(row: AccountRow, { provider, person }: FederatedAttempt): Reason | undefined {
  const settings = parseTenantSettings(row.tenantSettings);
  const refusal = firstRefusal(federationRules, { ...row, settings, provider });
  if (refusal !== undefined) return refusal;
  return isOfHostedDomain(provider, person, settings) ? undefined : 'hosted_domain';
}

function trustsDomain(row: AccountRow, { provider, person }: FederatedAttempt): boolean {
  const domains = parseTenantSettings(row.tenantSettings).federation[provider.key]?.trustedEmailDomains ?? [];
  return person.email !== null && domains.includes(person.email.slice(person.email.lastIndexOf('@') + 1));
}

/**
 * Finds out who somebody is, and links where no more proof is needed: all of it in one transaction, or nothing.
 * Writes `login.failed` for a person who is refused; `login.succeeded` is written where the session is stored.
 * @throws DomainError forbidden PROVIDER_ACCOUNT_REFUSED `{ provider }`
 */
export async function signInWithIdentity(
  db: Database,
  attempt: FederatedAttempt,
  deps: ProofDependencies,
): Promise<FederatedSignIn> {
  const outcome = await inTransaction(db, async (trx) => {
    const found = (await ofIdentity(trx, attempt)) ?? (await ofEmail(trx, attempt, deps));
    if (found.kind === 'refused') await recordRefusal(trx, attempt, found, deps.caller);
    return found;
  });
  if (outcome.kind === 'refused') throw refusedAccount(attempt.provider);
  return outcome;
}

/** The accounts of a known identity; undefined where it is not known. */
async function ofIdentity(trx: Database, attempt: FederatedAttempt): Promise<FederatedSignIn | Refused | undefined> {
  const { provider, person, tenant } = attempt;
  const { issuer, subject, email, emailVerified } = person;
  const known = await selectIdentityAccounts(trx, {
    provider: provider.key,
    issuer,
    subject,
    tenantId: tenant?.id ?? null,
  });
  const [first] = known;
  if (!first) return undefined;
  const accounts: ProvedAccount[] = [];
  // In the order of ids: two sign-ins that share accounts wait for each other instead of locking up.
  for (const row of known.toSorted((left, right) => (left.identityId < right.identityId ? -1 : 1)))
    if (unusable(row, attempt) === undefined && (await useIdentity(trx, { ...row, email, emailVerified })))
      accounts.push(provedAccount(row));
  if (accounts.length === 0)
    return { kind: 'refused', row: first, reason: unusable(first, attempt) ?? 'user_inactive' };
  const order = known.map(({ userId }) => userId);
  accounts.sort((left, right) => order.indexOf(left.userId) - order.indexOf(right.userId));
  return { kind: 'signed-in', accounts };
}

/** Whom the verified email address of an unknown identity means. */
async function ofEmail(
  trx: Database,
  attempt: FederatedAttempt,
  deps: ProofDependencies,
): Promise<FederatedSignIn | Refused> {
  const { provider, person, tenant } = attempt;
  if (tenant !== null) {
    if (!isOffered(provider, tenant)) return { kind: 'refused', reason: 'method_not_offered' };
    if (!isOfHostedDomain(provider, person, tenant.settings)) return { kind: 'refused', reason: 'hosted_domain' };
  }
  const { email } = person;
  if (email === null || !person.emailVerified) return { kind: 'refused', reason: 'email_not_verified' };
  const found = await selectAccountsByEmail(trx, { provider: provider.key, email, tenantId: tenant?.id ?? null });
  const [row, another] = found;
  // Without a tenant, an address of two would have to be chosen for before anything is proved here.
  if (another) return { kind: 'refused', reason: 'unknown_account' };
  if (!row) return tenant === null ? { kind: 'refused', reason: 'unknown_account' } : { kind: 'nobody' };
  const reason = unusable(row, attempt);
  if (reason !== undefined) return { kind: 'refused', reason, row };
  return ofAccount(trx, { ...attempt, row, email }, deps);
}

async function ofAccount(
  trx: Database,
  attempt: FederatedAttempt & { row: AddressedAccountRow; email: string },
  deps: ProofDependencies,
): Promise<FederatedSignIn> {
  const { row, email, provider, person } = attempt;
  const { tenantId, userId, tenantName, hasPassword, emailVerified } = row;
  const codeProves = opensAccount(row, 'email');
  const firstProof = codeProves && !emailVerified;
  // Another account of the provider under the same address may be somebody else who was given the address later.
  const trusted = trustsDomain(row, attempt) && codeProves && (firstProof || !row.hasIdentityThere);
  if (!trusted)
    return {
      kind: 'proof-needed',
      account: { userId, tenantId, tenantName, email, hasPassword: hasPassword && !firstProof, codeProves },
    };
  if (firstProof) {
    // The word of a trusted provider is the first proof of the address; what was set up before it goes.
    const proved = { tenantId, userId, channel: 'email' as const, address: email, locale: person.locale ?? 'en' };
    await proveAddress(trx, proved, { ...deps, caller: { ...deps.caller, type: 'user', id: userId } });
  }
  // Held from here on, so that the address cannot change hands before the link stands.
  const held = await lockActiveUser(trx, { tenantId, userId });
  if (held?.email?.toLowerCase() !== email || !held.emailVerified) throw refusedAccount(provider);
  await linkIdentity(trx, { tenantId, userId, provider, person, replace: false, notify: true }, deps);
  return { kind: 'signed-in', accounts: [provedAccount(row)] };
}

async function recordRefusal(
  trx: Database,
  { provider, tenant }: FederatedAttempt,
  { reason, row }: Refused,
  caller: Caller,
): Promise<void> {
  const subject = row ? { entityType: 'user', entityId: row.userId } : {};
  const payload = { method: 'fed', provider: provider.key, reason };
  await recordEvent(
    trx,
    { tenantId: row?.tenantId ?? tenant?.id, action: 'login.failed', ...subject, payload },
    caller,
  );
}

/** Writes that somebody came back from a provider with nothing that counts. */
export async function recordFederationFailure(
  db: Database,
  failure: { provider: IdentityProvider; tenantId: string | null; reason: string },
  caller: Caller,
): Promise<void> {
  const { provider, tenantId, reason } = failure;
  const payload = { method: 'fed', provider: provider.key, reason };
  await recordEvent(db, { tenantId, action: 'login.failed', payload }, caller);
}

/**
 * Links an identity to the account that has been proved since `proof-needed`, and signs in to it. Looks at everything
 * again: meanwhile the address, the tenant's settings or the account may have changed.
 * @throws DomainError forbidden PROVIDER_ACCOUNT_REFUSED, conflict IDENTITY_IN_USE
 */
export async function linkProvedAccount(
  db: Database,
  attempt: Pick<FederatedAttempt, 'provider' | 'person'> & { account: { tenantId: string; userId: string } },
  deps: LinkDependencies,
): Promise<ProvedAccount> {
  const { provider, person, account } = attempt;
  return inTransaction(db, async (trx) => {
    const tenant = await findTenantById(trx, account.tenantId);
    const { email, emailVerified } = person;
    if (!tenant || email === null || !emailVerified) throw refusedAccount(provider);
    await lockActiveUser(trx, account);
    const found = await selectAccountsByEmail(trx, { provider: provider.key, email, tenantId: tenant.id });
    const row = found.find(({ userId }) => userId === account.userId);
    if (!row || unusable(row, { provider, person, tenant }) !== undefined) throw refusedAccount(provider);
    // Somebody may have set up an account of which nothing was proved: they know its password, and wait for its owner.
    if (!row.emailVerified && !row.phoneVerified) throw refusedAccount(provider);
    await linkIdentity(trx, { ...account, provider, person, replace: true, notify: true }, deps);
    return provedAccount(row);
  });
}
