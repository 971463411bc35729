/**
 * Telling a person that an application waits for their approval. Owns who gets a message at all: the request that was stored has
 * looked nobody up beside whom it names, and of one that names nobody nothing is sent. The message leads to the page where what
 * waits is listed, and holds nothing that could be approved by itself.
 */
import { z } from 'zod';
import { type Database, inTransaction } from '../../platform/database.ts';
import { enqueueJob } from '../../platform/jobs/enqueue-job.ts';
import type { Secrets } from '../../platform/secrets.ts';
import { findAskingClient } from '../clients/backchannel.ts';
import { type Channel, enqueueMessage, type OutgoingMessage } from '../messages/outgoing-message.ts';
import { findWaitingRequest } from '../sessions/approval-requests.ts';
import { type AccountProfile, findAccount } from '../users/users.ts';

export const tellOfApprovalJob = 'tell-of-approval';

const toTell = z.object({ request: z.string().regex(/^[0-9a-f]{64}$/) });

/** In the transaction that stores the request. @param idHash from which nobody comes back to what the application holds */
export async function enqueueApprovalNotice(trx: Database, idHash: Buffer): Promise<void> {
  await enqueueJob(
    trx,
    tellOfApprovalJob,
    { request: idHash.toString('hex') },
    { key: `approval:${idHash.toString('hex')}` },
  );
}

/** By email where there is one that was proved, else by SMS. */
function reachOf(
  { email, emailVerified, phone, phoneVerified }: AccountProfile,
  channels: readonly Channel[],
): { channel: Channel; to: string } | undefined {
  if (email && emailVerified && channels.includes('email')) return { channel: 'email', to: email };
  if (phone && phoneVerified && channels.includes('sms')) return { channel: 'sms', to: phone };
  return undefined;
}

/**
 * Runs the job: at least once, so it may be repeated.
 * @param payload what `enqueueApprovalNotice` enqueued
 */
export async function tellOfApproval(
  payload: unknown,
  {
    db,
    secrets,
    issuer,
    channels,
  }: {
    db: Database;
    secrets: Secrets;
    /** The configured issuer, for the link. */
    issuer: string;
    /** Those that have a provider on this server. */
    channels: readonly Channel[];
  },
): Promise<void> {
  const { request } = toTell.parse(payload);
  const waiting = await findWaitingRequest(db, Buffer.from(request, 'hex'));
  const person = waiting && (await findAccount(db, waiting.accountId));
  const application = waiting && (await findAskingClient(db, waiting.clientId));
  const reach = person && reachOf(person, channels);
  if (!waiting || !person || !application || !reach) return;
  const message: OutgoingMessage<'approval-request'> = {
    ...reach,
    template: 'approval-request',
    model: {
      tenantName: person.tenant.name,
      application,
      expiresAt: waiting.expiresAt,
      href: `${issuer}/account/approvals`,
    },
    locale: person.locale ?? 'en',
    timeZone: person.zoneinfo ?? undefined,
    tenantId: person.tenantId,
    expiresAt: waiting.expiresAt,
  };
  await inTransaction(db, async (trx) => {
    await enqueueMessage(trx, message, { secrets });
  });
}
