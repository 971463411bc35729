import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { systemCaller } from '../../../src/domain/audit/audit-events.ts';
import { askerOf, phonePrefix, recordSend, type Send } from '../../../src/domain/codes/send-limits.ts';
import type { Channel } from '../../../src/domain/messages/outgoing-message.ts';
import { parseTenantSettings } from '../../../src/domain/tenants/tenant-settings.ts';
import type { Tenant } from '../../../src/domain/tenants/tenants.ts';
import { createAddressLimits } from '../../../src/platform/address-limits.ts';
import { createDatabase, type Database } from '../../../src/platform/database.ts';
import { DomainError } from '../../../src/platform/errors.ts';
import { newId } from '../../../src/platform/ids.ts';
import { randomToken, sha256 } from '../../../src/platform/secrets.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { createTenant, createUser } from '../../support/factories.ts';
import { letPass } from './code-jobs.ts';

describe('the limits on sending codes and links', () => {
  let database: TestDatabase;
  let db: Database;
  let otherNode: Database;
  let north: string;
  let south: string;

  before(async () => {
    database = await createTestDatabase();
    db = createDatabase({ url: database.url, poolMax: 10 });
    otherNode = createDatabase({ url: database.url, poolMax: 10 });
    north = (await createTenant(db)).id;
    south = (await createTenant(db)).id;
  });
  beforeEach(() => db('rate_limits').delete());

  after(async () => {
    await db?.destroy();
    await otherNode?.destroy();
    await database?.drop();
  });

  let number = 0;
  const newEmail = () => `send-${++number}@example.com`;
  const newPhone = () => `+4179${String(5_550_000 + ++number)}`;
  const newIp = () => `2001:db8:${(++number).toString(16)}::1`;

  const send = (
    destination: string,
    overrides: Partial<Send> & { ip?: string; on?: Database; device?: Buffer; most?: number } = {},
  ) => {
    const { ip, on = db, device, most = 10, ...values } = overrides;
    const channel: Channel = destination.startsWith('+') ? 'sms' : 'email';
    const row = { id: newId(), tenantId: north, destination, channel, purpose: 'login' as const, ...values };
    const hashes = { challengeHash: sha256(randomToken()), codeHash: sha256(randomToken()), ...values };
    return on.transaction((trx) => recordSend(trx, { ...row, ...hashes }, { ip, device, mostUnanswered: most }));
  };
  const answer = (attempt: Promise<unknown>): Promise<string> =>
    attempt.then(
      () => 'sent',
      (error: unknown) => {
        assert.ok(error instanceof DomainError, String(error));
        return `${error.code}${error.params.seconds === undefined ? '' : ` ${error.params.seconds}`}`;
      },
    );
  const countOf = async (destination: string) =>
    Number((await db('otp_codes').where({ destination }).count())[0]?.count);
  /** A code that was used. */
  const consumeAll = (destination: string) =>
    db('otp_codes').where({ destination }).update({ consumedAt: db.fn.now() });

  /** Is refused for so many seconds, less what a slow machine has taken since. */
  async function toWait(destination: string, seconds: number, more: Parameters<typeof send>[1] = {}): Promise<void> {
    const said = await answer(send(destination, more));
    const left = Number(/^TOO_MANY_CODES (\d+)$/.exec(said)?.[1]);
    assert.ok(left <= seconds && left > seconds - 20, `${said}, not some ${seconds}`);
  }

  it('waits 30, 60, 120 and 300 seconds for the next one', async () => {
    const destination = newEmail();
    const waits = [30, 60, 120, 300, 300, 300];
    for (const wait of waits) {
      const { resendInSeconds, expiresAt } = await send(destination);
      assert.equal(resendInSeconds, wait);
      assert.ok(Math.abs(expiresAt.getTime() - Date.now() - 300_000) < 60_000);
      await toWait(destination, wait);
      await letPass(db, destination, `${wait - 20} seconds`);
      await toWait(destination, 20);
      await letPass(db, destination, '20 seconds');
    }
    assert.equal(await countOf(destination), waits.length);
  });

  it('does not make a person who used their code wait', async () => {
    const destination = newEmail();
    await send(destination);
    await consumeAll(destination);
    assert.equal((await send(destination)).resendInSeconds, 30);
  });

  it('sends a phone 5 an hour, an email address 7, and either 7 a day', async () => {
    const used = async (destination: string) => {
      await send(destination);
      await consumeAll(destination);
      await letPass(db, destination, '1 minute');
    };
    const phone = newPhone();
    for (let sent = 0; sent < 5; sent++) await used(phone);
    await toWait(phone, 3300);
    assert.match(await answer(send(phone, { channel: 'whatsapp' })), /^TOO_MANY_CODES/, 'the phone is counted');
    await letPass(db, phone, '55 minutes');
    for (let sent = 0; sent < 2; sent++) await used(phone);
    await letPass(db, phone, '1 hour');
    assert.match(await answer(send(phone)), /^TOO_MANY_CODES (7\d|8[0-2])\d{3}$/, 'seven a day');
    await letPass(db, phone, '23 hours');
    assert.equal(await answer(send(phone)), 'sent');

    const email = newEmail();
    for (let sent = 0; sent < 7; sent++) await used(email);
    assert.match(await answer(send(email)), /^TOO_MANY_CODES/);
    await letPass(db, email, '23 hours');
    assert.match(await answer(send(email)), /^TOO_MANY_CODES/, 'seven a day');
    await letPass(db, email, '1 hour');
    assert.equal(await answer(send(email)), 'sent');
  });

  it('keeps some of the day for recovery and for browsers of the person, whatever strangers ask for', async () => {
    const email = newEmail();
    const user = await createUser(db, { tenantId: north, email });
    const device = randomBytes(32);
    const session = { id: newId(), tenantId: north, userId: user.id, deviceFingerprint: device };
    const rest = { expiresAt: new Date(Date.now() + 60_000), oidcSessionUidHash: randomBytes(32) };
    await db('user_sessions').insert({ ...session, ...rest });
    const link = { purpose: 'reset_password' as const, challengeHash: null };

    // A day of strangers, each with a browser of their own, who ask whenever it is due.
    let [codes, links] = [0, 0];
    for (let minute = 0; minute < 24 * 60; minute += 10) {
      if ((await answer(send(email, { device: randomBytes(32) }))) === 'sent') codes += 1;
      else if (codes === 7 && (await answer(send(email, link))) === 'sent') links += 1;
      await letPass(db, email, minute < 120 ? '10 minutes' : '1 second');
    }
    assert.deepEqual([codes, links], [7, 1]);
    assert.match(await answer(send(email)), /^TOO_MANY_CODES/);
    assert.equal(await answer(send(email, { device })), 'sent');
    // A wait of its own.
    await toWait(email, 30, { device });
    await letPass(db, email, '30 seconds');
    assert.equal(await answer(send(email, { device })), 'sent');
    await letPass(db, email, '1 hour');
    assert.match(await answer(send(email, { device })), /^TOO_MANY_CODES/, 'ten a day in all');
    assert.equal(await countOf(email), 10);
  });

  it('counts a destination over all tenants and purposes, links as well', async () => {
    const destination = newEmail();
    await send(destination);
    assert.match(await answer(send(destination, { tenantId: south })), /^TOO_MANY_CODES/);
    assert.match(await answer(send(destination, { tenantId: null })), /^TOO_MANY_CODES/);
    const link = { purpose: 'reset_password' as const, challengeHash: null };
    assert.match(await answer(send(destination, link)), /^TOO_MANY_CODES/);
    await letPass(db, destination, '30 seconds');
    const { expiresAt, resendInSeconds } = await send(destination, link);
    assert.equal(resendInSeconds, 60);
    assert.ok(Math.abs(expiresAt.getTime() - Date.now() - 1_800_000) < 60_000);
  });

  it('lets one of 60 at once through, on two nodes', async () => {
    const destination = newEmail();
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, index) => answer(send(destination, { on: index % 2 ? db : otherNode }))),
    );
    assert.equal(answers.filter((text) => text === 'sent').length, 1);
    assert.equal(answers.filter((text) => text.startsWith('TOO_MANY_CODES')).length, 59);
    assert.equal(await countOf(destination), 1);
  });

  /** How many of so many at once went out. */
  async function sentOf(ips: readonly string[]): Promise<number> {
    const answers = await Promise.all(
      ips.map((ip, index) => answer(send(newEmail(), { ip, on: index % 2 ? db : otherNode }))),
    );
    for (const text of answers) assert.match(text, /^(?:sent|TOO_MANY_ATTEMPTS (?:3[56]\d\d))$/);
    return answers.filter((text) => text === 'sent').length;
  }

  it('sends for an IP address as many an hour as nobody uses, for an IPv6 one by its /64, /56 and /48', async () => {
    assert.equal(await sentOf(Array.from({ length: 50 }, () => '192.0.2.7')), 10);
    const inOne = (bits: (index: string) => string) =>
      sentOf(Array.from({ length: 60 }, (_, index) => bits(index.toString(16).padStart(2, '0'))));
    assert.equal(await inOne((index) => `2001:db8:77:100::${index}`), 10);
    assert.equal(await inOne((index) => `2001:db8:77:1${index}::1`), 10, 'twenty in the /56');
    assert.equal(await inOne((index) => `2001:db8:77:${index}00::1`), 20, 'forty in the /48');
    assert.equal(await sentOf(['2001:db8:78::1']), 1);
    await db.raw(`update otp_codes set created_at = created_at - interval '1 hour' where ip = '192.0.2.7'`);
    assert.equal(await sentOf(['192.0.2.7']), 1);
  });

  it('gives back for an IP address what was used: a school of hundreds goes on all hour', async () => {
    const ip = newIp();
    for (let person = 0; person < 300; person++) {
      // The tenant's own limit is by the minute.
      if (person % 100 === 0) await db('rate_limits').delete();
      const email = newEmail();
      assert.equal(await answer(send(email, { ip })), 'sent', String(person));
      await db('otp_codes').where({ destination: email }).update({ consumedAt: db.fn.now() });
    }
    await db('rate_limits').delete();
    assert.equal(await sentOf(Array.from({ length: 20 }, () => ip)), 10);
  });

  it('counts at no address what goes out at a browser of the person, nor in a network that is trusted', async () => {
    const ip = newIp();
    const email = newEmail();
    const user = await createUser(db, { tenantId: north, email });
    const device = randomBytes(32);
    const session = { id: newId(), tenantId: north, userId: user.id, deviceFingerprint: device };
    const rest = { expiresAt: new Date(Date.now() + 60_000), oidcSessionUidHash: randomBytes(32) };
    await db('user_sessions').insert({ ...session, ...rest });
    assert.equal(await sentOf(Array.from({ length: 11 }, () => ip)), 10);
    assert.equal(await answer(send(email, { ip, device })), 'sent');

    const tenant = {
      settings: parseTenantSettings({ addressLimits: { trustedNetworks: ['2001:db8::/32'], codes: 4 } }),
    };
    const limits = createAddressLimits({ trustedNetworks: ['192.0.2.0/24'], numbers: { codesPerIp: 30 } });
    const most = (from: string, at: Pick<Tenant, 'settings'> | null) =>
      askerOf({ limits, caller: { ...systemCaller, ip: from } }, at && { ...({} as Tenant), ...at }).mostUnanswered;
    assert.equal(most('192.0.2.9', null), undefined);
    assert.equal(most('2001:db8:1::1', null), 30);
    assert.equal(most('2001:db8:1::1', tenant), undefined);
    assert.equal(most('198.51.100.1', tenant), 4, 'a tenant may ask for less');
    assert.equal(
      most('198.51.100.1', { settings: parseTenantSettings({ addressLimits: { codes: 40 } }) }),
      30,
      'and not for more',
    );
  });

  it('counts for an IP address only what was sent', async () => {
    const destination = newEmail();
    const ip = newIp();
    await send(destination, { ip });
    for (let tries = 0; tries < 20; tries++) assert.match(await answer(send(destination, { ip })), /^TOO_MANY_CODES/);
    const answers = await Promise.all(Array.from({ length: 12 }, () => answer(send(newEmail(), { ip }))));
    assert.equal(answers.filter((text) => text === 'sent').length, 9);
  });

  it('sends for a tenant 100 a minute', async () => {
    const answers = await Promise.all(Array.from({ length: 130 }, () => answer(send(newEmail(), { tenantId: south }))));
    assert.equal(answers.filter((text) => text === 'sent').length, 100);
    assert.equal(answers.filter((text) => /^TOO_MANY_CODES ([1-9]|[1-5]\d|60)$/.test(text)).length, 30);
    assert.equal(await answer(send(newEmail())), 'sent', 'of another tenant');
    assert.equal(await answer(send(newEmail(), { tenantId: null })), 'sent');
    assert.equal(Number((await db('otp_codes').where({ tenantId: south }).count())[0]?.count), 100);
  });

  it('writes no row for what is refused, and wants a transaction', async () => {
    const before = Number((await db('otp_codes').count())[0]?.count);
    const ip = newIp();
    await db('rate_limits').insert({
      key: `codesPerTenant:${sha256(north).toString('base64url')}`,
      hits: 100,
      windowEndsAt: new Date(Date.now() + 60_000),
    });
    assert.match(await answer(send(newEmail(), { ip })), /^TOO_MANY_CODES/);
    assert.equal(Number((await db('otp_codes').count())[0]?.count), before);
    const row = { id: newId(), tenantId: north, destination: newEmail(), channel: 'email', purpose: 'login' } as const;
    const hashes = { challengeHash: sha256('a'), codeHash: sha256('b') };
    await assert.rejects(recordSend(db, { ...row, ...hashes }, { mostUnanswered: undefined }), /transaction/);
  });

  describe('where nobody answers', () => {
    const prefix = '+44770';
    /** Messages to as many numbers of the prefix that a provider took, some of which were used. */
    const addSent = (count: number, consumed: number, overrides: Record<string, unknown> = {}) =>
      db('otp_codes').insert(
        Array.from({ length: count }, (_, index) => ({
          id: newId(),
          tenantId: north,
          destination: `${prefix}09${String(10_000 + ++number)}`,
          channel: 'sms',
          purpose: 'login',
          prefix: '+44770',
          challengeHash: sha256(randomToken()),
          codeHash: sha256(randomToken()),
          sentAt: db.raw(`now() - interval '1 hour'`),
          createdAt: db.raw(`now() - interval '1 hour'`),
          expiresAt: db.raw(`now() - interval '55 minutes'`),
          consumedAt: index < consumed ? db.raw(`now() - interval '59 minutes'`) : null,
          ...overrides,
        })),
      );
    const toPrefix = (tenantId: string | null = north, purpose: Send['purpose'] = 'login') =>
      answer(send('+447700900123', { tenantId, purpose }));
    beforeEach(() => db('otp_codes').where({ prefix: '+44770' }).delete());

    it('names the operator’s range of a number', () => {
      assert.equal(phonePrefix('+447700900123'), '+44770');
      assert.equal(phonePrefix('+12025550143'), '+1202');
      assert.equal(phonePrefix('+41795550102'), '+41795');
    });

    it('stops sending to the prefix', async () => {
      await addSent(19, 0);
      assert.equal(await toPrefix(), 'sent');
      await db('otp_codes').where({ destination: '+447700900123' }).delete();
      await addSent(1, 0);
      assert.equal(await toPrefix(), 'PHONE_NOT_SUPPORTED');
      assert.equal(await answer(send('+41795550102')), 'sent', 'another prefix');
      assert.equal(await toPrefix(south), 'sent', 'another tenant');
      await db('otp_codes').where({ destination: '+447700900123' }).delete();
      assert.equal(await toPrefix(null), 'sent', 'no tenant');
    });

    it('goes on where a fifth of the messages are answered', async () => {
      await addSent(20, 3);
      assert.equal(await toPrefix(), 'PHONE_NOT_SUPPORTED');
      await addSent(1, 1);
      assert.equal(await toPrefix(), 'PHONE_NOT_SUPPORTED', '4 of 21');
      await addSent(1, 1);
      assert.equal(await toPrefix(), 'sent');
    });

    it('starts again when they are a day old', async () => {
      await addSent(30, 0);
      assert.equal(await toPrefix(), 'PHONE_NOT_SUPPORTED');
      await db.raw(
        `update otp_codes set created_at = created_at - interval '22 hours 58 minutes' where prefix = '+44770'`,
      );
      assert.equal(await toPrefix(), 'PHONE_NOT_SUPPORTED');
      await db.raw(`update otp_codes set created_at = created_at - interval '3 minutes' where prefix = '+44770'`);
      assert.equal(await toPrefix(), 'sent');
    });

    it('stops sign-ups alone where strangers asked for those, and sign-ins alone where for those', async () => {
      await addSent(20, 0, { purpose: 'sign_up' });
      assert.equal(await toPrefix(north, 'sign_up'), 'PHONE_NOT_SUPPORTED');
      assert.equal(await toPrefix(), 'sent');
      await db('otp_codes').where({ prefix: '+44770' }).delete();
      await addSent(20, 0, { purpose: 'reset_password', challengeHash: null });
      assert.equal(await toPrefix(), 'PHONE_NOT_SUPPORTED');
      assert.equal(await toPrefix(north, 'sign_up'), 'sent');
    });

    it('counts numbers and not messages, so that nobody stops it by a number of theirs', async () => {
      await addSent(19, 0);
      await addSent(10, 0, { destination: `${prefix}0900001` });
      assert.equal(await toPrefix(), 'PHONE_NOT_SUPPORTED', '20 numbers');
      await db('otp_codes').where({ prefix: '+44770' }).delete();
      await addSent(18, 0);
      for (const last of [1, 2]) await addSent(10, 0, { destination: `${prefix}090000${last}` });
      await db('otp_codes')
        .where({ destination: `${prefix}0900001` })
        .update({ consumedAt: db.fn.now() });
      assert.equal(await toPrefix(), 'PHONE_NOT_SUPPORTED', 'one of 20 answered, ten times');
      await db('otp_codes').where({ prefix: '+44770' }).delete();
      for (const last of [1, 2]) await addSent(10, 0, { destination: `${prefix}090000${last}` });
      assert.equal(await toPrefix(), 'sent');
    });

    it('counts what a provider took, and gives it time to be answered', async () => {
      await addSent(30, 0, { sentAt: null });
      await addSent(30, 0, { sentAt: null, failedAt: db.fn.now() });
      await addSent(30, 0, { createdAt: db.raw(`now() - interval '4 minutes'`) });
      assert.equal(await toPrefix(), 'sent');
    });
  });
});
