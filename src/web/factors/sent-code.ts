/**
 * The pages that ask for a code which was sent, to the person's mailbox or phone. Nothing is sent by looking: the person asks for it. Says
 * neither the address nor any part of it. Between the pages the interaction keeps, sealed, where the code went.
 */
import type { Context } from 'koa';
import type { Interaction } from 'oidc-provider';
import { requestFactorCode, sentCodeFactor } from '../../domain/factors/sent-code.ts';
import { type Channel, kindOf, type MessageKind } from '../../domain/messages/outgoing-message.ts';
import { DomainError } from '../../platform/errors.ts';
import { randomToken } from '../../platform/secrets.ts';
import { submitRequest, wantedChannel } from '../interaction/code-journey.ts';
import { callerOf } from '../interaction/context.ts';
import { refusal } from '../interaction/form-refusal.ts';
import { keepInInteraction } from '../interaction/proof.ts';
import { requestDependencies } from '../interaction/send-once.ts';
import type { StepHandlers } from '../interaction/visit.ts';
import type { FormModel } from '../pages/form-model.ts';
import {
  answerFactor,
  beginFactor,
  type FactorSurroundings,
  factorSurroundings,
  type OptionalFactorVisit,
} from './answer-factor.ts';
import type { PendingFactor } from './pending-factor.ts';
import { sentCodeChannels } from './sent-code-channels.ts';
import type { WebSecondFactor } from './web-second-factor.ts';

declare module '../pages/view-models.ts' {
  interface ViewModels {
    /** Posts `code`; without it, or with `channel`, it has a code sent. */
    'interaction/factor-code': FormModel &
      FactorSurroundings & {
        channel: Channel;
        action: string;
        /** Whether a code is on its way; before, the page only offers to send one. */
        isSent: boolean;
        resendInSeconds: number;
        switchTo: Channel[];
      };
  }
}

/** What the interaction keeps of a code that was sent. */
interface SentCode {
  userId: string;
  challenge: string;
  destination: string;
  channel: Channel;
  /** Epoch milliseconds. */
  resendAt: number;
}

function sentCode({ lastSubmission }: Interaction, kind: MessageKind, userId: string): SentCode | undefined {
  const sent = (lastSubmission as { factorCode?: SentCode } | undefined)?.factorCode;
  return sent?.userId === userId && kindOf(sent.channel) === kind ? sent : undefined;
}

interface Asked {
  kind: MessageKind;
  pending: PendingFactor;
  channels: Channel[];
}

async function begin(ctx: Context, visit: OptionalFactorVisit, kind: MessageKind): Promise<Asked | undefined> {
  const pending = await beginFactor(ctx, visit);
  if (!pending) return undefined;
  const all = await sentCodeChannels(visit.web, pending.account, pending.spent);
  const channels = all.filter((channel) => kindOf(channel) === kind);
  if (channels.length > 0) return { kind, pending, channels };
  ctx.status = 303;
  ctx.redirect(visit.links.ask);
  return undefined;
}

async function draw(
  ctx: Context,
  visit: OptionalFactorVisit,
  { kind, pending, channels }: Asked,
  refused?: DomainError,
): Promise<void> {
  const { web, href, interaction, surroundings } = visit;
  // In the words of a code that was sent: an app shows another one by itself.
  const isWrong = refused?.code === 'FACTOR_INVALID';
  const told = isWrong ? new DomainError('unauthenticated', 'CODE_INVALID') : refused;
  const { error, status } = refusal(ctx, told, 'code');
  const sent = sentCode(interaction, kind, pending.account.userId);
  const channel = sent?.channel ?? (channels[0] as Channel);
  const wait = refused?.code === 'TOO_MANY_CODES' ? Number(refused.params.seconds ?? 0) : 0;
  const model = {
    channel,
    action: href,
    isSent: sent !== undefined,
    resendInSeconds: sent ? Math.max(0, wait, Math.ceil((sent.resendAt - Date.now()) / 1000)) : 0,
    switchTo: channels.filter((other) => other !== channel),
    error,
    ...(await factorSurroundings(visit, pending, kindName(kind))),
  };
  web.pages.render(ctx, 'interaction/factor-code', model, { ...surroundings, status });
}

async function send(ctx: Context, visit: OptionalFactorVisit, asked: Asked): Promise<void> {
  const { web, interaction, form } = visit;
  const { account } = asked.pending;
  const before = sentCode(interaction, asked.kind, account.userId);
  const isSent = await submitRequest(
    async () => {
      const channel = wantedChannel(form.channel ?? before?.channel, asked.channels);
      // Of two clicks, and of one who went back: a code is on its way.
      if (before && before.channel === channel && Date.now() < before.resendAt) return;
      const challenge = before?.challenge ?? randomToken();
      const wanted = { account, channel, challenge, locale: ctx.state.locale ?? 'en' };
      const deps = { ...requestDependencies(ctx, web), caller: callerOf(ctx, account.userId) };
      const { destination, resendInSeconds } = await requestFactorCode(web.db, wanted, deps);
      const resendAt = Date.now() + resendInSeconds * 1000;
      const factorCode: SentCode = { userId: account.userId, challenge, destination, channel, resendAt };
      await keepInInteraction(interaction, { factorCode });
    },
    (refused) => draw(ctx, visit, asked, refused),
  );
  if (!isSent) return;
  ctx.status = 303;
  ctx.redirect(visit.href);
}

const kindName = (kind: MessageKind) => (kind === 'email' ? 'email_code' : 'phone_code');

function handlersOf(kind: MessageKind): StepHandlers<'ask' | 'restart'> {
  return {
    async show(ctx, visit) {
      const asked = await begin(ctx, visit, kind);
      if (asked) await draw(ctx, visit, asked);
    },
    async submit(ctx, visit) {
      const asked = await begin(ctx, visit, kind);
      if (!asked) return;
      const { pending } = asked;
      const sent = sentCode(visit.interaction, kind, pending.account.userId);
      if (visit.form.code === undefined || !sent) return send(ctx, visit, asked);
      await answerFactor(ctx, visit, { factor: sentCodeFactor(sent), pending, field: 'code' }, (refused) =>
        draw(ctx, visit, asked, refused),
      );
    },
  };
}

function isOffered(kind: MessageKind): WebSecondFactor['isOffered'] {
  return async (web, { account, spent }) =>
    (await sentCodeChannels(web, account, spent)).some((channel) => kindOf(channel) === kind);
}

export const emailCode: WebSecondFactor = {
  kind: kindName('email'),
  isOffered: isOffered('email'),
  steps: { 'factor-email': handlersOf('email') },
  entry: 'factor-email',
};

export const phoneCode: WebSecondFactor = {
  kind: kindName('phone'),
  isOffered: isOffered('phone'),
  steps: { 'factor-phone': handlersOf('phone') },
  entry: 'factor-phone',
};
