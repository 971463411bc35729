/**
 * Whether the organisation of a person lets an application in that is known by a document alone
 * (domain/registration/client-documents.ts). Asked as soon as the organisation is known, and no later than that the person is.
 */
import { errors, type KoaContextWithOIDC, interactionPolicy as policies } from 'oidc-provider';
import { isLetIn } from '../../domain/registration/client-documents.ts';
import type { AccountWithProfile } from '../account.ts';
import type { RequestedTenant } from './requested-tenant.ts';

export function letInCheck(findTenant: (ctx: KoaContextWithOIDC) => Promise<RequestedTenant | undefined>) {
  return new policies.Check('let_in', 'the organisation lets the application in', 'access_denied', async (ctx) => {
    const { client, account } = ctx.oidc;
    const person = account as AccountWithProfile | undefined;
    const settings = person?.profile.tenant.settings ?? (await findTenant(ctx))?.settings;
    if (client && settings && !isLetIn(settings, client.clientId))
      throw new errors.AccessDenied('the organisation does not let this application in');
    return policies.Check.NO_NEED_TO_PROMPT;
  });
}
