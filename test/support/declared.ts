/**
 * What the features declare (error codes, limits, purposes of secrets), found in the sources, so that no list has to be
 * kept of it. Refuses a declaration in a form that it cannot read: it would be missing everywhere.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** The sources as paths from the repository's root, with forward slashes, and their text. */
export function sourceTexts(): Map<string, string> {
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `src/${name.split(sep).join('/')}`)
    .sort();
  return new Map(files.map((file) => [file, readFileSync(join(root, file), 'utf8')]));
}

/** Every use of a function such as `defineLimits`, by file; the definition itself left out. */
function uses(definer: string, form: RegExp): { file: string; match: string }[] {
  return [...sourceTexts()].flatMap(([file, source]) => {
    // An example in a comment declares nothing.
    const text = source.replace(/^\s*\*.*$/gm, '');
    const found = [...text.matchAll(form)].map(([, match]) => ({ file, match: match as string }));
    const all = text.match(new RegExp(`(?<!function )\\b${definer}\\s*[(<]`, 'g'))?.length ?? 0;
    if (found.length !== all)
      throw new Error(`${file} uses ${definer} in a form that test/support/declared.ts cannot read`);
    return found;
  });
}

/** The names of all purposes of secrets, as often as they are declared. */
export function declaredPurposes(): string[] {
  return uses('defineSecretPurpose', /\bdefineSecretPurpose\('([^']+)'\)/g).map(({ match }) => match);
}

/** The objects of all `export const x = define...({ ... })`, with the file that each stands in. */
export async function declared<T extends object>(definer: string): Promise<{ file: string; values: T }[]> {
  const found = uses(definer, new RegExp(`^export const (\\w+) = ${definer}\\(`, 'gm'));
  return Promise.all(
    found.map(async ({ file, match }) => {
      const module = (await import(pathToFileURL(join(root, file)).href)) as Record<string, T>;
      return { file, values: module[match] as T };
    }),
  );
}
