/**
 * Servers that Debian's `pg_dump` and `pg_restore` (15) can work with: of the PostgreSQL 14 that a package brings along for tests, in
 * temporary folders that are gone with the process.
 */
import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { chmod, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startEmbeddedPostgres } from '../../src/platform/embedded-postgres/embedded-postgres.ts';
import { endWithProcess } from './end-with-process.ts';
import { binariesOf, closePublicSchema } from './postgres-version.ts';

const run = promisify(execFile);
const programs = ['/usr/bin/pg_dump', '/usr/bin/pg_restore'];

export function canDump(): boolean {
  try {
    for (const program of programs) accessSync(program, constants.X_OK);
    return binariesOf('14') !== undefined;
  } catch {
    return false;
  }
}

export interface DumpedPostgres {
  /** For the role that owns the database. */
  ownerUrl: string;
  /** For the role that the program works as. */
  url: string;
  stop(): Promise<void>;
}

export async function startDumpedPostgres(): Promise<DumpedPostgres> {
  const dataDirectory = await mkdtemp(join(tmpdir(), 'gatehouse-dumped-'));
  await chmod(dataDirectory, 0o711);
  const end = endWithProcess(dataDirectory);
  const server = await startEmbeddedPostgres({
    dataDirectory,
    binaries: binariesOf('14') as string,
    durable: false,
    log: { info() {}, warn() {} },
  });
  await closePublicSchema(server);
  return {
    ownerUrl: server.ownerUrl,
    url: server.url,
    async stop() {
      await server.stop();
      await end();
    },
  };
}

/** As docs/deployment.md has it, under "Backups". @throws with what the program says */
export async function dump(url: string, file: string): Promise<void> {
  await run('pg_dump', ['--format=custom', `--file=${file}`, url]);
}

/** As docs/deployment.md has it, into an empty database. */
export async function restore(url: string, file: string): Promise<void> {
  await run('pg_restore', ['--no-owner', '--exit-on-error', `--dbname=${url}`, file]);
}
