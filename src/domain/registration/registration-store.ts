/** The SQL of what registered itself, and of its registration access tokens, whose hashes alone are kept. */
import { type Database, firstRow, rows } from '../../platform/database.ts';
import type { CreatedClient } from '../clients/clients.ts';

export async function insertRegistration(
  trx: Database,
  registration: { clientRowId: string; initialAccessTokenId: string; tokenHash: Buffer },
): Promise<void> {
  await rows(
    trx,
    `insert into client_registrations (client_id, initial_access_token_id, token_hash)
     values (:clientRowId, :initialAccessTokenId, :tokenHash)`,
    registration,
  );
}

export type RegistrationRow = CreatedClient['client'] & {
  registeredAt: Date;
  /** What its token allows. */
  redirectHosts: string[];
  scopes: string[];
  /** Of the tenant; parsed by its owner. */
  settings: unknown;
};

/** What was registered under a token, with what it may be changed to. @param clientId as the protocol has it */
export async function selectRegistration(
  db: Database,
  query: { clientId: string; tokenHash: Buffer },
): Promise<RegistrationRow | undefined> {
  return firstRow<RegistrationRow>(
    db,
    `select c.id, c.tenant_id, c.client_id, c.kind, c.name, c.state, c.first_party, c.resource_server_id, c.metadata,
            r.created_at as registered_at, i.redirect_hosts, i.scopes, t.settings
       from client_registrations r
       join clients c on c.id = r.client_id
       join initial_access_tokens i on i.id = r.initial_access_token_id
       join tenants t on t.id = i.tenant_id
      where r.token_hash = :tokenHash and c.client_id = :clientId and c.deleted_at is null and c.state = 'active'
        and t.state = 'active'`,
    query,
  );
}

/** Says that somebody let it have something. @param clientId as the protocol has it */
export async function updateUsed(db: Database, clientId: string): Promise<void> {
  await rows(
    db,
    `update client_registrations r set used_at = now()
       from clients c
      where c.client_id = :clientId and r.client_id = c.id and r.used_at is null`,
    { clientId },
  );
}

export async function deleteRegistration(trx: Database, clientRowId: string): Promise<void> {
  await rows(trx, 'delete from client_registrations where client_id = :clientRowId returning 1', { clientRowId });
}

/** The oldest of those that nobody ever let have anything. */
export async function selectUnused(
  db: Database,
  { days, most }: { days: number; most: number },
): Promise<{ clientId: string }[]> {
  return rows(
    db,
    `select c.client_id
       from client_registrations r
       join clients c on c.id = r.client_id
      where r.used_at is null and r.created_at < now() - make_interval(days => :days)
      order by r.created_at
      limit :most`,
    { days, most },
  );
}

/** Holds the row. False where it was used in the meantime, or is gone. */
export async function holdUnused(trx: Database, clientRowId: string): Promise<boolean> {
  const found = await rows(
    trx,
    'select 1 from client_registrations where client_id = :clientRowId and used_at is null for update',
    { clientRowId },
  );
  return found.length === 1;
}
