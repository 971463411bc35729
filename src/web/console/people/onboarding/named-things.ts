/** Which roles and places the cells of pasted rows name: by name, by path or by id, among those within reach. */
import { isId } from '../../../../platform/ids.ts';
import { askList } from '../../ask.ts';
import type { Visit } from '../../visit.ts';
import type { PastedRow, RowFault } from './pasted-rows.ts';

export interface PlannedRow extends PastedRow {
  role?: { id: string; name: string };
  place?: { id: string; name: string };
}

interface Named {
  id: string;
  name: string;
  /** Of places: the names above it, the top first. */
  path?: { id: string; name: string }[];
}

type Found = { one: Named } | { fault: RowFault };

const same = (left: string, right: string) => left.localeCompare(right, 'en', { sensitivity: 'base' }) === 0;

function theOne(found: readonly Named[], kind: 'role' | 'place', text: string): Found {
  const [one] = found;
  if (one && found.length === 1) return { one };
  return { fault: { key: one ? `${kind}_ambiguous` : `${kind}_unknown`, params: { text } } };
}

/** Each is looked for once, however many rows name it. */
function remembering(find: (text: string) => Promise<Found>): (text: string) => Promise<Found> {
  const known = new Map<string, Promise<Found>>();
  return (text) => {
    const found = known.get(text) ?? find(text);
    known.set(text, found);
    return found;
  };
}

/** Pages of a list, to where nobody reads on by hand. */
async function readAll(visit: Visit, operation: string, query: Record<string, string>): Promise<Named[]> {
  const items: Named[] = [];
  let after: string | undefined;
  for (let page = 0; page < 10; page += 1) {
    const { items: some, next } = await askList<Named>(visit, operation, { query: { ...query, limit: 200, after } });
    items.push(...some);
    if (next === null) break;
    after = next;
  }
  return items;
}

function roleFinder(visit: Visit): (text: string) => Promise<Found> {
  let roles: Promise<Named[]> | undefined;
  return remembering(async (text) => {
    roles ??= visit.holdings.nodesOf('roles.read').length > 0 ? readAll(visit, 'roles.list', {}) : Promise.resolve([]);
    const all = await roles;
    if (isId(text)) return { one: { id: text, name: all.find(({ id }) => id === text)?.name ?? text } };
    const exact = all.filter(({ name }) => name === text);
    return theOne(exact.length > 0 ? exact : all.filter(({ name }) => same(name, text)), 'role', text);
  });
}

/** `North / Kiruna School`: the last is its name, those before are among the places above it. */
function fitsPath({ name, path = [] }: Named, parts: readonly string[]): boolean {
  const above = path.map((node) => node.name);
  const wanted = parts.slice(0, -1);
  if (!same(name, parts.at(-1) ?? '')) return false;
  let from = 0;
  for (const part of wanted) {
    const at = above.findIndex((one, index) => index >= from && same(one, part));
    if (at < 0) return false;
    from = at + 1;
  }
  return true;
}

function placeFinder(visit: Visit): (text: string) => Promise<Found> {
  return remembering(async (text) => {
    const isGiven: boolean = isId(text);
    if (isGiven) return { one: { id: text, name: text } };
    const wholes = [[text], text.split(/\s*[/›>]\s*/).filter((part) => part !== '')];
    for (const parts of wholes) {
      const found = await readAll(visit, 'org_nodes.list', { q: parts.at(-1) ?? '', path: 'true' });
      const fitting = found.filter((node) => fitsPath(node, parts));
      if (fitting.length > 0) return theOne(fitting, 'place', text);
    }
    const { items } = await askList<Named>(visit, 'org_nodes.list', { query: { external_id: text.slice(0, 255) } });
    return theOne(items, 'place', text);
  });
}

/** The rows with the role and the place that each names; a row without a place is for the one that is looked at. */
export async function nameThings(visit: Visit, rows: readonly PastedRow[]): Promise<PlannedRow[]> {
  const [findRole, findPlace] = [roleFinder(visit), placeFinder(visit)];
  const planned: PlannedRow[] = [];
  for (const row of rows) {
    const { role, place } = row.cells;
    if (row.fault || role === '') planned.push(row);
    else if (role.length > 200 || place.length > 500) planned.push({ ...row, fault: { key: 'too_long', params: {} } });
    else if (place === '' && !visit.at) planned.push({ ...row, fault: { key: 'no_place', params: {} } });
    else {
      const foundRole = await findRole(role);
      const foundPlace = place === '' && visit.at ? { one: visit.at } : await findPlace(place);
      const fault = [foundRole, foundPlace].flatMap((found) => ('fault' in found ? [found.fault] : []))[0];
      if ('one' in foundRole && 'one' in foundPlace)
        planned.push({ ...row, role: foundRole.one, place: foundPlace.one });
      else planned.push({ ...row, fault });
    }
  }
  return planned;
}
