/** Operations on messages: those that did not go. What they said is told by nobody. */
import { z } from 'zod';
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
];
