import assert from 'node:assert/strict';
import { createDatabase, type Database } from '../../src/platform/database.ts';
import { newId } from '../../src/platform/ids.ts';
import {
  boundedLimit,
  byId,
  type CursorScope,
  everyItem,
  type Keyset,
  openCursor,
  type Page,
  type PageRequest,
  sealCursor,
  selectPage,
} from '../../src/platform/paging.ts';
import { createSecrets, defineSecretPurpose } from '../../src/platform/secrets.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

interface Item {
  id: string;
  name: string;
}

const invalid = { name: 'DomainError', kind: 'invalid', code: 'CURSOR_INVALID' };

describe('a page of a list', () => {
  let database: TestDatabase;
  let db: Database;

  before(async () => {
    database = await createTestDatabase();
    db = createDatabase({ url: database.url, poolMax: 3 });
    await db.raw('create table paged (id uuid primary key, name text not null, at timestamptz not null)');
  });
  beforeEach(() => db('paged').delete());
  after(async () => {
    await db.destroy();
    await database.drop();
  });

  const byName: Keyset = {
    columns: [
      { expression: 'lower(name)', type: 'text' },
      { expression: 'id', type: 'uuid' },
    ],
  };
  const latestFirst: Keyset = {
    columns: [
      { expression: 'at', type: 'timestamptz' },
      { expression: 'id', type: 'uuid' },
    ],
    descending: true,
  };

  function list(keyset: Keyset, request: PageRequest): Promise<Page<Item>> {
    return selectPage<Item>(
      db,
      keyset,
      request,
      ({ key, where, order }) => `select id, name, ${key} from paged where name <> :hidden and ${where} ${order}`,
      { hidden: 'hidden' },
    );
  }

  async function add(name: string, at = '2026-01-01T00:00:00Z'): Promise<string> {
    const id = newId();
    await db.raw('insert into paged (id, name, at) values (?, ?, ?::timestamptz)', [id, name, at]);
    return id;
  }

  async function names(keyset: Keyset, limit: number, between: () => Promise<unknown> = async () => {}) {
    const found: string[] = [];
    let after: string | null = null;
    do {
      const page: Page<Item> = await list(keyset, { limit, after });
      assert.ok(page.items.length <= limit);
      found.push(...page.items.map(({ name }) => name));
      after = page.next;
      await between();
    } while (after !== null);
    return found;
  }

  it('is known to be the last one, also where it is full', async () => {
    const ids = [await add('a'), await add('b'), await add('c'), await add('d')];
    const first = await list(byId(), { limit: 2 });
    assert.deepEqual(first.items, [
      { id: ids[0], name: 'a' },
      { id: ids[1], name: 'b' },
    ]);
    assert.equal(first.next, ids[1]);
    const second = await list(byId(), { limit: 2, after: first.next });
    assert.deepEqual([second.items.map(({ name }) => name), second.next], [['c', 'd'], null]);
    assert.deepEqual(await list(byId(), { after: ids[3] }), { items: [], next: null });
  });

  it('keeps its place among equals, in either direction', async () => {
    for (const name of ['b', 'B', 'a', 'b', 'A', 'c', 'b']) await add(name);
    const all = await names(byName, 2);
    assert.deepEqual(
      all.map((name) => name.toLowerCase()),
      ['a', 'a', 'b', 'b', 'b', 'b', 'c'],
    );
    await db('paged').delete();
    // Microseconds apart: a Date cannot tell them from one another.
    const moments = ['000001', '000002', '000003', '000003', '000004'];
    for (const [n, moment] of moments.entries()) await add(`${n}`, `2026-01-01T00:00:00.${moment}Z`);
    const latest = await names(latestFirst, 1);
    assert.deepEqual([latest[0], latest[3], latest[4], new Set(latest).size], ['4', '1', '0', 5]);
  });

  it('shows what is there all along once each, whatever comes and goes meanwhile', async () => {
    for (let n = 0; n < 20; n++) await add(`stays ${String.fromCharCode(97 + n)}`);
    const gone = await add('stays b, and goes');
    const seen = await names(byName, 3, async () => {
      await Promise.all([
        add('a newcomer'),
        add('stays m too'),
        add('z newcomer'),
        db('paged').where({ id: gone }).delete(),
      ]);
      if ((await db('paged')).length > 90) await db('paged').whereLike('name', 'z%').delete();
    });
    const stayed = seen.filter((name) => /^stays .$/.test(name));
    assert.deepEqual(
      stayed,
      Array.from({ length: 20 }, (_, n) => `stays ${String.fromCharCode(97 + n)}`),
    );
    assert.deepEqual(seen, [...seen].sort());
  });

  it('is as long as the list allows', async () => {
    const values = Array.from({ length: 260 }, (_, n) => ({ id: newId(), name: `${n}`, at: new Date() }));
    await db('paged').insert(values);
    const lengths = async (keyset: Keyset, limits: (number | undefined)[]) =>
      Promise.all(limits.map(async (limit) => (await list(keyset, { limit })).items.length));
    assert.deepEqual(
      await lengths(byId(), [undefined, 0, -5, 1.9, 200, 201, 1e9, Number.NaN, Number.POSITIVE_INFINITY]),
      [50, 1, 1, 1, 200, 200, 200, 50, 200],
    );
    assert.deepEqual(await lengths(byId('id', 1000), [999, 5000]), [260, 260]);
    assert.deepEqual([boundedLimit(5000, 1000), boundedLimit(1000, 1000)], [1000, 1000]);
    let count = 0;
    for await (const _ of everyItem((request) => list(byId(), request))) count++;
    assert.equal(count, 260);
  });

  it('refuses a position that is none of its own', async () => {
    const id = await add('a');
    for (const after of ['', 'a', "' or true --", `${id} `, '["a"]', 'null'])
      await assert.rejects(list(byId(), { after }), invalid, after);
    const forName = ['[]', '{}', 'a', '["a"]', `["a","${id}","x"]`, `["a\\u0000","${id}"]`, `[1,"${id}"]`, '["a","b"]'];
    for (const after of [id, ...forName]) await assert.rejects(list(byName, { after }), invalid, after);
    for (const moment of ['now', 'infinity', '2026-01-01', '2026-01-01T00:00:00'])
      await assert.rejects(list(latestFirst, { after: JSON.stringify([moment, id]) }), invalid, moment);
  });
});

describe('a cursor', () => {
  const secrets = createSecrets(['the secret key of this test, which is long enough']);
  const scope: CursorScope = {
    list: 'users.list',
    within: newId(),
    filter: { state: 'active', q: undefined, at: { node: 'n', deep: true } },
    sort: 'name',
  };
  const position = { after: JSON.stringify(['ada', newId()]), limit: 20 };
  const day = 86_400_000;

  it('goes on where the page before ended, and shows nothing of it', () => {
    const cursor = sealCursor(secrets, scope, position);
    assert.match(cursor, /^[\w-]+$/);
    assert.ok(!Buffer.from(cursor, 'base64url').includes('ada'));
    assert.deepEqual(openCursor(secrets, scope, cursor), position);
    const sameFilter = { at: { deep: true, node: 'n' }, state: 'active' };
    assert.deepEqual(openCursor(secrets, { ...scope, filter: sameFilter }, cursor), position);
  });

  it('is refused for another tenant, list, filter or sort', () => {
    const cursor = sealCursor(secrets, scope, position);
    const others: Partial<CursorScope>[] = [
      { within: newId() },
      { within: null },
      { list: 'users.export' },
      { sort: undefined },
      { sort: '-name' },
      { filter: {} },
      { filter: { ...scope.filter, state: 'inactive' } },
      { filter: { ...scope.filter, q: '' } },
      { filter: { ...scope.filter, at: { node: 'm', deep: true } } },
    ];
    for (const other of others)
      assert.throws(() => openCursor(secrets, { ...scope, ...other }, cursor), invalid, JSON.stringify(other));
  });

  it('is refused where it was tampered with, made elsewhere or sealed for another end', () => {
    const cursor = sealCursor(secrets, scope, position);
    const bytes = Buffer.from(cursor, 'base64url');
    for (let n = 0; n < bytes.length; n++) {
      const changed = Buffer.from(bytes);
      changed[n] = (changed[n] as number) ^ 1;
      assert.throws(() => openCursor(secrets, scope, changed.toString('base64url')), invalid, `byte ${n}`);
    }
    const elsewhere = createSecrets(['another secret key, which is as long as the first']);
    const others = [
      sealCursor(elsewhere, scope, position),
      secrets
        .seal(defineSecretPurpose('payloads'), JSON.stringify(['a', 1, Date.now() + day]), '')
        .toString('base64url'),
      ...['', 'x', `${cursor}x`, `${cursor}=`, ` ${cursor}`, cursor.slice(0, -1), cursor.repeat(100), position.after],
    ];
    for (const other of others) assert.throws(() => openCursor(secrets, scope, other), invalid, other);
  });

  it('is good for a day', () => {
    const now = Date.now();
    const cursor = sealCursor(secrets, scope, position, now);
    assert.deepEqual(openCursor(secrets, scope, cursor, now + day - 1), position);
    assert.throws(() => openCursor(secrets, scope, cursor, now + day), invalid);
  });

  it('outlives a change of SECRET_KEY', () => {
    const cursor = sealCursor(secrets, scope, position);
    const rotated = createSecrets([
      'a new secret key, which is also long enough',
      'the secret key of this test, which is long enough',
    ]);
    assert.deepEqual(openCursor(rotated, scope, cursor), position);
  });
});
