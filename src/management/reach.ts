/** The part of a tenant that an actor may see by one capability: for lists, which leave out what is out of reach. */
import { holdsAtRoot, nodesOf, type Standing } from '../domain/access/authorise.ts';

export interface Reach {
  /** All of the tenant. */
  everything: boolean;
  /** Else what stands at or below these nodes. */
  nodeIds: readonly string[];
}

export const noReach: Reach = { everything: false, nodeIds: [] };

export function reachOf(standing: Standing, capability: string): Reach {
  return { everything: holdsAtRoot(standing, capability), nodeIds: nodesOf(standing, capability) };
}

/** For a list of the domain: absent for all of the tenant. */
export function within({ everything, nodeIds }: Reach): { within?: readonly string[] } {
  return everything ? {} : { within: nodeIds };
}
