/** Which members of an entry differ from what is there. Pure. What an entry does not name is no difference. */
import { isDeepStrictEqual } from 'node:util';
import type { Entry, Found, MemberChange, Section, Value } from './section.ts';

function isRecord(value: Value | undefined): value is { [member: string]: Value } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A list whose order says nothing, in one order and each value once. */
function asSet(value: Value | undefined): Value | undefined {
  return Array.isArray(value) ? [...new Set(value)].sort() : value;
}

/** Of values that are merged `depth` levels deep. Null where nothing is: as if it were so already. */
function valueChanges(member: string, from: Value | undefined, to: Value, depth: number): MemberChange[] {
  if (depth > 0 && isRecord(to) && (isRecord(from) || from === undefined || from === null)) {
    const before = isRecord(from) ? from : {};
    return Object.entries(to).flatMap(([name, value]) =>
      valueChanges(`${member}.${name}`, before[name], value, depth - 1),
    );
  }
  if ((to === null && (from === undefined || from === null)) || isDeepStrictEqual(from, to)) return [];
  return [{ member, ...(from !== undefined && from !== null && { from }), to }];
}

/**
 * @param secretOf what a reference leads to; its value is compared, and is in no answer
 */
export function memberChanges(
  section: Section,
  found: Found,
  entry: Entry,
  secretOf: (reference: never) => string,
): MemberChange[] {
  return Object.entries(entry).flatMap(([member, to]) => {
    if (section.secrets?.includes(member)) {
      const isKnown = found.hasSecret?.(member, secretOf(to as never)) === true;
      return isKnown ? [] : [{ member, from: '(another)', to: '(as it is referred to)' }];
    }
    if (found.also?.[member]?.some((value) => isDeepStrictEqual(value, to))) return [];
    const isSet = section.sets?.includes(member) === true;
    const normal = section.normal?.[member] ?? ((value: Value) => value);
    const [before, after] = isSet
      ? [asSet(found.entry[member]), asSet(to) as Value]
      : [found.entry[member], normal(to)];
    return valueChanges(member, before, after, section.merged?.[member] ?? 0);
  });
}
