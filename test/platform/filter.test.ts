import assert from 'node:assert/strict';
import { parseAttributePath, parseFilter } from '../../src/platform/filter.ts';
import { filterSql } from '../../src/platform/filter-sql.ts';

const refused = (error: { code?: string }) => {
  assert.equal(error.code, 'FILTER_INVALID');
  return true;
};

describe('filters', () => {
  it('are read with “and” before “or”, and with brackets before both', () => {
    const title = { kind: 'present', path: 'title' };
    const eq = (path: string, value: unknown) => ({ kind: 'compare', path, op: 'eq', value });
    assert.deepEqual(parseFilter('a eq 1 or b EQ "x" and title pr'), {
      kind: 'or',
      left: eq('a', 1),
      right: { kind: 'and', left: eq('b', 'x'), right: title },
    });
    assert.deepEqual(parseFilter('(a eq true or b eq null) and not (title pr)'), {
      kind: 'and',
      left: { kind: 'or', left: eq('a', true), right: eq('b', null) },
      right: { kind: 'not', filter: title },
    });
    assert.deepEqual(parseFilter('emails[type eq "work"]'), {
      kind: 'within',
      path: 'emails',
      filter: eq('type', 'work'),
    });
    // An attribute may be called as an operator is.
    assert.deepEqual(parseFilter('not eq "\\u00e9\\""'), eq('not', 'é"'));
  });

  it('are refused where they are no filters, are too long or too deep', () => {
    for (const text of [
      '',
      ' ',
      'a',
      'a eq',
      'a eq x',
      'a eq "x',
      'a eq "x" b',
      '(a pr',
      'a pr)',
      'a[b pr',
      'a.b.c pr',
      '1 eq 1',
      'a eq 1 and',
      'a eq "\\x"',
      'a eq "\\u0000"',
      'a eq ;',
      `a eq "${'x'.repeat(2_000)}"`,
      `${'('.repeat(12)}a pr${')'.repeat(12)}`,
      Array.from({ length: 41 }, () => 'a pr').join(' or '),
    ])
      assert.throws(() => parseFilter(text), refused, text.slice(0, 40));
  });

  it('are read in time that grows with their length alone', () => {
    for (const text of [
      ' '.repeat(1_999),
      '"'.repeat(1_999),
      `a eq "${'\\\\'.repeat(990)}`,
      'a.'.repeat(999),
      '['.repeat(1_999),
    ])
      assert.throws(() => parseFilter(text), refused);
  });

  it('are paths of a PATCH, with what is chosen and what of it', () => {
    assert.deepEqual(parseAttributePath('urn:x:2.0:User:manager'), { path: 'urn:x:2.0:User:manager' });
    const { path, filter, sub } = parseAttributePath('emails[type eq "a].b"].value');
    assert.deepEqual([path, sub], ['emails', 'value']);
    assert.equal(filter?.kind, 'compare');
    for (const text of ['', '[a pr]', 'a[b pr].', 'a[b pr].c.d', 'a[b pr]c', 'a b', 'a[]'])
      assert.throws(() => parseAttributePath(text), refused, text);
  });

  it('become conditions of columns that are known, with values that are bound', () => {
    const columns = { name: { type: 'text', sql: 't.name' }, id: { type: 'id', sql: 't.id' } } as const;
    const hostile = `' or true --`;
    const { sql, bindings } = filterSql(parseFilter(`NAME co ${JSON.stringify(hostile)}`), columns, 'urn:x');
    assert.ok(!sql.includes(hostile));
    assert.deepEqual(Object.values(bindings), [hostile]);
    assert.equal(filterSql(parseFilter('urn:x:id eq "nothing"'), columns, 'urn:x').sql, 'false');
    for (const text of ['other pr', 'constructor pr', '__proto__ pr', 'name eq 1', 'id co "x"', 'name.x pr'])
      assert.throws(() => filterSql(parseFilter(text), columns, 'urn:x'), refused, text);
  });
});
