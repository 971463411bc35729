/**
 * A tenant's people go out, in the form in which they come in (import-people.ts). Owns what leaves: no password, whatever it was hashed
 * by, no second factor, no session; and nobody who was deleted.
 */
import type { Database } from '../../platform/database.ts';
import { type RoleToExport, selectRolesToExport } from '../organisation/roles-to-export.ts';
import { type PersonToExport, selectPeopleToExport } from '../users/people-in-batches.ts';

export interface PersonWithRoles {
  person: PersonToExport;
  roles: RoleToExport[];
}

const peopleAtOnce = 500;

/** Some at a time, in the order of their ids; who is made meanwhile may be among them. */
export async function* exportPeople(db: Database, tenantId: string): AsyncGenerator<PersonWithRoles[]> {
  for (let after: string | null = null; ; ) {
    const people: PersonToExport[] = await selectPeopleToExport(db, { tenantId, after, limit: peopleAtOnce });
    const userIds = people.map(({ id }) => id);
    const held = Map.groupBy(await selectRolesToExport(db, { tenantId, userIds }), ({ userId }) => userId);
    yield people.map((person) => ({ person, roles: held.get(person.id) ?? [] }));
    if (people.length < peopleAtOnce) return;
    after = userIds.at(-1) ?? null;
  }
}
