/**
 * Whether the role that the server works as could change the audit trail. It could not where the tables belong to another role
 * that it is no member of, and nothing else lets it in: then events are added, read, and end by the functions of the database
 * alone (docs/decisions/0057-the-trail-belongs-to-another-role.md). Asks the catalog; tries nothing.
 */
import { type Database, firstRow } from '../../platform/database.ts';

export interface TrailReach {
  role: string;
  owner: string;
  isSuperuser: boolean;
  /** What lets the role change the trail, in words; empty: it cannot. */
  ways: string[];
}

export async function findTrailReach(db: Database): Promise<TrailReach> {
  const found = await firstRow<TrailReach>(
    db,
    `with recursive parts as (
       select 'audit_events'::regclass::oid as id
       union
       select i.inhrelid from pg_inherits i join parts p on i.inhparent = p.id
     ), trail as (
       select c.oid as id, c.relowner as owner, c.relnamespace as place
         from pg_class c
        where c.oid in (select id from parts) or c.oid = 'audit_upkeep'::regclass
     ), me as (
       select oid, rolname, rolsuper, rolcreaterole from pg_roles where rolname = current_user
     ), ways as (
       select 1 as rank, 'it is a superuser' as way from me where rolsuper
       union all
       select 2, 'it owns the tables, or may become their owner'
        where exists (select from trail where pg_has_role(owner, 'member'))
       union all
       select 3, 'it owns functions of the trail'
        where exists (select from pg_proc p join pg_trigger t on t.tgfoid = p.oid
                       where t.tgrelid in (select id from trail) and pg_has_role(p.proowner, 'member'))
           or exists (select from pg_proc
                       where proname in ('ensure_audit_partitions', 'purge_audit_events', 'erase_person_from_audit')
                         and pg_has_role(proowner, 'member'))
       union all
       select 4, 'it owns the schema or the database'
        where exists (select from pg_namespace n where n.oid in (select place from trail) and pg_has_role(n.nspowner, 'member'))
           or exists (select from pg_database where datname = current_database() and pg_has_role(datdba, 'member'))
       union all
       select 5, 'it may make tables and functions in the schema'
        where exists (select from trail where has_schema_privilege(place, 'create'))
       union all
       select 6, 'it may change rows'
        where exists (select from trail where has_table_privilege(id, 'update, delete, truncate, trigger')
                                           or has_any_column_privilege(id, 'update'))
       union all
       -- Until PostgreSQL 15 such a role makes itself a member of any other that is no superuser.
       select 7, 'it may make roles (createrole)'
         from me where rolcreaterole and current_setting('server_version_num')::integer < 160000
       union all
       select 8, 'it may run programs or write files on the database’s machine'
        where pg_has_role('pg_execute_server_program', 'member') or pg_has_role('pg_write_server_files', 'member')
     )
     select (select rolname from me) as role,
            (select pg_get_userbyid(relowner) from pg_class where oid = 'audit_events'::regclass) as owner,
            (select rolsuper from me) as is_superuser,
            coalesce((select array_agg(way order by rank) from ways), '{}') as ways`,
  );
  if (!found) throw new Error('no answer');
  // What a superuser is let do by the rest is said by that.
  return found.isSuperuser ? { ...found, ways: found.ways.slice(0, 1) } : found;
}
