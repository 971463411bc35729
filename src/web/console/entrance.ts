/** Whether somebody is shown a way to the console from their own pages: who would find a section there. */
import type { Context } from 'koa';
import { isPlatformTenant } from '../../domain/tenants/platform-tenant.ts';
import { findHoldings } from '../../management/permission.ts';
import type { SignedIn } from '../account/signed-in.ts';
import type { WebDependencies } from '../interaction/context.ts';
import { actorOf } from './operator.ts';
import { sections, shownSections } from './sections.ts';

const mounted = new Set<string>(sections.map(({ section }) => section));

/** The console of their own tenant; undefined for who would find nothing there. */
export async function consoleHrefFor(
  ctx: Context,
  { db }: WebDependencies,
  person: SignedIn,
): Promise<string | undefined> {
  const { tenantId, tenant } = person.profile;
  const holdings = await findHoldings({ db, tenantId, actor: actorOf(ctx, person) });
  const finds = (isPlatform: boolean) => shownSections({ holdings, tenant: { isPlatform }, mounted }).length > 0;
  // What counts in the platform's tenant alone is looked at last: few hold nothing else.
  const isShown = finds(false) || (finds(true) && (await isPlatformTenant(db, tenantId)));
  return isShown ? `/console/${tenant.slug}` : undefined;
}
