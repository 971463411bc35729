/** What sign-ins and the protocol hold on a person: told, and erased. Grants are told by grants.ts. */
import { type Database, rows } from '../../platform/database.ts';

interface SessionOfPerson {
  id: string;
  userAgent: string | null;
  ip: string | null;
  /** SHA-256 of the browser's cookie, in hex. */
  device: string | null;
  amr: string[];
  acr: string | null;
  loginAt: Date;
  lastSeenAt: Date;
  expiresAt: Date;
  revokedAt: Date | null;
  /** Where it led to: clients by their `client_id`. */
  clients: string[];
}

interface RememberedOfPerson {
  id: string;
  userAgent: string | null;
  createdAt: Date;
  lastUsedAt: Date | null;
  expiresAt: Date;
}

interface TokenOfPerson {
  /** As the protocol's library calls it: AccessToken, RefreshToken ... */
  model: string;
  clientId: string | null;
  createdAt: Date;
  expiresAt: Date | null;
}

/** The sign-ins that are kept, ended ones too, and what was given out for the person. */
export async function exportSessionsOf(
  db: Database,
  { tenantId, userId }: { tenantId: string; userId: string },
): Promise<{ sessions: SessionOfPerson[]; tokens: TokenOfPerson[]; rememberedDevices: RememberedOfPerson[] }> {
  const sessions = await rows<SessionOfPerson>(
    db,
    `select s.id, s.user_agent, host(s.ip) as ip, encode(s.device_fingerprint, 'hex') as device, s.amr, s.acr, s.login_at,
            s.last_seen_at, s.expires_at, s.revoked_at,
            array(select c.client_id from session_clients c where c.user_session_id = s.id order by 1) as clients
       from user_sessions s
      where s.tenant_id = :tenantId and s.user_id = :userId
      order by s.login_at, s.id`,
    { tenantId, userId },
  );
  const tokens = await rows<TokenOfPerson>(
    db,
    `select model, client_id, created_at, expires_at
       from oidc_payloads
      where account_id = :userId and model <> 'Grant'
      order by created_at, model`,
    { userId },
  );
  const rememberedDevices = await rows<RememberedOfPerson>(
    db,
    `select id, user_agent, created_at, last_used_at, expires_at
       from remembered_devices where tenant_id = :tenantId and user_id = :userId order by id`,
    { tenantId, userId },
  );
  return { sessions, tokens, rememberedDevices };
}

/** Takes the sign-ins of a person away. What was signed in to has ended already, with what the protocol stored. */
export async function eraseSessionsOf(
  trx: Database,
  { tenantId, userId }: { tenantId: string; userId: string },
): Promise<void> {
  await rows(trx, 'delete from remembered_devices where tenant_id = ? and user_id = ?', [tenantId, userId]);
  await rows(
    trx,
    `with held as (
       select id from user_sessions where tenant_id = :tenantId and user_id = :userId order by id for update
     )
     delete from user_sessions s using held where s.id = held.id`,
    { tenantId, userId },
  );
}

export interface UnboundPayload {
  model: string;
  idHash: Buffer;
  /** Sealed. */
  payload: Buffer;
}

/** What is under way: it may hold what somebody typed, or a hint of who should come, before anybody is proved. */
const unbound = ['BackchannelAuthenticationRequest', 'DeviceCode', 'Interaction', 'PushedAuthorizationRequest'];

/** A thousand of them at a time, by key. @param after the last of those before */
export async function selectUnboundPayloads(
  db: Database,
  after: UnboundPayload | undefined,
): Promise<UnboundPayload[]> {
  return rows<UnboundPayload>(
    db,
    `select model, id_hash, payload
       from oidc_payloads
      where model = any(:unbound) and (model, id_hash) > (:model, :idHash)
      order by model, id_hash
      limit 1000`,
    { unbound, model: after?.model ?? '', idHash: after?.idHash ?? Buffer.alloc(0) },
  );
}

/** Deletes rows that are under way. In the order of their keys. */
export async function deleteUnboundPayloads(trx: Database, payloads: readonly UnboundPayload[]): Promise<void> {
  for (const { model, idHash } of payloads)
    await rows(trx, 'delete from oidc_payloads where model = :model and id_hash = :idHash', { model, idHash });
}
