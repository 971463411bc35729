/**
 * Which role at which place a new group stands for: by its extension, or by its name, `role@place`. A place's own name alone means
 * who belongs there: the role `member`. Whether it may stand for that is decided where it is made.
 */
import { isId } from '../../platform/ids.ts';
import { ask, type Door } from './door.ts';
import { isObject } from './schemas.ts';
import { invalidValue } from './scim-error.ts';

interface Named {
  id: string;
  name: string;
}

const fold = (text: string) => text.normalize('NFC').toLowerCase();

/** @throws ScimError invalidValue */
export async function namedGroup(
  door: Door,
  displayName: string,
  extension: unknown,
): Promise<{ role_id: string; org_node_id: string }> {
  const said = isObject(extension) ? extension : {};
  const at = displayName.indexOf('@');
  const text = (name: string) =>
    typeof said[name] === 'string' && said[name] !== '' ? (said[name] as string) : undefined;
  const role = text('roleId') ?? text('role') ?? (at > 0 ? displayName.slice(0, at).trim() : 'member');
  const place = text('placeId') ?? text('place') ?? displayName.slice(at + 1).trim();
  return { role_id: await roleOf(door, role), org_node_id: await placeOf(door, place) };
}

async function roleOf(door: Door, named: string): Promise<string> {
  let after: string | undefined;
  do {
    const query = { limit: '200', ...(after !== undefined && { after }) };
    const page = await ask<{ items: Named[]; next: string | null }>(door, 'roles.list', { query });
    const found = page.items.find(({ id, name }) => id === named.toLowerCase() || fold(name) === fold(named));
    if (found) return found.id;
    after = page.next ?? undefined;
  } while (after !== undefined);
  throw invalidValue(`no role ${named}: name the group role@place, or make it at the console first`);
}

/** Its id, what another system calls it, or a name that one place alone has. */
async function placeOf(door: Door, named: string): Promise<string> {
  const asId = named.toLowerCase();
  if (isId(asId)) return asId;
  const nodes = async (query: Record<string, string>) =>
    named === '' || named.length > 200 ? [] : (await ask<{ items: Named[] }>(door, 'org_nodes.list', { query })).items;
  const [external] = await nodes({ external_id: named, limit: '1' });
  if (external) return external.id;
  const found = (await nodes({ q: named, limit: '200' })).filter(({ name }) => fold(name) === fold(named));
  const [only] = found;
  if (!only) throw invalidValue(`no place ${named}: name the group role@place, or make it at the console first`);
  if (found.length > 1) throw invalidValue(`several places are called ${named}: name it by its id or its external id`);
  return only.id;
}
