import assert from 'node:assert/strict';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { addIdentityProvider } from '../../src/domain/methods/federation/identity-providers.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { installFaults, stateOf, withFault } from '../support/audit.ts';
import { type Ask, askAsService, give, performAs } from '../support/management.ts';
import { personToken } from '../support/management-world.ts';

describe('operations on the identities of a person', () => {
  let app: TestApp;
  let tenantId: string;
  let ask: Ask;

  before(async () => {
    app = await startTestApp({ runJobs: false });
    tenantId = (await app.tenant()).id;
    await addProvider('google', null);
    await installFaults(app.db);
    ask = await askAsService(app, { tenantId, capabilities: ['users.manage', 'users.read'] });
  });
  after(() => app?.stop());

  async function addProvider(key: string, of: string | null, issuer = `https://${key}.example`): Promise<void> {
    await addIdentityProvider(
      app.db,
      { key, name: key, issuer, clientId: 'us', tenantId: of },
      { secrets: app.secrets, caller: systemCaller, allowHttp: false },
    );
  }

  const events = (entityId: string) =>
    app.db('audit_events').where({ entityId }).where('action', 'like', 'identity.%').select('action', 'payload');

  it('adds a subject, lists it and takes it away with all that is signed in', async () => {
    const person = await app.person({ tenantId });
    const path = `/users/${person.id}/identities`;
    const { status, body } = await ask('POST', path, { provider: 'google', subject: '1234567890' });
    assert.equal(status, 201);
    assert.deepEqual(
      [body.provider, body.issuer, body.subject, body.email, body.email_verified, body.last_used_at],
      ['google', 'https://google.example', '1234567890', null, false, null],
    );
    assert.deepEqual((await ask('GET', path)).body.items, [body]);
    await personToken(app, person, { audience: null, scopes: [] });
    const live = () => app.db('user_sessions').where({ userId: person.id, revokedAt: null });
    assert.equal((await live()).length, 1);

    assert.equal((await ask('DELETE', `${path}/google`)).status, 204);
    assert.deepEqual((await ask('GET', path)).body.items, []);
    assert.equal((await live()).length, 0);
    assert.equal((await app.db('oidc_payloads').where({ accountId: person.id })).length, 0);
    assert.equal((await ask('DELETE', `${path}/google`)).status, 204, 'once more');
    assert.equal((await ask('DELETE', `${path}/another`)).status, 404);
    const reason = 'administered';
    assert.deepEqual(await events(person.id), [
      { action: 'identity.linked', payload: { provider: 'google', reason, cause: 'users.identities.add' } },
      { action: 'identity.unlinked', payload: { provider: 'google', reason, cause: 'users.identities.remove' } },
    ]);
  });

  it('tells the person by mail, as everybody who had the account before', async () => {
    const { id } = await app.person({ tenantId });
    const jobs = async () =>
      (
        await app.db.raw(
          `select count(*)::integer as n from graphile_worker.jobs where task_identifier = 'send-message'`,
        )
      ).rows[0].n;
    const before = await jobs();
    await ask('POST', `/users/${id}/identities`, { provider: 'google', subject: 'told-by-mail' });
    assert.equal(await jobs(), before + 1);
  });

  it('refuses a provider of any directory of Entra ID, whose issuer the person’s own token names', async () => {
    await addProvider('entra', tenantId, 'https://login.microsoftonline.com/organizations/v2.0');
    const { id } = await app.person({ tenantId });
    const added = await ask('POST', `/users/${id}/identities`, { provider: 'entra', subject: 'a-subject' });
    assert.deepEqual([added.status, added.body.code], [400, 'INVALID_INPUT']);
  });

  it('refuses a subject that is somebody else’s, a second one, and one that no provider could send', async () => {
    const [one, two] = [await app.person({ tenantId }), await app.person({ tenantId })];
    const add = (id: string, subject: string) =>
      ask('POST', `/users/${id}/identities`, { provider: 'google', subject });
    assert.equal((await add(one.id, 'taken')).status, 201);
    for (const [id, subject] of [
      [two.id, 'taken'],
      [one.id, 'another'],
    ] as const) {
      const { status, body } = await add(id, subject);
      assert.deepEqual([status, body.code], [409, 'IDENTITY_IN_USE']);
    }
    const { status, body } = await add(two.id, 'zoë');
    assert.deepEqual([status, body.code], [400, 'INVALID_INPUT']);
    // The same subject of the same provider in another tenant is another account.
    const there = (await app.tenant()).id;
    const askThere = await askAsService(app, { tenantId: there, capabilities: ['users.manage'] });
    const { id } = await app.person({ tenantId: there });
    assert.equal(
      (await askThere('POST', `/users/${id}/identities`, { provider: 'google', subject: 'taken' })).status,
      201,
    );
  });

  it('gives one of fifty at once a subject', async () => {
    const people = await Promise.all(Array.from({ length: 10 }, () => app.person({ tenantId })));
    const tries = Array.from({ length: 50 }, (_, n) =>
      ask('POST', `/users/${people[n % 10]?.id}/identities`, { provider: 'google', subject: 'raced-for' }),
    );
    const statuses = (await Promise.all(tries)).map(({ status }) => status).sort();
    assert.deepEqual(statuses, [201, ...Array(49).fill(409)]);
  });

  it('refuses a provider of another tenant like one that is not there', async () => {
    await addProvider('theirs', (await app.tenant()).id);
    const { id } = await app.person({ tenantId });
    const add = async (provider: string) => {
      const { status, body } = await ask('POST', `/users/${id}/identities`, { provider, subject: 's' });
      return { status, code: body.code };
    };
    assert.deepEqual(await add('theirs'), { status: 404, code: 'NOT_FOUND' });
    assert.deepEqual(await add('nowhere'), { status: 404, code: 'NOT_FOUND' });
    assert.deepEqual(await add('password'), { status: 404, code: 'NOT_FOUND' });
    assert.equal((await ask('DELETE', `/users/${id}/identities/password`)).status, 404);
  });

  it('takes the last way in away only where that is said', async () => {
    const { id: lone } = await app.tenant({ settings: { signInMethods: ['google'] } });
    const there = await askAsService(app, { tenantId: lone, capabilities: ['users.manage'] });
    const { id } = await app.person({ tenantId: lone });
    await there('POST', `/users/${id}/identities`, { provider: 'google', subject: 'only' });
    const path = `/users/${id}/identities/google`;
    for (const search of ['', '?last_way=false']) {
      const { status, body } = await there('DELETE', `${path}${search}`);
      assert.deepEqual([status, body.code], [409, 'IDENTITY_LAST_WAY']);
    }
    assert.equal((await there('DELETE', `${path}?last_way=true`)).status, 204);
    assert.equal((await app.db('user_identities').where({ userId: id, provider: 'google' })).length, 0);
  });

  it('asks a person for a fresh sign-in, and for all that the other holds', async () => {
    const [owner, helper] = [await app.person({ tenantId }), await app.person({ tenantId })];
    await give(app, { tenantId, userId: owner.id, role: 'owner' });
    await give(app, { tenantId, userId: helper.id, role: 'admin' });
    const as = performAs(app, { tenantId, userId: helper.id });
    const wanted = {
      params: { user_id: owner.id },
      body: { provider: 'google', subject: 'of-the-helper' },
    };
    await assert.rejects(as('users.identities.add', wanted), { code: 'PRIVILEGE_EXCEEDED' });
    assert.deepEqual(await events(owner.id), []);

    const anHourAgo = new Date(Date.now() - 3_600_000);
    const stale = performAs(app, { tenantId, userId: owner.id, authTime: anHourAgo });
    const { id } = await app.person({ tenantId });
    const params = { user_id: id };
    const code = 'FRESH_AUTHENTICATION_REQUIRED';
    await assert.rejects(stale('users.identities.add', { ...wanted, params }), { code });
    await assert.rejects(stale('users.identities.remove', { params: { ...params, provider: 'google' } }), { code });
  });

  it('happens with its event, its message and the end of the sessions, or not at all', async () => {
    const { id } = await app.person({ tenantId });
    const add = () => ask('POST', `/users/${id}/identities`, { provider: 'google', subject: 'all-or-nothing' });
    const remove = () => ask('DELETE', `/users/${id}/identities/google`);
    const holds = async (work: typeof add, faults: string[]) => {
      for (const fault of faults) {
        const before = await stateOf(app.db);
        await withFault(app.db, fault, async () => assert.equal((await work()).status, 500, fault));
        assert.deepEqual(await stateOf(app.db), before, fault);
      }
    };
    await holds(add, ['identity.linked', 'event', 'user_identities', 'change']);
    assert.equal((await add()).status, 201);
    await holds(remove, ['identity.unlinked', 'session.all_revoked', 'event']);
    assert.equal((await remove()).status, 204);
  });
});
