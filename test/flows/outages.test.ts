/**
 * What goes away under a server, and what a client may do to it: other processes, PostgreSQL, its own end, and slowness.
 */
import assert from 'node:assert/strict';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as openid from 'openid-client';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { createClient } from '../../src/domain/clients/clients.ts';
import { createPasswordHasher } from '../../src/domain/methods/password/password-hash.ts';
import { createTenant } from '../../src/domain/setup/create-tenant.ts';
import { createUser } from '../../src/domain/users/users.ts';
import { createDatabase } from '../../src/platform/database.ts';
import {
  type EmbeddedPostgres,
  startEmbeddedPostgres,
} from '../../src/platform/embedded-postgres/embedded-postgres.ts';
import { randomToken, sha256 } from '../../src/platform/secrets.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { Browserless } from '../support/browserless.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { send } from '../support/loopback.ts';
import { discover, enterPassword, redirectUri, signIn, startSignIn } from '../support/relying-party.ts';
import {
  childPids,
  environmentOf,
  openSocket,
  type ServerProcess,
  startBalancer,
  startServerProcess,
} from '../support/server-process.ts';

const form = 'application/x-www-form-urlencoded';

/** Clients that take their time. */
const slowWays: { what: string; opening: string; drip: string }[] = [
  { what: 'one that says nothing', opening: '', drip: '' },
  {
    what: 'one that dribbles its headers',
    opening: 'GET /jwks HTTP/1.1\r\nHost: localhost\r\nX-Slow: ',
    drip: 'a',
  },
  {
    what: 'one that dribbles a form',
    opening: postOf('/interaction/unknown/sign-in', 'Content-Length: 500'),
    drip: 'a',
  },
  {
    what: 'one that dribbles the body of a token request',
    opening: postOf('/token', 'Content-Length: 500'),
    drip: 'a',
  },
  {
    what: 'one that dribbles chunks',
    opening: postOf('/revoke', 'Transfer-Encoding: chunked'),
    drip: '1\r\na\r\n',
  },
];

function postOf(path: string, length: string): string {
  return `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${form}\r\n${length}\r\n\r\n`;
}

/** A request whose head has been taken and whose body is still to come. */
async function beginTokenRequest(port: number): Promise<ReturnType<typeof openSocket> & { finish(): void }> {
  const body = 'grant_type=client_credentials';
  const socket = openSocket(port);
  // The server says by it that it has taken the head (RFC 9110 section 10.1.1).
  socket.write(`${postOf('/token', `Content-Length: ${body.length}\r\nExpect: 100-continue`)}${body.slice(0, 5)}`);
  await eventually(() => socket.received().startsWith('HTTP/1.1 100 Continue'), 'the head is taken');
  return { ...socket, finish: () => socket.write(body.slice(5)) };
}

/** Goes on until the server has enough of it; answers with the first line of what it said. */
async function dribble(port: number, { opening, drip }: { opening: string; drip: string }): Promise<string> {
  const socket = openSocket(port);
  socket.write(opening);
  const timer = setInterval(() => socket.write(drip), 100);
  await socket.closed;
  clearInterval(timer);
  socket.destroy();
  return socket.received().split('\r\n')[0] ?? '';
}

describe('outages', () => {
  describe('a node that is killed in mid-flow', () => {
    it('loses nothing that it acknowledged: another finishes with the same cookies', async function () {
      this.timeout(120_000);
      const balancer = await startBalancer();
      const app = await startTestApp({ issuer: () => `http://localhost:${balancer.port}` });
      const ours = Number(app.config.listen.port);
      const other = startServerProcess(environmentOf(app, await freePort()));
      try {
        await other.ready();
        balancer.use(other.port);
        const person = await app.person();
        const party = await discover(app, await app.relyingParty());

        // Four people stand at four places of the way.
        const atThePage = { browser: new Browserless(), started: await startSignIn(party) };
        const page = await atThePage.browser.open(atThePage.started.address.href, redirectUri);
        assert.match(page.body, /name="password"/);

        const proved = { browser: new Browserless(), started: await startSignIn(party) };
        const form = await proved.browser.open(proved.started.address.href, redirectUri);
        const [, action = ''] = /action="([^"]+)"/.exec(form.body) ?? [];
        const afterPassword = await proved.browser.send(new URL(action, form.url).href, {
          login: person.email,
          password: person.password,
        });
        assert.equal(afterPassword.status, 303);

        const withCode = { browser: new Browserless(), started: await startSignIn(party) };
        const filled = await withCode.browser.open(withCode.started.address.href, redirectUri);
        const callback = await enterPassword(withCode.browser, filled, person);
        assert.ok(callback.location?.startsWith(redirectUri));

        const signedIn = await signIn(party, person);
        const refreshing = openid.refreshTokenGrant(party.config, signedIn.tokens.refresh_token as string);
        const killed = other.stop('SIGKILL');
        const lost = await refreshing.then(
          () => false,
          () => true,
        );
        assert.equal((await killed).signal, 'SIGKILL');
        balancer.use(ours);

        const finished = await enterPassword(atThePage.browser, page, person);
        const first = await openid.authorizationCodeGrant(
          party.config,
          new URL(finished.location as string),
          atThePage.started.checks,
        );
        assert.equal(first.claims()?.sub, person.id);

        const resumed = await proved.browser.follow(afterPassword, redirectUri);
        const second = await openid.authorizationCodeGrant(
          party.config,
          new URL(resumed.location as string),
          proved.started.checks,
        );
        assert.equal(second.claims()?.sub, person.id);

        const third = await openid.authorizationCodeGrant(
          party.config,
          new URL(callback.location as string),
          withCode.started.checks,
        );
        assert.equal(third.claims()?.sub, person.id);

        // Whether its answer was lost or not: a client that asks again within ten seconds is served. A slow machine has taken
        // longer to come here.
        await app
          .db('oidc_payloads')
          .where({ model: 'RefreshToken', idHash: sha256(signedIn.tokens.refresh_token as string) })
          .whereNotNull('consumedAt')
          .update({ consumedAt: app.db.fn.now() });
        const again = await openid.refreshTokenGrant(party.config, signedIn.tokens.refresh_token as string);
        assert.ok(again.refresh_token, `the first answer was ${lost ? 'lost' : 'received'}`);
        const repeated = await signedIn.browser.open((await startSignIn(party)).address.href, redirectUri);
        assert.ok(repeated.location?.startsWith(redirectUri), 'the session lives on');
      } finally {
        await other.stop('SIGKILL');
        await app.stop();
        await balancer.stop();
      }
    });
  });

  describe('a restart of PostgreSQL', () => {
    const log = { info() {}, warn() {} };
    let directory: string;
    let postgres: EmbeddedPostgres;
    let server: ServerProcess;
    let issuer: string;
    let client: { clientId: string; clientSecret: string };
    let person: { email: string; password: string };

    before(async function () {
      this.timeout(120_000);
      directory = await mkdtemp(join(tmpdir(), 'gatehouse-outage-'));
      await chmod(directory, 0o711);
      postgres = await startEmbeddedPostgres({ dataDirectory: directory, log });
      const port = await freePort();
      issuer = `http://localhost:${port}`;
      server = startServerProcess({
        NODE_ENV: 'test',
        HOST: '127.0.0.1',
        PORT: String(port),
        DATA_DIR: directory,
        DATABASE_URL: postgres.url,
        DATABASE_OWNER_URL: postgres.ownerUrl,
        SECRET_KEY: randomToken(36),
        ARGON2_MEMORY_KIB: '1024',
        ARGON2_ITERATIONS: '1',
        LOG_LEVEL: 'info',
      });
      await server.ready();
      const db = createDatabase({ url: postgres.url, poolMax: 2 });
      const passwords = createPasswordHasher({ memoryKiB: 1024, iterations: 1 });
      const tenant = await createTenant(db, { slug: 'northwind', name: 'Northwind' }, systemCaller);
      person = { email: 'ada@example.test', password: randomToken(12) };
      await createUser(db, { tenantId: tenant.id, ...person }, { passwords, caller: systemCaller });
      const created = await createClient(
        db,
        { tenantId: null, kind: 'web', name: 'Portal', firstParty: true, redirectUris: [redirectUri] },
        systemCaller,
      );
      client = { clientId: created.client.clientId, clientSecret: created.clientSecret as string };
      await db.destroy();
    });

    after(async function () {
      this.timeout(120_000);
      await server?.stop();
      await postgres?.stop();
      await rm(await postgres.home, { recursive: true, force: true });
      await rm(directory, { recursive: true, force: true });
    });

    function basic(): string {
      return `Basic ${Buffer.from(`${client.clientId}:${client.clientSecret}`).toString('base64')}`;
    }

    /** What machines and people ask while the database is away, and what they must be told. */
    async function askAll(party: Awaited<ReturnType<typeof discover>>, browser: Browserless, interaction: string) {
      const post = { 'content-type': form, authorization: basic() };
      const { address } = await startSignIn(party);
      const tokens = await Promise.all(
        [
          { path: '/token', body: 'grant_type=client_credentials' },
          { path: '/token', body: 'grant_type=refresh_token&refresh_token=unknown' },
          { path: '/revoke', body: 'token=unknown' },
          { path: '/introspect', body: 'token=unknown' },
          { path: '/par', body: 'response_type=code' },
          { path: '/device/authorize', body: 'scope=openid' },
        ].map(async ({ path, body }) => ({
          path,
          kind: 'json',
          answer: await send(server, { method: 'POST', path, headers: post, body }),
        })),
      );
      const bearer = await send(server, { path: '/userinfo', headers: { authorization: 'Bearer unknown' } });
      const pages = await Promise.all(
        [address.href, interaction, ...['account', 'device', 'logout'].map((name) => `${issuer}/${name}`)].map(
          async (url) => {
            const reply = await browser.send(url);
            return { path: new URL(url).pathname, kind: 'page', answer: reply };
          },
        ),
      );
      const typed = await browser.send(`${interaction}`, { login: person.email, password: person.password });
      return [
        ...tokens,
        { path: '/userinfo', kind: 'json', answer: bearer },
        ...pages,
        { path: 'the password', kind: 'page', answer: typed },
      ];
    }

    let isUp = true;
    async function start(): Promise<void> {
      postgres = await startEmbeddedPostgres({ dataDirectory: directory, log });
      isUp = true;
    }
    afterEach(async () => {
      // A test that failed may have left it down.
      if (!isUp) await start();
    });

    for (const [how, signal] of [
      ['in order', undefined],
      ['by a crash', 'SIGQUIT'],
    ] as const) {
      it(`is answered with 503 and outlived: ${how}`, async function () {
        this.timeout(120_000);
        const party = await discover({ issuer } as TestApp, client);
        const { tokens, browser } = await signIn(party, person);
        const { address, checks } = await startSignIn(party, { prompt: 'login' });
        const page = await browser.open(address.href, redirectUri);
        assert.match(page.body, /name="password"/);

        // Traffic all the time: whatever the moment, nobody gets a 500 and nobody waits for ever.
        const seen = new Map<string, number>();
        let done = false;
        const traffic = Array.from({ length: 4 }, async (_, index) => {
          while (!done) {
            const { status } = await send(server, {
              path: index % 2 ? `/authorize?client_id=${client.clientId}` : '/userinfo',
              headers: { accept: 'text/html', authorization: 'Bearer unknown' },
            });
            seen.set(`${index % 2} ${status}`, (seen.get(`${index % 2} ${status}`) ?? 0) + 1);
            await sleep(20);
          }
        });
        await sleep(100);

        isUp = false;
        if (signal === undefined) await postgres.stop();
        else {
          const pid = Number((await readFile(join(postgres.home, 'cluster', 'postmaster.pid'), 'utf8')).split('\n')[0]);
          process.kill(pid, signal);
          await sleep(300);
        }

        // A client that was read a moment ago is known from memory until the next look at its version; then the database
        // is missed there too.
        const headers = { 'content-type': form, authorization: basic() };
        const body = 'grant_type=client_credentials';
        const missed = async () =>
          (await send(server, { method: 'POST', path: '/token', headers, body })).status === 503;
        await eventually(missed, 'what was remembered is no longer answered from');

        for (const { path, kind, answer } of await askAll(party, browser, page.url)) {
          assert.equal(answer.status, 503, `${path}: ${answer.status} ${answer.body.slice(0, 300)}`);
          assert.match(String(answer.headers['retry-after']), /^\d+$/, path);
          assert.match(String(answer.headers['x-request-id']), /^[\w-]{36}$/, path);
          assert.doesNotMatch(answer.body, /ECONNREFUSED|127\.0\.0\.1|knex|node_modules|at .*\.ts/, path);
          assert.doesNotMatch(answer.body, /aria-invalid/, `${path}: nobody has typed anything wrong`);
          if (kind === 'page') assert.match(answer.body, /<h1/, path);
          else assert.equal(JSON.parse(answer.body).error, 'temporarily_unavailable', path);
        }
        assert.equal((await send(server, { path: '/healthz' })).status, 200);
        const ready = await send(server, { path: '/readyz' });
        assert.equal(ready.status, 503);
        assert.deepEqual(JSON.parse(ready.body), { status: 'unavailable', problems: ['database'] });
        assert.equal((await send(server, { path: '/jwks' })).status, 200, 'tokens can still be verified');

        await start();
        await eventually(async () => (await send(server, { path: '/readyz' })).status === 200, 'it is back');
        // The page that was open all the time still works, and so does the session.
        const finished = await enterPassword(browser, page, person);
        assert.ok(finished.location?.startsWith(redirectUri), `${finished.status} ${finished.body}`);
        const fresh = await openid.authorizationCodeGrant(party.config, new URL(finished.location as string), checks);
        assert.ok(fresh.refresh_token);
        assert.ok((await openid.refreshTokenGrant(party.config, tokens.refresh_token as string)).access_token);

        done = true;
        await Promise.all(traffic);
        assert.deepEqual(
          [...seen.keys()].filter((key) => !/ (400|401|503)$/.test(key)),
          [],
          JSON.stringify([...seen]),
        );
        assert.ok([...seen.keys()].some((key) => key.endsWith('503')));
        assert.equal(server.child.exitCode, null, 'the process lives');
        assert.doesNotMatch(server.output(), /unhandled rejection/);
      });
    }

    it('does not keep the process from ending in order', async function () {
      this.timeout(120_000);
      isUp = false;
      await postgres.stop();
      assert.deepEqual(await server.stop(), { code: 0, signal: null }, server.output());
    });
  });

  describe('the end of a process', () => {
    let app: TestApp;
    before(async () => {
      app = await startTestApp();
    });
    after(() => app?.stop());

    it('by SIGTERM finishes what is in flight, takes nothing new and is 0', async function () {
      this.timeout(120_000);
      const server = startServerProcess(environmentOf(app, await freePort()));
      try {
        await server.ready();
        const idle = openSocket(server.port);
        idle.write('GET /jwks HTTP/1.1\r\nHost: localhost\r\n\r\n');
        // As browsers open them, in case there will be something to ask.
        const silent = openSocket(server.port);
        const inFlight = await beginTokenRequest(server.port);
        await eventually(() => /^HTTP\/1\.1 200/.test(idle.received()));
        server.child.kill('SIGTERM');
        await Promise.all([idle.closed, silent.closed]);
        await assert.rejects(send(server, { path: '/healthz' }), { code: 'ECONNREFUSED' });
        inFlight.finish();
        await inFlight.closed;
        assert.match(inFlight.received(), /\nHTTP\/1\.1 400[\s\S]*invalid_request/);
        assert.deepEqual(await server.ended, { code: 0, signal: null });
      } finally {
        await server.stop('SIGKILL');
      }
    });

    it('is replaced where it was a worker, and waits no longer than ten seconds for the slowest client', async function () {
      this.timeout(120_000);
      const metricsPort = await freePort();
      const server = startServerProcess({
        ...environmentOf(app, await freePort()),
        WORKERS: '2',
        METRICS_PORT: String(metricsPort),
      });
      try {
        await server.ready();
        const workers = await eventually(() => {
          const pids = childPids(server.pid);
          return pids.length === 2 ? pids : undefined;
        });
        const { clientId, clientSecret } = await app.service({});
        const ask = () =>
          send(server, {
            method: 'POST',
            path: '/token',
            headers: {
              'content-type': form,
              authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`,
            },
            body: 'grant_type=client_credentials',
          });
        const answers = await Promise.all(Array.from({ length: 40 }, ask));
        assert.ok(answers.every(({ status }) => status === 200));

        const metrics = async (): Promise<string> => (await send({ port: metricsPort }, { path: '/metrics' })).body;
        const counted = (text: string): number =>
          Number(/^gatehouse_tokens_issued_total\{[^}]*client_credentials[^}]*\} (\d+)$/m.exec(text)?.[1] ?? 0);
        assert.equal(counted(await metrics()), 40, 'the sum over both workers');

        process.kill(workers[0] as number, 'SIGKILL');
        const replaced = await eventually(() => {
          const pids = childPids(server.pid);
          return pids.length === 2 && !pids.includes(workers[0] as number) ? pids : undefined;
        });
        assert.ok(replaced.includes(workers[1] as number), 'the other was left alone');
        await server.ready();
        const afterwards = await Promise.all(Array.from({ length: 20 }, ask));
        assert.ok(afterwards.every(({ status }) => status === 200));
        assert.match(server.output(), /a worker ended; starting another/);

        const stuck = await beginTokenRequest(server.port);
        server.child.kill('SIGTERM');
        assert.deepEqual(await server.ended, { code: 0, signal: null });
        await stuck.closed;
        for (const pid of replaced) assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
      } finally {
        await server.stop('SIGKILL');
      }
    });
  });

  describe('a slow client', () => {
    let app: TestApp;
    before(async () => {
      const http = { headersTimeout: 600, requestTimeout: 1_200, connectionsCheckingInterval: 100 };
      app = await startTestApp({ timeouts: { http } });
    });
    after(() => app?.stop());

    for (const way of slowWays) {
      it(`is closed: ${way.what}`, async () => {
        assert.match(await dribble(app.config.listen.port, way), /^(?:HTTP\/1\.1 4\d\d .*)?$/);
      });
    }

    it('harms nobody else', async () => {
      const dribbling = Promise.all(slowWays.map((way) => dribble(app.config.listen.port, way)));
      const answer = () => send({ port: app.config.listen.port }, { path: '/readyz' });
      await eventually(async () => (await answer()).status === 200);
      await dribbling;
    });

    it('is waited for no longer than the drain takes', async () => {
      const other = await startTestApp({ timeouts: { http: { drainMs: 300 } } });
      const stuck = await beginTokenRequest(other.config.listen.port);
      await other.stop();
      await stuck.closed;
    });
  });
});
