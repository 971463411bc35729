import assert from 'node:assert/strict';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { type Ask, askAsService, asking } from '../../support/management.ts';

describe('the management API over HTTP', () => {
  let app: TestApp;
  let tenantId: string;
  let ask: Ask;

  before(async () => {
    app = await startTestApp();
    tenantId = (await app.tenant()).id;
    ask = await askAsService(app, { tenantId, capabilities: ['roles.read', 'roles.manage'] });
  });
  after(() => app?.stop());

  it('makes, shows, changes and deletes a thing', async () => {
    const made = await ask('POST', '/roles', { name: 'Teacher' });
    assert.equal(made.status, 201);
    assert.equal(made.body.name, 'Teacher');
    const path = `/roles/${made.body.id}`;
    const shown = await ask('GET', path);
    assert.deepEqual(shown.body, made.body);
    const etag = shown.headers.get('etag') as string;
    const changed = await ask('PATCH', path, { description: 'Teaches' }, { 'if-match': etag });
    assert.equal(changed.status, 200);
    assert.equal(changed.body.description, 'Teaches');
    assert.notEqual(changed.headers.get('etag'), etag);
    assert.equal((await ask('DELETE', path)).status, 204);
    assert.equal((await ask('DELETE', path)).status, 204);
    assert.equal((await ask('GET', path)).status, 404);
  });

  it('refuses a change of what has changed since it was read, and one that does not say what was read', async () => {
    const { body } = await ask('POST', '/roles', { name: 'Bursar' });
    const etag = (await ask('GET', `/roles/${body.id}`)).headers.get('etag') as string;
    const answers = await Promise.all(
      ['One', 'Two', 'Three', 'Four', 'Five'].map((name) =>
        ask('PATCH', `/roles/${body.id}`, { name }, { 'if-match': etag }),
      ),
    );
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 412, 412, 412, 412]);
    const without = await ask('PATCH', `/roles/${body.id}`, { name: 'Six' });
    assert.equal(without.status, 428);
    assert.equal(without.body.code, 'PRECONDITION_REQUIRED');
  });

  it('answers 304 to what has not changed', async () => {
    const { body } = await ask('POST', '/roles', { name: 'Porter' });
    const etag = (await ask('GET', `/roles/${body.id}`)).headers.get('etag') as string;
    const again = await ask('GET', `/roles/${body.id}`, undefined, { 'if-none-match': etag });
    assert.equal(again.status, 304);
    assert.equal(again.body, undefined);
  });

  it('does once what comes twice with one key, also at once, and refuses the key for anything else', async () => {
    const headers = { 'idempotency-key': 'a-key-of-mine' };
    const answers = await Promise.all(
      // No more than connections: each waits for the first one's transaction.
      Array.from({ length: 8 }, () => ask('POST', '/roles', { name: 'Once' }, headers)),
    );
    assert.deepEqual([...new Set(answers.map(({ status }) => status))], [201]);
    assert.equal(new Set(answers.map(({ body }) => body.id)).size, 1);
    const other = await ask('POST', '/roles', { name: 'Another' }, headers);
    assert.equal(other.status, 409);
    assert.equal(other.body.code, 'IDEMPOTENCY_KEY_REUSED');
  });

  it('says what a change would do, and does not', async () => {
    const dry = await ask('POST', '/roles?dry_run=true', { name: 'Ghost' });
    assert.equal(dry.status, 201);
    assert.equal(dry.body.name, 'Ghost');
    assert.equal((await ask('GET', `/roles/${dry.body.id}`)).status, 404);
    const events = await app.db('audit_events').where({ entityId: dry.body.id });
    assert.equal(events.length, 0);
  });

  it('names every fault by its field', async () => {
    const { status, body } = await ask('POST', '/roles', { name: '', colour: 'red' });
    assert.equal(status, 422);
    assert.equal(body.code, 'VALIDATION_FAILED');
    assert.deepEqual(body.fields.map(({ field }: { field: string }) => field).sort(), ['body.colour', 'body.name']);
    const page = await ask('GET', '/roles?limit=1e9&sort=colour');
    assert.deepEqual(page.body.fields.map(({ field }: { field: string }) => field).sort(), [
      'query.limit',
      'query.sort',
    ]);
  });

  it('pages with a cursor that serves this list alone', async () => {
    for (const name of ['A', 'B', 'C']) await ask('POST', '/roles', { name: `Page ${name}` });
    const names: string[] = [];
    let path: string | undefined = '/roles?limit=2';
    while (path) {
      const { body, headers }: Awaited<ReturnType<Ask>> = await ask('GET', path);
      names.push(...body.items.map((role: { name: string }) => role.name));
      const link = /^<\/api\/v1([^>]*)>; rel="next"$/.exec(headers.get('link') ?? '')?.[1];
      assert.equal(link === undefined, body.next === null);
      path = link;
    }
    assert.equal(names.length, new Set(names).size);
    for (const name of ['owner', 'admin', 'member', 'Page A', 'Page B', 'Page C'])
      assert.ok(names.includes(name), name);

    const { body } = await ask('GET', '/roles?limit=2');
    const elsewhere = await askAsService(app, { tenantId: (await app.tenant()).id, capabilities: ['roles.read'] });
    const refused = await elsewhere('GET', `/roles?limit=2&after=${body.next}`);
    assert.equal(refused.body.code, 'CURSOR_INVALID');
  });

  it('refuses who is nobody, and what is no token of this API', async () => {
    for (const token of [undefined, 'nonsense', 'a.b.c']) {
      const { status, body, headers } = await asking(app, token)('GET', '/roles');
      assert.equal(status, 401);
      assert.equal(body.code, 'ACCESS_TOKEN_INVALID');
      assert.match(headers.get('www-authenticate') ?? '', /^Bearer/);
    }
  });

  it('refuses what the service was not given', async () => {
    const reader = await askAsService(app, { tenantId, capabilities: ['roles.read'] });
    const { status, body } = await reader('POST', '/roles', { name: 'Mine' });
    assert.equal(status, 403);
    assert.equal(body.code, 'FORBIDDEN');
  });

  it('writes who did it by which operation', async () => {
    const { body } = await ask('POST', '/roles', { name: 'Traced' });
    const [event] = await app.db('audit_events').where({ entityId: body.id, action: 'role.created' });
    assert.equal(event.actorType, 'client');
    assert.equal(event.payload.cause, 'roles.create');
  });

  it('describes itself', async () => {
    const { status, body } = await asking(app, undefined)('GET', '/openapi.json');
    assert.equal(status, 200);
    assert.equal(body.openapi, '3.1.0');
    assert.equal(body.paths['/roles/{role_id}'].patch.operationId, 'roles.update');
  });
});
