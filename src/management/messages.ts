/** Operations on messages: those that did not go. What they said is told by nobody. */
import { z } from 'zod';
import { reasonsOfTenant } from '../domain/audit/audit-upkeep.ts';
import { messageProviders } from '../domain/messages/available-channels.ts';
import { channels, findChannelStatus } from '../domain/messages/channel-status.ts';
import { findMessageDays } from '../domain/messages/message-days.ts';
import { listUnsentMessages } from '../domain/messages/unsent-messages.ts';
import { findTenantById } from '../domain/tenants/tenants.ts';
import { DomainError } from '../platform/errors.ts';
import { operation } from './operation.ts';
import { daysShown, shownDays } from './overview.ts';
import { id, pageQuery, text, time } from './shapes.ts';

const UnsentMessage = z
  .object({
    id,
    channel: z.string().nullable(),
    template: z.string().nullable().meta({ description: 'What it was', example: 'invitation' }),
    reason: z.string().meta({ description: 'Why it did not go', example: 'budget_used_up' }),
    occurred_at: time,
  })
  .meta({ id: 'UnsentMessage' });

const actions = ['message.refused', 'message.failed'] as const;
const reasonsShown = 30;
const count = z.int();
const channel = z.enum(channels);
const ofDay = z.array(z.object({ channel, sent: count, not_sent: count }));

const ChannelsHealth = z
  .object({
    items: z.array(
      z.object({
        channel,
        provider: z
          .enum(messageProviders)
          .nullable()
          .meta({ description: 'Who carries them; null: nobody on this server' }),
        is_allowed: z.boolean().meta({ description: 'Whether codes of the tenant may go by it' }),
        daily_budget: count.meta({ description: 'Messages a day; SMS and WhatsApp share one budget' }),
        used_today: count.meta({ description: 'Of the budget, in the 24 hours that began with its first message' }),
        sent: count.meta({ description: 'Of the last 30 days' }),
        not_sent: count.meta({ description: 'Refused, or failed for good' }),
        last_sent_at: time.nullable(),
        last_failed_at: time.nullable().meta({ description: 'Also of an attempt that another one followed' }),
        last_failure: z.string().nullable().meta({ description: 'Why', example: 'budget_used_up' }),
        took_last: z.boolean().nullable().meta({
          description: 'Whether the provider took the last message that it was given; null: it was given none',
        }),
      }),
    ),
    days: z
      .array(z.object({ day: z.iso.date().meta({ description: 'Of UTC', example: '2027-01-31' }), messages: ofDay }))
      .meta({ description: 'The last 30, today last' }),
    reasons: z.array(z.object({ reason: z.string(), count })).meta({
      description: `Why messages of the last 30 days did not go, the most frequent first; ${reasonsShown} at the most`,
    }),
  })
  .meta({ id: 'ChannelsHealth' });

export const messages = [
  operation({
    id: 'messages.unsent',
    method: 'GET',
    path: '/messages/unsent',
    summary: 'List the messages of the tenant that were refused or failed',
    description: 'The newest first, as far back as the audit trail is kept.',
    needs: { capability: 'messages.read', at: 'root' },
    query: pageQuery.extend({
      channel: channel.optional(),
      reason: text(100)
        .optional()
        .meta({ description: 'Those alone that did not go because of it', example: 'budget_used_up' }),
    }),
    list: true,
    answer: UnsentMessage,
    run: ({ db, tenantId, query }) => listUnsentMessages(db, { tenantId, ...query }),
  }),
  operation({
    id: 'messages.channels',
    method: 'GET',
    path: '/messages/channels',
    summary: 'Show by which channels messages of the tenant go, and when one last did not',
    description: 'Of the last 30 days (UTC). Every channel is there, also one by which nothing goes.',
    needs: { capability: 'messages.read', at: 'root' },
    answer: ChannelsHealth,
    run: async ({ db, tenantId, deps: { providers, phoneCountries: countries, budgets } }) => {
      const tenant = await findTenantById(db, tenantId);
      if (!tenant) throw new DomainError('not_found', 'NOT_FOUND');
      const messages = await findMessageDays(db, { tenantId, days: daysShown });
      return {
        items: await findChannelStatus(db, tenant, { providers, countries, budgets }),
        days: shownDays(new Date()).map((day) => ({ day, messages: messages.filter((one) => one.day === day) })),
        reasons: await reasonsOfTenant(db, { tenantId, actions, days: daysShown, most: reasonsShown }),
      };
    },
  }),
];
