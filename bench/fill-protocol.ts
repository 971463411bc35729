/**
 * People who have signed in, and what the protocol stores and the trail tells of them, in sets: for benches of growth. Each call
 * goes on from the number that the one before reached.
 */
import { type Database, firstRow } from '../src/platform/database.ts';
import { withoutChecks } from './large-tenant.ts';
import { withoutIndexes } from './without-indexes.ts';

export interface Fill {
  /** Of the people, who hold `member` at the root and have signed in once. */
  people: { from: number; until: number };
  /** Of stored payloads, three for each event of the trail and each token of a service. */
  payloads: { from: number; until: number };
}

// Live for a year, so that no sweep takes them; of the payloads one in ten is a session, one in ten a grant.
const statements = `
  create function pg_temp.made(kind text, n bigint) returns uuid language sql immutable as
    $$ select overlay(overlay(md5(kind || n) placing '4' from 13) placing '8' from 17)::uuid $$;

  insert into users (id, tenant_id, email, email_verified_at, full_name, last_login_at)
  select pg_temp.made('user', n), :tenantId, 'grown-' || n || '@bench.example', now(), 'Grown ' || n, now() - make_interval(secs => n)
    from generate_series(:peopleFrom::bigint, :peopleUntil::bigint) n;

  insert into user_last_logins (user_id, tenant_id, last_login_at)
  select pg_temp.made('user', n), :tenantId, now() - make_interval(secs => n)
    from generate_series(:peopleFrom::bigint, :peopleUntil::bigint) n;

  insert into user_settings (user_id, tenant_id)
  select pg_temp.made('user', n), :tenantId from generate_series(:peopleFrom::bigint, :peopleUntil::bigint) n;

  insert into user_identities (tenant_id, user_id, provider, subject, password_hash)
  select :tenantId, pg_temp.made('user', n), 'password', pg_temp.made('user', n)::text,
         '$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'
    from generate_series(:peopleFrom::bigint, :peopleUntil::bigint) n;

  insert into org_assignments (tenant_id, user_id, role_id, org_node_id)
  select :tenantId, pg_temp.made('user', n), :memberRoleId, :rootNodeId
    from generate_series(:peopleFrom::bigint, :peopleUntil::bigint) n;

  insert into user_sessions (id, tenant_id, user_id, oidc_session_uid_hash, amr, expires_at)
  select pg_temp.made('session', n), :tenantId, pg_temp.made('user', n), sha256(('session' || n)::bytea), '{pwd}', now() + interval '1 year'
    from generate_series(:peopleFrom::bigint, :peopleUntil::bigint) n;

  insert into session_clients (tenant_id, user_session_id, client_id, sid, grant_id)
  select :tenantId, pg_temp.made('session', n), :clientId, n::text, 'grant' || n
    from generate_series(:peopleFrom::bigint, :peopleUntil::bigint) n;

  insert into oidc_payloads (model, id_hash, payload, grant_id, uid_hash, session_uid_hash, account_id, client_id, expires_at)
  select case n % 10 when 0 then 'Session' when 1 then 'Grant' when 2 then 'RefreshToken' when 3 then 'ClientCredentials' else 'AccessToken' end,
         sha256(('payload' || n)::bytea), decode(repeat(md5(n::text), 20), 'hex'),
         case when n % 10 not in (0, 3) then 'grant' || 1 + n % :people::bigint end,
         case when n % 10 = 0 then sha256(('uid' || n)::bytea) end,
         case when n % 10 not in (0, 1, 3) then sha256(('session' || 1 + n % :people::bigint)::bytea) end,
         case when n % 10 <> 3 then pg_temp.made('user', 1 + n % :people::bigint) end, :clientId, now() + interval '1 year'
    from generate_series(:payloadsFrom::bigint, :payloadsUntil::bigint) n;

  insert into service_sessions (tenant_id, client_id, jti, expires_at)
  select :tenantId, :serviceId::uuid, 'grown' || n, now() + interval '1 year'
    from generate_series(:payloadsFrom::bigint, :payloadsUntil::bigint, 3) n;

  insert into audit_events (tenant_id, actor_type, actor_id, action, entity_type, entity_id, payload, occurred_at)
  select :tenantId, 'user', pg_temp.made('user', 1 + n % :people::bigint)::text, 'token.issued', 'user',
         pg_temp.made('user', 1 + n % :people::bigint)::text, '{"clientId": "bench"}', now() - make_interval(secs => n % 1000000)
    from generate_series(:payloadsFrom::bigint, :payloadsUntil::bigint, 3) n`;

const tables = [
  'users',
  'user_last_logins',
  'user_settings',
  'user_identities',
  'org_assignments',
  'user_sessions',
  'session_clients',
  'service_sessions',
];
const large = [...tables, 'oidc_payloads', 'audit_events'];

/** In the tenant of the bench (targets.ts). The database's statement limit has to allow for minutes. */
export async function fillProtocol(db: Database, { people, payloads }: Fill): Promise<void> {
  const known = await firstRow<Record<string, string>>(
    db,
    `select t.id as tenant_id, n.id as root_node_id, r.id as member_role_id,
            (select c.client_id from clients c where c.tenant_id = t.id and c.kind = 'web') as client_id,
            (select c.id from clients c where c.tenant_id = t.id and c.kind = 'service') as service_id
       from tenants t
       join org_nodes n on n.tenant_id = t.id and n.parent_id is null
       join roles r     on r.tenant_id = t.id and r.name = 'member'
      where t.slug = 'bench'`,
  );
  const values = {
    ...known,
    peopleFrom: people.from,
    peopleUntil: people.until,
    people: people.until,
    payloadsFrom: payloads.from,
    payloadsUntil: payloads.until,
  };
  await db.transaction(async (trx) => {
    await trx.raw('set local statement_timeout = 0');
    await withoutChecks(trx, tables, () =>
      withoutIndexes(trx, large, async () => {
        for (const statement of statements.split(/;\n/)) await trx.raw(statement, values);
      }),
    );
    await trx.raw('drop function pg_temp.made(text, bigint)');
  });
  await db.raw('vacuum analyze');
}
