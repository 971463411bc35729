import assert from 'node:assert/strict';
import { formatCsv, parseCsv } from '../../src/platform/csv.ts';

const cellsOf = (text: string) => parseCsv(text).map(({ cells }) => cells);

describe('tables as text', () => {
  it('are read with commas, semicolons and tabs, and any end of line', () => {
    for (const text of ['a,b\nc,d', 'a;b\r\nc;d\r\n', '\ufeffa\tb\rc\td'])
      assert.deepEqual(cellsOf(text), [
        ['a', 'b'],
        ['c', 'd'],
      ]);
  });

  it('have cells in quotes, with quotes, separators and line ends in them', () => {
    assert.deepEqual(cellsOf('"Larsson, Anna","say ""hi""","two\nlines"\nnext,,'), [
      ['Larsson, Anna', 'say "hi"', 'two\nlines'],
      ['next', '', ''],
    ]);
    assert.deepEqual(cellsOf('"a;b";c\n"d";e'), [
      ['a;b', 'c'],
      ['d', 'e'],
    ]);
  });

  it('tell on which line of the text a row begins, and leave out the empty ones', () => {
    assert.deepEqual(
      parseCsv('a,b\n\n"x\ny",c\n , \nz,d').map(({ line }) => line),
      [1, 3, 6],
    );
  });

  it('are read to the end whatever stands in them', () => {
    assert.deepEqual(cellsOf('a,"never closed\nb,c'), [['a', 'never closed\nb,c']]);
    assert.deepEqual(cellsOf('"closed" and more,b'), [['closed', 'b']]);
    assert.deepEqual(cellsOf(''), []);
    assert.deepEqual(cellsOf('a,'), [['a', '']]);
    for (const [text, rows] of [
      ['a\n'.repeat(200_000), 200_000],
      ['a,'.repeat(200_000), 1],
      [`${'"'.repeat(200_001)},x`, 1],
    ] as const)
      assert.equal(parseCsv(text).length, rows);
  });

  it('are written so that nothing in them is a formula', () => {
    const dangers = ['=1+1', '+41791234567', '-1', '@SUM(A1)', '\t=1', ' =1', '\r=1'];
    for (const danger of dangers) {
      const written = formatCsv([[danger, 'x']]);
      assert.match(written, /^\ufeff"?'/, JSON.stringify(danger));
    }
    assert.equal(formatCsv([['plain', 'a "b"', 'c,d', '']]), '\ufeffplain,"a ""b""","c,d",\r\n');
  });

  it('come back as they were written', () => {
    const rows = [
      ['name', 'what'],
      ['Larsson; "Anna"', 'two\nlines, and\ttabs'],
      ['', 'é ü 名'],
    ];
    assert.deepEqual(cellsOf(formatCsv(rows)), rows);
  });
});
