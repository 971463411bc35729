/** What the features declare each for itself, and what has to hold over all of them together. */
import assert from 'node:assert/strict';
import { declaredPurposes } from './support/declared.ts';

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
