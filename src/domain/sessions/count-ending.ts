/** How much of what is signed in and stored would end with a person, a tenant or a client. Changes and locks nothing. */
import { type Database, firstRow } from '../../platform/database.ts';

export interface EndingSessions {
  sessions: number;
  /** Applications that know one of these sign-ins and are told that it has ended (Back-Channel Logout). */
  applicationsTold: number;
  /** What people let applications have. */
  grants: number;
}

const none: EndingSessions = { sessions: 0, applicationsTold: 0, grants: 0 };

/** @param whose.userId absent: of everybody in the tenant, and what its clients hold */
export async function countEndingSessions(
  db: Database,
  whose: { tenantId: string; userId?: string },
): Promise<EndingSessions> {
  const isOne = whose.userId !== undefined;
  const found = await firstRow<EndingSessions>(
    db,
    `with ending as materialized (
       select id from user_sessions
        where tenant_id = :tenantId ${isOne ? 'and user_id = :userId' : ''} and revoked_at is null and expires_at > now()
     )
     select (select count(*) from ending) as sessions,
            (select count(distinct c.client_id)
               from ending e
               join session_clients s on s.user_session_id = e.id
               join clients c on c.client_id = s.client_id and c.deleted_at is null
              where c.metadata ->> 'backchannel_logout_uri' is not null) as applications_told,
            (select count(*)
               from oidc_payloads g
              where g.model = 'Grant' and (g.expires_at is null or g.expires_at > now())
                and ${
                  isOne
                    ? 'g.account_id = (select id from users where tenant_id = :tenantId and id = :userId)'
                    : `(g.account_id in (select id from users where tenant_id = :tenantId)
                        or g.client_id in (select client_id from clients where tenant_id = :tenantId))`
                }) as grants`,
    { ...whose },
  );
  return found ?? none;
}

/** What a client holds: grants of how many people, and live tokens of its own. @param clientId as the protocol has it */
export async function countEndingOfClient(
  db: Database,
  { clientId, clientRowId }: { clientId: string; clientRowId: string },
): Promise<{ people: number; grants: number; serviceTokens: number }> {
  const found = await firstRow<{ people: number; grants: number; serviceTokens: number }>(
    db,
    `select count(distinct g.account_id) as people, count(*) as grants,
            (select count(*) from service_sessions s
              where s.client_id = :clientRowId and s.revoked_at is null and s.expires_at > now()) as service_tokens
       from oidc_payloads g
      where g.client_id = :clientId and g.model = 'Grant' and (g.expires_at is null or g.expires_at > now())`,
    { clientId, clientRowId },
  );
  return found ?? { people: 0, grants: 0, serviceTokens: 0 };
}

/** Live tokens that services of a tenant were given. */
export async function countServiceTokens(db: Database, tenantId: string): Promise<number> {
  const found = await firstRow<{ count: number }>(
    db,
    'select count(*) from service_sessions where tenant_id = ? and revoked_at is null and expires_at > now()',
    [tenantId],
  );
  return found?.count ?? 0;
}
