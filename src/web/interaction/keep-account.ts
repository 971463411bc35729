/**
 * The step at which somebody stands who has asked for their account to be deleted and signs in again: they keep it, or go back
 * without being signed in. Comes after everything is proved, so whoever knows the password alone learns and does nothing.
 */
import type { Context } from 'koa';
import { keepAccount } from '../../domain/lifecycle/own-deletion.ts';
import { callerOf, toDispatcher } from './context.ts';
import { askedPerson, goOn } from './proof.ts';
import type { Handlers, Visit } from './visit.ts';

declare module '../pages/view-models.ts' {
  interface ViewModels {
    /** Posts nothing: the person keeps the account. */
    'interaction/keep-account': { action: string; tenantName: string; dueAt: Date; cancelHref: string };
  }
}

type KeepVisit = Visit<'cancel'>;

async function show(ctx: Context, { web, interaction, surroundings, href, links }: KeepVisit): Promise<void> {
  const account = await askedPerson(web, interaction, 'keep');
  if (!account) return toDispatcher(ctx, interaction.uid);
  const { tenant, deletionDueAt } = account;
  // An administrator has kept it meanwhile.
  if (!deletionDueAt) return goOn(ctx, web, interaction);
  const model = { action: href, tenantName: tenant.name, dueAt: deletionDueAt, cancelHref: links.cancel };
  web.pages.render(ctx, 'interaction/keep-account', model, { ...surroundings, tenant: surroundings.tenant ?? tenant });
}

async function submit(ctx: Context, { web, interaction }: KeepVisit): Promise<void> {
  const account = await askedPerson(web, interaction, 'keep');
  if (!account) return toDispatcher(ctx, interaction.uid);
  const { tenantId, userId } = account;
  await keepAccount(web.db, { tenantId, userId }, callerOf(ctx, userId));
  await goOn(ctx, web, interaction);
}

export const keepAccountStep = { 'keep-account': { show, submit } } satisfies Partial<Handlers>;
