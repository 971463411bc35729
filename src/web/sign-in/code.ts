/**
 * Signing in with a one-time code, by email, SMS or WhatsApp. Owns that a right code is handed on as a proof like any
 * other. Whether anybody lives at the address is for the domain to know, and for nobody to see.
 */
import type { Context } from 'koa';
import { kindOf } from '../../domain/messages/outgoing-message.ts';
import { codeMethod } from '../../domain/methods/code/code-method.ts';
import { signInWithCode } from '../../domain/methods/code/code-sign-in.ts';
import type { SentCode } from '../interaction/code-journey.ts';
import { type CodeVisit, codeSteps } from '../interaction/code-steps.ts';
import { callerOf } from '../interaction/context.ts';
import { channelLinks, channelsOf, codeChannels } from '../interaction/offered-channels.ts';
import { acceptProof } from '../interaction/proof.ts';
import type { WebSignInMethod } from './sign-in-method.ts';

async function accept(
  ctx: Context,
  { web, interaction, tenant }: CodeVisit,
  { challenge, destination, channel }: SentCode,
  typed: string,
): Promise<void> {
  const proved = await signInWithCode(
    web.db,
    { challenge, tenantId: tenant?.id ?? null, destination, code: typed },
    { ...web, caller: callerOf(ctx) },
  );
  web.metrics.countSignIn('otp', 'succeeded');
  await acceptProof(ctx, web, interaction, { ...proved, spent: [kindOf(channel)] });
}

const { ask, entry, resend } = codeSteps({
  purpose: 'login',
  page: 'login',
  channels: ({ web, tenant }) => codeChannels(web, tenant),
  accept,
  refused: ({ web }) => web.metrics.countSignIn('otp', 'refused'),
});

export const code: WebSignInMethod = {
  method: codeMethod,
  steps: { code: ask, 'code-entry': entry, 'code-resend': resend },
  entry: 'code',
  offer: ({ ways }, href) => ({ codeMethods: channelLinks(href, channelsOf(ways)) }),
};
