/**
 * A new email address or phone number of one's own, proved by a code before it takes the place of the old one. Nothing is kept
 * between the pages: the code is bound to this sign-in and to the address, so that an address which the second form names and
 * the first did not has no code. Asks for a sign-in that is not older than five minutes.
 */
import type Router from '@koa/router';
import type { Context } from 'koa';
import { type Channel, kindOf } from '../../domain/messages/outgoing-message.ts';
import { changeOwnAddress } from '../../domain/safety/change-address.ts';
import { parseAddress } from '../../domain/users/canonical-address.ts';
import { type AccountProfile, findAccount } from '../../domain/users/users.ts';
import { DomainError } from '../../platform/errors.ts';
import { defineSecretPurpose } from '../../platform/secrets.ts';
import { sendCode, submitCode, wantedChannel } from '../interaction/code-journey.ts';
import { callerOf, type WebDependencies } from '../interaction/context.ts';
import { isShownOnForm, refusal } from '../interaction/form-refusal.ts';
import { messageChannels, phoneCountriesOf } from '../interaction/offered-channels.ts';
import type { FormModel } from '../pages/form-model.ts';
import { drawPage, freshForm, freshPersonOfPage, leadTo } from './account-page.ts';
import type { AccountNav } from './sections.ts';
import type { SignedIn } from './signed-in.ts';

declare module '../pages/view-models.ts' {
  interface ViewModels {
    /** `sendAction` takes `address` and `channel`; `action` takes `address`, `channel` and `code`. */
    'account/change-address': FormModel & {
      nav: AccountNav;
      kind: 'email' | 'phone';
      action: string;
      sendAction: string;
      backHref: string;
      /** As it was typed, or where the code went. */
      address: string;
      channel: Channel;
      channels: Channel[];
      /** The one that is told; absent where there is none that was proved. */
      old?: string;
      /** Whether there was one at all. */
      hadOne: boolean;
      /** Whether a code is on its way. */
      sent: boolean;
      resendInSeconds: number;
    };
  }
}

const challenges = defineSecretPurpose('new-addresses');

type Kind = 'email' | 'phone';

/** The ways a code can go to a new address of this kind; none: it cannot be changed here. */
export function newAddressChannels(web: WebDependencies, { tenant }: AccountProfile, kind: Kind): Channel[] {
  return messageChannels(web, tenant).filter((channel) => kindOf(channel) === kind);
}

interface Change {
  web: WebDependencies;
  person: SignedIn;
  kind: Kind;
  channels: Channel[];
}

const pageOf = (kind: Kind) => `/account/change-${kind}`;

/** @throws DomainError not_found NOT_FOUND where nothing can be sent to such an address */
function changeOf(web: WebDependencies, person: SignedIn, kind: Kind): Change {
  const channels = newAddressChannels(web, person.profile, kind);
  if (channels.length === 0) throw new DomainError('not_found', 'NOT_FOUND');
  return { web, person, kind, channels };
}

interface Drawn {
  address?: string;
  channel?: Channel;
  sent?: boolean;
  seconds?: number;
}

function draw(
  ctx: Context,
  at: Change,
  { address = '', channel, sent = false, seconds = 0 }: Drawn,
  refused?: DomainError,
) {
  const { web, person, kind, channels } = at;
  const { email, emailVerified, phone, phoneVerified } = person.profile;
  const [old, proved] = kind === 'email' ? [email, emailVerified] : [phone, phoneVerified];
  const { error, status } = refusal(ctx, refused, sent ? 'code' : 'address');
  const model = {
    kind,
    action: `${pageOf(kind)}/code`,
    sendAction: pageOf(kind),
    backHref: '/account',
    address,
    channel: channel ?? (channels[0] as Channel),
    channels,
    old: proved ? (old ?? undefined) : undefined,
    hadOne: old !== null,
    sent,
    resendInSeconds: seconds,
    error,
  };
  drawPage(ctx, web, person, { section: 'profile', view: 'account/change-address', status }, model);
}

/** The form of an address that the domain keeps; as it was typed where it is none, for the domain to refuse. */
function canonical({ web, person }: Change, typed: string): string {
  const parsed = parseAddress(typed, phoneCountriesOf(web, person.profile.tenant));
  return parsed ? ('email' in parsed ? parsed.email : parsed.phone) : typed;
}

function challengeOf({ web, person, kind }: Change, address: string): string {
  const { profile, sessionUidHash } = person;
  const about = JSON.stringify(['new-address', kind, profile.userId, sessionUidHash.toString('hex'), address]);
  return web.secrets.mac(challenges, about).toString('base64url');
}

async function send(ctx: Context, at: Change, form: Record<string, string>): Promise<void> {
  const { web, person, kind, channels } = at;
  const { tenantId, userId, email, phone } = person.profile;
  const typed = form.address ?? '';
  const address = canonical(at, typed);
  let channel = channels[0];
  try {
    if (!typed.trim()) throw new DomainError('invalid', 'FIELD_REQUIRED', { field: 'address' });
    channel = wantedChannel(form.channel, channels);
    // Theirs already: nothing to change, and its proof has a page of its own.
    if (address === (kind === 'email' ? email : phone)) return leadTo(ctx, '/account');
    const purpose = kind === 'email' ? 'verify_email' : 'verify_phone';
    const wanted = { purpose, tenantId, userId, forNewAddress: true, address, channel } as const;
    const { destination, resendAt } = await sendCode(ctx, web, {
      ...wanted,
      challenge: challengeOf(at, address),
      actorId: userId,
    });
    draw(ctx, at, { address: destination, channel, sent: true, seconds: Math.ceil((resendAt - Date.now()) / 1000) });
  } catch (error) {
    if (!isShownOnForm(error)) throw error;
    // Too soon for another: the one before is on its way, and is what the second of two clicks is about.
    const sent = error.code === 'TOO_MANY_CODES' && form.again !== undefined;
    draw(ctx, at, { address: typed, channel, sent, seconds: sent ? Number(error.params.seconds ?? 0) : 0 }, error);
  }
}

async function takeCode(ctx: Context, at: Change, form: Record<string, string>): Promise<void> {
  const { web, person, kind } = at;
  const { profile } = person;
  const destination = canonical(at, form.address ?? '');
  const changed = () => leadTo(ctx, '/account?notice=address_changed');
  const caller = callerOf(ctx, profile.userId);
  await submitCode(ctx, web, form.code, {
    async accept(code) {
      const locale = ctx.state.locale ?? 'en';
      const wanted = { kind, destination, challenge: challengeOf(at, destination), code, locale };
      try {
        await changeOwnAddress(web.db, profile, wanted, { ...web, caller });
      } catch (error) {
        // They have proved it, so they may hear that it has an account here.
        if (!(error instanceof DomainError) || error.kind !== 'conflict') throw error;
        return draw(ctx, at, { address: destination }, error);
      }
      changed();
    },
    async followEarlier() {
      const now = await findAccount(web.db, profile.userId);
      const isDone = now !== undefined && destination === (kind === 'email' ? now.email : now.phone);
      if (isDone) changed();
      return isDone;
    },
    show: (refused) => draw(ctx, at, { address: destination, sent: true }, refused),
  });
}

/** Mounts `/change-email` and `/change-phone` on the router of the account pages. */
export function mountChangeAddress(router: Router, web: WebDependencies): void {
  for (const kind of ['email', 'phone'] as const) {
    router.get(`/change-${kind}`, async (ctx) => {
      const person = await freshPersonOfPage(ctx, web);
      if (person) draw(ctx, changeOf(web, person, kind), {});
    });
    for (const [path, take] of [
      ['', send],
      ['/code', takeCode],
    ] as const)
      router.post(`/change-${kind}${path}`, async (ctx) => {
        const posted = await freshForm(ctx, web, pageOf(kind));
        if (posted) await take(ctx, changeOf(web, posted.person, kind), posted.form);
      });
  }
}
