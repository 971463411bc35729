/** What a service may ask for, by the API whose scope it is; as choices of a form, and as its page shows it. */
import { askList, mayAsk } from '../ask.ts';
import type { FieldSpec } from '../fields.ts';
import type { Visit } from '../visit.ts';

/** As `capabilities.list` answers. */
export interface ScopeOfApi {
  key: string;
  description: string | null;
  module: string | null;
  is_system: boolean;
  /** Its API is of all tenants, or of this one; else all three are null, or the id alone is there. */
  resource_server_id: string | null;
  resource_server: string | null;
  resource_server_identifier: string | null;
}

/** The scopes of one API; `api` is null for those of none, and of one that is not this tenant's. */
export interface ScopesOfApi {
  api: string | null;
  identifier: string | null;
  scopes: { key: string; description: string | null }[];
}

/** More than these are not drawn: a server has some dozens. */
const most = 1_000;

/** All of them, API by API, Gatehouse's own after the others; undefined for who may not read them. */
export async function readScopes(visit: Visit): Promise<ScopeOfApi[] | undefined> {
  if (!(await mayAsk(visit, 'capabilities.list'))) return undefined;
  const all: ScopeOfApi[] = [];
  let after: string | undefined;
  do {
    const { items, next } = await askList<ScopeOfApi>(visit, 'capabilities.list', { query: { limit: 200, after } });
    all.push(...items);
    after = next ?? undefined;
  } while (after !== undefined && all.length < most);
  const place = ({ resource_server: api, is_system: isSystem, key }: ScopeOfApi) =>
    `${isSystem ? 1 : api === null ? 2 : 0} ${api ?? ''} ${key}`;
  return all.sort((left, right) => (place(left) < place(right) ? -1 : 1));
}

export function byApi(scopes: readonly ScopeOfApi[]): ScopesOfApi[] {
  const apis = new Map<string, ScopesOfApi>();
  for (const { key, description, resource_server: api, resource_server_identifier: identifier } of scopes) {
    const group = apis.get(identifier ?? '') ?? { api, identifier, scopes: [] };
    group.scopes.push({ key, description });
    apis.set(identifier ?? '', group);
  }
  return [...apis.values()];
}

/**
 * The field in which they are chosen, by API, of those that who looks holds; who may not read them names them, one a line.
 * @param has what is there already: it is among the choices, whatever else is
 */
export async function scopesField(visit: Visit, name: string, has: readonly string[] = []): Promise<FieldSpec> {
  const scopes = await readScopes(visit);
  if (!scopes) return { name, kind: 'lines', optional: true };
  // The scope of another tenant's API is of no use here, and what one does not hold oneself one cannot give.
  const usable = scopes.filter(
    ({ key, resource_server_id: id, resource_server: api }) =>
      has.includes(key) || ((id === null || api !== null) && visit.holdings.nodesOf(key).length > 0),
  );
  const options = usable.map(({ key, description, resource_server: api }) => ({
    value: key,
    label: description === null ? key : `${key}: ${description}`,
    under: api ?? '',
  }));
  return { name, kind: 'checks', options, optional: true };
}
