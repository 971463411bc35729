/** Reads YAML of ours. */
import { createRequire } from 'node:module';

const { loadAll } = createRequire(import.meta.url)('js-yaml') as { loadAll(text: string): unknown[] };

/** The documents of a text, but those that are empty. */
// biome-ignore lint/suspicious/noExplicitAny: tests say what they expect
export function readYaml(text: string): any[] {
  return loadAll(text).filter((document) => document !== null && document !== undefined);
}
