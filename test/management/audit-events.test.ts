import assert from 'node:assert/strict';
import { recordEvent, recordEvents, systemCaller } from '../../src/domain/audit/audit-events.ts';
import { setPlatformTenant } from '../../src/domain/tenants/platform-tenant.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { type Ask, askAsService } from '../support/management.ts';

describe('reading the audit trail', () => {
  let app: TestApp;
  let tenantId: string;
  let ask: Ask;

  before(async () => {
    app = await startTestApp();
    tenantId = (await app.tenant()).id;
    ask = await askAsService(app, { tenantId, capabilities: ['audit.read', 'roles.manage'] });
  });
  after(() => app?.stop());

  type Event = { id: string; action: string; tenant_id: string | null; payload: Record<string, unknown> };
  const list = async (query: string, asked = ask): Promise<Event[]> => {
    const { status, body } = await asked('GET', `/audit-events?${query}`);
    assert.equal(status, 200, JSON.stringify(body));
    return body.items;
  };

  it('tells who did what to what, by which operation', async () => {
    const { body: role } = await ask('POST', '/roles', { name: 'Teacher' });
    const [event, more] = await list(`entity_id=${role.id}`);
    assert.equal(event?.action, 'role.created');
    assert.equal(event?.payload.cause, 'roles.create');
    assert.equal(more, undefined);
  });

  it('finds by actor, action, the beginning of an action, entity and time', async () => {
    const actor = { type: 'user', id: '01890a5d-ac96-774b-bcce-b302099a8057', ip: '192.0.2.7' } as const;
    const about = { tenantId, entityType: 'user', entityId: 'somebody' };
    await recordEvent(app.db, { ...about, action: 'sample.made' }, actor);
    await recordEvent(app.db, { ...about, action: 'sample.changed' }, actor);
    await recordEvent(app.db, { ...about, action: 'samples.changed' }, systemCaller);
    const found = async (query: string) => (await list(query)).map(({ action }) => action).sort();
    assert.deepEqual(await found(`actor_id=${actor.id}`), ['sample.changed', 'sample.made']);
    assert.deepEqual(await found('action=sample.'), ['sample.changed', 'sample.made']);
    assert.deepEqual(await found('action=sample.made'), ['sample.made']);
    assert.deepEqual(await found('entity_type=user&entity_id=somebody&actor_type=system'), ['samples.changed']);
    const tomorrow = new Date(Date.now() + 86_400_000).toISOString();
    assert.deepEqual(await found(`from=${tomorrow}`), []);
    assert.equal((await found(`entity_id=somebody&until=${tomorrow}`)).length, 3);
    assert.equal((await ask('GET', '/audit-events?action=%25')).status, 422);
  });

  it('finds what a person or a client did and what was done to them, and shows one event with its names', async () => {
    const { id: userId } = await app.person({ tenantId, fullName: 'Ada' });
    const { clientId } = await app.relyingParty({ tenantId, name: 'Portal' });
    const byAda = { type: 'user', id: userId } as const;
    await recordEvent(app.db, { tenantId, action: 'seen.made', entityType: 'client', entityId: clientId }, byAda);
    await recordEvent(app.db, { tenantId, action: 'seen.used' }, { type: 'client', id: clientId });
    await recordEvent(app.db, { tenantId, action: 'seen.changed', entityType: 'user', entityId: userId }, systemCaller);
    const found = async (query: string) => (await list(`action=seen.&${query}`)).map(({ action }) => action).sort();
    assert.deepEqual(await found(`user_id=${userId}`), ['seen.changed', 'seen.made']);
    assert.deepEqual(await found(`client_id=${clientId}`), ['seen.made', 'seen.used']);
    const reads = await askAsService(app, { tenantId, capabilities: ['audit.read', 'users.read'] });
    const [made] = await list('action=seen.made', reads);
    const { body } = await reads('GET', `/audit-events/${made?.id}`);
    assert.deepEqual([body.action, body.actor_name, body.entity_name], ['seen.made', 'Ada', 'Portal']);
    assert.equal((await ask('GET', `/audit-events/${made?.id}`)).body.actor_name, null, 'people are not theirs to see');
    const there = await askAsService(app, { tenantId: (await app.tenant()).id, capabilities: ['audit.read'] });
    assert.equal((await there('GET', `/audit-events/${made?.id}`)).status, 404);
  });

  it('finds by request, and by what the IT-centre schema calls an action', async () => {
    const requestId = '7d1f6a52-0b9e-4f1c-9a3b-0c5d6e7f8a9b';
    const by = { type: 'user', id: '01890a5d-ac96-774b-bcce-b302099a8058', requestId } as const;
    const about = { tenantId, entityType: 'user', entityId: 'counterpart' };
    for (const action of ['login.succeeded', 'login.failed', 'role.assigned', 'role.removed', 'profile.updated'])
      await recordEvent(app.db, { ...about, action }, by);
    const found = async (query: string) => (await list(query)).map(({ action }) => action);
    assert.equal((await found(`request_id=${requestId}`)).length, 5);
    assert.deepEqual(await found('request_id=another'), []);
    const counterparts = {
      LOGIN_SUCCESS: 'login.succeeded',
      LOGIN_FAILURE: 'login.failed',
      ROLE_ASSIGNED: 'role.assigned',
      ROLE_REMOVED: 'role.removed',
      PROFILE_UPDATED: 'profile.updated',
    };
    for (const [name, action] of Object.entries(counterparts))
      assert.deepEqual(await found(`entity_id=counterpart&action=${name}`), [action], name);
    assert.deepEqual(await found('action=LOGIN_NEVER'), []);
  });

  it('names who holds a role, and what the ids in a payload are called', async () => {
    const { id: userId } = await app.person({ tenantId, fullName: 'Hanna Holder' });
    const reads = await askAsService(app, { tenantId, capabilities: ['audit.read', 'users.read'] });
    const { body: role } = await ask('POST', '/roles', { name: 'Holder' });
    const about = { tenantId, entityType: 'org_assignment', entityId: userId.replace(/.$/, '0') };
    await recordEvent(
      app.db,
      { ...about, action: 'role.assigned', payload: { userId, roleId: role.id } },
      systemCaller,
    );
    const [listed] = await list(`entity_id=${about.entityId}`, reads);
    const { body } = await reads('GET', `/audit-events/${listed?.id}`);
    assert.equal(body.entity_name, 'Hanna Holder');
    assert.deepEqual(body.names, { [userId]: 'Hanna Holder', [role.id]: 'Holder' });
    const { body: seen } = await ask('GET', `/audit-events/${listed?.id}`);
    assert.deepEqual([seen.entity_name, seen.names], [null, { [role.id]: 'Holder' }], 'people are not theirs to see');
  });

  it('goes back page by page through events of one moment, and loses none', async () => {
    const events = Array.from({ length: 25 }, (_, n) => ({
      tenantId,
      action: 'paged.made',
      entityId: `p${n}`,
    }));
    await recordEvents(app.db, events, systemCaller);
    const seen: string[] = [];
    let after: string | null = null;
    do {
      const query: string = `action=paged.made&limit=7${after ? `&after=${after}` : ''}`;
      const { body }: { body: { items: { entity_id: string }[]; next: string | null } } = await ask(
        'GET',
        `/audit-events?${query}`,
      );
      seen.push(...body.items.map((item) => item.entity_id));
      after = body.next;
    } while (after !== null);
    assert.equal(seen.length, 25);
    assert.equal(new Set(seen).size, 25);
  });

  it('is of one tenant, and needs the capability at its root', async () => {
    const { id: other } = await app.tenant();
    const there = await askAsService(app, { tenantId: other, capabilities: ['audit.read'] });
    for (const event of await list('limit=200', there)) assert.equal(event.tenant_id, other);
    assert.equal((await there('GET', `/audit-events?tenant=${tenantId}`)).status, 404);
    const without = await askAsService(app, { tenantId, capabilities: ['roles.read'] });
    assert.equal((await without('GET', '/audit-events')).status, 403);
    const { body } = await ask('GET', '/audit-events?limit=1&action=paged.made');
    assert.equal((await there('GET', `/audit-events?action=paged.made&after=${body.next}`)).status, 422);
  });

  it('tells what was done to the server to those who run it', async () => {
    await recordEvent(app.db, { action: 'signing_key.rotated', entityType: 'signing_key' }, systemCaller);
    assert.equal((await ask('GET', '/audit-events/server')).status, 403);
    assert.deepEqual(await list('action=signing_key.'), []);
    await setPlatformTenant(app.db, tenantId, systemCaller);
    const { body } = await ask('GET', '/audit-events/server?action=signing_key.rotated');
    assert.ok(body.items.length >= 1);
    for (const event of body.items) assert.equal(event.tenant_id, null);
  });
});
