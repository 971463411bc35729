/** The section Messages: how each channel does, and what was not sent and why. What messages said, and to whom, is told by nobody. */
import type Router from '@koa/router';
import type { MessageProvider } from '../../../domain/messages/available-channels.ts';
import { channels as channelNames } from '../../../domain/messages/channel-status.ts';
import type { Channel } from '../../../domain/messages/outgoing-message.ts';
import { ask } from '../ask.ts';
import type { ConsoleFrame } from '../frame.ts';
import { type FilterSpec, type ListModel, readList } from '../list.ts';
import type { Chart } from '../overview/overview.ts';
import { draw, page } from '../page.ts';
import { shownSections } from '../sections.ts';
import { translatorOf } from '../settings/groups.ts';
import { type ConsoleDependencies, hrefTo, type Visit } from '../visit.ts';
import { wordsOfReason } from './reasons.ts';

interface ChannelStatus {
  channel: Channel;
  provider: MessageProvider | null;
  is_allowed: boolean;
  daily_budget: number;
  used_today: number;
  sent: number;
  not_sent: number;
  last_sent_at: string | null;
  last_failed_at: string | null;
  last_failure: string | null;
  took_last: boolean | null;
}

/** As `messages.channels` answers. */
interface Channels {
  items: ChannelStatus[];
  days: { day: string; messages: { sent: number; not_sent: number }[] }[];
  reasons: { reason: string; count: number }[];
}

/** How a channel does, in one word. `not_used`: the tenant sends no codes by it. */
type ChannelState = 'absent' | 'exhausted' | 'troubled' | 'not_used' | 'quiet' | 'works';

/** A channel as the page shows it. `key`: the words of why the last one did not go. */
type ShownChannel = ChannelStatus & { state: ChannelState; key: string | undefined };

interface Unsent {
  id: string;
  channel: Channel | null;
  template: string | null;
  reason: string;
  occurred_at: string;
}

declare module '../../pages/view-models.ts' {
  interface ViewModels {
    'console/messages/list': {
      frame: ConsoleFrame;
      channels: ShownChannel[];
      charts: Chart[];
      /** `key`: the words of its reason; `href`: its event in the trail, for who may read that. */
      list: ListModel<Unsent & { key: string; href?: string }>;
      /** Where channels, countries and the budget are set, for who may. */
      settingsHref?: string;
    };
  }
}

function stateOf({ provider, is_allowed, daily_budget, used_today, took_last }: ChannelStatus): ChannelState {
  if (provider === null) return 'absent';
  if (used_today >= daily_budget) return 'exhausted';
  if (took_last === false) return 'troubled';
  if (!is_allowed) return 'not_used';
  return took_last === null ? 'quiet' : 'works';
}

const shownChannel = (status: ChannelStatus): ShownChannel => ({
  ...status,
  state: stateOf(status),
  key: status.last_failure === null ? undefined : wordsOfReason(status.channel, status.last_failure),
});

function chartsOf(days: Channels['days']): Chart[] {
  return (['sent', 'not_sent'] as const).map((kind) => {
    const values = days.map(({ day, messages }) => ({ day, value: messages.reduce((sum, one) => sum + one[kind], 0) }));
    return { metric: `messages_${kind}`, total: values.reduce((sum, { value }) => sum + value, 0), days: values };
  });
}

/** The reasons there were, by their words; two of a provider's numbers may mean the same, and are told apart by them. */
function reasonFilter(visit: Visit, reasons: Channels['reasons'], chosen: Channel | undefined): FilterSpec {
  const t = translatorOf(visit);
  const values = reasons.map(({ reason, count }) => {
    const key = wordsOfReason(chosen ?? channelOf(reason), reason);
    const words = t(`console.messages.reasons.${key}.title`);
    const name = key === reason ? words : `${words} (${reason})`;
    return { value: reason, label: `${name} · ${count.toLocaleString(t('locale.formats'))}` };
  });
  return { name: 'reason', values, picked: true };
}

/** Where no channel is looked at: three digits are a mail server's, more are Twilio's. */
const channelOf = (reason: string): Channel => (/^\d{3}$/.test(reason) ? 'email' : 'sms');

async function show(visit: Visit): Promise<void> {
  const { body } = await ask<Channels>(visit, 'messages.channels');
  const asked = channelNames.find((channel) => channel === visit.ctx.query.channel);
  const list = await readList<Unsent>(visit, {
    path: '/messages',
    operation: 'messages.unsent',
    words: 'console.messages',
    filters: [{ name: 'channel', values: channelNames }, reasonFilter(visit, body.reasons, asked)],
  });
  if (!list) return;
  const shown = new Set<string>(shownSections(visit).map(({ section }) => section));
  const items = list.items.map((one) => ({
    ...one,
    key: wordsOfReason(one.channel, one.reason),
    href: shown.has('audit') ? hrefTo(visit, '/audit', { entity_id: one.id }) : undefined,
  }));
  const maySet = shown.has('sign-in') && visit.holdings.everywhere('tenant.manage');
  draw(visit, 'console/messages/list', {
    channels: body.items.map(shownChannel),
    charts: chartsOf(body.days),
    list: { ...list, items },
    settingsHref: maySet ? hrefTo(visit, '/sign-in/codes') : undefined,
  });
}

/** Mounts `/messages`. */
export function mountMessages(router: Router, deps: ConsoleDependencies): void {
  router.get('/messages', page(deps, 'messages', show));
}
