import assert from 'node:assert/strict';
import { functionLengths } from './function-lengths.ts';

const body = (count: number, indent = '  ') => Array(count).fill(`${indent}work();`).join('\n');

describe('measuring functions', () => {
  const measured = (text: string) => functionLengths(text).map(({ name, line, lines }) => [name, line, lines]);

  it('finds each kind of function, from its signature to its end', () => {
    const cases: [string, string, number][] = [
      [`export async function one(a: string): Promise<void> {\n${body(3)}\n}\n`, 'one', 5],
      [`function two(\n  a: string,\n  b: number,\n): void {\n${body(2)}\n}\n`, 'two', 7],
      [`function three({\n  a,\n  b,\n}: Options): void {\n${body(2)}\n}\n`, 'three', 7],
      [`function four<T>(\n  { a }: Options,\n): { b: string } {\n${body(1)}\n}\n`, 'four', 5],
      [`const five = async (a) => {\n${body(4)}\n};\n`, 'five', 6],
      [`const six: Handler = ({ a }) => ({\n${body(2)}\n});\n`, 'six', 4],
      [`router.get('/', async (ctx) => {\n${body(2)}\n});\n`, 'router.get', 4],
      [`class C {\n  async seven(a: string): Promise<void> {\n${body(2, '    ')}\n  }\n}\n`, 'seven', 4],
      [`const o = {\n  eight({ a }) {\n${body(2, '    ')}\n  },\n};\n`, 'eight', 4],
    ];
    for (const [text, name, lines] of cases) {
      const [found, ...more] = functionLengths(text);
      assert.deepEqual([found?.name, found?.lines, more.length], [name, lines, 0], text);
    }
  });

  it('finds what stands inside another', () => {
    const text = `function outer(): void {\n  const inner = () => {\n${body(2, '    ')}\n  };\n  inner();\n}\n`;
    assert.deepEqual(measured(text), [
      ['outer', 1, 7],
      ['inner', 2, 4],
    ]);
  });

  it('takes no block, loop or literal for a function', () => {
    for (const head of ['if (a) {', 'for (const a of b) {', 'while (true) {', 'try {', 'switch (a) {', 'const a = {'])
      assert.deepEqual(measured(`${head}\n${body(3)}\n}\n`), [], head);
    assert.deepEqual(measured(`if (\n  a &&\n  b\n) {\n${body(3)}\n}\n`), []);
    assert.deepEqual(measured('try {\n  a();\n} catch (error) {\n  b();\n}\n'), []);
    assert.deepEqual(measured('if (a) {\n  b();\n} else if (c) {\n  d();\n}\n'), []);
  });
});
