/**
 * `gatehouse tenants export|import|import-key|take-back`: a tenant moves to another server, or is told as a whole. For whoever
 * runs the servers alone: no operation of the API does it. What people and programs sign in by leaves encrypted, or not at all.
 */
import { createReadStream } from 'node:fs';
import { open, readFile, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import { systemCaller } from '../domain/audit/audit-events.ts';
import { moveTenantAway, takeTenantBack } from '../domain/lifecycle/end-tenant.ts';
import { exportTenant, waitUntilSettled } from '../domain/moves/export-tenant.ts';
import { importTenant } from '../domain/moves/import-tenant.ts';
import { invalidMove } from '../domain/moves/move-file.ts';
import { reportMove, reportText } from '../domain/moves/told-changes.ts';
import type { Tenant } from '../domain/tenants/tenants.ts';
import { createArrivalCheck } from '../oidc/client-registration.ts';
import type { Database } from '../platform/database.ts';
import { decryptStream, encryptStream, isRecipient, ownRecipient, type ReadBy } from '../platform/encrypted-stream.ts';
import { type CommandResult, collect, performs } from './frame/command-action.ts';
import { UsageError } from './frame/failures.ts';
import { tenantOf } from './frame/named.ts';
import { fields, printable } from './frame/terminal-text.ts';
import { version } from './frame/version.ts';
import { type CommandContext, withDatabase } from './frame/with-database.ts';

const exportHelp = `
With --moves-to the tenant is closed here first, so that nothing is lost between. Without, it goes on, and this is a copy of one
moment. The other server says its key by \`gatehouse tenants import-key\`. docs/tenant-moves.md tells the whole of it.

Examples:
  gatehouse tenants export northwind --moves-to https://id.eu.example.com --to age1... --output northwind.age
  gatehouse tenants export northwind --without-credentials --output northwind.ndjson`;

const importHelp = `
The tenant comes in switched off. Look at it, and let it in: gatehouse tenants resume <slug>

Examples:
  gatehouse tenants import northwind.age --dry-run
  gatehouse tenants import northwind.age`;

/** Shorter ones are found by trying. */
const shortestPassphrase = 20;

interface ExportTyped {
  to?: string[];
  passphraseFile?: string;
  movesTo?: string;
  withoutCredentials?: boolean;
  output?: string;
}

async function passphraseOf(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`--passphrase-file ${file}: cannot be read (${error.code})`, { cause: error });
  });
  const passphrase = text.replace(/\r?\n$/, '');
  if (passphrase.length < shortestPassphrase || /[\r\n]/.test(passphrase))
    throw new UsageError(`--passphrase-file ${file}: give one line of at least ${shortestPassphrase} characters`);
  return passphrase;
}

/** undefined: for reading, without what has to be hidden. */
async function readByOf({ to, passphraseFile, withoutCredentials }: ExportTyped): Promise<ReadBy | undefined> {
  if (to && passphraseFile !== undefined) throw new UsageError('--to and --passphrase-file exclude each other');
  const wrong = to?.find((recipient) => !isRecipient(recipient));
  if (wrong !== undefined) throw new UsageError(`--to ${wrong}: give what \`gatehouse tenants import-key\` says there`);
  if (to) return { recipients: to };
  if (passphraseFile !== undefined) return { passphrase: await passphraseOf(passphraseFile) };
  if (withoutCredentials) return undefined;
  throw new UsageError('say who may read it: --to, --passphrase-file, or --without-credentials');
}

function issuerOf(text: string, option = '--moves-to'): string {
  const url = URL.parse(text);
  if (!url || url.origin !== text)
    throw new UsageError(`${option} ${text}: give the issuer of a server, as https://id.example.com`);
  return text;
}

/** On a terminal alone: a log has no use for it. */
function progressOf(): { show(done: number, of: number): void; end(): void } {
  let shown = false;
  return {
    show(done, of) {
      if (!process.stderr.isTTY) return;
      shown = true;
      process.stderr.write(`\r${done} of ${of} rows`);
    },
    end() {
      if (shown) process.stderr.write('\n');
    },
  };
}

interface Output {
  write(stream: Readable): Promise<void>;
  /** Nothing of it is left, so that the same command can be typed again. */
  discard(): Promise<void>;
}

/** Opened before anything is done. A file is nobody else's to read, and never over something that is there. */
async function outputTo(path: string | undefined): Promise<Output> {
  if (path === undefined)
    return {
      write: async (stream) => pipeline(stream, process.stdout, { end: false }),
      discard: async () => undefined,
    };
  const file = await open(path, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`--output ${path}: cannot be made (${error.code})`, { cause: error });
  });
  return {
    write: async (stream) => pipeline(stream, file.createWriteStream()),
    discard: () => rm(path, { force: true }),
  };
}

async function exportOut(typed: ExportTyped, slug = ''): Promise<CommandResult> {
  const readBy = await readByOf(typed);
  const { movesTo, output, withoutCredentials = false } = typed;
  if (movesTo !== undefined && withoutCredentials)
    throw new UsageError('--moves-to and --without-credentials exclude each other: nobody could sign in there');
  const issuer = movesTo === undefined ? undefined : issuerOf(movesTo);
  if (readBy && output === undefined && process.stdout.isTTY)
    throw new UsageError('it is no text: give --output, or a program that reads it');
  return withDatabase(async ({ db, secrets, config }) => {
    const found = await tenantOf(db, slug);
    if (issuer === config.issuer) throw new UsageError('--moves-to: this is the issuer of this server');
    const out = await outputTo(output);
    const progress = progressOf();
    try {
      const tenant = issuer === undefined ? found : await closed(db, found, issuer);
      const lines = exportTenant(db, tenant, {
        ...{ secrets, caller: systemCaller, issuer: config.issuer, product: version() },
        retentionDays: config.auditRetentionDays,
        withCredentials: !withoutCredentials,
        onProgress: progress.show,
      });
      const plain = Readable.from(asBytes(lines), { objectMode: false });
      // What goes wrong there is told by what reads it.
      plain.on('error', () => undefined);
      await out.write(readBy ? await encryptStream(plain, readBy) : plain);
    } catch (error) {
      await out.discard();
      throw error;
    } finally {
      progress.end();
    }
    return { data: {}, text: '', isWritten: true };
  });
}

async function closed(db: Database, { id }: Tenant, issuer: string): Promise<Tenant> {
  const tenant = await moveTenantAway(db, { tenantId: id, issuer }, systemCaller);
  process.stderr.write(`gatehouse: ${printable(tenant.name)} is closed here\n`);
  await waitUntilSettled(db);
  return tenant;
}

async function* asBytes(lines: AsyncIterable<string>): AsyncGenerator<Buffer> {
  for await (const text of lines) yield Buffer.from(text);
}

interface ImportTyped {
  passphraseFile?: string;
  dryRun?: boolean;
}

function sourceOf(file: string | undefined): Readable {
  if (file !== undefined && file !== '-') return createReadStream(file);
  if (process.stdin.isTTY) throw new UsageError('name a file, or have another program write it');
  return process.stdin;
}

/** @throws DomainError invalid MOVE_FILE_INVALID where nobody here reads it */
async function opened(
  source: Readable,
  { passphraseFile }: ImportTyped,
  { secrets }: CommandContext,
): Promise<AsyncIterable<Uint8Array>> {
  const passphrase = passphraseFile === undefined ? undefined : await passphraseOf(passphraseFile);
  const plain = await decryptStream(source, { secrets, passphrase }).catch((error: NodeJS.ErrnoException) => {
    if (error.syscall === 'open' || error.syscall === 'read')
      throw new UsageError(`${error.path ?? 'the file'}: cannot be read (${error.code})`, { cause: error });
    throw invalidMove('it is not encrypted to this server, nor by this passphrase');
  });
  return checked(plain);
}

/** What age says of a stream that was changed or cut off, in our words. */
async function* checked(plain: Readable): AsyncGenerator<Uint8Array> {
  try {
    yield* plain as AsyncIterable<Uint8Array>;
  } catch {
    throw invalidMove('it is not as it was written, or ends too early');
  }
}

async function importIn(typed: ImportTyped, file?: string): Promise<CommandResult> {
  const source = sourceOf(file);
  return withDatabase(async (context) => {
    const { db, secrets, config } = context;
    const bytes = await opened(source, typed, context);
    const progress = progressOf();
    const { header, isUnchanged } = await importTenant(db, bytes, {
      ...{ secrets, caller: systemCaller, dryRun: typed.dryRun },
      rules: { ownAddress: config.issuer, allowHttp: !config.isProduction, argon2: config.argon2 },
      alsoCheck: { clients: await createArrivalCheck({ config, db, secrets }) },
      retentionDays: config.auditRetentionDays,
      onProgress: progress.show,
    }).finally(progress.end);
    const { tenant, counts, issuer } = header;
    const people = counts.users ?? 0;
    const what = typed.dryRun
      ? 'would come in'
      : isUnchanged
        ? 'is here already: nothing was changed'
        : 'is here, switched off';
    const text = `${printable(tenant.name)} of ${printable(issuer)} ${what}.\n\n${fields({ slug: tenant.slug, id: tenant.id, people })}`;
    const stopped = tenant.state === 'suspended' ? 'It was switched off where it comes from, too. ' : '';
    const next = typed.dryRun || isUnchanged ? '' : `\n\n${stopped}Let it in: gatehouse tenants resume ${tenant.slug}`;
    return {
      data: { tenant, from_issuer: issuer, counts, unchanged: isUnchanged, dry_run: typed.dryRun === true },
      text: text + next,
    };
  });
}

interface ReportTyped {
  from?: string;
  to?: string;
}

async function report({ from, to }: ReportTyped, slug = ''): Promise<CommandResult> {
  return withDatabase(async ({ db, config }) => {
    const tenant = await tenantOf(db, slug);
    const there = to ?? tenant.movedTo ?? undefined;
    if ((from === undefined) === (there === undefined))
      throw new UsageError('say where it goes (--to), or where it came from (--from)');
    const told = await reportMove(db, {
      tenantId: tenant.id,
      from: from === undefined ? config.issuer : issuerOf(from, '--from'),
      to: there === undefined ? config.issuer : issuerOf(there, '--to'),
    });
    return { data: told, text: reportText(told).trimEnd() };
  });
}

async function tellKey(): Promise<CommandResult> {
  return withDatabase(async ({ secrets }) => {
    const key = await ownRecipient(secrets);
    return { data: { key }, text: key };
  });
}

async function takeBack(_options: object, slug = ''): Promise<CommandResult> {
  return withDatabase(async ({ db }) => {
    const { id, movedTo } = await tenantOf(db, slug);
    const { name, state } = await takeTenantBack(db, id, systemCaller);
    const again =
      state === 'active'
        ? 'is here again; its people sign in anew'
        : `is here again, and switched off as it was when it went: gatehouse tenants resume ${slug} lets it in`;
    const text = movedTo === null ? 'was not away: nothing was changed' : again;
    return { data: { id, slug, name, state }, text: `${printable(name)} ${text}.` };
  });
}

export function addTenantMoves(tenants: Command): void {
  performs<ExportTyped>(
    tenants
      .command('export')
      .description('tell the whole of a tenant, for another server or for reading')
      .argument('<slug>', 'its short name')
      .option('--moves-to <issuer>', 'close it here: from now on it is at this issuer')
      .option('--to <key>', 'who alone may read it, by `import-key`; may be repeated', collect)
      .option(
        '--passphrase-file <file>',
        `who has this may read it: a line of at least ${shortestPassphrase} characters`,
      )
      .option('--without-credentials', 'nothing that somebody could sign in by, as plain lines of JSON')
      .option('--output <file>', 'write a new file in the place of standard output')
      .addHelpText('after', exportHelp),
    exportOut,
  );
  performs<ImportTyped>(
    tenants
      .command('import')
      .description('take in a tenant that another server exported, all of it or nothing')
      .argument('[file]', 'what was exported; standard input')
      .option('--passphrase-file <file>', 'what it was encrypted by, if not to this server')
      .option('--dry-run', 'do all of it, say what came of it, and undo it')
      .addHelpText('after', importHelp),
    importIn,
  );
  performs<ReportTyped>(
    tenants
      .command('move-report')
      .description('say what a move changes for each application, service, provider and listener')
      .argument('<slug>', 'its short name')
      .option('--to <issuer>', 'where it goes; where it has gone')
      .option('--from <issuer>', 'where it came from'),
    report,
  );
  performs(
    tenants.command('import-key').description('say the key that others export a tenant to this server by; no secret'),
    tellKey,
  );
  performs(
    tenants
      .command('take-back')
      .description('let a tenant in again that did not come to the other server')
      .argument('<slug>', 'its short name'),
    takeBack,
  );
}
