/**
 * Making one's own account, where the tenant allows it: the address is proved by a code first, then come a name and, if
 * wanted, a password; the proof then signs the new person in. Refuses to say whether the address has an account already:
 * its owner hears of it in the message instead of a code.
 */
import type { Context } from 'koa';
import type { Interaction } from 'oidc-provider';
import { verifyCode } from '../../domain/codes/one-time-codes.ts';
import { type Channel, kindOf } from '../../domain/messages/outgoing-message.ts';
import { completeSignUp, passwordAtSignUp } from '../../domain/sign-up/sign-up.ts';
import type { Tenant } from '../../domain/tenants/tenants.ts';
import type { DomainError } from '../../platform/errors.ts';
import type { SentCode } from './code-journey.ts';
import { type CodeFlow, type CodeVisit, codeSteps, showAskAgain } from './code-steps.ts';
import { callerOf, toDispatcher } from './context.ts';
import { isShownOnForm, refusal } from './form-refusal.ts';
import { signUpChannels } from './offered-channels.ts';
import { acceptProof, followEarlierProof, keepInInteraction } from './proof.ts';
import type { Handlers } from './visit.ts';

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

async function acceptCode(
  ctx: Context,
  { web, interaction, tenant }: CodeVisit,
  { challenge, destination, channel }: SentCode,
  code: string,
): Promise<void> {
  await verifyCode(
    web.db,
    { challenge, purpose: 'sign_up', tenantId: tenant?.id ?? null, destination, code },
    { secrets: web.secrets, caller: callerOf(ctx) },
  );
  const signUp: ProvedAddress = { destination, channel, provedAt: Date.now() };
  await keepInInteraction(interaction, { signUp });
  toDispatcher(ctx, interaction.uid, 'address-proved');
}

const flow: CodeFlow = {
  purpose: 'sign_up',
  page: 'sign_up',
  channels: ({ web, tenant }) => signUpChannels(web, tenant),
  providers: async ({ options }) => (await options()).providers,
  accept: acceptCode,
  acceptedOutcome: (interaction) => (provedAddress(interaction) ? 'address-proved' : undefined),
};

/** What the profile is for: a tenant that still lets people in, and an address that was proved. */
interface Begun {
  tenant: Tenant;
  proved: ProvedAddress;
}

/** Undefined where it is not the moment for the profile; the answer is given then. */
function begin(ctx: Context, { web, interaction, tenant }: CodeVisit): Begun | undefined {
  const proved = provedAddress(interaction);
  const isOpen = signUpChannels(web, tenant).length > 0;
  if (isOpen && tenant && proved) return { tenant, proved };
  toDispatcher(ctx, interaction.uid, isOpen ? 'sign_up-code-missing' : undefined);
  return undefined;
}

function drawProfile(
  ctx: Context,
  { web, href, surroundings }: CodeVisit,
  { tenant, proved }: Begun,
  { fullName, refused }: { fullName: string; refused?: DomainError },
): void {
  const password = passwordAtSignUp(tenant.settings, proved.channel, web);
  const { error, status } = refusal(ctx, refused, fieldOf);
  web.pages.render(
    ctx,
    'interaction/sign-up-profile',
    {
      action: href,
      destination: proved.destination,
      fullName,
      passwordRequired: password === 'required',
      passwordOffered: password === 'optional',
      error,
    },
    { ...surroundings, status },
  );
}

function showProfile(ctx: Context, visit: CodeVisit): void {
  const begun = begin(ctx, visit);
  if (begun) drawProfile(ctx, visit, begun, { fullName: '' });
}

async function submitProfile(ctx: Context, visit: CodeVisit): Promise<void> {
  const begun = begin(ctx, visit);
  if (!begun) return;
  let userId: string;
  try {
    userId = await makeAccount(ctx, visit, begun);
  } catch (error) {
    if (!isShownOnForm(error)) throw error;
    return showRefused(ctx, visit, begun, error);
  }
  const { web } = visit;
  const { channel, provedAt } = begun.proved;
  web.metrics.countSignIn('otp', 'succeeded');
  const { id: tenantId, name: tenantName, slug: tenantSlug } = begun.tenant;
  const account = { userId, tenantId, tenantName, tenantSlug, name: null, email: null };
  const proved = { accounts: [account], amr: methodsOf(channel), spent: [kindOf(channel)], authenticatedAt: provedAt };
  await acceptProof(ctx, web, visit.interaction, proved);
}

/** @returns the new person's id. @throws DomainError as completeSignUp */
async function makeAccount(
  ctx: Context,
  { web, interaction, form }: CodeVisit,
  { tenant, proved }: Begun,
): Promise<string> {
  const { destination, channel } = proved;
  const { referral_code: referralCode } = interaction.params;
  const user = await completeSignUp(
    web.db,
    {
      tenantId: tenant.id,
      destination,
      channel,
      fullName: form.full_name ?? '',
      password: form.password,
      locale: ctx.state.locale ?? 'en',
      referralCode: typeof referralCode === 'string' ? referralCode : undefined,
    },
    { ...web, caller: callerOf(ctx) },
  );
  return user.id;
}

/** The profile again, or the page before where the proof of the address is used up. */
async function showRefused(ctx: Context, visit: CodeVisit, begun: Begun, refused: DomainError): Promise<void> {
  const { web, interaction, form } = visit;
  if (refused.code !== 'CODE_EXPIRED')
    return drawProfile(ctx, visit, begun, { fullName: (form.full_name ?? '').slice(0, 200), refused });
  if (await followEarlierProof(ctx, web, interaction)) return;
  await keepInInteraction(interaction, { signUp: undefined, otp: undefined });
  await showAskAgain(ctx, visit, flow, refused);
}

const { ask, entry, resend } = codeSteps(flow);

export const signUp = {
  'sign-up': ask,
  'sign-up-code': entry,
  'sign-up-resend': resend,
  'sign-up-profile': { show: showProfile, submit: submitProfile },
} satisfies Partial<Handlers>;
