/**
 * The password step, which is also the page where a person chooses another way. Parses the form, asks the domain, and
 * either hands on what was proved or shows the page again with what to do next. Says the same whether the account exists
 * or not.
 */
import type Router from '@koa/router';
import type { Context } from 'koa';
import { passwordLimits, signInWithPassword } from '../../domain/methods/password/password-sign-in.ts';
import { parseAddress } from '../../domain/users/canonical-address.ts';
import { DomainError } from '../../platform/errors.ts';
import { consume } from '../../platform/rate-limits.ts';
import {
  callerOf,
  type InteractionContext,
  interactionContext,
  toStep,
  type WebDependencies,
} from '../interaction/context.ts';
import { isShownOnForm, refusal } from '../interaction/form-refusal.ts';
import { acceptProof } from '../interaction/proof.ts';
import { phoneCountriesOf, signInOptions } from '../interaction/sign-in-options.ts';
import { suggestedAddress } from '../interaction/suggested-address.ts';
import { readForm } from '../middleware/body.ts';

async function showSignIn(
  ctx: Context,
  web: WebDependencies,
  found: InteractionContext,
  email: string,
  refused?: DomainError,
): Promise<void> {
  const base = `/interaction/${found.interaction.uid}`;
  const options = await signInOptions(web, found);
  const { error, status } = refusal(ctx, refused, ({ params }) => String(params.field ?? 'login'));
  web.pages.render(
    ctx,
    'interaction/sign-in',
    { action: `${base}/sign-in`, cancelHref: `${base}/cancel`, email, ...options, otherMethods: [], error },
    { ...found.surroundings, status },
  );
}

/** The canonical form of what is an address; what is none is for the domain to count and refuse. */
function addressTyped(web: WebDependencies, { tenant }: InteractionContext, typed: string): string {
  const parsed = parseAddress(typed, phoneCountriesOf(web, tenant));
  if (!parsed) return typed;
  return 'email' in parsed ? parsed.email : parsed.phone;
}

export function mountPassword(router: Router, web: WebDependencies): void {
  router.get('/sign-in', async (ctx) => {
    const found = await interactionContext(ctx, web);
    if (found.interaction.prompt.name === 'consent') return toStep(ctx, found.interaction.uid);
    await showSignIn(ctx, web, found, await suggestedAddress(web, found.interaction));
  });

  router.post('/sign-in', async (ctx) => {
    const form = await readForm(ctx);
    const found = await interactionContext(ctx, web);
    if (found.interaction.prompt.name === 'consent') return toStep(ctx, found.interaction.uid);
    const typed = form.login ?? '';
    let proved: Awaited<ReturnType<typeof signInWithPassword>>;
    try {
      for (const field of ['login', 'password'])
        if (!form[field]?.trim()) throw new DomainError('invalid', 'FIELD_REQUIRED', { field });
      await consume(web.db, passwordLimits.signInPerIp, ctx.ip);
      proved = await signInWithPassword(
        web.db,
        { address: addressTyped(web, found, typed), password: form.password ?? '', tenantId: found.tenant?.id },
        { passwords: web.passwords, secrets: web.secrets, caller: callerOf(ctx) },
      );
    } catch (error) {
      if (!isShownOnForm(error)) throw error;
      web.metrics.countSignIn('password', 'refused');
      return showSignIn(ctx, web, found, typed.slice(0, 254), error);
    }
    web.metrics.countSignIn('password', 'succeeded');
    await acceptProof(ctx, web, found.interaction, { accounts: proved.accounts, amr: ['pwd'] });
  });
}
