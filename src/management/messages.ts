/** Operations on messages: those that did not go. What they said is told by nobody. */
import { z } from 'zod';
import { findChannelHealth } from '../domain/messages/message-days.ts';
import { listUnsentMessages } from '../domain/messages/unsent-messages.ts';
import { operation } from './operation.ts';
import { id, pageQuery, time } from './shapes.ts';

const UnsentMessage = z
  .object({
    id,
    channel: z.string().nullable(),
    template: z.string().nullable().meta({ description: 'What it was', example: 'invitation' }),
    reason: z.string().meta({ description: 'Why it did not go', example: 'budget_used_up' }),
    occurred_at: time,
  })
  .meta({ id: 'UnsentMessage' });

const ChannelsHealth = z
  .object({
    items: z.array(
      z.object({
        channel: z.enum(['email', 'sms', 'whatsapp']),
        sent: z.int().meta({ description: 'Of the last 30 days' }),
        not_sent: z.int().meta({ description: 'Refused, or failed for good' }),
        last_sent_at: time.nullable(),
        last_failed_at: time.nullable().meta({ description: 'Also of an attempt that another one followed' }),
        last_failure: z.string().nullable().meta({ description: 'Why', example: 'budget_used_up' }),
      }),
    ),
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
    query: pageQuery,
    list: true,
    answer: UnsentMessage,
    run: ({ db, tenantId, query }) => listUnsentMessages(db, { tenantId, ...query }),
  }),
  operation({
    id: 'messages.channels',
    method: 'GET',
    path: '/messages/channels',
    summary: 'Show by which channels messages of the tenant go, and when one last did not',
    description: 'Of the last 30 days (UTC). A channel by which nothing was to go is not there.',
    needs: { capability: 'messages.read', at: 'root' },
    answer: ChannelsHealth,
    run: async ({ db, tenantId }) => ({ items: await findChannelHealth(db, tenantId) }),
  }),
];
