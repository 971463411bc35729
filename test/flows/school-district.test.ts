/**
 * Whole days of work on an empty production database, through the API, the command line and the pages alone: a school
 * district is built, moved about in, administered by a delegate, stopped and let in again.
 */
import assert from 'node:assert/strict';
import * as openid from 'openid-client';
import type { Ask } from '../support/management.ts';
import { managementCapabilities } from '../support/management.ts';
import { hasOpenssl } from '../support/openssl.ts';
import { type Production, startProduction } from '../support/production.ts';
import { type RelyingParty, redirectUri, signIn } from '../support/relying-party.ts';

const password = 'a walk along the quiet river';
const regions = ['North', 'Centre', 'South'] as const;
const schoolsPerRegion = 4;
const teachersPerSchool = 17;
const nextSummer = '2090-07-31T00:00:00.000Z';
const afterSummer = '2090-08-15T00:00:00.000Z';

interface Place {
  id: string;
  name: string;
}

describe('a school district', function () {
  this.timeout(180_000);
  let server: Production;
  let party: RelyingParty;
  /** Who runs the server, and the owner of the district. */
  let operator: Ask;
  let owner: Ask;
  let district: Place;
  const region = new Map<string, Place>();
  const schools = new Map<string, Place[]>();
  const role = new Map<string, string>();
  const teachers = new Map<string, { id: string; assignmentId: string }[]>();

  before(async function () {
    if (!hasOpenssl()) return this.skip();
    server = await startProduction();
  });
  after(() => server?.stop());

  function asking(token: string): Ask {
    return async (method, path, body, headers = {}) => {
      const response = await server.fetch(`${server.issuer}/api/v1${path}`, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
        body: body === undefined ? undefined : JSON.stringify(body),
      });
      const text = await response.text();
      return { status: response.status, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) };
    };
  }

  async function signedIn(email: string): Promise<Ask> {
    const resource = { resource: `${server.issuer}/api/v1` };
    const parameters = { ...resource, scope: ['openid', ...managementCapabilities].join(' ') };
    const browser = server.browser();
    const { tokens } = await signIn(party, { email, password }, { parameters, tokenParameters: resource, browser });
    return asking(tokens.access_token);
  }

  /** Expects what was asked for to be done. */
  async function done(asked: ReturnType<Ask>) {
    const { status, body } = await asked;
    assert.ok(status < 300, `${status} ${JSON.stringify(body)}`);
    return body;
  }
  async function refused(asked: ReturnType<Ask>, status: number, code: string): Promise<void> {
    const answer = await asked;
    assert.deepEqual([answer.status, answer.body?.code], [status, code], JSON.stringify(answer.body));
  }
  /** Page after page. */
  async function everybody(ask: Ask, path: string): Promise<{ id: string; user_id?: string }[]> {
    const found = [];
    for (let after = ''; ; ) {
      const { items, next } = await done(ask('GET', `${path}${after}`));
      found.push(...items);
      if (next === null) return found;
      after = `&after=${encodeURIComponent(next)}`;
    }
  }

  async function setUp(link: string, typed: Record<string, string>): Promise<void> {
    const browser = server.browser();
    const made = await browser.submit(await browser.open(link), { password, ...typed });
    // Of a tenant that was there before, the way leads on to signing in.
    assert.match(made.url, /\/set-up-done|\/interaction\//, made.body);
  }

  async function newRole(name: string, ...capabilities: string[]): Promise<void> {
    const { id } = await done(owner('POST', '/roles', { name }));
    role.set(name, id);
    for (const key of capabilities) await done(owner('PUT', `/roles/${id}/capabilities/${key}`));
  }
  const roleOf = (name: string) => role.get(name) as string;
  const schoolsOf = (name: string) => schools.get(name) as Place[];
  const idOf = (name: string) => (region.get(name) as Place).id;

  function hire(ask: Ask, email: string, given: object[], more: object = {}) {
    const wanted = { email: `${email}@example.test`, email_verified: true, assignments: given, ...more };
    return ask('POST', '/users', wanted, { 'idempotency-key': `hire-${email}` });
  }

  it('begins with the link that an empty server shows, and a second one for the district', async () => {
    await setUp(server.setUpLink, { tenant_name: 'Operator', full_name: 'Olive', email: 'olive@example.test' });
    const redirect = ['--redirect-uri', redirectUri];
    const client = await server.run(
      'clients',
      'create',
      '--name',
      'Console',
      '--kind',
      'web',
      '--first-party',
      ...redirect,
    );
    const config = await openid.discovery(new URL(server.issuer), client.client_id, client.client_secret, undefined, {
      [openid.customFetch]: server.fetch as never,
    });
    party = { config, clientId: client.client_id, clientSecret: client.client_secret };
    operator = await signedIn('olive@example.test');
    await done(operator('POST', '/tenants', { slug: 'district', name: 'Lake District' }));
    await refused(operator('POST', '/tenants', { slug: 'district', name: 'Another' }), 409, 'DUPLICATE');
    const { url } = await server.run('admin', 'invite', '--tenant', 'district');
    await setUp(url, { full_name: 'Dora', email: 'dora@example.test' });
    owner = await signedIn('dora@example.test');
    const { items } = await done(owner('GET', '/org-nodes?type=tenant'));
    district = items[0];
    assert.equal(district.name, 'Lake District');
  });

  it('has three levels, roles of its own, and two hundred people for a time', async () => {
    const add = (parent: Place, type: string, name: string) =>
      done(owner('POST', '/org-nodes', { parent_id: parent.id, type, name }));
    for (const name of regions) {
      const made = await add(district, 'region', name);
      region.set(name, made);
      const numbers = Array.from({ length: schoolsPerRegion }, (_, n) => n + 1);
      schools.set(name, await Promise.all(numbers.map((n) => add(made, 'school', `${name} ${n}`))));
    }
    for (const key of ['grades.read', 'grades.write'])
      await done(operator('PUT', `/capabilities/${key}`, { module: 'grades' }));
    await newRole('Teacher', 'grades.read', 'grades.write');
    await newRole('Head', 'grades.read', 'grades.write', 'users.read', 'users.manage', 'roles.assign', 'org.read');

    for (const name of regions) {
      const head = [{ role_id: roleOf('Head'), org_node_id: idOf(name), ends_at: nextSummer }];
      await done(hire(owner, `head-${name}`, head, { password, full_name: `Head of ${name}` }));
      for (const school of schoolsOf(name)) {
        const given = [{ role_id: roleOf('Teacher'), org_node_id: school.id, ends_at: nextSummer }];
        const staff = Array.from({ length: teachersPerSchool }, (_, n) =>
          done(
            hire(owner, `${school.name.replace(' ', '-')}-${n}`, given, {
              full_name: `Teacher ${n} of ${school.name}`,
            }),
          ),
        );
        await Promise.all(staff);
        const held = await everybody(owner, `/assignments?org_node_id=${school.id}&limit=7`);
        assert.equal(held.length, teachersPerSchool);
        teachers.set(
          school.name,
          held.map(({ id, user_id = '' }) => ({ id: user_id, assignmentId: id })),
        );
      }
    }
    // A hire that is sent again makes nobody.
    const [first] = schoolsOf('North') as [Place];
    const given = [{ role_id: roleOf('Teacher'), org_node_id: first.id, ends_at: nextSummer }];
    await done(hire(owner, 'North-1-0', given, { full_name: `Teacher 0 of ${first.name}` }));
    const people = regions.length * (1 + schoolsPerRegion * teachersPerSchool);
    assert.equal((await everybody(owner, '/users?limit=50')).length, people + 1);
  });

  it('moves a school to another region, with everybody in it', async () => {
    const [moved] = schoolsOf('North') as [Place];
    const [{ id: teacher } = { id: '' }] = teachers.get(moved.name) ?? [];
    const [north, south] = [await signedIn('head-North@example.test'), await signedIn('head-South@example.test')];
    assert.equal((await north('GET', `/users/${teacher}`)).status, 200);
    await refused(south('GET', `/users/${teacher}`), 404, 'NOT_FOUND');
    await done(owner('POST', `/org-nodes/${moved.id}/move`, { parent_id: idOf('South') }));
    await refused(north('GET', `/users/${teacher}`), 404, 'NOT_FOUND');
    assert.equal((await south('GET', `/users/${teacher}`)).status, 200);
    const chain = await done(owner('GET', `/org-nodes/${moved.id}/ancestors`));
    assert.deepEqual(
      chain.items.map(({ name }: Place) => name),
      ['Lake District', 'South'],
    );
    const held = await done(owner('GET', `/users/${teacher}/access`));
    assert.deepEqual(held.capabilities, ['grades.read', 'grades.write']);
    const grading = await everybody(owner, `/org-nodes/${moved.id}/holders?capability=grades.write&limit=7`);
    assert.equal(grading.length, 1 + teachersPerSchool, 'the head of the South, and the teachers');
  });

  it('loses a teacher, whose class another takes over from then on', async () => {
    const [school] = schoolsOf('Centre') as [Place];
    const [leaving, staying] = teachers.get(school.name) ?? [];
    assert.ok(leaving && staying);
    const centre = await signedIn('head-Centre@example.test');
    await done(centre('PUT', `/users/${leaving.id}/password`, { password }));
    const { email } = await done(centre('GET', `/users/${leaving.id}`));
    const mayIn = async () => (await signedIn(email).catch(() => undefined)) !== undefined;
    assert.ok(await mayIn());
    const holds = async (id: string, at: string) =>
      (await done(owner('GET', `/users/${id}/access?at=${at}`))).capabilities.includes('grades.write');
    const [may, october] = ['2090-05-01T00:00:00Z', '2090-10-01T00:00:00Z'];
    assert.ok(await holds(leaving.id, may));
    assert.ok(!(await holds(leaving.id, october)));
    await done(centre('POST', `/assignments/${leaving.assignmentId}/end`, {}));
    assert.ok(!(await holds(leaving.id, may)));
    await done(owner('POST', `/users/${leaving.id}/deactivate`));
    assert.ok(!(await mayIn()));
    // For as long as the one who gives it holds it, and no longer.
    const again = { user_id: staying.id, role_id: roleOf('Teacher'), org_node_id: school.id };
    await refused(
      centre('POST', '/assignments', { ...again, starts_at: nextSummer, ends_at: afterSummer }),
      403,
      'PRIVILEGE_EXCEEDED',
    );
    await done(owner('POST', '/assignments', { ...again, starts_at: nextSummer, ends_at: '2091-07-31T00:00:00Z' }));
    assert.ok(await holds(staying.id, october));
    const { items } = await done(owner('GET', `/audit-events?entity_id=${leaving.assignmentId}&action=role.removed`));
    assert.equal(items[0].actor_type, 'user');
  });

  it('is administered by a head inside their region, and nowhere else', async () => {
    const north = await signedIn('head-North@example.test');
    const [, second] = schoolsOf('North') as [Place, Place];
    const [elsewhere] = schoolsOf('Centre') as [Place];
    const teach = (org_node_id: string, ends_at: string | null = '2090-06-30T00:00:00Z') => ({
      role_id: roleOf('Teacher'),
      org_node_id,
      ends_at,
    });
    const hired = await done(hire(north, 'substitute', [teach(second.id)]));
    await done(north('PATCH', `/users/${hired.id}`, { full_name: 'Sub Stitute' }));
    assert.equal(
      (await everybody(north, '/users?limit=100')).length,
      1 + (schoolsPerRegion - 1) * teachersPerSchool + 1,
    );
    const nodes = await done(north('GET', '/org-nodes?limit=100'));
    assert.ok(
      nodes.items.every(({ name }: Place) => name.startsWith('North')),
      JSON.stringify(nodes.items),
    );

    await refused(hire(north, 'smuggled', [teach(elsewhere.id)]), 404, 'NOT_FOUND');
    await refused(hire(north, 'unbound', [teach(second.id, null)]), 403, 'PRIVILEGE_EXCEEDED');
    const { items: roles } = await done(owner('GET', '/roles'));
    const ownerRole = roles.find(({ name }: Place) => name === 'owner').id;
    const grab = { role_id: ownerRole, org_node_id: idOf('North'), ends_at: '2090-06-30T00:00:00Z' };
    await refused(north('POST', '/assignments', { ...grab, user_id: hired.id }), 403, 'PRIVILEGE_EXCEEDED');
    const [colleague] = teachers.get(elsewhere.name) ?? [];
    await refused(north('PATCH', `/users/${colleague?.id}`, { full_name: 'Mine' }), 404, 'NOT_FOUND');
    await refused(north('POST', '/org-nodes', { parent_id: second.id, type: 'room', name: 'Room' }), 403, 'FORBIDDEN');
    await refused(north('GET', '/tenant'), 403, 'FORBIDDEN');
    await refused(north('GET', '/users?tenant=operator'), 404, 'NOT_FOUND');
    await done(north('DELETE', `/users/${hired.id}`));
  });

  it('is suspended and comes back, with all that it had', async () => {
    const north = await signedIn('head-North@example.test');
    await refused(owner('POST', '/tenants/operator/suspend'), 403, 'FORBIDDEN');
    await refused(operator('POST', '/tenants/operator/suspend'), 409, 'PLATFORM_TENANT_NEEDED');
    assert.equal((await done(operator('POST', '/tenants/district/suspend'))).state, 'suspended');
    for (const ask of [owner, north]) await refused(ask('GET', '/users'), 401, 'ACCESS_TOKEN_INVALID');
    await assert.rejects(signedIn('dora@example.test'));
    assert.equal((await server.run('tenants', 'resume', 'district')).state, 'active');
    await refused(owner('GET', '/users'), 401, 'ACCESS_TOKEN_INVALID');
    owner = await signedIn('dora@example.test');
    const people = regions.length * (1 + schoolsPerRegion * teachersPerSchool);
    assert.equal((await everybody(owner, '/users?limit=200')).length, people + 1);
    const { items } = await done(operator('GET', '/audit-events?tenant=district&action=tenant.'));
    assert.deepEqual(
      items.map(({ action, actor_type: type }: { action: string; actor_type: string }) => [action, type]),
      [
        ['tenant.activated', 'system'],
        ['tenant.suspended', 'user'],
        ['tenant.created', 'user'],
      ],
    );
  });
});
