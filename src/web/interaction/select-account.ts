/** `prompt=select_account`: go on as the person who is signed in, or sign in as another. */
import type { Context } from 'koa';
import { findAccount } from '../../domain/users/users.ts';
import { finishInteraction, toDispatcher } from './context.ts';
import type { Handlers, Visit } from './visit.ts';

async function showAccount(ctx: Context, visit: Visit<'continue' | 'switch'>): Promise<void> {
  const { web, interaction, surroundings, links } = visit;
  const accountId = interaction.session?.accountId;
  const profile = accountId ? await findAccount(web.db, accountId) : undefined;
  if (interaction.prompt.name !== 'select_account' || !profile) return wantAnother(ctx, visit);
  web.pages.render(
    ctx,
    'interaction/select-account',
    {
      continueAction: links.continue,
      switchAction: links.switch,
      account: {
        name: profile.fullName ?? profile.email ?? profile.phone ?? '',
        email: profile.email ?? profile.phone ?? '',
        pictureUrl: profile.pictureUrl ?? undefined,
      },
    },
    { ...surroundings, tenant: surroundings.tenant ?? profile.tenant },
  );
}

async function goOn(ctx: Context, visit: Visit): Promise<void> {
  const { web, interaction } = visit;
  if (interaction.prompt.name !== 'select_account' || !interaction.session?.accountId) return wantAnother(ctx, visit);
  await finishInteraction(ctx, web, interaction, { select_account: {} });
}

function wantAnother(ctx: Context, { interaction }: Visit): void {
  toDispatcher(ctx, interaction.uid, 'other-account-wanted');
}

export const selectAccount = {
  'select-account': { show: showAccount },
  'select-account-continue': { submit: goOn },
  'select-account-switch': { submit: wantAnother },
} satisfies Partial<Handlers>;
