/**
 * An upgrade under load: the version before serves, this one migrates the database under it, serves beside it, and is then alone. Nobody is
 * refused. The version before is the newest tag, or UPGRADE_FROM (`npm run test:upgrade`).
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as openid from 'openid-client';
import type { TestApp } from '../support/app.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { processEnvironment } from '../support/process-environment.ts';
import { discover, type RelyingParty, signIn } from '../support/relying-party.ts';
import { type ServerProcess, startBalancer, startServerProcess } from '../support/server-process.ts';
import { commitBefore, startVersionBefore, type VersionBefore } from '../support/version-before.ts';

const program = fileURLToPath(new URL('../../bin/gatehouse.js', import.meta.url));

describe('two versions side by side', function () {
  this.timeout(900_000);
  let balancer: Awaited<ReturnType<typeof startBalancer>>;
  let old: VersionBefore;
  let next: ServerProcess | undefined;
  const failures: string[] = [];
  const done: Record<string, number> = {};

  before(async function () {
    const commit = await commitBefore();
    // No release yet, or a clone without history.
    if (!commit) return this.skip();
    balancer = await startBalancer();
    old = await startVersionBefore(commit, `http://localhost:${balancer.port}`);
    balancer.use(old.port);
  });
  after(async () => {
    await next?.stop('SIGKILL');
    await old?.stop();
    await balancer?.stop();
  });

  const environment = (port: number) => ({
    NODE_ENV: 'test',
    HOST: '127.0.0.1',
    PORT: String(port),
    ISSUER: `http://localhost:${balancer.port}`,
    DATABASE_URL: old.databaseUrl,
    SECRET_KEY: old.secretKey,
    ARGON2_MEMORY_KIB: '1024',
    ARGON2_ITERATIONS: '1',
    LOG_LEVEL: 'warn',
  });

  async function gatehouse(...args: string[]): Promise<string> {
    const env = { ...processEnvironment(), ...environment(1) };
    return (await promisify(execFile)(process.execPath, [program, ...args], { env })).stdout;
  }

  /** Each asks until it is told to stop, and goes on after a failure, which is written down. */
  function keepAsking(party: RelyingParty, services: RelyingParty[], isOver: () => boolean): Promise<void>[] {
    const again = async (what: string, ask: () => Promise<unknown>) => {
      while (!isOver()) {
        await ask().then(
          () => {
            done[what] = (done[what] ?? 0) + 1;
          },
          async (error) => {
            failures.push(`${what}: ${error.message} ${JSON.stringify(error.cause ?? {})}`);
            await sleep(100);
          },
        );
      }
    };
    const [first, second, third] = old.people as [Person, Person, Person];
    const refreshes = async (somebody: Person) => {
      let { tokens } = await signIn(party, somebody);
      await again('refreshes', async () => {
        tokens = await openid.refreshTokenGrant(party.config, tokens.refresh_token as string);
        await openid.fetchUserInfo(party.config, tokens.access_token, openid.skipSubjectCheck);
      });
    };
    return [
      again('sign-ins', () => signIn(party, first)),
      again('sign-ins', () => signIn(party, second)),
      refreshes(second),
      refreshes(third),
      ...services.map(({ config }) =>
        again('service tokens', async () => {
          const { access_token } = await openid.clientCredentialsGrant(config);
          const { active } = await openid.tokenIntrospection(config, access_token);
          assert.equal(active, true);
          done.introspections = (done.introspections ?? 0) + 1;
        }),
      ),
    ];
  }

  /** Waits until each kind of request has been answered some times more. */
  async function someMore(): Promise<void> {
    const before = { ...done };
    const kinds = ['sign-ins', 'refreshes', 'service tokens', 'introspections'];
    await eventually(
      () => failures.length > 20 || kinds.every((kind) => (done[kind] ?? 0) >= (before[kind] ?? 0) + 5),
      'five more of each',
      300_000,
    );
  }

  it('fails no request', async () => {
    const app = { issuer: `http://localhost:${balancer.port}` } as TestApp;
    const party = await discover(app, old.party);
    const services = await Promise.all(old.services.map((service) => discover(app, service)));
    let isOver = false;
    const asking = Promise.all(keepAsking(party, services, () => isOver));
    try {
      await someMore();
      assert.match(await gatehouse('migrate', '--plan'), /^Together|up to date/m);
      await gatehouse('migrate');
      assert.match(await gatehouse('migrate', '--status'), /up to date/);
      // On the schema of this one.
      await someMore();
      next = startServerProcess(environment(await freePort()));
      await next.ready();
      balancer.use(old.port, next.port);
      await someMore();
      balancer.use(next.port);
      await old.drain();
      await someMore();
    } finally {
      isOver = true;
      await asking;
    }
    assert.deepEqual(failures, []);
  });
});

type Person = VersionBefore['people'][number];
