import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { insertSession } from '../../src/domain/sessions/session-store.ts';
import { newId } from '../../src/platform/ids.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { type Ask, askAsService } from '../support/management.ts';

describe('operations on sessions', () => {
  let app: TestApp;
  let tenantId: string;
  let ask: Ask;

  before(async () => {
    app = await startTestApp();
    tenantId = (await app.tenant()).id;
    ask = await askAsService(app, { tenantId, capabilities: ['sessions.manage', 'users.read'] });
  });
  after(() => app?.stop());

  async function signedIn(userId: string): Promise<string> {
    const id = newId();
    await insertSession(app.db, {
      id,
      tenantId,
      userId,
      oidcSessionUidHash: randomBytes(32),
      userAgent: 'A browser',
      ip: '192.0.2.7',
      deviceFingerprint: null,
      amr: ['pwd'],
      acr: null,
      loginAt: new Date(),
      expiresAt: new Date(Date.now() + 3_600_000),
    });
    return id;
  }

  it('lists where a person is signed in, ends one and ends all', async () => {
    const { id: userId } = await app.person({ tenantId });
    const first = await signedIn(userId);
    const second = await signedIn(userId);
    const live = async () =>
      (await ask('GET', `/users/${userId}/sessions`)).body.items.map((session: { id: string }) => session.id);
    assert.deepEqual(await live(), [first, second]);
    const { body } = await ask('GET', `/users/${userId}/sessions?limit=1`);
    assert.deepEqual([body.items[0].ip, body.items[0].amr, body.items[0].clients], ['192.0.2.7', ['pwd'], []]);
    assert.equal((await ask('DELETE', `/sessions/${first}`)).status, 204);
    assert.deepEqual(await live(), [second]);
    assert.equal((await ask('DELETE', `/sessions/${first}`)).status, 204);
    assert.equal((await ask('DELETE', `/users/${userId}/sessions`)).status, 204);
    assert.deepEqual(await live(), []);
    for (const action of ['session.revoked', 'session.all_revoked'])
      assert.equal((await app.db('audit_events').where({ entityId: userId, action })).length, 1, action);
  });

  it('ends no session of another tenant', async () => {
    const { id: userId } = await app.person({ tenantId });
    const session = await signedIn(userId);
    const { id: other } = await app.tenant();
    const there = await askAsService(app, { tenantId: other, capabilities: ['sessions.manage'] });
    assert.equal((await there('DELETE', `/sessions/${session}`)).status, 404);
    assert.equal((await there('GET', `/users/${userId}/sessions`)).status, 404);
    assert.equal((await there('DELETE', `/users/${userId}/sessions`)).status, 404);
    const own = (await ask('GET', '/service-sessions')).body.items[0].id;
    assert.equal((await there('DELETE', `/service-sessions/${own}`)).status, 404);
    assert.equal((await ask('GET', `/users/${userId}/sessions`)).body.items.length, 1);
  });

  it('ends the token of a service with its session', async () => {
    const service = await askAsService(app, { tenantId, capabilities: ['users.read'] });
    assert.equal((await service('GET', '/users')).status, 200);
    const { body } = await ask('GET', '/service-sessions?limit=200');
    const latest = body.items.at(-1);
    assert.equal((await ask('DELETE', `/service-sessions/${latest.id}`)).status, 204);
    assert.equal((await service('GET', '/users')).status, 401);
    assert.equal((await ask('DELETE', `/service-sessions/${latest.id}`)).status, 204);
    const [event] = await app.db('audit_events').where({ action: 'service_session.revoked' });
    assert.equal(event.payload.serviceSessionId, latest.id);
    const of = (await ask('GET', `/service-sessions?client_id=${latest.client_id}`)).body.items;
    assert.deepEqual(of, []);
  });
});
