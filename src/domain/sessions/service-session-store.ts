/** The SQL of what services were given: one row for each of their tokens. */
import { type Database, prepared, runPrepared } from '../../platform/database.ts';

const insertServiceSession = prepared(
  'service-session-insert',
  `insert into service_sessions (id, tenant_id, client_id, jti, ip, expires_at)
   select $1, c.tenant_id, c.id, $3, $4, $5 from clients c where c.client_id = $2
   on conflict (jti) do nothing`,
);

/** One row for each token a service was given. */
export async function recordServiceSession(
  db: Database,
  session: { id: string; clientId: string; jti: string; ip: string | null; expiresAt: Date },
): Promise<void> {
  await runPrepared(db, insertServiceSession, [
    session.id,
    session.clientId,
    session.jti,
    session.ip,
    session.expiresAt,
  ]);
}
