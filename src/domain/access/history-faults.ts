/**
 * Whether the past of access ends in the present: for each row that decides, one version that holds, with the same values, and none for
 * a row that is not there; and no two versions of one row at one moment. Reads alone.
 */
import { type Database, firstRow } from '../../platform/database.ts';

interface Kept {
  table: string;
  key: readonly string[];
  columns: readonly string[];
  /** Rows that are marked as deleted are not there. */
  isMarked?: boolean;
}

const kept: readonly Kept[] = [
  { table: 'tenants', key: ['id'], columns: ['state'] },
  { table: 'users', key: ['id'], columns: ['tenant_id', 'state'], isMarked: true },
  {
    table: 'org_nodes',
    key: ['id'],
    columns: ['tenant_id', 'parent_id', 'type', 'name', 'active'],
    isMarked: true,
  },
  { table: 'roles', key: ['id'], columns: ['tenant_id', 'name'], isMarked: true },
  { table: 'capabilities', key: ['id'], columns: ['key', 'is_system'], isMarked: true },
  {
    table: 'role_capabilities',
    key: ['role_id', 'capability_id'],
    columns: ['tenant_id', 'granted_at', 'granted_by'],
  },
  {
    table: 'org_assignments',
    key: ['id'],
    columns: ['tenant_id', 'user_id', 'role_id', 'org_node_id', 'starts_at', 'ends_at', 'assigned_by', 'created_at'],
  },
  {
    table: 'visibility_grants',
    key: ['id'],
    columns: ['tenant_id', 'user_id', 'org_node_id', 'access_scope', 'starts_at', 'ends_at', 'granted_by'],
  },
];

export interface HistoryFaults {
  table: string;
  /** Rows of now and versions that hold without each other. */
  apart: number;
  /** Versions that begin before the one before them has ended. */
  overlapping: number;
}

/** Of each table whose past is kept and is not as it should be. */
export async function findHistoryFaults(db: Database): Promise<HistoryFaults[]> {
  const found: HistoryFaults[] = [];
  for (const { table, key, columns, isMarked } of kept) {
    const all = [...key, ...columns];
    const of = (row: string) => all.map((column) => `${row}.${column}`).join(', ');
    const counted = await firstRow<{ apart: number; overlapping: number }>(
      db,
      `select (select count(*)
                 from (select ${of('t')} from ${table} t ${isMarked ? 'where t.deleted_at is null' : ''}) t
                 full join (select ${of('h')} from ${table}_history h where h.valid_to is null) h
                        on ${key.map((column) => `h.${column} = t.${column}`).join(' and ')}
                where (${of('t')}) is distinct from (${of('h')})) as apart,
              (select count(*)
                 from (select valid_from, lag(coalesce(valid_to, 'infinity')) over one as before
                         from ${table}_history
                       window one as (partition by ${key.join(', ')} order by valid_from)) h
                where h.before > h.valid_from) as overlapping`,
    );
    if (counted && counted.apart + counted.overlapping > 0) found.push({ table, ...counted });
  }
  return found;
}
