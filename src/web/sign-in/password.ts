/**
 * The password step, on the page where a person may also choose another way. Parses the form, asks the domain, and either
 * hands on what was proved or shows the page again with what to do next. Says the same whether the account exists or not.
 */
import type { Context } from 'koa';
import { passwordMethod } from '../../domain/methods/password/password-method.ts';
import { signInWithPassword } from '../../domain/methods/password/password-sign-in.ts';
import { parseAddress } from '../../domain/users/canonical-address.ts';
import { DomainError } from '../../platform/errors.ts';
import { callerOf, type InteractionContext, type WebDependencies } from '../interaction/context.ts';
import { isShownOnForm } from '../interaction/form-refusal.ts';
import { phoneCountriesOf } from '../interaction/offered-channels.ts';
import { acceptProof } from '../interaction/proof.ts';
import { type SignInVisit, showSignInPage } from '../interaction/sign-in-page.ts';
import { keepTypedAddress, suggestedAddress } from '../interaction/suggested-address.ts';
import type { WebSignInMethod } from './sign-in-method.ts';

/** The canonical form of what is an address; what is none is for the domain to count and refuse. */
function addressTyped(web: WebDependencies, { tenant }: InteractionContext, typed: string): string {
  const parsed = parseAddress(typed, phoneCountriesOf(web, tenant));
  if (!parsed) return typed;
  return 'email' in parsed ? parsed.email : parsed.phone;
}

async function show(ctx: Context, visit: SignInVisit): Promise<void> {
  await showSignInPage(ctx, visit, { email: await suggestedAddress(visit.web, visit.interaction) });
}

/** @throws DomainError for the page to show */
async function prove(ctx: Context, visit: SignInVisit): ReturnType<typeof signInWithPassword> {
  const { web, form, tenant } = visit;
  for (const field of ['login', 'password'])
    if (!form[field]?.trim()) throw new DomainError('invalid', 'FIELD_REQUIRED', { field });
  return signInWithPassword(
    web.db,
    { address: addressTyped(web, visit, form.login ?? ''), password: form.password ?? '', tenantId: tenant?.id },
    { ...web, caller: callerOf(ctx) },
  );
}

/** Where the person goes on without a password, if the button says so. */
async function otherWay({ form: { to }, links, options }: SignInVisit): Promise<string | undefined> {
  if (to === undefined) return undefined;
  const { codeMethods } = await options();
  const ways = new Map<string, string>([
    ['recovery', links.recovery],
    ['new_account', links.signUp],
  ]);
  for (const { channel, href } of codeMethods) ways.set(channel, href);
  return ways.get(to);
}

async function submit(ctx: Context, visit: SignInVisit): Promise<void> {
  const { web, form, interaction } = visit;
  const way = await otherWay(visit);
  if (way !== undefined) {
    await keepTypedAddress(interaction, form.login);
    ctx.status = 303;
    return ctx.redirect(way);
  }
  let proved: Awaited<ReturnType<typeof prove>>;
  try {
    proved = await prove(ctx, visit);
  } catch (error) {
    if (!isShownOnForm(error)) throw error;
    web.metrics.countSignIn('password', 'refused');
    return showSignInPage(ctx, visit, { email: (form.login ?? '').slice(0, 254), refused: error });
  }
  web.metrics.countSignIn('password', 'succeeded');
  await acceptProof(ctx, web, interaction, { ...proved, amr: ['pwd'] });
}

export const password: WebSignInMethod = {
  method: passwordMethod,
  steps: { 'sign-in': { show, submit } },
  entry: 'sign-in',
  offer: ({ ways }) => ({ hasPassword: ways.length > 0 }),
};
