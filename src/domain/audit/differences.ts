/** What a change changes, for the event that tells of it. */

/**
 * The members of `wanted` that are there and differ from what was before.
 * @returns `from` and `to` with the same names; both empty where nothing changes
 */
export function differences<T extends object>(
  before: { [Name in keyof T]?: unknown },
  wanted: T,
): { from: Record<string, unknown>; to: Partial<T> } {
  const changed = (Object.keys(wanted) as (keyof T & string)[]).filter(
    (name) => wanted[name] !== undefined && wanted[name] !== before[name],
  );
  return {
    from: Object.fromEntries(changed.map((name) => [name, before[name]])),
    to: Object.fromEntries(changed.map((name) => [name, wanted[name]])) as Partial<T>,
  };
}
