/** Whom a provider vouched for, as the interaction keeps it between the callback and the steps that follow, for ten minutes. */
import type { Context } from 'koa';
import type { Interaction } from 'oidc-provider';
import type { IdentityProvider } from '../../domain/methods/federation/identity-providers.ts';
import type { AccountToProve } from '../../domain/methods/federation/linking.ts';
import type { VerifiedPerson } from '../../oidc/federation-client.ts';
import type { DomainError } from '../../platform/errors.ts';
import type { InteractionContext, WebDependencies } from '../interaction/context.ts';
import { keepInInteraction } from '../interaction/proof.ts';
import { startHref } from '../interaction/steps.ts';
import { showProviderFailure } from './federation-failure.ts';

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
  const wayOn = { href: startHref(interaction.uid), label: 'sign_in' as const };
  showProviderFailure(ctx, web.pages, error, { providerName: provider.name, wayOn, surroundings });
}
