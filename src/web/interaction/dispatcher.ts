/**
 * The dispatcher: reads what is already proved and redirects to one step. Each step calls one domain function and comes
 * back here. Also owns the way out: the person may always go back to the application without signing in.
 */
import Router from '@koa/router';
import type { Interaction } from 'oidc-provider';
import { mountCodeSignIn } from '../sign-in/code.ts';
import { mountFederation } from '../sign-in/federation.ts';
import { mountLinkAccount } from '../sign-in/link-account.ts';
import { mountPassword } from '../sign-in/password.ts';
import { mountRecovery } from './ask-recovery.ts';
import { mountConsent } from './consent.ts';
import {
  finishInteraction,
  type InteractionContext,
  interactionContext,
  toStep,
  type WebDependencies,
} from './context.ts';
import { provedAccounts } from './proof.ts';
import { mountSelectAccount } from './select-account.ts';
import { signUpChannels } from './sign-in-options.ts';
import { mountSignUp } from './sign-up.ts';
import { mountTenantChoice } from './tenant-choice.ts';

/** The step that the interaction waits for. `maySignUp`: whether anyone may make an account here. */
export function nextStep(
  interaction: Interaction,
  maySignUp: boolean,
): 'sign-in' | 'sign-up' | 'tenant' | 'select-account' | 'consent' {
  if (interaction.prompt.name === 'consent') return 'consent';
  if (provedAccounts(interaction).length > 1) return 'tenant';
  if (interaction.prompt.name === 'select_account' && interaction.session?.accountId) return 'select-account';
  return interaction.prompt.name === 'create' && maySignUp ? 'sign-up' : 'sign-in';
}

export function interactionRoutes(web: WebDependencies): Router {
  const router = new Router({ prefix: '/interaction/:uid' });
  const maySignUp = ({ tenant }: InteractionContext) => signUpChannels(web, tenant).length > 0;

  router.get('/', async (ctx) => {
    const found = await interactionContext(ctx, web);
    toStep(ctx, found.interaction.uid, nextStep(found.interaction, maySignUp(found)));
  });

  // A link: the interaction's unguessable address and its cookie say that the person follows it.
  router.get('/cancel', async (ctx) => {
    await interactionContext(ctx, web);
    await finishInteraction(ctx, web.provider(), {
      error: 'access_denied',
      error_description: 'the person went back without signing in',
    });
  });

  mountPassword(router, web);
  mountCodeSignIn(router, web);
  mountRecovery(router, web);
  mountSignUp(router, web);
  mountFederation(router, web);
  mountLinkAccount(router, web);
  mountTenantChoice(router, web);
  mountSelectAccount(router, web);
  mountConsent(router, web);
  return router;
}
