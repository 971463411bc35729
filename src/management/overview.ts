/** The operation on how a tenant is doing: what happened in a month, and what somebody should look at. */
import { z } from 'zod';
import { type ActivityCount, findActivity } from '../domain/audit/activity.ts';
import { findMessageDays, type MessageDay } from '../domain/messages/message-days.ts';
import { countedAtMost } from '../platform/glimpse.ts';
import { findWhatNeedsALook, lookKinds } from './looks.ts';
import { operation } from './operation.ts';
import { time } from './shapes.ts';

export const daysShown = 30;
const count = z.int();

const Day = z.object({
  day: z.iso.date().meta({ description: 'Of UTC', example: '2027-01-31' }),
  sign_ins: count,
  new_people: count,
  refusals: count,
  refused_because: z.array(z.object({ reason: z.string(), count })).meta({ description: 'The most frequent first' }),
  messages: z
    .array(z.object({ channel: z.enum(['email', 'sms', 'whatsapp']), sent: count, not_sent: count }))
    .meta({ description: 'Those of channels by which any were sent or not' }),
});
const Overview = z
  .object({
    days: z
      .array(Day)
      .nullable()
      .meta({ description: 'The last 30, today last; null for who may not read the audit trail of the whole tenant' }),
    needs_a_look: z.array(
      z.object({
        kind: z.enum(lookKinds),
        count: count.meta({ description: `${countedAtMost + 1}: more than ${countedAtMost}` }),
        items: z
          .array(
            z.object({
              id: z.string().meta({ description: 'Of a person, a client, a key, an invitation, a channel' }),
              name: z.string(),
              detail: z.string().nullable(),
              at: time.nullable().meta({ description: 'When it ends, or last failed' }),
            }),
          )
          .meta({ description: 'The first ten' }),
      }),
    ),
  })
  .meta({ id: 'Overview' });

/** The days of UTC that are shown, today last: also those on which nothing happened. */
export function shownDays(now: Date): string[] {
  return Array.from({ length: daysShown }, (_, index) =>
    new Date(now.getTime() - (daysShown - 1 - index) * 86_400_000).toISOString().slice(0, 10),
  );
}

function daysOf(activity: readonly ActivityCount[], messages: readonly MessageDay[], now: Date) {
  return shownDays(now).map((day) => {
    const ofDay = activity.filter((one) => one.day === day);
    const sumOf = (kind: ActivityCount['kind']) =>
      ofDay.filter((one) => one.kind === kind).reduce((sum, one) => sum + one.count, 0);
    return {
      day,
      signIns: sumOf('sign_in'),
      newPeople: sumOf('new_person'),
      refusals: sumOf('refusal'),
      refusedBecause: ofDay
        .filter(({ kind }) => kind === 'refusal')
        .map(({ detail, count }) => ({ reason: detail, count })),
      messages: messages.filter((one) => one.day === day),
    };
  });
}

export const overview = [
  operation({
    id: 'overview.get',
    method: 'GET',
    path: '/overview',
    summary: 'Show what happened in the last 30 days, and what needs a look',
    description:
      'What needs a look is told as far as it is within reach: of people, roles, invitations and keys what stands at or below the places where the capability for them is held, of the rest what is of the whole tenant.',
    needs: { capability: 'users.read', at: 'anywhere' },
    answer: Overview,
    run: async ({ db, tenantId, reaches, deps }) => {
      const isTold = reaches('audit.read').everything;
      const asked = { tenantId, days: daysShown };
      const days = isTold ? daysOf(await findActivity(db, asked), await findMessageDays(db, asked), new Date()) : null;
      return { days, needsALook: await findWhatNeedsALook({ db, tenantId, deps }, reaches) };
    },
  }),
];
