/**
 * Sending a code or a link from a form, once for however many times the form is sent: by two clicks, or by going back and
 * asking again.
 */
import { setTimeout } from 'node:timers/promises';
import type { Context } from 'koa';
import type { Interaction } from 'oidc-provider';
import type { Caller } from '../../domain/audit/audit-events.ts';
import type { Channel } from '../../domain/messages/outgoing-message.ts';
import { parseAddress } from '../../domain/users/canonical-address.ts';
import { parseUsername, usernameDestination } from '../../domain/users/username.ts';
import { DomainError } from '../../platform/errors.ts';
import { callerOf, type InteractionContext, type WebDependencies } from './context.ts';
import { phoneCountriesOf } from './offered-channels.ts';

function canonical(web: WebDependencies, tenant: InteractionContext['tenant'], typed: string): string | undefined {
  const parsed = parseAddress(typed, phoneCountriesOf(web, tenant));
  if (parsed) return 'email' in parsed ? parsed.email : parsed.phone;
  const username = tenant?.settings.usernames ? parseUsername(typed) : undefined;
  return username === undefined ? undefined : usernameDestination(username);
}

/** What the domain needs to send something. */
export function requestDependencies(
  ctx: Context,
  web: WebDependencies,
): Pick<WebDependencies, 'secrets' | 'limits' | 'channels' | 'phoneCountries' | 'budgets' | 'takesUnicodeMail'> & {
  caller: Caller;
} {
  const { secrets, limits, channels, phoneCountries, budgets, takesUnicodeMail } = web;
  return { secrets, limits, caller: callerOf(ctx), channels, phoneCountries, budgets, takesUnicodeMail };
}

/**
 * Sends, unless this interaction has sent the same already. Of two clicks the second waits in the domain for the first,
 * is told that it was too soon, and finds what the first kept.
 * @param enough what the interaction has kept of an earlier message, where that is recent enough to stand for this one
 */
export async function unlessJustSent(
  web: WebDependencies,
  { interaction, tenant }: InteractionContext,
  wanted: { address: string; channel: Channel },
  enough: (interaction: Interaction) => { destination: string; channel: Channel } | undefined,
  send: () => Promise<void>,
): Promise<void> {
  const destination = canonical(web, tenant, wanted.address);
  const isThere = (now: Interaction) => {
    const sent = enough(now);
    return sent?.destination === destination && sent?.channel === wanted.channel;
  };
  if (isThere(interaction)) return;
  try {
    await send();
  } catch (error) {
    if (!(error instanceof DomainError) || error.code !== 'TOO_MANY_CODES') throw error;
    for (let look = 0; look < 3; look++) {
      const now = await web.provider().Interaction.find(interaction.uid);
      if (now && isThere(now)) return;
      await setTimeout(75);
    }
    throw error;
  }
}
