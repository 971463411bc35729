/** Events of the trail as a table. Anybody can write what stands in a user agent: platform/csv.ts takes care of formulas. */
import { csvBegin, formatCsvRows } from '../../platform/csv.ts';

const columns = [
  'occurred_at',
  'action',
  'actor_type',
  'actor_id',
  'actor_name',
  'entity_type',
  'entity_id',
  'entity_name',
  'ip',
  'user_agent',
  'request_id',
  'payload',
  'tenant_id',
  'id',
] as const;

function textOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** What the table begins with. */
export const csvHead = `${csvBegin}${formatCsvRows([columns])}`;

/** @param events by the names of the API */
export function csvOfEvents(events: readonly object[]): string {
  const cells = (event: object) => columns.map((name) => textOf((event as Record<string, unknown>)[name]));
  return formatCsvRows(events.map(cells));
}
