/**
 * The dispatcher: reads what is already proved and redirects to one step. Each step calls one domain function and comes
 * back here. Also owns the way out: the person may always go back to the application without signing in.
 */
import Router from '@koa/router';
import type { Interaction } from 'oidc-provider';
import { mountConsent } from './consent.ts';
import { finishInteraction, interactionContext, toStep, type WebDependencies } from './context.ts';
import { mountPassword } from './password.ts';
import { mountSelectAccount } from './select-account.ts';
import { mountTenantChoice, provedAccounts } from './tenant-choice.ts';

/** The step that the interaction waits for. */
export function nextStep(interaction: Interaction): 'sign-in' | 'tenant' | 'select-account' | 'consent' {
  if (interaction.prompt.name === 'consent') return 'consent';
  if (provedAccounts(interaction).length > 1) return 'tenant';
  if (interaction.prompt.name === 'select_account' && interaction.session?.accountId) return 'select-account';
  return 'sign-in';
}

export function interactionRoutes(web: WebDependencies): Router {
  const router = new Router({ prefix: '/interaction/:uid' });

  router.get('/', async (ctx) => {
    const { interaction } = await interactionContext(ctx, web);
    toStep(ctx, interaction.uid, nextStep(interaction));
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
  mountTenantChoice(router, web);
  mountSelectAccount(router, web);
  mountConsent(router, web);
  return router;
}
