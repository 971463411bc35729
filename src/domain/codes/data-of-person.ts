/** What was sent to an address of a person to be proved: told, and erased. */
import { type Database, rows } from '../../platform/database.ts';
import { forgetJobs } from '../../platform/jobs/forget-jobs.ts';
import type { Secrets } from '../../platform/secrets.ts';
import { openedJob } from '../messages/data-of-person.ts';
import { deliverCodeJob } from './deliver-code.ts';

interface CodeOfPerson {
  destination: string;
  channel: string;
  purpose: string;
  attemptCount: number;
  /** Where it was asked for from. */
  ip: string | null;
  sentAt: Date | null;
  consumedAt: Date | null;
  revokedAt: Date | null;
  expiresAt: Date;
  createdAt: Date;
}

interface PersonToSendTo {
  tenantId: string;
  userId: string;
  /** And the username, as `usernameDestination`. */
  addresses: readonly string[];
}

/** SQL: for the person, or to an address of theirs here or at the server's own sign-in, which knows no tenant. */
const ofPerson = `(user_id = :userId
        or (destination = any(:addresses::text[]) or reached = any(:addresses::text[]))
           and (tenant_id = :tenantId or tenant_id is null))`;

/** The codes and links of the last days. */
export async function exportCodesOf(db: Database, person: PersonToSendTo): Promise<CodeOfPerson[]> {
  const { tenantId, userId, addresses } = person;
  return rows<CodeOfPerson>(
    db,
    `select destination, channel, purpose, attempt_count, host(ip) as ip, sent_at, consumed_at, revoked_at, expires_at, created_at
       from otp_codes
      where ${ofPerson}
      order by created_at, id`,
    { tenantId, userId, addresses },
  );
}

/**
 * Takes them away, with what the limits count by them. A code that waits at the server's own sign-in goes too; whoever has
 * an account of that address in another tenant asks for another. Answers their ids.
 */
export async function eraseCodesOf(trx: Database, person: PersonToSendTo, secrets: Secrets): Promise<string[]> {
  const { tenantId, userId, addresses } = person;
  const gone = await rows<{ id: string }>(
    trx,
    `with held as (
       select id from otp_codes where ${ofPerson} order by id for update
     )
     delete from otp_codes c using held where c.id = held.id returning c.id`,
    { tenantId, userId, addresses },
  );
  const ids = new Set(gone.map(({ id }) => id));
  await forgetJobs(trx, deliverCodeJob, (payload) => {
    const code = openedJob(secrets, deliverCodeJob, payload) as { codeId: string } | undefined;
    return code !== undefined && ids.has(code.codeId);
  });
  return [...ids];
}
