/** One request for a page of the console: who works here, in which tenant, at which place; and addresses of further pages. */
import type { Context } from 'koa';
import type { ManagementDependencies } from '../../management/operation.ts';
import type { Holdings } from '../../management/permission.ts';
import { knownZone } from '../../platform/format-date.ts';
import type { WebDependencies } from '../interaction/context.ts';
import type { Asker } from './ask.ts';
import type { SectionName } from './sections.ts';

export interface ConsoleDependencies {
  web: WebDependencies;
  management: ManagementDependencies;
  /** The sections that have pages. */
  mounted: ReadonlySet<string>;
}

/** The place that one looks at: it narrows lists. */
export interface Place {
  id: string;
  name: string;
}

export interface Visit extends Asker {
  ctx: Context;
  web: WebDependencies;
  holdings: Holdings;
  mounted: ReadonlySet<string>;
  /** Undefined: of a page of the frame itself, such as the search. */
  section: SectionName | undefined;
  at: Place | undefined;
  /** The values of the address's path: `visit.params.userId`. */
  params: Record<string, string>;
}

/** An address of this tenant's console, at the same place unless `query.at` says another one. What is undefined is left out. */
export function hrefTo(
  { tenant, at }: Pick<Visit, 'tenant' | 'at'>,
  path: string,
  query: Record<string, string | undefined> = {},
): string {
  const all = { at: at?.id, ...query };
  const named = Object.entries(all).filter((pair): pair is [string, string] => pair[1] !== undefined && pair[1] !== '');
  const text = new URLSearchParams(named).toString();
  return `/console/${tenant.slug}${path}${text === '' ? '' : `?${text}`}`;
}

/** One value of the page's query; what was given twice counts as absent. */
export function queryValue({ ctx }: Pick<Visit, 'ctx'>, name: string): string | undefined {
  const value = ctx.query[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The address of the page at hand, with its query. */
export function addressOf(ctx: Context): string {
  return ctx.querystring === '' ? ctx.path : `${ctx.path}?${ctx.querystring}`;
}

/** The zone in which who looks reads and types moments. */
export function zoneOf({ operator }: Pick<Visit, 'operator'>): string {
  return knownZone(operator.person.profile.zoneinfo ?? undefined);
}
