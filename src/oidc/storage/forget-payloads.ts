/** Takes away what is under way and names a person: an interaction, a pushed request, a device's code. They are sealed. */
import {
  deleteUnboundPayloads,
  selectUnboundPayloads,
  type UnboundPayload,
} from '../../domain/sessions/data-of-person.ts';
import type { PersonWords } from '../../domain/users/person-words.ts';
import type { Database } from '../../platform/database.ts';
import type { Secrets } from '../../platform/secrets.ts';
import { openPayload } from './sealing.ts';

/** Whoever is in the middle of it begins again. */
export async function forgetPayloadsAbout(trx: Database, words: PersonWords, secrets: Secrets): Promise<void> {
  let page: UnboundPayload[] = [];
  do {
    page = await selectUnboundPayloads(trx, page.at(-1));
    const naming = page.filter(({ model, ...stored }) =>
      words.mentions(openPayload(secrets, model, { ...stored, consumed: false })),
    );
    await deleteUnboundPayloads(trx, naming);
  } while (page.length > 0);
}
