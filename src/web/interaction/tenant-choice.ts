/**
 * One address, several tenants: after the person has proved themselves they choose where to go; before that nobody
 * learns that there is a choice.
 */
import type { Context } from 'koa';
import { findTenantById } from '../../domain/tenants/tenants.ts';
import { toDispatcher } from './context.ts';
import { acceptChoice, provedAccounts } from './proof.ts';
import type { Handlers, Visit } from './visit.ts';

async function showChoice(ctx: Context, { web, interaction, surroundings, href }: Visit): Promise<void> {
  const accounts = provedAccounts(interaction);
  if (accounts.length < 2) return toDispatcher(ctx, interaction.uid);
  const choices = await Promise.all(
    accounts.map(async (account) => ({
      value: account.userId,
      tenantName: account.tenantName,
      logoUrl: (await findTenantById(web.db, account.tenantId))?.settings.branding.logoUrl ?? undefined,
      accountName: account.name ?? account.email ?? '',
    })),
  );
  web.pages.render(ctx, 'interaction/choose-tenant', { action: href, choices }, surroundings);
}

async function choose(ctx: Context, { web, interaction, form }: Visit): Promise<void> {
  if (provedAccounts(interaction).length === 0) return toDispatcher(ctx, interaction.uid);
  await acceptChoice(ctx, web, interaction, form.account);
}

export const tenantChoice = { tenant: { show: showChoice, submit: choose } } satisfies Partial<Handlers>;
