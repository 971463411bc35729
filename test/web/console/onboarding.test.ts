import assert from 'node:assert/strict';
import type { NewTenant } from '../../../src/domain/setup/create-tenant.ts';
import { parseCsv } from '../../../src/platform/csv.ts';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { Browserless, type Reply } from '../../support/browserless.ts';
import { signInToConsole } from '../../support/console.ts';
import * as make from '../../support/factories.ts';
import { give } from '../../support/management.ts';

type Person = Awaited<ReturnType<TestApp['person']>>;

describe('onboarding many at the console', () => {
  let app: TestApp;
  let tenant: NewTenant;
  let owner: Person;
  let browser: Browserless;
  let north: string;
  let school: string;

  before(async () => {
    app = await startTestApp();
    const { db } = app;
    tenant = await app.tenant({ slug: 'here', name: 'Here' });
    const { id: tenantId } = tenant;
    owner = await app.person({ tenantId, fullName: 'Olive Owner' });
    await give(app, { tenantId, userId: owner.id, role: 'owner' });
    browser = await signInToConsole(app, owner);
    north = (await make.createNode(db, { tenantId, name: 'North' })).id;
    school = (await make.createNode(db, { tenantId, name: 'Harbour School', parentId: north })).id;
    await make.createRole(db, { tenantId, name: 'Teacher', capabilities: ['grades.read'] });
    await make.createRole(db, { tenantId, name: 'Janitor', capabilities: ['doors.open'] });
  });

  after(() => app?.stop());

  const at = (query = '') => `${app.issuer}/console/here/people/onboard${query}`;
  const check = (text: string, { who = browser, query = '' } = {}) => who.send(at(query), { text, step: 'check' });

  /** What the page takes along: the text that was checked, and its key. */
  function carried({ body }: Reply): { text: string; once: string } {
    const [, text = ''] = /<textarea name="text" hidden[^>]*>\n([^<]*)/.exec(body) ?? [];
    const [, once = ''] = /name="once" value="([^"]+)"/.exec(body) ?? [];
    return { text: text.replaceAll('&#34;', '"').replaceAll('&#39;', "'").replaceAll('&amp;', '&'), once };
  }
  const next = (page: Reply, step: 'do' | 'report', who = browser) => who.send(page.url, { ...carried(page), step });

  /** What each row tells. */
  const outcomes = ({ body }: Reply) =>
    [
      ...body.matchAll(
        /class="cell-outcome"><span class="state state-\w+">([^<]+)<\/span>(?: <span class="row-fault">([^<]+)<\/span>)?/g,
      ),
    ].map(([, what, why]) => (why === undefined ? what : `${what} ${why}`));
  const users = (like: string) => app.db('users').where('email', 'like', like).select('id', 'email', 'fullName');
  const rolesOf = (userId: string) =>
    app.db('orgAssignments').where({ userId }).orderBy('startsAt').select('orgNodeId', 'startsAt', 'endsAt');

  it('shows row by row what would happen, and does nothing', async () => {
    const page = await check(
      'name,address,role,place,from,until\nAnna,anna@shown.test,Teacher,Harbour School,2027-08-15,2028-06-30\nBert,bert@shown.test,,,,\n',
    );
    assert.equal(page.status, 200);
    assert.deepEqual(outcomes(page), ['New account', 'New account']);
    assert.match(page.body, /Do this: 2 rows/);
    assert.match(page.body, /Anna[\s\S]*Harbour School[\s\S]*15 August 2027[\s\S]*30 June 2028/);
    assert.deepEqual(await users('%@shown.test'), []);
  });

  it('makes them with their roles, once, and tells it as a table', async () => {
    const page = await check(
      'address;name;role;place;from;until\ncara@done.test;"Lind; Cara";teacher;North / Harbour School;15.08.2027;30.06.2028\ncara@done.test;;Janitor;North;;\ndan@done.test;=cmd;TEACHER;harbour school;;\n',
    );
    const done = await next(page, 'do');
    assert.deepEqual(outcomes(done), ['Account made', 'Account made', 'Account made']);
    const again = await next(page, 'do');
    assert.deepEqual(outcomes(again), outcomes(done));
    const made = await users('%@done.test');
    assert.equal(made.length, 2);
    const cara = made.find(({ email }) => email === 'cara@done.test');
    assert.equal(cara?.fullName, 'Lind; Cara');
    const held = await rolesOf(cara?.id);
    assert.deepEqual(
      held.map(({ orgNodeId }) => orgNodeId),
      [north, school],
    );
    assert.equal(held[1].startsAt.toISOString(), '2027-08-15T00:00:00.000Z');
    assert.equal(held[1].endsAt.toISOString(), '2028-07-01T00:00:00.000Z');
    const report = await next(done, 'report');
    assert.match(String(report.headers['content-type']), /text\/csv/);
    assert.match(String(report.headers['content-disposition']), /attachment/);
    const [head, ...rows] = parseCsv(report.body);
    const cell = (index: number, column: string) => rows[index]?.cells[head?.cells.indexOf(column) ?? -1];
    assert.deepEqual(
      rows.map((_, index) => cell(index, 'outcome')),
      ['made', 'made', 'made'],
    );
    assert.equal(cell(2, 'name'), "'=cmd");
    assert.equal(rows[0]?.cells.at(-1), cara?.id);
    assert.equal((await users('%@done.test')).length, 2);
  });

  it('gives the role alone to who is here already, and says what they hold', async () => {
    const somebody = await app.person({ tenantId: tenant.id, fullName: 'Eva Here' });
    const text = `name,address,role,place\nEva,${somebody.email.toUpperCase()},Teacher,North\n`;
    const page = await check(text);
    assert.deepEqual(outcomes(page), ['Is here; gets the role']);
    assert.deepEqual(outcomes(await next(page, 'do')), ['Role given']);
    assert.deepEqual(outcomes(await next(page, 'do')), ['Role given']);
    assert.deepEqual(outcomes(await check(text)), ['Holds it already']);
    assert.deepEqual(outcomes(await check(`name,address\nEva,${somebody.email}\n`)), ['Is here already']);
    assert.equal((await rolesOf(somebody.id)).length, 1);
  });

  it('names what is wrong in its row, does the others, and gives back what is left', async () => {
    const page = await check(
      [
        'Name\tE-mail\tRole\tPlace\tFrom\tShoes',
        'Fine\tfine@mixed.test\tTeacher\tNorth\t\t38',
        'No address\t\tTeacher\tNorth',
        'Odd\todd.mixed.test\tTeacher\tNorth',
        'Wrong\twrong@\tTeacher\tNorth',
        'Role\trole@mixed.test\tTecher\tNorth',
        'Place\tplace@mixed.test\tTeacher\tNorht',
        'Nowhere\tnowhere@mixed.test\tTeacher\t',
        'Date\tdate@mixed.test\tTeacher\tNorth\t02/03/2027',
        'Day\tday@mixed.test\tTeacher\tNorth\t2027-02-30',
        'Fine again\tfine@mixed.test\tTeacher\tNorth',
        'Fine\tfine@mixed.test\tTeacher\tNorth',
        `${'x'.repeat(201)}\tlong@mixed.test\tTeacher\tNorth`,
        'Without\twithout@mixed.test\t\tNorth',
      ].join('\n'),
    );
    assert.match(page.body, /Nothing is read from: Shoes/);
    const found = outcomes(page);
    assert.equal(found[0], 'New account');
    for (const [index, expected] of [
      /an address is missing/,
      /neither an email address nor a phone number/,
      /Not like this: ./,
      /no role “Techer”/,
      /no place “Norht”/,
      /a place is missing/,
      /“02\/03\/2027” is no date/,
      /“2027-02-30” is no date/,
      /line 2 calls the same address Fine/,
      /line 2 says the same/,
      /Name cannot be like this/,
      /a role is missing/,
    ].entries())
      assert.match(found[index + 1] ?? '', expected);
    const done = await next(page, 'do');
    assert.equal(outcomes(done)[0], 'Account made');
    assert.deepEqual(
      (await users('%@mixed.test')).map(({ email }) => email),
      ['fine@mixed.test'],
    );
    const [, left = ''] = /<textarea class="input input-table"[^>]*>\n([^<]*)/.exec(done.body) ?? [];
    const rows = parseCsv(left);
    assert.equal(rows.length, 13);
    assert.deepEqual(rows[1]?.cells, ['No address', '', 'Teacher', 'North', '']);
    assert.deepEqual(outcomes(await check(left)).length, 12);
  });

  it('keeps what was pasted where nothing of it can be read', async () => {
    const empty = await check('name,address,role\n');
    assert.equal(empty.status, 422);
    assert.match(empty.body, /<a href="#text">Paste at least one line/);
    assert.match(empty.body, /name,address,role/);
    const many = await check(`name,address\n${'x,y@z.test\n'.repeat(501)}`);
    assert.equal(many.status, 422);
    assert.match(many.body, /more than 500 lines/);
  });

  it('takes a form as long as it says, and none that is longer', async () => {
    const { status } = await check(`name,address\n${`${'名'.repeat(200)},x@long.test\n`.repeat(350)}`);
    assert.equal(status, 200);
    assert.equal((await browser.send(at(), { text: 'x'.repeat(1024 * 1024), step: 'check' })).status, 413);
    assert.equal(
      (await browser.send(`${app.issuer}/console/here/people/new`, { text: 'x'.repeat(70_000) })).status,
      413,
    );
  });

  it('tells places of the same name apart by what stands above them', async () => {
    const { id: tenantId } = tenant;
    const south = await make.createNode(app.db, { tenantId, name: 'South' });
    await make.createNode(app.db, { tenantId, name: 'Hill', parentId: south.id });
    const hill = await make.createNode(app.db, { tenantId, name: 'Hill', parentId: north, externalId: 'S-17' });
    const page = await check(
      'a,a@hill.test,Teacher,Hill\nb,b@hill.test,Teacher,North / Hill\nc,c@hill.test,Teacher,S-17\nd,d@hill.test,Teacher,South > hill\n',
    );
    const [first, ...others] = outcomes(page);
    assert.match(first ?? '', /several places are called “Hill”/);
    assert.deepEqual(others, ['New account', 'New account', 'New account']);
    await next(page, 'do');
    const [b, c] = await users('_@hill.test').orderBy('email');
    for (const person of [b, c]) assert.equal((await rolesOf(person.id))[0].orgNodeId, hill.id);
  });

  it('takes the place that one looks at where a row names none', async () => {
    const page = await check('a,a@at.test,Teacher\n', { query: `?at=${north}` });
    await next(page, 'do');
    const [a] = await users('a@at.test');
    assert.equal((await rolesOf(a.id))[0].orgNodeId, north);
  });

  describe('by a delegate', () => {
    let theirs: Browserless;
    let hidden: Person;

    before(async () => {
      const { id: tenantId } = tenant;
      const capabilities = ['users.read', 'users.manage', 'org.read', 'roles.read', 'roles.assign', 'grades.read'];
      const lead = await make.createRole(app.db, { tenantId, name: 'Lead', capabilities });
      const delegate = await app.person({ tenantId, fullName: 'Dag Delegate' });
      await make.assign(app.db, { tenantId, userId: delegate.id, roleId: lead.id, orgNodeId: north });
      await make.createNode(app.db, { tenantId, name: 'Elsewhere' });
      hidden = await app.person({ tenantId, fullName: 'Hidden Away' });
      theirs = await signInToConsole(app, delegate);
    });

    it('is done within reach, and gives nothing that the delegate does not hold', async () => {
      const text = [
        'a,a@del.test,Teacher,Harbour School',
        'b,b@del.test,Janitor,North',
        'c,c@del.test,Teacher,Elsewhere',
        'd,d@del.test,owner,North',
        'e,e@del.test,,',
        `f,${hidden.email},Teacher,North`,
        `g,g@del.test,Teacher,${tenant.rootNodeId}`,
      ].join('\n');
      const page = await check(text, { who: theirs });
      const done = await next(page, 'do', theirs);
      const found = outcomes(done);
      assert.equal(found[0], 'Account made');
      for (const [index, expected] of [
        /Not done/,
        /no place “Elsewhere”/,
        /Not done/,
        /with a role at a place/,
        /Not done/,
        /out of your reach/,
      ].entries())
        assert.match(found[index + 1] ?? '', expected, `${index + 1}`);
      assert.deepEqual(
        (await users('%@del.test')).map(({ email }) => email),
        ['a@del.test'],
      );
      assert.equal((await rolesOf(hidden.id)).length, 0);
      assert.doesNotMatch(done.body, /Hidden Away/);
      assert.doesNotMatch(done.body, new RegExp(hidden.id));
    });

    it('is nothing for who makes nobody, and not seen by them', async () => {
      const { id: tenantId } = tenant;
      const reader = await make.createRole(app.db, { tenantId, name: 'Reader', capabilities: ['users.read'] });
      const person = await app.person({ tenantId });
      await make.assign(app.db, { tenantId, userId: person.id, roleId: reader.id, orgNodeId: north });
      const reads = await signInToConsole(app, person);
      assert.equal((await reads.open(at())).status, 403);
      assert.equal((await check('a,a@none.test', { who: reads })).status, 403);
      assert.doesNotMatch((await reads.open(`${app.issuer}/console/here/people`)).body, /people\/onboard/);
      assert.match((await theirs.open(`${app.issuer}/console/here/people`)).body, /people\/onboard/);
    });
  });

  it('is done once, of ten at once', async () => {
    const page = await check('a,a@once.test,Teacher,North\nb,b@once.test,Teacher,North\n');
    const all = await Promise.all(Array.from({ length: 10 }, () => next(page, 'do')));
    for (const done of all) assert.deepEqual(outcomes(done), ['Account made', 'Account made']);
    assert.equal((await users('%@once.test')).length, 2);
    assert.equal(
      Number(
        (
          await app
            .db('auditEvents')
            .where({ action: 'user.created' })
            .whereRaw("payload::text like '%once.test%'")
            .count()
        )[0]?.count ?? 0,
      ) <= 2,
      true,
    );
  });

  it('asks a stranger to sign in before it reads the table', async () => {
    const stranger = new Browserless();
    const { status, location } = await stranger.send(at(), { text: 'x'.repeat(500_000), step: 'do' });
    assert.equal(status, 303);
    assert.match(String(location), /\/authorize\?/);
  });
});
