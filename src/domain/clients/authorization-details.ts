/**
 * Access at one place, as an authorization detail (RFC 9396): some capabilities of one API, at one node of the organisation and below
 * it, and nowhere else. Owns its form and what a person may let an application have of it. Pure, but for the question what the
 * person holds there.
 */
import type { Database } from '../../platform/database.ts';
import { isId } from '../../platform/ids.ts';
import { findEffectiveAccess } from '../access/effective-access.ts';

/** The one `type` that there is. An application says that it uses it by `authorization_details_types`. */
export const placeAccess = 'org_node_access';

export interface PlaceAccess {
  type: typeof placeAccess;
  /** The API, by its identifier. */
  locations: string[];
  /** Keys of its capabilities. */
  actions: string[];
  /** The node. */
  identifier: string;
}

const mostActions = 20;
/** So many places in one request, and so long may it be, in characters. */
export const mostDetails = 5;
export const longestDetails = 4_000;

type Detail = Record<string, unknown>;

/** Why a detail is none; undefined: it is one. @param scopes what the API has */
export function faultOfDetail(
  detail: Detail,
  api: { identifier: string; scopes: readonly string[] },
): string | undefined {
  const other = Object.keys(detail).find((name) => !['type', 'locations', 'actions', 'identifier'].includes(name));
  if (other !== undefined) return 'it has a member that this type does not know';
  const { locations = [api.identifier], actions, identifier } = detail;
  if (typeof identifier !== 'string' || !isId(identifier)) return 'identifier is no place';
  if (!Array.isArray(actions) || actions.length === 0 || actions.length > mostActions)
    return `actions names 1 to ${mostActions}`;
  if (actions.some((action) => !api.scopes.includes(action))) return 'actions names what the API does not have';
  if (!Array.isArray(locations) || locations.length !== 1 || locations[0] !== api.identifier)
    return 'locations is not the resource of the request';
  return undefined;
}

/** In the form in which it is kept: the API named, each action once. */
export function normalDetail(detail: Detail, identifier: string): PlaceAccess {
  const actions = [...new Set(detail.actions as string[])].sort();
  return { type: placeAccess, locations: [identifier], actions, identifier: detail.identifier as string };
}

/** Each with the actions that the person may do at its place now; some may have none left. */
export async function permittedDetails(
  db: Database,
  person: { tenantId: string; userId: string },
  details: readonly PlaceAccess[],
): Promise<PlaceAccess[]> {
  const found = details.map(async (detail) => {
    const { capabilities } = await findEffectiveAccess(db, { ...person, orgNodeId: detail.identifier });
    return { ...detail, actions: detail.actions.filter((action) => capabilities.includes(action)) };
  });
  return Promise.all(found);
}

/** Whether each of the wanted lies within one of those that were given. */
export function areWithin(wanted: readonly PlaceAccess[], given: readonly PlaceAccess[]): boolean {
  return wanted.every(({ identifier, locations, actions }) =>
    given.some(
      (one) =>
        one.identifier === identifier &&
        one.locations[0] === locations[0] &&
        actions.every((action) => one.actions.includes(action)),
    ),
  );
}
