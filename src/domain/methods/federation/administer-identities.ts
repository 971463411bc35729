/**
 * Accounts elsewhere that sign in to an account here, for those who administer people. Owns adding one by its subject and
 * taking one away, each with its event. Refuses a subject that is somebody else's here, a second account of a provider, and
 * to take away the last way in where that is not said. Who may do so is for the caller.
 */
import { type Database, inTransaction, violatedConstraint } from '../../../platform/database.ts';
import { DomainError } from '../../../platform/errors.ts';
import type { Page, PageRequest } from '../../../platform/paging.ts';
import type { Secrets } from '../../../platform/secrets.ts';
import { type Caller, recordEvent } from '../../audit/audit-events.ts';
import { findRemoval } from '../../audit/find-events.ts';
import { enqueueMessage } from '../../messages/outgoing-message.ts';
import { revokeAllSessions } from '../../sessions/sessions.ts';
import type { SignInServer } from '../../sign-in/method.ts';
import { findProvable, waysIn } from '../../sign-in/ways-in.ts';
import { findTenantById } from '../../tenants/tenants.ts';
import { deleteIdentity, insertIdentity } from '../../users/identities.ts';
import { findSettings } from '../../users/profiles.ts';
import { holdUser } from '../../users/user-state.ts';
import type { UserOfTenant } from '../../users/users.ts';
import { issuerTemplate } from './entra-issuers.ts';
import { findIdentityProvider, invalid, offeredProviders, unknownProvider } from './identity-providers.ts';
import { holdProvider, type IdentityRow, selectIdentities, selectIdentityPage } from './identity-store.ts';

const notFound = () => new DomainError('not_found', 'NOT_FOUND');

/** What a person can sign in with elsewhere, in the order of the ids. @throws DomainError invalid CURSOR_INVALID */
export async function listIdentities(
  db: Database,
  { tenantId, userId, ...page }: PageRequest & UserOfTenant,
): Promise<Page<IdentityRow>> {
  return selectIdentityPage(db, { tenantId, userId }, page);
}

export interface NewIdentity extends UserOfTenant {
  /** The provider's key. */
  provider: string;
  /** What the provider calls the person: the `sub` of its ID tokens. */
  subject: string;
}

/**
 * Lets an account elsewhere sign in to an account here, by the word of who administers people. The person is told by mail.
 * @throws DomainError not_found NOT_FOUND (the person; or identity_provider, also another tenant's), invalid INVALID_INPUT
 *   (subject; provider, where it is for any directory of Entra ID), conflict IDENTITY_IN_USE
 */
export async function addIdentity(
  db: Database,
  { tenantId, userId, subject, ...wanted }: NewIdentity,
  { secrets, issuer, caller }: { secrets: Secrets; issuer: string; caller: Caller },
): Promise<IdentityRow> {
  // OpenID Connect Core section 2: at most 255 ASCII characters.
  if (!/^[\x20-\x7e]{1,255}$/.test(subject)) throw invalid('subject');
  return inTransaction(db, async (trx) => {
    const user = await holdUser(trx, { tenantId, userId });
    const provider = await findIdentityProvider(trx, wanted.provider);
    const isThere = provider && (provider.tenantId === null || provider.tenantId === tenantId);
    if (!isThere || !(await holdProvider(trx, provider.id))) throw unknownProvider(wanted.provider);
    // Which directory of all is only told by the person's own token.
    if (issuerTemplate(provider.issuer) !== undefined) throw invalid('provider');
    const identity = { tenantId, userId, provider: provider.key, issuer: provider.issuer, subject };
    await insertIdentity(trx, { ...identity, email: null, emailVerified: false, lastUsedAt: null }).catch((error) => {
      throw identityInUse(error) ?? error;
    });
    const payload = { provider: provider.key, reason: 'administered' };
    await recordEvent(trx, { ...about({ tenantId, userId }), action: 'identity.linked', payload }, caller);
    if (user.email !== null) {
      const tenant = await findTenantById(trx, tenantId);
      const { locale } = await findSettings(trx, { tenantId, userId });
      const model = { tenantName: tenant?.name ?? '', provider: provider.name, href: `${issuer}/account` };
      const to = { channel: 'email', to: user.email, locale: locale ?? 'en', tenantId } as const;
      await enqueueMessage(trx, { ...to, template: 'identity-linked', model }, { secrets });
    }
    const added = await identityAt(trx, { tenantId, userId, provider: provider.key });
    if (!added) throw new Error('the new identity is not there');
    return added;
  });
}

/** A unique index's refusal; undefined for anything else. */
function identityInUse(error: unknown): DomainError | undefined {
  const indexes = ['user_identities_subject_key', 'user_identities_user_provider_key'];
  if (!indexes.includes(violatedConstraint(error)?.constraint ?? '')) return undefined;
  return new DomainError('conflict', 'IDENTITY_IN_USE');
}

/**
 * Takes an account elsewhere away from an account here. What was signed in to ends: it may have been by this way. Once more
 * does no harm.
 * @param wanted.lastWay also where nothing else lets the person in
 * @throws DomainError not_found NOT_FOUND, conflict IDENTITY_LAST_WAY
 */
export async function removeIdentity(
  db: Database,
  { tenantId, userId, provider, lastWay }: UserOfTenant & { provider: string; lastWay: boolean },
  { caller, ...server }: SignInServer & { caller: Caller },
): Promise<void> {
  await inTransaction(db, async (trx) => {
    // Two at once would each find the other's identity and leave none.
    await holdUser(trx, { tenantId, userId });
    const identity = await identityAt(trx, { tenantId, userId, provider });
    const tenant = await findTenantById(trx, tenantId);
    if (!identity || !tenant) {
      const by = { entityId: userId, member: 'provider', value: provider };
      const removal = { action: 'identity.unlinked', entityType: 'user', by, tenantIds: [tenantId] };
      if (await findRemoval(trx, removal)) return;
      throw notFound();
    }
    const at = { ...server, providers: await offeredProviders(trx, tenant) };
    const { addresses, credentials } = await findProvable(trx, { tenantId, userId }, server.methods);
    const left = credentials.filter(({ name }) => name !== provider);
    if (!lastWay && waysIn(tenant.settings, at, { addresses, credentials: left }).length === 0)
      throw new DomainError('conflict', 'IDENTITY_LAST_WAY');
    await deleteIdentity(trx, identity.id);
    const payload = { provider, reason: 'administered' };
    await recordEvent(trx, { ...about({ tenantId, userId }), action: 'identity.unlinked', payload }, caller);
    await revokeAllSessions(trx, { tenantId, userId }, caller);
  });
}

async function identityAt(
  db: Database,
  { provider, ...user }: UserOfTenant & { provider: string },
): Promise<IdentityRow | undefined> {
  return (await selectIdentities(db, user)).find((row) => row.provider === provider);
}

function about({ tenantId, userId }: UserOfTenant) {
  return { tenantId, entityType: 'user', entityId: userId };
}
