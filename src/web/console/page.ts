/**
 * What every page of the console has in common: it is for somebody who is signed in, in a tenant that is within their reach,
 * and it is drawn in the frame, refusals too. Refuses who is not signed in (they are led there and back), and a tenant that
 * is not there or out of reach, both alike.
 */
import type { Context, Middleware } from 'koa';
import { findTenantBySlug, type Tenant } from '../../domain/tenants/tenants.ts';
import { assertMayActIn, findHoldings } from '../../management/permission.ts';
import { ValidationError } from '../../management/validate.ts';
import { DomainError } from '../../platform/errors.ts';
import { leadTo } from '../account/account-page.ts';
import { type ReadFormOptions, readForm } from '../middleware/body.ts';
import { statusOf } from '../middleware/errors.ts';
import { allowOwnRequests } from '../pages/security-headers.ts';
import type { ViewModels } from '../pages/view-models.ts';
import { type Asker, ask } from './ask.ts';
import { type ConsoleFrame, frameOf } from './frame.ts';
import { findOperator, signInForPage } from './operator.ts';
import { type SectionName, shownSections } from './sections.ts';
import { addressOf, type ConsoleDependencies, hrefTo, type Place, type Visit } from './visit.ts';

declare module '../pages/view-models.ts' {
  interface ViewModels {
    /** Nothing here is for the one who came. */
    'console/nothing': { frame: ConsoleFrame };
    'console/refused': { frame: ConsoleFrame; code: string; params: Record<string, string | number>; status: number };
  }
}

type ConsoleView = Extract<keyof ViewModels, `console/${string}`>;

/** Draws a page in the frame, and in the look of the tenant that it shows. */
export function draw<V extends ConsoleView>(
  visit: Visit,
  view: V,
  model: Omit<ViewModels[V], 'frame'>,
  { status }: { status?: number } = {},
): void {
  const { ctx, web, tenant, operator } = visit;
  const { theme, zoneinfo } = operator.person.profile;
  const whole = { ...model, frame: frameOf(visit) } as ViewModels[V];
  allowOwnRequests(ctx);
  web.pages.render(ctx, view, whole, { tenant, theme, timeZone: zoneinfo ?? undefined, status });
}

/** Part of a page that a script asked for cannot be a sign-in: the whole page is loaded instead. */
function leadAway(ctx: Context, page: string, address: string): void {
  if (ctx.get('hx-request') === 'true') {
    ctx.set('HX-Redirect', page);
    ctx.status = 204;
  } else leadTo(ctx, address);
}

/** @throws DomainError not_found NOT_FOUND */
async function findTenantFor(asker: Omit<Asker, 'tenant'>, slug: string): Promise<Tenant> {
  const tenant = await findTenantBySlug(asker.management.db, slug);
  if (!tenant) throw new DomainError('not_found', 'NOT_FOUND');
  const { db } = asker.management;
  await assertMayActIn({ db, tenantId: tenant.id, actor: asker.operator.actor });
  return tenant;
}

/** An id in the address that is none names nothing. What else is wrong with an address stays what it is. */
function isNoSuchThing(error: DomainError): boolean {
  return error instanceof ValidationError && error.fields.some(({ field }) => field.startsWith('params.'));
}

async function placeOf(asker: Asker, ctx: Context): Promise<Place | undefined> {
  const { at } = ctx.query;
  if (typeof at !== 'string' || at === '') return undefined;
  const { body } = await ask<Place>(asker, 'org_nodes.get', { params: { org_node_id: at } });
  return { id: body.id, name: body.name };
}

/** Undefined where the answer is given already: a way to the sign-in. */
async function begin(
  ctx: Context,
  { web, management, mounted }: ConsoleDependencies,
  section: SectionName | undefined,
): Promise<Visit | undefined> {
  const operator = await findOperator(ctx, web);
  const page = addressOf(ctx);
  if (!operator) {
    leadAway(ctx, page, signInForPage(web, page));
    return undefined;
  }
  const { tenant: slug = '', ...params } = ctx.params as Record<string, string>;
  const tenant = await findTenantFor({ management, operator }, slug);
  const asker = { management, operator, tenant };
  const holdings = await findHoldings({ db: management.db, tenantId: tenant.id, actor: operator.actor });
  return { ...asker, ctx, web, holdings, mounted, section, at: undefined, params };
}

/** Every refusal after this point is told in the frame. */
async function inFrame(visit: Visit, work: () => Promise<void>): Promise<void> {
  try {
    const shown = shownSections(visit);
    if (shown.length === 0) return draw(visit, 'console/nothing', {}, { status: 403 });
    if (visit.section !== undefined && !shown.some(({ section }) => section === visit.section))
      throw new DomainError('not_found', 'NOT_FOUND');
    visit.at = await placeOf(visit, visit.ctx);
    await work();
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    const { code, params } = isNoSuchThing(error) ? new DomainError('not_found', 'NOT_FOUND') : error;
    const status = isNoSuchThing(error) ? 404 : statusOf(error);
    if (status === 429 || status === 503) visit.ctx.set('retry-after', String(params.seconds ?? 5));
    draw(visit, 'console/refused', { code, params, status }, { status });
  }
}

/** A page that is read. @param section that it belongs to; of the frame itself: undefined */
export function page(
  deps: ConsoleDependencies,
  section: SectionName | undefined,
  work: (visit: Visit) => Promise<void>,
): Middleware {
  return async (ctx) => {
    const visit = await begin(ctx as Context, deps, section);
    if (visit) await inFrame(visit, () => work(visit));
  };
}

/**
 * A form that was sent. It is sent to the address of its own page, so that a sign-in in between leads back there.
 * @param options.limitBytes of a form that is longer than others; it is read of who is signed in alone
 */
export function posted(
  deps: ConsoleDependencies,
  section: SectionName | undefined,
  work: (visit: Visit, form: Record<string, string>) => Promise<void>,
  options: ReadFormOptions = {},
): Middleware {
  return async (ctx) => {
    const short = options.limitBytes === undefined ? await readForm(ctx as Context) : undefined;
    const visit = await begin(ctx as Context, deps, section);
    if (!visit) return;
    const form = short ?? (await readForm(ctx as Context, options));
    await inFrame(visit, () => work(visit, form));
  };
}

/** After a change: a page that may be loaded again, with what was done told on it (`notices.<notice>` of the section). */
export function leadOn({ ctx }: Visit, address: string, notice?: string): void {
  const separator = address.includes('?') ? '&' : '?';
  leadTo(ctx, notice === undefined ? address : `${address}${separator}notice=${notice}`);
}

/** `/console/<tenant>`: leads to the first section that is shown. */
export function leadHome(deps: ConsoleDependencies): Middleware {
  return page(deps, undefined, async (visit) => {
    leadTo(visit.ctx, hrefTo(visit, shownSections(visit)[0]?.path ?? ''));
  });
}
