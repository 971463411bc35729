import assert from 'node:assert/strict';
import { availableChannels, configuredChannels, idleChoices } from '../../../src/domain/messages/available-channels.ts';
import {
  allowedCountries,
  budgetSubject,
  checkPhone,
  dailyBudget,
  isBudgetUsedUp,
} from '../../../src/domain/messages/phone-policy.ts';
import { parseTenantSettings, type TenantSettingsInput } from '../../../src/domain/tenants/tenant-settings.ts';
import { createDatabase, type Database } from '../../../src/platform/database.ts';
import { budgetLeft, giveBack, spendBudget } from '../../../src/platform/rate-limits.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';

const settings = (chosen: TenantSettingsInput = {}) => parseTenantSettings(chosen);
const everywhere = ['FR', 'CH', 'US', 'GB', 'SE', 'DE', 'RU', 'KZ'];

describe('the countries of a tenant', () => {
  it('are its own within those of the server, and none by default', () => {
    assert.deepEqual(allowedCountries(settings(), ['FR']), []);
    assert.deepEqual(allowedCountries(settings({ countryList: ['FR', 'SE'] }), ['FR', 'CH']), ['FR']);
    assert.deepEqual(allowedCountries(settings({ countryList: ['FR', 'SE'] }), []), ['FR', 'SE']);
    assert.deepEqual(allowedCountries(null, ['FR', 'CH']), ['FR', 'CH']);
    assert.deepEqual(allowedCountries(null, []), []);
  });
});

describe('a number for messages', () => {
  const tenant = settings({ countryList: everywhere });
  const check = (phone: string, countries = everywhere, of: typeof tenant | null = tenant) =>
    checkPhone(phone, { serverCountries: countries, tenant: of });
  const refused = { name: 'DomainError', kind: 'invalid', code: 'PHONE_NOT_SUPPORTED' };

  for (const phone of [
    '+33612345678',
    '+41791234567',
    '+12025550123',
    '+447400123456',
    '+46701234567',
    '+491701234567',
  ])
    it(`may be ${phone}`, () => assert.doesNotThrow(() => check(phone)));

  const never: [string, string][] = [
    ['of a fixed line', '+33142278186'],
    ['of a premium rate (France)', '+33899123456'],
    ['of a premium rate (Britain)', '+449098790000'],
    ['of a premium rate (North America)', '+19002345678'],
    ['of a premium rate (Switzerland)', '+41900123456'],
    ['of shared cost', '+33810123456'],
    ['free of charge', '+18002345678'],
    ['of Internet telephony', '+33912345678'],
    ['of a pager', '+447640123456'],
    ['of a person wherever they are', '+447012345678'],
    ['of an international premium service', '+979123456789'],
    ['of a satellite', '+881612345678'],
    ['of a network without a country', '+883510012345678'],
    ['that nobody can have', '+33012345678'],
    ['too short', '+3361234'],
    ['no number', 'ada@example.test'],
    ['without its plus', '33612345678'],
    ['empty', ''],
  ];
  for (const [what, phone] of never) it(`is never one ${what}`, () => assert.throws(() => check(phone), refused));

  it('is in a country of the tenant and of the server', () => {
    assert.throws(() => check('+33612345678', ['CH']), refused);
    assert.throws(() => check('+33612345678', ['FR'], settings()), refused);
    assert.throws(() => check('+33612345678', ['FR'], settings({ countryList: ['CH'] })), refused);
    assert.doesNotThrow(() => check('+33612345678', [], settings({ countryList: ['FR'] })));
    assert.doesNotThrow(() => check('+33612345678', ['FR'], null));
    assert.throws(() => check('+33612345678', [], null), refused);
  });

  it('is in its own country where several share a code', () => {
    // +1 is the United States, Canada and much of the Caribbean; +7 Russia and Kazakhstan.
    const dear = ['+18764123456', '+18096123456', '+16135550123'];
    for (const phone of dear) assert.throws(() => check(phone, ['US'], settings({ countryList: ['US'] })), refused);
    assert.throws(() => check('+77011234567', ['RU'], settings({ countryList: ['RU'] })), refused);
    assert.doesNotThrow(() => check('+77011234567', ['KZ'], settings({ countryList: ['KZ'] })));
  });
});

describe('the channels that are configured', () => {
  it('have a sender each', () => {
    const mail = { smtpUrl: undefined, toFiles: false };
    const smsFrom = '+15005550006';
    const whatsappFrom = '+15005550007';
    const none = { mail, phone: { twilio: undefined } };
    assert.deepEqual(configuredChannels(none), []);
    assert.deepEqual(configuredChannels({ ...none, mail: { ...mail, toFiles: true } }), ['email']);
    assert.deepEqual(configuredChannels({ ...none, mail: { ...mail, smtpUrl: 'smtp://mail.example' } }), ['email']);
    const by = (twilio: object) =>
      configuredChannels({ mail, phone: { twilio: { smsFrom: undefined, whatsappFrom: undefined, ...twilio } } });
    assert.deepEqual(by({}), []);
    assert.deepEqual(by({ smsFrom }), ['sms']);
    assert.deepEqual(by({ whatsappFrom }), ['whatsapp']);
    assert.deepEqual(by({ smsFrom, whatsappFrom }), ['sms', 'whatsapp']);
  });

  it('and the countries of the server make some choices of a tenant idle', () => {
    const change = { countryList: ['CH', 'GB'], codeChannels: ['email' as const, 'sms' as const] };
    const server = { channels: ['email' as const], countries: ['CH'] };
    assert.deepEqual(idleChoices(change, server), { countries: ['GB'], channels: ['sms'] });
    assert.deepEqual(idleChoices(change, { ...server, countries: [] }).countries, []);
    assert.deepEqual(idleChoices({}, server), { countries: [], channels: [] });
  });
});

describe('the channels that are offered', () => {
  const all = ['email', 'sms', 'whatsapp'] as const;
  it('have a provider, are allowed by the tenant, and for phones lead somewhere', () => {
    const french = settings({ countryList: ['FR'] });
    assert.deepEqual(availableChannels(all, french, ['FR']), ['email', 'sms', 'whatsapp']);
    assert.deepEqual(availableChannels(all, settings(), ['FR']), ['email']);
    assert.deepEqual(availableChannels(all, french, ['CH']), ['email']);
    assert.deepEqual(availableChannels(['email', 'whatsapp'], french, []), ['email', 'whatsapp']);
    assert.deepEqual(availableChannels([], french, ['FR']), []);
    assert.deepEqual(availableChannels(all, settings({ countryList: ['FR'], codeChannels: ['sms'] }), []), ['sms']);
    assert.deepEqual(availableChannels(all, settings({ codeChannels: [] }), []), []);
    assert.deepEqual(availableChannels(all, null, ['FR']), ['email', 'sms', 'whatsapp']);
    assert.deepEqual(availableChannels(all, null, []), ['email']);
  });
});

describe('a daily budget', () => {
  const budgets = { email: 100, phone: 10 };
  let database: TestDatabase;
  let db: Database;
  let other: Database;
  before(async () => {
    database = await createTestDatabase();
    db = createDatabase({ url: database.url, poolMax: 8 });
    other = createDatabase({ url: database.url, poolMax: 8 });
  });
  after(async () => {
    await Promise.all([db?.destroy(), other?.destroy()]);
    await database?.drop();
  });

  const owner = (id: string, dailyPhoneMessages: number | null = null) => ({
    id,
    settings: settings({ dailyPhoneMessages }),
  });

  async function spend(times: number, subject: string, daily: number): Promise<number> {
    const results = await Promise.all(
      Array.from({ length: times }, (_, index) => spendBudget(index % 2 ? db : other, subject, daily)),
    );
    return results.filter(Boolean).length;
  }

  it('is that of the server, narrowed and never widened by the tenant', () => {
    assert.equal(dailyBudget('phone', owner('a'), budgets), 10);
    assert.equal(dailyBudget('phone', owner('a', 3), budgets), 3);
    assert.equal(dailyBudget('phone', owner('a', 0), budgets), 0);
    assert.equal(dailyBudget('phone', owner('a', 1_000), budgets), 10);
    assert.equal(dailyBudget('phone', null, budgets), 10);
    assert.equal(dailyBudget('email', owner('a', 3), budgets), 100);
  });

  it('gives exactly what is in it, of many at once on two nodes', async () => {
    assert.equal(await spend(60, 'phone:many', 17), 17);
    assert.equal(await budgetLeft(db, 'phone:many', 17), 0);
    assert.equal(await spend(5, 'phone:others', 17), 5);
  });

  it('gives nothing where there is nothing', async () => {
    assert.equal(await spend(3, 'phone:nothing', 0), 0);
    assert.equal(await isBudgetUsedUp(db, 'phone', owner('nobody', 0), budgets), true);
  });

  it('follows a change in the course of the day, both ways', async () => {
    assert.equal(await spend(10, 'phone:changed', 4), 4);
    assert.equal(await spend(10, 'phone:changed', 6), 2);
    assert.equal(await spend(10, 'phone:changed', 3), 0);
    assert.equal(await spend(10, 'phone:changed', 7), 1);
  });

  it('is used up for everybody of a tenant, by kind, and nobody else', async () => {
    const tenant = owner('0190aaaa-0000-7000-8000-000000000001');
    assert.equal(await isBudgetUsedUp(db, 'phone', tenant, budgets), false);
    await spend(10, budgetSubject('phone', tenant.id), 10);
    assert.equal(await isBudgetUsedUp(db, 'phone', tenant, budgets), true);
    assert.equal(await isBudgetUsedUp(db, 'email', tenant, budgets), false);
    assert.equal(await isBudgetUsedUp(db, 'phone', null, budgets), false);
  });

  it('begins again after a day', async () => {
    await spend(5, 'phone:tomorrow', 5);
    await db('rate_limits')
      .where({ key: 'budget:phone:tomorrow' })
      .update({ windowEndsAt: db.raw('now()') });
    assert.equal(await budgetLeft(db, 'phone:tomorrow', 5), 5);
    assert.equal(await spend(9, 'phone:tomorrow', 5), 5);
    const { seconds } = await db('rate_limits')
      .where({ key: 'budget:phone:tomorrow' })
      .first(db.raw('extract(epoch from window_ends_at - now())::integer as seconds'));
    assert.ok(seconds > 86_000 && seconds <= 86_400);
  });

  it('takes back what was not used, once it is of the same day', async () => {
    const spent = await spendBudget(db, 'phone:back', 1);
    assert.ok(spent);
    await giveBack(db, spent);
    assert.equal(await budgetLeft(db, 'phone:back', 1), 1);
    await giveBack(db, spent);
    assert.equal(await budgetLeft(db, 'phone:back', 1), 1, 'never more than there was');

    const yesterday = await spendBudget(db, 'phone:back', 1);
    assert.ok(yesterday);
    await db('rate_limits')
      .where({ key: 'budget:phone:back' })
      .update({ windowEndsAt: db.raw('now()') });
    await spendBudget(db, 'phone:back', 1);
    await giveBack(db, yesterday);
    assert.equal(await budgetLeft(db, 'phone:back', 1), 0);
  });
});
