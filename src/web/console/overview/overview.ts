/** The section Overview: what somebody should look at, each with the way there, and what happened in a month. */
import type Router from '@koa/router';
import { ask } from '../ask.ts';
import type { ConsoleFrame } from '../frame.ts';
import { draw, page } from '../page.ts';
import { type SectionName, shownSections } from '../sections.ts';
import { type ConsoleDependencies, hrefTo, type Visit } from '../visit.ts';

/** As `overview.get` answers. */
interface Overview {
  days:
    | {
        day: string;
        sign_ins: number;
        new_people: number;
        refusals: number;
        refused_because: { reason: string; count: number }[];
        messages: { channel: 'email' | 'sms' | 'whatsapp'; sent: number; not_sent: number }[];
      }[]
    | null;
  needs_a_look: { kind: LookKind; count: number; items: LookItem[] }[];
}

interface LookItem {
  id: string;
  name: string;
  detail: string | null;
  at: string | null;
}

/** Where each kind is looked after: the section, and the page of one thing in it. */
const places = {
  identity_provider_failing: { section: 'sign-in' },
  messages_not_sent: { section: 'messages' },
  webhook_failing: { section: 'webhooks', tab: '' },
  event_stream_failing: { section: 'event-streams' },
  client_secret_ending: { section: 'applications' },
  service_secret_ending: { section: 'services', tab: '/secrets' },
  api_key_ending: { section: 'api-keys', tab: '' },
  signing_key_rotating: { section: 'signing-keys' },
  account_locked: { section: 'people', tab: '/sign-in' },
  role_ending: { section: 'people', tab: '/access' },
  second_factor_missing: { section: 'people', tab: '/sign-in' },
  invitation_expiring: { section: 'invitations' },
} as const satisfies Record<string, { section: SectionName; tab?: string }>;
type LookKind = keyof typeof places;

/** What has happened; the others are about to end. */
const past: ReadonlySet<LookKind> = new Set([
  'identity_provider_failing',
  'messages_not_sent',
  'webhook_failing',
  'event_stream_failing',
  'account_locked',
]);

const metrics = ['sign_ins', 'refusals', 'new_people', 'messages_sent', 'messages_not_sent'] as const;
export type Metric = (typeof metrics)[number];

/** One picture: a bar a day, and the same as figures. */
export interface Chart {
  metric: Metric;
  total: number;
  /** The oldest first; a day of UTC. */
  days: { day: string; value: number }[];
}

/** Something to look at. */
interface Look {
  kind: LookKind;
  count: number;
  /** Whether the times of its items have been, or are still to come. */
  isPast: boolean;
  items: (LookItem & { href?: string })[];
  href?: string;
}

declare module '../../pages/view-models.ts' {
  interface ViewModels {
    'console/overview/overview': {
      frame: ConsoleFrame;
      looks: Look[];
      /** Absent for who may not read the audit trail of the whole tenant. */
      charts?: Chart[];
      /** Why people and applications were refused, the most frequent first. */
      reasons: { reason: string; count: number }[];
    };
  }
}

/** More reasons than these are seldom ones. */
const mostReasons = 8;
/** So many are named under each kind; the others are counted. */
const mostItems = 5;

function lookOf(
  visit: Visit,
  shown: ReadonlySet<string>,
  { kind, count, items }: Overview['needs_a_look'][number],
): Look {
  const place: { section: SectionName; tab?: string } = places[kind];
  const isShown = shown.has(place.section);
  return {
    kind,
    count,
    isPast: past.has(kind),
    href: isShown ? hrefTo(visit, `/${place.section}`) : undefined,
    items: items.slice(0, mostItems).map((item) => ({
      ...item,
      href: isShown && place.tab !== undefined ? hrefTo(visit, `/${place.section}/${item.id}${place.tab}`) : undefined,
    })),
  };
}

function chartsOf(days: NonNullable<Overview['days']>): Chart[] {
  const figureOf: Record<Metric, (day: (typeof days)[number]) => number> = {
    sign_ins: (day) => day.sign_ins,
    refusals: (day) => day.refusals,
    new_people: (day) => day.new_people,
    messages_sent: (day) => day.messages.reduce((sum, { sent }) => sum + sent, 0),
    messages_not_sent: (day) => day.messages.reduce((sum, { not_sent }) => sum + not_sent, 0),
  };
  return metrics.map((metric) => {
    const values = days.map((day) => ({ day: day.day, value: figureOf[metric](day) }));
    return { metric, total: values.reduce((sum, { value }) => sum + value, 0), days: values };
  });
}

function reasonsOf(days: NonNullable<Overview['days']>): { reason: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const { refused_because } of days)
    for (const { reason, count } of refused_because) counts.set(reason, (counts.get(reason) ?? 0) + count);
  const all = [...counts].map(([reason, count]) => ({ reason, count }));
  return all.sort((left, right) => right.count - left.count).slice(0, mostReasons);
}

async function show(visit: Visit): Promise<void> {
  const { body } = await ask<Overview>(visit, 'overview.get');
  const shown = new Set<string>(shownSections(visit).map(({ section }) => section));
  draw(visit, 'console/overview/overview', {
    looks: body.needs_a_look.map((look) => lookOf(visit, shown, look)),
    charts: body.days === null ? undefined : chartsOf(body.days),
    reasons: body.days === null ? [] : reasonsOf(body.days),
  });
}

/** Mounts `/overview`. */
export function mountOverview(router: Router, deps: ConsoleDependencies): void {
  router.get('/overview', page(deps, 'overview', show));
}
