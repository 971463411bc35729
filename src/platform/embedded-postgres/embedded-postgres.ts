/**
 * A real PostgreSQL 16 that comes with Gatehouse, for development, tests and small installations: started when
 * nothing else is configured, kept in the data directory, shared by every Gatehouse process on that directory.
 * Refuses to listen beyond 127.0.0.1, to run two servers on one directory and to stop a server somebody still uses.
 * docs/embedded-postgres.md tells the whole of it.
 *
 * Safety rests on two things that the kernel releases when a process dies, and on no file of ours: PostgreSQL's own
 * lock decides who runs the server, and a shared advisory lock held in the server counts who uses it.
 */
import { randomBytes } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Logger } from 'pino';
import { isConnectionError } from '../database.ts';
import { packagedBinaries } from './postgres-binaries.ts';
import {
  lockHolder,
  openHome,
  type PostgresHome,
  readLock,
  readServerPassword,
  writeServerPassword,
} from './postgres-cluster.ts';
import { launchServer, stopServer } from './postgres-server.ts';

export interface EmbeddedPostgresOptions {
  /** The files go to `<dataDirectory>/postgres`; made if absent. */
  dataDirectory: string;
  log: Pick<Logger, 'info' | 'warn'>;
  /** False gives up crash safety and upkeep for speed: for databases that live as long as a test run. Default true. */
  durable?: boolean;
  /** A directory with `bin`, `lib` and `share` to use in place of the optional package's. */
  binaries?: string;
}

export interface EmbeddedPostgres {
  /** `postgres://` URL of the database `gatehouse`, for the role the program works as: it owns nothing. */
  url: string;
  /** The same for the role that owns the database and migrates it (no superuser; may create databases). */
  ownerUrl: string;
  /** The server was running before this call. */
  adopted: boolean;
  /** This call made the database files. */
  firstStart: boolean;
  /** Where the files really are. */
  home: string;
  /** Stops using the server; the last process to do so stops it (open connections are ended) and waits for its end. */
  stop(): Promise<void>;
}

/** Includes recovery after a crash, which replays what was written since the last checkpoint (5 minutes at the most). */
const startTimeoutMs = 60_000;

/** What the program works as; migrations grant it what it needs (platform/server-role.ts). */
const serverRole = 'gatehouse_server';

/** Advisory locks in the database `postgres`, which the application does not use. Held shared by every user ... */
const inUse = 1;
/** ... and this one held while the server is set up or a user leaves, so that of two that leave one sees it is last. */
const changing = 2;

/** Starts the server of a data directory, or joins the one that runs there already. */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { dataDirectory, log, durable = true } = options;
  const binaries = options.binaries ?? packagedBinaries();
  const files = await openHome(dataDirectory, binaries, durable);
  const { home } = files;
  if (files.created && home !== join(await realpath(dataDirectory), 'postgres')) {
    log.warn(
      { home },
      'PostgreSQL runs as another account, which cannot reach the data directory: the database is elsewhere',
    );
  }
  const { session, serverPassword, port, adopted } = await startOrJoin(files, binaries, durable);
  log.info({ home, port, adopted, firstStart: files.created }, 'Embedded PostgreSQL is ready');

  let lost = false;
  session.once('end', () => {
    lost = true;
  });
  // Without a listener an error here would end the process; requests find out on their own connections.
  session.on('error', (error) =>
    log.warn({ err: error, log: join(home, 'server.log') }, 'Embedded PostgreSQL went away'),
  );
  session.unref();

  let stopped: Promise<void> | undefined;
  return {
    url: `postgres://${serverRole}:${serverPassword}@127.0.0.1:${port}/gatehouse`,
    ownerUrl: `postgres://gatehouse:${files.password}@127.0.0.1:${port}/gatehouse`,
    adopted,
    firstStart: files.created,
    home,
    stop() {
      stopped ??= leave(files, binaries, lost ? undefined : session);
      return stopped;
    },
  };
}

/** A connection that counts as a user of the server for as long as it is open. Its types leave out two methods of pg. */
type Session = pg.Client & { ref(): void; unref(): void };

interface Membership {
  session: Session;
  serverPassword: string;
  port: number;
  adopted: boolean;
}

async function startOrJoin(files: PostgresHome, binaries: string, durable: boolean): Promise<Membership> {
  const deadline = Date.now() + startTimeoutMs;
  const strangers = new Set<number>();
  let launched: number | undefined;
  let failure: unknown;
  while (Date.now() < deadline) {
    const lock = await readLock(files.cluster);
    const holder = lock ? await lockHolder(lock.pid, files.cluster) : 'nobody';
    if (!lock || holder === 'nobody' || holder === 'other' || strangers.has(lock.pid)) {
      const reusedPid = holder === 'nobody' ? undefined : lock?.pid;
      const started = await launchServer(files, binaries, durable, reusedPid, deadline);
      if (started) {
        launched = started.pid;
        continue;
      }
      // No stranger after all: PostgreSQL found the files in use.
      if (lock && strangers.has(lock.pid)) throw failure;
    } else if (lock.ready) {
      try {
        const joined = await joinServer(files, lock.port, holder === 'perhaps');
        return { ...joined, port: lock.port, adopted: lock.pid !== launched };
      } catch (error) {
        failure = error;
        const refused = (error as NodeJS.ErrnoException).code === 'ECONNREFUSED';
        // The server that wrote the lock as "ready" would answer, take the password and know the directory.
        if (holder === 'perhaps' && (refused || !isConnectionError(error))) strangers.add(lock.pid);
        else if (!isConnectionError(error)) throw error;
      }
    }
    await sleep(20);
  }
  throw new Error(`The PostgreSQL in ${files.home} did not get ready in time; see server.log there`, {
    cause: failure,
  });
}

/** Becomes a user of the server on `port`. `verify`: make sure first that it is the one on these files. */
async function joinServer(
  files: PostgresHome,
  port: number,
  verify: boolean,
): Promise<Pick<Membership, 'session' | 'serverPassword'>> {
  const session = new pg.Client({
    host: '127.0.0.1',
    port,
    // Connections are kept in reserve for this role: the application cannot crowd out its own shutdown.
    user: 'postgres',
    password: files.password,
    database: 'postgres',
    application_name: 'gatehouse-embedded',
    connectionTimeoutMillis: 5_000,
    ssl: false,
  }) as Session;
  session.on('error', ignore);
  try {
    await session.connect();
    if (verify && !(await isOnCluster(session, files.cluster))) {
      throw new Error(`The PostgreSQL on port ${port} is not the one in ${files.home}`);
    }
    // Waits while the last user is stopping the server, and then fails with it.
    await session.query('select pg_advisory_lock_shared($1)', [inUse]);
    return { session, serverPassword: await makeDatabase(session, files) };
  } catch (error) {
    await session.end().catch(ignore);
    if ((error as { code?: string }).code === '28P01') {
      throw new Error(`The PostgreSQL in ${files.home} does not take the password in ${join(files.home, 'password')}`, {
        cause: error,
      });
    }
    throw error;
  }
}

async function isOnCluster(session: pg.Client, cluster: string): Promise<boolean> {
  const result = await session.query(`select current_setting('data_directory') as directory`);
  return realpath(result.rows[0].directory).then(
    (directory) => directory === cluster,
    () => false,
  );
}

/**
 * Makes the database and its two roles where they are missing: one owns it, the program works as the other. Neither is a
 * superuser, as on any server of a production: a missing privilege shows at once, and an injected statement reads no files. Folders
 * of earlier versions have the owner alone, which the program worked as.
 * @returns the password of the role the program works as
 */
async function makeDatabase(session: pg.Client, files: PostgresHome): Promise<string> {
  await session.query('select pg_advisory_lock($1)', [changing]);
  const { rows } = await session.query(
    `select exists (select from pg_roles    where rolname = 'gatehouse') as owner,
            exists (select from pg_roles    where rolname = $1)          as server,
            exists (select from pg_database where datname = 'gatehouse') as database`,
    [serverRole],
  );
  // The passwords are base64url: nothing in them needs quoting, and "create role" takes no parameters.
  if (!rows[0].owner) await session.query(`create role gatehouse login createdb password '${files.password}'`);
  const known = await readServerPassword(files);
  const serverPassword = known ?? randomBytes(32).toString('base64url');
  if (!rows[0].server) await session.query(`create role ${serverRole} login password '${serverPassword}'`);
  else if (known === undefined) await session.query(`alter role ${serverRole} password '${serverPassword}'`);
  // Last: a process that is killed before leaves no file that says another password than the role has.
  if (known === undefined) await writeServerPassword(files, serverPassword);
  if (!rows[0].database) await session.query('create database gatehouse owner gatehouse');
  await session.query('select pg_advisory_unlock($1)', [changing]);
  return serverPassword;
}

/** Gives up the use of the server, and stops it if nobody else uses it. `session` is undefined if it was lost. */
async function leave(files: PostgresHome, binaries: string, session: Session | undefined): Promise<void> {
  const lock = await readLock(files.cluster);
  if (!lock || ['nobody', 'other'].includes(await lockHolder(lock.pid, files.cluster)))
    return session?.end().catch(ignore);
  try {
    session ??= (await joinServer(files, lock.port, true)).session;
    session.ref();
    session.removeAllListeners('error').on('error', ignore);
    await session.query('select pg_advisory_lock($1)', [changing]);
    const { rows } = await session.query('select pg_try_advisory_lock($1) as alone', [inUse]);
    if (rows[0].alone) await stopServer(files, binaries, lock.pid);
    // Before the connection ends and gives up the other lock: who waits for that must not count this process.
    else await session.query('select pg_advisory_unlock_shared($1)', [inUse]);
  } catch (error) {
    // The server went away meanwhile. It does not matter who stopped it.
    if (!isConnectionError(error)) throw error;
  } finally {
    await session?.end().catch(ignore);
  }
}

function ignore(): void {}
