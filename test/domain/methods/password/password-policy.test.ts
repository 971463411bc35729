import assert from 'node:assert/strict';
import { checkNewPassword, normalizePassword } from '../../../../src/domain/methods/password/password-policy.ts';

const person = {
  email: 'zoe.hartmann@brightwater.example',
  phone: '+41795550102',
  fullName: 'Zoë Hartmann',
  givenName: 'Zoë',
  familyName: 'Hartmann',
  tenantName: 'Acme Tools',
  tenantSlug: 'acme',
};

function refusal(password: string, personal = {}): string | undefined {
  try {
    checkNewPassword(password, personal);
    return undefined;
  } catch (error) {
    return (error as { code: string }).code;
  }
}

describe('the password policy', () => {
  it('takes 8 to 128 characters of any kind, and asks for no mixture', () => {
    for (const password of [
      'qmvzkwty',
      'lantern orbit velvet',
      ' \u00a0spaces around\u00a0 ',
      'пять зелёных чаек',
      '七つの海を越えて行く',
      'שלום עולם קטן',
      '🦊🌵🛶🎻🧊🪁🥁🗿',
      'tab\tand\0nul and more',
      'k7#mQ2!vL0',
      `${'violet-'.repeat(18)}xy`,
    ])
      assert.equal(refusal(password), undefined, password);
  });

  it('counts code points, not bytes and not UTF-16 units', () => {
    assert.equal(refusal('🦊🌵🛶🎻🧊🪁🥁'), 'PASSWORD_TOO_SHORT');
    assert.equal(refusal('qmvzkwt'), 'PASSWORD_TOO_SHORT');
    assert.equal(refusal(''), 'PASSWORD_TOO_SHORT');
    const emoji = '🦊🌵🛶🎻🧊🪁🥁🗿'.repeat(20);
    assert.equal(refusal([...emoji].slice(0, 128).join('')), undefined);
    assert.equal(refusal([...emoji].slice(0, 129).join('')), 'PASSWORD_TOO_LONG');
    assert.equal(refusal('a1b'.repeat(2_000_000)), 'PASSWORD_TOO_LONG');
  });

  it('sees one text in its two encodings as one password, and never cuts it', () => {
    assert.equal(normalizePassword('Ame\u0301lie-ﬁord'), normalizePassword('Am\u00e9lie-fiord'));
    const longest = '\u1f82'.repeat(128);
    assert.equal(normalizePassword(longest.normalize('NFD')), longest);
    assert.equal(normalizePassword(`${longest}x`), undefined);
    assert.equal(normalizePassword('  x  '), '  x  ');
    // One character to people, 18 to NFKC: still counted as what is hashed.
    assert.equal(normalizePassword('\ufdfa'.repeat(8)), undefined);
  });

  it('refuses what is common, leaked or a mere pattern, however it is decorated', () => {
    for (const password of [
      'password123',
      'PASSWORD123',
      'Password123!',
      'p@ssw0rd',
      'qwertyuiop',
      'iloveyou',
      '1234567890',
      'trustno1!!',
      'aaaaaaaaaaaa',
      'abcabcabcabc',
      'dragondragon',
      'abcdefghij',
      '987654321',
      'ｐａｓｓｗｏｒｄ１２３',
      'abdominal',
    ])
      assert.equal(refusal(password), 'PASSWORD_COMMON', password);
  });

  it('refuses what is made of the person’s own address, name, number or tenant', () => {
    for (const password of [
      'zoe.hartmann@brightwater.example',
      'ZoeHartmann-lantern-orbit',
      'zoe-HARTMANN-lantern-orbit',
      'Hartmann2024!',
      'my-hartmann-lantern',
      'acmetools-orbit-99',
      'Acme2024!',
      'zoë12345',
      'Zoe-Acme-77',
      'brightwater7',
      'x79555-0102x',
      'acme-acme-zoe',
    ])
      assert.equal(refusal(password, person), 'PASSWORD_CONTAINS_PERSONAL', password);
  });

  it('does not mind a short name that sits in a longer word by chance', () => {
    assert.equal(refusal('supermarket lantern', { givenName: 'Mark', email: 'mark@example.com' }), undefined);
    assert.equal(refusal('lantern orbit velvet', person), undefined);
    assert.equal(refusal('lantern orbit velvet', { email: null, fullName: '', tenantName: undefined }), undefined);
  });

  it('is not slowed down by what anybody can type', () => {
    // Work that grows faster than the text would outlast the test: the last one is as long as a form may be.
    for (const text of [
      'a'.repeat(128),
      '\u0301'.repeat(1024),
      '!'.repeat(64_000),
      '1a'.repeat(64),
      ` ${'.'.repeat(126)} `,
    ])
      refusal(text, { fullName: 'a '.repeat(100), email: `${'a.'.repeat(31)}a@example.com` });
  });
});
