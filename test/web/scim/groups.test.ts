import assert from 'node:assert/strict';
import { startTestApp, type TestApp } from '../../support/app.ts';
import * as make from '../../support/factories.ts';
import { give } from '../../support/management.ts';
import {
  type AskScim,
  askingScim,
  groupSchemas,
  patchOf,
  provisioningCapabilities,
  scimBearer,
} from '../../support/scim.ts';
import { untilTaken } from '../../support/until-taken.ts';

const place = 'urn:ietf:params:scim:schemas:extension:gatehouse:2.0:Group';

describe('groups over SCIM', () => {
  let app: TestApp;
  let tenantId: string;
  let rootId: string;
  let northId: string;
  let scim: AskScim;
  let count = 0;

  before(async () => {
    app = await startTestApp();
    ({ id: tenantId, rootNodeId: rootId } = await app.tenant({ name: 'Acme' }));
    northId = (await make.createNode(app.db, { tenantId, parentId: rootId, name: 'North School', type: 'school' })).id;
    await make.createRole(app.db, { tenantId, name: 'teacher', capabilities: ['grades.write'] });
    await make.createRole(app.db, { tenantId, name: 'treasurer', capabilities: ['money.move'] });
    scim = askingScim(
      app,
      await scimBearer(app, { tenantId, capabilities: [...provisioningCapabilities, 'grades.write'] }),
    );
  });
  after(() => app?.stop());

  const person = async () => (await app.person({ tenantId })).id;
  const value = (id: string) => ({ value: id });
  /** Of a place of its own. */
  async function made(more: object = {}) {
    count += 1;
    await make.createNode(app.db, { tenantId, parentId: northId, name: `Class ${count}`, type: 'class' });
    const answer = await scim('POST', '/Groups', {
      schemas: groupSchemas,
      displayName: `teacher@Class ${count}`,
      ...more,
    });
    assert.equal(answer.status, 201, JSON.stringify(answer.body));
    return answer.body;
  }
  const membersOf = async (id: string): Promise<string[]> => {
    const { body } = await scim('GET', `/Groups/${id}`);
    return (body.members ?? []).map((one: { value: string }) => one.value);
  };
  const rolesAt = (userId: string) =>
    app.db('org_assignments').where({ userId }).whereNull('endsAt').select('orgNodeId', 'roleId');

  it('stand for a role at a place, by their name', async () => {
    const id = await person();
    const body = await made({ externalId: 'group-1', members: [value(id)] });
    assert.equal(body[place].role, 'teacher');
    assert.equal(body[place].type, 'role');
    assert.deepEqual(
      body.members.map((one: { value: string; type: string }) => [one.value, one.type]),
      [[id, 'User']],
    );
    const [held] = await rolesAt(id);
    assert.equal(held?.orgNodeId, body[place].placeId);
    assert.equal(held?.roleId, body[place].roleId);
    const user = (await scim('GET', `/Users/${id}`)).body;
    assert.deepEqual(
      user.groups.map((group: { value: string }) => group.value),
      [body.id],
    );
    const { body: list } = await scim('GET', `/Groups?filter=${encodeURIComponent('externalId eq "group-1"')}`);
    assert.equal(list.totalResults, 1);
    assert.deepEqual(list.Resources[0], body);
  });

  it('of a place alone are its members, of the type of the place', async () => {
    const { status, body } = await scim('POST', '/Groups', { schemas: groupSchemas, displayName: 'North School' });
    assert.equal(status, 201, JSON.stringify(body));
    assert.equal(body[place].role, 'member');
    assert.equal(body[place].type, 'school');
    assert.equal(body[place].placeId, northId);
  });

  it('are told apart by the extension where the directory has names of its own', async () => {
    const body = await made({ displayName: 'SG-Teachers-Everywhere', [place]: { role: 'teacher', placeId: rootId } });
    assert.equal(body.displayName, 'SG-Teachers-Everywhere');
    assert.equal(body[place].placeId, rootId);
  });

  it('are refused where the name says no role or place, or one that is not the only one', async () => {
    for (const name of ['Twin', 'Twin']) await make.createNode(app.db, { tenantId, parentId: northId, name });
    for (const displayName of ['Nowhere', 'teacher@Nowhere', 'nobody@North School', 'teacher@Twin', '@', '']) {
      const { status, body } = await scim('POST', '/Groups', { schemas: groupSchemas, displayName });
      assert.equal(status, 400, displayName);
      assert.equal(body.scimType, 'invalidValue', displayName);
    }
  });

  it('are one of a name, and one for a role at a place', async () => {
    const body = await made();
    const again = await scim('POST', '/Groups', { displayName: body.displayName });
    assert.equal(again.status, 409);
    assert.equal(again.body.scimType, 'uniqueness');
    const other = await scim('POST', '/Groups', { displayName: 'Other', [place]: body[place] });
    assert.equal(other.status, 409);
  });

  it('give their role to whom is put in, and end it of whom is taken out, in every way of saying so', async () => {
    const [one, two, three] = [await person(), await person(), await person()];
    const { id } = await made();
    const patch = async (...operations: object[]) => {
      const answer = await scim('PATCH', `/Groups/${id}`, patchOf(...operations));
      assert.equal(answer.status, 200, JSON.stringify(answer.body));
    };
    await patch({ op: 'Add', path: 'members', value: [value(one), value(two)] });
    assert.deepEqual(await membersOf(id), [one, two]);
    await patch({ op: 'Add', path: 'members', value: [value(one)] });
    assert.deepEqual(await membersOf(id), [one, two]);
    await patch({ op: 'Remove', path: 'members', value: [value(one)] });
    assert.deepEqual(await membersOf(id), [two]);
    assert.deepEqual(await rolesAt(one), []);
    await patch({ op: 'add', value: { members: [value(three)] } });
    await patch({ op: 'remove', path: `members[value eq "${two}"]` });
    assert.deepEqual(await membersOf(id), [three]);
    await patch({ op: 'replace', path: 'members', value: [value(one), value(two)] });
    assert.deepEqual((await membersOf(id)).sort(), [one, two].sort());
    await patch({ op: 'remove', path: 'members' });
    assert.deepEqual(await membersOf(id), []);
    const put = await scim('PUT', `/Groups/${id}`, { displayName: 'Renamed by PUT', members: [value(three)] });
    assert.equal(put.status, 200, JSON.stringify(put.body));
    assert.deepEqual(await membersOf(id), [three]);
    const kept = await scim('PUT', `/Groups/${id}`, { displayName: 'Renamed by PUT' });
    assert.equal(kept.body.members.length, 1);
  });

  it('take no members that are no people here, and then change nothing', async () => {
    const elsewhere = (await app.person({ tenantId: (await app.tenant()).id })).id;
    const one = await person();
    const { id } = await made();
    for (const wrong of [
      value(elsewhere),
      value('01890a5d-ac96-774b-bcce-b302099a8057'),
      value('nobody'),
      {},
      { value: one, type: 'Group' },
    ]) {
      const { status, body } = await scim(
        'PATCH',
        `/Groups/${id}`,
        patchOf({ op: 'add', path: 'members', value: [value(one), wrong] }),
      );
      assert.equal(status, 400, JSON.stringify(wrong));
      assert.equal(body.scimType, 'invalidValue');
    }
    assert.deepEqual(await membersOf(id), []);
    assert.deepEqual(await rolesAt(elsewhere), []);
  });

  it('give nothing that the service does not hold itself', async () => {
    for (const displayName of ['treasurer@North School', 'owner@Acme']) {
      const { status, body } = await scim('POST', '/Groups', { displayName });
      assert.equal(status, 403, JSON.stringify(body));
      assert.equal(body.status, '403');
    }
  });

  it('end the roles of their members when they are deleted, and are gone', async () => {
    const one = await person();
    const { id, displayName } = await made({ members: [value(one)] });
    assert.equal((await scim('DELETE', `/Groups/${id}`)).status, 204);
    assert.deepEqual(await rolesAt(one), []);
    assert.equal((await scim('GET', `/Groups/${id}`)).status, 404);
    assert.equal((await scim('POST', '/Groups', { displayName })).status, 201);
  });

  it('take one person once, however many say so at once, and have another version then', async () => {
    const one = await person();
    const group = await made();
    const answers = await Promise.all(
      Array.from({ length: 20 }, () =>
        untilTaken(() =>
          scim('PATCH', `/Groups/${group.id}`, patchOf({ op: 'add', path: 'members', value: [value(one)] })),
        ),
      ),
    );
    assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200]);
    assert.equal((await rolesAt(one)).length, 1);
    const stale = await scim(
      'PATCH',
      `/Groups/${group.id}`,
      patchOf({ op: 'replace', path: 'displayName', value: 'Stale' }),
      { 'if-match': group.meta.version },
    );
    assert.equal(stale.status, 412);
  });

  it('are shown without their members where nobody asks for them, and found by one', async () => {
    const one = await person();
    const { id } = await made({ members: [value(one)] });
    const { body } = await scim('GET', `/Groups/${id}?excludedAttributes=members`);
    assert.equal(body.members, undefined);
    assert.equal(body.id, id);
    const { body: names } = await scim('GET', `/Groups?attributes=displayName&count=200`);
    assert.deepEqual(Object.keys(names.Resources[0]).sort(), ['displayName', 'id', 'schemas']);
    const by = async (filter: string) => (await scim('GET', `/Groups?filter=${encodeURIComponent(filter)}`)).body;
    assert.equal((await by(`id eq "${id}" and members eq "${one}"`)).totalResults, 1);
    assert.equal((await by(`members[value eq "${one}"]`)).totalResults, 1);
    assert.equal((await by(`id eq "${id}" and members eq "${tenantId}"`)).totalResults, 0);
  });

  it('leave an owner alone', async () => {
    const owner = await person();
    await give(app, { tenantId, userId: owner, role: 'owner' });
    for (const [method, body] of [
      ['DELETE', undefined],
      ['PATCH', patchOf({ op: 'replace', path: 'active', value: false })],
      ['PATCH', patchOf({ op: 'replace', path: 'userName', value: 'taken.over@example.test' })],
    ] as const)
      assert.equal((await scim(method, `/Users/${owner}`, body)).status, 403);
  });
});
