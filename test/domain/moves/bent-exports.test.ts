/**
 * Exports whose rows the tables would take and no operation would have made: each is refused by the name of the row and of what is
 * wrong with it, and nothing of the tenant is there afterwards.
 */
import assert from 'node:assert/strict';
import { createApiKey } from '../../../src/domain/api-keys/api-keys.ts';
import { systemCaller } from '../../../src/domain/audit/audit-events.ts';
import { createClient, createService } from '../../../src/domain/clients/clients.ts';
import { addCrossAppAudience } from '../../../src/domain/clients/cross-app-audiences.ts';
import { addWorkloadIdentity } from '../../../src/domain/clients/workload-identities.ts';
import { createStream } from '../../../src/domain/event-streams/streams.ts';
import { createInvitation } from '../../../src/domain/invitations/send-invitation.ts';
import { addIdentityProvider } from '../../../src/domain/methods/federation/identity-providers.ts';
import { type MoveHeader, MoveWriter } from '../../../src/domain/moves/move-file.ts';
import { travellingTables } from '../../../src/domain/moves/travelling-tables.ts';
import { createInitialAccessToken } from '../../../src/domain/registration/initial-access-tokens.ts';
import { createResourceServer } from '../../../src/domain/resource-servers/resource-servers.ts';
import { createWebhook } from '../../../src/domain/webhooks/webhooks.ts';
import { newId } from '../../../src/platform/ids.ts';
import * as make from '../../support/factories.ts';
import { createInstallation, exported, imported, importOptions } from '../../support/moved-tenant.ts';

// biome-ignore lint/suspicious/noExplicitAny: rows of any table, bent in any way
type Row = any;
type Bend = (row: Row, lines: Lines) => void;
interface Lines {
  header: MoveHeader;
  rows: { table: string; row: Row }[];
}

const argon2 = (parameters: string) => `$argon2id$v=19$${parameters}$${'a'.repeat(22)}$${'b'.repeat(43)}`;

describe('an export with a row that nobody here could have made', () => {
  let from: Awaited<ReturnType<typeof createInstallation>>;
  let to: Awaited<ReturnType<typeof createInstallation>>;
  let tenantId: string;
  let text: string;
  let options: Awaited<ReturnType<typeof importOptions>>;

  before(async () => {
    [from, to] = await Promise.all([
      createInstallation('https://old.example.test'),
      createInstallation('https://new.example.test'),
    ]);
    options = await importOptions(to);
    await fill();
    text = await exported(from, tenantId);
    await createResourceServer(
      to.db,
      { tenantId: null, identifier: 'https://api.example.test/', name: 'There' },
      systemCaller,
    );
  });
  after(() => Promise.all([from?.close(), to?.close()]));

  async function fill(): Promise<void> {
    const { db, secrets } = from;
    ({ id: tenantId } = await make.createTenant(db));
    const { id: userId } = await make.createUser(db, { tenantId, metadata: { a: 1 } });
    await db('user_identities').insert({
      ...{ id: newId(), tenantId, userId, provider: 'password', issuer: '', subject: userId },
      passwordHash: argon2('m=19456,t=2,p=1'),
    });
    const node = await make.createNode(db, { tenantId });
    await make.createRole(db, { tenantId, name: 'teacher', capabilities: ['lessons.plan'] });
    await createResourceServer(db, { tenantId, identifier: 'https://lessons.example.test', name: 'L' }, systemCaller);
    const { client } = await createClient(
      db,
      { tenantId, kind: 'web', name: 'App', clientId: 'app', redirectUris: ['https://app.example.test/cb'] },
      systemCaller,
    );
    const audience = { audience: 'https://other.example.test', audienceClientId: 'x', scopes: ['read'] };
    await addCrossAppAudience(db, client.clientId, audience, systemCaller);
    await createService(
      db,
      { tenantId, name: 'Job', clientId: 'job', capabilities: ['lessons.plan'], workload: true },
      systemCaller,
    );
    const workload = { issuer: 'https://ci.example.test', audience: 'https://old.example.test', subject: 'repo:a' };
    await addWorkloadIdentity(db, 'job', workload, systemCaller);
    const doing = { secrets, caller: systemCaller, allowHttp: false };
    const provider = {
      tenantId,
      key: 'login',
      name: 'P',
      issuer: 'https://login.example.test',
      clientId: 'c',
      clientSecret: 's',
    };
    await addIdentityProvider(db, provider, doing);
    await createWebhook(db, { tenantId, name: 'Hook', url: 'https://hook.example.test/', types: [] }, doing);
    const pushed = { method: 'push', endpointUrl: 'https://ssf.example.test/', authorization: 'Bearer x' } as const;
    await createStream(db, { tenantId, clientId: null, ...pushed, eventsRequested: [], description: '' }, doing);
    const key = { tenantId, orgNodeId: node.id, userId: null, name: 'Key', capabilities: ['lessons.plan'] };
    await createApiKey(db, key, systemCaller);
    await createInitialAccessToken(
      db,
      { tenantId, name: 'Token', redirectHosts: ['app.example.test'], scopes: ['openid'], mostUses: 5 },
      systemCaller,
    );
    const { id: roleId } = await make.createRole(db, { tenantId, name: 'guest' });
    await createInvitation(
      db,
      { tenantId, email: 'newcomer@example.test', roleId, orgNodeId: node.id, locale: 'en' },
      {
        ...{ secrets, caller: systemCaller, issuer: from.issuer, channels: ['email'], phoneCountries: [] },
        budgets: { email: 100, phone: 0 },
      },
    );
  }

  function read(): Lines {
    const [header, ...rest] = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    return { header, rows: rest.slice(0, -1) };
  }

  /** As whoever can write such a file would: with the right counts and the right hash. */
  function written({ header, rows }: Lines): string {
    const writer = new MoveWriter();
    const counts = Object.fromEntries(
      Object.keys(header.counts).map((table) => [table, rows.filter((line) => line.table === table).length]),
    );
    const order = new Map(travellingTables.map(({ table }, n) => [table, n]));
    const sorted = rows.toSorted((a, b) => (order.get(a.table) ?? 0) - (order.get(b.table) ?? 0));
    const head = writer.header({ ...header, counts });
    const body = sorted.map(({ table, row }) => writer.row(table, JSON.stringify(row)));
    return [head, ...body, writer.end()].join('');
  }

  async function refused(table: string, bend: Bend, said: RegExp, of: (row: Row) => boolean = () => true) {
    const lines = read();
    const found = lines.rows.find((line) => line.table === table && of(line.row))?.row;
    assert.ok(found, table);
    bend(found, lines);
    await assert.rejects(imported(to, written(lines), options), (error: Row) => {
      assert.deepEqual([error.code, error.params.table], ['MOVE_ROW_REFUSED', table], JSON.stringify(error.params));
      assert.match(error.params.rows, said);
      return true;
    });
    const [left] = await to.db('users').where({ tenantId }).count();
    assert.deepEqual([Number(left?.count), await to.db('tenants').where({ id: tenantId })], [0, []]);
  }

  const set = (values: Row) => (row: Row) => void Object.assign(row, values);
  const metadata = (values: Row) => (row: Row) => void Object.assign(row.metadata, values);
  const isApp = ({ client_id: id }: Row) => id === 'app';
  const isJob = ({ client_id: id }: Row) => id === 'job';

  const cases: [what: string, table: string, bend: Bend, said: RegExp, of?: (row: Row) => boolean][] = [
    ['settings of no shape', 'tenants', set({ settings: { selfSignUp: 'yes' } }), /selfSignUp/],
    ['a setting that nobody knows', 'tenants', set({ settings: { letEverybodyIn: true } }), /letEverybodyIn/],
    ['a name that hides the rest of the line', 'tenants', set({ name: 'A\u202eB' }), /name/],
    ['an address in another spelling', 'users', set({ email: 'Somebody@EXAMPLE.test' }), /email/],
    ['an address that is none', 'users', set({ email: 'nobody' }), /EMAIL_INVALID|email/],
    ['an address that is a number', 'users', set({ email: 5 }), /email/],
    ['a picture that is a script', 'users', set({ picture_url: 'javascript:alert(1)' }), /picture_url/],
    ['more metadata than a person has', 'users', set({ metadata: { a: 'x'.repeat(20_000) } }), /metadata/],
    [
      'a password hash that takes 4 GiB',
      'user_identities',
      set({ password_hash: argon2('m=4194304,t=2,p=1') }),
      /TOO_COSTLY/,
    ],
    ['a password hash of no form', 'user_identities', set({ password_hash: '$argon2id$x' }), /PASSWORD_HASH_INVALID/],
    [
      'a hash of elsewhere that takes hours',
      'user_identities',
      set({
        password_hash: null,
        foreign_password_hash: { opened: JSON.stringify({ algorithm: 'bcrypt', encoded: `$2b$31$${'a'.repeat(53)}` }) },
        foreign_password_ms: 1,
      }),
      /TOO_COSTLY/,
    ],
    [
      'a hash of elsewhere that says it costs more',
      'user_identities',
      set({
        password_hash: null,
        foreign_password_hash: { opened: JSON.stringify({ algorithm: 'bcrypt', encoded: `$2b$10$${'a'.repeat(53)}` }) },
        foreign_password_ms: 2_000_000_000,
      }),
      /foreign_password_ms/,
    ],
    [
      'a hash of elsewhere that is no JSON',
      'user_identities',
      set({
        password_hash: null,
        foreign_password_hash: { opened: '{' },
        foreign_password_ms: 1,
      }),
      /PASSWORD_HASH_INVALID/,
    ],
    ['a place without a name to read', 'org_nodes', set({ name: '\u0007' }), /name/],
    ['a name of a place that is too long', 'org_nodes', set({ name: 'x'.repeat(201) }), /name/],
    [
      'a fourth role of the program',
      'roles',
      set({ is_system: true }),
      /teacher \(is_system/,
      ({ name }) => name === 'teacher',
    ],
    ['no owner role', 'roles', set({ is_system: false }), /owner \(is not there/, ({ name }) => name === 'owner'],
    ['an API with an address that is none', 'resource_servers', set({ identifier: 'https://:' }), /identifier/],
    [
      'an API in another spelling of one that is here',
      'resource_servers',
      set({ identifier: 'https://API.example.test' }),
      /means the same as https:\/\/api/,
    ],
    [
      'a capability with an endless description',
      'capabilities',
      set({ description: 'x'.repeat(2_001) }),
      /description/,
      ({ is_system: is }) => !is,
    ],
    [
      'a redirect URI over http',
      'clients',
      metadata({ redirect_uris: ['http://app.example.test/cb'] }),
      /app \(redirect_uris http:\/\/app.example.test/,
      isApp,
    ],
    [
      'a redirect URI with a wildcard',
      'clients',
      metadata({ redirect_uris: ['https://*.example.test/cb'] }),
      /redirect_uris/,
      isApp,
    ],
    [
      'a grant type that the server does not have',
      'clients',
      metadata({ grant_types: ['password'] }),
      /app \(metadata: invalid_client_metadata: grant_types/,
      isApp,
    ],
    [
      'the implicit flow',
      'clients',
      metadata({ response_types: ['token'], grant_types: ['implicit'] }),
      /app \(metadata/,
      isApp,
    ],
    [
      'tokens for itself, of an application',
      'clients',
      metadata({ grant_types: ['client_credentials'] }),
      /what gets tokens for itself/,
      isApp,
    ],
    [
      'a profile that it is not held to',
      'clients',
      set({ security_profile: 'fapi2' }),
      /security_profile fapi2: it authenticates by/,
      isApp,
    ],
    [
      'claims that nobody has',
      'clients',
      metadata({ claim_mapping: { groups: { from: 'everything' } } }),
      /claim_mapping/,
      isApp,
    ],
    ['metadata that the server ignores', 'clients', metadata({ is_admin: true }), /knows nothing of is_admin/, isApp],
    [
      'a secret of its own choice',
      'clients',
      metadata({ client_secret_expires_at: 0, client_secret: 'x' }),
      /client_secret/,
      isApp,
    ],
    [
      'a private key',
      'clients',
      metadata({ token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [{ kty: 'oct', k: 'AA' }] } }),
      /jwks: holds a private/,
      isApp,
    ],
    [
      'a logout address on this machine’s networks by another scheme',
      'clients',
      metadata({ backchannel_logout_uri: 'file:///etc/passwd' }),
      /app \(metadata/,
      isApp,
    ],
    [
      'an application without a way to prove itself',
      'clients',
      (row) => void delete row.metadata.token_endpoint_auth_method,
      /token_endpoint_auth_method: it is not said/,
      isApp,
    ],
    [
      'an API that the client could never ask',
      'clients',
      metadata({ default_resource: 'https://nowhere.example.test' }),
      /app \(default_resource/,
      isApp,
    ],
    [
      'a service that people sign in to',
      'clients',
      metadata({ grant_types: ['authorization_code'], redirect_uris: ['https://evil.example.test/'] }),
      /job \(grant_types/,
      isJob,
    ],
    [
      'a service that sends people on',
      'clients',
      metadata({ redirect_uris: ['https://evil.example.test/'] }),
      /job \(redirect_uris/,
      isJob,
    ],
    [
      'a service whose keys are a file',
      'clients',
      metadata({ jwks_uri: 'file:///etc/passwd' }),
      /job \(jwks_uri/,
      isJob,
    ],
    ['an audience with a query', 'cross_app_audiences', set({ audience: 'https://a.example.test/?x' }), /audience/],
    ['a platform of any subject', 'workload_identities', set({ subject: '*' }), /subject/],
    ['a platform over gopher', 'workload_identities', set({ jwks_uri: 'gopher://x/' }), /jwks_uri/],
    [
      'a platform for a service with a secret',
      'clients',
      metadata({ token_endpoint_auth_method: 'client_secret_basic' }),
      /./,
      isJob,
    ],
    ['a provider over http', 'identity_providers', set({ issuer: 'http://169.254.169.254' }), /login \(issuer/],
    [
      'a provider with a discovery address for an issuer',
      'identity_providers',
      set({ issuer: 'https://a.example.test/.well-known/x' }),
      /issuer/,
    ],
    ['a provider in the place of a method', 'identity_providers', set({ key: 'passkey' }), /passkey \(key/],
    [
      'a provider of which no is a yes',
      'identity_providers',
      set({ claim_mapping: { email_verified_values: [false, 'false'] } }),
      /claim_mapping/,
    ],
    [
      'a secret that breaks a header',
      'identity_providers',
      set({ client_secret_sealed: { opened: 'a\r\nb' } }),
      /clientSecret/,
    ],
    [
      'assertions brought by nobody',
      'identity_providers',
      set({ cross_app: { clientIds: ['ghost'], scopes: ['a.b'], theirTenant: null } }),
      /ghost/,
    ],
    ['a webhook over http', 'webhooks', set({ url: 'http://10.0.0.1/' }), /Hook \(url/],
    ['a webhook with credentials', 'webhooks', set({ url: 'https://a:b@hook.example.test/' }), /url/],
    ['a webhook that signs by a word', 'webhooks', set({ sealed_secret: { opened: 'whsec_YQ==' } }), /sealed_secret/],
    ['a stream to a file', 'event_streams', set({ endpoint_url: 'file:///etc/passwd' }), /endpoint_url/],
    [
      'a stream that adds a header',
      'event_streams',
      set({ sealed_authorization: { opened: 'a\r\nHost: b' } }),
      /authorization_header/,
    ],
    ['a listener to events that there are not', 'event_receivers', set({ types: ['everything'] }), /types everything/],
    ['a key for a hundred years', 'api_keys', set({ expires_at: '2126-01-01T00:00:00Z' }), /PERIOD_INVALID/],
    [
      'a token of registration for a host that is none',
      'initial_access_tokens',
      set({ redirect_hosts: ['a.example.test/b'] }),
      /redirect_hosts a/,
    ],
    [
      'a token of registration for ever',
      'initial_access_tokens',
      set({ expires_at: '2126-01-01T00:00:00Z' }),
      /expires_at/,
    ],
    ['an invitation for ever', 'invitations', set({ expires_at: '2126-01-01T00:00:00Z' }), /PERIOD_INVALID/],
    ['an invitation to no address', 'invitations', set({ email: 'nobody' }), /EMAIL_INVALID|email/],
  ];
  for (const [what, table, bend, said, of] of cases) {
    const also = what.includes('service with a secret') ? 'workload_identities' : table;
    it(`says so of ${what}`, async () => {
      if (also === table) return refused(table, bend, said, of);
      const lines = read();
      bend(lines.rows.find((line) => line.table === table && of?.(line.row))?.row, lines);
      await assert.rejects(imported(to, written(lines), options), /MOVE_ROW_REFUSED/);
    });
  }

  it('says all of them, and takes the tenant once it is mended', async () => {
    const lines = read();
    const [first, second] = lines.rows.filter((line) => line.table === 'clients').map(({ row }) => row);
    second.name = ' ';
    first.name = ' ';
    await assert.rejects(imported(to, written(lines), options), (error: Row) => {
      assert.match(error.params.rows, /app \(name: FIELD_REQUIRED\)/);
      assert.match(error.params.rows, /job \(name: FIELD_REQUIRED\)/);
      return true;
    });
    const webhooks = read();
    const hook = webhooks.rows.find((line) => line.table === 'webhooks')?.row;
    for (let n = 0; n < 20; n += 1)
      webhooks.rows.push({ table: 'webhooks', row: { ...hook, id: newId(), name: `Hook ${n}` } });
    await assert.rejects(imported(to, written(webhooks), options), (error: Row) => {
      assert.match(error.params.rows, /21 \(a tenant has 20 at the most\)/);
      return true;
    });
    const deleted = read();
    const gone = deleted.rows.find((line) => line.table === 'clients' && isApp(line.row))?.row;
    gone.metadata.redirect_uris = ['http://app.example.test/'];
    gone.deleted_at = '2026-01-01T00:00:00Z';
    await imported(to, written(deleted), { ...options, dryRun: true });
    assert.equal((await imported(to, text, options)).isUnchanged, false);
  });
});
