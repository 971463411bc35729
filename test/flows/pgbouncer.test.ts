/**
 * The main ways through the server with Debian's PgBouncer before the database, in transaction mode, on two processes. With
 * TEST_POOLER=1 every test of this folder runs behind it.
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { createResourceServer } from '../../src/domain/resource-servers/resource-servers.ts';
import { createWebhook } from '../../src/domain/webhooks/webhooks.ts';
import { createDatabase } from '../../src/platform/database.ts';
import { migrateJobs } from '../../src/platform/jobs/jobs.ts';
import { runGatehouse } from '../commands/run-gatehouse.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { testServer } from '../support/cluster.ts';
import { createTestDatabase, emptyDatabase, type TestDatabase } from '../support/database.ts';
import { basic, type ClientCredential, introspect, post, refresh, userinfoStatus } from '../support/endpoints.ts';
import { eventually } from '../support/eventually.ts';
import * as make from '../support/factories.ts';
import { freePort } from '../support/free-port.ts';
import { hasPgbouncer, type Pgbouncer, startPgbouncer } from '../support/pgbouncer.ts';
import { discover, type RelyingParty, signIn } from '../support/relying-party.ts';
import { startServerProcess } from '../support/server-process.ts';
import { startWebhookReceiver, type WebhookReceiver } from '../support/webhook-receiver.ts';

const withPgbouncer = hasPgbouncer() ? describe : describe.skip;

withPgbouncer('two processes behind PgBouncer', function () {
  this.timeout(240_000);
  let app: TestApp;
  let other: string;
  let receiver: WebhookReceiver;
  let client: ClientCredential;
  let party: RelyingParty;
  before(async () => {
    app = await startTestApp({ pooler: true, mailbox: true });
    other = await app.startProcess();
    receiver = await startWebhookReceiver();
    client = await app.relyingParty();
    party = await discover(app, client);
  });
  after(async () => {
    await app?.stop();
    await receiver?.close();
  });

  it('sign people in, and refresh on either', async () => {
    const { tokens } = await signIn(party, await app.person());
    assert.equal(await userinfoStatus(other, tokens.access_token), 200);
    const second = await refresh(other, client, tokens.refresh_token as string);
    assert.equal(second.status, 200);
    const third = await refresh(app.issuer, client, second.body.refresh_token);
    assert.equal(third.status, 200);
    assert.equal(await userinfoStatus(app.issuer, third.body.access_token), 200);
  });

  it('serve many at once', async () => {
    const people = [];
    for (let n = 0; n < 6; n += 1) people.push(await app.person());
    const signedIn = await Promise.all(people.map((person) => signIn(party, person)));
    const statuses = signedIn.flatMap(({ tokens }) =>
      [app.issuer, other].map((origin) => userinfoStatus(origin, tokens.access_token)),
    );
    assert.deepEqual(new Set(await Promise.all(statuses)), new Set([200]));
  });

  it('give a service its token, say of it what is true, and see on both within a second that it was revoked', async () => {
    const { id: tenantId } = await app.tenant();
    const wanted = { tenantId, identifier: 'https://api.example/', name: 'API', tokenFormat: 'jwt' as const };
    const { id: resourceServerId } = await createResourceServer(
      app.db,
      { ...wanted, scopes: [{ key: 'form.read' }] },
      systemCaller,
    );
    const api = await app.service({ tenantId, resourceServerId });
    const service = await app.service({ tenantId, capabilities: ['form.read'] });
    const asked = { grant_type: 'client_credentials', resource: wanted.identifier, scope: 'form.read' };
    const { body } = await post(`${other}/token`, asked, basic(service));
    const isActive = async (origin: string) => (await introspect(origin, api, body.access_token)).body.active;
    assert.deepEqual([await isActive(app.issuer), await isActive(other)], [true, true]);
    const revoked = await post(`${app.issuer}/revoke`, { token: body.access_token }, basic(service));
    assert.equal(revoked.status, 200);
    for (const origin of [app.issuer, other])
      await eventually(async () => (await isActive(origin)) === false, 'it is seen');
  });

  it('tell who listens what happens', async () => {
    const { id: tenantId } = await app.tenant();
    const wanted = { tenantId, name: 'Everything', url: receiver.url, types: [] };
    await createWebhook(app.db, wanted, { secrets: app.secrets, allowHttp: true, caller: systemCaller });
    const { id } = await make.assign(app.db, { tenantId });
    const told = await receiver.next('role.assigned', ({ data }) => data.assignment_id === id);
    assert.equal(told.data.tenant_id, tenantId);
  });

  it('write nothing into their log of what a pooler does not bear', async () => {
    assert.doesNotMatch(app.logs(), /prepared statement|startup parameter|"level":(?:50|60)/);
  });
});

withPgbouncer('an empty database behind PgBouncer', function () {
  this.timeout(240_000);
  let database: TestDatabase;
  let bouncer: Pgbouncer;
  let environment: Record<string, string>;
  before(async () => {
    database = await createTestDatabase();
    bouncer = await startPgbouncer([database.url, database.serverUrl]);
    const owner = createDatabase({ url: database.url, poolMax: 1 });
    await emptyDatabase(owner);
    await owner.destroy();
    environment = {
      NODE_ENV: 'test',
      ISSUER: 'http://localhost:3999',
      DATA_DIR: '/nonexistent/gatehouse',
      SECRET_KEY: 'Vq3mX8tR5wN1yB7kD4gH9sJ2cF6pL0zA',
      METRICS_PORT: '0',
      ARGON2_MEMORY_KIB: '1024',
      ARGON2_ITERATIONS: '1',
    };
  });
  after(async () => {
    await bouncer?.stop();
    await database?.drop();
  });
  const lent = (url = database.url) => ({ DATABASE_URL: bouncer.through(url), DATABASE_POOLER: 'transaction' });

  it('is not migrated over it', async () => {
    const run = await runGatehouse(['migrate'], { ...environment, ...lent() });
    assert.notEqual(run.code, 0);
    assert.match(run.stderr, /Set DATABASE_DIRECT_URL, to the way past it/);
  });

  it('is migrated past it, and served to the role that owns nothing', async function () {
    const { serverRole } = await testServer();
    if (!serverRole) this.skip();
    const { url, serverUrl } = database;
    const twoRoles = { ...environment, ...lent(serverUrl), DATABASE_DIRECT_URL: serverUrl };
    const run = await runGatehouse(['migrate'], { ...twoRoles, DATABASE_OWNER_URL: url });
    assert.equal(run.code, 0, run.stderr);
    assert.match(run.stdout, /applied {2}0069-job-workers/);
    const server = startServerProcess({ ...twoRoles, HOST: '127.0.0.1', PORT: String(await freePort()) });
    try {
      await server.ready();
    } finally {
      assert.equal((await server.stop()).code, 0, server.errors());
    }
  });

  it('is told of by doctor, with what is to be set', async () => {
    await migrateJobs({ databaseUrl: database.url });
    const pooler = async (settings: Record<string, string>) => {
      const run = await runGatehouse(['doctor', '--json'], { ...environment, ...settings });
      return run.json.checks.find(({ name }: { name: string }) => name === 'pooler');
    };
    const through = bouncer.through(database.url);
    const untold = await runGatehouse(['doctor'], { ...environment, DATABASE_URL: through });
    assert.match(untold.stdout, /unsupported startup parameter.*DATABASE_POOLER=transaction/s);
    const lax = await startPgbouncer([database.url], {
      ignore_startup_parameters: 'statement_timeout,idle_in_transaction_session_timeout',
    });
    try {
      const silent = await pooler({ DATABASE_URL: lax.through(database.url) });
      assert.equal(silent.status, 'fail');
      assert.match(silent.advice, /DATABASE_POOLER=transaction/);
      const server = startServerProcess({ ...environment, DATABASE_URL: lax.through(database.url), PORT: '0' });
      assert.equal((await server.ended).code, 1);
      assert.match(server.errors(), /reached by a pooler .* Set DATABASE_POOLER=transaction/);
    } finally {
      await lax.stop();
    }
    const alone = await pooler(lent());
    assert.deepEqual([alone.status, /DATABASE_DIRECT_URL/.test(alone.advice)], ['warn', true]);
    const twice = await pooler({ ...lent(), DATABASE_DIRECT_URL: through });
    assert.equal(twice?.status ?? 'fail', 'fail');
    const endless = await pooler({ ...lent(), DATABASE_DIRECT_URL: database.url });
    assert.deepEqual([endless.status, /set statement_timeout = '15s'/.test(endless.advice)], ['warn', true]);
    const elsewhere = await pooler({
      ...lent(),
      DATABASE_DIRECT_URL: database.url.replace(/\/[^/?]+(?=\?|$)/, '/postgres'),
    });
    assert.equal(elsewhere.status, 'fail');
    const none = await pooler({ DATABASE_URL: database.url });
    assert.deepEqual([none.status, none.detail], ['ok', 'none']);
    const needless = await pooler({ DATABASE_URL: database.url, DATABASE_POOLER: 'transaction' });
    assert.equal(needless.status, 'warn');
    // As doctor advises: whoever comes later has it.
    const { username, pathname } = new URL(database.url);
    const owner = createDatabase({ url: database.url, poolMax: 1 });
    await owner.raw(`alter role ${username} in database ${pathname.slice(1)} set statement_timeout = '15s'`);
    await owner.destroy();
    const fresh = await startPgbouncer([database.url]);
    try {
      const well = await pooler({
        DATABASE_URL: fresh.through(database.url),
        DATABASE_POOLER: 'transaction',
        DATABASE_DIRECT_URL: database.url,
      });
      assert.equal(well.status, 'ok', JSON.stringify(well));
    } finally {
      await fresh.stop();
    }
  });
});

describe('the settings of PgBouncer', () => {
  it('are those that production needs', async () => {
    const text = await readFile(new URL('../../docs/deployment.md', import.meta.url), 'utf8');
    assert.match(text, /^pool_mode = transaction$/m);
    assert.match(text, /^auth_type = scram-sha-256$/m);
  });
});
