import assert from 'node:assert/strict';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { deleteUser } from '../../src/domain/lifecycle/end-person.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { eventually } from '../support/eventually.ts';
import * as make from '../support/factories.ts';
import { freePort } from '../support/free-port.ts';
import { type Ask, asking, managementCapabilities, serviceToken } from '../support/management.ts';
import { personToken } from '../support/management-world.ts';
import { environmentOf, startServerProcess } from '../support/server-process.ts';

interface Row {
  index: number;
  status: number;
  body: { id: string; email: string } | null;
  error: { statusCode: number; error: string; message: string; code: string; fields?: { field: string }[] } | null;
}

describe('many at once', () => {
  let app: TestApp;
  let tenantId: string;
  let rootId: string;
  let token: string;
  let ask: Ask;

  before(async () => {
    app = await startTestApp();
    const tenant = await app.tenant();
    tenantId = tenant.id;
    rootId = tenant.rootNodeId;
    token = await serviceToken(app, { tenantId, capabilities: managementCapabilities });
    ask = asking(app, token);
  });
  after(() => app?.stop());

  const person = (name: string) => ({ body: { email: `${name}@many.example` } });
  const keyed = (key: string) => ({ 'idempotency-key': key });
  const counts = async () => {
    const [users] = await app.db('users').where({ tenantId }).count();
    const [events] = await app.db('audit_events').where({ tenantId }).count();
    return [users, events];
  };

  it('makes 1,000 people but for one bad row, and changes nothing where it comes again', async function () {
    this.timeout(240_000);
    const items: object[] = Array.from({ length: 1_000 }, (_, n) => person(`one-of-many-${n}`));
    items[500] = { body: { email: 'no address', shoe_size: 44 } };
    const first = await ask('POST', '/bulk/users', { items }, keyed('a-thousand'));
    assert.equal(first.status, 200);
    const rows = first.body.items as Row[];
    assert.deepEqual(
      rows.map(({ index }) => index),
      items.map((_, n) => n),
    );
    assert.deepEqual(
      rows.filter(({ status }) => status !== 201).map(({ index }) => index),
      [500],
    );
    assert.equal(rows[999]?.body?.email, 'one-of-many-999@many.example');
    const { error } = rows[500] as Row;
    const { status, body } = await ask('POST', '/users', { email: 'no address', shoe_size: 44 });
    const { requestId: _, ...alone } = body;
    assert.deepEqual(error, alone, 'told as it would be alone');
    assert.equal(rows[500]?.status, status);
    const found = await app.db('users').where({ tenantId }).andWhereLike('email', 'one-of-many-%').count();
    assert.equal(Number(found[0]?.count), 999);
    const events = await app.db('audit_events').where({ tenantId, action: 'user.created' }).count();
    assert.ok(Number(events[0]?.count) >= 999);

    const before = await counts();
    const again = await ask('POST', '/bulk/users', { items }, keyed('a-thousand'));
    assert.deepEqual(again.body, first.body);
    assert.deepEqual(await counts(), before);
  });

  it('does each row by the rights that the operation asks for by itself', async () => {
    const north = (await make.createNode(app.db, { tenantId, parentId: rootId, name: 'North' })).id;
    const south = (await make.createNode(app.db, { tenantId, parentId: rootId, name: 'South' })).id;
    const role = await make.createRole(app.db, { tenantId, capabilities: ['org.manage', 'org.read'] });
    const delegate = await app.person({ tenantId });
    await make.assign(app.db, { tenantId, userId: delegate.id, roleId: role.id, orgNodeId: north });
    const own = asking(app, await personToken(app, delegate));
    const node = (parent_id: string, name: string) => ({ body: { parent_id, type: 'school', name } });
    const items = [
      node(north, 'A'),
      node(south, 'B'),
      node(rootId, 'C'),
      node(crypto.randomUUID(), 'D'),
      node(north, 'E'),
    ];
    const { body } = await own('POST', '/bulk/org-nodes', { items });
    const rows = body.items as Row[];
    assert.deepEqual(
      rows.map(({ status }) => status),
      [201, 404, 404, 404, 201],
    );
    assert.deepEqual(rows[1]?.error, rows[3]?.error, 'out of reach is as what does not exist');
    const change = [
      { params: { org_node_id: rows[0]?.body?.id }, body: { name: 'Renamed' } },
      { params: { org_node_id: south }, body: { name: 'Renamed' } },
    ];
    const changed = await own('PATCH', '/bulk/org-nodes', { items: change });
    assert.deepEqual(
      changed.body.items.map(({ status }: Row) => status),
      [200, 404],
    );
    assert.equal((await app.db('org_nodes').where({ id: south }).first('name')).name, 'South');
    const refused = await own('POST', '/bulk/users', { items: [person('nobody')] });
    assert.deepEqual([refused.status, refused.body.code], [403, 'FORBIDDEN']);
  });

  it('goes on where it was killed: what was done is there once, and the rest is done', async function () {
    this.timeout(240_000);
    const server = startServerProcess(environmentOf(app, await freePort()));
    const items = Array.from({ length: 400 }, (_, n) => person(`killed-${n}`));
    const made = () => app.db('users').where({ tenantId }).andWhereLike('email', 'killed-%').select('id', 'email');
    try {
      await server.ready();
      const broken = fetch(`${server.origin}/api/v1/bulk/users`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...keyed('killed') },
        body: JSON.stringify({ items }),
      }).then(
        ({ status }) => status,
        () => 'lost',
      );
      await eventually(async () => (await made()).length >= 40, 'some rows are done');
      await server.stop('SIGKILL');
      assert.equal(await broken, 'lost');
    } finally {
      await server.stop('SIGKILL');
    }
    const before = await made();
    assert.ok(before.length >= 40 && before.length < 400, `${before.length} rows`);
    const { body } = await ask('POST', '/bulk/users', { items }, keyed('killed'));
    const rows = body.items as Row[];
    assert.ok(rows.every(({ status }) => status === 201));
    const byEmail = new Map(rows.map((row) => [row.body?.email, row.body?.id]));
    for (const { id, email } of before) assert.equal(byEmail.get(email), id);
    const after = await made();
    assert.equal(after.length, 400);
    for (const { id, email } of after) assert.equal(byEmail.get(email), id, 'what was answered is there');
  });

  it('changes with If-Match, and once', async () => {
    const { body: ada } = await ask('POST', '/users', { email: 'ada@changed.example' });
    const { body: ben } = await ask('POST', '/users', { email: 'ben@changed.example' });
    const etag = (await ask('GET', `/users/${ada.id}`)).headers.get('etag') as string;
    const items = [
      { params: { user_id: ada.id }, body: { full_name: 'Ada' }, if_match: etag },
      { params: { user_id: ada.id }, body: { full_name: 'Ada Again' }, if_match: etag },
      { params: { user_id: ben.id }, body: { full_name: 'Ben' } },
      { params: { user_id: crypto.randomUUID() }, body: { full_name: 'Nobody' } },
    ];
    const first = await ask('PATCH', '/bulk/users', { items }, keyed('changes'));
    assert.deepEqual(
      first.body.items.map(({ status }: Row) => status),
      [200, 412, 200, 404],
    );
    await ask('PATCH', `/users/${ben.id}`, { full_name: 'Benjamin' });
    const before = await counts();
    assert.deepEqual((await ask('PATCH', '/bulk/users', { items }, keyed('changes'))).body, first.body);
    assert.deepEqual(await counts(), before);
    assert.equal((await ask('GET', `/users/${ben.id}`)).body.full_name, 'Benjamin');
  });

  it('keeps a refusal, too: a row that could be done by now is not', async () => {
    const { body: taken } = await ask('POST', '/users', { email: 'taken@many.example' });
    const items = [person('taken'), person('free')];
    const first = await ask('POST', '/bulk/users', { items }, keyed('refused'));
    assert.deepEqual(
      first.body.items.map(({ status, error }: Row) => [status, error?.code]),
      [
        [409, 'DUPLICATE_EMAIL'],
        [201, undefined],
      ],
    );
    await deleteUser(app.db, { tenantId, userId: taken.id }, systemCaller);
    const again = await ask('POST', '/bulk/users', { items }, keyed('refused'));
    assert.deepEqual(again.body, first.body);
    assert.equal((await ask('POST', '/bulk/users', { items }, keyed('another'))).body.items[0].status, 201);
  });

  it('is done once where the same comes ten times at once, and all are told the same', async () => {
    const items = Array.from({ length: 5 }, (_, n) => person(`at-once-${n}`));
    const answers = await Promise.all(
      // No more than connections: each waits for the first one's transaction.
      Array.from({ length: 8 }, () => ask('POST', '/bulk/users', { items }, keyed('at-once'))),
    );
    for (const { status, body } of answers) assert.deepEqual([status, body], [200, answers[0]?.body]);
    const [found] = await app.db('users').where({ tenantId }).andWhereLike('email', 'at-once-%').count();
    assert.equal(Number(found?.count), 5);
  });

  it('refuses its key for anything else, and does nothing of it', async () => {
    const items = [person('key-1')];
    await ask('POST', '/bulk/users', { items }, keyed('one-request'));
    for (const [path, other] of [
      ['/bulk/users', [person('key-1'), person('key-2')]],
      ['/bulk/users', [person('key-3')]],
      ['/bulk/org-nodes', items],
    ] as const) {
      const { status, body } = await ask('POST', path, { items: other }, keyed('one-request'));
      assert.deepEqual([status, body.code], [409, 'IDEMPOTENCY_KEY_REUSED']);
    }
    assert.equal((await app.db('users').where({ email: 'key-2@many.example' })).length, 0);
  });

  it('forgets what it kept of a person who is erased, and tells the rest as before', async () => {
    const items = [person('to-be-erased'), person('to-be-kept')];
    const first = await ask('POST', '/bulk/users', { items }, keyed('erased'));
    const [erased, kept] = first.body.items as Row[];
    assert.equal((await ask('POST', `/users/${erased?.body?.id}/erase`)).status, 204);
    const again = await ask('POST', '/bulk/users', { items }, keyed('erased'));
    const rows = again.body.items as Row[];
    assert.deepEqual([rows[0]?.status, rows[0]?.error?.code, rows[1]], [409, 'IDEMPOTENCY_KEY_REUSED', kept]);
    assert.equal((await app.db('users').where({ email: 'to-be-erased@many.example' })).length, 0);
  });

  it('tells who may not ask any longer nothing of what was done', async () => {
    const { id, ...signer } = await app.person({ tenantId });
    const role = await make.createRole(app.db, { tenantId, capabilities: ['users.manage', 'users.read'] });
    const far = await make.createNode(app.db, { tenantId, parentId: rootId, name: 'Far' });
    await make.assign(app.db, { tenantId, userId: id, roleId: role.id, orgNodeId: rootId });
    const own = asking(app, await personToken(app, { id, ...signer } as never));
    const items = [person('told-once')];
    assert.equal((await own('POST', '/bulk/users', { items }, keyed('told'))).body.items[0].status, 201);
    await app.db('org_assignments').where({ userId: id }).update({ orgNodeId: far.id });
    const [row] = (await own('POST', '/bulk/users', { items }, keyed('told'))).body.items as Row[];
    assert.deepEqual([row?.status, row?.body], [403, null]);
  });

  it('says what would happen, and does nothing', async () => {
    const before = await counts();
    const items = [person('dry-1'), { body: {} }, { body: { email: 'x' }, extra: 1 }, 'no row', person('dry-1')];
    const { body } = await ask('POST', '/bulk/users?dry_run=true', { items }, keyed('dry'));
    assert.deepEqual(
      body.items.map(({ status, error }: Row) => [status, error?.fields?.[0]?.field]),
      [
        [201, undefined],
        [422, undefined],
        [422, 'row.extra'],
        [422, 'row'],
        [201, undefined],
      ],
    );
    assert.deepEqual(await counts(), before);
  });

  it('takes bodies as long as they may be here, and nowhere else', async () => {
    const items = Array.from({ length: 1_001 }, (_, n) => person(`too-many-${n}`));
    const many = await ask('POST', '/bulk/users', { items });
    assert.deepEqual([many.status, many.body.fields[0].field], [422, 'body.items']);
    assert.equal((await ask('POST', '/bulk/users', { items: [] })).status, 422);
    const long = (bytes: number) => ({ items: [{ body: { email: 'x'.repeat(bytes) } }] });
    const { status, body } = await ask('POST', '/bulk/users?dry_run=true', long(100_000));
    assert.deepEqual([status, body.items[0].status], [200, 422]);
    assert.equal((await ask('POST', '/bulk/users', long(2 * 1024 * 1024))).status, 413);
    assert.equal((await ask('POST', '/users', { email: 'x'.repeat(100_000) })).status, 413);
  });
});
