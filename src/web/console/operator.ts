/**
 * Who works at the console: the person who is signed in to this browser, as an actor of management with all that they hold.
 * They sign in through this server like at any application, and come back to the page that they asked for.
 */
import type { Context } from 'koa';
import type { Actor } from '../../management/actor.ts';
import {
  isFresh,
  pageInState,
  type SignedIn,
  signedIn,
  signInAgainTo,
  signInTo,
  type WayBack,
} from '../account/signed-in.ts';
import { callerOf, type WebDependencies } from '../interaction/context.ts';

export interface Operator {
  person: SignedIn;
  actor: Actor;
}

/** Nobody who may act is signed in: undefined. */
export async function findOperator(ctx: Context, web: WebDependencies): Promise<Operator | undefined> {
  const person = await signedIn(ctx, web);
  return person && { person, actor: actorOf(ctx, person) };
}

export function actorOf(ctx: Context, person: SignedIn): Actor {
  const { userId: id, tenantId } = person.profile;
  return {
    kind: 'person',
    id,
    tenantId,
    scopes: null,
    authTime: new Date(person.provedAt),
    caller: callerOf(ctx, id),
    standingOf: { person: id },
  };
}

export function hasProvedLately({ person }: Operator): boolean {
  return isFresh(person);
}

const mostBytes = 1500;

function wayBack(page: string): WayBack {
  const kept = isConsolePage(page) && page.length <= mostBytes ? Buffer.from(page).toString('base64url') : '';
  return { redirectPath: '/console/_signed-in', page: kept };
}

/** Whether this is the address of a page of the console and of nothing else, whatever a stranger wrote into it. */
export function isConsolePage(page: string): boolean {
  // Browsers read a backslash as a slash and leave out tabs and line ends.
  if (!/^\/console(?:[/?]|$)/.test(page) || /[\\\p{Cc}\p{Cs}]/u.test(page)) return false;
  const base = 'http://console.invalid';
  const url = URL.canParse(page, base) ? new URL(page, base) : undefined;
  return url !== undefined && url.origin === base && /^\/console(?:\/(?!\/)|$)/.test(url.pathname);
}

/** The page of the console that the state of a sign-in names, or the first. Opening one changes nothing. */
export function consolePageOfState(state: unknown): string {
  const page = Buffer.from(pageInState(state), 'base64url').toString('utf8');
  return page.length <= mostBytes && isConsolePage(page) ? page : '/console';
}

/** To sign in, and come back to a page of the console. */
export function signInForPage(web: WebDependencies, page: string): string {
  return signInTo(wayBack(page), web.issuer);
}

/** To prove once more who one is, and come back to a page of the console. */
export function signInAgainForPage(web: WebDependencies, { person }: Operator, page: string): string {
  return signInAgainTo(wayBack(page), web.issuer, person);
}
