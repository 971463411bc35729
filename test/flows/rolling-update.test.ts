/**
 * Every server behind a balancer is replaced by another while people sign in, applications refresh and services ask: nobody is
 * refused. `npm run test:all` does it more often.
 */
import assert from 'node:assert/strict';
import * as openid from 'openid-client';
import { startTestApp, type TestApp } from '../support/app.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { send } from '../support/loopback.ts';
import { type ReadinessBalancer, startReadinessBalancer } from '../support/readiness-balancer.ts';
import { discover, type RelyingParty, signIn } from '../support/relying-party.ts';
import { environmentOf, type ServerProcess, startServerProcess } from '../support/server-process.ts';

const updates = Number(process.env.ROLLING_UPDATES ?? 1);
/** Nine seconds more than the balancer takes to notice: time for a machine that is busy. */
const drainSeconds = 10;

type Person = Awaited<ReturnType<TestApp['person']>>;

describe('a rolling update', function () {
  this.timeout(300_000 * updates);
  let balancer: ReadinessBalancer;
  let app: TestApp;
  let party: RelyingParty;
  const people: Person[] = [];
  let serving: ServerProcess[];
  const started: ServerProcess[] = [];
  const drains: number[] = [];

  /** @param workers processes behind one port */
  async function startServer(workers = 1): Promise<ServerProcess> {
    const env = { ...environmentOf(app, await freePort()), WORKERS: String(workers) };
    const server = startServerProcess({ ...env, DRAIN_SECONDS: String(drainSeconds) });
    started.push(server);
    await server.ready();
    return server;
  }

  before(async () => {
    balancer = await startReadinessBalancer();
    app = await startTestApp({ issuer: () => balancer.origin });
    serving = await Promise.all([startServer(), startServer(2)]);
    for (const { port } of serving) await balancer.add(port);
    party = await discover(app, await app.relyingParty());
    for (let n = 0; n < 3; n++) people.push(await app.person());
  });
  after(async () => {
    for (const server of started) await server.stop('SIGKILL');
    await app?.stop();
    await balancer?.stop();
  });

  /** Goes on until it is told to stop. Any answer but the right one ends it by an error. */
  function keepAsking(isOver: () => boolean, done: Record<string, number>): Promise<unknown>[] {
    const again = async (what: string, ask: () => Promise<void>) => {
      while (!isOver()) {
        await ask().catch(async (error) => {
          const answer = error.cause instanceof Response ? `${error.cause.status} ${await error.cause.text()}` : '';
          const servers = serving.map((server) => server.output() + server.errors()).join('\n');
          throw new Error(`${what}: ${error.message} ${answer}\n${balancer.failures.join('\n')}\n${servers}`, {
            cause: error,
          });
        });
        done[what] = (done[what] ?? 0) + 1;
      }
    };
    const person = async (somebody: Person) =>
      again('sign-ins', async () => {
        const { tokens } = await signIn(party, somebody);
        assert.ok(tokens.id_token);
      });
    const refreshes = async (somebody: Person) => {
      let { tokens } = await signIn(party, somebody);
      await again('refreshes', async () => {
        tokens = await openid.refreshTokenGrant(party.config, tokens.refresh_token as string);
        await openid.fetchUserInfo(party.config, tokens.access_token, tokens.claims()?.sub ?? openid.skipSubjectCheck);
      });
    };
    const service = async () => {
      const { clientId, clientSecret } = await app.service({});
      const its = await discover(app, { clientId, clientSecret });
      await again('service tokens', async () => void (await openid.clientCredentialsGrant(its.config)));
    };
    const [first, second, third] = people as [Person, Person, Person];
    return [person(first), person(second), refreshes(second), refreshes(third), service(), service()];
  }

  it('fails no request', async () => {
    let isOver = false;
    const done: Record<string, number> = {};
    const asking = Promise.all(keepAsking(() => isOver, done));
    // So that a failure ends the test at once.
    const failed = asking.then(() => new Promise<never>(() => {}));
    await Promise.race([failed, replaceAll()]);
    isOver = true;
    await asking;
    assert.deepEqual(balancer.failures, []);
    tell(done);
    for (const what of ['sign-ins', 'refreshes', 'service tokens']) assert.ok((done[what] ?? 0) > 0, what);
  });

  /** The figures, to who asked for more than one update. */
  function tell(done: Record<string, number>): void {
    if (updates === 1) return;
    const what = Object.entries(done).map(([name, count]) => `${count} ${name}`);
    const [shortest, longest] = [Math.min(...drains), Math.max(...drains)].map((seconds) => seconds.toFixed(1));
    process.stdout.write(
      `    ${what.join(', ')}: ${balancer.requests} requests, ${balancer.failures.length} failed; ${drains.length} servers replaced, each gone after ${shortest} to ${longest} s\n`,
    );
  }

  /** As Kubernetes does it with `maxUnavailable: 0`: one more is started, and when it is ready one is told to stop. */
  async function replaceAll(): Promise<void> {
    const ends: Promise<void>[] = [];
    for (let n = 0; n < updates * 2; n++) {
      const next = await startServer(1 + (n % 2));
      await balancer.add(next.port);
      const old = serving.shift() as ServerProcess;
      const told = performance.now();
      ends.push(
        old.stop().then((end) => {
          drains.push((performance.now() - told) / 1000);
          balancer.remove(old.port);
          assert.deepEqual(end, { code: 0, signal: null }, old.output() + old.errors());
        }),
      );
      serving.push(next);
    }
    await Promise.all(ends);
  }

  it('answers what still comes, is not ready, and ends at once by a second signal', async () => {
    const env = { ...environmentOf(app, await freePort()), DRAIN_SECONDS: '600', WORKERS: '2' };
    const server = startServerProcess(env);
    started.push(server);
    await server.ready();
    server.child.kill('SIGTERM');
    const headers = { host: new URL(app.issuer).host, connection: 'keep-alive' };
    const isLeaving = async () => {
      const { status, headers: told } = await send(server, { path: '/readyz', headers });
      return status === 503 && told.connection === 'close';
    };
    // Its workers take turns, and each hears of it by itself: after one that leaves may come one that does not know yet.
    await eventually(async () => {
      for (let n = 0; n < 20; n++) if (!(await isLeaving())) return false;
      return true;
    });
    assert.equal((await send(server, { path: '/healthz' })).status, 200);
    for (const path of ['/jwks', '/jwks', '/account', '/nowhere', '/readyz']) {
      const answer = await send(server, { path, headers });
      assert.equal(answer.headers.connection, 'close', path);
      assert.equal(answer.status, { '/account': 303, '/nowhere': 404, '/readyz': 503 }[path] ?? 200, path);
    }
    // One that comes within a second is taken for the same.
    await eventually(() => server.child.exitCode !== null || !server.child.kill('SIGTERM'), 'it has ended');
    assert.deepEqual(await server.ended, { code: 1, signal: null });
  });
});
