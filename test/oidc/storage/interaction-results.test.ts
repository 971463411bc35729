import assert from 'node:assert/strict';
import type { Interaction } from 'oidc-provider';
import { findPayload } from '../../../src/domain/sessions/find-payload.ts';
import { consumePayload, upsertPayload } from '../../../src/domain/sessions/payload-store.ts';
import { storeInteractionResult } from '../../../src/oidc/storage/interaction-results.ts';
import { openPayload, payloadRow } from '../../../src/oidc/storage/sealing.ts';
import { createDatabase, type Database, rows } from '../../../src/platform/database.ts';
import { newId } from '../../../src/platform/ids.ts';
import { createSecrets, randomToken, sha256 } from '../../../src/platform/secrets.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';

describe('the result of an interaction', () => {
  let database: TestDatabase;
  let db: Database;
  const secrets = createSecrets([randomToken(36)]);
  before(async () => {
    database = await createTestDatabase();
    db = createDatabase({ url: database.url, poolMax: 2 });
  });
  after(async () => {
    await db?.destroy();
    await database?.drop();
  });

  /** As a request has read it. */
  async function newInteraction(lastSubmission?: object): Promise<Interaction> {
    const uid = randomToken();
    await upsertPayload(db, payloadRow(secrets, 'Interaction', uid, { jti: uid }, 60), null);
    const interaction = {
      uid,
      returnTo: `/authorize/${uid}`,
      lastSubmission,
      result: undefined,
      getValueAndPayload: async () => ({ payload: { jti: uid, result: interaction.result } }),
    };
    return interaction as unknown as Interaction;
  }

  async function storedResult({ uid }: Interaction): Promise<unknown> {
    return openPayload(secrets, 'Interaction', await findPayload(db, 'Interaction', sha256(uid)))?.result;
  }

  it('is stored beside what the steps have kept, with whom it proves', async () => {
    const interaction = await newInteraction({ typed: 'x' });
    const login = { accountId: newId() };
    assert.equal(await storeInteractionResult({ db, secrets }, interaction, { login }), interaction.returnTo);
    assert.deepEqual(await storedResult(interaction), { typed: 'x', login });
    const [row] = await rows<{ accountId: string }>(db, 'select account_id from oidc_payloads where id_hash = ?', [
      sha256(interaction.uid),
    ]);
    assert.equal(row?.accountId, login.accountId);
  });

  it('stands alone where it is an error', async () => {
    const interaction = await newInteraction({ typed: 'x' });
    await storeInteractionResult({ db, secrets }, interaction, { error: 'access_denied' });
    assert.deepEqual(await storedResult(interaction), { error: 'access_denied' });
  });

  it('brings nothing back that has ended since it was read', async () => {
    const [gone, expired, consumed] = [await newInteraction(), await newInteraction(), await newInteraction()];
    await rows(db, 'delete from oidc_payloads where id_hash = ?', [sha256(gone.uid)]);
    await rows(db, 'update oidc_payloads set expires_at = now() where id_hash = ?', [sha256(expired.uid)]);
    await consumePayload(db, 'Interaction', sha256(consumed.uid));
    for (const interaction of [gone, expired, consumed]) {
      assert.equal(await storeInteractionResult({ db, secrets }, interaction, { consent: {} }), undefined);
      assert.equal(await storedResult(interaction), undefined);
    }
  });
});
