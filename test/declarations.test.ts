/** What the features declare each for itself, and what has to hold over all of them together. */
import assert from 'node:assert/strict';
import type { CodeDeclaration } from '../src/platform/errors.ts';
import type { Limit } from '../src/platform/rate-limits.ts';
import { declared, declaredPurposes, sourceTexts } from './support/declared.ts';

describe('the purposes of secrets', () => {
  it('keep their names: what is sealed or signed under one opens under no other', () => {
    assert.deepEqual(declaredPurposes().sort(), [
      'address-challenges',
      'client-placeholders',
      'cookies',
      'dpop-nonces',
      'federation',
      'first-setup-link',
      'identity-providers',
      'messages',
      'new-addresses',
      'new-second-factors',
      'one-time-codes',
      'page-tokens',
      'passkey-challenges',
      'payloads',
      'recovery-codes',
      'refresh-successors',
      'repeated-requests',
      'safety-links',
      'second-factors',
      'sign-in-failures',
      'signing-keys',
      'user-codes',
    ]);
  });
});

describe('the limits', () => {
  it('have each a name of its own: under one name two would share a count', async () => {
    const names = (await declared<Record<string, Limit>>('defineLimits')).flatMap(({ values }) => Object.keys(values));
    assert.ok(names.length > 10);
    assert.deepEqual(names.sort(), [...new Set(names)].sort());
  });

  it('are named where they are declared as they are counted', async () => {
    for (const { file, values } of await declared<Record<string, Limit>>('defineLimits'))
      for (const [name, limit] of Object.entries(values)) {
        assert.equal(limit.name, name, file);
        assert.ok(limit.hits > 0 && limit.windowSeconds > 0, name);
      }
  });
});

describe('the error codes', () => {
  it('are declared once, in words of one clause', async () => {
    const all = (await declared<Record<string, CodeDeclaration>>('defineCodes')).flatMap(({ values }) =>
      Object.entries(values),
    );
    const codes = all.map(([code]) => code);
    assert.deepEqual([...codes].sort(), [...new Set(codes)].sort());
    for (const [code, { means }] of all) assert.match(means, /^[a-z].*[^.\s]$/, code);
  });

  it('take part in the type that DomainError checks', async () => {
    for (const [file, text] of sourceTexts())
      for (const [, name] of text.matchAll(/^export const (\w+) = defineCodes\(/gm))
        assert.ok(text.includes(`interface ErrorCodes extends Codes<typeof ${name}> {}`), `${file}: ${name}`);
  });

  it('are all in use', async () => {
    const unused: string[] = [];
    const texts = [...sourceTexts().values()];
    for (const { values } of await declared<object>('defineCodes'))
      for (const code of Object.keys(values)) if (!texts.some((text) => text.includes(`'${code}'`))) unused.push(code);
    assert.deepEqual(unused, []);
  });
});
