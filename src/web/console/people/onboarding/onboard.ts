/**
 * Does what pasted rows ask: an account for each person who has none, with their roles; the roles alone for who has one. It
 * is done by the bulk operations, a row by itself, so that one that is refused keeps no other back. Under one key it is done
 * once, however often it is asked; tried, it changes nothing.
 */
import type { Failure } from '../../../../management/failure.ts';
import { type Asked, ask, askList } from '../../ask.ts';
import type { Visit } from '../../visit.ts';
import type { PlannedRow } from './named-things.ts';
import type { RowFault } from './pasted-rows.ts';

/**
 * `made`: the person gets an account; `given`: they have one, and get the role; `known`: they have one, and nothing is asked
 * for them; `held`: they hold that role there already.
 */
export type Outcome = { is: 'made' | 'given' | 'known' | 'held'; userId?: string } | { is: 'refused'; fault: RowFault };

export interface DoneRow {
  row: PlannedRow;
  outcome: Outcome;
}

type Result = { body: { id?: string } } | { failure: Failure };

async function bulk(visit: Visit, operation: string, bodies: readonly object[], key?: string): Promise<Result[]> {
  if (bodies.length === 0) return [];
  const failures: Failure[] = [];
  const asked: Asked = {
    // As it would come over the wire, where nothing is undefined.
    body: JSON.parse(JSON.stringify({ items: bodies.map((body) => ({ body })) })),
    idempotencyKey: key,
    dryRun: key === undefined,
    tell: (failure) => {
      failures.push(failure);
      return failure.code;
    },
  };
  const { body } = await ask<{ items: { body: object | null; error: object | null }[] }>(visit, operation, asked);
  return body.items.map((item): Result => {
    const failure = item.error === null ? undefined : failures.shift();
    return failure ? { failure } : { body: item.body ?? {} };
  });
}

/** What tells one person from another in what was pasted. */
function personOf({ email, phone, cells }: PlannedRow): string {
  return (email ?? phone?.replace(/[^\d+]/g, '') ?? `:${cells.username}`).toLowerCase();
}

function overlaps(left: PlannedRow, right: PlannedRow): boolean {
  const isSame = left.role?.id === right.role?.id && left.place?.id === right.place?.id;
  const now = new Date().toISOString();
  const [from, until] = [(row: PlannedRow) => row.startsAt ?? now, (row: PlannedRow) => row.endsAt ?? '9999'];
  return isSame && from(left) < until(right) && from(right) < until(left);
}

/** Rows that say what another row of the same person says already, or something else. */
function faultAmong(earlier: readonly PlannedRow[], row: PlannedRow): RowFault | undefined {
  const [first] = earlier;
  if (!first) return undefined;
  const { name } = row.cells;
  if (name !== '' && first.cells.name !== '' && name !== first.cells.name)
    return { key: 'other_name', params: { line: first.line, name: first.cells.name } };
  const twin = earlier.find((other) => overlaps(other, row));
  return twin && { key: 'twice', params: { line: twin.line } };
}

const assignmentOf = ({ role, place, startsAt, endsAt }: PlannedRow) => ({
  role_id: role?.id,
  org_node_id: place?.id,
  starts_at: startsAt,
  ends_at: endsAt,
});

function accountOf(rows: readonly PlannedRow[]): object {
  const first = rows[0] as PlannedRow;
  const { username, external_id } = first.cells;
  const roles = rows.filter(({ role }) => role !== undefined).map(assignmentOf);
  return {
    full_name: rows.map(({ cells }) => cells.name).find((name) => name !== ''),
    email: first.email,
    phone: first.phone,
    username: username === '' ? undefined : username,
    external_id: external_id === '' ? undefined : external_id,
    assignments: roles.length === 0 ? undefined : roles,
  };
}

const cellOf: Record<string, string> = { full_name: 'name', external_id: 'external_id', assignments: 'role' };

function faultOf({ code, params, fields }: Failure, rows: readonly PlannedRow[]): RowFault {
  const [field] = fields ?? [];
  if (field) {
    const member = field.field.replace(/^body\./, '').replace(/\..*/, '');
    return { key: 'wrong', params: { column: cellOf[member] ?? 'address' } };
  }
  if (code === 'NOT_FOUND') return { key: 'out_of_reach', params: {} };
  if (code === 'FORBIDDEN' && rows.every(({ role }) => role === undefined)) return { key: 'needs_role', params: {} };
  return { code, params };
}

const taken = ['DUPLICATE_EMAIL', 'DUPLICATE_PHONE', 'DUPLICATE'];

/** Who has the address, if they are within reach. */
async function findHolder(visit: Visit, { email, phone, cells }: PlannedRow): Promise<string | undefined> {
  const address = (email ?? phone ?? cells.username).toLowerCase();
  const { items } = await askList<Record<'id' | 'email' | 'phone' | 'username', string | null>>(visit, 'users.list', {
    query: { q: address.slice(0, 200), limit: 20 },
  });
  const spelt = (text: string | null) => text?.toLowerCase();
  const isTheirs = (user: (typeof items)[number]) =>
    email !== undefined
      ? spelt(user.email) === address
      : phone !== undefined
        ? user.phone === phone.replace(/[^\d+]/g, '')
        : spelt(user.username) === address;
  return items.find(isTheirs)?.id ?? undefined;
}

/** @param once the key under which it is done; absent: it is tried alone */
export async function onboard(visit: Visit, rows: readonly PlannedRow[], once?: string): Promise<DoneRow[]> {
  const outcomes = new Map<PlannedRow, Outcome>();
  const people = new Map<string, PlannedRow[]>();
  for (const row of rows) {
    const theirs = people.get(personOf(row)) ?? [];
    const fault = row.fault ?? faultAmong(theirs, row);
    if (fault) outcomes.set(row, { is: 'refused', fault });
    else people.set(personOf(row), [...theirs, row]);
  }
  const groups = [...people.values()];
  const made = await bulk(visit, 'users.bulk_create', groups.map(accountOf), once && `onboard.${once}.people`);
  const given: { row: PlannedRow; userId: string }[] = [];
  for (const [index, group] of groups.entries()) {
    const result = made[index] as Result;
    const holder =
      'failure' in result && taken.includes(result.failure.code)
        ? await findHolder(visit, group[0] as PlannedRow)
        : undefined;
    for (const row of group) {
      if (!('failure' in result)) outcomes.set(row, { is: 'made', userId: result.body.id });
      else if (holder === undefined) outcomes.set(row, { is: 'refused', fault: faultOf(result.failure, group) });
      else if (row.role === undefined) outcomes.set(row, { is: 'known', userId: holder });
      else given.push({ row, userId: holder });
    }
  }
  await giveRoles(visit, given, { outcomes, once });
  return rows.map((row) => ({ row, outcome: outcomes.get(row) as Outcome }));
}

async function giveRoles(
  visit: Visit,
  given: readonly { row: PlannedRow; userId: string }[],
  { outcomes, once }: { outcomes: Map<PlannedRow, Outcome>; once?: string },
): Promise<void> {
  const bodies = given.map(({ row, userId }) => ({ user_id: userId, ...assignmentOf(row) }));
  const results = await bulk(visit, 'assignments.bulk_create', bodies, once && `onboard.${once}.roles`);
  for (const [index, { row, userId }] of given.entries()) {
    const result = results[index] as Result;
    if (!('failure' in result)) outcomes.set(row, { is: 'given', userId });
    else if (result.failure.code === 'PERIOD_OVERLAP') outcomes.set(row, { is: 'held', userId });
    else outcomes.set(row, { is: 'refused', fault: faultOf(result.failure, [row]) });
  }
}
