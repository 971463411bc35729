import assert from 'node:assert/strict';
import {
  type ClaimMappingInput,
  checkClaimMapping,
  missingClaims,
  parseClaimMapping,
  readPerson,
} from '../../../../src/domain/methods/federation/claim-mapping.ts';
import { DomainError } from '../../../../src/platform/errors.ts';

const token = { iss: 'https://provider.example', sub: 'a subject' };

function read(claims: object, mapping: ClaimMappingInput = {}, userinfo = {}) {
  return readPerson(parseClaimMapping(mapping, token.iss), { ...token, ...claims }, userinfo);
}

describe('reading what a provider says of a person', () => {
  it('takes the standard claims, in the form in which we store them', () => {
    const person = read({
      email: ' Ada@Bücher.Example ',
      email_verified: true,
      name: ' Ada\n Lovelace ',
      given_name: 'Ada',
      family_name: 'Lovelace',
      picture: 'https://pictures.example/ada.png',
      locale: 'en_GB',
      hd: 'Northwind.Example',
    });
    assert.deepEqual(person, {
      issuer: token.iss,
      subject: token.sub,
      email: 'ada@xn--bcher-kva.example',
      emailVerified: true,
      hostedDomain: 'northwind.example',
      fullName: 'Ada Lovelace',
      givenName: 'Ada',
      familyName: 'Lovelace',
      pictureUrl: 'https://pictures.example/ada.png',
      locale: 'en-GB',
    });
  });

  it('counts nothing but true as verified', () => {
    for (const value of [false, 'true', 'false', 1, 'yes', null, undefined, {}, [true]])
      assert.equal(read({ email: 'a@example.test', email_verified: value }).emailVerified, false, String(value));
    assert.equal(read({ email_verified: true }).emailVerified, false, 'without an address');
    assert.equal(read({ email: 'not an address', email_verified: true }).emailVerified, false);
  });

  it('counts an address as verified only if its canonical form is the same mailbox', () => {
    const lookalikes = [
      '\u017fteve@corp.example',
      '\uff21da@corp.example',
      '\u212aim@corp.example',
      'o\ufb03ce@corp.example',
    ];
    for (const email of lookalikes) assert.equal(read({ email, email_verified: true }).emailVerified, false, email);
    for (const email of ['Ada.Lovelace@CORP.example', 'josé@corp.example', 'ada@Bücher.example'])
      assert.equal(read({ email, email_verified: true }).emailVerified, true, email);
  });

  it('counts what the mapping lists as verified, and never a no', () => {
    const mapping = { email_verified: 'xms_edov', email_verified_values: [true, 'true', 1, '1'] };
    for (const value of [true, 'true', 1, '1'])
      assert.equal(read({ email: 'a@example.test', xms_edov: value }, mapping).emailVerified, true, String(value));
    for (const value of [false, 'false', 0, '0', null, undefined])
      assert.equal(read({ email: 'a@example.test', xms_edov: value }, mapping).emailVerified, false, String(value));
    assert.equal(read({ email: 'a@example.test', email_verified: true }, mapping).emailVerified, false);
    for (const value of [false, 'false', 'False', ' no ', 0, '0', 'null'])
      assert.throws(() => checkClaimMapping({ email_verified_values: [value] }), DomainError, String(value));
  });

  it('takes an address and the word on it from one place', () => {
    const userinfo = { email: 'b@example.test', email_verified: true, name: 'B' };
    const both = read({ email: 'a@example.test' }, {}, userinfo);
    assert.deepEqual([both.email, both.emailVerified, both.fullName], ['a@example.test', false, 'B']);
    const theirs = read({ email_verified: false }, {}, userinfo);
    assert.deepEqual([theirs.email, theirs.emailVerified], ['b@example.test', true]);
  });

  it('takes the word on an address from userinfo where the token has the very address and no word', () => {
    const there = (said: object, userinfo: object) =>
      read({ email: 'a@example.test', ...said }, {}, userinfo).emailVerified;
    assert.equal(there({}, { email: 'a@example.test', email_verified: true }), true);
    assert.equal(there({}, { email: 'A@example.test', email_verified: true }), false);
    assert.equal(there({}, { email_verified: true }), false);
    assert.equal(there({ email_verified: false }, { email: 'a@example.test', email_verified: true }), false);
  });

  it('asks userinfo for what is missing, and says how much it matters', () => {
    const names = parseClaimMapping({}, token.iss);
    const all = { email: 'a@example.test', email_verified: false, name: 'A' };
    assert.equal(missingClaims(names, all), undefined);
    assert.equal(missingClaims(names, { ...all, name: undefined, given_name: 'A', family_name: 'B' }), undefined);
    assert.equal(missingClaims(names, { ...all, name: undefined, given_name: 'A' }), 'more');
    assert.equal(missingClaims(names, { ...all, email_verified: undefined }), 'more');
    assert.equal(missingClaims(names, { name: 'A' }), 'address');
    assert.equal(missingClaims(parseClaimMapping({ email: 'mail' }, token.iss), all), 'address');
  });

  it('counts an address at Entra ID by its claim for that alone, whatever was mapped', () => {
    const directory = 'https://login.microsoftonline.com/8d4a33de-5ec9-4f3a-9a1c-0a2d0f4a9b11/v2.0';
    for (const issuer of [
      directory,
      `${directory}/`,
      'https://login.microsoftonline.com/organizations/v2.0',
      'https://login.microsoftonline.us/common/v2.0',
      'https://northwind.ciamlogin.com/8d4a33de-5ec9-4f3a-9a1c-0a2d0f4a9b11/v2.0',
      'https://sts.windows.net/8d4a33de-5ec9-4f3a-9a1c-0a2d0f4a9b11/',
    ]) {
      const verified = (claims: object, mapping: ClaimMappingInput = {}) =>
        readPerson(parseClaimMapping(mapping, issuer), { ...token, email: 'ceo@victim.example', ...claims })
          .emailVerified;
      for (const yes of [true, 'true', 1, '1']) assert.equal(verified({ xms_edov: yes }), true, issuer);
      for (const no of [undefined, false, 0, '0', 'false', null])
        assert.equal(verified({ xms_edov: no }), false, issuer);
      assert.equal(verified({ email_verified: true }), false);
      assert.equal(verified({ email_verified: true }, { email_verified: 'email_verified' }), false);
      assert.equal(verified({ oid: '1' }, { email_verified: 'oid', email_verified_values: ['1'] }), false);
      const upn = { upn: 'ceo@victim.example', email: 'mine@attacker.example', xms_edov: true };
      assert.equal(verified(upn, { email: 'upn' }), false, 'the word is on the claim email');
    }
    const read = readPerson(parseClaimMapping({}, directory), { ...token, tid: 'A-Directory' });
    assert.equal(read.hostedDomain, 'a-directory');
  });

  it('takes the hosted domain from the signed token alone', () => {
    assert.equal(read({}, {}, { hd: 'northwind.example' }).hostedDomain, null);
    assert.equal(read({ tid: 'A-Tenant' }, { hosted_domain: 'tid' }).hostedDomain, 'a-tenant');
  });

  it('leaves out what is malformed, and lets it stop nobody', () => {
    const person = read({
      email: { toString: 'x' },
      name: ['Ada'],
      given_name: '\u202eada\0\u2028',
      family_name: 'x'.repeat(3_000),
      picture: 'javascript:alert(1)',
      locale: 'not a locale',
      hd: ['northwind.example'],
    });
    const { email, fullName, givenName, familyName, pictureUrl, locale, hostedDomain } = person;
    assert.deepEqual(
      [email, fullName, givenName, familyName, pictureUrl, locale, hostedDomain],
      [null, null, 'ada', null, null, null, null],
    );
    assert.equal([...(read({ name: '🙂'.repeat(400) }).fullName ?? '')].length, 200);
    assert.equal(read({ name: 'a\ud800b' }).fullName, 'a b');
    for (const picture of [
      'http://pictures.example/',
      'https://user:secret@pictures.example/',
      `https://x/${'y'.repeat(2_000)}`,
    ])
      assert.equal(read({ picture }).pictureUrl, null);
  });

  it('refuses a subject that is none', () => {
    for (const sub of [undefined, null, '', 7, 'with\0nul', 'é', 'x'.repeat(256), ' leading', ['a']])
      assert.throws(() => read({ sub }), { code: 'PROVIDER_REFUSED' }, String(sub));
    assert.equal(read({ sub: 'x'.repeat(255) }).subject.length, 255);
  });

  it('refuses to store a mapping that it does not understand', () => {
    const faults: [object, string][] = [
      [{ mail: 'email' }, 'claim_mapping.mail'],
      [{ email: '' }, 'claim_mapping.email'],
      [{ email: 7 }, 'claim_mapping.email'],
      [{ email_verified_values: [null] }, 'claim_mapping.email_verified_values.0'],
    ];
    for (const [mapping, field] of faults)
      assert.throws(() => checkClaimMapping(mapping), { code: 'INVALID_INPUT', params: { field } });
  });
});
