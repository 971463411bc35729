import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { beginQuietSession } from '../../../src/domain/safety/new-device.ts';
import { findSource, storeExchange } from '../../../src/domain/sessions/exchange-store.ts';
import { findPayload } from '../../../src/domain/sessions/find-payload.ts';
import { whoKnowsDevice } from '../../../src/domain/sessions/known-devices.ts';
import type { NewSession } from '../../../src/domain/sessions/new-session.ts';
import { findPayloadByUid } from '../../../src/domain/sessions/session-store.ts';
import { clearFailures, countAttempt } from '../../../src/domain/sign-in/sign-in-failures.ts';
import { selectActiveAccount } from '../../../src/domain/users/account-row.ts';
import { createDatabase, type Database, rows } from '../../../src/platform/database.ts';
import { newId } from '../../../src/platform/ids.ts';
import { giveBackHit, hitsOf } from '../../../src/platform/rate-limits.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';

// To plan one of them takes longer than to run it.
describe('what each request asks of the database', () => {
  let database: TestDatabase;
  let db: Database;
  before(async () => {
    database = await createTestDatabase();
    db = createDatabase({ url: database.url, poolMax: 1 });
  });
  after(async () => {
    await db?.destroy();
    await database?.drop();
  });

  const exchange = {
    model: 'RefreshToken',
    idHash: randomBytes(32),
    successorHash: null,
    grantIdHash: null,
    tokens: [],
  };
  const newSession = (): NewSession => ({
    signIn: {
      id: newId(),
      userId: newId(),
      oidcSessionUidHash: randomBytes(32),
      userAgent: null,
      ip: null,
      deviceFingerprint: randomBytes(32),
      amr: ['pwd'],
      acr: null,
      loginAt: new Date(),
      expiresAt: new Date(),
    },
    browser: { idHash: randomBytes(32), payload: Buffer.alloc(0) },
    clients: [],
    auditRow: {},
    beside: [],
    interactionHash: randomBytes(32),
  });
  const asked: Record<string, () => Promise<unknown>> = {
    'payload-by-id': () => findPayload(db, 'Interaction', randomBytes(32)),
    'exchange-source': () => findSource(db, { model: 'RefreshToken', idHash: randomBytes(32) }),
    'exchange-store': () => storeExchange(db, exchange),
    'session-payload-by-uid': () => findPayloadByUid(db, randomBytes(32)),
    'active-account': () => selectActiveAccount(db, newId()),
    'rate-limit-unhit': () => giveBackHit(db, ['nobody']),
    'sessions-known-device': () => whoKnowsDevice(db, [{ tenantId: newId(), userId: newId() }], randomBytes(32)),
    'sign-in-failures-count': () => countAttempt(db, [[randomBytes(32)]]),
    'sign-in-failures-count-at-address': () =>
      countAttempt(db, [[randomBytes(32)]], [], hitsOf({ name: 'plans', hits: 100, windowSeconds: 60 }, 'somebody')),
    'session-begin-quietly': () => beginQuietSession(db, newSession()),
    'sign-in-failures-clear': () => clearFailures(db, { doors: [[randomBytes(32)]], accounts: [] }),
  };

  for (const [name, ask] of Object.entries(asked))
    it(`is planned for good: ${name}`, async () => {
      // PostgreSQL plans a statement five times for what it is given, and compares.
      for (let n = 0; n < 8; n++) await ask();
      const [plans] = await rows<{ genericPlans: number; customPlans: number }>(
        db,
        'select generic_plans, custom_plans from pg_prepared_statements where name = ?',
        [name],
      );
      assert.deepEqual(plans, { genericPlans: 3, customPlans: 5 });
    });
});
