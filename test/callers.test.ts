/** Every rule that the domain exports is called by the program: one that nobody reaches is either forgotten or dead. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

function filesOf(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `${folder}/${name.split(sep).join('/')}`)
    .sort();
}

/** Without comments, so that a mention is no call. */
function codeOf(file: string): string {
  return readFileSync(join(root, file), 'utf8')
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/(^|\s)\/\/ .*$/gm, '$1');
}

describe('the rules of the domain', () => {
  const program = [...filesOf('src'), ...filesOf('seeds'), ...filesOf('migrations')].map(
    (file) => [file, codeOf(file)] as const,
  );
  const exported = program
    .filter(([file]) => file.startsWith('src/domain/'))
    .flatMap(([file, code]) =>
      [...code.matchAll(/^export (?:async )?function\*? (\w+)/gm)].map(([, name]) => ({ file, name: name as string })),
    );

  it('are many', () => assert.ok(exported.length > 400, `${exported.length} functions`));

  const words = program.map(([file, code]) => [file, [...(code.match(/\w+/g) ?? [])] as string[]] as const);
  const reached = ({ file, name }: { file: string; name: string }) =>
    words.some(([other, found]) => other !== file && found.includes(name));
  const ofOwnFile = exported.filter((rule) => !reached(rule));
  const listed = (rules: typeof exported) => rules.map(({ file, name }) => `${file} ${name}`);

  it('each have a caller', () => {
    const uses = ({ file, name }: { file: string; name: string }) =>
      words.find(([other]) => other === file)?.[1].filter((word) => word === name).length ?? 0;
    const dead = ofOwnFile.filter((rule) => uses(rule) < 2);
    assert.deepEqual(listed(dead), [], 'call it where it belongs, or delete it');
  });

  it('are exported for another file, or for the test that asks them alone', () => {
    const tests = filesOf('test').map(codeOf).join('\n');
    const needless = ofOwnFile.filter(({ name }) => !new RegExp(`\\b${name}\\(`).test(tests));
    assert.deepEqual(listed(needless), [], 'keep it to its file');
  });
});
