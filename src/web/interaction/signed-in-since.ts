/**
 * People who come back to a sign-in that is behind them, by reloading a second tab or by the browser's way back, and are
 * signed in by now: they are led on to where they wanted. Where the interaction still waits, the library goes on with it and
 * decides what is still to be asked; where it is over, its client's own address is all that is left of it.
 */
import type { Context } from 'koa';
import type { Interaction, Provider } from 'oidc-provider';
import { accountClientId } from '../../oidc/account-client.ts';
import { DomainError } from '../../platform/errors.ts';
import type { WebDependencies } from './context.ts';
import { startHref } from './steps.ts';

const cookieName = 'gh_client';
const hourMs = 3_600_000;

type Client = NonNullable<Awaited<ReturnType<Provider['Client']['find']>>>;

async function isSignedIn(ctx: Context, { provider }: WebDependencies): Promise<boolean> {
  return (await provider().Session.get(ctx as never)).accountId !== undefined;
}

/** Remembers, beside the interaction's own cookie, whose interaction it is. */
export function rememberClient(ctx: Context, { issuer }: WebDependencies, { uid, params }: Interaction): void {
  ctx.cookies.set(cookieName, String(params.client_id), {
    path: startHref(uid),
    httpOnly: true,
    sameSite: 'lax',
    secure: issuer.startsWith('https:'),
    maxAge: hourMs,
    signed: true,
    overwrite: true,
  });
}

/**
 * The library's way on, for an interaction that began before the person signed in. One that began in a session asks what
 * that session is not enough for.
 */
export async function wayOnSince(
  ctx: Context,
  web: WebDependencies,
  { session, returnTo }: Interaction,
): Promise<string | undefined> {
  if (session?.accountId !== undefined) return undefined;
  return (await isSignedIn(ctx, web)) ? returnTo : undefined;
}

/** Where an application begins: where it says that a sign-in may (OpenID Connect Core section 4), its page, or its origin. */
function homeOf(client: Client, issuer: string): string | undefined {
  if (client.clientId === accountClientId) return '/account';
  if (client.initiateLoginUri) {
    const address = new URL(client.initiateLoginUri);
    address.searchParams.set('iss', issuer);
    return address.href;
  }
  if (client.clientUri) return client.clientUri;
  const [first] = client.applicationType === 'web' ? (client.redirectUris ?? []) : [];
  return first === undefined ? undefined : new URL('/', first).href;
}

/**
 * The application that an interaction was for which has ended, for a person who is signed in.
 * @param error why the interaction could not be had
 */
export async function wayHome(ctx: Context, web: WebDependencies, error: unknown): Promise<string | undefined> {
  if (!(error instanceof DomainError) || error.code !== 'INTERACTION_NOT_FOUND') return undefined;
  const clientId = ctx.cookies.get(cookieName, { signed: true });
  if (clientId === undefined || !(await isSignedIn(ctx, web))) return undefined;
  const client = await web.provider().Client.find(clientId);
  return client && homeOf(client, web.issuer);
}
