/** Who comes and goes by the operations on `members`, in whatever way they are written; the last word on each person counts. */
import type { Filter } from '../../platform/filter.ts';
import { parseAttributePath } from '../../platform/filter.ts';
import { isId } from '../../platform/ids.ts';
import type { PatchOperation } from './patch.ts';
import { isObject } from './schemas.ts';
import { invalidValue, ScimError } from './scim-error.ts';

export interface MemberChange {
  added: Set<string>;
  removed: Set<string>;
  /** Nobody but those who are added is a member afterwards. */
  replaces: boolean;
}

/** @throws ScimError invalidValue, invalidPath */
export function changesOfMembers(operations: readonly PatchOperation[]): MemberChange {
  const change: MemberChange = { added: new Set(), removed: new Set(), replaces: false };
  for (const operation of operations) apply(change, operation);
  return change;
}

function apply(change: MemberChange, { op, path = 'members', value }: PatchOperation): void {
  const { filter, sub } = parsed(path);
  if (sub !== undefined && sub.toLowerCase() !== 'value')
    throw new ScimError(400, `${path} is not changed`, 'mutability');
  const ids = filter ? idsOf(filter) : personIds(value);
  if (op === 'remove') {
    // Without saying whom: everybody.
    if (!filter && (value === undefined || value === null)) everybodyGoes(change);
    for (const id of ids) {
      change.added.delete(id);
      change.removed.add(id);
    }
    return;
  }
  if (filter) throw new ScimError(400, `${path} is not changed`, 'mutability');
  if (op === 'replace') everybodyGoes(change);
  for (const id of ids) {
    change.removed.delete(id);
    change.added.add(id);
  }
}

function everybodyGoes(change: MemberChange): void {
  change.replaces = true;
  change.added.clear();
  change.removed.clear();
}

function parsed(path: string) {
  try {
    return parseAttributePath(path);
  } catch {
    throw new ScimError(400, `the path cannot be read: ${path}`, 'invalidPath');
  }
}

/** `value eq "..."`, one or several. */
function idsOf(filter: Filter): string[] {
  if (filter.kind === 'or') return [...idsOf(filter.left), ...idsOf(filter.right)];
  if (filter.kind === 'compare' && filter.op === 'eq' && filter.path.toLowerCase() === 'value')
    return [personId(filter.value)];
  throw new ScimError(400, 'members are chosen by value eq', 'invalidFilter');
}

function personIds(value: unknown): string[] {
  if (value === undefined || value === null) return [];
  return (Array.isArray(value) ? value : [value]).map((one: unknown) => {
    if (!isObject(one)) return personId(one);
    const type = typeof one.type === 'string' ? one.type.toLowerCase() : 'user';
    if (type !== 'user') throw invalidValue('members are people: a group holds no groups');
    return personId(one.value);
  });
}

function personId(value: unknown): string {
  if (typeof value !== 'string' || !isId(value)) throw invalidValue('members: there is no such person');
  return value.toLowerCase();
}
