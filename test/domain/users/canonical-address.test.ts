import assert from 'node:assert/strict';
import { canonicalEmail, parseAddress, parseEmail, parsePhone } from '../../../src/domain/users/canonical-address.ts';

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

  it('tells the two kinds of address apart', () => {
    assert.deepEqual(parseAddress('A@example.com'), { email: 'a@example.com' });
    assert.deepEqual(parseAddress('+41 79 555 01 02'), { phone: '+41795550102' });
    assert.equal(parseAddress('alice'), undefined);
  });
});
