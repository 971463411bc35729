import assert from 'node:assert/strict';
import { recordEvent, systemCaller } from '../../src/domain/audit/audit-events.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { type Listening, listen } from '../support/event-stream.ts';
import { eventually } from '../support/eventually.ts';
import { serviceToken } from '../support/management.ts';

describe('the audit trail as it happens', () => {
  let app: TestApp;
  let otherOrigin: string;
  let tenantId: string;
  const open: Listening[] = [];

  before(async () => {
    app = await startTestApp();
    otherOrigin = await app.startProcess();
    tenantId = (await app.tenant()).id;
  });
  afterEach(() => {
    for (const one of open.splice(0)) one.leave();
  });
  after(() => app?.stop());

  const tokenOf = (capabilities = ['audit.read', 'roles.manage'], of = tenantId) =>
    serviceToken(app, { tenantId: of, capabilities });

  async function tail(token: string, query = '', headers: Record<string, string> = {}): Promise<Listening> {
    const all = { authorization: `Bearer ${token}`, ...headers };
    const listening = await listen(`${app.issuer}/api/v1/audit-events/tail?${query}`, all);
    open.push(listening);
    return listening;
  }

  /** One that has begun: what is written from now on is new to it. */
  async function begunTail(token: string, query = ''): Promise<Listening> {
    const listening = await tail(token, query);
    assert.equal(listening.status, 200);
    await listening.begun();
    // The database is asked first after the headers went: an event that is told says that it was.
    await eventually(async () => {
      await recordEvent(app.db, { tenantId, action: 'sample.begun', entityId: 'begun' }, systemCaller);
      return listening.heard.length > 0;
    }, 'it tells');
    return listening;
  }

  const happens = (entityId: string, of = tenantId) =>
    recordEvent(app.db, { tenantId: of, action: 'sample.happened', entityType: 'sample', entityId }, systemCaller);

  const isAbout = (entityId: string) => (event: { data: { entity_id?: string } }) => event.data.entity_id === entityId;

  it('tells what another process does, with its id, and nothing of another tenant', async () => {
    const token = await tokenOf();
    const listening = await begunTail(token);
    assert.match(listening.headers.get('content-type') ?? '', /^text\/event-stream/);
    assert.equal(listening.headers.get('cache-control'), 'no-store');
    await happens('elsewhere', (await app.tenant()).id);
    const made = await fetch(`${otherOrigin}/api/v1/roles`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'Told role' }),
    });
    const { id } = (await made.json()) as { id: string };
    const told = await listening.hears(isAbout(id), 'the role is told');
    assert.deepEqual([told.event, told.data.action, told.data.entity_name], ['audit', 'role.created', 'Told role']);
    assert.equal(told.id, told.data.id);
    assert.ok(!listening.heard.some(isAbout('elsewhere')));
    const { status, body } = await fetch(`${app.issuer}/api/v1/audit-events/${told.id}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    await body?.cancel();
    assert.equal(status, 200);
  });

  it('is narrowed as the list is, and goes on after an event', async () => {
    const token = await tokenOf();
    const listening = await begunTail(token);
    await happens('first');
    const first = await listening.hears(isAbout('first'), 'the first is told');
    await happens('second');
    const again = await tail(token, 'action=sample.happened', { 'last-event-id': first.id ?? '' });
    await again.hears(isAbout('second'), 'what was missed is told');
    assert.ok(again.heard.every(({ data }) => data.action === 'sample.happened'));
    assert.ok(!again.heard.some(isAbout('first')));
  });

  it('ends when the token does', async () => {
    const { clientId, clientSecret } = await app.service({ tenantId, capabilities: ['audit.read'] });
    const authorization = `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`;
    const post = (path: string, form: Record<string, string>) =>
      fetch(`${app.issuer}${path}`, { method: 'POST', headers: { authorization }, body: new URLSearchParams(form) });
    const answer = await post('/token', { grant_type: 'client_credentials', resource: `${app.issuer}/api/v1` });
    const { access_token: token } = (await answer.json()) as { access_token: string };
    const listening = await begunTail(token);
    assert.equal((await post('/revoke', { token })).status, 200);
    await eventually(() => listening.isOver(), 'it ends');
    assert.equal(listening.heard.at(-1)?.event, 'end');
    await happens('after the end');
    assert.ok(!listening.heard.some(isAbout('after the end')));
  });

  it('ends when the capability does', async () => {
    const { clientId, clientSecret } = await app.service({ tenantId, capabilities: ['audit.read'] });
    const answer = await fetch(`${app.issuer}/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}` },
      body: new URLSearchParams({ grant_type: 'client_credentials', resource: `${app.issuer}/api/v1` }),
    });
    const { access_token: token } = (await answer.json()) as { access_token: string };
    const listening = await begunTail(token);
    const owned = app.db('clients').where({ clientId }).select('id');
    await app.db('client_capabilities').whereIn('clientId', owned).delete();
    await eventually(() => listening.isOver(), 'it ends');
    assert.equal(listening.heard.at(-1)?.event, 'end');
  });

  it('lives through the loss of all connections to the database', async () => {
    const listening = await begunTail(await tokenOf());
    await app.db.raw(
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
    );
    await eventually(async () => {
      await happens('after the loss').catch(() => undefined);
      return listening.heard.some(isAbout('after the loss')) || listening.isOver();
    }, 'it goes on');
    assert.equal(listening.isOver(), false);
  });

  it('is for few at a time in one name, and who goes away makes room', async () => {
    const token = await tokenOf();
    const mine = [await tail(token), await tail(token), await tail(token), await tail(token)];
    const refused = await tail(token);
    assert.equal(refused.status, 429);
    assert.ok(Number(refused.headers.get('retry-after')) > 0);
    assert.equal((await tail(await tokenOf())).status, 200, 'others are none of it');
    mine[0]?.leave();
    await eventually(async () => (await tail(token)).status === 200, 'there is room');
  });

  it('is refused to who may not read the trail, and to none', async () => {
    assert.equal((await tail(await tokenOf(['roles.manage']))).status, 403);
    assert.equal((await listen(`${app.issuer}/api/v1/audit-events/tail`, {})).status, 401);
    assert.equal((await tail(await tokenOf(), 'seconds=99999')).status, 422);
    const over = await tail(await tokenOf(), 'seconds=1');
    await eventually(() => over.isOver(), 'its time is over');
    assert.equal(over.heard.at(-1)?.event, 'end');
  });

  it('does not keep a server from stopping', async () => {
    const other = await startTestApp();
    const tenant = await other.tenant();
    const token = await serviceToken(other, { tenantId: tenant.id, capabilities: ['audit.read'] });
    const headers = { authorization: `Bearer ${token}` };
    const listening = await listen(`${other.issuer}/api/v1/audit-events/tail`, headers);
    await listening.begun();
    await other.stop();
    await eventually(() => listening.isOver(), 'it is cut');
  });
});
