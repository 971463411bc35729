/**
 * AuthZEN certification, level Search (Core and Properties): who may, where, and what. The cases are those of the scenario,
 * section 4, in its order; at the end that a search finds what an evaluation permits, and tenants.
 */
import assert from 'node:assert/strict';
import { defineCapability } from '../../../src/domain/access/capabilities.ts';
import { systemCaller } from '../../../src/domain/audit/audit-events.ts';
import { assignRole } from '../../../src/domain/organisation/org-assignments.ts';
import { createOrgNode } from '../../../src/domain/organisation/org-nodes.ts';
import { startTestApp, type TestApp } from '../../support/app.ts';
import {
  type AskAuthzen,
  type AuthzenFixture,
  action,
  askAuthzen,
  createAuthzenFixture,
  record,
  user,
} from '../../support/authzen.ts';
import { createRole, createUser } from '../../support/factories.ts';

interface Result {
  type?: string;
  id: string;
  name: string;
  properties?: Record<string, unknown>;
}

describe('AuthZEN certification: Search', () => {
  let app: TestApp;
  let fixture: AuthzenFixture;
  let ask: AskAuthzen;
  before(async () => {
    app = await startTestApp();
    fixture = await createAuthzenFixture(app);
    ({ ask } = fixture.ours);
  });
  after(() => app?.stop());

  type Kind = 'subject' | 'resource' | 'action';

  async function results(kind: Kind, body: object, by = ask): Promise<Result[]> {
    const reply = await by(`search/${kind}`, body);
    assert.equal(reply.status, 200, JSON.stringify(reply.body));
    assert.ok(Array.isArray(reply.body.results));
    assert.equal(typeof reply.body.page.next_token, 'string');
    assert.equal(reply.body.page.count, reply.body.results.length);
    return reply.body.results;
  }

  const idsOf = async (kind: Kind, body: object, by = ask) =>
    (await results(kind, body, by)).map(({ id }) => id).sort();
  const namesOf = async (body: object, by = ask) => (await results('action', body, by)).map(({ name }) => name).sort();
  const context = { time: '2025-06-27T18:03-07:00', ip: '192.168.1.1' };

  const whoReads = { subject: { type: 'user' }, action: action('read'), resource: record('record-1') };
  const whereAliceReads = { subject: user('alice'), action: action('read'), resource: { type: 'record' } };
  const whatAliceMay = { subject: user('alice'), resource: record('record-1') };

  describe('4.2 subjects', () => {
    it('4.2.1 who may (S1)', async () => {
      assert.deepEqual(await idsOf('subject', whoReads), ['alice', 'bob']);
      for (const { type } of await results('subject', whoReads)) assert.equal(type, 'user');
    });

    it('4.2.2 with a context, and 4.2.3 with an id that counts for nothing', async () => {
      assert.deepEqual(await idsOf('subject', { ...whoReads, context }), ['alice', 'bob']);
      assert.deepEqual(await idsOf('subject', { ...whoReads, subject: user('alice') }), ['alice', 'bob']);
    });

    it('4.2.4 with properties of the resource (S4)', async () => {
      const asked = { ...whoReads, action: action('write'), resource: record('record-2', { status: 'archived' }) };
      assert.deepEqual(await idsOf('subject', asked), ['bob']);
    });

    it('with properties of the action', async () => {
      const who = (properties: object) => idsOf('subject', { ...whoReads, action: action('delete', properties) });
      assert.deepEqual(await who({ soft: true }), ['alice']);
      assert.deepEqual(await who({ soft: false }), []);
    });
  });

  describe('4.3 resources', () => {
    it('4.3.1 where (S2)', async () => {
      assert.deepEqual(await idsOf('resource', whereAliceReads), ['record-1']);
      for (const { type } of await results('resource', whereAliceReads)) assert.equal(type, 'record');
    });

    it('4.3.2 with a context, and 4.3.3 with an id that counts for nothing', async () => {
      assert.deepEqual(await idsOf('resource', { ...whereAliceReads, context }), ['record-1']);
      assert.deepEqual(await idsOf('resource', { ...whereAliceReads, resource: record('record-2') }), ['record-1']);
    });

    it('4.3.4 with properties of the subject (S5)', async () => {
      const asked = { ...whereAliceReads, subject: user('bob', { role: 'admin' }), action: action('write') };
      assert.deepEqual(await idsOf('resource', asked), ['record-2']);
    });

    it('of the type that is asked for alone, or of all', async () => {
      const bobReads = { ...whereAliceReads, subject: user('bob') };
      assert.deepEqual(await idsOf('resource', bobReads), ['record-1', 'record-2']);
      const tenants = await results('resource', { ...bobReads, resource: { type: 'tenant' } });
      assert.deepEqual(
        tenants.map(({ type }) => type),
        ['tenant'],
      );
      assert.equal((await results('resource', { ...bobReads, resource: { type: 'org_node' } })).length, 3);
    });
  });

  describe('4.4 actions', () => {
    it('4.4.1 what (S3), with what makes it so', async () => {
      assert.deepEqual(await namesOf(whatAliceMay), ['delete', 'read', 'write']);
      const found = await results('action', whatAliceMay);
      assert.deepEqual(
        found.find(({ name }) => name === 'delete'),
        { name: 'delete', properties: { soft: true } },
      );
    });

    it('4.4.2 with a context, and with an action that counts for nothing', async () => {
      assert.deepEqual(await namesOf({ ...whatAliceMay, context }), ['delete', 'read', 'write']);
      assert.deepEqual(await namesOf({ ...whatAliceMay, action: action('fly') }), ['delete', 'read', 'write']);
    });

    it('4.4.3 with properties (S6)', async () => {
      const asked = {
        subject: user('bob', { role: 'admin' }),
        resource: record('record-2', { status: 'archived' }),
      };
      assert.deepEqual(await namesOf(asked), ['delete', 'read', 'write']);
    });

    it('one that several capabilities are is told once', async () => {
      const { resourceServerId, ours } = fixture;
      const again = { key: 'records.view', resourceServerId, action: 'read' };
      await defineCapability(app.db, again, systemCaller);
      const { tenantId, ids } = ours;
      const role = await createRole(app.db, { tenantId, capabilities: ['records.view'] });
      const held = { tenantId, userId: ids.alice, roleId: role.id, orgNodeId: ids['record-1'] };
      await assignRole(app.db, held, systemCaller);
      assert.deepEqual(await namesOf(whatAliceMay), ['delete', 'read', 'write']);
      const pages: string[] = [];
      let token = '';
      do {
        const { body } = await ask('search/action', { ...whatAliceMay, page: token ? { token } : { limit: 1 } });
        pages.push(...body.results.map(({ name }: Result) => name));
        token = body.page.next_token;
      } while (token !== '' && pages.length < 10);
      assert.deepEqual(pages.sort(), ['delete', 'read', 'write']);
    });
  });

  describe('4.5 pages', () => {
    for (const [kind, body] of [
      ['subject', whoReads],
      ['resource', { ...whereAliceReads, subject: user('bob') }],
      ['action', whatAliceMay],
    ] as const)
      it(`4.5.1 to 4.5.3: ${kind}s page by page, to an empty token`, async () => {
        const whole = await results(kind, body);
        const found: Result[] = [];
        let page: object = { limit: 1 };
        for (let n = 0; n < whole.length; n++) {
          const reply = await ask(`search/${kind}`, { ...body, page });
          assert.equal(reply.status, 200);
          found.push(...reply.body.results);
          page = { token: reply.body.page.next_token };
          assert.equal(reply.body.page.next_token === '', n === whole.length - 1);
        }
        assert.deepEqual(found, whole);
      });

    it('a token is of one search, asker and tenant', async () => {
      const { resourceServerId, theirs } = fixture;
      const all = askAuthzen(app, await app.service({ tenantId: null, resourceServerId }));
      const inOurs = { ...whoReads, context: { tenant: fixture.ours.tenantId } };
      const first = await all('search/subject', { ...inOurs, page: { limit: 1 } });
      const page = { token: first.body.page.next_token };
      assert.ok(page.token);
      assert.equal((await all('search/subject', { ...inOurs, page })).status, 200);
      for (const changed of [
        { ...inOurs, context: { tenant: theirs.tenantId } },
        { ...inOurs, context: { ...inOurs.context, more: 1 } },
        { ...inOurs, resource: record('record-2') },
        { ...inOurs, action: action('read', { soft: true }) },
      ])
        assert.equal((await all('search/subject', { ...changed, page })).status, 400);
      assert.equal((await ask('search/subject', { ...inOurs, page })).status, 400);
      assert.equal((await all('search/resource', { ...whereAliceReads, page })).status, 400);
    });
  });

  describe('4.6 nothing found', () => {
    for (const [what, kind, body] of [
      ['a node that nobody knows', 'subject', { ...whoReads, resource: record('nowhere') }],
      ['a person that nobody knows', 'resource', { ...whereAliceReads, subject: user('nobody') }],
      ['a person that nobody knows', 'action', { ...whatAliceMay, subject: user('nonexistent-user') }],
      ['subjects of another type', 'subject', { ...whoReads, subject: { type: 'spaceship' } }],
      ['resources of another type', 'resource', { ...whereAliceReads, resource: { type: 'spaceship' } }],
      ['a subject of another type', 'action', { ...whatAliceMay, subject: { type: 'spaceship', id: 'alice' } }],
      ['a resource of another type', 'subject', { ...whoReads, resource: { type: 'spaceship', id: 'record-1' } }],
      ['an action that nobody knows', 'subject', { ...whoReads, action: action('fly') }],
    ] as const)
      it(`${kind}: ${what}`, async () => assert.deepEqual(await results(kind, body), []));
  });

  describe('4.7 error handling', () => {
    const [someUser, someRecord] = [{ type: 'user' }, { type: 'record' }];
    for (const [what, kind, body] of [
      ['no action', 'subject', { subject: someUser, resource: record('record-1') }],
      ['no subject', 'resource', { action: action('read'), resource: someRecord }],
      ['no resource', 'action', { subject: user('alice') }],
      ['a resource without an id', 'subject', { ...whoReads, resource: someRecord }],
      ['a subject without an id', 'resource', { ...whereAliceReads, subject: someUser }],
      ['a subject without an id', 'action', { ...whatAliceMay, subject: someUser }],
      ['a subject without a type', 'subject', { ...whoReads, subject: {} }],
      ['a page that is text', 'subject', { ...whoReads, page: 'x' }],
      ['a limit that is text', 'subject', { ...whoReads, page: { limit: '1' } }],
    ] as const)
      it(`400 for ${what}: ${kind}`, async () => assert.equal((await ask(`search/${kind}`, body)).status, 400));

    it('400 for another content type, and X-Request-ID back', async () => {
      for (const [kind, body] of [
        ['subject', whoReads],
        ['resource', whereAliceReads],
        ['action', whatAliceMay],
      ] as const) {
        const headers = { 'content-type': 'text/plain', 'x-request-id': 'a-search' };
        const reply = await ask(`search/${kind}`, body, { headers });
        assert.deepEqual([reply.status, reply.headers.get('x-request-id')], [400, 'a-search']);
      }
    });
  });

  describe('by which id something is told', () => {
    it('ours, where it was asked by ours', async () => {
      const { ids } = fixture.ours;
      const resource = { type: 'org_node', id: ids['record-1'] };
      assert.deepEqual(await idsOf('subject', { ...whoReads, resource }), [ids.alice, ids.bob].sort());
      const where = { ...whereAliceReads, resource: { type: 'org_node' } };
      assert.deepEqual(await idsOf('resource', where), [ids['record-1']]);
    });

    it('ours, where there is no other or it looks like one of ours', async () => {
      const { tenantId, ids } = fixture.ours;
      const role = await createRole(app.db, { tenantId, capabilities: ['records.write'] });
      const plain = await createUser(app.db, { tenantId });
      // An id of ours that is somebody else's: it would be taken for them.
      const posing = await createUser(app.db, { tenantId, externalId: ids.alice });
      const parentId = ids['record-2'];
      const node = await createOrgNode(app.db, { tenantId, parentId, type: 'record', name: 'Bare' }, systemCaller);
      for (const { id } of [plain, posing])
        await assignRole(app.db, { tenantId, userId: id, roleId: role.id, orgNodeId: node.id }, systemCaller);
      const who = { ...whoReads, action: action('write'), resource: record(node.id) };
      assert.deepEqual(await idsOf('subject', who), ['bob', plain.id, posing.id].sort());
      const where = { ...whereAliceReads, subject: user(plain.id), action: action('write') };
      assert.deepEqual(await idsOf('resource', where), [node.id]);
    });

    it('always one by which an evaluation permits it', async () => {
      for (const resource of [record('record-1'), record('record-2')])
        for (const subject of await results('subject', { ...whoReads, resource })) {
          const found = await results('action', { subject, resource });
          assert.ok(found.length > 0);
          for (const one of found) {
            const { body } = await ask('evaluation', { subject, action: one, resource });
            assert.equal(body.decision, true, JSON.stringify([subject, one, resource]));
          }
        }
    });
  });

  describe('tenants', () => {
    it('find their own people, nodes and actions under the same names', async () => {
      const { ours, theirs } = fixture;
      const write = { ...whoReads, action: action('write') };
      assert.deepEqual(await idsOf('subject', write, theirs.ask), ['bob']);
      assert.deepEqual(await idsOf('subject', write), ['alice']);
      assert.deepEqual(await idsOf('resource', whereAliceReads, theirs.ask), ['record-1', 'record-2']);
      assert.deepEqual(await namesOf(whatAliceMay, theirs.ask), ['read']);
      const resource = { type: 'org_node', id: 'record-1' };
      const ids = await idsOf('subject', { ...write, resource }, theirs.ask);
      assert.deepEqual(ids, [theirs.ids.bob]);
      assert.notEqual(theirs.ids.bob, ours.ids.bob);
    });

    it('find nothing of another by our ids, nor by naming it', async () => {
      const { theirs } = fixture;
      const named = { context: { tenant: theirs.tenantId } };
      const [node, person] = [record(theirs.ids['record-1']), user(theirs.ids.bob)];
      assert.deepEqual(await results('subject', { ...whoReads, ...named, resource: node }), []);
      assert.deepEqual(await results('resource', { ...whereAliceReads, ...named, subject: person }), []);
      assert.deepEqual(await results('action', { ...named, subject: person, resource: node }), []);
    });

    it('have to be named by an API of all, where names alone are given', async () => {
      const { ours, theirs, resourceServerId } = fixture;
      const all = askAuthzen(app, await app.service({ tenantId: null, resourceServerId }));
      const write = { ...whoReads, action: action('write') };
      assert.deepEqual(await results('subject', write, all), []);
      assert.deepEqual(await results('resource', whereAliceReads, all), []);
      assert.deepEqual(await results('action', whatAliceMay, all), []);
      for (const [scene, expected] of [
        [ours, ['alice']],
        [theirs, ['bob']],
      ] as const)
        assert.deepEqual(await idsOf('subject', { ...write, context: { tenant: scene.tenantId } }, all), expected);
      assert.deepEqual(await idsOf('subject', { ...write, resource: record(ours.ids['record-1']) }, all), ['alice']);
    });
  });
});
