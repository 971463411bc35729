/**
 * Signing in with an identity provider: the way there, and what comes of having been there (web/sign-in/federation-callback.ts has verified
 * it, and kept it in the interaction). Owns that what the application asked of the sign-in (`prompt=login`, `max_age`,
 * `login_hint`) is asked of the provider. Who the person is here, and who may join, is for the domain.
 */
import type Router from '@koa/router';
import type { Context } from 'koa';
import type { Interaction } from 'oidc-provider';
import { federationLimits } from '../../domain/methods/federation/federation-requests.ts';
import { refusedAccount } from '../../domain/methods/federation/identities.ts';
import {
  findIdentityProvider,
  type IdentityProvider,
  isOffered,
} from '../../domain/methods/federation/identity-providers.ts';
import {
  type AccountToProve,
  type FederatedSignIn,
  signInWithIdentity,
} from '../../domain/methods/federation/linking.ts';
import { signUpWithIdentity } from '../../domain/sign-up/federated-sign-up.ts';
import type { VerifiedPerson } from '../../oidc/federation-client.ts';
import { DomainError } from '../../platform/errors.ts';
import { consume } from '../../platform/rate-limits.ts';
import {
  callerOf,
  type InteractionContext,
  interactionContext,
  toStep,
  type WebDependencies,
} from '../interaction/context.ts';
import { acceptProof, keepInInteraction } from '../interaction/proof.ts';
import { beginFederation } from './begin-federation.ts';
import { isProviderFailure, showProviderFailure } from './federation-failure.ts';

/** Whom a provider vouched for in this interaction. */
export interface Arrival extends VerifiedPerson {
  providerKey: string;
  /** Epoch milliseconds. */
  arrivedAt: number;
  /** The account that has to be proved before the identity is linked to it. */
  account?: AccountToProve;
}

const arrivalLifeMs = 10 * 60_000;

export function arrivalOf(interaction: Interaction): Arrival | undefined {
  const arrival = (interaction.lastSubmission as { federation?: Arrival } | undefined)?.federation;
  return arrival && Date.now() - arrival.arrivedAt < arrivalLifeMs ? arrival : undefined;
}

/** Keeps it, over what another arrival or its code had left. */
export async function keepArrival(interaction: Interaction, arrival: Arrival | undefined): Promise<void> {
  await keepInInteraction(interaction, { federation: arrival, otp: undefined });
}

/** The page of a failure, with the interaction's own sign-in as the way on. */
export function showFailure(
  ctx: Context,
  web: WebDependencies,
  { interaction, surroundings }: InteractionContext,
  provider: Pick<IdentityProvider, 'name'>,
  error: DomainError,
): void {
  web.metrics.countSignIn('federation', error.code === 'PROVIDER_UNAVAILABLE' ? 'unavailable' : 'refused');
  const wayOn = { href: `/interaction/${interaction.uid}`, label: 'sign_in' as const };
  showProviderFailure(ctx, web.pages, error, { providerName: provider.name, wayOn, surroundings });
}

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

export function mountFederation(router: Router, web: WebDependencies): void {
  router.get('/federation/:key', async (ctx) => {
    const found = await interactionContext(ctx, web);
    const { interaction, tenant } = found;
    if (interaction.prompt.name === 'consent') return toStep(ctx, interaction.uid);
    const provider = await findIdentityProvider(web.db, ctx.params.key as string);
    if (!provider || !isOffered(provider, tenant)) throw new DomainError('not_found', 'NOT_FOUND');
    await consume(web.db, federationLimits.federationPerIp, ctx.ip);
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
      showFailure(ctx, web, found, provider, error);
    }
  });

  // Where the callback leads to. Only here is the interaction's cookie at hand.
  router.get('/federation', async (ctx) => {
    const found = await interactionContext(ctx, web);
    const { interaction } = found;
    const arrival = arrivalOf(interaction);
    if (!arrival || interaction.prompt.name === 'consent') return toStep(ctx, interaction.uid);
    const provider = await findIdentityProvider(web.db, arrival.providerKey);
    if (!provider) return toStep(ctx, interaction.uid);
    try {
      const outcome = await whoIsIt(ctx, web, found, { provider, arrival });
      if (outcome.kind === 'proof-needed') {
        await keepArrival(interaction, { ...arrival, account: outcome.account });
        return toStep(ctx, interaction.uid, 'link-account');
      }
      web.metrics.countSignIn('federation', 'succeeded');
      const { accounts } = outcome;
      await acceptProof(ctx, web, interaction, { accounts, amr: ['fed'], authenticatedAt: arrival.authenticatedAt });
    } catch (error) {
      if (!isProviderFailure(error)) throw error;
      await keepArrival(interaction, undefined);
      showFailure(ctx, web, found, provider, error);
    }
  });
}

type Known = Exclude<FederatedSignIn, { kind: 'nobody' }>;

async function whoIsIt(
  ctx: Context,
  web: WebDependencies,
  { interaction, tenant }: InteractionContext,
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
