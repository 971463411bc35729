import assert from 'node:assert/strict';
import { newTotpSeed, stepOfCode, totpAddress, totpCode, totpStep } from '../../../src/domain/factors/totp.ts';

describe('codes of an authenticator app', () => {
  // RFC 6238 appendix B: the ASCII seed 12345678901234567890; the last six digits of its eight.
  const seed = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';

  for (const [seconds, code] of [
    [59, '287082'],
    [1_111_111_109, '081804'],
    [1_111_111_111, '050471'],
    [1_234_567_890, '005924'],
    [2_000_000_000, '279037'],
    [20_000_000_000, '353130'],
  ] as const)
    it(`are those of RFC 6238 at ${seconds} s`, () => {
      assert.equal(totpCode(seed, totpStep(new Date(seconds * 1000))), code);
    });

  it('count while the clock is one step off, either way, and no further', () => {
    const now = new Date('2026-11-28T12:00:10Z');
    const step = totpStep(now);
    const known = [-3, -2, -1, 0, 1, 2, 3].filter((off) => stepOfCode(seed, totpCode(seed, step + off), now));
    assert.deepEqual(known, [-1, 0, 1]);
    assert.equal(stepOfCode(seed, totpCode(seed, step - 1), now), step - 1);
    for (const clock of [-31, 31]) {
      const code = totpCode(seed, totpStep(new Date(now.getTime() + clock * 1000)));
      assert.notEqual(stepOfCode(seed, code, now), undefined, `a clock that is ${clock} s off`);
    }
    for (const clock of [-95, 95]) {
      const code = totpCode(seed, totpStep(new Date(now.getTime() + clock * 1000)));
      assert.equal(stepOfCode(seed, code, now), undefined, `a clock that is ${clock} s off`);
    }
  });

  it('are read as people type them, and nothing else is', () => {
    const now = new Date(59_000);
    assert.equal(stepOfCode(seed, ' 287 082', now), 1);
    for (const typed of ['', '28708', '2870821', '28708a', '٢٨٧٠٨٢'])
      assert.equal(stepOfCode(seed, typed, now), undefined);
  });

  it('have seeds of 160 bits, each another', () => {
    const seeds = new Set(Array.from({ length: 100 }, newTotpSeed));
    assert.equal(seeds.size, 100);
    for (const one of seeds) assert.match(one, /^[A-Z2-7]{32}$/);
  });

  it('are set up by an address that names the organisation and the account, whatever is in their names', () => {
    const address = totpAddress(seed, { account: 'ada@example.test', issuer: 'A: B & Sons' });
    const url = new URL(address);
    assert.equal(url.protocol, 'otpauth:');
    assert.equal(decodeURIComponent(url.pathname.replace(/^\/+totp\//, '')).split(':').length, 2);
    assert.equal(url.searchParams.get('secret'), seed);
    assert.equal(url.searchParams.get('issuer'), 'A  B & Sons');
  });
});
