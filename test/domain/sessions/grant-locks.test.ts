/** Everything that ends or uses what hangs on one grant, each pair of it side by side: nobody waits in a circle. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { auditEventRow, systemCaller } from '../../../src/domain/audit/audit-events.ts';
import { recordGrantUse } from '../../../src/domain/sessions/grant-use.ts';
import { withdrawGrant } from '../../../src/domain/sessions/grants.ts';
import {
  destroyByGrantId,
  destroyPayload,
  revokeReplayedCode,
  sweepPayloads,
  upsertPayload,
} from '../../../src/domain/sessions/payload-store.ts';
import { consumeRefreshToken, unconsumeRefreshToken } from '../../../src/domain/sessions/refresh-store.ts';
import { endSessionsOfClient, revokeAllSessions } from '../../../src/domain/sessions/sessions.ts';
import { createDatabase, type Database, rows } from '../../../src/platform/database.ts';
import { newId } from '../../../src/platform/ids.ts';
import { sha256 } from '../../../src/platform/secrets.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { createTenant, createUser } from '../../support/factories.ts';

interface GrantRows {
  grantId: string;
  tenantId: string;
  accountId: string;
  clientId: string;
  refreshTokens: Buffer[];
  code: Buffer;
}

const inAMinute = () => new Date(Date.now() + 60_000);
const event = () => auditEventRow({ action: 'grant.tokens_revoked' }, systemCaller);

describe('the rows of one grant', () => {
  let database: TestDatabase;
  let db: Database;
  let tenantId: string;
  before(async () => {
    database = await createTestDatabase();
    db = createDatabase({ url: database.url, poolMax: 8 });
    tenantId = (await createTenant(db)).id;
  });
  after(async () => {
    await db.destroy();
    await database.drop();
  });

  const refreshToken = ({ grantId, accountId, clientId }: GrantRows, idHash: Buffer) => ({
    ...{ model: 'RefreshToken', idHash, payload: Buffer.from('sealed'), grantId, accountId, clientId },
    ...{ uidHash: null, userCodeHash: null, sessionUidHash: null, expiresAt: inAMinute() },
  });

  /** A grant with its sixty rows, a third of them expired, which lie on the disk in another order than their keys. */
  async function newGrant(): Promise<GrantRows> {
    const refreshTokens = Array.from({ length: 10 }, () => randomBytes(32));
    const { id: accountId } = await createUser(db, { tenantId });
    const grant = { grantId: newId(), tenantId, accountId, clientId: newId(), refreshTokens, code: randomBytes(32) };
    await rows(
      db,
      `insert into oidc_payloads (model, id_hash, payload, grant_id, account_id, client_id, expires_at, consumed_at)
       select case when i <= 10 then 'RefreshToken' when i = 11 then 'AuthorizationCode'
                   when i = 60 then 'Grant' when i % 2 = 0 then 'AccessToken'
                   else 'DeviceCode' end,
              case when i <= 11 then known when i = 60 then sha256(convert_to(:grantId, 'UTF8')) else sha256(gen_random_uuid()::text::bytea) end,
              'sealed', :grantId, :accountId, :clientId,
              now() + case when i between 12 and 30 then interval '-1 minute' else interval '1 minute' end,
              case when i = 11 then now() end
         from generate_series(1, 60) as i
         left join unnest(:known::bytea[]) with ordinality as k(known, place) on k.place = i
        order by random()`,
      { ...grant, known: [...refreshTokens, grant.code] },
    );
    return grant;
  }

  /** In a transaction of its own, in which nothing that loses a deadlock is repeated. */
  const once = <T>(work: (trx: Database) => Promise<T>): Promise<T> => db.transaction(work);

  const statements: Record<string, (grant: GrantRows) => Promise<unknown>> = {
    'the end of the family of a reused token': async ({ refreshTokens: [first] }) => {
      await once((trx) => consumeRefreshToken(trx, first as Buffer, randomBytes(32)));
      await once((trx) => destroyPayload(trx, 'RefreshToken', first as Buffer, null, event()));
    },
    'the end of all that a grant gave out': ({ grantId }) => once((trx) => destroyByGrantId(trx, grantId, event())),
    'the replay of a code': ({ code }) => once((trx) => revokeReplayedCode(trx, 'AuthorizationCode', code, event())),
    'the end of a client': ({ clientId }) => once((trx) => endSessionsOfClient(trx, { id: newId(), clientId })),
    'the end of a person': ({ accountId: userId }) =>
      once((trx) => revokeAllSessions(trx, { tenantId: newId(), userId }, systemCaller)),
    'the withdrawal of the grant': ({ tenantId, accountId: userId, grantId }) =>
      once((trx) => withdrawGrant(trx, { tenantId, userId, grantId }, systemCaller)).catch((error) => {
        // Somebody else was faster.
        if (error.code !== 'NOT_FOUND') throw error;
      }),
    'the use of the grant': ({ grantId }) => once((trx) => recordGrantUse(trx, sha256(grantId))),
    'a sweep': async () => {
      await once((trx) => sweepPayloads(trx, { size: 7 }));
    },
    'a new access token': async (grant) => {
      for (let n = 0; n < 10; n++) {
        const token = { ...refreshToken(grant, randomBytes(32)), model: 'AccessToken' };
        await once((trx) => upsertPayload(trx, token, null));
      }
    },
    refreshing: async (grant) => {
      for (const idHash of grant.refreshTokens) {
        await once((trx) => consumeRefreshToken(trx, idHash, randomBytes(32)));
        await once((trx) => upsertPayload(trx, refreshToken(grant, idHash), null));
        await once((trx) => unconsumeRefreshToken(trx, idHash));
      }
    },
  };

  const names = Object.keys(statements);
  const pairs = names.flatMap((left, index) => names.slice(index).map((right) => [left, right] as const));
  for (const [left, right] of pairs)
    it(`survives ${left} beside ${right}`, async () => {
      for (let round = 0; round < 5; round++) {
        const grant = await newGrant();
        const work = [left, right, left, right, left, right].map((name) => statements[name]?.(grant));
        const failed = (await Promise.allSettled(work)).filter((result) => result.status === 'rejected');
        assert.deepEqual(
          failed.map(({ reason }) => reason),
          [],
        );
      }
    });
});
