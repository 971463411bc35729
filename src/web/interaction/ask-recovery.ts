/**
 * Asking for a recovery link. Says the same of every address: that the link is on its way if there is an account. The
 * link itself leads to `/recovery/:token`, in any browser.
 */
import type Router from '@koa/router';
import type { Context } from 'koa';
import { type Channel, kindOf } from '../../domain/messages/outgoing-message.ts';
import { requestRecovery } from '../../domain/recovery/recovery.ts';
import { DomainError } from '../../platform/errors.ts';
import { readForm } from '../middleware/body.ts';
import { chosenChannel } from './code-flow.ts';
import { type InteractionContext, interactionContext, toStep, type WebDependencies } from './context.ts';
import { isShownOnForm, refusal } from './form-refusal.ts';
import { keepInInteraction } from './proof.ts';
import { requestDependencies, unlessJustSent } from './send-once.ts';
import { channelLinks, phoneCountriesOf, recoveryChannels } from './sign-in-options.ts';
import { suggestedAddress } from './suggested-address.ts';

/** What the page that follows the form says again. */
interface SentLink {
  destination: string;
  channel: Channel;
  minutes: number;
  /** Epoch milliseconds. */
  resendAt: number;
}

function sentLink(interaction: { lastSubmission?: object }): SentLink | undefined {
  return (interaction.lastSubmission as { recovery?: SentLink } | undefined)?.recovery;
}

export function mountRecovery(router: Router, web: WebDependencies): void {
  async function begin(ctx: Context): Promise<{ found: InteractionContext; channels: Channel[]; base: string }> {
    const found = await interactionContext(ctx, web);
    const isOpen = found.interaction.prompt.name !== 'consent';
    const channels = isOpen ? recoveryChannels(web, found.tenant) : [];
    return { found, channels, base: `/interaction/${found.interaction.uid}` };
  }

  async function showAsk(
    ctx: Context,
    { found, channels, base }: { found: InteractionContext; channels: Channel[]; base: string },
    { channel, typed, refused }: { channel: Channel; typed?: string; refused?: DomainError },
  ): Promise<void> {
    const countries = phoneCountriesOf(web, found.tenant);
    const { error, status } = refusal(ctx, refused, 'address');
    web.pages.render(
      ctx,
      'interaction/code-request',
      {
        action: `${base}/recovery`,
        channel,
        address: typed ?? (await suggestedAddress(web, found.interaction, kindOf(channel))),
        otherChannels: channelLinks(
          `${base}/recovery`,
          channels.filter((other) => other !== channel),
        ),
        backHref: `${base}/sign-in`,
        purpose: 'recovery',
        defaultCountryCode: countries.length === 1 ? countries[0] : undefined,
        error,
      },
      { ...found.surroundings, status },
    );
  }

  router.get('/recovery', async (ctx) => {
    const begun = await begin(ctx);
    if (begun.channels.length === 0) return toStep(ctx, begun.found.interaction.uid);
    await showAsk(ctx, begun, { channel: chosenChannel(ctx.query.channel, begun.channels) });
  });

  router.post('/recovery', async (ctx) => {
    const form = await readForm(ctx);
    const begun = await begin(ctx);
    const { interaction, tenant } = begun.found;
    if (begun.channels.length === 0) return toStep(ctx, interaction.uid);
    const typed = form.address ?? '';
    const channel = chosenChannel(form.channel, begun.channels);
    try {
      if (form.channel !== undefined && form.channel !== channel)
        throw new DomainError('invalid', 'CHANNEL_UNAVAILABLE');
      if (!typed.trim()) throw new DomainError('invalid', 'FIELD_REQUIRED', { field: 'address' });
      await unlessJustSent(
        web,
        begun.found,
        { address: typed, channel },
        (now) => {
          const sent = sentLink(now);
          return sent && Date.now() < sent.resendAt ? sent : undefined;
        },
        async () => {
          const sentAt = Date.now();
          const { destination, expiresAt, resendInSeconds } = await requestRecovery(
            web.db,
            { tenantId: tenant?.id ?? null, address: typed, channel, locale: ctx.state.locale ?? 'en' },
            requestDependencies(ctx, web),
          );
          const minutes = Math.max(1, Math.round((expiresAt.getTime() - sentAt) / 60_000));
          const recovery: SentLink = { destination, channel, minutes, resendAt: sentAt + resendInSeconds * 1000 };
          await keepInInteraction(interaction, { recovery });
        },
      );
    } catch (error) {
      if (!isShownOnForm(error)) throw error;
      return showAsk(ctx, begun, { channel, typed: typed.slice(0, 254), refused: error });
    }
    toStep(ctx, interaction.uid, 'recovery/sent');
  });

  router.get('/recovery/sent', async (ctx) => {
    const { found, channels, base } = await begin(ctx);
    const sent = sentLink(found.interaction);
    if (channels.length === 0) return toStep(ctx, found.interaction.uid);
    if (!sent) return toStep(ctx, found.interaction.uid, 'recovery');
    const { destination, channel, minutes } = sent;
    web.pages.render(
      ctx,
      'interaction/message-sent',
      {
        destination,
        channel,
        minutes,
        backHref: `${base}/recovery?channel=${channel}`,
        signInHref: `${base}/sign-in`,
      },
      found.surroundings,
    );
  });
}
