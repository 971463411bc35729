/** How the people of a tenant sign in: the ways that are offered, codes and where they may go, sign-up, second factors. */
import type Router from '@koa/router';
import type { Channel } from '../../../domain/messages/outgoing-message.ts';
import { leadTo } from '../../account/account-page.ts';
import { ask } from '../ask.ts';
import type { FieldSpec } from '../fields.ts';
import type { ConsoleFrame } from '../frame.ts';
import { draw, page } from '../page.ts';
import {
  mountGroups,
  readSettings,
  type SettingsGroup,
  type ShownGroup,
  shownGroup,
  translatorOf,
} from '../settings/groups.ts';
import { type ConsoleDependencies, hrefTo, type Visit } from '../visit.ts';
import { type SignInTab, signInTabs } from './tabs.ts';
import { type NamableMethod, readNamableMethods } from './terms.ts';

/** How messages by a channel went, as `messages.channels` answers. */
interface ChannelHealth {
  channel: Channel;
  sent: number;
  not_sent: number;
  last_sent_at: string | null;
  last_failed_at: string | null;
}

declare module '../../pages/view-models.ts' {
  interface ViewModels {
    'console/sign-in/ways': {
      frame: ConsoleFrame;
      tabs: SignInTab[];
      groups: ShownGroup[];
      /** Of the last 30 days; undefined for who may not see messages. */
      channels?: ChannelHealth[];
      /** Where those that did not go are told. */
      messagesHref?: string;
    };
  }
}

const at = { section: 'sign-in', words: 'console.sign_in' } as const;
const channels = ['email', 'sms', 'whatsapp'] as const;
type Options = NonNullable<FieldSpec['options']>;

/** The channels; one that this server cannot send by says so. */
function channelOptions(visit: Visit): Options {
  const t = translatorOf(visit);
  return channels.map((channel) => {
    const name = t(`console.sign_in.channels.${channel}`);
    const isThere = visit.management.channels.includes(channel);
    return { value: channel, label: isThere ? name : t('console.sign_in.channels.not_here', { name }) };
  });
}

/** The ways that the settings may name. One that is named and not there any more is shown, so that it can be taken out. */
async function methodOptions(visit: Visit): Promise<Options> {
  const t = translatorOf(visit);
  const label = ({ method, provider, is_active: isActive }: NamableMethod) => {
    const own = `console.sign_in.methods.names.${method}`;
    if (provider === null) return t.has(own) ? t(own) : method;
    return isActive ? provider : t('console.sign_in.methods.names.disabled', { name: provider });
  };
  const known = (await readNamableMethods(visit)).map((item) => ({ value: item.method, label: label(item) }));
  const named = visit.tenant.settings.signInMethods.filter((name) => !known.some(({ value }) => value === name));
  const gone = named.map((name) => ({ value: name, label: t('console.sign_in.methods.names.not_there', { name }) }));
  return [...known, ...gone];
}

/** Those of the server, by their names; those chosen beyond them say that they count for nothing. */
function countryOptions(visit: Visit): Options {
  const t = translatorOf(visit);
  const names = new Intl.DisplayNames([t('locale.formats')], { type: 'region', fallback: 'code' });
  const { phoneCountries } = visit.management;
  const beyond = visit.tenant.settings.countryList.filter((code) => !phoneCountries.includes(code));
  const named = (code: string) => names.of(code) ?? code;
  return [
    ...phoneCountries.map((value) => ({ value, label: named(value) })),
    ...beyond.map((value) => ({
      value,
      label: phoneCountries.length === 0 ? named(value) : t('console.sign_in.codes.not_here', { name: named(value) }),
    })),
  ];
}

export const signInGroups: readonly SettingsGroup[] = [
  {
    group: 'methods',
    fields: [
      { name: 'sign_in_methods', kind: 'checks' },
      { name: 'usernames', kind: 'check' },
      { name: 'passkey_offer', kind: 'check' },
    ],
    adapt: async (visit) => ({ sign_in_methods: { options: await methodOptions(visit) } }),
  },
  {
    group: 'codes',
    fields: [
      { name: 'code_channels', kind: 'checks', optional: true },
      { name: 'country_list', kind: 'lines', optional: true },
      { name: 'daily_phone_messages', kind: 'number', optional: true, empty: 'null' },
    ],
    adapt: async (visit) => ({
      code_channels: { options: channelOptions(visit) },
      // Without a list of the server's there are too many to choose from.
      country_list: {
        kind: visit.management.phoneCountries.length > 0 ? 'checks' : 'lines',
        options: countryOptions(visit),
      },
    }),
  },
  {
    group: 'sign_up',
    fields: [
      { name: 'self_sign_up', kind: 'check' },
      { name: 'sign_up_email_domains', kind: 'lines', optional: true },
    ],
  },
  {
    group: 'factors',
    fields: [
      {
        name: 'second_factor_for',
        kind: 'select',
        options: ['nobody', 'administrators', 'everyone'].map((value) => ({ value })),
      },
      { name: 'second_factor_grace_days', kind: 'number' },
      { name: 'second_factor_channels', kind: 'checks', optional: true },
      { name: 'remembered_device_days', kind: 'number' },
      { name: 'factor_reset_hours', kind: 'number' },
    ],
    adapt: async (visit) => ({ second_factor_channels: { options: channelOptions(visit) } }),
  },
];

async function show(visit: Visit): Promise<void> {
  // Who runs providers alone has those.
  if (!visit.holdings.everywhere('tenant.manage')) return leadTo(visit.ctx, hrefTo(visit, '/sign-in/providers'));
  const { body: stored } = await readSettings(visit);
  const groups = await Promise.all(signInGroups.map((group) => shownGroup(visit, at, group, stored)));
  const seesMessages = visit.holdings.everywhere('messages.read');
  const health = seesMessages
    ? (await ask<{ items: ChannelHealth[] }>(visit, 'messages.channels')).body.items.filter(
        (one) => one.last_sent_at !== null || one.last_failed_at !== null,
      )
    : undefined;
  draw(visit, 'console/sign-in/ways', {
    tabs: signInTabs(visit, 'ways'),
    groups,
    channels: health,
    messagesHref: seesMessages && visit.mounted.has('messages') ? hrefTo(visit, '/messages') : undefined,
  });
}

/** Mounts `/sign-in` and the form of each group. */
export function mountWays(router: Router, deps: ConsoleDependencies): void {
  router.get('/sign-in', page(deps, 'sign-in', show));
  mountGroups(router, deps, { ...at, groups: signInGroups });
}
