/** Documents name what is there: the index of decisions its files, a link a file and a heading, a path in prose a path. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
/** What git ignores, and git's own. */
const foreign = new Set(['node_modules', 'dist', 'coverage', '.data', '.git']);

/** Markdown files below a folder, as paths from the repository's root, with forward slashes. */
function documents(folder = root): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return foreign.has(entry.name) ? [] : documents(path);
      return entry.name.endsWith('.md') ? [relative(root, path).split(sep).join('/')] : [];
    })
    .sort();
}

function textOf(file: string): string {
  return readFileSync(join(root, file), 'utf8');
}

/** The prose of a document: without its blocks of code. */
function proseOf(file: string): string {
  return textOf(file)
    .replace(/^```.*?^```/gms, '')
    .replace(/^ {4}.*$/gm, '');
}

/** Anchors of the headings, as GitHub makes them. */
function anchorsOf(file: string): string[] {
  return [...proseOf(file).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** Links of a document that lead to no website, each with its anchor. */
function linksOf(file: string): { link: string; path: string; anchor: string | undefined }[] {
  const prose = proseOf(file).replace(/`[^`\n]*`/g, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link = '']) => link)
    .filter((link) => !/^[a-z]+:/.test(link))
    .map((link) => {
      const [path = '', anchor] = link.split('#');
      const target = path === '' ? file : relative(root, resolve(root, dirname(file), path));
      return { link, path: target.split(sep).join('/'), anchor };
    });
}

describe('the documents', () => {
  const files = documents();

  it('are found', () => {
    for (const file of ['README.md', 'docs/decisions/README.md', 'migrations/README.md', 'src/README.md'])
      assert.ok(files.includes(file), file);
    assert.ok(files.flatMap(linksOf).length > 40);
  });

  it('link to files and headings that are there', () => {
    const broken = files.flatMap((file) =>
      linksOf(file)
        .filter(({ path, anchor }) => {
          if (path.startsWith('../') || !existsSync(join(root, path))) return true;
          return anchor !== undefined && !anchorsOf(path).includes(anchor);
        })
        .map(({ link }) => `${file}: ${link}`),
    );
    assert.deepEqual(broken, []);
  });

  it('name paths that are there', () => {
    const top = ['src', 'test', 'views', 'docs', 'migrations', 'seeds', 'bench', 'examples', 'bin'];
    const floors = ['platform', 'domain', 'oidc', 'web', 'commands'];
    const named = new RegExp(`(?:^|[\\s\`(])((?:${[...top, ...floors].join('|')})/[^\\s\`),;:]+)`, 'gm');
    const missing = files.flatMap((file) =>
      [
        ...textOf(file)
          .replace(/\]\([^)\s]+\)/g, ']')
          .matchAll(named),
      ]
        .map(([, path = '']) => path.replace(/\.$/, ''))
        // A pattern or a placeholder names no single path.
        .filter((path) => !/[*<…]|NNNN/.test(path))
        .filter((path) => !existsSync(join(root, floors.includes(path.split('/')[0] ?? '') ? 'src' : '.', path)))
        .map((path) => `${file}: ${path}`),
    );
    assert.deepEqual(missing, []);
  });
});

describe('the index of decisions', () => {
  const folder = 'docs/decisions';
  const decisions = readdirSync(join(root, folder))
    .filter((name) => !['README.md', 'template.md'].includes(name))
    .sort();

  it('has each file once, in order, under its own number and title', () => {
    const rows = [...textOf(`${folder}/README.md`).matchAll(/^\| (\d+) \| \[(.+?)\]\((.+?)\) \| (.+) \|$/gm)];
    assert.deepEqual(
      rows.map(([, number, title, name]) => ({ number, title, name })),
      decisions.map((name) => {
        const [, number, title] = /^# (\d+)\. (.+)$/m.exec(textOf(`${folder}/${name}`)) ?? [];
        return { number, title, name };
      }),
    );
  });

  /** Numbers that were given out to decisions, which turned out to be none or are on their way. */
  const givenOut = [22, 25];

  it('has no gap and no number twice', () => {
    const numbers = decisions.map((name) => Number(/^(\d{4})-/.exec(name)?.[1]));
    const expected = Array.from({ length: Math.max(...numbers) }, (_, index) => index + 1);
    assert.deepEqual(
      numbers,
      expected.filter((number) => numbers.includes(number) || !givenOut.includes(number)),
    );
  });

  it('leads to files that have the parts of the template', () => {
    for (const name of decisions) {
      const text = textOf(`${folder}/${name}`);
      assert.match(text, /^# \d+\. .+\n\n(?:Accepted|Replaced), \d{4}-\d{2}\b.*\n/, name);
      for (const part of ['Context', 'Decision']) assert.ok(text.includes(`**${part}.**`), `${name}: ${part}`);
    }
  });
});
