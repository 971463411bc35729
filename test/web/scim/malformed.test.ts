/** Whatever is written into a filter or a PATCH, the answer is a refusal or a result, and never a fault of the server. */
import assert from 'node:assert/strict';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { type AskScim, askingScim, patchOf, scimBearer } from '../../support/scim.ts';

/** The same numbers in each run: what fails can be tried again. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state % below;
  };
}

const names = [
  'userName',
  'emails',
  'emails.value',
  'active',
  'id',
  'meta.created',
  'groups',
  'manager',
  'name.givenName',
  'members',
  'externalId',
  'title',
  'nothing',
  'urn:ietf:params:scim:schemas:core:2.0:User:userName',
  'urn:x:y',
  '__proto__',
  'constructor',
  'toString',
  'phoneNumbers.type',
  'schemas',
  'displayName',
];
const operators = ['eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le', 'pr', 'EQ', 'xx'];
const values = [
  '"x"',
  '""',
  'true',
  'False',
  'null',
  '12',
  '-1e308',
  '1e999',
  '"2020-01-01T00:00:00Z"',
  '"9999-99-99T00:00:00Z"',
  '"%"',
  '"\\u0000"',
  '"\\ud800"',
  '"\'; drop table users; --"',
  '"\\""',
  '"01890a5d-ac96-774b-bcce-b302099a8057"',
  '"+41791234567"',
  '"a@b.ch"',
  `"${'x'.repeat(300)}"`,
  ':filter0',
  '?',
  '$1',
];
const glue = ['and', 'or', 'not', '(', ')', '[', ']', 'AND', ','];

describe('malformed filters and patches', () => {
  let app: TestApp;
  let scim: AskScim;
  let userId: string;
  let groupId: string;
  before(async () => {
    app = await startTestApp();
    const { id: tenantId } = await app.tenant({ name: 'Acme' });
    scim = askingScim(app, await scimBearer(app, { tenantId }));
    userId = (await scim('POST', '/Users', { userName: 'fuzzed' })).body.id;
    groupId = (await scim('POST', '/Groups', { displayName: 'member@Acme' })).body.id;
  });
  after(() => app?.stop());

  const isSound = (status: number) => status >= 200 && status < 500;

  it('are refused, or answered: filters', async () => {
    const next = numbers(7);
    const pick = <T>(list: readonly T[]): T => list[next(list.length)] as T;
    for (let round = 0; round < 150; round += 1) {
      const words: string[] = [];
      for (let n = 0; n <= next(4); n += 1) {
        if (next(3) === 0) words.push(pick(glue));
        words.push(pick(names), pick(operators), pick(values));
        if (next(3) === 0) words.push(pick(glue));
      }
      const filter = words.join(' ');
      const kind = pick(['Users', 'Groups']);
      const { status } = await scim('GET', `/${kind}?filter=${encodeURIComponent(filter)}`);
      assert.ok(status === 200 || status === 400, `${status}: ${kind} ${filter}`);
    }
  });

  it('are refused, or answered: each name with each operator and value', async () => {
    for (const name of names)
      for (const operator of operators) {
        const filters = values.map((value) => `${name} ${operator} ${value}`);
        const filter = filters[(names.indexOf(name) + operators.indexOf(operator)) % filters.length] as string;
        const { status } = await scim('GET', `/Users?filter=${encodeURIComponent(filter)}`);
        assert.ok(status === 200 || status === 400, `${status}: ${filter}`);
      }
  });

  it('are refused where they are too long or too deep', async () => {
    for (const filter of [
      `userName eq "${'x'.repeat(3_000)}"`,
      `${'('.repeat(200)}userName pr${')'.repeat(200)}`,
      Array.from({ length: 100 }, () => 'title pr').join(' and '),
      `${'not ('.repeat(50)}title pr${')'.repeat(50)}`,
      `emails[${'type['.repeat(20)}`,
    ]) {
      const { status, body } = await scim('POST', '/Users/.search', { filter });
      assert.equal(status, 400, filter.slice(0, 40));
      assert.ok(['invalidFilter', 'invalidValue'].includes(body.scimType));
    }
  });

  it('are refused, or done: patches', async () => {
    const next = numbers(11);
    const pick = <T>(list: readonly T[]): T => list[next(list.length)] as T;
    const paths = [
      ...names,
      'emails[type eq "work"].value',
      'emails[value pr]',
      'emails[',
      'members[value eq "x"]',
      'members[value eq 1].display',
      'name',
      'name.formatted',
      'addresses[type eq "work" or type eq "home"].region',
      '',
      '.',
      'a.b.c',
      'emails[not (type pr)]',
      'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User',
      'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager',
      'urn:ietf:params:scim:schemas:extension:gatehouse:2.0:Group:roleId',
      null,
      7,
      {},
    ];
    const contents: unknown[] = [
      'x',
      '',
      null,
      true,
      'False',
      12,
      [],
      {},
      [null],
      ['x'],
      [{}],
      [{ value: null }],
      { value: 'x' },
      [{ value: { value: 'x' } }],
      { __proto__: { x: 1 } },
      JSON.parse('{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}'),
      { name: 'x' },
      { name: { givenName: ['x'] } },
      { emails: 'x@example.test' },
      { active: {} },
      { members: 'x' },
      { 'emails[type eq "work"].value': 'z@example.test' },
      'y'.repeat(20_000),
      '\u202e',
      { userName: null },
    ];
    for (let round = 0; round < 150; round += 1) {
      const operations = Array.from({ length: 1 + next(3) }, () => ({
        op: pick(['add', 'Replace', 'remove', 'move', 1]),
        path: pick(paths),
        value: pick(contents),
      }));
      const path = pick([`/Users/${userId}`, `/Groups/${groupId}`]);
      const { status } = await scim('PATCH', path, patchOf(...operations));
      assert.ok(isSound(status), `${status}: ${path} ${JSON.stringify(operations).slice(0, 400)}`);
    }
    assert.equal(({} as { polluted?: boolean }).polluted, undefined);
    for (const value of contents) {
      for (const [method, path] of [
        ['POST', '/Users'],
        ['PUT', `/Users/${userId}`],
        ['POST', '/Groups'],
        ['PUT', `/Groups/${groupId}`],
        ['POST', '/Bulk'],
        ['POST', '/Users/.search'],
      ] as const)
        for (const body of [
          value,
          {
            userName: value,
            displayName: value,
            members: value,
            emails: value,
            name: value,
            Operations: value,
            filter: value,
            attributes: value,
          },
        ]) {
          const { status } = await scim(method, path, body ?? 'null');
          assert.ok(isSound(status), `${status}: ${method} ${path} ${JSON.stringify(body)?.slice(0, 200)}`);
        }
    }
    assert.equal((await scim('GET', '/Users?count=1')).status, 200);
  });
});
