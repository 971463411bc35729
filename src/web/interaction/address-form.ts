/**
 * The page that asks where a code or a link is to go, and what it answers. Says the same of every address. Where a
 * message is on its way to the same address, sending the form again sends none.
 */
import type { Context } from 'koa';
import { type Channel, kindOf } from '../../domain/messages/outgoing-message.ts';
import { DomainError } from '../../platform/errors.ts';
import type { CodePagePurpose, ProviderLink } from '../pages/sign-in-view-models.ts';
import { submitRequest, wantedChannel } from './code-journey.ts';
import { refusal } from './form-refusal.ts';
import { channelLinks, phoneCountriesOf } from './offered-channels.ts';
import { suggestedAddress, typedKind } from './suggested-address.ts';
import type { Visit } from './visit.ts';

const mostTypedCharacters = 254;

/** The field of the page that a refused address stands in, whatever the domain calls it. */
const atAddress = 'address';

export interface AddressForm {
  purpose: CodePagePurpose;
  action: string;
  backHref: string;
  channels: readonly Channel[];
  /** A username will do. */
  usernames: boolean;
  /** The one address that this is about, where the person has no say in it. */
  fixedAddress?: string;
  /** Identity providers that the page offers beside. */
  providers?: () => Promise<ProviderLink[]>;
}

/** The channel that was asked for if it can be had, else the first that reaches what was typed. @throws DomainError invalid CHANNEL_UNAVAILABLE where there is none */
function shownChannel(
  { wish, typed }: { wish: unknown; typed: 'email' | 'phone' | undefined },
  channels: readonly Channel[],
): Channel {
  const wanted = channels.find((channel) => channel === wish);
  return wantedChannel(wanted ?? channels.find((channel) => kindOf(channel) === typed), channels);
}

/** Draws the page. `wish`: the channel that was asked for. */
export async function showAddressForm(
  ctx: Context,
  visit: Visit<string>,
  { purpose, action, backHref, channels, usernames, fixedAddress, providers }: AddressForm,
  { wish, typed, refused }: { wish?: unknown; typed?: string; refused?: DomainError } = {},
): Promise<void> {
  const { web, interaction, tenant, surroundings } = visit;
  const channel = shownChannel({ wish, typed: typedKind(interaction) }, channels);
  const countries = phoneCountriesOf(web, tenant);
  const { error, status } = refusal(ctx, refused, atAddress);
  web.pages.render(
    ctx,
    'interaction/code-request',
    {
      action,
      channel,
      address:
        fixedAddress ??
        typed?.slice(0, mostTypedCharacters) ??
        (await suggestedAddress(web, interaction, { kind: kindOf(channel), usernames })),
      usernames: usernames && fixedAddress === undefined,
      addressFixed: fixedAddress !== undefined,
      otherChannels: channelLinks(
        action,
        channels.filter((other) => other !== channel),
      ),
      backHref,
      purpose,
      defaultCountryCode: countries.length === 1 ? countries[0] : undefined,
      providers: await providers?.(),
      error,
    },
    { ...surroundings, status },
  );
}

/** Sends what the page asks for, or shows it again. @returns whether it is sent */
export function submitAddressForm(
  ctx: Context,
  visit: Visit<string>,
  form: AddressForm,
  send: (wanted: { address: string; channel: Channel }) => Promise<void>,
): Promise<boolean> {
  const { channel: wish, address: typed = '' } = visit.form;
  return submitRequest(
    async () => {
      const channel = wantedChannel(wish, form.channels);
      if (form.fixedAddress === undefined && !typed.trim())
        throw new DomainError('invalid', 'FIELD_REQUIRED', { field: atAddress });
      await send({ address: form.fixedAddress ?? typed, channel });
    },
    (refused) => showAddressForm(ctx, visit, form, { wish, typed, refused }),
  );
}
