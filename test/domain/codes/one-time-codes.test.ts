import assert from 'node:assert/strict';
import { systemCaller } from '../../../src/domain/audit/audit-events.ts';
import { failureWait, parseCode } from '../../../src/domain/codes/code-attempts.ts';
import {
  type CodeAttempt,
  type CodeRequest,
  requestCode,
  sweepCodes,
  verifyCode,
} from '../../../src/domain/codes/one-time-codes.ts';
import { deactivateUser } from '../../../src/domain/lifecycle/end-person.ts';
import type { Channel } from '../../../src/domain/messages/outgoing-message.ts';
import { createDatabase, type Database, isConnectionError } from '../../../src/platform/database.ts';
import { DomainError } from '../../../src/platform/errors.ts';
import { createSecrets, randomToken, sha256 } from '../../../src/platform/secrets.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { createTenant, createUser } from '../../support/factories.ts';
import { unlimited } from '../../support/limits.ts';
import { lastCode, letPass, otherThan, waitingJobs } from './code-jobs.ts';

const secretKeys = [randomToken(48)];
const secrets = createSecrets(secretKeys);
const caller = { ...systemCaller, userAgent: 'test' };
const channels: Channel[] = ['email', 'sms', 'whatsapp'];
const deps = {
  secrets,
  limits: unlimited,
  caller,
  channels,
  phoneCountries: ['CH', 'GB', 'US'],
  budgets: { email: 1e6, phone: 1e6 },
};

describe('one-time codes', () => {
  let database: TestDatabase;
  let db: Database;
  let otherNode: Database;
  let north: string;
  let south: string;

  before(async () => {
    database = await createTestDatabase();
    // Where the machine is busy, the last of 1,000 waits long.
    const patient = { url: database.url, poolMax: 10, acquireTimeoutMs: 60_000 };
    db = createDatabase(patient);
    otherNode = createDatabase(patient);
    north = (await createTenant(db, { settings: { countryList: ['CH', 'GB'], selfSignUp: true } })).id;
    south = (await createTenant(db, { settings: { signInMethods: ['password'] } })).id;
  });
  // A test file asks for more codes in a minute than a tenant may.
  beforeEach(() => db('rate_limits').delete());

  after(async () => {
    await db?.destroy();
    await otherNode?.destroy();
    await database?.drop();
  });

  let number = 0;
  const newEmail = () => `code-${++number}@example.com`;
  const ask = (overrides: Partial<CodeRequest> = {}, others: Partial<typeof deps> = {}) => {
    const request: CodeRequest = {
      tenantId: north,
      purpose: 'sign_up',
      channel: 'email',
      address: newEmail(),
      challenge: randomToken(),
      locale: 'en',
      ...overrides,
    };
    return requestCode(db, request, { ...deps, ...others });
  };
  /** A code that was asked for, with what proves it. */
  const asked = async (overrides: Partial<CodeRequest> = {}) => {
    const challenge = overrides.challenge ?? randomToken();
    const { destination } = await ask({ ...overrides, challenge });
    const code = await lastCode(db, secrets, destination);
    const { purpose = 'sign_up', tenantId = north, userId } = overrides;
    const attempt: CodeAttempt = { challenge, purpose, tenantId, destination, code, userId };
    return { destination, challenge, code, attempt };
  };
  const verify = (attempt: CodeAttempt, on: Database = db) => verifyCode(on, attempt, { secrets, caller });
  const answer = (attempt: Promise<unknown>): Promise<string> =>
    attempt.then(
      () => 'OK',
      (error: unknown) => {
        // A thousand at once wait for twenty connections; on a slow machine some wait in vain.
        if (isConnectionError(error)) return 'busy';
        assert.ok(error instanceof DomainError, String(error));
        return `${error.kind} ${error.code}`;
      },
    );
  const rowOf = (destination: string) => db('otp_codes').where({ destination }).orderBy('created_at', 'desc').first();

  describe('asking for one', () => {
    it('writes one row and one sealed job, and keeps the code nowhere', async () => {
      const challenge = randomToken();
      const jobsBefore = (await waitingJobs(db)).length;
      const { destination, channel, expiresAt, resendInSeconds } = await ask({
        address: ' Mia@BÜCHER.example ',
        challenge,
      });
      assert.deepEqual([destination, channel, resendInSeconds], ['mia@xn--bcher-kva.example', 'email', 30]);
      const row = await rowOf(destination);
      assert.equal(expiresAt.getTime(), row.expiresAt.getTime());
      assert.equal(row.expiresAt - row.createdAt, 300_000);
      assert.deepEqual(
        [row.tenantId, row.userId, row.channel, row.purpose, row.prefix, row.attemptCount, row.attemptMax],
        [north, null, 'email', 'sign_up', null, 0, 5],
      );
      assert.ok(row.challengeHash.equals(sha256(challenge)));

      const code = await lastCode(db, secrets, destination);
      assert.match(code, /^[0-9]{6}$/);
      const jobs = await waitingJobs(db);
      assert.equal(jobs.length, jobsBefore + 1);
      const job = jobs.at(-1);
      assert.match(String(job?.queue), /^email:[01]$/);
      const stored = JSON.stringify([row, job]);
      for (const secret of [code, challenge]) assert.ok(!stored.includes(secret));
      assert.ok(!JSON.stringify(job).includes('mia'));
      assert.ok(!row.codeHash.equals(sha256(code)), 'a hash of six digits is no secret');
    });

    it('is all or nothing', async () => {
      await db.raw(`alter table graphile_worker._private_jobs add constraint closed check (false) not valid`);
      try {
        const address = newEmail();
        await assert.rejects(ask({ address }), /closed/);
        assert.equal(await rowOf(address), undefined);
      } finally {
        await db.raw('alter table graphile_worker._private_jobs drop constraint closed');
      }
    });

    it('makes codes of every digit, zeros at the front included', async () => {
      const codes: string[] = [];
      for (let count = 0; count < 60; count++) {
        await db('rate_limits').delete();
        codes.push((await asked()).code);
      }
      for (const code of codes) assert.match(code, /^[0-9]{6}$/);
      assert.ok(new Set(codes).size > 57, 'no pattern');
      assert.ok(new Set(codes.map(([first]) => first)).size > 4);
    });

    it('takes phone numbers in international and national form', async () => {
      for (const address of [
        '+41 79 555 01 02',
        '079 555 01 02',
        '0041 79 5550102',
        '+41 (0)79 555 01 02',
        '０７９５５５０１０２',
      ]) {
        const { destination } = await ask({ address, channel: 'sms' });
        assert.equal(destination, '+41795550102', address);
        assert.equal((await rowOf(destination)).prefix, '+41795');
        await db('otp_codes').where({ destination }).delete();
      }
    });

    it('refuses what is no address, of whatever kind', async () => {
      for (const address of [
        '',
        'mia',
        'mia@',
        'a@example.com\r\nBcc: b@example.com',
        'a\0@example.com',
        `${'a'.repeat(320)}@b.example`,
      ])
        assert.equal(await answer(ask({ address })), 'invalid EMAIL_INVALID', address.slice(0, 40));
      for (const address of [
        '',
        '12',
        'mia@example.com',
        '+41 79 555 01 02 ext. 3',
        '+41795550102x3',
        '+41795550102;ext=3',
      ])
        assert.equal(await answer(ask({ address, channel: 'sms' })), 'invalid PHONE_INVALID', address);
      for (const address of [['a@example.com'], { a: 1 }, null, undefined, 7]) {
        const odd = address as unknown as string;
        assert.equal(await answer(ask({ address: odd })), 'invalid EMAIL_INVALID');
        assert.equal(await answer(ask({ address: odd, channel: 'sms' })), 'invalid PHONE_INVALID');
      }
    });

    it('refuses countries on no list, and numbers that earn somebody money', async () => {
      const toPhone = (address: string, tenantId: string | null = north, phoneCountries = deps.phoneCountries) =>
        answer(ask({ address, channel: 'sms', tenantId }, { phoneCountries }));
      const listless = (await createTenant(db, { settings: { selfSignUp: true } })).id;
      assert.equal(await toPhone('+12025550143'), 'invalid PHONE_NOT_SUPPORTED', 'not on the tenant’s list');
      assert.equal(await toPhone('+447400123456', north, ['CH']), 'invalid PHONE_NOT_SUPPORTED', 'not on the server’s');
      for (const address of [
        '+41900123456',
        '+41840123456',
        '+41443334455',
        '+447012345678',
        '+449012345678',
        '+80012345678',
      ])
        assert.equal(await toPhone(address), 'invalid PHONE_NOT_SUPPORTED', address);
      assert.equal(await toPhone('+447400123456'), 'OK');
      assert.equal(await toPhone('+447400123457', north, []), 'OK', 'the server lists none: the tenant decides');
      assert.equal(
        await answer(ask({ address: '+41795550190', channel: 'sms', tenantId: listless })),
        'invalid CHANNEL_UNAVAILABLE',
        'an empty list',
      );
    });

    it('refuses channels that the server or the tenant does not have', async () => {
      const quiet = (await createTenant(db, { settings: { codeChannels: ['sms'], countryList: ['CH'] } })).id;
      const unavailable = 'invalid CHANNEL_UNAVAILABLE';
      assert.equal(await answer(ask({ channel: 'email' }, { channels: ['sms'] })), unavailable);
      assert.equal(await answer(ask({ tenantId: quiet, purpose: 'login' })), unavailable);
      assert.equal(await answer(ask({ tenantId: south, purpose: 'login' })), unavailable, 'passwords alone');
      assert.equal(await answer(ask({ channel: 'pigeon' as Channel })), unavailable);
      assert.equal(await answer(ask({ channel: ['email'] as unknown as Channel })), unavailable);
      assert.equal(await answer(ask({ tenantId: null, purpose: 'login' })), 'OK');
    });

    it('takes sign-ups where the tenant takes people in, and from the domains that it names', async () => {
      assert.equal(await answer(ask({ tenantId: south })), 'forbidden SIGN_UP_CLOSED');
      assert.equal(await answer(ask({ tenantId: null })), 'forbidden SIGN_UP_CLOSED');
      const settings = { selfSignUp: true, signUpEmailDomains: ['corp.example'], countryList: ['CH'] };
      const closed = (await createTenant(db, { settings })).id;
      assert.equal(await answer(ask({ tenantId: closed, address: 'a@CORP.example' })), 'OK');
      for (const address of ['a@example.com', 'a@sub.corp.example', 'a@xcorp.example', 'corp.example@example.com'])
        assert.equal(await answer(ask({ tenantId: closed, address })), 'invalid EMAIL_DOMAIN_NOT_ALLOWED', address);
      const byPhone = { tenantId: closed, address: '+41795550191', channel: 'sms' as const };
      assert.equal(await answer(ask(byPhone)), 'invalid CHANNEL_UNAVAILABLE', 'a phone has no domain');
    });

    it('refuses a tenant that is suspended or not there', async () => {
      const asleep = (await createTenant(db)).id;
      await db('tenants').where({ id: asleep }).update({ state: 'suspended' });
      assert.equal(await answer(ask({ tenantId: asleep, purpose: 'login' })), 'forbidden TENANT_SUSPENDED');
      assert.equal(await answer(ask({ tenantId: newTenantId(), purpose: 'login' })), 'not_found NOT_FOUND');
    });

    it('stops where the budget of the day is used up', async () => {
      const none = { budgets: { email: 0, phone: 0 } };
      assert.equal(await answer(ask({}, none)), 'unavailable MESSAGES_EXHAUSTED');
      assert.equal(
        await answer(ask({ channel: 'sms', address: '+41795550192' }, none)),
        'unavailable MESSAGES_EXHAUSTED',
      );
      const poor = (await createTenant(db, { settings: { countryList: ['CH'], dailyPhoneMessages: 0 } })).id;
      const toPhone = { tenantId: poor, purpose: 'login', channel: 'sms', address: '+41795550192' } as const;
      assert.equal(await answer(ask(toPhone)), 'unavailable MESSAGES_EXHAUSTED');
      assert.equal(await answer(ask({ tenantId: poor, purpose: 'login' })), 'OK', 'mail has a budget of its own');
    });

    it('verifies for a person no address but their own', async () => {
      const user = await createUser(db, { tenantId: north, phone: '+41795550193' });
      const mine = { userId: user.id, purpose: 'verify_email', address: user.email as string } as const;
      assert.equal(await answer(ask(mine)), 'OK');
      assert.equal(await answer(ask({ ...mine, address: newEmail() })), 'not_found NOT_FOUND');
      assert.equal(await answer(ask({ ...mine, userId: null })), 'not_found NOT_FOUND');
      assert.equal(await answer(ask({ ...mine, tenantId: south })), 'not_found NOT_FOUND');
      assert.equal(await answer(ask({ ...mine, purpose: 'verify_phone' })), 'invalid CHANNEL_UNAVAILABLE');
      await deactivateUser(db, { tenantId: north, userId: user.id }, caller);
      await db('otp_codes').delete();
      assert.equal(await answer(ask(mine)), 'not_found NOT_FOUND');
    });
  });

  describe('proving an address by one', () => {
    it('uses it up', async () => {
      const { attempt, destination } = await asked();
      const proved = await verify(attempt);
      assert.deepEqual([proved.destination, proved.channel], [destination, 'email']);
      const row = await rowOf(destination);
      assert.equal(row.id, proved.codeId);
      assert.ok(row.consumedAt instanceof Date);
      assert.equal(await answer(verify(attempt)), 'expired CODE_EXPIRED');
    });

    it('takes a code as people type it', () => {
      for (const typed of [
        '123456',
        ' 123 456 ',
        '123-456',
        '12 34 56',
        '１２３４５６',
        '123\u00a0456',
        '123–456',
        '1\t23456\n',
        '\u200e123\u200b456\ufeff',
      ])
        assert.equal(parseCode(typed), '123456', JSON.stringify(typed));
      for (const typed of [
        '',
        '12345',
        '1234567',
        '12345a',
        '+12345',
        '1.2345',
        '0x1234',
        '123456\0',
        '1'.repeat(100_000),
      ])
        assert.equal(parseCode(typed), undefined, JSON.stringify(typed.slice(0, 20)));
      for (const typed of [['123456'], 123456, null, undefined, { length: 6 }])
        assert.equal(parseCode(typed), undefined);
    });

    it('refuses what is no code without an error of its own, and counts no attempt', async () => {
      const { attempt, destination } = await asked();
      for (const code of ['', 'abc', [attempt.code], null, { a: 1 }])
        assert.equal(
          await answer(verify({ ...attempt, code: code as string })),
          'unauthenticated CODE_INVALID',
          JSON.stringify(code),
        );
      assert.equal((await rowOf(destination)).attemptCount, 0);
      const spaced = `${attempt.code.slice(0, 3)} ${attempt.code.slice(3)}`;
      assert.equal(await answer(verify({ ...attempt, code: spaced })), 'OK');
    });

    it('binds it to its challenge, purpose, tenant, destination and person', async () => {
      const user = await createUser(db, { tenantId: north });
      const other = await createUser(db, { tenantId: north });
      const { attempt } = await asked({ purpose: 'verify_email', userId: user.id, address: user.email as string });
      const elsewhere: Partial<CodeAttempt>[] = [
        { challenge: randomToken() },
        { purpose: 'login' },
        { purpose: 'verify_phone' },
        { tenantId: south },
        { tenantId: null },
        { destination: newEmail() },
        { userId: other.id },
        { userId: null },
      ];
      for (const change of elsewhere)
        assert.equal(await answer(verify({ ...attempt, ...change })), 'expired CODE_EXPIRED', JSON.stringify(change));
      assert.equal((await rowOf(attempt.destination)).attemptCount, 0);
      assert.equal(await answer(verify(attempt)), 'OK');
    });

    it('binds its hash to the row: one that was moved to another row is worth nothing', async () => {
      const first = await asked();
      const second = await asked();
      const { codeHash } = await rowOf(first.destination);
      await db('otp_codes').where({ destination: second.destination }).update({ codeHash });
      assert.equal(await answer(verify({ ...second.attempt, code: first.code })), 'unauthenticated CODE_INVALID');
      const otherKey = createSecrets([randomToken(48)]);
      assert.equal(
        await answer(verifyCode(db, first.attempt, { secrets: otherKey, caller })),
        'unauthenticated CODE_INVALID',
      );
    });

    it('takes one that was made under the key before the newest', async () => {
      const [older, newer] = [randomToken(48), randomToken(48)];
      const challenge = randomToken();
      const before = createSecrets([older]);
      const request = {
        tenantId: north,
        purpose: 'sign_up',
        channel: 'email',
        address: newEmail(),
        locale: 'en',
      } as const;
      const { destination } = await requestCode(db, { ...request, challenge }, { ...deps, secrets: before });
      const code = await lastCode(db, createSecrets([newer, older, ...secretKeys]), destination);
      const attempt: CodeAttempt = { challenge, purpose: 'sign_up', tenantId: north, destination, code };
      const verifyUnder = (keys: string[]) => answer(verifyCode(db, attempt, { secrets: createSecrets(keys), caller }));
      assert.equal(await verifyUnder([newer]), 'unauthenticated CODE_INVALID');
      assert.equal(await verifyUnder([newer, older]), 'OK');
    });

    it('takes the newest of a challenge alone', async () => {
      const { attempt, destination, challenge } = await asked();
      await letPass(db, destination, '40 seconds');
      const newer = await asked({ challenge, address: destination });
      if (newer.code !== attempt.code) assert.equal(await answer(verify(attempt)), 'unauthenticated CODE_INVALID');
      assert.equal(await answer(verify(newer.attempt)), 'OK');
      assert.equal(await answer(verify(attempt)), 'expired CODE_EXPIRED', 'the older one does not come back');

      const before = await asked();
      await ask({ challenge: before.challenge });
      assert.equal(await answer(verify(before.attempt)), 'expired CODE_EXPIRED', 'the person changed the address');
    });

    it('leaves the code of another browser alone', async () => {
      const mine = await asked();
      await letPass(db, mine.destination, '40 seconds');
      await asked({ address: mine.destination });
      assert.equal(await answer(verify(mine.attempt)), 'OK');
    });

    it('ends with its five minutes, by the clock of the database', async () => {
      const { attempt, destination } = await asked();
      await letPass(db, destination, '4 minutes 30 seconds');
      assert.equal(await answer(verify({ ...attempt, code: otherThan(attempt.code) })), 'unauthenticated CODE_INVALID');
      await letPass(db, destination, '30 seconds');
      assert.equal(await answer(verify(attempt)), 'expired CODE_EXPIRED');
      assert.equal((await rowOf(destination)).attemptCount, 1);
    });

    it('ends when it was revoked', async () => {
      const { attempt, destination } = await asked();
      await db('otp_codes').where({ destination }).update({ revokedAt: db.fn.now() });
      assert.equal(await answer(verify(attempt)), 'expired CODE_EXPIRED');
    });

    it('is tried five times at the most', async () => {
      const { attempt } = await asked();
      for (let tries = 1; tries <= 5; tries++)
        assert.equal(
          await answer(verify({ ...attempt, code: otherThan(attempt.code, tries) })),
          'unauthenticated CODE_INVALID',
        );
      assert.equal(await answer(verify(attempt)), 'expired CODE_EXPIRED');
    });

    it('is tried five times by 1,000 guesses at once, on two nodes', async () => {
      const { attempt, destination } = await asked();
      const answers = await Promise.all(
        Array.from({ length: 1000 }, (_, index) =>
          answer(verify({ ...attempt, code: otherThan(attempt.code, index + 1) }, index % 2 ? db : otherNode)),
        ),
      );
      const told = (text: string) => answers.filter((other) => other === text).length;
      assert.ok(told('unauthenticated CODE_INVALID') <= 5);
      assert.ok(told('expired CODE_EXPIRED') > 0);
      assert.equal(told('unauthenticated CODE_INVALID') + told('expired CODE_EXPIRED') + told('busy'), 1000);
      assert.equal((await rowOf(destination)).attemptCount, 5);
    });

    it('is right once, of 1,000 at once that are all right', async () => {
      const { attempt, destination } = await asked();
      const answers = await Promise.all(
        Array.from({ length: 1000 }, (_, index) => answer(verify(attempt, index % 2 ? db : otherNode))),
      );
      assert.equal(answers.filter((text) => text === 'OK').length, 1);
      assert.equal(answers.filter((text) => text === 'expired CODE_EXPIRED' || text === 'busy').length, 999);
      assert.ok((await rowOf(destination)).attemptCount <= 5);
    });

    it('rolls back with what follows from it, but for the attempt', async () => {
      const { attempt, destination } = await asked();
      const failing = verifyCode(db, attempt, { secrets, caller }, async (trx) => {
        await trx('otp_codes').where({ destination }).update({ failedAt: trx.fn.now() });
        throw new Error('what follows fails');
      });
      await assert.rejects(failing, /what follows fails/);
      const row = await rowOf(destination);
      assert.deepEqual([row.consumedAt, row.failedAt, row.attemptCount], [null, null, 1]);
      assert.equal(await answer(verify(attempt)), 'OK');
    });

    it('tells the trail of a wrong code', async () => {
      const user = await createUser(db, { tenantId: north });
      const { attempt } = await asked({ purpose: 'verify_email', userId: user.id, address: user.email as string });
      await answer(verify({ ...attempt, code: otherThan(attempt.code) }));
      const events = await db('audit_events').where({ action: 'code.refused', entityId: user.id });
      assert.equal(events.length, 1);
      assert.equal(events[0].tenantId, north);
      assert.deepEqual(events[0].payload, { purpose: 'verify_email', channel: 'email', reason: 'wrong_code' });
      assert.ok(!JSON.stringify(events).includes(user.email as string));
    });
  });

  describe('wrong codes of one destination', () => {
    /** Five wrong ones, for a code of a new browser each time. */
    const failFive = async (address: string, overrides: Partial<CodeRequest> = {}) => {
      const { attempt } = await asked({ address, ...overrides });
      const answers: string[] = [];
      for (let tries = 1; tries <= 5; tries++)
        answers.push(await answer(verify({ ...attempt, code: otherThan(attempt.code, tries) })));
      await letPass(db, address, '6 minutes');
      return answers;
    };
    const wrong = Array.from({ length: 5 }, () => 'unauthenticated CODE_INVALID');

    it('are 10 an hour, over all codes, browsers, purposes and tenants', async () => {
      const address = newEmail();
      assert.deepEqual(await failFive(address), wrong);
      assert.deepEqual(await failFive(address, { tenantId: null, purpose: 'login' }), wrong);
      const { attempt } = await asked({ address });
      const refusal = await verify(attempt).catch((error: DomainError) => error);
      assert.ok(refusal instanceof DomainError);
      assert.deepEqual([refusal.kind, refusal.code], ['rate_limited', 'TOO_MANY_ATTEMPTS']);
      assert.ok(Math.abs(Number(refusal.params.seconds) - 2_880) < 5, String(refusal.params.seconds));
      assert.equal((await rowOf(address)).attemptCount, 0);
      await letPass(db, address, '55 minutes');
      assert.equal(await answer(verify((await asked({ address })).attempt)), 'OK');
    });

    it('are 20 a day', async () => {
      const address = newEmail();
      for (let hours = 0; hours < 4; hours++) {
        assert.deepEqual(await failFive(address), wrong);
        await letPass(db, address, '1 hour');
      }
      const { attempt } = await asked({ address });
      assert.equal(await answer(verify(attempt)), 'rate_limited TOO_MANY_ATTEMPTS');
      await letPass(db, address, '19 hours 40 minutes');
      assert.equal(await answer(verify((await asked({ address })).attempt)), 'OK');
    });

    it('are no more than 10 when three browsers guess at once', async () => {
      const address = newEmail();
      const attempts: CodeAttempt[] = [];
      for (let browsers = 0; browsers < 3; browsers++) {
        attempts.push((await asked({ address })).attempt);
        await db('otp_codes')
          .where({ destination: address })
          .update({ createdAt: db.raw(`created_at - interval '2 minutes'`) });
      }
      const answers = await Promise.all(
        attempts.flatMap((attempt, browser) =>
          Array.from({ length: 60 }, (_, index) =>
            answer(verify({ ...attempt, code: otherThan(attempt.code, index + 1) }, browser ? db : otherNode)),
          ),
        ),
      );
      assert.equal(answers.filter((text) => text === 'unauthenticated CODE_INVALID').length, 10);
      const counts = await db('otp_codes').where({ destination: address }).sum('attempt_count as sum').first();
      assert.equal(Number(counts?.sum), 10);
    });

    it('do not count those that were right', async () => {
      const address = newEmail();
      for (let rounds = 0; rounds < 6; rounds++) {
        const { attempt } = await asked({ address });
        assert.equal(
          await answer(verify({ ...attempt, code: otherThan(attempt.code) })),
          'unauthenticated CODE_INVALID',
        );
        assert.equal(await answer(verify(attempt)), 'OK', `round ${rounds}`);
      }
    });

    it('tell how long to wait', () => {
      assert.equal(failureWait([]), 0);
      assert.equal(failureWait([{ failures: 9, ageSeconds: 1 }]), 0);
      assert.equal(
        failureWait([
          { failures: 5, ageSeconds: 100 },
          { failures: 5, ageSeconds: 600 },
        ]),
        3_000,
      );
      assert.equal(
        failureWait([
          { failures: 5, ageSeconds: 3_600 },
          { failures: 5, ageSeconds: 600 },
        ]),
        0,
      );
      const over = [100, 7_200, 20_000, 40_000].map((ageSeconds) => ({ failures: 5, ageSeconds }));
      assert.equal(failureWait(over), 46_400);
    });
  });

  it('are swept when no limit counts them any more', async () => {
    await db('otp_codes').delete();
    const [old, recent] = [await asked(), await asked()];
    await letPass(db, old.destination, '49 hours');
    await letPass(db, recent.destination, '47 hours');
    assert.equal(await sweepCodes(db), 1);
    assert.ok(await rowOf(recent.destination));
  });
});

function newTenantId(): string {
  return '01890a5d-ac96-774b-bcce-b302099a8057';
}
