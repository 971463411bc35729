/**
 * The way of a one-time code through the pages, wherever one is asked for: which way it goes, that it is sent, that what
 * was typed is taken. Refuses a channel that is not offered, and too many tries from one address. The pages, and where
 * the journey is remembered, are each caller's own.
 */
import type { Context } from 'koa';
import { codeRateLimits } from '../../domain/codes/code-limits.ts';
import { type CodePurpose, requestCode } from '../../domain/codes/one-time-codes.ts';
import type { Channel } from '../../domain/messages/outgoing-message.ts';
import { DomainError } from '../../platform/errors.ts';
import { callerOf, type WebDependencies } from './context.ts';
import { countFailures } from './count-failures.ts';
import { isShownOnForm } from './form-refusal.ts';
import { requestDependencies } from './send-once.ts';

/** Where a code went. */
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

export interface WantedCode {
  purpose: CodePurpose;
  tenantId: string | null;
  /** The one account that it is for, where that is known. */
  userId?: string;
  /** The address is to become theirs. */
  forNewAddress?: boolean;
  address: string;
  channel: Channel;
  challenge: string;
  /** Who is signed in, where somebody is. */
  actorId?: string;
}

/**
 * The channel that a form asks for; without a wish, the first.
 * @throws DomainError invalid CHANNEL_UNAVAILABLE
 */
export function wantedChannel(wish: string | undefined, channels: readonly Channel[]): Channel {
  const channel = channels.find((way) => way === (wish ?? channels[0]));
  if (!channel) throw new DomainError('invalid', 'CHANNEL_UNAVAILABLE');
  return channel;
}

/** Has a code sent. @throws DomainError as requestCode */
export async function sendCode(
  ctx: Context,
  web: WebDependencies,
  { actorId, ...wanted }: WantedCode,
): Promise<SentCode> {
  const sentAt = Date.now();
  const { destination, channel, resendInSeconds, expiresAt } = await requestCode(
    web.db,
    { ...wanted, locale: ctx.state.locale ?? 'en' },
    { ...requestDependencies(ctx, web), caller: callerOf(ctx, actorId) },
  );
  const { purpose, challenge } = wanted;
  const resendAt = sentAt + resendInSeconds * 1000;
  return { purpose, destination, channel, challenge, sentAt, resendAt, expiresAt: expiresAt.getTime() };
}

/** Sends what a form asks for, or shows the form again. @returns whether there is a code to be typed */
export async function submitRequest(send: () => Promise<void>, show: (refused: DomainError) => void | Promise<void>) {
  try {
    await send();
    return true;
  } catch (error) {
    if (!isShownOnForm(error)) throw error;
    await show(error);
    return false;
  }
}

/** What becomes of the code that was typed. */
export interface CodeEntry {
  /** Takes it, and leads on. @throws DomainError for the page to show */
  accept(code: string): Promise<void>;
  /** Where another request has used this code, such as the first of two clicks: goes where that one went. @returns whether it did */
  followEarlier(): Promise<boolean>;
  show(refused: DomainError): void | Promise<void>;
}

/** Takes what was typed as the code. */
export async function submitCode(
  ctx: Context,
  web: WebDependencies,
  typed: string | undefined,
  { accept, followEarlier, show }: CodeEntry,
): Promise<void> {
  try {
    if (!typed?.trim()) throw new DomainError('invalid', 'FIELD_REQUIRED', { field: 'code' });
    await countFailures(ctx, web, codeRateLimits.codeEntriesPerIp, () => accept(typed));
  } catch (error) {
    if (!isShownOnForm(error)) throw error;
    if (error.code === 'CODE_EXPIRED' && (await followEarlier())) return;
    await show(error);
  }
}
