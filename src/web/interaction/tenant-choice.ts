/**
 * One address, several tenants: after the person has proved themselves they choose where to go; before that nobody
 * learns that there is a choice.
 */
import type Router from '@koa/router';
import { readForm } from '../middleware/body.ts';
import { interactionContext, toStep, type WebDependencies } from './context.ts';
import { acceptChoice, provedAccounts } from './proof.ts';

export function mountTenantChoice(router: Router, web: WebDependencies): void {
  router.get('/tenant', async (ctx) => {
    const { interaction, surroundings } = await interactionContext(ctx, web);
    const accounts = provedAccounts(interaction);
    if (accounts.length < 2) return toStep(ctx, interaction.uid);
    web.pages.render(
      ctx,
      'interaction/choose-tenant',
      {
        action: `/interaction/${interaction.uid}/tenant`,
        choices: accounts.map((account) => ({
          value: account.userId,
          tenantName: account.tenantName,
          accountName: account.name ?? account.email ?? '',
        })),
      },
      surroundings,
    );
  });

  router.post('/tenant', async (ctx) => {
    const form = await readForm(ctx);
    const { interaction } = await interactionContext(ctx, web);
    if (provedAccounts(interaction).length === 0) return toStep(ctx, interaction.uid);
    await acceptChoice(ctx, web, interaction, form.account);
  });
}
