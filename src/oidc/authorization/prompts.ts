/**
 * When a person is asked. The library's login and consent checks, with ours added: a session of another tenant leads to
 * a new sign-in, one without the second factor that is needed by now to that factor, an authentication context we cannot give
 * is refused instead of asked for for ever, and the person may be asked to choose an account or to make one.
 */
import { decodeJwt } from 'jose';
import { errors, type interactionPolicy, type KoaContextWithOIDC, interactionPolicy as policies } from 'oidc-provider';
import type { AccountWithProfile } from '../account.ts';
import { demandsUnknownContext } from './authentication-context.ts';
import { letInCheck } from './let-in-clients.ts';
import { registeredScopeCheck } from './registered-scopes.ts';
import type { RequestedTenant } from './requested-tenant.ts';

const { Check, Prompt, base } = policies;

/** Why the library asks a person again whose session lacks the second factor, in an interaction's `prompt.reasons`. */
export const secondFactorReason = 'second_factor';

function proved(ctx: KoaContextWithOIDC): boolean {
  return ctx.oidc.result?.login !== undefined;
}

async function isOfAnotherTenant(ctx: KoaContextWithOIDC, wanted: RequestedTenant | undefined): Promise<boolean> {
  const account = ctx.oidc.account as AccountWithProfile | undefined;
  return wanted !== undefined && account !== undefined && account.profile.tenantId !== wanted.id;
}

/** The person whom `id_token_hint` or `sub` of the `claims` parameter name is not the one who is signed in. */
function isAnotherPerson(ctx: KoaContextWithOIDC): boolean {
  const { params, claims, session } = ctx.oidc;
  // The library verified the hint when the request came, and has forgotten it by the time the person has signed in.
  const hint = params?.id_token_hint;
  const hinted = typeof hint === 'string' ? decodeJwt(hint).sub : undefined;
  const named = (claims?.id_token as { sub?: { value?: string } } | undefined)?.sub?.value;
  return [hinted, named].some((sub) => sub !== undefined && sub !== session?.accountId);
}

type NeedsSecondFactor = (ctx: KoaContextWithOIDC, account: AccountWithProfile) => Promise<boolean>;

/** How a person has to have signed in: an `acr` that we can give, and the second factor where it is needed. */
function addContextChecks(login: interactionPolicy.Prompt, needsSecondFactor: NeedsSecondFactor): void {
  // The library knows no order among contexts, and would ask a person with two factors for one, for ever.
  login.checks.remove('essential_acrs');
  login.checks.remove('essential_acr');
  // OpenID Connect Core Unmet Authentication Requirements 1.0.
  login.checks.add(
    new Check(
      'acr_known',
      'the requested authentication context cannot be given',
      'unmet_authentication_requirements',
      (ctx) => {
        if (demandsUnknownContext({ claims: ctx.oidc.claims }))
          throw new errors.UnmetAuthenticationRequirements('the requested acr values cannot be satisfied');
        return Check.NO_NEED_TO_PROMPT;
      },
    ),
  );
  // Also where it was asked for after the session began. RFC 9470 section 5.
  login.checks.add(
    new Check(secondFactorReason, 'a second factor has to be proved', 'login_required', async (ctx) => {
      const account = ctx.oidc.account as AccountWithProfile | undefined;
      if (!ctx.oidc.session?.accountId || !account) return Check.NO_NEED_TO_PROMPT;
      return (await needsSecondFactor(ctx, account)) ? Check.REQUEST_PROMPT : Check.NO_NEED_TO_PROMPT;
    }),
  );
}

/** The policy, in the order in which it is checked: create, select_account, login, consent. */
export function createInteractionPolicy(
  findTenant: (ctx: KoaContextWithOIDC) => Promise<RequestedTenant | undefined>,
  needsSecondFactor: NeedsSecondFactor,
): interactionPolicy.DefaultPolicy {
  const policy = base();
  const login = policy.get('login') as interactionPolicy.Prompt;

  login.checks.add(
    new Check(
      'tenant',
      'the session belongs to another tenant',
      'login_required',
      async (ctx) => {
        if (!ctx.oidc.session?.accountId) return Check.NO_NEED_TO_PROMPT;
        if (!(await isOfAnotherTenant(ctx, await findTenant(ctx)))) return Check.NO_NEED_TO_PROMPT;
        // Just signed in, and still not of this tenant: asking again would ask for ever.
        if (proved(ctx)) throw new errors.AccessDenied('the account does not belong to the requested tenant');
        return Check.REQUEST_PROMPT;
      },
      () => ({ tenant: true }),
    ),
  );
  // The person may have been stopped, or their tenant, while a sign-in was on its way.
  login.checks.add(
    new Check('account', 'the account of the session may not act', 'login_required', (ctx) => {
      if (!ctx.oidc.session?.accountId || ctx.oidc.account) return Check.NO_NEED_TO_PROMPT;
      if (proved(ctx)) throw new errors.AccessDenied('the account may not act');
      return Check.REQUEST_PROMPT;
    }),
  );
  // OpenID Connect Core section 3.1.2.2: a person who signs in as another than the hint says gets an error, not the same page.
  login.checks.add(
    new Check('subject', 'another person is meant', 'login_required', (ctx) => {
      if (proved(ctx) && isAnotherPerson(ctx))
        throw new errors.LoginRequired('the person who signed in is not the one who was asked for');
      return Check.NO_NEED_TO_PROMPT;
    }),
  );
  addContextChecks(login, needsSecondFactor);
  login.checks.add(registeredScopeCheck, 0);
  login.checks.add(letInCheck(findTenant));
  policy.add(new Prompt({ name: 'select_account', requestable: true }), 0);
  // Initiating User Registration via OpenID Connect 1.0. A person who signs in instead of signing up has answered it too.
  policy.add(new Prompt({ name: 'create', requestable: true }), 0);
  return policy;
}
