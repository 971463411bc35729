/** What stands in the pages of docs/connect: their commands, and their code as something that can be run. */
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const folder = fileURLToPath(new URL('../../docs/connect', import.meta.url));

export const connectPages = readdirSync(folder)
  .filter((name) => name.endsWith('.md') && name !== 'README.md')
  .sort();

export function textOfPage(name: string): string {
  return readFileSync(join(folder, name), 'utf8');
}

/** The commands of a page, word by word, without `npx gatehouse`. */
export function commandsOf(page: string): string[][] {
  const joined = textOfPage(page).replaceAll(/ \\\n +/g, ' ');
  return [...joined.matchAll(/^ {4}npx gatehouse (.+)$/gm)].map(([, words = '']) =>
    [...words.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? (bare as string)),
  );
}

/** The blocks of code of a page in a language, as they stand there. */
export function codeOf(page: string, language: string): string[] {
  return [...textOfPage(page).matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(
    ([, code = '']) => code,
  );
}

/**
 * Runs a block of JavaScript as a module and answers what it exports.
 * @param replaced what is another on this machine than in the page; all of it has to stand there
 */
export async function runPageCode<T>(code: string, replaced: Record<string, string>): Promise<T> {
  let text = code;
  for (const [there, here] of Object.entries(replaced)) {
    if (!text.includes(there)) throw new Error(`the page says no longer: ${there}`);
    text = text.replaceAll(there, here);
  }
  // Packages are found from here, and not from where the file is.
  text = text.replaceAll(/ from '([^'.]+)'/g, (_, name) => ` from '${import.meta.resolve(name)}'`);
  const directory = await mkdtemp(join(tmpdir(), 'gatehouse-page-'));
  try {
    const file = join(directory, 'page.mjs');
    await writeFile(file, text);
    return (await import(pathToFileURL(file).href)) as T;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
