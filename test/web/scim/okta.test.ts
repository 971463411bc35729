/** What Okta sends, in its order, and what it needs to hear: whole people by PUT, lists by numbers, and people who are never deleted. */
import assert from 'node:assert/strict';
import { startTestApp, type TestApp } from '../../support/app.ts';
import * as make from '../../support/factories.ts';
import {
  type AskScim,
  askingScim,
  groupSchemas,
  patchOf,
  userSchemas as schemas,
  scimBearer,
} from '../../support/scim.ts';

describe('Okta as the directory', () => {
  let app: TestApp;
  let tenantId: string;
  let rootId: string;
  let scim: AskScim;
  before(async () => {
    app = await startTestApp();
    ({ id: tenantId, rootNodeId: rootId } = await app.tenant());
    scim = askingScim(app, await scimBearer(app, { tenantId }));
  });
  after(() => app?.stop());

  const wanted = (userName: string, more: object = {}) => ({
    schemas,
    userName,
    name: { givenName: 'Isaac', familyName: 'Brock' },
    emails: [{ primary: true, value: userName, type: 'work' }],
    displayName: 'Isaac Brock',
    locale: 'en-US',
    externalId: `00u-${userName}`,
    groups: [],
    password: '1mz050nq-not-taken',
    active: true,
    ...more,
  });

  it('asks for one person first, and for somebody who is not there', async () => {
    const { status, body } = await scim('GET', '/Users?count=1&startIndex=1');
    assert.equal(status, 200);
    assert.equal(body.startIndex, 1);
    assert.ok(Array.isArray(body.Resources));
    const nobody = await scim('GET', `/Users?filter=${encodeURIComponent('userName eq "nobody.here@atko.example"')}`);
    assert.equal(nobody.status, 200);
    assert.equal(nobody.body.totalResults, 0);
    const missing = await scim('GET', '/Users/010101001010101011001010101011');
    assert.equal(missing.status, 404);
    assert.equal(missing.body.status, '404');
    assert.ok(missing.body.detail.length > 0);
  });

  it('makes a person, reads them, replaces them whole, stops them, and lets them in again', async () => {
    const userName = 'isaac.brock@atko.example';
    const made = await scim('POST', '/Users', wanted(userName));
    assert.equal(made.status, 201, JSON.stringify(made.body));
    const { id } = made.body;
    assert.equal(made.body.active, true);
    assert.equal(made.body.password, undefined);
    assert.equal(await app.db('user_identities').where({ userId: id }).first(), undefined, 'no password is taken');
    assert.equal((await scim('POST', '/Users', wanted(userName))).status, 409);

    const before = (await scim('GET', `/Users/${id}`)).body;
    const put = await scim('PUT', `/Users/${id}`, {
      ...before,
      name: { ...before.name, givenName: 'Zac' },
      displayName: 'Zac Brock',
    });
    assert.equal(put.status, 200, JSON.stringify(put.body));
    assert.equal(put.body.name.givenName, 'Zac');
    assert.equal(put.body.externalId, before.externalId);
    assert.equal(put.body.id, id);

    const off = await scim('PATCH', `/Users/${id}`, patchOf({ op: 'replace', value: { active: false } }));
    assert.equal(off.status, 200);
    assert.equal(off.body.active, false);
    const byPut = await scim('PUT', `/Users/${id}`, { ...put.body, active: true });
    assert.equal(byPut.body.active, true);
    const offByPut = await scim('PUT', `/Users/${id}`, { ...put.body, active: false });
    assert.equal(offByPut.body.active, false);
    const again = await scim(
      'GET',
      `/Users?filter=${encodeURIComponent(`userName eq "${userName}"`)}&startIndex=1&count=100`,
    );
    assert.equal(again.body.totalResults, 1);
    assert.equal(again.body.Resources[0].active, false);
  });

  it('reads everybody, page by page, each once', async () => {
    for (let n = 0; n < 7; n += 1) await scim('POST', '/Users', wanted(`page-${n}@atko.example`));
    const seen: string[] = [];
    let startIndex = 1;
    for (;;) {
      const { body } = await scim('GET', `/Users?startIndex=${startIndex}&count=3`);
      assert.equal(body.startIndex, startIndex);
      assert.equal(body.itemsPerPage, body.Resources.length);
      seen.push(...body.Resources.map((user: { id: string }) => user.id));
      startIndex += body.itemsPerPage;
      if (startIndex > body.totalResults) break;
    }
    const rows = await app.db('users').where({ tenantId }).whereNull('deletedAt');
    assert.equal(seen.length, rows.length);
    assert.equal(new Set(seen).size, seen.length);
  });

  it('pushes a group with its members, renames it, and takes it away', async () => {
    await make.createNode(app.db, { tenantId, parentId: rootId, name: 'Riverside' });
    const people: string[] = [];
    for (const n of [1, 2, 3]) people.push((await scim('POST', '/Users', wanted(`pushed-${n}@atko.example`))).body.id);
    const [one, two, three] = people as [string, string, string];
    const made = await scim('POST', '/Groups', {
      schemas: groupSchemas,
      displayName: 'member@Riverside',
      members: [one, two].map((value) => ({ value, display: 'Isaac Brock' })),
    });
    assert.equal(made.status, 201, JSON.stringify(made.body));
    const { id } = made.body;
    const patched = await scim(
      'PATCH',
      `/Groups/${id}`,
      patchOf(
        { op: 'remove', path: `members[value eq "${one}"]` },
        { op: 'add', path: 'members', value: [{ value: three, display: 'Isaac Brock' }] },
      ),
    );
    assert.equal(patched.status, 200);
    assert.deepEqual(patched.body.members.map(({ value }: { value: string }) => value).sort(), [two, three].sort());
    const renamed = await scim(
      'PATCH',
      `/Groups/${id}`,
      patchOf({ op: 'replace', value: { id, displayName: 'Riverside people' } }),
    );
    assert.equal(renamed.status, 200, JSON.stringify(renamed.body));
    assert.equal(renamed.body.displayName, 'Riverside people');
    const linked = await scim(
      'GET',
      `/Groups?filter=${encodeURIComponent('displayName eq "Riverside people"')}&startIndex=1&count=100`,
    );
    assert.equal(linked.body.Resources[0].id, id);
    const put = await scim('PUT', `/Groups/${id}`, {
      schemas: groupSchemas,
      id,
      displayName: 'Riverside people',
      members: [],
    });
    assert.equal(put.status, 200);
    assert.equal(put.body.members?.length ?? 0, 0);
    assert.equal((await scim('DELETE', `/Groups/${id}`)).status, 204);
  });
});
