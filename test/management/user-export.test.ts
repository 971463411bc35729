import assert from 'node:assert/strict';
import { startTestApp, type TestApp } from '../support/app.ts';
import * as make from '../support/factories.ts';
import { importAs } from '../support/import.ts';
import { managementCapabilities, serviceToken } from '../support/management.ts';
import { personToken } from '../support/management-world.ts';

const bcrypt = '$2b$05$abcdefghijklmnopqrstuuHNbAKRhpaujgo33bRWs.NLUTJO3lOy2';

describe('people go out', () => {
  let app: TestApp;
  let tenantId: string;
  let rootId: string;
  let token: string;
  before(async () => {
    app = await startTestApp();
    const tenant = await app.tenant();
    tenantId = tenant.id;
    rootId = tenant.rootNodeId;
    token = await serviceToken(app, { tenantId, capabilities: managementCapabilities });
    await furnish(tenantId, rootId);
  });
  after(() => app?.stop());

  /** The roles and places that the people are given. */
  async function furnish(to: string, root: string): Promise<void> {
    const north = await make.createNode(app.db, { tenantId: to, parentId: root, name: 'North / East' });
    await make.createNode(app.db, { tenantId: to, parentId: north.id, name: 'Lakeside' });
    await make.createNode(app.db, { tenantId: to, parentId: root, name: 'South', externalId: 'S-1' });
    await make.createRole(app.db, { tenantId: to, name: 'Teacher' });
  }

  const exportAs = async (as: string, query = '') => {
    const headers = { authorization: `Bearer ${as}` };
    const response = await fetch(`${app.issuer}/api/v1/users/export${query}`, { method: 'POST', headers });
    const text = await response.text();
    return { status: response.status, type: response.headers.get('content-type'), text };
  };

  it('whole, and come in again: here nothing changes, elsewhere they are the same', async () => {
    const rows = [
      {
        external_id: 'e-1',
        email: 'ada@out.example',
        email_verified: true,
        username: 'ada',
        full_name: 'Ada',
        locale: 'fr',
        metadata: { room: 12 },
        password_hash: bcrypt,
        identities: [
          { provider: 'cognito', subject: 'c-1' },
          { provider: 'legacy', issuer: 'https://old.example', subject: 'l-1' },
        ],
        roles: [
          {
            role: 'Teacher',
            place: 'North \\/ East/Lakeside',
            starts_at: '2026-01-01T00:00:00Z',
            ends_at: '2046-01-01T00:00:00Z',
          },
          { role: 'Teacher', place: 'S-1' },
          { role: 'Teacher' },
        ],
      },
      { phone: '+41795550177', phone_verified: true, state: 'inactive', mfa_required: true },
      ...Array.from({ length: 520 }, (_, n) => ({ email: `many-${n}@out.example` })),
    ];
    const first = await importAs(app, token, rows);
    assert.ok(first.outcomes.every((outcome) => outcome === 'created'));
    const { status, type, text } = await exportAs(token);
    assert.deepEqual([status, type], [200, 'application/x-ndjson']);
    const people = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.equal(people.length, 522);
    const ada = people.find(({ username }) => username === 'ada');
    assert.deepEqual(ada.roles.map(({ place }: { place: string }) => place).sort(), [
      '',
      'North \\/ East/Lakeside',
      'S-1',
    ]);
    for (const secret of ['password', 'argon2', '$2b$', 'hash']) assert.ok(!text.includes(secret), secret);

    const again = await importAs(app, token, text);
    assert.deepEqual([...new Set(again.outcomes)], ['unchanged']);
    assert.ok(again.rows.every(({ kept }) => kept.length === 0));

    const other = await app.tenant();
    await furnish(other.id, other.rootNodeId);
    const elsewhere = await serviceToken(app, { tenantId: other.id, capabilities: managementCapabilities });
    const moved = await importAs(app, elsewhere, text);
    assert.deepEqual([...new Set(moved.outcomes)], ['created']);
    const back = await exportAs(elsewhere);
    const byKey = (line: string) => line.replace(/"starts_at":"[^"]*"/g, '');
    assert.deepEqual(back.text.split('\n').map(byKey).sort(), text.split('\n').map(byKey).sort());

    const events = await app.db('audit_events').where({ tenantId, action: 'user.all_exported' });
    assert.equal(events.length, 1);
  });

  it('only for who manages everybody, who has just signed in, and of their own tenant', async () => {
    const role = await make.createRole(app.db, { tenantId, capabilities: ['users.read', 'users.manage'] });
    const south = await app.db('org_nodes').where({ tenantId, externalId: 'S-1' }).first();
    const [delegate, owner, nobody] = [
      await app.person({ tenantId }),
      await app.person({ tenantId }),
      await app.person({ tenantId }),
    ];
    await make.assign(app.db, { tenantId, userId: delegate.id, roleId: role.id, orgNodeId: south.id });
    await make.assign(app.db, { tenantId, userId: owner.id, roleId: role.id, orgNodeId: rootId });
    const before = (await app.db('audit_events').where({ tenantId, action: 'user.all_exported' })).length;
    for (const person of [delegate, nobody]) assert.equal((await exportAs(await personToken(app, person))).status, 403);
    assert.equal((await exportAs('nothing')).status, 401);
    const other = await app.tenant();
    assert.equal((await exportAs(token, `?tenant=${other.slug}`)).status, 404);
    assert.equal((await app.db('audit_events').where({ tenantId, action: 'user.all_exported' })).length, before);
    assert.equal((await exportAs(await personToken(app, owner))).status, 200);
  });
});
