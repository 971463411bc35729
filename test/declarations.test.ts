/** What the features declare each for itself, and what has to hold over all of them together. */
import assert from 'node:assert/strict';
import type { Limit } from '../src/platform/rate-limits.ts';
import { declared, declaredPurposes } from './support/declared.ts';

describe('the purposes of secrets', () => {
  it('keep their names: what is sealed or signed under one opens under no other', () => {
    assert.deepEqual(declaredPurposes().sort(), [
      'address-challenges',
      'client-placeholders',
      'cookies',
      'dpop-nonces',
      'federation',
      'identity-providers',
      'messages',
      'one-time-codes',
      'page-tokens',
      'payloads',
      'refresh-successors',
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
