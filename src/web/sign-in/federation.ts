/**
 * Signing in with an identity provider: the way there, and what comes of having been there (web/sign-in/federation-callback.ts has verified
 * it, and kept it in the interaction). Owns that what the application asked of the sign-in (`prompt=login`, `max_age`,
 * `login_hint`) is asked of the provider. Who the person is here, and who may join, is for the domain.
 */
import type { Context } from 'koa';
import type { Interaction } from 'oidc-provider';
import { federationMethod } from '../../domain/methods/federation/federation-method.ts';
import { refusedAccount } from '../../domain/methods/federation/identities.ts';
import {
  findIdentityProvider,
  type IdentityProvider,
  isOffered,
  offeredProviders,
} from '../../domain/methods/federation/identity-providers.ts';
import { type FederatedSignIn, signInWithIdentity } from '../../domain/methods/federation/linking.ts';
import { signUpWithIdentity } from '../../domain/sign-up/federated-sign-up.ts';
import { DomainError } from '../../platform/errors.ts';
import { callerOf, toDispatcher } from '../interaction/context.ts';
import { acceptProof } from '../interaction/proof.ts';
import type { Visit } from '../interaction/visit.ts';
import { beginFederation } from './begin-federation.ts';
import { type Arrival, arrivalOf, keepArrival, showFailure } from './federation-arrival.ts';
import { isProviderFailure } from './federation-failure.ts';
import { linkAccount } from './link-account.ts';
import type { Offering, SignInOptions, WebSignInMethod } from './sign-in-method.ts';

/** What the application asked of the authentication itself. */
function askedOf({ params, prompt }: Interaction): { reauthenticate: boolean; maxAge?: number; loginHint?: string } {
  const { max_age: maxAge, login_hint: loginHint, prompt: prompts } = params;
  return {
    reauthenticate:
      prompt.reasons.includes('login_prompt') ||
      String(prompts ?? '')
        .split(' ')
        .includes('login'),
    maxAge: maxAge === undefined || !Number.isSafeInteger(Number(maxAge)) ? undefined : Number(maxAge),
    loginHint: typeof loginHint === 'string' ? loginHint.slice(0, 254) : undefined,
  };
}

/** To the provider. */
async function start(ctx: Context, visit: Visit): Promise<void> {
  const { web, interaction, tenant } = visit;
  const provider = await findIdentityProvider(web.db, ctx.params.key as string);
  if (!provider || !isOffered(provider, tenant)) throw new DomainError('not_found', 'NOT_FOUND');
  try {
    const address = await beginFederation(ctx, web, provider, {
      ...askedOf(interaction),
      purpose: { kind: 'sign-in', interactionUid: interaction.uid },
      hostedDomain: tenant?.settings.federation[provider.key]?.requiredHostedDomain ?? undefined,
    });
    ctx.status = 303;
    ctx.redirect(address);
  } catch (error) {
    if (!isProviderFailure(error)) throw error;
    showFailure(ctx, web, visit, provider, error);
  }
}

/** Where the callback leads to. Only here is the interaction's cookie at hand. */
async function arrive(ctx: Context, visit: Visit): Promise<void> {
  const { web, interaction } = visit;
  const arrival = arrivalOf(interaction);
  const provider = arrival && (await findIdentityProvider(web.db, arrival.providerKey));
  if (!provider) return toDispatcher(ctx, interaction.uid);
  try {
    const outcome = await whoIsIt(ctx, visit, { provider, arrival });
    if (outcome.kind === 'proof-needed') {
      await keepArrival(interaction, { ...arrival, account: outcome.account });
      return toDispatcher(ctx, interaction.uid, 'account-to-prove');
    }
    web.metrics.countSignIn('federation', 'succeeded');
    const { accounts } = outcome;
    await acceptProof(ctx, web, interaction, { accounts, amr: ['fed'], authenticatedAt: arrival.authenticatedAt });
  } catch (error) {
    if (!isProviderFailure(error)) throw error;
    await keepArrival(interaction, undefined);
    showFailure(ctx, web, visit, provider, error);
  }
}

type Known = Exclude<FederatedSignIn, { kind: 'nobody' }>;

async function whoIsIt(
  ctx: Context,
  { web, interaction, tenant }: Visit,
  { provider, arrival }: { provider: IdentityProvider; arrival: Arrival },
): Promise<Known> {
  const { person } = arrival;
  const deps = { ...web, caller: callerOf(ctx) };
  const find = () => signInWithIdentity(web.db, { provider, person, tenant }, deps);
  const known = (outcome: FederatedSignIn): Known => {
    if (outcome.kind === 'nobody') throw refusedAccount(provider);
    return outcome;
  };

  const outcome = await find();
  if (outcome.kind !== 'nobody' || tenant === null) return known(outcome);
  const { referral_code: referralCode } = interaction.params;
  const wanted = {
    provider,
    person,
    tenantId: tenant.id,
    locale: ctx.state.locale ?? 'en',
    referralCode: typeof referralCode === 'string' ? referralCode : undefined,
  };
  try {
    const account = await signUpWithIdentity(web.db, wanted, deps);
    return { kind: 'signed-in', accounts: [account] };
  } catch (error) {
    // Somebody of the address came a moment before: another tab of the same person, most likely.
    if (!(error instanceof DomainError) || error.code !== 'DUPLICATE_EMAIL') throw error;
    return known(await find());
  }
}

/** The identity providers that can be signed in with, in the order of their buttons. */
async function offer({ web, tenant }: Offering, href: string): Promise<Pick<SignInOptions, 'providers'>> {
  const offered = await offeredProviders(web.db, tenant);
  return { providers: offered.map(({ key, name }) => ({ key, name, href: href.replace(':key', key) })) };
}

export const federation: WebSignInMethod = {
  method: federationMethod,
  steps: { 'federation-start': { show: start }, federation: { show: arrive }, ...linkAccount },
  entry: 'federation-start',
  offer,
};
