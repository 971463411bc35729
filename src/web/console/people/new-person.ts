/** Making a person: by themselves, or with the first role at the place that one looks at, as delegates always do. */
import type Router from '@koa/router';
import { askList, mayAsk } from '../ask.ts';
import type { FieldSpec } from '../fields.ts';
import { mountForm } from '../form.ts';
import { type ConsoleDependencies, hrefTo, queryValue, type Visit } from '../visit.ts';

/** Of a select: no role is given. */
const noRole = 'none';

const profile: FieldSpec[] = [
  { name: 'full_name', kind: 'text', optional: true, maxLength: 200, autocomplete: 'off' },
  { name: 'email', kind: 'email', optional: true, maxLength: 254, autocomplete: 'off' },
  { name: 'phone', kind: 'tel', optional: true, maxLength: 30, autocomplete: 'off' },
  { name: 'username', kind: 'text', optional: true, maxLength: 64, autocomplete: 'off' },
  { name: 'external_id', kind: 'text', optional: true, maxLength: 255, autocomplete: 'off' },
];

/** Whether they may make somebody who holds nothing yet: such people belong to the whole tenant. */
const mayMakeAnybody = (visit: Visit) => mayAsk(visit, 'users.create');

/** Whether there is a place at which they may make somebody. */
export async function mayMakePeople(visit: Visit): Promise<boolean> {
  const { holdings } = visit;
  const atPlaces = holdings.nodesOf('users.manage').length > 0 && holdings.nodesOf('roles.assign').length > 0;
  return atPlaces || mayMakeAnybody(visit);
}

/** The roles that can be chosen from, those within reach. */
export async function rolesOf(visit: Visit): Promise<{ id: string; name: string }[]> {
  if (visit.holdings.nodesOf('roles.read').length === 0) return [];
  return (await askList<{ id: string; name: string }>(visit, 'roles.list', { query: { limit: 200 } })).items;
}

async function fieldsOf(visit: Visit): Promise<FieldSpec[]> {
  const password: FieldSpec = { name: 'password', kind: 'password', optional: true, group: 'first' };
  if (!visit.at) return [...profile, password];
  const roles = (await rolesOf(visit)).map(({ id, name }) => ({ value: id, label: name }));
  const none = (await mayMakeAnybody(visit)) ? [{ value: noRole }] : [];
  return [
    ...profile,
    { name: 'assignments.0.role_id', kind: 'select', options: [...none, ...roles], group: 'role' },
    { name: 'assignments.0.starts_at', kind: 'moment', optional: true },
    { name: 'assignments.0.ends_at', kind: 'moment', optional: true },
    password,
  ];
}

/** The fields make `{ assignments: { 0: ... } }`; the operation takes a list. */
function complete({ assignments, ...body }: Record<string, unknown>, { at }: Visit): unknown {
  const [role] = Object.values((assignments ?? {}) as Record<string, { role_id?: string }>);
  if (!at || !role || role.role_id === noRole) return body;
  return { ...body, assignments: [{ ...role, org_node_id: at.id }] };
}

/** Mounts `/people/new`. Once made, how they come in is what is asked next. */
export function mountNewPerson(router: Router, deps: ConsoleDependencies): void {
  mountForm(router, deps, {
    path: '/people/new',
    section: 'people',
    operation: 'users.create',
    words: 'console.people.create',
    isAtPlace: async (visit) => !(await mayMakeAnybody(visit)),
    fields: fieldsOf,
    initial: (visit) => ({ email: queryValue(visit, 'email') ?? '', phone: queryValue(visit, 'phone') ?? '' }),
    complete,
    back: () => '/people',
    after: (visit, { id }) => hrefTo(visit, `/people/${id}/sign-in`),
    notice: 'created',
  });
}
