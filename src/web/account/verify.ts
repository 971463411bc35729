/**
 * Verifying one's own email address or phone number while signed in, by a code that is sent to it. The code is bound to
 * this sign-in: the challenge is derived from the session, so that nothing has to be kept between the pages. Refuses
 * addresses that the person has not, and channels that the tenant has not.
 */
import type Router from '@koa/router';
import type { Context } from 'koa';
import { codeLimits } from '../../domain/codes/code-limits.ts';
import type { CodePurpose } from '../../domain/codes/one-time-codes.ts';
import { confirmAddress } from '../../domain/codes/verify-address.ts';
import { type Channel, kindOf } from '../../domain/messages/outgoing-message.ts';
import { type AccountProfile, findAccount } from '../../domain/users/users.ts';
import { DomainError } from '../../platform/errors.ts';
import { defineSecretPurpose } from '../../platform/secrets.ts';
import { sendCode, submitCode, submitRequest, wantedChannel } from '../interaction/code-journey.ts';
import { callerOf, type WebDependencies } from '../interaction/context.ts';
import { refusal } from '../interaction/form-refusal.ts';
import { messageChannels } from '../interaction/offered-channels.ts';
import type { FormModel } from '../pages/form-model.ts';
import { drawPage, leadTo, personOfPage, postedForm } from './account-page.ts';
import type { AccountNav } from './sections.ts';
import type { SignedIn } from './signed-in.ts';

declare module '../pages/view-models.ts' {
  interface ViewModels {
    /** Proves an address of one's own. `sendAction` takes `channel` or nothing, `action` takes `code`. */
    'account/verify': FormModel & {
      nav: AccountNav;
      action: string;
      sendAction: string;
      destination: string;
      kind: 'email' | 'phone';
      /** Whether a code is on its way; before, the page only offers to send one. */
      sent: boolean;
      resendInSeconds: number;
      backHref: string;
      /** The ways to a phone, the preferred one first. Without it: email for an email address, SMS for a phone. */
      channels?: Channel[];
      /** How long the code works; needed once it is sent. */
      minutes?: number;
    };
  }
}

const challenges = defineSecretPurpose('address-challenges');

type Kind = 'email' | 'phone';

const purposes: Record<Kind, CodePurpose> = { email: 'verify_email', phone: 'verify_phone' };

/** The ways a code can go to an address of the person that is not verified yet; none where there is nothing to verify. */
export function verificationChannels(web: WebDependencies, profile: AccountProfile, kind: Kind): Channel[] {
  const [address, verified] =
    kind === 'email' ? [profile.email, profile.emailVerified] : [profile.phone, profile.phoneVerified];
  if (address === null || verified) return [];
  return messageChannels(web, profile.tenant).filter((channel) => kindOf(channel) === kind);
}

/** Where each address that is not verified can be. */
export function verificationLinks(web: WebDependencies, profile: AccountProfile): { email?: string; phone?: string } {
  const link = (kind: Kind) =>
    verificationChannels(web, profile, kind).length > 0 ? `/account/verify/${kind}` : undefined;
  return { email: link('email'), phone: link('phone') };
}

/** When the next code may be asked for, as an address of ours says it: shown only, and never more than the longest wait. */
function waitFrom(query: unknown): { sent: boolean; seconds: number } {
  if (typeof query !== 'string' || !/^\d{1,12}$/.test(query)) return { sent: false, seconds: 0 };
  const longest = Math.max(...codeLimits.resendWaitSeconds);
  return { sent: true, seconds: Math.min(longest, Math.max(0, Number(query) - Math.floor(Date.now() / 1000))) };
}

/** A request about one address of the person who is signed in. */
interface Verification {
  web: WebDependencies;
  person: SignedIn;
  profile: AccountProfile;
  kind: Kind;
  channels: Channel[];
  destination: string;
  challenge: string;
  base: string;
}

function toHome(ctx: Context, notice?: 'address_verified'): void {
  leadTo(ctx, notice ? `/account?notice=${notice}` : '/account');
}

/** Undefined where the answer is given already. @throws DomainError not_found NOT_FOUND, unauthenticated SIGN_IN_REQUIRED */
async function begin(
  ctx: Context,
  web: WebDependencies,
  person: SignedIn | undefined,
): Promise<Verification | undefined> {
  const { kind } = ctx.params;
  if (kind !== 'email' && kind !== 'phone') throw new DomainError('not_found', 'NOT_FOUND');
  if (!person) return undefined;
  const { profile, sessionUidHash } = person;
  const channels = verificationChannels(web, profile, kind);
  const destination = kind === 'email' ? profile.email : profile.phone;
  if (channels.length === 0 || destination === null) {
    toHome(ctx);
    return undefined;
  }
  const about = `verify-address:${kind}:${profile.userId}:${sessionUidHash.toString('hex')}`;
  const challenge = web.secrets.mac(challenges, about).toString('base64url');
  return { web, person, profile, kind, channels, destination, challenge, base: `/account/verify/${kind}` };
}

function draw(
  ctx: Context,
  { web, person, kind, channels, destination, base }: Verification,
  { sent, seconds }: { sent: boolean; seconds: number },
  refused?: DomainError,
): void {
  const { error, status } = refusal(ctx, refused, 'code');
  const until = Math.floor(Date.now() / 1000) + seconds;
  drawPage(
    ctx,
    web,
    person,
    { section: 'profile', view: 'account/verify', status },
    {
      action: `${base}/code${sent ? `?again=${until}` : ''}`,
      sendAction: `${base}/send`,
      destination,
      kind,
      sent,
      resendInSeconds: seconds,
      backHref: '/account',
      channels,
      minutes: codeLimits.codeSeconds / 60,
      error,
    },
  );
}

async function send(ctx: Context, at: Verification, wish: string | undefined): Promise<void> {
  const { web, profile, kind, channels, destination, challenge, base } = at;
  const { tenantId, userId } = profile;
  await submitRequest(
    async () => {
      const channel = wantedChannel(wish, channels);
      const wanted = { purpose: purposes[kind], tenantId, userId, address: destination, channel, challenge };
      const { resendAt } = await sendCode(ctx, web, { ...wanted, actorId: userId });
      ctx.status = 303;
      ctx.redirect(`${base}?again=${Math.ceil(resendAt / 1000)}`);
    },
    (refused) => {
      // Too soon for another: the one before is on its way, and is what the second of two clicks is about.
      const sent = refused.code === 'TOO_MANY_CODES';
      draw(ctx, at, { sent, seconds: sent ? Number(refused.params.seconds ?? 0) : 0 }, refused);
    },
  );
}

async function takeCode(ctx: Context, at: Verification, typed: string | undefined): Promise<void> {
  const { web, profile, kind, destination, challenge } = at;
  const { tenantId, userId } = profile;
  await submitCode(ctx, web, typed, {
    async accept(code) {
      const proof = { tenantId, userId, kind, destination, challenge, code };
      await confirmAddress(web.db, proof, { secrets: web.secrets, caller: callerOf(ctx, userId) });
      toHome(ctx, 'address_verified');
    },
    async followEarlier() {
      const now = await findAccount(web.db, userId);
      const isVerified = now !== undefined && verificationChannels(web, now, kind).length === 0;
      if (isVerified) toHome(ctx, 'address_verified');
      return isVerified;
    },
    show: (refused) => draw(ctx, at, { ...waitFrom(ctx.query.again), sent: true }, refused),
  });
}

/** Mounts `/verify/:kind` on the router of the account pages. */
export function mountVerify(router: Router, web: WebDependencies): void {
  router.get('/verify/:kind', async (ctx) => {
    const at = await begin(ctx, web, await personOfPage(ctx, web));
    if (at) draw(ctx, at, waitFrom(ctx.query.again));
  });
  router.post('/verify/:kind/send', async (ctx) => {
    const { form, person } = await postedForm(ctx, web);
    const at = await begin(ctx, web, person);
    if (at) await send(ctx, at, form.channel);
  });
  router.post('/verify/:kind/code', async (ctx) => {
    const { form, person } = await postedForm(ctx, web);
    const at = await begin(ctx, web, person);
    if (at) await takeCode(ctx, at, form.code);
  });
}
