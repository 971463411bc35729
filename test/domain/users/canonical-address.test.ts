import assert from 'node:assert/strict';
import { getCountries, getExampleNumber } from 'libphonenumber-js/max';
import examples from 'libphonenumber-js/mobile/examples';
import {
  canonicalEmail,
  canonicalPhone,
  parseAddress,
  parseEmail,
  parsePhone,
} from '../../../src/domain/users/canonical-address.ts';

describe('the canonical form of an address', () => {
  it('is one for every spelling of an email address', () => {
    const same = (canonical: string, ...spellings: string[]) => {
      for (const spelling of spellings) assert.equal(parseEmail(spelling), canonical, JSON.stringify(spelling));
    };
    same(
      'alice@example.com',
      'alice@example.com',
      '  Alice@EXAMPLE.com ',
      'ＡＬＩＣＥ@ｅｘａｍｐｌｅ．ｃｏｍ',
      '\u00a0alice@example.com',
      '\u200balice@example.com\u200b',
      '\ufeff \u2068alice@example.com\u2069 \u200e',
    );
    same(
      'zoe@xn--bcher-kva.example',
      'zoe@bücher.example',
      'zoe@BÜCHER.example',
      'zoe@XN--BCHER-KVA.example',
      'zoe@bu\u0308cher.example',
    );
    same('élodie@example.com', 'Élodie@example.com', 'e\u0301lodie@example.com', 'E\u0301LODIE@example.com');
    same('a@xn--wgv71a.example', 'a@日本。example');
    same(`o'brien+x@example.com`, `O'Brien+x@example.com`);
    same('admin@localhost', 'admin@localhost');
  });

  it('is stable: taken again it stays what it is', () => {
    for (const text of [
      'Alice@EXAMPLE.com',
      'İ@example.com',
      'ẞ@STRASSE.example',
      'Ǆ@faß.example',
      'ΟΔΟΣ@example.gr',
    ]) {
      const once = canonicalEmail(text);
      assert.equal(parseEmail(once), once);
    }
  });

  it('refuses what is no address, or would break out of a header', () => {
    const refused = [
      '',
      '@',
      'alice',
      'alice@',
      '@example.com',
      'a b@example.com',
      'a@b@example.com',
      'alice@example.com\r\nBcc: eve@example.com',
      'alice@example.com\n',
      'alice\0@example.com',
      '"alice"@example.com',
      'alice<x>@example.com',
      'a,b@example.com',
      'a;b@example.com',
      '.a@example.com',
      'a.@example.com',
      'a..b@example.com',
      'a@example..com',
      'a@example.com.',
      'a@-example.com',
      'a@exa_mple.com',
      'a@ex%61mple.com',
      'a@127.0.0.1',
      'a@0x7f.1',
      'a@[::1]',
      'a@xn--a',
      'a\u202eb@example.com',
      'a\u200bb@example.com',
      'ab\u200d@example.com',
      'ab@\u200bexample.com',
      'ab@exa\u00admple.com',
      '\ud800@example.com',
      `${'a'.repeat(65)}@example.com`,
      `a@${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(63)}.${'e'.repeat(63)}.com`,
      'x'.repeat(1_000_000),
      `${'@'.repeat(900)}`,
    ];
    for (const text of refused) assert.equal(parseEmail(text), undefined, JSON.stringify(text.slice(0, 80)));
    assert.throws(() => canonicalEmail('alice'), { kind: 'invalid', code: 'EMAIL_INVALID' });
  });

  it('takes the longest address there may be', () => {
    const address = (thirdLabel: number) =>
      `${'a'.repeat(64)}@${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(thirdLabel)}.ex`;
    assert.equal(address(58).length, 254);
    assert.equal(parseEmail(address(58)), address(58));
    assert.equal(parseEmail(address(59)), undefined);
  });

  it('reads a phone number in the ways people write it', () => {
    for (const text of ['+41 79 555 01 02', '+41-79-555-01-02', '+41 (79) 555.01.02', '＋４１７９５５５０１０２'])
      assert.equal(parsePhone(text), '+41795550102', text);
    for (const text of ['0795550102', '41795550102', '+0123456789', '+1234', '+41 79 555 01 02 x', '+1\n2345678', ''])
      assert.equal(parsePhone(text), undefined, text);
  });

  it('is one for every spelling of a phone number', () => {
    const same = (canonical: string, ...spellings: string[]) => {
      for (const spelling of spellings) assert.equal(parsePhone(spelling), canonical, JSON.stringify(spelling));
    };
    same(
      '+41795550102',
      '+41 079 555 01 02',
      '+41 (0)79 555 01 02',
      '+41/79/555/01/02',
      '\u202a+41 79 555 01 02\u202c',
      '\u200b+41\u206079\u200d555\ufeff01 02\u00ad',
      '+٤١٧٩٥٥٥٠١٠٢',
      '+۴۱۷۹۵۵۵۰۱۰۲',
      '+41 79–555–01–02',
    );
    same('+442079460018', '+44 (0)20 7946 0018', '+44 20 7946 0018');
    same('+12025550143', '+1 (202) 555-0143', '+1 1 202 555 0143');
    same('+79123456789', '+7 8 912 345 67 89', '+7 912 345-67-89');
    // Italy's zero belongs to the number.
    same('+390669812345', '+39 06 698 12345');
  });

  it('reads a national number where the countries agree on what it means', () => {
    const national: [string, string[], string | undefined][] = [
      ['079 555 01 02', ['CH'], '+41795550102'],
      ['079 555 01 02', ['CH', 'US'], '+41795550102'],
      ['０７９ ５５５ ０１ ０２', ['CH'], '+41795550102'],
      ['41 79 555 01 02', ['CH'], '+41795550102'],
      ['0041 79 555 01 02', ['CH'], '+41795550102'],
      ['(202) 555-0143', ['US', 'CA'], '+12025550143'],
      ['1 202 555 0143', ['US'], '+12025550143'],
      ['8 912 345 67 89', ['RU'], '+79123456789'],
      ['06 12 34 56 78', ['FR'], '+33612345678'],
      // Two countries, two numbers: nobody's.
      ['0795550102', ['CH', 'DE'], undefined],
      ['0795550102', [], undefined],
      ['0795550102', ['US'], undefined],
      ['0795550102', ['XX', 'ch', ''], undefined],
      ['555 01 02', ['CH'], undefined],
    ];
    for (const [text, countries, phone] of national)
      assert.equal(parsePhone(text, countries), phone, `${text} ${countries}`);
    assert.deepEqual(parseAddress('079 555 01 02', ['CH']), { phone: '+41795550102' });
    assert.equal(canonicalPhone('079 555 01 02', ['CH']), '+41795550102');
    assert.throws(() => canonicalPhone('079 555 01 02'), { kind: 'invalid', code: 'PHONE_INVALID' });
  });

  it('refuses extensions, letters, and what no country has', () => {
    const refused = [
      '+41 79 555 01 02 ext. 3',
      '+41795550102x3',
      '+41795550102;ext=3',
      '+41795550102,,3',
      '+41795550102#3',
      '1-800-FLOWERS',
      'tel:+41795550102',
      '+41795550102;phone-context=example.com',
      '+41 79 555 01 02\0',
      '+41795550102\r\n',
      '++41795550102',
      '+41+795550102',
      '4+1795550102',
      '+999123456789',
      '+41 7',
      '+4179555010234567',
      '+',
      '0',
      '9'.repeat(64),
      '9'.repeat(1_000_000),
      '+\u2160\u2161795550102',
    ];
    for (const text of refused)
      for (const countries of [[], ['CH', 'US']])
        assert.equal(parsePhone(text, countries), undefined, JSON.stringify(text.slice(0, 60)));
  });

  it('is stable for phone numbers', () => {
    for (const country of getCountries()) {
      const example = getExampleNumber(country, examples);
      if (!example) continue;
      const phone = parsePhone(example.number);
      assert.equal(phone, example.number, country);
      assert.equal(parsePhone(example.formatInternational()), phone, country);
      assert.equal(parsePhone(example.formatNational(), [country]), phone, country);
    }
  });

  it('tells the two kinds of address apart', () => {
    assert.deepEqual(parseAddress('A@example.com'), { email: 'a@example.com' });
    assert.deepEqual(parseAddress('+41 79 555 01 02'), { phone: '+41795550102' });
    assert.equal(parseAddress('alice'), undefined);
  });
});
