/** Reads YAML of ours, with merge keys as Compose knows them. */
import { createRequire } from 'node:module';

const { loadAll } = createRequire(import.meta.url)('js-yaml') as { loadAll(text: string): unknown[] };

function merged(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(merged);
  if (typeof value !== 'object' || value === null) return value;
  const { '<<': below, ...own } = value as Record<string, unknown>;
  const inner = Object.fromEntries(Object.entries(own).map(([name, item]) => [name, merged(item)]));
  return below === undefined ? inner : { ...(merged(below) as object), ...inner };
}

/** The documents of a text, but those that are empty. */
// biome-ignore lint/suspicious/noExplicitAny: tests say what they expect
export function readYaml(text: string): any[] {
  return loadAll(text)
    .filter((document) => document !== null && document !== undefined)
    .map(merged);
}
