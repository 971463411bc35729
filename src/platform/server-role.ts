/**
 * Two roles in the database: one owns the tables and migrates them, and the server works as the other, which reads and writes
 * rows and can neither change a table nor become its owner. Owns what that role is granted; a table of which it gets less says so
 * in its comment (`limit_server_role`, migration 0049). Where there is one role for both, there is nothing to do here.
 */
import { type Database, firstRow, inTransaction } from './database.ts';

/** Who a connection is, and where: two that lead to one database say the same of it. */
export interface ConnectedAs {
  role: string;
  database: string;
}

export async function connectedAs(db: Database): Promise<ConnectedAs> {
  const found = await firstRow<ConnectedAs>(
    db,
    `select current_user as role,
            format('%s of the server started %s', current_database(), pg_postmaster_start_time()) as database`,
  );
  if (!found) throw new Error('no answer');
  return found;
}

/**
 * Grants the server's role what it works with, now and in tables made later; takes away what it may not have. Safe to call at any
 * time, by many at once.
 * @param owner connected as the role that owns the tables
 */
export async function admitServerRole(owner: Database, role: string): Promise<void> {
  await inTransaction(owner, async (trx) => {
    // Two at once would change the same rows of the catalog.
    await trx.raw(`select pg_advisory_xact_lock(hashtextextended('gatehouse:server-role', 0))`);
    await trx.raw(`set local lock_timeout = '5s'`);
    await trx.raw(`select set_config('gatehouse.server_role', ?, true)`, [role]);
    await trx.raw(grants);
  });
}

/** A statement of `do` takes no bindings: the role comes by a setting. */
const grants = `
do $$
declare
  server  text   := current_setting('gatehouse.server_role');
  role_id oid    := (select oid from pg_roles where rolname = server);
  place   text   := current_schema();
  places  text[] := array[current_schema()::text, 'graphile_worker'];
  found   record;
begin
  execute format('alter default privileges grant select, insert, update, delete on tables to %I', server);
  execute format('alter default privileges grant usage, select on sequences to %I', server);
  execute format('alter default privileges grant execute on functions to %I', server);
  execute format('alter default privileges grant usage on schemas to %I', server);

  for found in
    select oid, nspname from pg_namespace n
     where nspname = any(places) and not has_schema_privilege(server, oid, 'usage')
  loop
    execute format('grant usage on schema %I to %I', found.nspname, server);
  end loop;
  -- A function or a table of one's own that is found in the place of ours.
  if has_schema_privilege(server, place, 'create')
     and exists (select from pg_namespace where nspname = place and pg_has_role(nspowner, 'usage')) then
    execute format('revoke create on schema %I from public, %I', place, server);
  end if;
  if exists (select from pg_database where datname = current_database() and pg_has_role(datdba, 'usage')) then
    execute format('revoke create, temporary on database %I from public, %I', current_database(), server);
  end if;

  for found in
    select t.oid::regclass as name, t.wanted
      from (select c.oid, c.relnamespace,
                   coalesce(substring(obj_description(c.oid, 'pg_class') from '^server role: (.*)$'),
                            case when c.relname like 'schema\\_migrations%' then 'select'
                                 else 'select, insert, update, delete' end) as wanted,
                   (select string_agg(lower(a.privilege_type), ', ' order by lower(a.privilege_type))
                      from aclexplode(c.relacl) a where a.grantee = role_id) as held
              from pg_class c
             where c.relkind in ('r', 'p', 'v', 'm') and pg_has_role(c.relowner, 'usage')) t
      join pg_namespace n on n.oid = t.relnamespace
     where n.nspname = any(places)
       and coalesce(t.held, 'nothing')
           <> (select string_agg(word, ', ' order by word) from unnest(string_to_array(t.wanted, ', ')) as word)
  loop
    execute format('revoke all on table %s from %I', found.name, server);
    if found.wanted <> 'nothing' then
      execute format('grant %s on table %s to %I', found.wanted, found.name, server);
    end if;
  end loop;

  for found in
    select c.oid::regclass as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind = 'S' and n.nspname = any(places) and pg_has_role(c.relowner, 'usage')
       and c.relname not like 'schema\\_migrations%'
       and not exists (select from aclexplode(c.relacl) a where a.grantee = role_id)
  loop
    execute format('grant usage, select on sequence %s to %I', found.name, server);
  end loop;

  for found in
    select p.oid::regprocedure as name from pg_proc p join pg_namespace n on n.oid = p.pronamespace
     where n.nspname = any(places) and pg_has_role(p.proowner, 'usage') and p.prokind = 'f'
       and not has_function_privilege(server, p.oid, 'execute')
  loop
    execute format('grant execute on function %s to %I', found.name, server);
  end loop;

  -- The queue's library hides its rows from all but their owner, and knows no other role.
  for found in
    select c.oid::regclass as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname = 'graphile_worker' and c.relrowsecurity and pg_has_role(c.relowner, 'usage')
       and not exists (select from pg_policy p where p.polrelid = c.oid and role_id = any(p.polroles))
  loop
    execute format('create policy %I on %s to %I using (true) with check (true)', server, found.name, server);
  end loop;
end $$`;
