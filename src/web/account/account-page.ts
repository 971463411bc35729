/**
 * What the pages of the account have in common: who they are for, how lately that person has proved themselves, and how they
 * are drawn. Person and tenant come from the session alone. Refuses a form of nobody; a form of somebody whose sign-in is too
 * old is led through another sign-in, and back to its own page.
 */
import type { Context } from 'koa';
import { countWaitingRequests } from '../../domain/sessions/approval-requests.ts';
import { accountClientId } from '../../oidc/account-client.ts';
import { DomainError } from '../../platform/errors.ts';
import { consoleHrefFor } from '../console/entrance.ts';
import type { WebDependencies } from '../interaction/context.ts';
import { readForm } from '../middleware/body.ts';
import type { ViewModels } from '../pages/view-models.ts';
import { type AccountNav, type AccountSectionName, accountNav } from './sections.ts';
import { isFresh, type SignedIn, signedIn, signInAddress, signInAgainAddress } from './signed-in.ts';

type AccountView = Extract<keyof ViewModels, `account/${string}`>;

/** 303, because a form may have been posted. */
export function leadTo(ctx: Context, address: string): void {
  ctx.status = 303;
  ctx.redirect(address);
}

/** Somebody on their own pages. */
export interface AtAccount extends SignedIn {
  /** For who administers something. */
  consoleHref?: string;
  /** How many applications wait for their approval, where that was asked. */
  waiting?: number;
}

async function atAccount(ctx: Context, web: WebDependencies): Promise<AtAccount | undefined> {
  const person = await signedIn(ctx, web);
  if (!person) return undefined;
  const waiting = await countWaitingRequests(web.db, person.profile.userId);
  return { ...person, consoleHref: await consoleHrefFor(ctx, web, person), waiting };
}

/** Who a page is for; undefined where they are led to sign in, and come back to this very page. */
export async function personOfPage(ctx: Context, web: WebDependencies): Promise<AtAccount | undefined> {
  const person = await atAccount(ctx, web);
  if (!person) leadTo(ctx, signInAddress(web.issuer, ctx.query, ctx.path));
  return person;
}

/** As `personOfPage`, for what asks that they have proved themselves within five minutes. */
export async function freshPersonOfPage(ctx: Context, web: WebDependencies): Promise<AtAccount | undefined> {
  const person = await personOfPage(ctx, web);
  if (!person || isFresh(person)) return person;
  leadTo(ctx, signInAgainAddress(web.issuer, person, ctx.path));
  return undefined;
}

export interface PostedForm {
  person: AtAccount;
  form: Record<string, string>;
}

/** @throws DomainError unauthenticated SIGN_IN_REQUIRED; invalid INVALID_INPUT for what is no form */
export async function postedForm(ctx: Context, web: WebDependencies): Promise<PostedForm> {
  const form = await readForm(ctx);
  const person = await atAccount(ctx, web);
  if (!person) throw new DomainError('unauthenticated', 'SIGN_IN_REQUIRED');
  return { person, form };
}

/**
 * As `postedForm`; undefined where the sign-in is older than five minutes: the person is led to sign in once more.
 * @param page where they come back to: the page of the form
 */
export async function freshForm(ctx: Context, web: WebDependencies, page: string): Promise<PostedForm | undefined> {
  const posted = await postedForm(ctx, web);
  if (isFresh(posted.person)) return posted;
  leadTo(ctx, signInAgainAddress(web.issuer, posted.person, page));
  return undefined;
}

function navOf(
  web: WebDependencies,
  section: AccountSectionName,
  links: Pick<AtAccount, 'consoleHref' | 'waiting'>,
): AccountNav {
  const afterSignOut = { client_id: accountClientId, post_logout_redirect_uri: `${web.issuer}/` };
  return accountNav(section, { signOutHref: `/logout?${new URLSearchParams(afterSignOut)}`, ...links });
}

/** Draws a page of the account in the look of the person's tenant. */
export function drawPage<V extends AccountView>(
  ctx: Context,
  web: WebDependencies,
  { profile, consoleHref, waiting }: AtAccount,
  page: { section: AccountSectionName; view: V; status?: number },
  model: Omit<ViewModels[V], 'nav'>,
): void {
  const { tenant, theme, zoneinfo } = profile;
  const whole = { ...model, nav: navOf(web, page.section, { consoleHref, waiting }) } as ViewModels[V];
  const surroundings = { tenant, theme, timeZone: zoneinfo ?? undefined, status: page.status };
  web.pages.render(ctx, page.view, whole, surroundings);
}
