import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { deactivateUser } from '../../src/domain/lifecycle/end-person.ts';
import { sealAudit } from '../../src/domain/seals/seal-events.ts';
import { runGatehouse } from '../commands/run-gatehouse.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { canDump, type DumpedPostgres, dump, restore, startDumpedPostgres } from '../support/dumped-postgres.ts';
import { type ClientCredential, introspect, refresh, userinfoStatus } from '../support/endpoints.ts';
import { eventually } from '../support/eventually.ts';
import { assign, createNode, createRole } from '../support/factories.ts';
import { discover, type RelyingParty, signIn } from '../support/relying-party.ts';
import { environmentOf, type ServerProcess, startServerProcess } from '../support/server-process.ts';
import { addEvents, someHour } from '../support/trail.ts';

interface Line {
  person: { email: string; password: string; id: string };
  access: string;
  refresh: string;
}

/** What was true of the old server when the dump was made, for the new one to hold. */
interface Known {
  party: RelyingParty;
  client: ClientCredential;
  kept: Line;
  stopped: Line;
  /** A refresh token that was used, more than its grace ago. */
  used: string;
  endsAt: Date;
  environment: ReturnType<typeof environmentOf>;
}

describe('a backup', function () {
  this.timeout(300_000);
  let first: DumpedPostgres | undefined;
  let second: DumpedPostgres | undefined;
  let directory: string;
  let server: ServerProcess | undefined;
  let known: Known;

  before(async function () {
    if (!canDump()) return this.skip();
    directory = await mkdtemp(join(tmpdir(), 'gatehouse-backup-'));
    [first, second] = await Promise.all([startDumpedPostgres(), startDumpedPostgres()]);
    known = await dumpUnderLoad(first.ownerUrl, join(directory, 'gatehouse.dump'));
    await restore(second.ownerUrl, join(directory, 'gatehouse.dump'));
    known.environment.DATABASE_URL = second.ownerUrl;
  });
  after(async () => {
    await server?.stop();
    await Promise.all([first?.stop(), second?.stop()]);
    if (directory) await rm(directory, { recursive: true, force: true });
  });

  async function prepared(url: string): Promise<TestApp> {
    const environment = { NODE_ENV: 'test', DATABASE_URL: url, DATA_DIR: directory, SECRET_KEY: 's'.repeat(40) };
    const migrated = await runGatehouse(['migrate'], { ...environment, ISSUER: 'http://localhost:1' });
    assert.equal(migrated.code, 0, migrated.stderr);
    return startTestApp({ database: { url, serverUrl: url, drop: async () => {} } });
  }

  async function dumpUnderLoad(url: string, file: string): Promise<Known> {
    const app = await prepared(url);
    try {
      const found = await fill(app);
      let over = false;
      let done = 0;
      const people: Awaited<ReturnType<TestApp['person']>>[] = [];
      while (people.length < 4) people.push(await app.person());
      const load = Promise.all(
        people.map(async (person) => {
          while (!over) {
            const { tokens } = await signIn(found.party, person);
            assert.equal((await refresh(app.issuer, found.client, tokens.refresh_token as string)).status, 200);
            done++;
          }
        }),
      );
      const dumped = (async () => {
        await eventually(() => done > 4);
        await dump(url, file);
        const before = done;
        // What went on while it was made went on after it as well.
        await eventually(() => done > before);
        over = true;
      })();
      await Promise.all([load, dumped]);
      return found;
    } finally {
      await app.stop();
    }
  }

  /** A tree, roles for a time, a service, a sealed trail; somebody who goes on, and somebody who was stopped. */
  async function fill(app: TestApp): Promise<Known> {
    const tenant = await app.tenant();
    const node = await createNode(app.db, { tenantId: tenant.id });
    await createNode(app.db, { tenantId: tenant.id, parentId: node.id });
    await addEvents(app.db, { tenantId: tenant.id, hour: someHour(), count: 20 });
    await sealAudit(app.db, app.secrets);
    const client = await app.relyingParty();
    const party = await discover(app, client);
    const line = async (): Promise<Line> => {
      const person = await app.person({ tenantId: tenant.id });
      const { tokens } = await signIn(party, person);
      return { person, access: tokens.access_token, refresh: tokens.refresh_token as string };
    };
    const [kept, stopped, robbed] = [await line(), await line(), await line()];
    const endsAt = new Date(Date.now() + 20_000);
    const role = await createRole(app.db, { tenantId: tenant.id, name: 'For a while' });
    await assign(app.db, { tenantId: tenant.id, userId: kept.person.id, roleId: role.id, orgNodeId: node.id, endsAt });
    assert.equal((await refresh(app.issuer, client, robbed.refresh)).status, 200);
    await app
      .db('oidcPayloads')
      .where({ model: 'RefreshToken' })
      .whereNotNull('consumedAt')
      .update({ consumedAt: new Date(Date.now() - 3_600_000) });
    await deactivateUser(app.db, { tenantId: tenant.id, userId: stopped.person.id }, systemCaller);
    return { party, client, kept, stopped, used: robbed.refresh, endsAt, environment: environmentOf(app, 0) };
  }

  const doctor = () => runGatehouse(['doctor', '--deep', '--json'], known.environment);

  it('made under load is whole: nothing is to be migrated, and the doctor finds all rows as they should be', async () => {
    const status = await runGatehouse(['migrate', '--status', '--json'], known.environment);
    assert.equal(status.json.current, true, status.stdout);
    const run = await doctor();
    const deep = ['guards', 'references', 'trees', 'history', 'sessions', 'sealed values', 'signing keys'];
    const found = run.json.checks.filter(({ name }: { name: string }) => deep.includes(name));
    assert.deepEqual(
      found
        .map(({ name, status, detail }: Record<string, string>) => [name, status, detail])
        .filter(([, is]: string[]) => is !== 'ok'),
      [],
    );
    assert.equal(found.length, deep.length);
    assert.match(run.stdout, /\d+ events are as \d+ seals say/);
  });

  it('lets those in who had a session, and nobody who was stopped; what was used stays used', async () => {
    const issuer = known.environment.ISSUER as string;
    server = startServerProcess({ ...known.environment, PORT: new URL(issuer).port });
    await server.ready();
    assert.equal(await userinfoStatus(issuer, known.kept.access), 200);
    assert.equal((await refresh(issuer, known.client, known.kept.refresh)).status, 200);
    assert.equal(await userinfoStatus(issuer, known.stopped.access), 401);
    assert.equal((await refresh(issuer, known.client, known.stopped.refresh)).status, 400);
    assert.equal((await refresh(issuer, known.client, known.used)).status, 400);
    assert.equal((await introspect(issuer, known.client, known.stopped.access)).body.active, false);
    await signIn(known.party, known.kept.person);
    await assert.rejects(signIn(known.party, known.stopped.person));
  });

  it('counts nothing that has ended since', async () => {
    await eventually(() => Date.now() > known.endsAt.getTime());
    const { tokens } = await signIn(known.party, known.kept.person, { parameters: { scope: 'openid roles org' } });
    const answer = await fetch(`${known.environment.ISSUER}/userinfo`, {
      headers: { authorization: `Bearer ${tokens.access_token}` },
    });
    assert.equal(answer.status, 200);
    assert.ok(!(await answer.text()).includes('For a while'));
  });
});
