/**
 * Linking accounts elsewhere to one's own, and unlinking them. Both ask for a sign-in that is not older than five minutes;
 * the way back from the provider counts only in the session that set out. Refuses to unlink the last way to sign in.
 */
import type Router from '@koa/router';
import type { Context } from 'koa';
import type { FederationDetails } from '../../domain/methods/federation/federation-requests.ts';
import { describeIdentities, linkToAccount, unlinkIdentity } from '../../domain/methods/federation/identities.ts';
import {
  findIdentityProvider,
  type IdentityProvider,
  isOffered,
} from '../../domain/methods/federation/identity-providers.ts';
import type { AccountProfile } from '../../domain/users/users.ts';
import type { VerifiedPerson } from '../../oidc/federation-client.ts';
import { DomainError } from '../../platform/errors.ts';
import { callerOf, type WebDependencies } from '../interaction/context.ts';
import { statusOf } from '../middleware/errors.ts';
import type { ViewModels } from '../pages/view-models.ts';
import { beginFederation } from '../sign-in/begin-federation.ts';
import { isProviderFailure } from '../sign-in/federation-failure.ts';
import { freshForm, leadTo } from './account-page.ts';
import type { ShowSecurity } from './security.ts';
import { type SignedIn, signedIn } from './signed-in.ts';

type SecurityModel = ViewModels['account/security'];

const page = '/account/security';

/** What the page of the ways to sign in shows of it. */
export async function identitiesModel(
  web: WebDependencies,
  { tenantId, userId, tenant }: AccountProfile,
): Promise<Pick<SecurityModel, 'identities' | 'linkable' | 'linkAction' | 'unlinkAction'>> {
  const { linked, linkable } = await describeIdentities(web.db, { tenantId, userId }, tenant.settings, web);
  return {
    identities: linked.map(({ email, ...identity }) => ({ ...identity, detail: email ?? undefined })),
    linkable,
    linkAction: '/account/identities/link',
    unlinkAction: '/account/identities/unlink',
  };
}

/** Mounts `/identities/link` and `/identities/unlink` on the router of the account pages. */
export function mountIdentities(router: Router, web: WebDependencies, showSecurity: ShowSecurity): void {
  async function showRefused(ctx: Context, person: SignedIn, error: DomainError): Promise<void> {
    await showSecurity(ctx, person, { error: { code: error.code, params: error.params }, status: statusOf(error) });
  }

  router.post('/identities/link', async (ctx) => {
    const posted = await freshForm(ctx, web, page);
    if (!posted) return;
    const { person } = posted;
    const key = posted.form.provider ?? '';
    const { userId, tenant } = person.profile;
    const provider = await findIdentityProvider(web.db, key);
    if (!provider || !isOffered(provider, tenant)) throw new DomainError('not_found', 'NOT_FOUND');
    try {
      const address = await beginFederation(ctx, web, provider, {
        purpose: { kind: 'link', userId, sessionHash: person.sessionUidHash.toString('hex') },
        reauthenticate: false,
        hostedDomain: tenant.settings.federation[key]?.requiredHostedDomain ?? undefined,
      });
      // No redirect: browsers hold all that follows a form against the page's form-action, and where a provider leads on
      // to (the organisation's own sign-in, perhaps) nobody here can know.
      ctx.set('refresh', `0; url=${address}`);
      await showSecurity(ctx, person);
    } catch (error) {
      if (!isProviderFailure(error)) throw error;
      await showRefused(ctx, person, error);
    }
  });

  router.post('/identities/unlink', async (ctx) => {
    const posted = await freshForm(ctx, web, page);
    if (!posted) return;
    const { person } = posted;
    const key = posted.form.provider ?? '';
    const { tenantId, userId } = person.profile;
    try {
      await unlinkIdentity(web.db, { tenantId, userId, provider: key }, { ...web, caller: callerOf(ctx, userId) });
    } catch (error) {
      if (!(error instanceof DomainError) || error.code !== 'IDENTITY_LAST_WAY') throw error;
      return showRefused(ctx, person, error);
    }
    leadTo(ctx, `${page}?notice=identity_unlinked`);
  });
}

/** The way back from the provider: links, if the person who comes back is the one who set out. */
export async function linkIdentityOf(
  ctx: Context,
  web: WebDependencies,
  {
    provider,
    purpose,
    verify,
  }: {
    provider: IdentityProvider;
    purpose: Extract<FederationDetails['purpose'], { kind: 'link' }>;
    verify: () => Promise<VerifiedPerson>;
  },
): Promise<void> {
  const who = await signedIn(ctx, web);
  const { userId, sessionHash } = purpose;
  if (who?.profile.userId !== userId || who.sessionUidHash.toString('hex') !== sessionHash)
    throw new DomainError('unauthenticated', 'SIGN_IN_REQUIRED');
  const { person } = await verify();
  const deps = { secrets: web.secrets, issuer: web.issuer, caller: callerOf(ctx, userId) };
  await linkToAccount(web.db, { tenantId: who.profile.tenantId, userId, provider, person }, deps);
  leadTo(ctx, `${page}?notice=identity_linked`);
}
