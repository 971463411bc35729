/**
 * Naming the organisation before anything is proved: for people who have accounts in several under one address, of which
 * two are compared at the most. Everybody is offered it alike, where the server has organisations enough, so nobody learns
 * from it how many an address has. Refuses what the application has chosen already.
 */
import type { Context } from 'koa';
import type { Interaction } from 'oidc-provider';
import { findTenantBySlug, hasManyTenants, type Tenant } from '../../domain/tenants/tenants.ts';
import type { Database } from '../../platform/database.ts';
import { type Codes, DomainError, defineCodes } from '../../platform/errors.ts';
import { defineLimits } from '../../platform/rate-limits.ts';
import type { FormModel } from '../pages/form-model.ts';
import { toDispatcher } from './context.ts';
import { countFailures } from './count-failures.ts';
import { isShownOnForm, refusal } from './form-refusal.ts';
import { isTenantGiven } from './named-tenant.ts';
import { keepInInteraction } from './proof.ts';
import type { Handlers, Visit } from './visit.ts';

declare module '../pages/view-models.ts' {
  interface ViewModels {
    /** Asks which organisation is meant. Posts `organisation`, its short name, or nothing for any. */
    'interaction/organisation': FormModel & {
      action: string;
      /** As it was typed, or chosen before. */
      organisation: string;
      /** Where it is left open again, once one was named. */
      anyHref?: string;
      backHref: string;
    };
  }
}

export const organisationCodes = defineCodes({
  ORGANISATION_UNKNOWN: {
    kind: 'invalid',
    params: ['field'],
    means: 'no organisation has the short name that was typed',
  },
});
declare module '../../platform/errors.ts' {
  interface ErrorCodes extends Codes<typeof organisationCodes> {}
}

export const organisationLimits = defineLimits({
  /** Short names of organisations typed from one address that are nobody's. */
  organisationPerIp: { hits: 60, windowSeconds: 600 },
});

type OrganisationVisit = Visit<'back'>;

/** Whether the page is offered: the application leaves it open, and there are more organisations than are compared. */
export async function asksOrganisation(
  db: Database,
  interaction: Interaction,
  tenant: Tenant | null,
): Promise<boolean> {
  return !(tenant && isTenantGiven(interaction)) && (tenant !== null || (await hasManyTenants(db)));
}

function draw(ctx: Context, visit: OrganisationVisit, organisation: string, refused?: DomainError): void {
  const { web, tenant, surroundings, href, links } = visit;
  const { error, status } = refusal(ctx, refused, 'organisation');
  const anyHref = tenant ? `${href}?any` : undefined;
  const model = { action: href, organisation, anyHref, backHref: links.back, error };
  web.pages.render(ctx, 'interaction/organisation', model, { ...surroundings, status });
}

async function choose({ web, interaction }: OrganisationVisit, typed: string): Promise<void> {
  const tenant = await findTenantBySlug(web.db, typed.normalize('NFKC').trim().toLowerCase());
  if (tenant?.state !== 'active') throw new DomainError('invalid', 'ORGANISATION_UNKNOWN', { field: 'organisation' });
  await keepInInteraction(interaction, { organisation: tenant.id });
}

async function show(ctx: Context, visit: OrganisationVisit): Promise<void> {
  const { web, interaction, tenant } = visit;
  if (!(await asksOrganisation(web.db, interaction, tenant))) return toDispatcher(ctx, interaction.uid);
  if (ctx.query.any === undefined) return draw(ctx, visit, tenant?.slug ?? '');
  await keepInInteraction(interaction, { organisation: undefined });
  toDispatcher(ctx, interaction.uid, 'organisation-named');
}

async function submit(ctx: Context, visit: OrganisationVisit): Promise<void> {
  const { web, interaction, tenant, form } = visit;
  if (!(await asksOrganisation(web.db, interaction, tenant))) return toDispatcher(ctx, interaction.uid);
  const typed = form.organisation ?? '';
  try {
    if (!typed.trim()) throw new DomainError('invalid', 'FIELD_REQUIRED', { field: 'organisation' });
    await countFailures(ctx, web, organisationLimits.organisationPerIp, () => choose(visit, typed));
  } catch (error) {
    if (!isShownOnForm(error)) throw error;
    return draw(ctx, visit, typed.slice(0, 100), error);
  }
  toDispatcher(ctx, interaction.uid, 'organisation-named');
}

export const organisation = { organisation: { show, submit } } satisfies Partial<Handlers>;
