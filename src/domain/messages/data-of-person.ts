/** Messages to a person that wait in the queue, or failed for good: told, and erased. They are sealed. */
import type { Database } from '../../platform/database.ts';
import { forgetJobs, jobPayloads } from '../../platform/jobs/forget-jobs.ts';
import type { Secrets } from '../../platform/secrets.ts';
import type { PersonWords } from '../users/person-words.ts';
import { type OutgoingMessage, openPayload, sendMessageJob } from './outgoing-message.ts';

interface MessageOfPerson {
  channel: string;
  template: string;
  to: string;
}

/** What a job carries; undefined for what no key opens. */
export function openedJob(secrets: Secrets, job: string, payload: unknown): unknown {
  try {
    return openPayload(secrets, job, payload).value;
  } catch {
    return undefined;
  }
}

interface ToPerson {
  tenantId: string;
  words: PersonWords;
}

/** The same address may be somebody's in another tenant. */
function isOf({ tenantId, words }: ToPerson, message: OutgoingMessage | undefined): message is OutgoingMessage {
  return message !== undefined && [tenantId, null].includes(message.tenantId) && words.mentions(message);
}

const opened = (secrets: Secrets, payload: unknown) =>
  openedJob(secrets, sendMessageJob, payload) as OutgoingMessage | undefined;

export async function exportMessagesOf(db: Database, person: ToPerson, secrets: Secrets): Promise<MessageOfPerson[]> {
  return (await jobPayloads(db, sendMessageJob))
    .map((payload) => opened(secrets, payload))
    .filter((message) => isOf(person, message))
    .filter(({ to }) => person.words.mentions(to))
    .map(({ channel, template, to }) => ({ channel, template, to }));
}

/** Takes the messages away that go to the person or name them, such as an invitation from them. */
export async function eraseMessagesOf(trx: Database, person: ToPerson, secrets: Secrets): Promise<void> {
  await forgetJobs(trx, sendMessageJob, (payload) => isOf(person, opened(secrets, payload)));
}
