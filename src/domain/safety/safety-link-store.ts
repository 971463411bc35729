/** The SQL of the links by which a person takes back what was done to their account. */
import { type Database, firstRow, prepared, rows, runPrepared } from '../../platform/database.ts';
import { usedUpSql } from '../../platform/rate-limits.ts';
import { insertNewSession, type NewSession, newSessionStatement } from '../sessions/new-session.ts';

export type SafetyLinkKind = 'undo_address' | 'not_me' | 'undo_factor' | 'keep_account';

export interface SafetyLinkRow {
  id: string;
  tenantId: string;
  userId: string;
  kind: SafetyLinkKind;
  /** The address that it was sent to. */
  sealed: Buffer;
  createdAt: Date;
  used: boolean;
  expired: boolean;
}

const insert = prepared(
  'safety-link-insert',
  `insert into safety_links (id, tenant_id, user_id, kind, token_hash, sealed, expires_at)
   values ($1, $2, $3, $4, $5, $6, now() + make_interval(secs => $7))`,
);

export async function insertSafetyLink(
  trx: Database,
  link: Pick<SafetyLinkRow, 'id' | 'tenantId' | 'userId' | 'kind' | 'sealed'> & { tokenHash: Buffer; seconds: number },
): Promise<void> {
  const { id, tenantId, userId, kind, tokenHash, sealed, seconds } = link;
  await runPrepared(trx, insert, [id, tenantId, userId, kind, tokenHash, sealed, seconds]);
}

export async function selectSafetyLink(db: Database, tokenHash: Buffer): Promise<SafetyLinkRow | undefined> {
  return firstRow<SafetyLinkRow>(
    db,
    `select id, tenant_id, user_id, kind, sealed, created_at, consumed_at is not null as used,
            expires_at <= statement_timestamp() as expired
       from safety_links
      where token_hash = ?`,
    [tokenHash],
  );
}

/** The first that was made since a moment and has not been used: it knows the account as it was before the others. */
export async function selectFirstSafetyLink(
  db: Database,
  wanted: Pick<SafetyLinkRow, 'tenantId' | 'userId'> & { since: Date },
): Promise<Pick<SafetyLinkRow, 'id' | 'sealed'> | undefined> {
  return firstRow(
    db,
    `select id, sealed
       from safety_links
      where tenant_id = :tenantId and user_id = :userId and consumed_at is null and created_at >= :since
      order by created_at, id
      limit 1`,
    wanted,
  );
}

/**
 * True for one caller alone. Whatever was sent after it is worth nothing any more: it may have gone to whoever did what
 * is taken back. What was sent before stays.
 */
export async function useUpSafetyLink(
  trx: Database,
  { id, tenantId, userId }: Pick<SafetyLinkRow, 'id' | 'tenantId' | 'userId'>,
): Promise<boolean> {
  const used = await firstRow<{ id: string }>(
    trx,
    `with used as (
       update safety_links
          set consumed_at = statement_timestamp()
        where id = :id and consumed_at is null and expires_at > statement_timestamp()
       returning id, created_at
     ), newer as (
       update safety_links l
          set consumed_at = statement_timestamp()
         from used
        where l.tenant_id = :tenantId and l.user_id = :userId and l.consumed_at is null
          and l.created_at > used.created_at
     )
     select id from used`,
    { id, tenantId, userId },
  );
  return used !== undefined;
}

const noticeFacts = prepared(
  'safety-new-device',
  `select u.email, u.email_verified_at is not null as email_verified, s.locale, s.zoneinfo, t.name as tenant_name,
          t.settings as tenant_settings
     from users u
     join tenants t on t.id = u.tenant_id
     left join user_settings s on s.user_id = u.id
    where u.tenant_id = $1 and u.id = $2
      and not exists (select from user_sessions k
                       where k.tenant_id = $1 and k.user_id = $2 and k.id <> $3 and k.device_fingerprint = $4)`,
);

export interface NoticeFacts {
  email: string | null;
  emailVerified: boolean;
  locale: string | null;
  zoneinfo: string | null;
  tenantName: string;
  tenantSettings: unknown;
}

/** Whom a sign-in is told to; undefined where the person has signed in with this browser before. */
export async function selectNoticeFacts(
  trx: Database,
  {
    tenantId,
    userId,
    sessionId,
    device,
  }: { tenantId: string; userId: string; sessionId: string; device: Buffer | null },
): Promise<NoticeFacts | undefined> {
  return (await runPrepared<NoticeFacts>(trx, noticeFacts, [tenantId, userId, sessionId, device])).rows[0];
}

// Not of a person's first sign-in. What is read here is read again by `selectNoticeFacts`, while the person is held.
const beginQuietly = newSessionStatement(
  'session-begin-quietly',
  `u.last_login_at is not null
    and (u.email is null or u.email_verified_at is null or t.settings->'newDeviceNotices' = 'false'::jsonb
         or exists (select from user_sessions k
                     where k.tenant_id = u.tenant_id and k.user_id = u.id and k.device_fingerprint = $6::bytea)
         or ${usedUpSql('$17', '$18::integer')})`,
);

/**
 * Stores a session that is told to nobody.
 * @param limit of the notices of a day
 * @returns false where it may have to be told, or the person may not act: nothing has begun
 */
export async function insertQuietSession(
  db: Database,
  session: NewSession,
  limit: { key: string; most: number },
): Promise<boolean> {
  const about = { statement: beginQuietly, more: [limit.key, limit.most] };
  return (await insertNewSession(db, session, about)) !== undefined;
}

/** A month after they ran out. */
export async function deleteOldSafetyLinks(db: Database): Promise<void> {
  await rows(db, `delete from safety_links where expires_at < now() - interval '30 days'`);
}
