/**
 * Which PostgreSQL a test run stands on. TEST_POSTGRES names a major version whose programs a package brings along
 * (test/support/postgres/package.json, for Linux on x64 alone); without it, it is the one that comes with Gatehouse.
 */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import pg from 'pg';
import type { EmbeddedPostgres } from '../../src/platform/embedded-postgres/embedded-postgres.ts';
import { packagedBinaries } from '../../src/platform/embedded-postgres/postgres-binaries.ts';

const require = createRequire(import.meta.url);

/** The `native` directory of TEST_POSTGRES; undefined for the embedded one. Throws where that version cannot be had. */
export function binariesUnderTest(): string | undefined {
  const version = process.env.TEST_POSTGRES;
  if (version === undefined || version === '') return undefined;
  if (version === '16') return packagedBinaries();
  const binaries = binariesOf(version);
  if (!binaries) {
    throw new Error(
      `TEST_POSTGRES=${version}: no package brings that version along on ${process.platform}-${process.arch}. ` +
        'Known are 14, 16 and 18; TEST_DATABASE_URL names a server of your own.',
    );
  }
  return binaries;
}

/** Where the programs of a version are; undefined where they are not installed. */
export function binariesOf(version: string): string | undefined {
  try {
    return join(dirname(require.resolve(`postgres-${version}-${process.platform}-${process.arch}`)), '..', 'native');
  } catch {
    return undefined;
  }
}

/**
 * What docs/deployment.md has a superuser do on PostgreSQL 14, where everybody may otherwise make tables: nobody but the owner may, in any database that
 * is made from now on. Newer versions begin like that.
 */
export async function closePublicSchema(server: Pick<EmbeddedPostgres, 'ownerUrl' | 'home'>): Promise<void> {
  const url = new URL(server.ownerUrl);
  const password = (await readFile(join(server.home, 'password'), 'utf8')).trim();
  Object.assign(url, { username: 'postgres', password, pathname: '/template1' });
  const superuser = new pg.Client({ connectionString: url.href });
  await superuser.connect();
  try {
    const { rows } = await superuser.query(`select current_setting('server_version_num')::integer as version`);
    if (rows[0].version >= 150_000) return;
    await superuser.query('revoke create on schema public from public; grant create on schema public to gatehouse');
  } finally {
    await superuser.end();
  }
}
