/** What Entra ID's provisioning service sends, in its order and in its spelling, and what it needs to hear. */
import assert from 'node:assert/strict';
import { startTestApp, type TestApp } from '../../support/app.ts';
import * as make from '../../support/factories.ts';
import {
  type AskScim,
  askingScim,
  enterprise,
  groupSchemas,
  patchOf,
  scimBearer,
  userSchemas,
} from '../../support/scim.ts';

const schemas = [...userSchemas, enterprise];

describe('Entra ID as the directory', () => {
  let app: TestApp;
  let tenantId: string;
  let rootId: string;
  let scim: AskScim;
  before(async () => {
    app = await startTestApp();
    ({ id: tenantId, rootNodeId: rootId } = await app.tenant({ name: 'Contoso' }));
    const ask = askingScim(app, await scimBearer(app, { tenantId }));
    // It says JSON of SCIM or plain JSON, as the version of it has it.
    scim = (method, path, body, headers) =>
      ask(method, path, body, { 'content-type': 'application/json; charset=utf-8', ...headers });
  });
  after(() => app?.stop());

  const by = async (kind: string, filter: string) => {
    const { status, body } = await scim('GET', `/${kind}?filter=${encodeURIComponent(filter)}`);
    assert.equal(status, 200);
    return body;
  };

  it('tests the connection by looking for somebody who is not there', async () => {
    const body = await by('Users', 'userName eq "3f6b1f5e-1d0a-4b34-9d0a-2f1f8a0c0d1e"');
    assert.deepEqual(body, {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'],
      totalResults: 0,
      startIndex: 1,
      itemsPerPage: 0,
      Resources: [],
    });
    const { status, body: refused } = await askingScim(app, 'not-a-credential')('GET', '/Users');
    assert.equal(status, 401);
    assert.equal(refused.status, '401');
  });

  it('makes a person, finds them, changes one thing after the other, stops and deletes them', async () => {
    const userName = 'jo.berg@contoso.example';
    assert.equal((await by('Users', `userName eq "${userName}"`)).totalResults, 0);
    const manager = await scim('POST', '/Users', { schemas, userName: 'boss@contoso.example', active: true });
    const wanted = {
      schemas,
      externalId: '0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef',
      userName,
      active: true,
      addresses: [{ primary: false, type: 'work', country: 'CH', formatted: 'Bahnhofstrasse 1', postalCode: '8001' }],
      displayName: 'Jo Berg',
      emails: [{ primary: true, type: 'work', value: userName }],
      meta: { resourceType: 'User' },
      name: { formatted: 'Jo Berg', familyName: 'Berg', givenName: 'Jo' },
      phoneNumbers: [
        { primary: true, type: 'work', value: '+41 44 668 18 00' },
        { type: 'mobile', value: '+41791234567' },
      ],
      preferredLanguage: 'de-CH',
      title: 'Engineer',
      roles: [],
      [enterprise]: { department: 'Lifts', employeeNumber: '42' },
    };
    const made = await scim('POST', '/Users', wanted);
    assert.equal(made.status, 201, JSON.stringify(made.body));
    const { id } = made.body;
    assert.equal((await by('Users', `externalId eq "${wanted.externalId}"`)).Resources[0].id, id);
    assert.equal(
      (await by('Users', `emails[type eq "work"].value eq "${userName}"`).catch(() => undefined))?.totalResults ?? 1,
      1,
    );

    const patch = async (...operations: object[]) => {
      const answer = await scim('PATCH', `/Users/${id}`, patchOf(...operations));
      assert.equal(answer.status, 200, JSON.stringify(answer.body));
      return answer.body;
    };
    const name = await patch(
      { op: 'Replace', path: 'displayName', value: 'Jo Bergmann' },
      { op: 'Replace', path: 'name.familyName', value: 'Bergmann' },
      { op: 'Add', path: 'nickName', value: 'J' },
      { op: 'Replace', path: `${enterprise}:department`, value: 'Stairs' },
      { op: 'Add', path: 'addresses[type eq "work"].locality', value: 'Zürich' },
      { op: 'Replace', path: 'phoneNumbers[type eq "fax"].value', value: '+41 44 668 18 01' },
    );
    assert.equal(name.displayName, 'Jo Bergmann');
    assert.equal(name.name.familyName, 'Bergmann');
    assert.equal(name.name.givenName, 'Jo');
    assert.equal(name[enterprise].department, 'Stairs');
    assert.equal(name[enterprise].employeeNumber, '42');
    assert.equal(name.addresses[0].locality, 'Zürich');
    assert.deepEqual(name.phoneNumbers.map((one: { type: string }) => one.type).sort(), ['fax', 'mobile', 'work']);

    // Without a path, and with dots in the names.
    const dotted = await patch({
      op: 'Replace',
      value: { 'name.givenName': 'Johanna', title: 'Chief', [`${enterprise}:employeeNumber`]: '43', unknownThing: 'x' },
    });
    assert.deepEqual(
      [dotted.name.givenName, dotted.title, dotted[enterprise].employeeNumber],
      ['Johanna', 'Chief', '43'],
    );

    // The manager is the id of a person, told as a bare text.
    const managed = await patch({ op: 'Add', path: `${enterprise}:manager`, value: manager.body.id });
    assert.equal(managed[enterprise].manager.value, manager.body.id);
    const question = `id eq "${id}" and manager eq "${manager.body.id}"`;
    const { body: asked } = await scim('GET', `/Users?attributes=id&filter=${encodeURIComponent(question)}`);
    assert.deepEqual(asked.Resources, [{ id, schemas: asked.Resources[0].schemas }]);
    assert.equal((await patch({ op: 'Remove', path: `${enterprise}:manager` }))[enterprise].manager, undefined);

    // A marriage: the name to sign in with is another one, and its address with it.
    const renamed = await patch(
      { op: 'Replace', path: 'userName', value: 'jo.bergmann@contoso.example' },
      { op: 'Replace', path: 'emails[type eq "work"].value', value: 'jo.bergmann@contoso.example' },
    );
    assert.equal(renamed.userName, 'jo.bergmann@contoso.example');
    assert.deepEqual(renamed.emails, [{ value: 'jo.bergmann@contoso.example', type: 'work', primary: true }]);

    assert.equal((await patch({ op: 'Replace', path: 'active', value: 'False' })).active, false);
    assert.equal((await by('Users', `userName eq "jo.bergmann@contoso.example"`)).Resources[0].active, false);
    assert.equal((await patch({ op: 'Replace', path: 'active', value: 'True' })).active, true);
    assert.equal((await scim('DELETE', `/Users/${id}`)).status, 204);
    assert.equal((await scim('GET', `/Users/${id}`)).status, 404);
    assert.equal((await by('Users', `userName eq "jo.bergmann@contoso.example"`)).totalResults, 0);
  });

  it('is told that a person is there already, whom it then finds', async () => {
    const body = { schemas, userName: 'twice@contoso.example', active: true };
    assert.equal((await scim('POST', '/Users', body)).status, 201);
    const again = await scim('POST', '/Users', body);
    assert.equal(again.status, 409);
    assert.equal(again.body.scimType, 'uniqueness');
    assert.equal((await by('Users', 'userName eq "TWICE@contoso.example"')).totalResults, 1);
  });

  it('finds a group that was set up here by its name, and fills it', async () => {
    const school = await make.createNode(app.db, { tenantId, parentId: rootId, name: 'Harbour School' });
    const displayName = 'member@Harbour School';
    const members = '&excludedAttributes=members';
    const filter = `filter=${encodeURIComponent(`displayName eq "${displayName}"`)}`;
    assert.equal((await scim('GET', `/Groups?${filter}${members}`)).body.totalResults, 0);
    const made = await scim('POST', '/Groups', {
      schemas: groupSchemas,
      externalId: 'g-1',
      displayName,
      meta: { resourceType: 'Group' },
    });
    assert.equal(made.status, 201, JSON.stringify(made.body));
    const { id } = made.body;
    assert.equal((await scim('GET', `/Groups?${filter}${members}`)).body.Resources[0].id, id);
    const people: string[] = [];
    for (const name of ['a', 'b', 'c'])
      people.push((await scim('POST', '/Users', { schemas, userName: `group-${name}@contoso.example` })).body.id);
    const change = async (op: string) => {
      for (const value of people) {
        const answer = await scim(
          'PATCH',
          `/Groups/${id}`,
          patchOf({ op, path: 'members', value: [{ $ref: null, value }] }),
        );
        assert.ok([200, 204].includes(answer.status), JSON.stringify(answer.body));
      }
    };
    await change('Add');
    const held = () => app.db('org_assignments').where({ orgNodeId: school.id }).whereNull('endsAt');
    assert.equal((await held()).length, 3);
    const [first] = people;
    const question = encodeURIComponent(`id eq "${id}" and members eq "${first}"`);
    assert.equal((await scim('GET', `/Groups?filter=${question}`)).body.totalResults, 1);
    const renamed = await scim(
      'PATCH',
      `/Groups/${id}`,
      patchOf({ op: 'Replace', path: 'displayName', value: 'Harbour staff' }),
    );
    assert.equal(renamed.body.displayName, 'Harbour staff');
    await change('Remove');
    assert.equal((await held()).length, 0);
    assert.equal((await scim('DELETE', `/Groups/${id}`)).status, 204);
    assert.equal((await scim('GET', `/Groups/${id}${members.replace('&', '?')}`)).status, 404);
  });
});
