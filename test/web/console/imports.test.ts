import assert from 'node:assert/strict';
import { systemCaller } from '../../../src/domain/audit/audit-events.ts';
import { mostOpenImports } from '../../../src/domain/imports/kept-imports.ts';
import { signInWithPassword } from '../../../src/domain/methods/password/password-sign-in.ts';
import type { NewTenant } from '../../../src/domain/setup/create-tenant.ts';
import { importTask } from '../../../src/management/import-work.ts';
import { parseCsv } from '../../../src/platform/csv.ts';
import { startTestApp, type TestApp } from '../../support/app.ts';
import type { Browserless, Reply } from '../../support/browserless.ts';
import { signInToConsole } from '../../support/console.ts';
import { eventually } from '../../support/eventually.ts';
import * as make from '../../support/factories.ts';
import { freePort } from '../../support/free-port.ts';
import { unlimited } from '../../support/limits.ts';
import { give } from '../../support/management.ts';
import { environmentOf, startServerProcess } from '../../support/server-process.ts';

type Person = Awaited<ReturnType<TestApp['person']>>;

/** `correct horse`, by Perl's crypt. */
const bcrypt = '$2b$05$abcdefghijklmnopqrstuuHNbAKRhpaujgo33bRWs.NLUTJO3lOy2';
const boundary = 'the-boundary';

describe('imports at the console', () => {
  let app: TestApp;
  let tenant: NewTenant;
  let owner: Person;
  let browser: Browserless;
  let north: string;

  before(async () => {
    app = await startTestApp();
    tenant = await app.tenant({ slug: 'here', name: 'Here' });
    const { id: tenantId } = tenant;
    owner = await app.person({ tenantId, fullName: 'Olive Owner' });
    await give(app, { tenantId, userId: owner.id, role: 'owner' });
    browser = await signInToConsole(app, owner);
    north = (await make.createNode(app.db, { tenantId, name: 'North', externalId: 'N-1' })).id;
    await make.createNode(app.db, { tenantId, name: 'South' });
    await make.createRole(app.db, { tenantId, name: 'Teacher', capabilities: ['org.read'] });
  });
  after(() => app?.stop());

  const at = (path = '') => `${app.issuer}/console/here/people/imports${path}`;

  function multipart(content: string, { name = 'people.csv', fields = {} as Record<string, string>, after = '' } = {}) {
    const field = ([key, value]: [string, string]) =>
      `--${boundary}\r\ncontent-disposition: form-data; name="${key}"\r\n\r\n${value}\r\n`;
    const file = `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="${name}"\r\ncontent-type: text/csv\r\n\r\n${content}\r\n`;
    return `${Object.entries(fields).map(field).join('')}${file}${after}--${boundary}--\r\n`;
  }
  const type = { 'content-type': `multipart/form-data; boundary=${boundary}` };
  const bring = (content: string, options: Parameters<typeof multipart>[1] = {}, who = browser) =>
    who.send(at('/new'), multipart(content, options), type);
  const idOf = ({ status, location, body }: Reply) => {
    assert.equal(status, 303, body.slice(0, 2_000));
    return location?.split('/').at(-1)?.split('?')[0] ?? '';
  };
  /** As a worker does what waits for it. */
  const work = (importId: string, { attempt = 1 } = {}) =>
    importTask(app)(
      { importId },
      {
        id: '1',
        attempt,
        maxAttempts: 25,
        signal: new AbortController().signal,
        log: undefined as never,
      },
    );
  const begin = (id: string, who = browser) => who.send(at(`/${id}/begin`), {});
  const stateOf = async (id: string) => (await app.db('imports').where({ id }).first()) as Record<string, unknown>;
  const waiting = async (importId: string) =>
    Number((await app.db('import_rows').where({ importId }).whereNotNull('sealed').count())[0]?.count);
  const users = (like: string) => app.db('users').whereLike('email', like).select('id', 'email', 'fullName', 'state');
  const textOf = ({ body }: Reply) => body.replace(/<[^>]+>/g, ' ').replace(/\s+/g, ' ');

  it('are looked at row by row, faults first, before anything happens, and told as they are done', async () => {
    const id = idOf(
      await bring(
        `email,name,role,place,password_hash\nada@shown.test,Ada,Teacher,North,${bcrypt}\nbad,Bad,,,\n=cmd@shown.test,"=1+1",Nobody,,\n`,
      ),
    );
    const checking = await browser.open(at(`/${id}`));
    assert.match(textOf(checking), /Checking/);
    assert.match(checking.body, /<noscript><meta http-equiv="refresh" content="3"><\/noscript>/);
    assert.match(checking.body, /hx-trigger="every 2s"/);
    await work(id);
    const ready = await browser.open(at(`/${id}`));
    assert.doesNotMatch(ready.body, /http-equiv="refresh"|every 2s/);
    assert.match(textOf(ready), /1 person would be new.*2 rows would be refused.*Bad.*Refused:.*Ada.*New/);
    assert.deepEqual(await users('%@shown.test'), []);
    const only = await browser.open(at(`/${id}?outcome=created`));
    assert.match(textOf(only), /Ada/);
    assert.doesNotMatch(textOf(only), /Bad/);

    const said = await browser.open(at(`/${id}/begin`));
    assert.match(textOf(said), /1 person is made\..*2 rows are left out\./);
    assert.equal((await browser.submit(said, {}, { form: 1 })).status, 200);
    await work(id);
    const done = await browser.open(at(`/${id}`));
    assert.match(textOf(done), /Done.*1 person made.*2 rows refused/);
    const [ada] = await users('ada@shown.test');
    assert.equal(ada?.fullName, 'Ada');
    assert.match(done.body, new RegExp(`/console/here/people/${ada?.id}`));
    const signedIn = await signInWithPassword(
      app.db,
      { address: 'ada@shown.test', password: 'correct horse', tenantId: tenant.id },
      {
        passwords: app.passwords,
        limits: unlimited,
        secrets: app.secrets,
        caller: { ...systemCaller, ip: '192.0.2.1' },
      },
    );
    assert.ok(signedIn);

    const report = await browser.send(at(`/${id}/report`));
    assert.match(String(report.headers['content-type']), /text\/csv/);
    assert.match(String(report.headers['content-disposition']), /attachment; filename="import-report.csv"/);
    const [head, ...lines] = parseCsv(report.body);
    assert.deepEqual(head?.cells, ['line', 'outcome', 'user_id', 'kept', 'code', 'detail']);
    assert.deepEqual(
      lines.map(({ cells: [line, outcome, , , code] }) => [line, outcome, code]),
      [
        ['2', 'created', ''],
        ['3', 'refused', 'EMAIL_INVALID'],
        ['4', 'refused', 'NOT_FOUND'],
      ],
    );
    const trail = await app
      .db('audit_events')
      .where({ action: 'user.imported' })
      .whereRaw(`payload->>'importId' = ?`, id);
    assert.equal(trail.length, 1);
    assert.deepEqual(trail[0].payload.outcomes, { created: 1, updated: 0, unchanged: 0, refused: 2 });
    assert.equal(trail[0].actorId, owner.id);
  });

  it('keep nothing in the clear, and nothing at all of a row that is done', async () => {
    const id = idOf(await bring(`email,name,password_hash\nsecret-row@sealed.test,Very Secret,${bcrypt}\n`));
    const stored = async () =>
      JSON.stringify(
        [await app.db('import_rows').where({ importId: id }), await app.db('imports').where({ id })].flat(),
        (_key, value) => (value?.type === 'Buffer' ? Buffer.from(value.data).toString('latin1') : value),
      );
    assert.doesNotMatch(await stored(), /secret-row|Very Secret|\$2b\$05/);
    const jobs = await app.db.raw('select payload::text as payload from graphile_worker._private_jobs');
    assert.doesNotMatch(JSON.stringify(jobs.rows), /secret-row|Very Secret|\$2b\$05/);
    await work(id);
    assert.doesNotMatch(await stored(), /secret-row|Very Secret|\$2b\$05/);
    assert.equal(await waiting(id), 1);
    await begin(id);
    await work(id);
    assert.equal(await waiting(id), 0);
    assert.equal((await stateOf(id)).state, 'done');
    assert.doesNotMatch(app.logs(), /secret-row|Very Secret|\$2b\$05/);
  });

  it('reads what other systems write out, and leaves passwords behind where it is told to', async () => {
    const realm = JSON.stringify({
      users: [{ id: 'k-1', email: 'kay@realm.test', firstName: 'Kay', credentials: [] }],
    });
    const first = idOf(await bring(realm, { name: 'realm.json', fields: { format: 'keycloak' } }));
    const lines = `${JSON.stringify({ email: 'lee@lines.test', password_hash: bcrypt })}\n{]\n`;
    const second = idOf(await bring(lines, { name: 'people.ndjson', fields: { passwords: 'leave' } }));
    for (const id of [first, second]) {
      await work(id);
      await begin(id);
      await work(id);
    }
    const [kay] = await users('kay@realm.test');
    assert.equal(kay?.fullName ?? 'Kay', 'Kay');
    const [lee] = await users('lee@lines.test');
    assert.equal(await app.db('user_identities').where({ userId: lee?.id }).first(), undefined);
    assert.deepEqual((await stateOf(second)).outcomes, { created: 1, updated: 0, unchanged: 0, refused: 1 });
  });

  it('says what is wrong with what was sent, and keeps nothing of it', async () => {
    const count = async () => Number((await app.db('imports').count())[0]?.count);
    const before = await count();
    const refusals: [Reply, RegExp][] = [
      [await bring('email\n', { name: 'people.csv' }), /There is no row in it/],
      [await bring('x', { name: 'people.xlsx' }), /What the file is/],
      [await bring('', { name: '' }), /File/],
      [await bring('\xff\xfe', { name: 'people.json' }), /This is not what that source writes out/],
      [await bring('email\na@b.test\n', { fields: { format: 'oracle' } }), /What the file is/],
      [await bring('{}', { name: 'u.json', fields: { format: 'firebase', hash_key: 'x' } }), /Salt separator/],
    ];
    for (const [reply, wanted] of refusals) {
      assert.ok(reply.status >= 400 && reply.status < 500, String(reply.status));
      assert.match(textOf(reply), wanted);
    }
    assert.equal(await count(), before);
    const odd: [string, Record<string, string>][] = [
      ['x', { 'content-type': 'multipart/form-data' }],
      ['email=a', {}],
      [`--${boundary}\r\ncontent-disposition: form-data; name="a"\r\n\r\nb\r\n--${boundary}--\r\n`, type],
      [multipart('email\nq@odd.test\n', { fields: { format: 'csv' } }).replace(`--${boundary}--\r\n`, ''), type],
      [`${multipart('x').slice(0, 20)}`, type],
    ];
    for (const [body, headers] of odd) {
      const { status } = await browser.send(at('/new'), body, headers);
      assert.ok(status >= 400 && status < 500, `${status} for ${body.slice(0, 50)}`);
    }
    assert.equal(await count(), before);
  });

  it('has a deeply nested row and one that is too long refused, as others of their file are not', async () => {
    const deep = `{"email":"deep@bounds.test","metadata":${'['.repeat(20_000)}${']'.repeat(20_000)}}`;
    const long = `{"email":"long@bounds.test","full_name":"${'x'.repeat(70_000)}"}`;
    const id = idOf(await bring(`${deep}\n${long}\n{"email":"fine@bounds.test"}\n`, { name: 'bounds.ndjson' }));
    await work(id);
    assert.deepEqual((await stateOf(id)).foreseen, { created: 1, updated: 0, unchanged: 0, refused: 2 });
    await browser.send(at(`/${id}/stop`), {});
  });

  it('are begun once by fifty at once, and worked on by two without being done twice', async () => {
    const rows = Array.from({ length: 700 }, (_, n) => `many-${n}@many.test,Many ${n}`).join('\n');
    const id = idOf(await bring(`email,name\n${rows}\n`));
    await work(id);
    const answers = await Promise.all(Array.from({ length: 50 }, () => begin(id)));
    assert.equal(answers.filter(({ status }) => status === 303).length, 1);
    assert.ok(answers.every(({ status }) => status === 303 || status === 409 || status === 429));
    await Promise.all([work(id), work(id), work(id)]);
    const { state, outcomes } = await stateOf(id);
    assert.equal(state, 'done');
    assert.deepEqual(outcomes, { created: 700, updated: 0, unchanged: 0, refused: 0 });
    assert.equal((await users('many-%@many.test')).length, 700);
    for (const action of ['user.import_begun', 'user.imported']) {
      const events = await app.db('audit_events').where({ action }).whereRaw(`payload->>'importId' = ?`, id);
      assert.equal(events.length, 1, action);
    }
  });

  it('are stopped: what was done stays, what waits is gone, and nothing goes on', async () => {
    const id = idOf(await bring('email\none@stopped.test\ntwo@stopped.test\n'));
    await work(id);
    await begin(id);
    const page = await browser.open(at(`/${id}/stop`));
    assert.match(textOf(page), /2 rows that wait are gone/);
    await browser.submit(page, {}, { form: 1 });
    await work(id);
    assert.equal(await waiting(id), 0);
    assert.deepEqual(await users('%@stopped.test'), []);
    const { state, stoppedWhy } = await stateOf(id);
    assert.deepEqual([state, stoppedWhy], ['stopped', 'cancelled']);
    assert.equal((await begin(id)).status, 409);
    assert.match(textOf(await browser.open(at(`/${id}`))), /Stopped.*Somebody stopped it/);
  });

  describe('by the rights of who brought it', () => {
    const delegate = async (capabilities: string[]) => {
      const person = await app.person({ tenantId: tenant.id });
      const role = await make.createRole(app.db, { tenantId: tenant.id, name: crypto.randomUUID(), capabilities });
      await make.assign(app.db, { tenantId: tenant.id, userId: person.id, roleId: role.id, orgNodeId: north });
      return { person, browser: await signInToConsole(app, person) };
    };
    const head = ['users.read', 'users.manage', 'roles.assign', 'org.read'];

    it('a delegate sees their own alone, and each row is judged by what they hold', async () => {
      const other = idOf(await bring('email\nother@rights.test\n'));
      const { browser: theirs } = await delegate(head);
      const rows = 'a@rights.test,Teacher,North\nb@rights.test,Teacher,South\nc@rights.test,,';
      const id = idOf(await bring(`email,role,place\n${rows}\n`, {}, theirs));
      await work(id);
      await begin(id, theirs);
      await work(id);
      assert.deepEqual((await stateOf(id)).outcomes, { created: 1, updated: 0, unchanged: 0, refused: 2 });
      assert.equal((await theirs.open(at(`/${id}`))).status, 200);
      for (const path of ['', '/begin', '/stop', '/report'])
        assert.equal((await theirs.open(at(`/${other}${path}`))).status, 404, path);
      for (const path of ['/begin', '/stop']) assert.equal((await theirs.send(at(`/${other}${path}`), {})).status, 404);
      const list = await theirs.open(at());
      assert.ok(list.body.includes(id) && !list.body.includes(other));
      assert.ok((await browser.open(at())).body.includes(id), 'who manages all people sees it');
      await browser.send(at(`/${other}/stop`), {});
    });

    it('nobody without the right is shown any of it, nor does it take their file', async () => {
      const id = idOf(await bring('email\nnobody@rights.test\n'));
      const { browser: theirs } = await delegate(['users.read', 'org.read']);
      for (const path of ['', '/new', `/${id}`, `/${id}/begin`, `/${id}/report`]) {
        const { status } = await theirs.open(at(path));
        assert.equal(status, 403, path);
      }
      assert.equal((await bring('email\nx@rights.test\n', {}, theirs)).status, 403);
      assert.doesNotMatch((await theirs.open(`${app.issuer}/console/here/people`)).body, /people\/imports/);
      await browser.send(at(`/${id}/stop`), {});
    });

    it('is stopped where who brought it may import no more', async () => {
      const { person, browser: theirs } = await delegate(head);
      const id = idOf(await bring('email,role,place\nlate@rights.test,Teacher,North\n', {}, theirs));
      await work(id);
      await begin(id, theirs);
      await app.db('org_assignments').where({ userId: person.id }).delete();
      await work(id);
      const { state, stoppedWhy } = await stateOf(id);
      assert.deepEqual([state, stoppedWhy], ['stopped', 'not_allowed']);
      assert.equal(await waiting(id), 0);
      assert.deepEqual(await users('late@rights.test'), []);
    });

    it('an import of another tenant is not there', async () => {
      const elsewhere = await app.tenant({ slug: 'elsewhere', name: 'Elsewhere' });
      const them = await app.person({ tenantId: elsewhere.id });
      await give(app, { tenantId: elsewhere.id, userId: them.id, role: 'owner' });
      const theirs = await signInToConsole(app, them);
      const id = idOf(await bring('email\nforeign@rights.test\n'));
      for (const path of ['', '/begin', '/stop', '/report'])
        assert.equal((await theirs.open(`${app.issuer}/console/elsewhere/people/imports/${id}${path}`)).status, 404);
      assert.equal((await browser.open(at(`/${crypto.randomUUID()}`))).status, 404);
      assert.equal((await browser.open(at('/no-id'))).status, 404);
      await browser.send(at(`/${id}/stop`), {});
    });
  });

  it('a tenant has no more than a few under way, however many come at once', async () => {
    await app.db('imports').whereNotIn('state', ['done', 'stopped']).delete();
    const answers = await Promise.all(Array.from({ length: 50 }, (_, n) => bring(`email\nrush-${n}@rush.test\n`)));
    const open = await app.db('imports').whereNotIn('state', ['done', 'stopped']).select('id');
    assert.ok(open.length <= mostOpenImports && open.length > 0, String(open.length));
    assert.equal(answers.filter(({ status }) => status === 303).length, open.length);
    assert.ok(answers.every(({ status }) => [303, 409, 429].includes(status)));
    await app.db('imports').whereNotIn('state', ['done', 'stopped']).delete();
  });

  it('is done to its end where the process was killed in the middle', async function () {
    this.timeout(240_000);
    const rows = Array.from({ length: 1_500 }, (_, n) => `killed-${n}@killed.test,${bcrypt},Teacher,N-1`);
    const id = idOf(await bring(`email,password_hash,role,place\n${rows.join('\n')}\n`));
    await work(id);
    await begin(id);
    const made = async () => (await users('killed-%@killed.test')).length;
    const server = startServerProcess(environmentOf(app, await freePort()));
    try {
      await server.ready();
      // Somebody of the third batch is made by another, who takes their time: the worker waits there.
      const slow = await app.db.transaction();
      try {
        await slow('users').insert({ tenantId: tenant.id, email: 'killed-1100@killed.test' });
        await eventually(async () => (await made()) === 1_000, 'two batches are there');
        await server.stop('SIGKILL');
      } finally {
        await slow.rollback();
      }
    } finally {
      await server.stop('SIGKILL');
    }
    assert.equal(await made(), 1_000);
    assert.equal(await waiting(id), 500);
    await work(id);
    const { state, outcomes } = await stateOf(id);
    assert.equal(state, 'done');
    assert.deepEqual(outcomes, { created: 1_500, updated: 0, unchanged: 0, refused: 0 });
    assert.equal(await made(), 1_500);
  });
});
