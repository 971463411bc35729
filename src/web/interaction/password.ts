/**
 * The password step. Parses the form, asks the domain, and either finishes, or lets a person of several tenants choose,
 * or shows the page again with what to do next. Says the same whether the account exists or not.
 */
import type Router from '@koa/router';
import type { Context } from 'koa';
import type { Interaction, InteractionResults } from 'oidc-provider';
import { type ProvedAccount, signInWithPassword } from '../../domain/password/password-sign-in.ts';
import { findAccount } from '../../domain/users/users.ts';
import { acr } from '../../oidc/prompts.ts';
import { DomainError } from '../../platform/errors.ts';
import { consume } from '../../platform/rate-limits.ts';
import type { FormError } from '../../platform/views.ts';
import { readForm } from '../middleware/body.ts';
import { rememberDevice } from '../middleware/device.ts';
import { statusOf } from '../middleware/errors.ts';
import {
  callerOf,
  finishInteraction,
  type InteractionContext,
  interactionContext,
  toStep,
  type WebDependencies,
} from './context.ts';
import { rememberProof } from './tenant-choice.ts';

/** The library's login result for a password proof (RFC 8176 `pwd`). */
export function passwordLogin(accountId: string, remember: boolean): InteractionResults {
  return {
    login: { accountId, amr: ['pwd'], acr: acr.aal1, remember, ts: Math.floor(Date.now() / 1000) },
    select_account: {},
  };
}

async function suggestedAddress(web: WebDependencies, interaction: Interaction): Promise<string> {
  const hint = interaction.params.login_hint;
  if (typeof hint === 'string') return hint.slice(0, 254);
  const wantsOther = interaction.prompt.name === 'select_account';
  const known = wantsOther ? undefined : interaction.session?.accountId;
  const profile = known ? await findAccount(web.db, known) : undefined;
  return profile?.email ?? '';
}

function showSignIn(
  ctx: Context,
  web: WebDependencies,
  { interaction, surroundings }: InteractionContext,
  email: string,
  error?: DomainError,
): void {
  if (error?.kind === 'rate_limited' || error?.kind === 'unavailable')
    ctx.set('retry-after', String(error.params.seconds ?? 5));
  const field = typeof error?.params.field === 'string' ? error.params.field : 'login';
  const formError: FormError | undefined = error && { code: error.code, params: error.params, field };
  const base = `/interaction/${interaction.uid}`;
  web.pages.render(
    ctx,
    'interaction/sign-in',
    {
      action: `${base}/sign-in`,
      cancelHref: `${base}/cancel`,
      email,
      hasRecovery: false,
      otherMethods: [],
      error: formError,
    },
    { ...surroundings, status: error ? statusOf(error) : 200 },
  );
}

/** What the page can answer itself; everything else is the error page's. */
function isShownOnTheForm(error: unknown): error is DomainError {
  return (
    error instanceof DomainError && ['unauthenticated', 'rate_limited', 'unavailable', 'invalid'].includes(error.kind)
  );
}

export function mountPassword(router: Router, web: WebDependencies): void {
  router.get('/sign-in', async (ctx) => {
    const found = await interactionContext(ctx, web);
    if (found.interaction.prompt.name === 'consent') return toStep(ctx, found.interaction.uid);
    showSignIn(ctx, web, found, await suggestedAddress(web, found.interaction));
  });

  router.post('/sign-in', async (ctx) => {
    const form = await readForm(ctx);
    const found = await interactionContext(ctx, web);
    if (found.interaction.prompt.name === 'consent') return toStep(ctx, found.interaction.uid);
    const address = form.login ?? '';
    let accounts: ProvedAccount[];
    try {
      for (const field of ['login', 'password'])
        if (!form[field]?.trim()) throw new DomainError('invalid', 'FIELD_REQUIRED', { field });
      await consume(web.db, 'signInPerIp', ctx.ip);
      ({ accounts } = await signInWithPassword(
        web.db,
        { address, password: form.password ?? '', tenantId: found.tenant?.id },
        { passwords: web.passwords, secrets: web.secrets, caller: callerOf(ctx) },
      ));
    } catch (error) {
      if (!isShownOnTheForm(error)) throw error;
      web.metrics.countSignIn('password', 'refused');
      showSignIn(ctx, web, found, address.slice(0, 254), error);
      return;
    }
    web.metrics.countSignIn('password', 'succeeded');
    rememberDevice(ctx, web.issuer);
    const [only] = accounts;
    if (accounts.length === 1 && only) return finishInteraction(ctx, web.provider(), passwordLogin(only.userId, true));
    await rememberProof(found.interaction, accounts);
    toStep(ctx, found.interaction.uid);
  });
}
