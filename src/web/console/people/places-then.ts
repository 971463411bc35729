/** What a person held at another moment than now: of the past, and of what is known of the future. */
import { ask } from '../ask.ts';
import { askThen, type ThenModel } from '../then.ts';
import { hrefTo, type Visit } from '../visit.ts';
import { personParams, personPath } from './person-page.ts';

/** One of `users.access`. */
interface Place {
  id: string;
  org_node: string;
  org_node_type: string;
  starts_at: string;
  ends_at: string | null;
}

interface Access {
  may_act: boolean;
  capabilities: string[];
  assignments: (Place & { role: string })[];
  visibility_grants: (Place & { access_scope: 'read' | 'analyze' })[];
  more: boolean;
}

export interface HeldThen {
  /** Else nothing counted. */
  mayAct: boolean;
  capabilities: string[];
  places: {
    role?: string;
    sees?: 'read' | 'analyze';
    place: string;
    type: string;
    startsAt: string;
    endsAt: string | null;
  }[];
  /** There is more than is shown. */
  more: boolean;
}

const placeOf = ({ org_node, org_node_type, starts_at, ends_at }: Place) => ({
  place: org_node,
  type: org_node_type,
  startsAt: starts_at,
  endsAt: ends_at,
});

/** `held` is undefined where the page is of now, or nothing is known of the moment. */
export async function readPlacesThen(visit: Visit): Promise<{ moment: ThenModel; held: HeldThen | undefined }> {
  const path = `${personPath(visit)}/access`;
  const { moment, answer } = await askThen(visit, hrefTo(visit, path), async (at) =>
    at === undefined
      ? undefined
      : (await ask<Access>(visit, 'users.access', { params: personParams(visit), query: { at } })).body,
  );
  const held = answer && {
    mayAct: answer.may_act,
    capabilities: answer.capabilities,
    places: [
      ...answer.assignments.map((one) => ({ role: one.role, ...placeOf(one) })),
      ...answer.visibility_grants.map((one) => ({ sees: one.access_scope, ...placeOf(one) })),
    ],
    more: answer.more,
  };
  return { moment, held };
}
