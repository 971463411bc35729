import assert from 'node:assert/strict';
import { DomainError } from '../../src/platform/errors.ts';

describe('a domain error', () => {
  it('keeps kind, code, params and cause', () => {
    const cause = new Error('why');
    const error = new DomainError('conflict', 'DUPLICATE', { field: 'slug', value: 'a' }, { cause });
    assert.deepEqual(
      { ...error },
      { name: 'DomainError', kind: 'conflict', code: 'DUPLICATE', params: { field: 'slug', value: 'a' } },
    );
    assert.equal(error.message, 'DUPLICATE');
    assert.equal(error.cause, cause);
  });

  it('has an empty object where a code needs no params', () => {
    assert.deepEqual(new DomainError('not_found', 'NOT_FOUND').params, {});
  });
});
