/**
 * Accounts elsewhere that sign in to an account here. Owns linking and unlinking with what belongs to it: the event and
 * the notice. Refuses an identity that is somebody else's here, a second one of a provider, and to unlink the last way
 * that somebody has to sign in. Asks for no fresh sign-in; that is for the caller.
 */

import { type Database, inTransaction, violatedConstraint } from '../../../platform/database.ts';
import { type Codes, DomainError, defineCodes } from '../../../platform/errors.ts';
import type { Secrets } from '../../../platform/secrets.ts';
import { type Caller, recordEvent } from '../../audit/audit-events.ts';
import { availableChannels } from '../../messages/available-channels.ts';
import { type Channel, enqueueMessage } from '../../messages/outgoing-message.ts';
import { checkPhone } from '../../messages/phone-policy.ts';
import { parseTenantSettings, type TenantSettings } from '../../tenants/tenant-settings.ts';
import { deleteIdentity, insertIdentity } from '../../users/identities.ts';
import type { UserOfTenant } from '../../users/users.ts';
import { fillInProfile } from '../../users/users.ts';
import type { ProviderPerson } from './claim-mapping.ts';
import { type IdentityProvider, isOffered, offeredProviders } from './identity-providers.ts';
import {
  holdActiveProvider,
  type IdentityRow,
  lockActiveUser,
  selectIdentities,
  selectWays,
} from './identity-store.ts';

export const identityCodes = defineCodes({
  IDENTITY_IN_USE: {
    kind: 'conflict',
    params: ['count', 'provider'],
    means:
      'the identity belongs to another account, the person has another one at this provider, or people sign in by the provider that is to go (so many)',
  },
  IDENTITY_LAST_WAY: { kind: 'conflict', means: 'it is the only way that the person has to sign in' },
});
declare module '../../../platform/errors.ts' {
  interface ErrorCodes extends Codes<typeof identityCodes> {}
}

export interface LinkDependencies {
  secrets: Secrets;
  /** Ours; links in messages begin with it. */
  issuer: string;
  caller: Caller;
}

/** Refused in the same words whatever the reason is; the reason is for the trail. */
export function refusedAccount(provider: Pick<IdentityProvider, 'name'>): DomainError {
  return new DomainError('forbidden', 'PROVIDER_ACCOUNT_REFUSED', { provider: provider.name });
}

/** Whether a tenant takes accounts of this organisation at the provider; `hd` was read from the signed token. */
export function isOfHostedDomain(provider: IdentityProvider, person: ProviderPerson, tenant: TenantSettings): boolean {
  const required = tenant.federation[provider.key]?.requiredHostedDomain ?? null;
  return required === null || person.hostedDomain === required.toLowerCase();
}

export interface NewLink extends UserOfTenant {
  provider: IdentityProvider;
  person: ProviderPerson;
  /** Whether another account at the same provider gives way. */
  replace: boolean;
  /** Whether the person is told by mail: everybody who had the account before. */
  notify: boolean;
}

/**
 * Links an account at a provider to an account here, in the caller's transaction. What the account has no name, picture
 * or language for, it takes from there, this once.
 * @throws DomainError conflict IDENTITY_IN_USE, forbidden PROVIDER_ACCOUNT_REFUSED (the user or the provider may not be
 *   used any longer)
 */
export async function linkIdentity(
  trx: Database,
  { provider, person, replace, notify, tenantId, userId }: NewLink,
  { secrets, issuer, ...deps }: LinkDependencies,
): Promise<void> {
  const caller: Caller = { ...deps.caller, type: 'user', id: userId };
  const user = await lockActiveUser(trx, { tenantId, userId });
  if (!user || !(await holdActiveProvider(trx, provider.id))) throw refusedAccount(provider);
  const existing = (await selectIdentities(trx, { tenantId, userId })).find((row) => row.provider === provider.key);
  if (existing?.issuer === person.issuer && existing.subject === person.subject) return;
  const about = { tenantId, entityType: 'user', entityId: userId };
  if (existing) {
    if (!replace) throw new DomainError('conflict', 'IDENTITY_IN_USE');
    await deleteIdentity(trx, existing.id);
    const payload = { provider: provider.key, reason: 'replaced' };
    await recordEvent(trx, { ...about, action: 'identity.unlinked', payload }, caller);
  }
  const { issuer: identityIssuer, subject, email, emailVerified } = person;
  await insertIdentity(trx, {
    tenantId,
    userId,
    provider: provider.key,
    issuer: identityIssuer,
    subject,
    email,
    emailVerified,
  }).catch((error) => {
    if (violatedConstraint(error)?.constraint === 'user_identities_subject_key')
      throw new DomainError('conflict', 'IDENTITY_IN_USE');
    throw error;
  });
  await fillInProfile(trx, { tenantId, userId, ...person });
  await recordEvent(trx, { ...about, action: 'identity.linked', payload: { provider: provider.key } }, caller);
  if (!notify || user.email === null) return;
  await enqueueMessage(
    trx,
    {
      channel: 'email',
      to: user.email,
      template: 'identity-linked',
      model: { tenantName: user.tenantName, provider: provider.name, href: `${issuer}/account` },
      locale: user.locale ?? person.locale ?? 'en',
      tenantId,
    },
    { secrets },
  );
}

/**
 * Links an account at a provider to the account of the person who is signed in.
 * @throws DomainError conflict IDENTITY_IN_USE, forbidden PROVIDER_ACCOUNT_REFUSED (also for another hosted domain than
 *   the tenant takes)
 */
export async function linkToAccount(
  db: Database,
  { tenantId, userId, provider, person }: UserOfTenant & Pick<NewLink, 'provider' | 'person'>,
  deps: LinkDependencies,
): Promise<void> {
  await inTransaction(db, async (trx) => {
    const user = await lockActiveUser(trx, { tenantId, userId });
    if (!user) throw refusedAccount(provider);
    const settings = parseTenantSettings(user.tenantSettings);
    if (!isOffered(provider, { id: tenantId, settings }) || !isOfHostedDomain(provider, person, settings))
      throw refusedAccount(provider);
    await linkIdentity(trx, { tenantId, userId, provider, person, replace: false, notify: true }, deps);
  });
}

/** How codes reach people on this server. */
export interface CodeChannels {
  channels: readonly Channel[];
  phoneCountries: readonly string[];
}

/** Whether a person can sign in without this identity: by password, by a code, or by another identity. */
async function hasOtherWay(
  db: Database,
  user: UserOfTenant,
  { settings, others }: { settings: TenantSettings; others: IdentityRow[] },
  { channels, phoneCountries }: CodeChannels,
): Promise<boolean> {
  const ways = await selectWays(db, user);
  if (!ways) return false;
  if (ways.hasPassword && settings.signInMethods.includes('password')) return true;
  if (settings.signInMethods.includes('otp')) {
    const available = availableChannels(channels, settings, phoneCountries);
    if (ways.email !== null && available.includes('email')) return true;
    const reachesPhones = available.some((channel) => channel !== 'email');
    if (ways.phone !== null && reachesPhones && isReachable(ways.phone, settings, phoneCountries)) return true;
  }
  const offered = await offeredProviders(db, { id: user.tenantId, settings });
  return others.some((identity) => offered.some((provider) => isAt(identity, provider)));
}

function isReachable(phone: string, tenant: TenantSettings, serverCountries: readonly string[]): boolean {
  try {
    checkPhone(phone, { serverCountries, tenant });
    return true;
  } catch {
    return false;
  }
}

/** A provider that was made anew under an old key is another one. */
function isAt(identity: IdentityRow, provider: IdentityProvider): boolean {
  return identity.provider === provider.key && sameIssuer(identity.issuer, provider.issuer);
}

function sameIssuer(left: string, right: string): boolean {
  return left.replace(/\/$/, '') === right.replace(/\/$/, '');
}

export interface LinkedIdentity {
  /** The provider's key. */
  provider: string;
  name: string;
  email: string | null;
  linkedAt: Date;
  canUnlink: boolean;
}

/** What a person's own page shows: what is linked, and what could be. */
export async function describeIdentities(
  db: Database,
  user: UserOfTenant,
  settings: TenantSettings,
  codes: CodeChannels,
): Promise<{ linked: LinkedIdentity[]; linkable: { key: string; name: string }[] }> {
  const identities = await selectIdentities(db, user);
  const offered = await offeredProviders(db, { id: user.tenantId, settings });
  const linked: LinkedIdentity[] = [];
  for (const identity of identities) {
    const others = identities.filter((other) => other.id !== identity.id);
    linked.push({
      provider: identity.provider,
      name: offered.find(({ key }) => key === identity.provider)?.name ?? identity.provider,
      email: identity.email,
      linkedAt: identity.createdAt,
      canUnlink: await hasOtherWay(db, user, { settings, others }, codes),
    });
  }
  const linkable = offered.filter(({ key }) => identities.every(({ provider }) => provider !== key));
  return { linked, linkable: linkable.map(({ key, name }) => ({ key, name })) };
}

/**
 * Unlinks a person's account at a provider.
 * @throws DomainError not_found NOT_FOUND, conflict IDENTITY_LAST_WAY
 */
export async function unlinkIdentity(
  db: Database,
  { tenantId, userId, provider }: UserOfTenant & { provider: string },
  { caller, ...codes }: CodeChannels & { caller: Caller },
): Promise<void> {
  await inTransaction(db, async (trx) => {
    // Two at once would each find the other's identity and leave none.
    const user = await lockActiveUser(trx, { tenantId, userId });
    const identities = user ? await selectIdentities(trx, { tenantId, userId }) : [];
    const identity = identities.find((row) => row.provider === provider);
    if (!user || !identity) throw new DomainError('not_found', 'NOT_FOUND');
    const settings = parseTenantSettings(user.tenantSettings);
    const others = identities.filter((row) => row.id !== identity.id);
    if (!(await hasOtherWay(trx, { tenantId, userId }, { settings, others }, codes)))
      throw new DomainError('conflict', 'IDENTITY_LAST_WAY');
    await deleteIdentity(trx, identity.id);
    const payload = { provider, reason: 'asked_for' };
    await recordEvent(
      trx,
      { tenantId, entityType: 'user', entityId: userId, action: 'identity.unlinked', payload },
      caller,
    );
  });
}
