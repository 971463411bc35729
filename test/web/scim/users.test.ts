import assert from 'node:assert/strict';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { askAsService } from '../../support/management.ts';
import { type AskScim, askingScim, enterprise, patchOf, scimBearer, userSchemas } from '../../support/scim.ts';
import { untilTaken } from '../../support/until-taken.ts';

describe('people over SCIM', () => {
  let app: TestApp;
  let tenantId: string;
  let scim: AskScim;
  let count = 0;

  before(async () => {
    app = await startTestApp();
    tenantId = (await app.tenant()).id;
    scim = askingScim(app, await scimBearer(app, { tenantId }));
  });
  after(() => app?.stop());

  const named = (name: string, more: object = {}) => ({
    schemas: userSchemas,
    userName: name,
    name: { givenName: 'Ada', familyName: 'Lovelace' },
    displayName: 'Ada Lovelace',
    active: true,
    ...more,
  });
  const address = () => `ada-${++count}@example.test`;
  async function made(more: object = {}, name = address()) {
    const answer = await scim('POST', '/Users', named(name, more));
    assert.equal(answer.status, 201, JSON.stringify(answer.body));
    return answer.body;
  }
  const found = async (filter: string) => (await scim('GET', `/Users?filter=${encodeURIComponent(filter)}`)).body;

  it('makes, shows, replaces and deletes a person', async () => {
    const name = address();
    const { status, body, headers } = await scim(
      'POST',
      '/Users',
      named(name, { externalId: 'hr-1', locale: 'en_US', timezone: 'Europe/Zurich', title: 'Countess' }),
    );
    assert.equal(status, 201);
    assert.match(headers.get('content-type') ?? '', /^application\/scim\+json/);
    assert.equal(headers.get('location'), `${app.issuer}/scim/v2/Users/${body.id}`);
    assert.equal(headers.get('etag'), body.meta.version);
    assert.equal(body.userName, name);
    assert.equal(body.locale, 'en-US');
    assert.equal(body.title, 'Countess');
    assert.deepEqual(body.emails, [{ value: name, type: 'work', primary: true }]);
    assert.deepEqual((await scim('GET', `/Users/${body.id}`)).body, body);
    const row = await app.db('users').where({ id: body.id }).first();
    assert.equal(row.email, name);
    assert.equal(row.emailVerifiedAt, null);
    assert.equal(row.externalId, 'hr-1');

    const put = await scim('PUT', `/Users/${body.id}`, named(name, { displayName: 'Ada King' }));
    assert.equal(put.status, 200);
    assert.equal(put.body.displayName, 'Ada King');
    assert.equal(put.body.title, undefined);
    assert.equal(put.body.externalId, undefined);
    assert.equal(put.body.timezone, 'Europe/Zurich');

    assert.equal((await scim('DELETE', `/Users/${body.id}`)).status, 204);
    for (const method of ['GET', 'DELETE']) assert.equal((await scim(method, `/Users/${body.id}`)).status, 404);
    assert.equal((await found(`id eq "${body.id}"`)).totalResults, 0);
  });

  it('keeps a plain name as the username, with the address beside it', async () => {
    const mail = address();
    const body = await made({ emails: [{ value: mail, type: 'work', primary: true }] }, `person.${count}`);
    const row = await app.db('users').where({ id: body.id }).first();
    assert.equal(row.username, body.userName);
    assert.equal(row.email, mail);
    const other = address();
    const patched = await scim(
      'PATCH',
      `/Users/${body.id}`,
      patchOf({ op: 'replace', path: 'emails[type eq "work"].value', value: other }),
    );
    assert.equal(patched.status, 200);
    assert.deepEqual(patched.body.emails, [{ value: other, type: 'work', primary: true }]);
    assert.equal((await app.db('users').where({ id: body.id }).first()).email, other);
  });

  it('keeps what an account has no place for, and shows it as it came', async () => {
    const extra = {
      nickName: 'The Enchantress',
      preferredLanguage: 'en-GB',
      userType: 'Employee',
      emails: [
        { value: 'ada.work@example.test', type: 'work', primary: true },
        { value: 'ada.home@example.test', type: 'home' },
      ],
      phoneNumbers: [
        { value: '+41 44 668 18 00', type: 'work' },
        { value: `+4179123${String(4500 + count).padStart(4, '0')}`, type: 'mobile' },
      ],
      addresses: [{ streetAddress: '12 St James Square', locality: 'London', type: 'work' }],
      [enterprise]: { employeeNumber: '1815', department: 'Engines', manager: { value: 'boss-1' } },
    };
    const body = await made(extra);
    for (const name of ['nickName', 'preferredLanguage', 'userType', 'emails', 'addresses', enterprise])
      assert.deepEqual(body[name], extra[name as keyof typeof extra], name);
    assert.equal(body.phoneNumbers.length, 2);
    assert.equal((await app.db('users').where({ id: body.id }).first()).email, body.userName);
    assert.equal(
      (await found(`nickName eq "the enchantress" and ${enterprise}:department eq "engines"`)).totalResults,
      1,
    );
  });

  it('stops and lets in again, also where false is a text', async () => {
    const body = await made();
    for (const value of [false, 'False', 'false']) {
      const off = await scim('PATCH', `/Users/${body.id}`, patchOf({ op: 'Replace', path: 'active', value }));
      assert.equal(off.body.active, false);
      const on = await scim('PATCH', `/Users/${body.id}`, patchOf({ op: 'replace', value: { active: 'True' } }));
      assert.equal(on.body.active, true);
    }
    const inactive = await made({ active: false });
    assert.equal(inactive.active, false);
  });

  it('refuses a second person of one name as not unique, and makes one of fifty at once', async () => {
    const name = address();
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => untilTaken(() => scim('POST', '/Users', named(name)))),
    );
    assert.deepEqual(answers.map(({ status }) => status).sort(), [201, ...Array.from({ length: 49 }, () => 409)]);
    const refused = answers.find(({ status }) => status === 409);
    assert.equal(refused?.body.scimType, 'uniqueness');
    assert.equal(refused?.body.status, '409');
    assert.deepEqual(refused?.body.schemas, ['urn:ietf:params:scim:api:messages:2.0:Error']);
    assert.equal((await found(`userName eq "${name.toUpperCase()}"`)).totalResults, 1);
  });

  it('changes what nobody else has changed since it was read', async () => {
    const body = await made();
    const { version } = body.meta;
    const change = (title: string) =>
      scim('PATCH', `/Users/${body.id}`, patchOf({ op: 'add', path: 'title', value: title }), { 'if-match': version });
    const answers = await Promise.all(['One', 'Two', 'Three', 'Four', 'Five'].map(change));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 412, 412, 412, 412]);
    assert.equal((await scim('DELETE', `/Users/${body.id}`, undefined, { 'if-match': version })).status, 412);
    const fresh = (await scim('GET', `/Users/${body.id}`)).body.meta.version;
    const same = await scim('GET', `/Users/${body.id}`, undefined, { 'if-none-match': fresh });
    assert.equal(same.status, 304);
    assert.equal((await scim('DELETE', `/Users/${body.id}`, undefined, { 'if-match': fresh })).status, 204);
  });

  it('changes all of a PATCH, or nothing', async () => {
    const body = await made();
    const other = await made();
    const refused = await scim(
      'PATCH',
      `/Users/${body.id}`,
      patchOf(
        { op: 'replace', path: 'active', value: false },
        { op: 'replace', path: 'timezone', value: 'Europe/Paris' },
        { op: 'replace', path: 'userName', value: other.userName },
      ),
    );
    assert.equal(refused.status, 409);
    assert.deepEqual((await scim('GET', `/Users/${body.id}`)).body, body);
  });

  it('leaves its events under the name of the service, with the operation as their cause', async () => {
    const body = await made();
    const events = await app.db('audit_events').where({ entityId: body.id, action: 'user.created' });
    assert.equal(events.length, 1);
    assert.equal(events[0].actorType, 'client');
    assert.ok(!JSON.stringify(events).includes(body.userName));
  });

  it('takes an access token of client credentials as well, and no more than it is good for', async () => {
    const api = await askAsService(app, { tenantId, capabilities: ['users.read'] });
    assert.equal((await api('GET', '/users/search?limit=0')).status, 200);
    const reader = askingScim(app, await scimBearer(app, { tenantId, capabilities: ['users.read'] }));
    assert.equal((await reader('GET', '/Users')).status, 200);
    const refused = await reader('POST', '/Users', named(address()));
    assert.equal(refused.status, 403);
    assert.equal(refused.body.status, '403');
  });
});
