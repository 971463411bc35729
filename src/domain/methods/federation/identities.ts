/**
 * Accounts elsewhere that sign in to an account here. Owns linking and unlinking with what belongs to it: the event and
 * the notice. Refuses an identity that is somebody else's here, a second one of a provider, and to unlink the last way
 * that somebody has to sign in. Asks for no fresh sign-in; that is for the caller.
 */

import { type Database, inTransaction, violatedConstraint } from '../../../platform/database.ts';
import { type Codes, DomainError, defineCodes } from '../../../platform/errors.ts';
import { type Caller, recordEvent } from '../../audit/audit-events.ts';
import { enqueueMessage } from '../../messages/outgoing-message.ts';
import type { Provable, SignInServer } from '../../sign-in/method.ts';
import type { ProofDependencies } from '../../sign-in/prove-address.ts';
import { findProvable, waysIn } from '../../sign-in/ways-in.ts';
import { parseTenantSettings, type TenantSettings } from '../../tenants/tenant-settings.ts';
import { deleteIdentity, insertIdentity } from '../../users/identities.ts';
import type { UserOfTenant } from '../../users/users.ts';
import { fillInProfile } from '../../users/users.ts';
import type { ProviderPerson } from './claim-mapping.ts';
import { type IdentityProvider, isOffered, offeredProviders } from './identity-providers.ts';
import { holdActiveProvider, lockActiveUser, selectIdentities } from './identity-store.ts';

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

/** What linking to an account that is proved already needs. */
export type LinkDependencies = Omit<ProofDependencies, 'methods'>;

/** Refused in the same words whatever the reason is; the reason is for the trail. */
export function refusedAccount(provider: Pick<IdentityProvider, 'name'>): DomainError {
  return new DomainError('forbidden', 'PROVIDER_ACCOUNT_REFUSED', { provider: provider.name });
}

/** Whether a tenant takes accounts of this organisation at the provider; `hd` was read from the signed token. */
export function isOfHostedDomain(
  provider: IdentityProvider,
  person: Pick<ProviderPerson, 'hostedDomain'>,
  tenant: TenantSettings,
): boolean {
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
    lastUsedAt: new Date(),
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

/** Whether somebody can sign in without their identity at a provider. */
function hasOtherWay(settings: TenantSettings, server: SignInServer, person: Provable, provider: string): boolean {
  const credentials = person.credentials.filter(({ name }) => name !== provider);
  return waysIn(settings, server, { ...person, credentials }).length > 0;
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
  server: SignInServer,
): Promise<{ linked: LinkedIdentity[]; linkable: { key: string; name: string }[] }> {
  const identities = await selectIdentities(db, user);
  const offered = await offeredProviders(db, { id: user.tenantId, settings });
  const person = await findProvable(db, user, server.methods);
  const linked = identities.map(({ provider, email, createdAt }): LinkedIdentity => {
    const name = offered.find(({ key }) => key === provider)?.name ?? provider;
    const canUnlink = hasOtherWay(settings, { ...server, providers: offered }, person, provider);
    return { provider, name, email, linkedAt: createdAt, canUnlink };
  });
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
  { caller, ...server }: SignInServer & { caller: Caller },
): Promise<void> {
  await inTransaction(db, async (trx) => {
    // Two at once would each find the other's identity and leave none.
    const user = await lockActiveUser(trx, { tenantId, userId });
    const identities = user ? await selectIdentities(trx, { tenantId, userId }) : [];
    const identity = identities.find((row) => row.provider === provider);
    if (!user || !identity) throw new DomainError('not_found', 'NOT_FOUND');
    const settings = parseTenantSettings(user.tenantSettings);
    const providers = await offeredProviders(trx, { id: tenantId, settings });
    const person = await findProvable(trx, { tenantId, userId }, server.methods);
    if (!hasOtherWay(settings, { ...server, providers }, person, provider))
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
