/**
 * Adding a security key within a sign-in, in the place of an authenticator app. Needs a script; the page leads back to the app. What
 * follows is as with an app: the recovery codes are shown, then the sign-in goes on with both factors.
 */
import type { Context } from 'koa';
import { factorLimits } from '../../domain/factors/second-factor.ts';
import { addSecurityKey, securityKeyToAdd } from '../../domain/factors/security-keys.ts';
import type { AccountProfile } from '../../domain/users/users.ts';
import { DomainError } from '../../platform/errors.ts';
import { consume } from '../../platform/rate-limits.ts';
import { callerOf, toDispatcher, type WebDependencies } from '../interaction/context.ts';
import { isShownOnForm, refusal } from '../interaction/form-refusal.ts';
import type { Handlers, Visit } from '../interaction/visit.ts';
import type { FormModel } from '../pages/form-model.ts';
import { keepEnrolled, whoEnrols } from './enrol.ts';
import type { PendingFactor } from './pending-factor.ts';

declare module '../pages/view-models.ts' {
  interface ViewModels {
    /** Posts `credential` and `name`. */
    'interaction/factor-enrol-key': FormModel & {
      action: string;
      /** What the browser is asked for. */
      options: Record<string, unknown>;
      later?: { action: string; until: Date };
      /** To an authenticator app instead. */
      appHref: string;
      restartHref: string;
    };
  }
}

type EnrolKeyVisit = Visit<'later' | 'app' | 'restart'>;

/** What lists of keys show of their owner. */
export function keyOwnerOf({ userId, email, username, phone, fullName, tenant }: AccountProfile) {
  const name = email ?? username ?? phone ?? tenant.name;
  return { userId, name, displayName: fullName ?? name };
}

function optionsFor(web: WebDependencies, { interaction }: EnrolKeyVisit, { account }: PendingFactor) {
  const deps = { secrets: web.secrets, issuer: web.issuer, partyName: account.tenant.name };
  // Whoever enrols here has no key: one that they had would be asked for.
  return securityKeyToAdd(keyOwnerOf(account), { place: interaction.uid, known: [] }, deps);
}

function draw(ctx: Context, visit: EnrolKeyVisit, pending: PendingFactor, refused?: DomainError): void {
  const { web, href, links, surroundings } = visit;
  const { error, status } = refusal(ctx, refused, 'name');
  const until = pending.need?.postponableUntil;
  const model = {
    action: href,
    options: optionsFor(web, visit, pending),
    later: until ? { action: links.later, until } : undefined,
    appHref: links.app,
    restartHref: links.restart,
    error,
  };
  const tenant = surroundings.tenant ?? pending.account.tenant;
  web.pages.render(ctx, 'interaction/factor-enrol-key', model, { ...surroundings, tenant, status });
}

async function submit(ctx: Context, visit: EnrolKeyVisit): Promise<void> {
  const { web, interaction, form } = visit;
  const pending = await whoEnrols(ctx, visit);
  if (!pending) return;
  const { tenantId, userId } = pending.account;
  const made = { place: interaction.uid, answer: form.credential ?? '', name: form.name ?? '' };
  let enrolled: { codes: string[]; amr: string[] };
  try {
    await consume(web.db, factorLimits.factorEntriesPerIp, ctx.ip);
    const deps = { secrets: web.secrets, issuer: web.issuer, caller: callerOf(ctx, userId) };
    enrolled = await addSecurityKey(web.db, { tenantId, userId, hasProvedTwo: false, ...made }, deps);
  } catch (error) {
    // Somebody was faster, such as the first of two clicks: what there is now has to be proved.
    if (error instanceof DomainError && error.code === 'FACTOR_ENROLLED') return toDispatcher(ctx, interaction.uid);
    if (!isShownOnForm(error)) throw error;
    return draw(ctx, visit, pending, error);
  }
  await keepEnrolled(ctx, visit, pending, enrolled);
}

export const enrolKeySteps = {
  'factor-enrol-key': {
    async show(ctx, visit) {
      const pending = await whoEnrols(ctx, visit);
      if (pending) draw(ctx, visit, pending);
    },
    submit,
  },
} satisfies Partial<Handlers>;
