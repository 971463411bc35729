/**
 * Making one's own account, where the tenant allows it: the address is proved by a code first, then come a name and, if
 * wanted, a password; the proof then signs the new person in. Refuses to say whether the address has an account already:
 * its owner hears of it in the message instead of a code.
 */
import type Router from '@koa/router';
import type { Context } from 'koa';
import type { Interaction } from 'oidc-provider';
import { verifyCode } from '../../domain/codes/one-time-codes.ts';
import type { Channel } from '../../domain/messages/outgoing-message.ts';
import { completeSignUp, passwordAtSignUp } from '../../domain/sign-up/sign-up.ts';
import type { Tenant } from '../../domain/tenants/tenants.ts';
import type { User } from '../../domain/users/users.ts';
import type { DomainError } from '../../platform/errors.ts';
import { readForm } from '../middleware/body.ts';
import { rememberDevice } from '../middleware/device.ts';
import { mountCodeFlow } from './code-flow.ts';
import {
  callerOf,
  finishInteraction,
  type InteractionContext,
  interactionContext,
  toStep,
  type WebDependencies,
} from './context.ts';
import { isShownOnForm, refusal } from './form-refusal.ts';
import { followEarlierProof, keepInInteraction, loginResult } from './proof.ts';
import { identityProviderLinks, signUpChannels } from './sign-in-options.ts';

/** How long the proof of the address waits for the name; the interaction may end sooner. */
const proofLifeMs = 30 * 60_000;

/** An address that was proved in this interaction, for a new account. */
interface ProvedAddress {
  destination: string;
  channel: Channel;
  /** Epoch milliseconds. */
  provedAt: number;
}

function provedAddress(interaction: Interaction): ProvedAddress | undefined {
  const proved = (interaction.lastSubmission as { signUp?: ProvedAddress } | undefined)?.signUp;
  return proved && Date.now() - proved.provedAt < proofLifeMs ? proved : undefined;
}

/** How the address was proved (RFC 8176). */
function methodsOf(channel: Channel): string[] {
  return channel === 'sms' ? ['otp', 'sms'] : ['otp'];
}

/** The form's own name for a domain field. */
function fieldOf({ code, params }: DomainError): string {
  if (code.startsWith('PASSWORD_') || params.field === 'password') return 'password';
  return 'full_name';
}

const profileStep = 'sign-up/profile';

export function mountSignUp(router: Router, web: WebDependencies): void {
  const flow = mountCodeFlow(router, web, {
    purpose: 'sign_up',
    page: 'sign_up',
    steps: { ask: 'sign-up', enter: 'sign-up/code', resend: 'sign-up/resend', back: 'sign-in' },
    channels: ({ tenant }) => signUpChannels(web, tenant),
    askPage: async (found) => ({
      providers: await identityProviderLinks(web, found),
      signInHref: `/interaction/${found.interaction.uid}/sign-in`,
    }),
    async accept(ctx, { interaction, tenant }, { challenge, destination, channel }, code) {
      await verifyCode(
        web.db,
        { challenge, purpose: 'sign_up', tenantId: tenant?.id ?? null, destination, code },
        { secrets: web.secrets, caller: callerOf(ctx) },
      );
      await keepInInteraction(interaction, {
        signUp: { destination, channel, provedAt: Date.now() } satisfies ProvedAddress,
      });
      toStep(ctx, interaction.uid, profileStep);
    },
    acceptedStep: (interaction) => (provedAddress(interaction) ? profileStep : undefined),
  });

  /** What the profile is for: a tenant that still lets people in, and an address that was proved. */
  async function begin(
    ctx: Context,
  ): Promise<{ found: InteractionContext; tenant: Tenant; proved: ProvedAddress } | undefined> {
    const found = await interactionContext(ctx, web);
    const { interaction, tenant } = found;
    const proved = provedAddress(interaction);
    const isOpen = interaction.prompt.name !== 'consent' && signUpChannels(web, tenant).length > 0;
    if (isOpen && tenant && proved) return { found, tenant, proved };
    toStep(ctx, interaction.uid, isOpen ? 'sign-up' : '');
    return undefined;
  }

  function showProfile(
    ctx: Context,
    { found, tenant, proved }: { found: InteractionContext; tenant: Tenant; proved: ProvedAddress },
    fullName: string,
    refused?: DomainError,
  ): void {
    const password = passwordAtSignUp(tenant.settings, proved.channel, web);
    const { error, status } = refusal(ctx, refused, fieldOf);
    web.pages.render(
      ctx,
      'interaction/sign-up-profile',
      {
        action: `/interaction/${found.interaction.uid}/${profileStep}`,
        destination: proved.destination,
        fullName,
        passwordRequired: password === 'required',
        passwordOffered: password === 'optional',
        error,
      },
      { ...found.surroundings, status },
    );
  }

  router.get(`/${profileStep}`, async (ctx) => {
    const begun = await begin(ctx);
    if (begun) showProfile(ctx, begun, '');
  });

  router.post(`/${profileStep}`, async (ctx) => {
    const form = await readForm(ctx);
    const begun = await begin(ctx);
    if (!begun) return;
    const { found, tenant, proved } = begun;
    const { interaction } = found;
    const fullName = form.full_name ?? '';
    const { referral_code: referralCode } = interaction.params;
    let user: User;
    try {
      user = await completeSignUp(
        web.db,
        {
          tenantId: tenant.id,
          destination: proved.destination,
          channel: proved.channel,
          fullName,
          password: form.password,
          locale: ctx.state.locale ?? 'en',
          referralCode: typeof referralCode === 'string' ? referralCode : undefined,
        },
        { ...web, caller: callerOf(ctx) },
      );
    } catch (error) {
      if (!isShownOnForm(error)) throw error;
      if (error.code !== 'CODE_EXPIRED') return showProfile(ctx, begun, fullName.slice(0, 200), error);
      if (await followEarlierProof(ctx, web, interaction)) return;
      await keepInInteraction(interaction, { signUp: undefined, otp: undefined });
      return flow.showAskAgain(ctx, found, error);
    }
    web.metrics.countSignIn('otp', 'succeeded');
    rememberDevice(ctx, web.issuer);
    const proof = { amr: methodsOf(proved.channel), provedAt: proved.provedAt };
    await finishInteraction(ctx, web.provider(), loginResult(user.id, proof));
  });
}
