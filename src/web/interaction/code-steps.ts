/**
 * Proving an address by a code, within an interaction: ask for the address, send, take the code, send again or another
 * way. What needs it (signing in, signing up, linking) makes its steps of it, with what a right code leads to.
 *
 * Between the pages the interaction keeps, sealed, where the code went and the challenge that binds it to this browser.
 * Refuses channels that the tenant or the server has not. Sending a form twice, by two clicks or by going back, sends
 * one message.
 */
import type { Context } from 'koa';
import type { Interaction } from 'oidc-provider';
import { type Channel, kindOf } from '../../domain/messages/outgoing-message.ts';
import { destinationText, usernameOf } from '../../domain/users/username.ts';
import type { DomainError } from '../../platform/errors.ts';
import { randomToken } from '../../platform/secrets.ts';
import type { CodePagePurpose, ProviderLink } from '../pages/sign-in-view-models.ts';
import { type AddressForm, showAddressForm, submitAddressForm } from './address-form.ts';
import { type SentCode, sendCode, submitCode, submitRequest, wantedChannel } from './code-journey.ts';
import { toDispatcher } from './context.ts';
import { refusal } from './form-refusal.ts';
import { followEarlierProof, keepInInteraction } from './proof.ts';
import { unlessJustSent } from './send-once.ts';
import type { Outcome } from './steps.ts';
import type { Handler, StepHandlers, Visit } from './visit.ts';

export type CodeVisit = Visit<'ask' | 'enter' | 'resend' | 'back'>;
type CodeHandler = Handler<'ask' | 'enter' | 'resend' | 'back'>;
type CodeHandlers = StepHandlers<'ask' | 'enter' | 'resend' | 'back'>;

/** The one address that a flow is about, where the person has no say in it. */
export interface FixedAddress {
  address: string;
  userId?: string;
}

export interface CodeFlow {
  purpose: 'login' | 'sign_up' | 'link_identity';
  /** Chooses the words of the pages. */
  page: Exclude<CodePagePurpose, 'recovery'>;
  /** How the code can go; none: the flow is not for this tenant, and leads back to the dispatcher. */
  channels(visit: CodeVisit): readonly Channel[] | Promise<readonly Channel[]>;
  /** Identity providers that the page which asks for the address offers beside. */
  providers?(visit: CodeVisit): Promise<ProviderLink[]>;
  fixedAddress?(visit: CodeVisit): Promise<FixedAddress | undefined>;
  /** Takes what was typed as the code, and leads on. @throws DomainError for the page to show */
  accept(ctx: Context, visit: CodeVisit, sent: SentCode, code: string): Promise<void>;
  /** What another request of this interaction has come to with this code already. */
  acceptedOutcome?(interaction: Interaction): Outcome | undefined;
  /** A code was refused. */
  refused?(visit: CodeVisit): void;
}

const doubleClickMs = 5_000;

/** The code that this interaction waits for, if it is one of this flow. */
function sentCode(interaction: Interaction, { purpose }: CodeFlow): SentCode | undefined {
  const sent = (interaction.lastSubmission as { otp?: SentCode } | undefined)?.otp;
  return sent?.purpose === purpose ? sent : undefined;
}

/** The other channels that reach the same destination. */
function otherWays(sent: SentCode, channels: readonly Channel[]): Channel[] {
  return channels.filter((channel) => channel !== sent.channel && kindOf(channel) === kindOf(sent.channel));
}

/** Has a code sent, and keeps where it went. `isEnough`: whether one that was sent before will do. */
async function send(
  ctx: Context,
  visit: CodeVisit,
  flow: CodeFlow,
  wanted: FixedAddress & { channel: Channel; isEnough: (sent: SentCode) => boolean },
): Promise<void> {
  const { web, interaction, tenant } = visit;
  const { isEnough, ...request } = wanted;
  const enough = (now: Interaction) => {
    const sent = sentCode(now, flow);
    return sent && isEnough(sent) ? sent : undefined;
  };
  await unlessJustSent(web, visit, wanted, enough, async () => {
    const challenge = sentCode(interaction, flow)?.challenge ?? randomToken();
    const { purpose } = flow;
    const otp = await sendCode(ctx, web, { ...request, purpose, tenantId: tenant?.id ?? null, challenge });
    await keepInInteraction(interaction, { otp });
  });
}

async function addressFormOf(flow: CodeFlow, visit: CodeVisit, channels: readonly Channel[]): Promise<AddressForm> {
  return {
    purpose: flow.page,
    action: visit.links.ask,
    backHref: visit.links.back,
    channels,
    usernames: flow.purpose === 'login' && visit.tenant?.settings.usernames === true,
    fixedAddress: (await flow.fixedAddress?.(visit))?.address,
    providers: flow.providers && (async () => flow.providers?.(visit) ?? []),
  };
}

function showEntry(
  ctx: Context,
  { web, links, surroundings }: CodeVisit,
  { flow, channels, sent }: { flow: CodeFlow; channels: readonly Channel[]; sent: SentCode },
  refused?: DomainError,
): void {
  const { error, status } = refusal(ctx, refused, 'code');
  const wait = refused?.code === 'TOO_MANY_CODES' ? Number(refused.params.seconds ?? 0) : 0;
  web.pages.render(
    ctx,
    'interaction/code-entry',
    {
      action: links.enter,
      resendAction: links.resend,
      destination: destinationText(sent.destination),
      byUsername: usernameOf(sent.destination) !== undefined,
      channel: sent.channel,
      resendInSeconds: Math.max(0, wait, Math.ceil((sent.resendAt - Date.now()) / 1000)),
      switchTo: otherWays(sent, channels),
      backHref: links.ask + (sent.channel === channels[0] ? '' : `?channel=${sent.channel}`),
      purpose: flow.page,
      minutes: Math.max(1, Math.round((sent.expiresAt - sent.sentAt) / 60_000)),
      error,
    },
    { ...surroundings, status },
  );
}

/** Where the flow has a way for its codes. */
function whereOffered(
  flow: CodeFlow,
  act: (ctx: Context, visit: CodeVisit, channels: readonly Channel[]) => Promise<void>,
): CodeHandler {
  return async (ctx, visit) => {
    const channels = await flow.channels(visit);
    if (channels.length === 0) return toDispatcher(ctx, visit.interaction.uid);
    await act(ctx, visit, channels);
  };
}

/** Where a code of the flow is on its way. */
function whereSent(
  flow: CodeFlow,
  act: (
    ctx: Context,
    visit: CodeVisit,
    at: { flow: CodeFlow; channels: readonly Channel[]; sent: SentCode },
  ) => void | Promise<void>,
): CodeHandler {
  return whereOffered(flow, async (ctx, visit, channels) => {
    const sent = sentCode(visit.interaction, flow);
    if (!sent) return toDispatcher(ctx, visit.interaction.uid, `${flow.purpose}-code-missing`);
    await act(ctx, visit, { flow, channels, sent });
  });
}

function askSteps(flow: CodeFlow): CodeHandlers {
  return {
    show: whereOffered(flow, async (ctx, visit, channels) => {
      await showAddressForm(ctx, visit, await addressFormOf(flow, visit, channels), { wish: ctx.query.channel });
    }),
    submit: whereOffered(flow, async (ctx, visit, channels) => {
      const form = await addressFormOf(flow, visit, channels);
      const isSent = await submitAddressForm(ctx, visit, form, async (wanted) => {
        const userId = (await flow.fixedAddress?.(visit))?.userId;
        // A person who went back and asks again for the same has a code on its way.
        await send(ctx, visit, flow, { ...wanted, userId, isEnough: ({ resendAt }) => Date.now() < resendAt });
      });
      if (isSent) toDispatcher(ctx, visit.interaction.uid, `${flow.purpose}-code-sent`);
    }),
  };
}

function entrySteps(flow: CodeFlow): CodeHandlers {
  return {
    show: whereSent(flow, showEntry),
    submit: whereSent(flow, (ctx, visit, at) =>
      submitCode(ctx, visit.web, visit.form.code, {
        accept: (code) => flow.accept(ctx, visit, at.sent, code),
        followEarlier: () => followEarlierProof(ctx, visit.web, visit.interaction, flow.acceptedOutcome),
        show(refused) {
          flow.refused?.(visit);
          showEntry(ctx, visit, at, refused);
        },
      }),
    ),
  };
}

function resendSteps(flow: CodeFlow): CodeHandlers {
  return {
    submit: whereSent(flow, async (ctx, visit, at) => {
      const { sent, channels } = at;
      const began = Date.now();
      const isEnough = ({ sentAt }: SentCode) => began - sentAt < doubleClickMs;
      const isSent = await submitRequest(
        async () => {
          const channel = wantedChannel(visit.form.channel, [sent.channel, ...otherWays(sent, channels)]);
          const userId = (await flow.fixedAddress?.(visit))?.userId;
          const address = destinationText(sent.destination);
          await send(ctx, visit, flow, { address, userId, channel, isEnough });
        },
        (refused) => showEntry(ctx, visit, at, refused),
      );
      if (isSent) toDispatcher(ctx, visit.interaction.uid, `${flow.purpose}-code-sent`);
    }),
  };
}

/** The three steps of a flow: the page that asks for the address, the page that takes the code, the form that sends another. */
export function codeSteps(flow: CodeFlow): { ask: CodeHandlers; entry: CodeHandlers; resend: CodeHandlers } {
  return { ask: askSteps(flow), entry: entrySteps(flow), resend: resendSteps(flow) };
}

/** The page that asks for the address, saying why what followed from a code came to nothing. @throws `refused` where no way is left */
export async function showAskAgain(
  ctx: Context,
  visit: CodeVisit,
  flow: CodeFlow,
  refused: DomainError,
): Promise<void> {
  const channels = await flow.channels(visit);
  if (channels.length === 0) throw refused;
  await showAddressForm(ctx, visit, await addressFormOf(flow, visit, channels), { refused });
}
