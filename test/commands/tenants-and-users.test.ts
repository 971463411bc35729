import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { parseRoleOption } from '../../src/commands/frame/role-option.ts';
import { findEffectiveAccess } from '../../src/domain/access/effective-access.ts';
import { findRoleAtNode } from '../../src/domain/access/role-at-node.ts';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { createPasswordHasher } from '../../src/domain/methods/password/password-hash.ts';
import { signInWithPassword } from '../../src/domain/methods/password/password-sign-in.ts';
import { createOrgNode } from '../../src/domain/organisation/org-nodes.ts';
import { createTenant, type NewTenant } from '../../src/domain/setup/create-tenant.ts';
import { findSetupLink } from '../../src/domain/setup/setup-links.ts';
import { accountKey, countAttempt } from '../../src/domain/sign-in/sign-in-failures.ts';
import { findTenantBySlug } from '../../src/domain/tenants/tenants.ts';
import { findAccount } from '../../src/domain/users/users.ts';
import type { DomainError } from '../../src/platform/errors.ts';
import { newId } from '../../src/platform/ids.ts';
import { createSecrets } from '../../src/platform/secrets.ts';
import { createRole } from '../support/factories.ts';
import { unlimited } from '../support/limits.ts';
import { type CommandBench, createBench } from './run-gatehouse.ts';

describe('commands about tenants and their people', function () {
  this.timeout(120_000);
  let bench: CommandBench;
  let acme: NewTenant;
  const passwords = createPasswordHasher({ memoryKiB: 1024 });
  before(async () => {
    bench = await createBench();
    acme = await createTenant(bench.db, { slug: 'acme', name: 'Acme' }, systemCaller);
    const parent = { tenantId: acme.id, parentId: acme.rootNodeId };
    const north = await createOrgNode(bench.db, { ...parent, type: 'region', name: 'North' }, systemCaller);
    for (const name of ['Lake/Side', 'Twin', 'Twin'])
      await createOrgNode(bench.db, { ...parent, parentId: north.id, type: 'school', name }, systemCaller);
    await createRole(bench.db, { tenantId: acme.id, name: 'Teacher', capabilities: ['grades.read'] });
  });
  after(() => bench?.close());

  function secrets() {
    return createSecrets([bench.environment.SECRET_KEY ?? '']);
  }

  async function signIn(address: string, password: string) {
    return signInWithPassword(
      bench.db,
      { address, password },
      { passwords, limits: unlimited, secrets: secrets(), caller: systemCaller },
    );
  }

  async function eventsAbout(entityId: string): Promise<{ action: string; actorType: string; payload: object }[]> {
    return bench.db('audit_events').where({ entityId }).select('action', 'actor_type', 'payload').orderBy('id');
  }

  it('stops a tenant and lets it in again, names the one that runs the server, and tells what was done', async () => {
    const { id } = await createTenant(bench.db, { slug: 'hillside', name: 'Hillside' }, systemCaller);
    // Also before anybody runs the server.
    const stopped = await bench.run('tenants suspend hillside --json');
    assert.equal(stopped.code, 0, stopped.stderr);
    assert.equal(stopped.json.state, 'suspended');
    assert.match((await bench.run('tenants set-platform hillside')).stderr, /\[TENANT_SUSPENDED\]/);
    assert.equal((await bench.run('tenants resume hillside --json')).json.state, 'active');
    assert.equal((await bench.run('tenants set-platform hillside')).code, 0);
    assert.match((await bench.run('tenants suspend hillside')).stderr, /\[PLATFORM_TENANT_NEEDED\]/);
    const renamed = await bench.run('tenants rename --tenant hillside --name Hilltop --json');
    assert.equal(renamed.json.name, 'Hilltop', renamed.stderr);
    const trail = await bench.run('audit list --tenant hillside --entity-type tenant --json');
    assert.deepEqual(
      trail.json.items.map(({ action }: { action: string }) => action),
      ['tenant.renamed', 'tenant.made_platform', 'tenant.activated', 'tenant.suspended', 'tenant.created'],
    );
    assert.equal(trail.json.items[0].entity_id, id);
    await bench.db('tenants').where({ id }).update({ isPlatform: false });
  });

  it('makes a tenant as the system, with its event', async () => {
    const run = await bench.run('tenants create --slug northwind --name "Northwind Schools" --json');
    assert.equal(run.code, 0, run.stderr);
    assert.equal(run.stderr, '');
    const tenant = await findTenantBySlug(bench.db, 'northwind');
    assert.deepEqual([run.json.id, run.json.name], [tenant?.id, 'Northwind Schools']);
    const [event] = await eventsAbout(run.json.id);
    assert.deepEqual([event?.action, event?.actorType], ['tenant.created', 'system']);
  });

  it('ends with 3 and the code of the rule that refuses', async () => {
    const [taken, wrong, unknown] = await Promise.all([
      bench.run('tenants create --slug acme --name "Another Acme" --json'),
      bench.run('tenants create --slug "Not a slug" --name Acme'),
      bench.run('users list --tenant nowhere --json'),
    ]);
    assert.equal(taken.code, 3);
    assert.deepEqual(Object.keys(taken.json), ['error']);
    assert.equal(taken.json.error.code, 'DUPLICATE');
    assert.equal(wrong.code, 3);
    assert.equal(wrong.stdout, '');
    assert.match(wrong.stderr, /^gatehouse: slug cannot be used \[INVALID_INPUT\]\n$/);
    assert.equal(unknown.code, 3);
    assert.deepEqual(unknown.json.error, { code: 'NOT_FOUND', message: 'there is no such tenant: nowhere' });
  });

  it('lists tenants for people and for programs, page by page', async () => {
    const [text, first] = await Promise.all([bench.run('tenants list'), bench.run('tenants list --limit 1 --json')]);
    assert.match(text.stdout, /^SLUG +NAME +STATE +USERS +ID\nacme +Acme +active +\d+ +[0-9a-f-]{36}\n/);
    assert.equal(first.json.tenants.length, 1);
    assert.equal(first.json.tenants[0].slug, 'acme');
    assert.equal(first.json.next, first.json.tenants[0].id);
    const rest = await bench.run(`tenants list --after ${first.json.next} --json`);
    assert.equal(rest.json.next, null);
    assert.ok(rest.json.tenants.every((tenant: { slug: string }) => tenant.slug !== 'acme'));
  });

  it('makes a person with a password that is shown once, and roles at places', async () => {
    const run = await bench.run(
      'users create --tenant acme --email Ada@Example.com --name "Ada Lovelace" --email-verified --role member --role "teacher@north/Lake\\/Side" --json',
    );
    assert.equal(run.code, 0, run.stderr);
    const { id, email, password, email_verified, roles } = run.json;
    assert.equal(email, 'ada@example.com');
    assert.equal(email_verified, true);
    assert.match(password, /^([2-9a-z]{4}-){4}[2-9a-z]{4}$/);
    assert.deepEqual(
      roles.map((held: { role: string; node: string }) => `${held.role} at ${held.node}`),
      ['member at Acme', 'Teacher at Lake/Side'],
    );
    const access = await findEffectiveAccess(bench.db, { tenantId: acme.id, userId: id });
    assert.deepEqual(access.roles, ['Teacher', 'member']);
    assert.deepEqual(access.capabilities, ['grades.read']);
    assert.equal((await signIn('ada@example.com', password)).accounts[0]?.userId, id);
    const events = await eventsAbout(id);
    assert.equal(events[0]?.action, 'user.created');
    assert.ok(events.every((event) => event.actorType === 'system' || event.action.startsWith('login')));
    const stored = await bench.db('user_identities').where({ userId: id }).first('password_hash');
    assert.match(stored.passwordHash, /^\$argon2id\$/);
    assert.ok(!JSON.stringify(events).includes(password));
  });

  it('makes a person with all that a profile says', async () => {
    const { json } = await bench.run(
      'users create --tenant acme --email di@example.com --given-name Di --family-name Doe --picture https://example.com/di.png --locale fr-ch --zone Europe/Zurich --json',
    );
    const user = await findAccount(bench.db, json.id);
    const { fullName, givenName, familyName, pictureUrl, locale, zoneinfo } = user ?? {};
    assert.deepEqual(
      [fullName, givenName, familyName, pictureUrl, locale, zoneinfo],
      ['Di Doe', 'Di', 'Doe', 'https://example.com/di.png', 'fr-CH', 'Europe/Zurich'],
    );
    for (const [option, named] of [
      ['--picture http://example.com/di.png', /pictureUrl|picture/],
      ['--locale no_such!', /locale/],
      ['--zone Mars/Base', /zone/],
    ] as const) {
      const refused = await bench.run(`users create --tenant acme --email ed@example.com ${option}`);
      assert.notEqual(refused.code, 0, option);
      assert.match(refused.stderr, named);
    }
  });

  it('takes a password from standard input and never shows it', async () => {
    const password = 'seven green herons';
    const run = await bench.run('users create --tenant acme --email bo@example.com --password-stdin', `${password}\n`);
    assert.equal(run.code, 0, run.stderr);
    assert.ok(!`${run.stdout}${run.stderr}`.includes(password));
    assert.equal((await signIn('bo@example.com', password)).accounts[0]?.email, 'bo@example.com');
  });

  it('gives a person another password from standard input, and ends what they are signed in to', async () => {
    const made = await bench.run('users create --tenant acme --email fay@example.com --json');
    const { id, password: first } = made.json;
    await bench.db('user_sessions').insert({
      id: newId(),
      tenantId: acme.id,
      userId: id,
      oidcSessionUidHash: randomBytes(32),
      amr: ['pwd'],
      expiresAt: new Date(Date.now() + 3_600_000),
    });
    const set = (input: string, user = 'fay@example.com') =>
      bench.run(`users set-password ${user} --tenant acme`, input);
    const password = 'nine patient otters';
    const refusals = await Promise.all([set('password1\n'), set(''), set(`${password}\n`, 'nobody@example.com')]);
    assert.deepEqual(
      refusals.map(({ code, stderr }) => `${code} ${/\[(\w+)\]/.exec(stderr)?.[1] ?? ''}`.trim()),
      ['3 PASSWORD_COMMON', '2', '3 NOT_FOUND'],
    );
    const live = () => bench.db('user_sessions').where({ userId: id }).whereNull('revoked_at');
    assert.equal((await signIn('fay@example.com', first)).accounts[0]?.userId, id, 'nothing is done by a refusal');
    assert.equal((await live()).length, 1);
    const run = await set(`${password}\n`);
    assert.equal(run.code, 0, run.stderr);
    assert.ok(!`${run.stdout}${run.stderr}`.includes(password));
    assert.equal((await signIn('fay@example.com', password)).accounts[0]?.userId, id);
    await assert.rejects(signIn('fay@example.com', first), { code: 'INVALID_CREDENTIALS' });
    assert.equal((await live()).length, 0);
    const events = await eventsAbout(id);
    assert.ok(events.some(({ action, actorType }) => /^password\./.test(action) && actorType === 'system'));
    assert.ok(!JSON.stringify(events).includes(password));
  });

  it('refuses what a person cannot have, and then makes nobody', async () => {
    const before = await bench.db('users').count('id as n').first();
    const runs = await Promise.all([
      bench.run('users create --tenant acme --email cy@example.com --password-stdin', ''),
      bench.run('users create --tenant acme --email cy@example.com --password-stdin', 'password1\n'),
      bench.run('users create --tenant acme --email cy@example.com --role Pilot'),
      bench.run('users create --tenant acme --email ADA@example.com'),
    ]);
    const endings = runs.map(({ code, stderr }) => `${code} ${/\[(\w+)\]/.exec(stderr)?.[1] ?? ''}`.trim());
    assert.deepEqual(endings, ['2', '3 PASSWORD_COMMON', '3 NOT_FOUND', '3 DUPLICATE_EMAIL']);
    for (const { stdout } of runs) assert.equal(stdout, '');
    assert.deepEqual(await bench.db('users').count('id as n').first(), before);
  });

  it('finds a role and its place by path or id, and refuses what is unknown or doubtful', async () => {
    const find = async (named: string) => findRoleAtNode(bench.db, acme.id, parseRoleOption(named));
    const atRoot = await find('TEACHER');
    assert.deepEqual([atRoot.role.name, atRoot.node.id], ['Teacher', acme.rootNodeId]);
    const lakeside = await find('teacher@ north / lake\\/side');
    assert.equal(lakeside.node.name, 'Lake/Side');
    assert.equal((await find(`member@${lakeside.node.id}`)).node.id, lakeside.node.id);
    await assert.rejects(find('member@North/Twin'), ({ code, params }: DomainError) => {
      assert.match(String(params.reason), /name one by its id: [0-9a-f-]{36}, [0-9a-f-]{36}$/);
      return code === 'INVALID_INPUT';
    });
    for (const named of [
      'Pilot',
      'member@Nowhere',
      'member@North/Nowhere',
      'member@North/Lake/Side',
      `member@${newId()}`,
    ])
      await assert.rejects(find(named), { code: 'NOT_FOUND' }, named);
    for (const named of ['', 'member@', '@North']) await assert.rejects(find(named), { name: 'UsageError' }, named);
  });

  it('lists, unlocks and deactivates people of the tenant alone', async () => {
    const cleo = await bench.run('users create --tenant acme --email cleo@example.com --json');
    const { id } = cleo.json;
    await countAttempt(bench.db, [accountKey(secrets(), 'password', id)]);
    assert.equal(
      (await bench.db('sign_in_failures').where({ subjectHash: accountKey(secrets(), 'password', id)[0] as Buffer }))
        .length,
      1,
    );
    const unlocked = await bench.run('users unlock CLEO@example.com --tenant acme --json');
    assert.deepEqual(unlocked.json, { id, tenant: 'acme', email: 'cleo@example.com' });
    assert.equal(
      (await bench.db('sign_in_failures').where({ subjectHash: accountKey(secrets(), 'password', id)[0] as Buffer }))
        .length,
      0,
    );

    const elsewhere = await bench.run(`users deactivate ${id} --tenant northwind --json`);
    assert.equal(elsewhere.json.error.code, 'NOT_FOUND');
    const stopped = await bench.run(`users deactivate ${id} --tenant acme --json`);
    assert.equal(stopped.json.state, 'inactive');
    const [list, inactive] = await Promise.all([
      bench.run('users list --tenant acme --json'),
      bench.run('users list --tenant acme --state inactive'),
    ]);
    const found = list.json.users.find((user: { id: string }) => user.id === id);
    assert.deepEqual([found.email, found.state, found.email_verified], ['cleo@example.com', 'inactive', false]);
    assert.match(inactive.stdout, /^EMAIL .*\ncleo@example\.com /);
    const actions = (await eventsAbout(id)).map(({ action }) => action);
    assert.deepEqual(actions.slice(0, 3), ['user.created', 'user.unlocked', 'user.deactivated']);
  });

  it('keeps the last owner', async () => {
    const owner = await bench.run('users create --tenant acme --email owner@example.com --role owner --json');
    const run = await bench.run(`users deactivate ${owner.json.id} --tenant acme --json`);
    assert.equal(run.code, 3);
    assert.equal(run.json.error.code, 'LAST_OWNER');
  });

  it('invites an owner by a link that works, and voids the one before', async () => {
    const first = await bench.run('admin invite --tenant acme --email Eve@Example.com --json');
    const second = await bench.run('admin invite --tenant acme --email eve@example.com');
    assert.equal(first.code, 0, first.stderr);
    assert.match(first.json.url, /^http:\/\/localhost:3999\/set-up\/[\w-]{43}$/);
    assert.equal(first.json.email, 'eve@example.com');
    const hours = (Date.parse(first.json.expires_at) - Date.now()) / 3_600_000;
    assert.ok(hours > 23.9 && hours <= 24, `${hours}`);
    const token = /\/set-up\/([\w-]{43})\n/.exec(second.stdout)?.[1] ?? '';
    const link = await findSetupLink(bench.db, token);
    assert.deepEqual([link.tenantId, link.email], [acme.id, 'eve@example.com']);
    await assert.rejects(findSetupLink(bench.db, first.json.url.split('/').at(-1)), { code: 'SETUP_LINK_INVALID' });
  });
});
