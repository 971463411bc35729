import assert from 'node:assert/strict';
import { startTestApp, type TestApp } from '../../support/app.ts';
import * as make from '../../support/factories.ts';
import { type AskScim, askingScim, patchOf, scimBearer, userSchemas } from '../../support/scim.ts';

const user = 'urn:ietf:params:scim:schemas:core:2.0:User';

describe('the door of SCIM', () => {
  let app: TestApp;
  let tenantId: string;
  let scim: AskScim;
  before(async () => {
    app = await startTestApp();
    tenantId = (await app.tenant()).id;
    scim = askingScim(app, await scimBearer(app, { tenantId }));
  });
  after(() => app?.stop());

  const create = async (userName: string, more: object = {}) => {
    const { status, body } = await scim('POST', '/Users', { schemas: userSchemas, userName, ...more });
    assert.equal(status, 201, JSON.stringify(body));
    return body;
  };
  const found = async (filter: string) => {
    const { status, body } = await scim('GET', `/Users?count=200&filter=${encodeURIComponent(filter)}`);
    assert.equal(status, 200, `${filter}: ${JSON.stringify(body)}`);
    return body.Resources.map((one: { userName: string }) => one.userName).sort();
  };

  it('says what it can to whoever asks', async () => {
    const anyone = askingScim(app, undefined);
    const { status, body, headers } = await anyone('GET', '/ServiceProviderConfig');
    assert.equal(status, 200);
    assert.match(headers.get('content-type') ?? '', /^application\/scim\+json/);
    for (const member of ['patch', 'bulk', 'filter', 'etag']) assert.equal(body[member].supported, true, member);
    for (const member of ['changePassword', 'sort']) assert.equal(body[member].supported, false, member);
    const types = (await anyone('GET', '/ResourceTypes')).body;
    assert.deepEqual(
      types.Resources.map(({ id, endpoint }: { id: string; endpoint: string }) => [id, endpoint]),
      [
        ['User', '/Users'],
        ['Group', '/Groups'],
      ],
    );
    const schemas = (await anyone('GET', '/Schemas')).body;
    assert.equal(schemas.totalResults, 4);
    for (const { id, meta } of schemas.Resources) {
      const one = await anyone('GET', meta.location.slice(`${app.issuer}/scim/v2`.length));
      assert.equal(one.status, 200, id);
      assert.equal(one.body.id, id);
    }
    assert.equal((await anyone('GET', '/ResourceTypes/User')).body.schema, user);
    assert.equal((await anyone('GET', '/Schemas/urn:nothing')).status, 404);
    assert.equal((await anyone('GET', '/Schemas?filter=id%20pr')).status, 403);
  });

  it('refuses in the form of SCIM whatever it refuses', async () => {
    const nobody = askingScim(app, undefined);
    const cases: [AskScim, string, string, unknown, number, string?][] = [
      [nobody, 'GET', '/Users', undefined, 401],
      [askingScim(app, 'x.ghs_0123456789012345678901234567890123456789012'), 'GET', '/Users', undefined, 401],
      [scim, 'GET', '/Nothing', undefined, 404],
      [scim, 'GET', '/Me', undefined, 501],
      [scim, 'PATCH', '/Me', patchOf({ op: 'add', value: {} }), 501],
      [scim, 'POST', '/.search', {}, 501],
      [scim, 'PUT', '/Users', {}, 405],
      [scim, 'POST', '/Users', '{"userName":', 400, 'invalidSyntax'],
      [scim, 'POST', '/Users', [], 400, 'invalidSyntax'],
      [scim, 'POST', '/Users', {}, 400, 'invalidValue'],
      [scim, 'POST', '/Users', { userName: 'a b' }, 400, 'invalidValue'],
      [scim, 'POST', '/Users', { userName: 'fine', active: 'perhaps' }, 400, 'invalidValue'],
      [scim, 'POST', '/Users', { userName: 'fine', timezone: 'Nowhere/Here' }, 400, 'invalidValue'],
      [scim, 'POST', '/Users', { userName: 'fine', emails: [{ value: 'no address' }] }, 400, 'invalidValue'],
      [scim, 'POST', '/Users', JSON.stringify({ userName: 'x'.repeat(1024 * 1024) }), 413],
      [scim, 'GET', '/Users?filter=userName', undefined, 400, 'invalidFilter'],
      [scim, 'GET', '/Users?filter=shoeSize%20eq%20%2244%22', undefined, 400, 'invalidFilter'],
      [scim, 'GET', '/Users?startIndex=one', undefined, 400, 'invalidValue'],
      [scim, 'GET', '/Users?startIndex=999999999', undefined, 400, 'tooMany'],
    ];
    for (const [ask, method, path, body, status, scimType] of cases) {
      const answer = await ask(method, path, body);
      const told = `${method} ${path}: ${JSON.stringify(answer.body)}`;
      assert.equal(answer.status, status, told);
      assert.deepEqual(answer.body.schemas, ['urn:ietf:params:scim:api:messages:2.0:Error'], told);
      assert.equal(answer.body.status, String(status), told);
      assert.equal(answer.body.scimType, scimType, told);
      assert.match(answer.headers.get('content-type') ?? '', /^application\/scim\+json/, told);
    }
    const plain = await scim('POST', '/Users', '{}', { 'content-type': 'text/plain' });
    assert.equal(plain.status, 415);
    assert.equal((await nobody('GET', '/Users')).headers.get('www-authenticate')?.startsWith('Bearer'), true);
  });

  it('finds by every operator, and by what is said in brackets', async () => {
    await create('filter-ada@example.test', { displayName: 'Filter Ada', title: 'Countess', externalId: 'F-1' });
    await create('filter-bob', { displayName: 'Filter Bob', name: { givenName: 'Bob' }, active: false });
    const both = ['filter-ada@example.test', 'filter-bob'];
    const [ada, bob] = both as [string, string];
    const cases: [string, string[]][] = [
      ['displayName sw "Filter"', both],
      ['displayName sw "filter" and active eq true', [ada]],
      ['displayName sw "Filter" and active eq "False"', [bob]],
      ['displayName sw "Filter" and not (title pr)', [bob]],
      ['displayName ew "ada"', [ada]],
      ['displayName co "ILTER B"', [bob]],
      ['externalId eq "F-1"', [ada]],
      ['externalId eq "f-1"', []],
      ['userName eq "FILTER-BOB"', [bob]],
      ['userName eq "filter-bob" or title eq "countess"', both],
      ['name.givenName eq "bob"', [bob]],
      [`${user}:displayName eq "filter ada"`, [ada]],
      ['emails[type eq "work" and value eq "Filter-Ada@example.test"]', [ada]],
      ['emails.value co "filter-ada"', [ada]],
      ['displayName sw "Filter" and meta.created gt "2000-01-01T00:00:00Z"', both],
      ['displayName sw "Filter" and meta.lastModified lt "2000-01-01T00:00:00Z"', []],
      ['displayName gt "filter ada" and displayName le "filter bob"', [bob]],
      ['displayName sw "Filter" and title ne "Countess"', [bob]],
      ['displayName sw "Filter" and externalId eq null', [bob]],
      ['id eq "no-uuid"', []],
      ['displayName co "%"', []],
      [`displayName eq "' or 1=1 --"`, []],
    ];
    for (const [filter, names] of cases) assert.deepEqual(await found(filter), names, filter);
    const searched = await scim('POST', '/Users/.search', {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:SearchRequest'],
      filter: 'displayName sw "Filter"',
      attributes: ['userName', 'meta.version'],
      startIndex: 1,
      count: 1,
    });
    assert.equal(searched.body.totalResults, 2);
    assert.deepEqual(Object.keys(searched.body.Resources[0]).sort(), ['id', 'meta', 'schemas', 'userName']);
    assert.deepEqual(Object.keys(searched.body.Resources[0].meta), ['version']);
    const without = await scim(
      'GET',
      `/Users?excludedAttributes=emails,name.givenName,id&filter=${encodeURIComponent('userName eq "filter-bob"')}`,
    );
    assert.equal(without.body.Resources[0].emails, undefined);
    assert.equal(without.body.Resources[0].name?.givenName, undefined);
    assert.ok(without.body.Resources[0].id);
    assert.equal((await scim('GET', '/Users?count=0')).body.Resources.length, 0);
    assert.equal((await scim('GET', '/Users?count=-5&startIndex=-5')).body.startIndex, 1);
  });

  it('does many things in one request, each by itself, and what refers to another one behind it', async () => {
    await make.createNode(app.db, {
      tenantId,
      parentId: (await app.db('org_nodes').where({ tenantId }).whereNull('parentId').first()).id,
      name: 'Bulk Place',
    });
    const schemas = ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'];
    const { status, body } = await scim('POST', '/Bulk', {
      schemas,
      Operations: [
        {
          method: 'POST',
          path: '/Groups',
          bulkId: 'g',
          data: { displayName: 'member@Bulk Place', members: [{ value: 'bulkId:a' }] },
        },
        { method: 'POST', path: '/Users', bulkId: 'a', data: { userName: 'bulk-a' } },
        { method: 'POST', path: '/Users', bulkId: 'b', data: { userName: 'bulk-a' } },
        { method: 'PATCH', path: '/Users/bulkId:a', data: patchOf({ op: 'add', path: 'title', value: 'In bulk' }) },
        { method: 'DELETE', path: '/Users/bulkId:b' },
        { method: 'POST', path: '/Nothing', bulkId: 'n', data: {} },
      ],
    });
    assert.equal(status, 200, JSON.stringify(body));
    assert.deepEqual(
      body.Operations.map((one: { status: string }) => one.status),
      ['201', '201', '409', '200', '409', '400'],
      JSON.stringify(body.Operations),
    );
    assert.equal(body.Operations[2].response.scimType, 'uniqueness');
    const { body: group } = await scim('GET', body.Operations[0].location.slice(`${app.issuer}/scim/v2`.length));
    assert.equal(group.members.length, 1);
    const [one] = (await scim('GET', `/Users?filter=${encodeURIComponent('userName eq "bulk-a"')}`)).body.Resources;
    assert.equal(one.title, 'In bulk');

    const stopped = await scim('POST', '/Bulk', {
      schemas,
      failOnErrors: 1,
      Operations: [
        { method: 'POST', path: '/Users', bulkId: 'x', data: { userName: 'bulk-a' } },
        { method: 'POST', path: '/Users', bulkId: 'y', data: { userName: 'bulk-never' } },
      ],
    });
    assert.equal(stopped.body.Operations.length, 1);
    assert.deepEqual(await found('userName eq "bulk-never"'), []);
    const circle = await scim('POST', '/Bulk', {
      schemas,
      Operations: [
        { method: 'POST', path: '/Groups', bulkId: 'p', data: { displayName: 'p', members: [{ value: 'bulkId:q' }] } },
        { method: 'POST', path: '/Groups', bulkId: 'q', data: { displayName: 'q', members: [{ value: 'bulkId:p' }] } },
      ],
    });
    assert.deepEqual(
      circle.body.Operations.map((operation: { status: string }) => operation.status),
      ['409', '409'],
    );
    const many = Array.from({ length: 501 }, (_, n) => ({ method: 'DELETE', path: `/Users/${n}` }));
    assert.equal((await scim('POST', '/Bulk', { schemas, Operations: many })).status, 413);
    for (const wrong of [
      {},
      { Operations: [] },
      { Operations: ['x'] },
      { Operations: [{ method: 'GET', path: '/Users' }] },
    ])
      assert.equal((await scim('POST', '/Bulk', wrong)).status, 400);
  });

  it('makes once what comes twice with one key', async () => {
    const headers = { 'idempotency-key': 'scim-once' };
    const body = { userName: 'only-once', active: false };
    const first = await scim('POST', '/Users', body, headers);
    const second = await scim('POST', '/Users', body, headers);
    assert.deepEqual([first.status, second.status], [201, 201]);
    assert.equal(first.body.id, second.body.id);
  });

  it('counts what became of requests, and keeps nothing of whom they were about', async () => {
    await scim('GET', `/Users?filter=${encodeURIComponent('userName eq "canary-person"')}`);
    await scim('POST', '/Users', { userName: 'only-once' });
    const rows = await app.db('provisioning_requests').where({ tenantId });
    const refused = rows.find(({ method, status }) => method === 'POST' && status === 409);
    assert.equal(refused.reason, 'uniqueness');
    assert.equal(refused.resource, 'Users');
    assert.ok(!JSON.stringify(rows).includes('canary-person') && !JSON.stringify(rows).includes('only-once'));
  });
});
