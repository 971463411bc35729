/**
 * Asking for a recovery link. Says the same of every address: that the link is on its way if there is an account. The
 * link itself leads to `/recovery/:token`, in any browser.
 */
import type { Context } from 'koa';
import type { Interaction } from 'oidc-provider';
import type { Channel } from '../../domain/messages/outgoing-message.ts';
import { requestRecovery } from '../../domain/recovery/recovery.ts';
import { destinationText, usernameOf } from '../../domain/users/username.ts';
import { rememberWayBack } from '../links/way-back.ts';
import { type AddressForm, showAddressForm, submitAddressForm } from './address-form.ts';
import { toDispatcher } from './context.ts';
import { recoveryChannels } from './offered-channels.ts';
import { keepInInteraction } from './proof.ts';
import { requestDependencies, unlessJustSent } from './send-once.ts';
import { keepTypedAddress } from './suggested-address.ts';
import type { Handlers, Visit } from './visit.ts';

/** What the page that follows the form says again. */
interface SentLink {
  destination: string;
  channel: Channel;
  minutes: number;
  /** Epoch milliseconds. */
  resendAt: number;
}

function sentLink(interaction: Interaction): SentLink | undefined {
  return (interaction.lastSubmission as { recovery?: SentLink } | undefined)?.recovery;
}

/** Undefined where there is nothing to recover by. */
function addressFormOf({ web, tenant, href, links }: Visit<'back'>): AddressForm | undefined {
  const channels = recoveryChannels(web, tenant);
  if (channels.length === 0) return undefined;
  const usernames = tenant?.settings.usernames === true;
  return { purpose: 'recovery', action: href, backHref: links.back, channels, usernames };
}

async function showAsk(ctx: Context, visit: Visit<'back'>): Promise<void> {
  const form = addressFormOf(visit);
  if (!form) return toDispatcher(ctx, visit.interaction.uid);
  await showAddressForm(ctx, visit, form, { wish: ctx.query.channel });
}

async function ask(ctx: Context, visit: Visit<'back'>): Promise<void> {
  const { uid } = visit.interaction;
  const form = addressFormOf(visit);
  if (!form) return toDispatcher(ctx, uid);
  if (!(await submitAddressForm(ctx, visit, form, (wanted) => sendLink(ctx, visit, wanted)))) return;
  rememberWayBack(ctx, uid, visit.web.issuer);
  toDispatcher(ctx, uid, 'recovery-link-sent');
}

/** Has a link sent, and keeps where it went. */
async function sendLink(
  ctx: Context,
  visit: Visit<'back'>,
  wanted: { address: string; channel: Channel },
): Promise<void> {
  const { web, interaction, tenant } = visit;
  const enough = (now: Interaction) => {
    const sent = sentLink(now);
    return sent && Date.now() < sent.resendAt ? sent : undefined;
  };
  await unlessJustSent(web, visit, wanted, enough, async () => {
    const sentAt = Date.now();
    const { destination, expiresAt, resendInSeconds } = await requestRecovery(
      web.db,
      {
        ...wanted,
        tenantId: tenant?.id ?? null,
        locale: ctx.state.locale ?? 'en',
        clientId: interaction.params.client_id as string,
      },
      requestDependencies(ctx, web),
    );
    const minutes = Math.max(1, Math.round((expiresAt.getTime() - sentAt) / 60_000));
    const resendAt = sentAt + resendInSeconds * 1000;
    const recovery: SentLink = { destination, channel: wanted.channel, minutes, resendAt };
    await keepInInteraction(interaction, { recovery });
    await keepTypedAddress(interaction, destinationText(destination));
  });
}

async function showSent(ctx: Context, visit: Visit<'back' | 'signIn'>): Promise<void> {
  const { web, interaction, tenant, surroundings, links } = visit;
  const sent = sentLink(interaction);
  if (recoveryChannels(web, tenant).length === 0) return toDispatcher(ctx, interaction.uid);
  if (!sent) return toDispatcher(ctx, interaction.uid, 'recovery-link-missing');
  const { channel, minutes } = sent;
  const destination = destinationText(sent.destination);
  const byUsername = usernameOf(sent.destination) !== undefined;
  const backHref = `${links.back}?channel=${channel}`;
  const model = { destination, byUsername, channel, minutes, backHref, signInHref: links.signIn };
  web.pages.render(ctx, 'interaction/message-sent', model, surroundings);
}

export const recovery = {
  recovery: { show: showAsk, submit: ask },
  'recovery-sent': { show: showSent },
} satisfies Partial<Handlers>;
