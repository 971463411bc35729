/**
 * Requests for a person's approval (CIBA), as the protocol stores them: which wait for somebody, and their one answer. Owns that
 * a request is answered once, while it is good, by the person whom it names. What it says is sealed; oidc/authorization reads it.
 */
import { type Database, firstRow, prepared, rows, runPrepared } from '../../platform/database.ts';

export const approvalRequestModel = 'BackchannelAuthenticationRequest';

const waits = `model = '${approvalRequestModel}' and answered_at is null and consumed_at is null and expires_at > now()`;

export interface WaitingRequest {
  idHash: Buffer;
  /** Sealed. */
  payload: Buffer;
  clientId: string;
  createdAt: Date;
  expiresAt: Date;
}

/** More than limits let wait for one person. */
const most = 50;

/** What waits for a person, the newest first. */
export async function selectWaitingRequests(db: Database, userId: string): Promise<WaitingRequest[]> {
  return rows<WaitingRequest>(
    db,
    `select id_hash, payload, client_id, created_at, expires_at
       from oidc_payloads
      where account_id = :userId and ${waits}
      order by created_at desc, id_hash
      limit ${most}`,
    { userId },
  );
}

const count = prepared(
  'approval-requests-waiting',
  `select count(*)::integer as waiting from oidc_payloads where account_id = $1 and ${waits}`,
);

/** How many wait for a person; asked at each page of theirs. */
export async function countWaitingRequests(db: Database, userId: string): Promise<number> {
  return (await runPrepared<{ waiting: number }>(db, count, [userId])).rows[0]?.waiting ?? 0;
}

/** Of a request that waits still: whom it names. Undefined for one that names nobody who is here. */
export async function findWaitingRequest(
  db: Database,
  idHash: Buffer,
): Promise<{ accountId: string; clientId: string; expiresAt: Date } | undefined> {
  return firstRow(
    db,
    `select account_id, client_id, expires_at from oidc_payloads where id_hash = :idHash and account_id is not null and ${waits}`,
    { idHash },
  );
}

/**
 * Writes the answer; in one statement, so that of many at once one is taken. False where the request waits for this person no more.
 * @param answer.grantId null: denied
 */
export async function answerRequest(
  trx: Database,
  { userId, idHash }: { userId: string; idHash: Buffer },
  answer: { payload: Buffer; grantId: string | null },
): Promise<boolean> {
  const answered = await rows(
    trx,
    `update oidc_payloads set payload = :payload, grant_id = :grantId, answered_at = now()
      where id_hash = :idHash and account_id = :userId and ${waits}
  returning 1`,
    { userId, idHash, ...answer },
  );
  return answered.length > 0;
}
