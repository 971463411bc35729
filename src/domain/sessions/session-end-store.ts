/**
 * The SQL of ending: sign-ins, the services' tokens, and the browser sessions, grants, tokens and codes they led to.
 *
 * Everybody locks in one order: sign-ins by id, what the protocol stores by its key, services' rows by id. What is to be
 * deleted is locked and deleted by one statement, as of one moment: a second one would also see what came in between, and
 * would lock that out of order.
 */
import { type Database, firstRow, rows } from '../../platform/database.ts';
import { inBatches } from '../../platform/in-batches.ts';

export interface EndedSession {
  id: string;
  userId: string;
  clients: { clientId: string; sid: string }[];
}

/** SQL for whose sign-ins and payloads are meant, with the bindings they name. */
interface Whose {
  sessions: string;
  payloads: string;
  /** What stays, though it is meant; never true for null alone. */
  kept?: string;
  bindings: Record<string, unknown>;
}

async function end(trx: Database, { sessions, payloads, kept = 'false', bindings }: Whose): Promise<EndedSession[]> {
  const ended = await rows<EndedSession & { uidHash: Buffer; grantIds: string[] }>(
    trx,
    `with held as (
       select id from user_sessions where revoked_at is null and ${sessions} order by id for update
     ), ended as (
       update user_sessions s set revoked_at = now() from held where s.id = held.id
       returning s.id, s.user_id, s.oidc_session_uid_hash
     )
     select e.id, e.user_id, e.oidc_session_uid_hash as uid_hash,
            coalesce(jsonb_agg(jsonb_build_object('clientId', c.client_id, 'sid', c.sid))
                       filter (where c.client_id is not null), '[]') as clients,
            coalesce(array_agg(c.grant_id) filter (where c.grant_id is not null), '{}') as grant_ids
       from ended e
       left join session_clients c on c.user_session_id = e.id
      group by e.id, e.user_id, e.oidc_session_uid_hash`,
    bindings,
  );
  const uidHashes = ended.map(({ uidHash }) => uidHash);
  const grantIds = ended.flatMap((session) => session.grantIds);
  await deletePayloads(
    trx,
    `(uid_hash = any(:uidHashes) or session_uid_hash = any(:uidHashes) or grant_id = any(:grantIds) or ${payloads})
     and not coalesce(${kept}, false)`,
    { ...bindings, uidHashes, grantIds },
  );
  return ended.map(({ id, userId, clients }) => ({ id, userId, clients }));
}

async function deletePayloads(trx: Database, where: string, bindings: Record<string, unknown>): Promise<void> {
  await rows(
    trx,
    `with held as (
       select 1 from oidc_payloads where ${where} order by model, id_hash for update
     )
     delete from oidc_payloads where (${where}) and (select count(*) from held) >= 0`,
    bindings,
  );
}

/** Ends one live sign-in of a person, with what it led to. */
export async function endSession(
  trx: Database,
  wanted: { tenantId: string; userId: string; sessionId: string },
): Promise<EndedSession[]> {
  const sessions = 'tenant_id = :tenantId and user_id = :userId and id = :sessionId';
  return end(trx, { sessions, payloads: 'false', bindings: wanted });
}

/** Ends every live sign-in of a person, and whatever the protocol stores of them. */
export async function endSessionsOfUser(
  trx: Database,
  wanted: { tenantId: string; userId: string },
): Promise<EndedSession[]> {
  return end(trx, {
    sessions: 'tenant_id = :tenantId and user_id = :userId',
    payloads: 'account_id = :userId',
    bindings: wanted,
  });
}

/** As `endSessionsOfUser`, but for one sign-in with what it led to. A grant that it shares stays; others' tokens of it go. */
export async function endOtherSessionsOfUser(
  trx: Database,
  wanted: { tenantId: string; userId: string; keptUidHash: Buffer },
): Promise<EndedSession[]> {
  return end(trx, {
    sessions: 'tenant_id = :tenantId and user_id = :userId and oidc_session_uid_hash <> :keptUidHash',
    payloads: 'account_id = :userId',
    kept: `(uid_hash = :keptUidHash or session_uid_hash = :keptUidHash
             or session_uid_hash is null
                and grant_id in (select c.grant_id
                                   from session_clients c
                                   join user_sessions s on s.id = c.user_session_id
                                  where s.tenant_id = :tenantId and s.user_id = :userId
                                    and s.oidc_session_uid_hash = :keptUidHash and s.revoked_at is null))`,
    bindings: wanted,
  });
}

/** The same for all people of a tenant, and what its clients hold. */
export async function endSessionsOfPeople(trx: Database, tenantId: string): Promise<EndedSession[]> {
  return end(trx, {
    sessions: 'tenant_id = :tenantId',
    payloads: `account_id in (select id from users where tenant_id = :tenantId)
               or client_id in (select client_id from clients where tenant_id = :tenantId)`,
    bindings: { tenantId },
  });
}

/** Deletes whatever the protocol stores for a client. @param clientId as the protocol has it */
export async function deletePayloadsOfClient(trx: Database, clientId: string): Promise<void> {
  await deletePayloads(trx, 'client_id = :clientId', { clientId });
}

/** The applications that know live sign-ins of a person by a grant. */
export async function selectSidsOfGrant(
  db: Database,
  wanted: { tenantId: string; userId: string; grantId: string },
): Promise<EndedSession['clients']> {
  return rows(
    db,
    `select c.client_id, c.sid
       from session_clients c
       join user_sessions s on s.tenant_id = c.tenant_id and s.id = c.user_session_id
      where s.tenant_id = :tenantId and s.user_id = :userId and s.revoked_at is null and s.expires_at > now()
        and c.grant_id = :grantId`,
    wanted,
  );
}

/**
 * Deletes a grant of a person with its tokens and codes. An interaction names the grant that was there when it began, and
 * outlives it. Undefined where there is no such grant, or somebody else was faster.
 */
export async function deleteGrant(
  trx: Database,
  wanted: { tenantId: string; userId: string; grantId: string },
): Promise<{ clientId: string } | undefined> {
  const whose = `grant_id = :grantId and model <> 'Interaction'
             and exists (select from oidc_payloads g
                           join users u on u.id = g.account_id and u.tenant_id = :tenantId
                          where g.model = 'Grant' and g.grant_id = :grantId and g.account_id = :userId)`;
  return firstRow(
    trx,
    `with held as (
       select 1 from oidc_payloads where ${whose} order by model, id_hash for update
     ), gone as (
       delete from oidc_payloads where ${whose} and (select count(*) from held) >= 0 returning model, client_id
     )
     select client_id from gone where model = 'Grant'`,
    wanted,
  );
}

/** A token of a service, of a tenant's or of one; undefined where it is another's. */
export async function findServiceSession(
  db: Database,
  wanted: { serviceSessionId: string } & ({ tenantId: string } | { clientRowId: string }),
): Promise<{ tenantId: string | null; clientId: string; jti: string } | undefined> {
  return firstRow(
    db,
    `select s.tenant_id, c.client_id, s.jti
       from service_sessions s
       join clients c on c.id = s.client_id
      where s.id = :serviceSessionId and ${'tenantId' in wanted ? 's.tenant_id = :tenantId' : 's.client_id = :clientRowId'}`,
    wanted,
  );
}

/** Deletes a token of a service and marks its session as ended. False where it had ended meanwhile. */
export async function endServiceSession(
  trx: Database,
  { idHashes, ...wanted }: { serviceSessionId: string; idHashes: Buffer[] },
): Promise<boolean> {
  await deletePayloads(trx, `model = 'ClientCredentials' and id_hash = any(:idHashes)`, { idHashes });
  const ended = await rows(
    trx,
    'update service_sessions set revoked_at = now() where id = :serviceSessionId and revoked_at is null returning 1',
    wanted,
  );
  return ended.length > 0;
}

/** Marks what services were given as ended: by a tenant's, or by one. Answers how many tokens. */
export async function endServiceSessions(
  trx: Database,
  whose: { tenantId: string } | { clientRowId: string },
): Promise<number> {
  const ended = await rows(
    trx,
    `with held as (
       select id from service_sessions
        where revoked_at is null and ${'tenantId' in whose ? 'tenant_id = :tenantId' : 'client_id = :clientRowId'}
        order by id
          for update
     )
     update service_sessions s set revoked_at = now() from held where s.id = held.id returning 1`,
    whose,
  );
  return ended.length;
}

/** Deletes sign-ins and services' rows that ran out a month ago: so long they can be told of. Waits for nobody. */
export async function deleteOldSessions(db: Database): Promise<void> {
  const batch = `where expires_at < now() - interval '30 days' order by expires_at limit :most for update skip locked`;
  await inBatches(async (most) => {
    const held = `select id from service_sessions ${batch}`;
    const sql = `with held as (${held}) delete from service_sessions s using held where s.id = held.id returning 1`;
    return (await rows(db, sql, { most })).length;
  });
  await inBatches(async (most) => {
    const held = `select id from user_sessions ${batch}`;
    const sql = `with held as (${held}) delete from user_sessions s using held where s.id = held.id returning 1`;
    return (await rows(db, sql, { most })).length;
  });
}
