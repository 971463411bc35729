/**
 * The job behind a recovery link: finds who lives at the address and sends the link to it once, or sends nothing. The person
 * who asked for it had their answer before. The link begins with the configured issuer, whatever host the request named.
 */
import { z } from 'zod';
import { type Database, inTransaction } from '../../platform/database.ts';
import type { Secrets } from '../../platform/secrets.ts';
import { recordEvent } from '../audit/audit-events.ts';
import { codeLimits } from '../codes/code-limits.ts';
import { mayReach } from '../codes/reach.ts';
import { findDeliverable, settleSend } from '../codes/sent-codes.ts';
import type { Messenger } from '../messages/deliver-message.ts';
import { openPayload } from '../messages/outgoing-message.ts';
import { addressOf, type Person } from '../sign-in/candidates.ts';
import { deliverRecoveryJob, findRecoverable, type RecoveryToDeliver } from './recovery.ts';

const recoveryToDeliver: z.ZodType<RecoveryToDeliver> = z.object({
  codeId: z.uuid(),
  token: z.string(),
  locale: z.string(),
  ip: z.string().optional(),
  requestId: z.string().optional(),
});

/**
 * One message an address: where it means accounts of several tenants, the page behind the link lets the person choose. No
 * "and" between the names: which language the message will be in is not known here.
 */
function tenantNames(people: readonly Person[]): string {
  return [...new Set(people.map(({ tenantName }) => tenantName))].join(', ');
}

/**
 * Sends the link of a row of `otp_codes`, if it still works and somebody may use it. A retry sends the same link; one
 * that went out is not sent again.
 * @throws DeliveryError where the provider should be asked again; Error where the payload is none of this job's
 */
export async function deliverRecovery(
  payload: unknown,
  deps: {
    db: Database;
    secrets: Secrets;
    messenger: Messenger;
    /** The configured issuer. */
    issuer: string;
    signal?: AbortSignal;
    isLastAttempt?: boolean;
  },
): Promise<void> {
  const { db, secrets, messenger, issuer, signal, isLastAttempt } = deps;
  const { value } = openPayload(secrets, deliverRecoveryJob, payload);
  const { codeId, token, locale: asked, ip, requestId } = recoveryToDeliver.parse(value);
  const link = await findDeliverable(db, codeId);
  if (link?.purpose !== 'reset_password' || link.used || link.settled) return;

  const { channel } = link;
  if (link.expired) return void (await settleSend(db, codeId, false));
  const people = await findRecoverable(db, link);
  const [first] = people;
  const to = first && addressOf(first, link);
  if (!first || !to || !(await mayReach(db, link, { address: to }))) return;

  const href = `${issuer}/recovery/${token}`;
  const outcome = await messenger.deliver(
    {
      channel,
      to,
      template: 'recovery',
      model: { href, minutes: codeLimits.linkSeconds / 60, tenantName: tenantNames(people) },
      locale: first.locale ?? asked,
      tenantId: first.tenantId,
      expiresAt: link.expiresAt,
    },
    { id: codeId, signal, isLastAttempt },
  );
  if (outcome === 'expired') return;
  await inTransaction(db, async (trx) => {
    if (!(await settleSend(trx, codeId, outcome === 'sent')) || outcome !== 'sent') return;
    for (const { tenantId, userId } of people) {
      const event = { tenantId, action: 'recovery.sent', entityType: 'user', entityId: userId, payload: { channel } };
      await recordEvent(trx, event, { type: 'system', ip, requestId });
    }
  });
}
