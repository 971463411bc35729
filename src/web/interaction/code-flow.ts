/**
 * Proving an address by a code, within an interaction: ask for the address, send, take the code, send again or another
 * way. Each step that needs it (signing in, signing up, linking) mounts it with what a right code leads to.
 *
 * Between the pages the interaction keeps, sealed, where the code went and the challenge that binds it to this browser.
 * Refuses channels that the tenant or the server has not; says the same of every address. Sending a form twice, by two
 * clicks or by going back, sends one message.
 */
import type Router from '@koa/router';
import type { Context } from 'koa';
import type { Interaction } from 'oidc-provider';
import { codeRateLimits } from '../../domain/codes/code-limits.ts';
import { type CodePurpose, requestCode } from '../../domain/codes/one-time-codes.ts';
import { type Channel, kindOf } from '../../domain/messages/outgoing-message.ts';
import { DomainError } from '../../platform/errors.ts';
import { consume } from '../../platform/rate-limits.ts';
import { randomToken } from '../../platform/secrets.ts';
import { readForm } from '../middleware/body.ts';
import type { CodePagePurpose } from '../pages/sign-in-view-models.ts';
import type { ViewModels } from '../pages/view-models.ts';
import { type InteractionContext, interactionContext, toStep, type WebDependencies } from './context.ts';
import { isShownOnForm, refusal } from './form-refusal.ts';
import { followEarlierProof, keepInInteraction } from './proof.ts';
import { requestDependencies, unlessJustSent } from './send-once.ts';
import { channelLinks, phoneCountriesOf } from './sign-in-options.ts';
import { suggestedAddress } from './suggested-address.ts';

/** Where a code of this interaction went. */
export interface SentCode {
  purpose: CodePurpose;
  /** Canonical. */
  destination: string;
  channel: Channel;
  /** Binds the code to this browser. */
  challenge: string;
  /** Epoch milliseconds. */
  sentAt: number;
  resendAt: number;
  expiresAt: number;
}

/** The one address that this step is about, where the person has no say in it. */
export interface FixedAddress {
  address: string;
  userId?: string;
}

export interface CodeFlow {
  purpose: CodePurpose;
  /** Chooses the words of the pages. */
  page: Exclude<CodePagePurpose, 'recovery'>;
  /** Steps of the interaction, such as `code`, `code/enter`. */
  steps: { ask: string; enter: string; resend: string; back: string };
  /** How the code can go; none: this step is not for this tenant, and leads back to the dispatcher. */
  channels(found: InteractionContext): Channel[] | Promise<Channel[]>;
  /** What the page that asks for the address shows beside. */
  askPage?(found: InteractionContext): Promise<Partial<ViewModels['interaction/code-request']>>;
  fixedAddress?(found: InteractionContext): Promise<FixedAddress | undefined>;
  /** Takes what was typed as the code, and leads on. @throws DomainError for the page to show */
  accept(ctx: Context, found: InteractionContext, sent: SentCode, code: string): Promise<void>;
  /** Where another request of this interaction has led with this code already. */
  acceptedStep?(interaction: Interaction): string | undefined;
  /** A code was refused. */
  refused?(): void;
}

const doubleClickMs = 5_000;
const mostTypedCharacters = 254;

/** The code that this interaction waits for, if it is one for this purpose. */
export function sentCode(interaction: Interaction, purpose: CodePurpose): SentCode | undefined {
  const sent = (interaction.lastSubmission as { otp?: SentCode } | undefined)?.otp;
  return sent?.purpose === purpose ? sent : undefined;
}

/** The channel that was asked for if it can be had, else the first. */
export function chosenChannel(asked: unknown, channels: readonly Channel[]): Channel {
  const [first] = channels;
  const chosen = channels.find((channel) => channel === asked) ?? first;
  if (!chosen) throw new DomainError('invalid', 'CHANNEL_UNAVAILABLE');
  return chosen;
}

/** The field of a page that a refused address stands in, whatever the domain calls it. */
const atAddress = 'address';

/** Asks the domain for a code, and keeps where it went. */
async function send(
  ctx: Context,
  web: WebDependencies,
  flow: CodeFlow,
  found: InteractionContext,
  wanted: FixedAddress & { channel: Channel; isEnough: (sent: SentCode) => boolean },
): Promise<void> {
  const { interaction, tenant } = found;
  const { channel, address, userId, isEnough } = wanted;
  const { purpose } = flow;
  const enough = (now: Interaction) => {
    const sent = sentCode(now, purpose);
    return sent && isEnough(sent) ? sent : undefined;
  };
  await unlessJustSent(web, found, wanted, enough, async () => {
    const challenge = sentCode(interaction, purpose)?.challenge ?? randomToken();
    const sentAt = Date.now();
    const locale = ctx.state.locale ?? 'en';
    const sent = await requestCode(
      web.db,
      { tenantId: tenant?.id ?? null, userId, purpose, channel, address, challenge, locale },
      requestDependencies(ctx, web),
    );
    const otp: SentCode = {
      purpose,
      destination: sent.destination,
      channel: sent.channel,
      challenge,
      sentAt,
      resendAt: sentAt + sent.resendInSeconds * 1000,
      expiresAt: sent.expiresAt.getTime(),
    };
    await keepInInteraction(interaction, { otp });
  });
}

export interface MountedCodeFlow {
  /** The page that asks for the address, saying why what followed from a code came to nothing. */
  showAskAgain(ctx: Context, found: InteractionContext, refused: DomainError): Promise<void>;
}

/** Mounts the pages of a flow. */
export function mountCodeFlow(router: Router, web: WebDependencies, flow: CodeFlow): MountedCodeFlow {
  const { steps } = flow;
  const address = (found: InteractionContext, step: string) => `/interaction/${found.interaction.uid}/${step}`;

  /** The interaction, its channels, and whether it is the moment for this step at all. */
  async function begin(ctx: Context): Promise<{ found: InteractionContext; channels: Channel[]; isOpen: boolean }> {
    const found = await interactionContext(ctx, web);
    const channels = await flow.channels(found);
    return { found, channels, isOpen: found.interaction.prompt.name !== 'consent' && channels.length > 0 };
  }

  async function showAsk(
    ctx: Context,
    { found, channels }: { found: InteractionContext; channels: Channel[] },
    { channel, typed, refused }: { channel: Channel; typed?: string; refused?: DomainError },
  ): Promise<void> {
    const fixed = await flow.fixedAddress?.(found);
    const countries = phoneCountriesOf(web, found.tenant);
    const { error, status } = refusal(ctx, refused, atAddress);
    web.pages.render(
      ctx,
      'interaction/code-request',
      {
        action: address(found, steps.ask),
        channel,
        address: fixed?.address ?? typed ?? (await suggestedAddress(web, found.interaction, kindOf(channel))),
        addressFixed: fixed !== undefined,
        otherChannels: channelLinks(
          address(found, steps.ask),
          channels.filter((other) => other !== channel),
        ),
        backHref: address(found, steps.back),
        purpose: flow.page,
        defaultCountryCode: countries.length === 1 ? countries[0] : undefined,
        ...(await flow.askPage?.(found)),
        error,
      },
      { ...found.surroundings, status },
    );
  }

  function showEnter(
    ctx: Context,
    { found, channels }: { found: InteractionContext; channels: Channel[] },
    sent: SentCode,
    refused?: DomainError,
  ): void {
    const { error, status } = refusal(ctx, refused, 'code');
    const wait = refused?.code === 'TOO_MANY_CODES' ? Number(refused.params.seconds ?? 0) : 0;
    web.pages.render(
      ctx,
      'interaction/code-entry',
      {
        action: address(found, steps.enter),
        resendAction: address(found, steps.resend),
        destination: sent.destination,
        channel: sent.channel,
        resendInSeconds: Math.max(0, wait, Math.ceil((sent.resendAt - Date.now()) / 1000)),
        switchTo: otherWays(sent, channels),
        backHref: address(found, steps.ask) + (sent.channel === channels[0] ? '' : `?channel=${sent.channel}`),
        purpose: flow.page,
        minutes: Math.max(1, Math.round((sent.expiresAt - sent.sentAt) / 60_000)),
        error,
      },
      { ...found.surroundings, status },
    );
  }

  router.get(`/${steps.ask}`, async (ctx) => {
    const { found, channels, isOpen } = await begin(ctx);
    if (!isOpen) return toStep(ctx, found.interaction.uid);
    await showAsk(ctx, { found, channels }, { channel: chosenChannel(ctx.query.channel, channels) });
  });

  router.post(`/${steps.ask}`, async (ctx) => {
    const form = await readForm(ctx);
    const { found, channels, isOpen } = await begin(ctx);
    if (!isOpen) return toStep(ctx, found.interaction.uid);
    const typed = form.address ?? '';
    const channel = chosenChannel(form.channel, channels);
    try {
      if (form.channel !== undefined && form.channel !== channel)
        throw new DomainError('invalid', 'CHANNEL_UNAVAILABLE');
      const fixed = await flow.fixedAddress?.(found);
      if (!fixed && !typed.trim()) throw new DomainError('invalid', 'FIELD_REQUIRED', { field: atAddress });
      await send(ctx, web, flow, found, {
        ...(fixed ?? { address: typed }),
        channel,
        // A person who went back and asks again for the same has a code on its way.
        isEnough: ({ resendAt }) => Date.now() < resendAt,
      });
    } catch (error) {
      if (!isShownOnForm(error)) throw error;
      return showAsk(ctx, { found, channels }, { channel, typed: typed.slice(0, mostTypedCharacters), refused: error });
    }
    toStep(ctx, found.interaction.uid, steps.enter);
  });

  router.get(`/${steps.enter}`, async (ctx) => {
    const { found, channels, isOpen } = await begin(ctx);
    const sent = sentCode(found.interaction, flow.purpose);
    if (!isOpen) return toStep(ctx, found.interaction.uid);
    if (!sent) return toStep(ctx, found.interaction.uid, steps.ask);
    showEnter(ctx, { found, channels }, sent);
  });

  router.post(`/${steps.resend}`, async (ctx) => {
    const form = await readForm(ctx);
    const { found, channels, isOpen } = await begin(ctx);
    const sent = sentCode(found.interaction, flow.purpose);
    if (!isOpen) return toStep(ctx, found.interaction.uid);
    if (!sent) return toStep(ctx, found.interaction.uid, steps.ask);
    const began = Date.now();
    try {
      const ways = [sent.channel, ...otherWays(sent, channels)];
      const channel = ways.find((way) => way === (form.channel ?? sent.channel));
      if (!channel) throw new DomainError('invalid', 'CHANNEL_UNAVAILABLE');
      const fixed = await flow.fixedAddress?.(found);
      await send(ctx, web, flow, found, {
        address: sent.destination,
        userId: fixed?.userId,
        channel,
        isEnough: ({ sentAt }) => began - sentAt < doubleClickMs,
      });
    } catch (error) {
      if (!isShownOnForm(error)) throw error;
      return showEnter(ctx, { found, channels }, sent, error);
    }
    toStep(ctx, found.interaction.uid, steps.enter);
  });

  router.post(`/${steps.enter}`, async (ctx) => {
    const form = await readForm(ctx);
    const { found, channels, isOpen } = await begin(ctx);
    const sent = sentCode(found.interaction, flow.purpose);
    if (!isOpen) return toStep(ctx, found.interaction.uid);
    if (!sent) return toStep(ctx, found.interaction.uid, steps.ask);
    try {
      if (!form.code?.trim()) throw new DomainError('invalid', 'FIELD_REQUIRED', { field: 'code' });
      await consume(web.db, codeRateLimits.codeEntriesPerIp, ctx.ip);
      await flow.accept(ctx, found, sent, form.code);
    } catch (error) {
      if (!isShownOnForm(error)) throw error;
      if (error.code === 'CODE_EXPIRED' && (await followEarlierProof(ctx, web, found.interaction, flow.acceptedStep)))
        return;
      flow.refused?.();
      showEnter(ctx, { found, channels }, sent, error);
    }
  });

  return {
    async showAskAgain(ctx, found, refused) {
      const channels = await flow.channels(found);
      if (channels.length === 0) throw refused;
      await showAsk(ctx, { found, channels }, { channel: chosenChannel(undefined, channels), refused });
    },
  };
}

/** The other channels that reach the same destination. */
function otherWays(sent: SentCode, channels: readonly Channel[]): Channel[] {
  return channels.filter((channel) => channel !== sent.channel && kindOf(channel) === kindOf(sent.channel));
}
