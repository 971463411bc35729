/**
 * A message on its way to a person, and how it is put into the queue. Owns the shape of the job `send-message` and which
 * queue a message waits in. Refuses to write an address, a code or a link into the queue's table: the payload is sealed,
 * under an id of its own, which is also the identity of the message over every retry.
 */
import { z } from 'zod';
import type { Database } from '../../platform/database.ts';
import { type Codes, defineCodes } from '../../platform/errors.ts';
import { isId, newId } from '../../platform/ids.ts';
import { enqueueJob, type JobOptions } from '../../platform/jobs/enqueue-job.ts';
import { defineSecretPurpose, type Secrets, sha256 } from '../../platform/secrets.ts';
import type { MessageModels, MessageTemplate } from './message-views.ts';

export const messageCodes = defineCodes({
  CHANNEL_UNAVAILABLE: {
    kind: 'invalid',
    params: ['field', 'channel'],
    means: 'the server or the tenant sends nothing by this channel',
  },
  EMAIL_NOT_SUPPORTED: {
    kind: 'invalid',
    params: ['field'],
    means: 'the mail server takes no address with letters beyond ASCII before the @ (it has no SMTPUTF8, RFC 6531)',
  },
  MESSAGES_EXHAUSTED: { kind: 'unavailable', means: 'the messages of the day are used up' },
  PHONE_NOT_SUPPORTED: {
    kind: 'invalid',
    params: ['field'],
    means: 'no message may go to this number: it is no mobile one, or its country is not on the lists',
  },
});
declare module '../../platform/errors.ts' {
  interface ErrorCodes extends Codes<typeof messageCodes> {}
}

export type Channel = 'email' | 'sms' | 'whatsapp';

/** What channels share: a provider, a queue, a daily budget. */
export type MessageKind = 'email' | 'phone';

/** A message for one address. `to` is canonical: an email address, or E.164 with its plus sign. */
export interface OutgoingMessage<T extends MessageTemplate = MessageTemplate> {
  channel: Channel;
  to: string;
  template: T;
  model: MessageModels[T];
  /** Of the reader; an unknown one reads English. */
  locale: string;
  /** IANA zone of the reader, where it is known. */
  timeZone?: string;
  /** Whose budget and countries count; null: the server's own. */
  tenantId: string | null;
  /** Not delivered afterwards, by the database's clock. */
  expiresAt?: Date;
}

export const sendMessageJob = 'send-message';

export function kindOf(channel: Channel): MessageKind {
  return channel === 'email' ? 'email' : 'phone';
}

/**
 * The serial queue of a message: two for each kind, so that a provider that hangs holds two workers at the most and
 * never all of them. Every job that delivers belongs in one. Messages to one address keep their order.
 */
export function messageQueue(channel: Channel, to: string): string {
  return `${kindOf(channel)}:${(sha256(to)[0] ?? 0) % 2}`;
}

/**
 * Options of every job that delivers a message. Invitations stand behind what somebody waits for in front of a page.
 */
export function messageJobOptions(channel: Channel, to: string, template?: MessageTemplate): JobOptions {
  return { queue: messageQueue(channel, to), priority: template === 'invitation' ? 5 : 0 };
}

const sealedMessages = defineSecretPurpose('messages');

const sealedPayload = z.object({ id: z.string().refine(isId), sealed: z.base64() });

/**
 * Seals what a job needs to know. The name of the job is bound in: the payload opens in no other job, nor under another id.
 * @param value JSON; dates become text
 */
export function sealPayload(secrets: Secrets, job: string, value: object): { id: string; sealed: string } {
  const id = newId();
  return { id, sealed: secrets.seal(sealedMessages, JSON.stringify(value), `${job}:${id}`).toString('base64') };
}

/** @throws where the payload is none of this job's, or no key opens it */
export function openPayload(secrets: Secrets, job: string, payload: unknown): { id: string; value: unknown } {
  const { id, sealed } = sealedPayload.parse(payload);
  const json = secrets.open(sealedMessages, Buffer.from(sealed, 'base64'), `${job}:${id}`);
  if (json === undefined) throw new Error(`no secret key opens the payload of ${job}`);
  return { id, value: JSON.parse(json) };
}

/** The fields of a message and its models that are moments. */
const moments = new Set(['at', 'expiresAt']);

/** A message as it went into `sealPayload`, with its dates again. */
export function revivedMessage(value: unknown): OutgoingMessage {
  const revive = (record: object) =>
    Object.fromEntries(
      Object.entries(record).map(([name, entry]) => [
        name,
        moments.has(name) && typeof entry === 'string' ? new Date(entry) : entry,
      ]),
    );
  const message = revive(value as OutgoingMessage) as unknown as OutgoingMessage;
  return { ...message, model: revive(message.model) as OutgoingMessage['model'] };
}

/**
 * Enqueues a message with `trx`: it is sent after the commit, or never existed.
 * @returns the id of the message
 */
export async function enqueueMessage<T extends MessageTemplate>(
  trx: Database,
  message: OutgoingMessage<T>,
  { secrets }: { secrets: Secrets },
): Promise<string> {
  const payload = sealPayload(secrets, sendMessageJob, message);
  await enqueueJob(trx, sendMessageJob, payload, messageJobOptions(message.channel, message.to, message.template));
  return payload.id;
}
