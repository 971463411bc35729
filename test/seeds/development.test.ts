import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parsePhoneNumberFromString } from 'libphonenumber-js/max';
import { type DevelopmentAccounts, describeSeeds, loadSeeds } from '../../seeds/development.ts';
import { tenants as samples } from '../../seeds/development-content.ts';
import { readablePassword, words } from '../../seeds/development-passwords.ts';
import { type Config, loadConfig } from '../../src/config.ts';
import { findEffectiveAccess } from '../../src/domain/access/effective-access.ts';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { findClient } from '../../src/domain/clients/client-store.ts';
import { verifyClientSecret } from '../../src/domain/clients/clients.ts';
import { listInvitations } from '../../src/domain/invitations/listed-invitations.ts';
import { availableChannels } from '../../src/domain/messages/available-channels.ts';
import { openPayload, revivedMessage } from '../../src/domain/messages/outgoing-message.ts';
import { createPasswordHasher } from '../../src/domain/methods/password/password-hash.ts';
import { checkNewPassword } from '../../src/domain/methods/password/password-policy.ts';
import { signInWithPassword } from '../../src/domain/methods/password/password-sign-in.ts';
import { listReferralCodes } from '../../src/domain/referrals/listed-referrals.ts';
import { findTenantBySlug } from '../../src/domain/tenants/tenants.ts';
import { createClientCheck } from '../../src/oidc/client-check.ts';
import { createDatabase, type Database, firstRow } from '../../src/platform/database.ts';
import { createSecrets } from '../../src/platform/secrets.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { unlimited } from '../support/limits.ts';

/** Numbers in international form. */
function shownNumbers(text: string): string[] {
  return text.match(/(?<![\w+.])\+[1-9](?:[ \u00a0]?\d){7,14}\b/g) ?? [];
}

describe('the sample content of development', () => {
  let database: TestDatabase;
  let db: Database;
  let directory: string;
  let config: Config;
  let accounts: DevelopmentAccounts;
  let text: string;
  // What is hashed here guards nothing.
  const passwords = createPasswordHasher({ memoryKiB: 1024 });

  before(async () => {
    database = await createTestDatabase();
    db = createDatabase({ url: database.url, poolMax: 4 });
    directory = await mkdtemp(join(tmpdir(), 'gatehouse-seeds-'));
    config = loadConfig({ NODE_ENV: 'development', DATABASE_URL: database.url, DATA_DIR: directory, PORT: '3456' });
    await loadSeeds(db, { config, passwords });
    text = await readFile(join(directory, 'development-accounts.json'), 'utf8');
    accounts = JSON.parse(text);
  });
  after(async () => {
    await db?.destroy();
    await database?.drop();
    await rm(directory, { recursive: true, force: true });
  });

  it('has phone numbers that messages could go to, as every number has that the program shows', async () => {
    const numbers = samples.flatMap(({ people }) => people.flatMap(({ phone }) => phone ?? []));
    const root = join(import.meta.dirname, '../..');
    for (const folder of ['src', 'docs', 'views', 'seeds', 'examples'])
      for (const entry of await readdir(join(root, folder), { recursive: true, withFileTypes: true }))
        if (entry.isFile() && /\.(?:ts|md|ejs|json)$/.test(entry.name))
          numbers.push(...shownNumbers(await readFile(join(entry.parentPath, entry.name), 'utf8')));
    for (const file of ['README.md', '.env.example'])
      numbers.push(...shownNumbers(await readFile(join(root, file), 'utf8')));
    assert.ok(numbers.length > 5);
    for (const number of numbers) assert.ok(parsePhoneNumberFromString(number)?.isValid(), number);
  });

  async function counts(): Promise<Record<string, number>> {
    const tables = ['tenants', 'users', 'org_nodes', 'roles', 'capabilities', 'resource_servers', 'clients'];
    const result: Record<string, number> = {};
    for (const table of [...tables, 'org_assignments', 'visibility_grants', 'invitations', 'referral_codes']) {
      // The program's own capabilities and its API are there before any content.
      const own = ['capabilities', 'resource_servers'].includes(table) ? { isSystem: false } : {};
      const [row] = await db(table).where(own).count('* as n');
      result[table] = row?.n as number;
    }
    return result;
  }

  async function personOf(email: string, slug = 'northwind'): Promise<{ tenantId: string; userId: string }> {
    const tenant = await db('tenants').where({ slug }).first('id');
    const user = await db('users').where({ tenantId: tenant.id, email }).first('id');
    return { tenantId: tenant.id, userId: user.id };
  }

  async function nodeOf(tenantId: string, name: string): Promise<string> {
    return (await db('org_nodes').where({ tenantId, name }).first('id')).id;
  }

  it('has two tenants, a tree three levels deep, six people, an API, two applications and a service', async () => {
    assert.deepEqual(await counts(), {
      tenants: 2,
      users: 7,
      org_nodes: 16,
      roles: 13,
      capabilities: 5,
      resource_servers: 1,
      clients: 3,
      org_assignments: 11,
      visibility_grants: 1,
      invitations: 1,
      referral_codes: 1,
    });
    const depth = await db('org_node_paths').max('depth as n').first();
    assert.equal(depth?.n, 3);
    assert.equal(accounts.people.length, 6);
    const caller = await db('audit_events').whereNot({ actorType: 'system' }).first();
    assert.equal(caller, undefined);
  });

  it('gives people what their roles allow, where they hold them and when', async () => {
    const olivia = await personOf('olivia.hart@example.com');
    const { tenantId } = olivia;
    const school = await nodeOf(tenantId, 'Lakeside School');
    const science = await nodeOf(tenantId, 'Science');
    const arts = await nodeOf(tenantId, 'Arts');
    const harbour = await nodeOf(tenantId, 'Harbour School');
    const stockroom = await nodeOf(tenantId, 'Stockroom');
    const at = async (person: { userId: string }, orgNodeId: string, when?: Date) =>
      (await findEffectiveAccess(db, { tenantId, userId: person.userId, orgNodeId, at: when })).capabilities;
    const days = (n: number) => new Date(Date.now() + n * 86_400_000);

    assert.equal((await at(olivia, stockroom)).length, 5);
    const ben = await personOf('ben.okafor@example.com');
    assert.deepEqual(await at(ben, science), ['grades.read', 'reports.read']);
    assert.deepEqual(await at(ben, arts), []);

    const clara = await personOf('clara.nystrom@example.com');
    assert.deepEqual(await at(clara, science), ['grades.read', 'grades.write']);
    assert.deepEqual(await at(clara, school), []);
    assert.deepEqual(await at(clara, arts), []);
    assert.deepEqual(await at(clara, arts, days(-60)), ['grades.read', 'grades.write']);

    const david = await personOf('david.chen@example.com');
    assert.deepEqual(await at(david, stockroom), ['inventory.read', 'inventory.write']);
    assert.deepEqual(await at(david, harbour), []);
    assert.deepEqual(await at(david, harbour, days(31)), ['grades.read', 'inventory.read', 'reports.read']);

    const emma = await findEffectiveAccess(db, await personOf('emma.rossi@example.com'));
    assert.deepEqual(emma.roles, ['Pharmacist']);
    assert.deepEqual(
      emma.visibilityGrants.map(({ orgNode, accessScope }) => `${accessScope} ${orgNode}`),
      ['analyze Market Square Pharmacy'],
    );
    assert.ok(emma.earliestEnd && emma.earliestEnd > days(89) && emma.earliestEnd < days(91));
  });

  it('lets everybody sign in with the password of the file, one of them to either tenant', async () => {
    const secrets = createSecrets(config.secretKeys);
    const signIn = (address: string, password: string) =>
      signInWithPassword(db, { address, password }, { passwords, limits: unlimited, secrets, caller: systemCaller });
    for (const { email, password } of accounts.people) {
      const { accounts: proved } = await signIn(email, password);
      const tenants = proved.map(({ tenantSlug }) => tenantSlug).sort();
      assert.deepEqual(tenants, email.startsWith('david') ? ['northwind', 'riverside'] : ['northwind'], email);
    }
    assert.equal(new Set(accounts.people.map(({ password }) => password)).size, 6);
  });

  it('lets people sign in with a code by email, and sign up at one of the tenants', async () => {
    const northwind = await findTenantBySlug(db, 'northwind');
    const riverside = await findTenantBySlug(db, 'riverside');
    assert.deepEqual([northwind?.settings.selfSignUp, riverside?.settings.selfSignUp], [true, false]);
    for (const tenant of [northwind, riverside]) {
      assert.ok(tenant);
      assert.ok(tenant.settings.signInMethods.includes('otp'));
      assert.deepEqual(availableChannels(['email', 'sms'], tenant.settings, []), ['email']);
    }
    assert.equal(await db('users').whereNull('email_verified_at').first(), undefined);
  });

  it('has a referral code to sign up with, in the address that is printed', async () => {
    const { tenantId, userId } = await personOf('clara.nystrom@example.com');
    const { referralCode = '', referredBy } = accounts.firstSteps?.signUp ?? {};
    assert.equal(referredBy, 'Clara Nyström');
    const { items } = await listReferralCodes(db, { tenantId });
    assert.equal(items.find(({ code }) => code === referralCode)?.userId, userId);
    const [, query] = /^ +http:\/\/localhost:3456\/account\?(\S+)$/m.exec(describeSeeds(config) ?? '') ?? [];
    assert.deepEqual(Object.fromEntries(new URLSearchParams(query)), {
      tenant: 'northwind',
      prompt: 'create',
      referral_code: referralCode,
    });
  });

  it('invites somebody, by mail that is written to a file', async () => {
    const { id: tenantId } = (await findTenantBySlug(db, 'northwind')) ?? { id: '' };
    const [invitation, ...more] = (await listInvitations(db, { tenantId })).items;
    assert.equal(more.length, 0);
    const { email, state, roleName, nodeName } = invitation ?? {};
    assert.deepEqual([email, state, roleName, nodeName], ['nora.lind@example.com', 'open', 'Teacher', 'Mathematics']);
    assert.ok(!text.includes('/invitations/'), 'the link is in the mail alone');
    const said = describeSeeds(config) ?? '';
    assert.ok(said.includes(join(directory, 'mail')) && said.includes('nora.lind@example.com'));

    const payload = await firstRow<{ payload: unknown }>(
      db,
      `select payload from graphile_worker._private_jobs join graphile_worker._private_tasks t on t.id = task_id
        where t.identifier = 'send-message'`,
    );
    const secrets = createSecrets(config.secretKeys);
    const message = revivedMessage(openPayload(secrets, 'send-message', payload?.payload).value);
    assert.deepEqual([message.to, message.template], ['nora.lind@example.com', 'invitation']);
  });

  it('sends nobody mail that leaves the machine', async () => {
    const empty = await createTestDatabase();
    const other = createDatabase({ url: empty.url, poolMax: 2 });
    const mail = { ...config.mail, toFiles: false, smtpUrl: 'smtp://127.0.0.1:1' };
    const place = { ...config, mail, dataDirectory: join(directory, 'with-smtp') };
    try {
      await loadSeeds(other, { config: place, passwords });
      const [row] = await other('invitations').count('* as n');
      assert.equal(row?.n, 0);
      const said = describeSeeds(place) ?? '';
      assert.match(said, /referral_code=/);
      assert.doesNotMatch(said, /nora\.lind|Mail is written/);
    } finally {
      await other.destroy();
      await empty.drop();
    }
  });

  it('registers clients with secrets that work and that the server takes', async () => {
    const { clients, service, api, issuer } = accounts;
    assert.equal(issuer, 'http://localhost:3456');
    assert.equal(api.identifier, 'https://api.northwind.example/');
    assert.deepEqual(clients.portal.redirectUris, ['http://localhost:4000/callback']);
    assert.deepEqual(clients.reports.redirectUris, ['http://localhost:4001/callback']);
    const check = await createClientCheck({ config, db, secrets: createSecrets(config.secretKeys) });
    for (const { clientId, clientSecret } of [clients.portal, clients.reports, service]) {
      const client = await findClient(db, clientId);
      assert.ok(client);
      check(client);
      assert.equal(await verifyClientSecret(db, clientId, clientSecret), true);
    }
    const portal = await findClient(db, clients.portal.clientId);
    assert.deepEqual([portal?.tenantId, portal?.firstParty], [null, true]);
    const reports = await findClient(db, clients.reports.clientId);
    const { tenantId } = await personOf('olivia.hart@example.com');
    assert.deepEqual([reports?.tenantId, reports?.firstParty], [tenantId, false]);
    const granted = await db('client_capabilities').where({ clientId: (await findClient(db, service.clientId))?.id });
    assert.equal(granted.length, 2);
  });

  it('keeps the passwords for the owner of the machine, and nowhere in the database', async () => {
    const { mode } = await stat(join(directory, 'development-accounts.json'));
    assert.equal(mode & 0o777, 0o600);
    const { rows } = await db.raw(
      `select table_to_xml(tablename::regclass, true, false, '') as content from pg_tables where schemaname = 'public'`,
    );
    const dump = JSON.stringify(rows);
    assert.match(dump, /olivia\.hart@example\.com/);
    assert.match(dump, /northwind-portal/);
    const { people, clients, service } = accounts;
    const known = [clients.portal, clients.reports, service].map(({ clientSecret }) => clientSecret);
    for (const secret of [...known, ...people.map(({ password }) => password)]) assert.ok(!dump.includes(secret));
  });

  it('tells at each start where to go, as whom and with which application', () => {
    const said = describeSeeds(config) ?? '';
    for (const { email, password, name } of accounts.people)
      for (const part of [email, password, name]) assert.ok(said.includes(part), part);
    for (const { clientId, clientSecret } of [accounts.clients.portal, accounts.clients.reports, accounts.service])
      assert.ok(said.includes(clientId) && said.includes(clientSecret));
    assert.match(said, /http:\/\/localhost:3456\/account/);
    assert.match(said, /npm run example/);
    assert.equal(describeSeeds({ ...config, dataDirectory: join(directory, 'elsewhere') }), undefined);
    assert.equal(describeSeeds({ ...config, isProduction: true }), undefined);
  });

  it('loads nothing into a database that holds something, and keeps its file', async () => {
    const before = await counts();
    await Promise.all([loadSeeds(db, { config, passwords }), loadSeeds(db, { config, passwords })]);
    assert.deepEqual(await counts(), before);
    assert.equal(await readFile(join(directory, 'development-accounts.json'), 'utf8'), text);
  });

  it('is loaded once by two that start at once, and the file is of the one that did', async () => {
    const empty = await createTestDatabase();
    const other = createDatabase({ url: empty.url, poolMax: 4 });
    const place = { ...config, dataDirectory: join(directory, 'twice') };
    try {
      await Promise.all([1, 2].map(() => loadSeeds(other, { config: place, passwords })));
      const [row] = await other('users').count('* as n');
      assert.equal(row?.n, 7);
      const written = await readFile(join(place.dataDirectory, 'development-accounts.json'), 'utf8');
      const { people } = JSON.parse(written) as DevelopmentAccounts;
      const attempt = { address: people[0]?.email ?? '', password: people[0]?.password ?? '' };
      const secrets = createSecrets(config.secretKeys);
      const signedIn = await signInWithPassword(other, attempt, {
        passwords,
        limits: unlimited,
        secrets,
        caller: systemCaller,
      });
      assert.equal(signedIn.accounts.length, 1);
    } finally {
      await other.destroy();
      await empty.drop();
    }
  });

  it('loads nothing where the file cannot be written, and nothing in production', async () => {
    const empty = await createTestDatabase();
    const other = createDatabase({ url: empty.url, poolMax: 2 });
    try {
      const blocked = join(directory, 'a-file');
      await writeFile(blocked, '');
      await assert.rejects(loadSeeds(other, { config: { ...config, dataDirectory: blocked }, passwords }));
      await assert.rejects(loadSeeds(other, { config: { ...config, isProduction: true }, passwords }), /production/);
      const [row] = await other('tenants').count('* as n');
      assert.equal(row?.n, 0);
    } finally {
      await other.destroy();
      await empty.drop();
    }
  });

  it('makes passwords of over 40 bits that the policy takes from everybody', () => {
    assert.equal(new Set(words).size, words.length);
    assert.ok(Math.log2(words.length ** 4 * 9000) > 40);
    for (const word of words) assert.match(word, /^[a-z]{3,8}$/);
    const made = new Set<string>();
    for (const { name, slug, people } of samples) {
      for (const { email, fullName } of people) {
        for (let n = 0; n < 100; n++) {
          const password = readablePassword();
          assert.match(password, /^([a-z]+-){4}\d{4}$/);
          assert.equal(checkNewPassword(password, { email, fullName, tenantName: name, tenantSlug: slug }), password);
          made.add(password);
        }
      }
    }
    assert.equal(made.size, 700);
  });
});
