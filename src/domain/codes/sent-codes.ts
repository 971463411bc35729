/**
 * A code or link that was sent, as the features see it that send and use it: its row, used up once and settled once. Its
 * limits and attempts are in the other files here.
 */
import { type Database, prepared, runPrepared } from '../../platform/database.ts';
import type { AskedFor } from '../sign-in/candidates.ts';

/** What a row of `otp_codes` proves the destination for. */
export type SendPurpose =
  | 'login'
  | 'sign_up'
  | 'verify_email'
  | 'verify_phone'
  | 'reset_password'
  | 'link_identity'
  | 'second_factor';

export interface CodeRow extends AskedFor {
  id: string;
  tenantId: string | null;
  userId: string | null;
  purpose: SendPurpose;
  exhausted: boolean;
  used: boolean;
  expired: boolean;
}

/** A code that is typed into the browser that asked for it. */
export interface TypedCodeRow extends CodeRow {
  /** Somebody of the destination has signed in with that browser: what strangers typed does not count there. */
  knownDevice: boolean;
}

const consumeOne = prepared(
  'otp-consume',
  `update otp_codes
      set consumed_at = statement_timestamp()
    where id = $1 and consumed_at is null and revoked_at is null and expires_at > statement_timestamp()
   returning id`,
);

/** True for one caller alone, and for none after the code's time. */
export async function useUpCode(trx: Database, id: string): Promise<boolean> {
  return (await runPrepared(trx, consumeOne, [id])).rowCount > 0;
}

export interface DeliverableRow extends CodeRow {
  expiresAt: Date;
  /** A newer one of the same challenge has been asked for. */
  superseded: boolean;
  settled: boolean;
  knownDevice: boolean;
}

const deliverable = prepared(
  'otp-deliverable',
  `select c.id, c.tenant_id, c.user_id, c.destination, c.channel, c.purpose, c.attempt_count >= c.attempt_max as exhausted,
          c.consumed_at is not null or c.revoked_at is not null as used, c.expires_at <= statement_timestamp() as expired,
          c.expires_at, c.created_at, c.reached, c.known_device, c.sent_at is not null or c.failed_at is not null as settled,
          exists (select from otp_codes newer
                   where newer.challenge_hash = c.challenge_hash
                     and (newer.created_at, newer.id) > (c.created_at, c.id)) as superseded
     from otp_codes c
    where c.id = $1`,
);

export async function findDeliverable(db: Database, id: string): Promise<DeliverableRow | undefined> {
  return (await runPrepared<DeliverableRow>(db, deliverable, [id])).rows[0];
}

const settle = prepared(
  'otp-settle',
  `update otp_codes
      set sent_at   = case when $2 then statement_timestamp() end,
          failed_at = case when $2 then null else statement_timestamp() end
    where id = $1 and sent_at is null and failed_at is null
   returning id`,
);

/** Keeps whether the message went out. False where that was known before. */
export async function settleSend(trx: Database, id: string, sent: boolean): Promise<boolean> {
  return (await runPrepared(trx, settle, [id, sent])).rowCount > 0;
}
