/** How a person is found in what holds no reference to them. */

import type { Database } from '../../platform/database.ts';
import { exportAccountOf, type PersonRow } from '../users/data-of-person.ts';
import { type PersonWords, personWords } from '../users/person-words.ts';

export interface WordsOfPerson {
  /** For sealed content: addresses, what they sign in by, the whole name, the opaque id. */
  sealed: PersonWords;
  /** For the trail, where the opaque id stays. */
  trail: PersonWords;
}

/** @param person as the row says, deleted or not */
export async function findWordsOf(db: Database, person: PersonRow & { tenantId: string }): Promise<WordsOfPerson> {
  const { id, tenantId, email, phone, username, externalId, fullName, givenName, familyName, pictureUrl } = person;
  const { identities } = await exportAccountOf(db, { tenantId, userId: id });
  const elsewhere = identities.filter(({ provider }) => provider !== 'password');
  const addresses = [email, phone, ...elsewhere.map((identity) => identity.email)];
  const subjects = elsewhere.map(({ subject }) => subject);
  return {
    sealed: personWords({ addresses, names: [id, fullName, username, ...subjects] }),
    trail: personWords({
      addresses: [...addresses, pictureUrl],
      names: [fullName, givenName, familyName, username, externalId, ...subjects],
    }),
  };
}
