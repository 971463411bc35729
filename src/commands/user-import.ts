/**
 * `gatehouse users import`: people of a file come in, by the operation that the API has, without its limits. Says how far it
 * is on a terminal, and what became of which row. The same file again changes nothing.
 */
import { createReadStream } from 'node:fs';
import { open, readFile, stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type ImportFormat, importFormats, readSource } from '../management/import-sources/import-sources.ts';
import type { ReadLine } from '../management/operation.ts';
import { operationOf, operations } from '../management/operations.ts';
import { unreadableLine } from '../management/user-import.ts';
import { type CommandResult, performs } from './frame/command-action.ts';
import { exitCodes, UsageError } from './frame/failures.ts';
import { performTyped } from './frame/operation-commands.ts';
import { table } from './frame/terminal-text.ts';
import { withDatabase } from './frame/with-database.ts';

const help = `
FILE is a table (csv), rows as the API takes them (json, ndjson), or what another system writes out. Firebase's passwords need
the parameters of the project. docs/import.md has an example of each.

Examples:
  gatehouse users import people.csv --tenant northwind --dry-run
  gatehouse users import users.json --tenant northwind --format keycloak
  gatehouse users import users.json --tenant northwind --format firebase --hash-key KEY --salt-separator Bw== --rounds 8 --mem-cost 14`;

interface ImportCommand {
  tenant: string;
  format?: ImportFormat;
  dryRun?: boolean;
  as?: string;
  weakHashes?: boolean;
  results?: string;
  hashKey?: string;
  saltSeparator?: string;
  rounds: number;
  memCost: number;
}

interface Result {
  line: number;
  outcome: 'created' | 'updated' | 'unchanged' | 'refused';
  kept: string[];
  error: { code: string; message: string; fields?: { field: string; message: string }[] } | null;
}

/** Rows, and how far one is with them: from 0 to 1. */
interface Source {
  lines(): AsyncIterable<ReadLine>;
  progress(): number;
}

function formatOf(file: string, named: ImportFormat | undefined): ImportFormat {
  if (named !== undefined) return named;
  const byEnding: Record<string, ImportFormat> = {
    '.csv': 'csv',
    '.ndjson': 'ndjson',
    '.jsonl': 'ndjson',
    '.json': 'json',
  };
  const found = byEnding[extname(file).toLowerCase()];
  if (found === undefined) throw new UsageError('say what the file is: --format');
  return found;
}

async function sourceOf(file: string, options: ImportCommand): Promise<Source> {
  const unreadable = (error: NodeJS.ErrnoException) => {
    throw new UsageError(`${file}: cannot be read (${error.code})`, { cause: error });
  };
  const format = formatOf(file, options.format);
  if (format === 'ndjson') return streamed(file, (await stat(file).catch(unreadable)).size);
  const text = await readFile(file, 'utf8').catch(unreadable);
  const { hashKey, saltSeparator, rounds, memCost } = options;
  if ((hashKey === undefined) !== (saltSeparator === undefined))
    throw new UsageError('--hash-key and --salt-separator belong together');
  const firebase =
    hashKey === undefined || saltSeparator === undefined
      ? undefined
      : { signerKey: hashKey, saltSeparator, rounds, memCost };
  return listed(readSource(format, text, { firebase }));
}

function listed(lines: readonly ReadLine[]): Source {
  let done = 0;
  return {
    async *lines() {
      for (const line of lines) {
        done += 1;
        yield line;
      }
    },
    progress: () => done / Math.max(lines.length, 1),
  };
}

/** However long the file is, a few lines of it are held at once. */
function streamed(file: string, size: number): Source {
  const bytes = createReadStream(file);
  return {
    async *lines() {
      let line = 0;
      for await (const text of createInterface({ input: bytes, crlfDelay: Number.POSITIVE_INFINITY })) {
        line += 1;
        if (text.trim() !== '') yield readLine(text, line);
      }
    },
    progress: () => bytes.bytesRead / Math.max(size, 1),
  };
}

function readLine(text: string, line: number): ReadLine {
  try {
    return { line, value: JSON.parse(text) as unknown };
  } catch {
    return unreadableLine(line);
  }
}

const barWidth = 30;

/** On a terminal alone: a log has no use for it. */
function showProgress(share: number, done: number, isLast: boolean): void {
  if (!process.stderr.isTTY) return;
  const filled = Math.round(Math.min(share, 1) * barWidth);
  const bar = `${'#'.repeat(filled)}${'.'.repeat(barWidth - filled)}`;
  process.stderr.write(`\r[${bar}] ${done} rows${isLast ? '\n' : ''}`);
}

async function* resultsOf(chunks: Readable): AsyncGenerator<Result[]> {
  for await (const chunk of chunks as AsyncIterable<string>)
    yield chunk
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Result);
}

function reasonOf({ error, kept }: Result): string {
  if (!error) return kept.length === 0 ? '' : `keeps ${kept.join(', ')}`;
  const fields = error.fields?.map(({ field, message }) => `${field} ${message}`).join('; ');
  return `${error.code}${fields ? `: ${fields}` : ''}`;
}

async function importFile(options: ImportCommand, file = ''): Promise<CommandResult> {
  const source = await sourceOf(file, options);
  const { tenant, as, dryRun = false, weakHashes = false } = options;
  const counts = { created: 0, updated: 0, unchanged: 0, refused: 0 };
  const told: Result[] = [];
  const kept = options.results === undefined ? undefined : await open(options.results, 'w');
  try {
    await withDatabase(async (context) => {
      const query = { weak_hashes: String(weakHashes), format: formatOf(file, options.format) };
      const typed = { params: {}, query, body: undefined, tenant, as, dryRun, lines: async () => source.lines() };
      const { stream } = await performTyped(context, operationOf('users.import'), operations, typed);
      if (!stream || stream.type === 'text/event-stream') throw new Error('an import answers lines');
      let done = 0;
      for await (const results of resultsOf(stream.chunks)) {
        for (const result of results) {
          counts[result.outcome] += 1;
          // Of who came in as they should there is nothing to read.
          if (dryRun || result.outcome === 'refused' || result.kept.length > 0) told.push(result);
        }
        await kept?.write(results.map((result) => `${JSON.stringify(result)}\n`).join(''));
        done += results.length;
        showProgress(source.progress(), done, false);
      }
      showProgress(1, done, true);
    });
  } finally {
    await kept?.close();
  }
  const lines = told.map((result) => [result.line, result.outcome, reasonOf(result)]);
  const summary = Object.entries(counts)
    .map(([outcome, count]) => `${count} ${outcome}`)
    .join(', ');
  return {
    data: { dry_run: dryRun, outcomes: counts, rows: told },
    text: `${lines.length > 0 ? `${table(['line', 'outcome', ''], lines, '')}\n\n` : ''}${dryRun ? 'Would be: ' : ''}${summary}.`,
    exitCode: counts.refused > 0 ? exitCodes.refused : exitCodes.ok,
  };
}

function whole(text: string): number {
  if (!/^\d{1,3}$/.test(text)) throw new InvalidArgumentError('give a whole number');
  return Number(text);
}

export function addUserImport(users: Command): void {
  performs<ImportCommand>(
    users
      .command('import')
      .description('bring people in from a file; what would happen is said by --dry-run')
      .argument('<file>', 'a table, rows of JSON, or what another system writes out')
      .requiredOption('--tenant <slug>', 'the tenant they come to')
      .addOption(new Option('--format <name>', 'what the file is; by its ending').choices([...importFormats]))
      .option('--dry-run', 'say row by row what would happen, and do nothing')
      .option('--as <user>', 'act as this person: an id, an address or a phone number')
      .option('--weak-hashes', 'take passwords that were hashed by plain SHA as well')
      .option('--results <file>', 'write what became of each row there, a line of JSON each')
      .option('--hash-key <base64>', 'of Firebase: base64_signer_key')
      .option('--salt-separator <base64>', 'of Firebase: base64_salt_separator')
      .addOption(new Option('--rounds <n>', 'of Firebase').argParser(whole).default(8))
      .addOption(new Option('--mem-cost <n>', 'of Firebase').argParser(whole).default(14))
      .addHelpText('after', help),
    importFile,
  );
}
