/** Links to other providers that a person has begun: erased. Who began one is sealed in its row. */
import { type Database, rows } from '../../../platform/database.ts';
import type { Secrets } from '../../../platform/secrets.ts';
import type { PersonWords } from '../../users/person-words.ts';
import { openRequest } from './federation-requests.ts';

export async function eraseFederationRequestsOf(trx: Database, words: PersonWords, secrets: Secrets): Promise<void> {
  const requests = await rows<{ id: string; sealed: Buffer }>(trx, 'select id, sealed from federation_requests', []);
  const ids = requests.filter((request) => words.mentions(openRequest(secrets, request))).map(({ id }) => id);
  await rows(
    trx,
    `with held as (
       select id from federation_requests where id = any(:ids::uuid[]) order by id for update
     )
     delete from federation_requests r using held where r.id = held.id`,
    { ids },
  );
}
