/** `prompt=select_account`: go on as the person who is signed in, or sign in as another. */
import type Router from '@koa/router';
import { findAccount } from '../../domain/users/users.ts';
import { readForm } from '../middleware/body.ts';
import { finishInteraction, interactionContext, toStep, type WebDependencies } from './context.ts';

export function mountSelectAccount(router: Router, web: WebDependencies): void {
  router.get('/select-account', async (ctx) => {
    const { interaction, surroundings } = await interactionContext(ctx, web);
    const accountId = interaction.session?.accountId;
    const profile = accountId ? await findAccount(web.db, accountId) : undefined;
    if (interaction.prompt.name !== 'select_account' || !profile) return toStep(ctx, interaction.uid, 'sign-in');
    const base = `/interaction/${interaction.uid}/select-account`;
    web.pages.render(
      ctx,
      'interaction/select-account',
      {
        continueAction: `${base}/continue`,
        switchAction: `${base}/switch`,
        account: {
          name: profile.fullName ?? profile.email ?? profile.phone ?? '',
          email: profile.email ?? profile.phone ?? '',
          pictureUrl: profile.pictureUrl ?? undefined,
        },
      },
      { ...surroundings, tenant: surroundings.tenant ?? profile.tenant },
    );
  });

  router.post('/select-account/continue', async (ctx) => {
    await readForm(ctx);
    const { interaction } = await interactionContext(ctx, web);
    if (interaction.prompt.name !== 'select_account' || !interaction.session?.accountId)
      return toStep(ctx, interaction.uid, 'sign-in');
    await finishInteraction(ctx, web.provider(), { select_account: {} });
  });

  router.post('/select-account/switch', async (ctx) => {
    await readForm(ctx);
    const { interaction } = await interactionContext(ctx, web);
    toStep(ctx, interaction.uid, 'sign-in');
  });
}
