/** What is signed in, of a person and of services: for those who administer them. Changes nothing. */
import type { Database } from '../../platform/database.ts';
import { isId } from '../../platform/ids.ts';
import { byId, emptyPage, type Page, type PageRequest, selectPage } from '../../platform/paging.ts';

export interface ListedSession {
  id: string;
  userId: string;
  userAgent: string | null;
  ip: string | null;
  amr: string[];
  acr: string | null;
  loginAt: Date;
  lastSeenAt: Date;
  expiresAt: Date;
  /** Where it led to: clients by their `client_id`. */
  clients: string[];
}

/** The live sign-ins of a person, in the order of their ids. @throws DomainError invalid CURSOR_INVALID */
export async function listSessions(
  db: Database,
  { tenantId, userId, ...page }: PageRequest & { tenantId: string; userId: string },
): Promise<Page<ListedSession>> {
  if (!isId(tenantId) || !isId(userId)) return emptyPage();
  return selectPage<ListedSession>(
    db,
    byId('s.id'),
    page,
    ({ key, where, order }) =>
      `select s.id, s.user_id, s.user_agent, host(s.ip) as ip, s.amr, s.acr, s.login_at, s.last_seen_at, s.expires_at,
              array(select c.client_id from session_clients c where c.user_session_id = s.id order by 1) as clients, ${key}
         from user_sessions s
        where s.tenant_id = :tenantId and s.user_id = :userId and s.revoked_at is null and s.expires_at > now()
          and ${where}
        ${order}`,
    { tenantId, userId },
  );
}

/** Whose live session it is; undefined where it has ended, or is another tenant's. */
export async function findSessionOwner(
  db: Database,
  { tenantId, sessionId }: { tenantId: string; sessionId: string },
): Promise<string | undefined> {
  if (!isId(tenantId) || !isId(sessionId)) return undefined;
  const found = await db('user_sessions')
    .where({ tenantId, id: sessionId })
    .first<{ userId: string } | undefined>('userId');
  return found?.userId;
}

export interface ListedServiceSession {
  id: string;
  /** The service's `client_id`. */
  clientId: string;
  ip: string | null;
  createdAt: Date;
  expiresAt: Date;
}

export interface ListedServiceToken extends Omit<ListedServiceSession, 'clientId'> {
  /** Of a JWT its own; of an opaque token its hash. */
  jti: string;
}

/**
 * The live tokens that one service got for itself, in the order of their ids. @param query.clientRowId clients.id
 * @throws DomainError invalid CURSOR_INVALID
 */
export async function listServiceTokens(
  db: Database,
  { clientRowId, ...page }: PageRequest & { clientRowId: string },
): Promise<Page<ListedServiceToken>> {
  return selectPage<ListedServiceToken>(
    db,
    byId('s.id'),
    page,
    ({ key, where, order }) =>
      `select s.id, s.jti, host(s.ip) as ip, s.created_at, s.expires_at, ${key}
         from service_sessions s
        where s.client_id = :clientRowId and s.revoked_at is null and s.expires_at > now() and ${where}
        ${order}`,
    { clientRowId },
  );
}

/**
 * The live tokens of a tenant's services, in the order of their ids.
 * @param query.clientId of one service alone
 * @throws DomainError invalid CURSOR_INVALID
 */
export async function listServiceSessions(
  db: Database,
  { tenantId, clientId = null, ...page }: PageRequest & { tenantId: string; clientId?: string | null },
): Promise<Page<ListedServiceSession>> {
  if (!isId(tenantId)) return emptyPage();
  return selectPage<ListedServiceSession>(
    db,
    byId('s.id'),
    page,
    ({ key, where, order }) =>
      `select s.id, c.client_id, host(s.ip) as ip, s.created_at, s.expires_at, ${key}
         from service_sessions s
         join clients c on c.id = s.client_id
        where s.tenant_id = :tenantId and s.revoked_at is null and s.expires_at > now()
          and (:clientId::text is null or c.client_id = :clientId)
          and ${where}
        ${order}`,
    { tenantId, clientId },
  );
}
