/**
 * The way back to the application that a person recovered their account for. Owns the cookie that says which sign-in of this
 * browser waits for it. The cookie opens nothing: the sign-in has one of its own, and asks for the new password.
 *
 * A link from a mail is opened in the same browser, or anywhere. In the same browser the sign-in goes on, while it waits.
 * Everywhere else there is none to go on with: the page names the application, and leads to its start page where it has one.
 */
import type { Context } from 'koa';
import type { Client, Provider } from 'oidc-provider';
import { codeLimits } from '../../domain/codes/code-limits.ts';
import { accountClientId } from '../../oidc/account-client.ts';
import { startHref } from '../interaction/steps.ts';
import type { ViewModels } from '../pages/view-models.ts';

const cookieName = 'gh_recovery';
const path = '/recovery';

/** Remembers which sign-in asked for a link, for as long as the link works. */
export function rememberWayBack(ctx: Context, uid: string, issuer: string): void {
  ctx.cookies.set(cookieName, uid, {
    path,
    httpOnly: true,
    sameSite: 'lax',
    secure: issuer.startsWith('https:'),
    maxAge: codeLimits.linkSeconds * 1000,
    signed: false,
    overwrite: true,
  });
}

/** The application of a link, while it may be used; undefined for our own pages. */
export async function clientOfLink(provider: Provider, clientId: string | null): Promise<Client | undefined> {
  if (clientId === null || clientId === accountClientId) return undefined;
  return provider.Client.find(clientId);
}

/** What the page offers once the password is changed. */
export async function wayBack(
  ctx: Context,
  provider: Provider,
  clientId: string | null,
): Promise<ViewModels['interaction/password-changed']> {
  const uid = ctx.cookies.get(cookieName, { signed: false });
  ctx.cookies.set(cookieName, null, { path, signed: false, overwrite: true });
  const interaction = uid && /^[\w-]{10,64}$/.test(uid) ? await provider.Interaction.find(uid) : undefined;
  if (interaction && interaction.params.client_id === (clientId ?? accountClientId))
    return { to: 'sign_in', continueHref: startHref(interaction.uid) };
  const client = await clientOfLink(provider, clientId);
  if (!client) return { to: 'account', continueHref: '/account' };
  return { to: 'client', continueHref: client.clientUri, accountHref: '/account' };
}
