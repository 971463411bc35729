/**
 * Each table has one owner, the feature that alone writes it. Held by reading the names of tables out of the SQL in src/;
 * reads by others are listed here, each with its reason.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

const ownedTables: Record<string, readonly string[]> = {
  platform: ['configuration_version', 'job_workers', 'rate_limits'],
  audit: ['activity_counted', 'activity_days', 'audit_events', 'audit_upkeep', 'repeated_refusals'],
  events: ['event_deliveries', 'event_lanes', 'event_receivers', 'outbox_events', 'outbox_progress'],
  seals: ['audit_arrivals', 'audit_leaves', 'audit_seal_keys', 'audit_seals'],
  messages: ['message_days'],
  sessions: ['oidc_payloads', 'remembered_devices', 'service_sessions', 'session_clients', 'user_sessions'],
  tenants: ['tenants'],
  users: ['user_identities', 'user_last_logins', 'user_settings', 'users'],
  organisation: ['org_assignments', 'org_node_paths', 'org_nodes', 'visibility_grants'],
  access: [
    'access_history_since',
    'capabilities',
    'capabilities_history',
    'org_assignments_history',
    'org_nodes_history',
    'role_capabilities',
    'role_capabilities_history',
    'roles',
    'roles_history',
    'tenants_history',
    'users_history',
    'visibility_grants_history',
  ],
  clients: [
    'client_capabilities',
    'client_exchange_capabilities',
    'client_secrets',
    'clients',
    'cross_app_audiences',
    'redirect_mistakes',
    'workload_identities',
  ],
  'resource-servers': ['resource_servers'],
  'sign-in': ['sign_in_failures'],
  factors: ['factor_grace', 'recovery_codes', 'user_factors'],
  codes: ['otp_codes'],
  'methods/federation': ['federation_requests', 'identity_provider_uses', 'identity_providers'],
  safety: ['safety_links'],
  webauthn: ['passkey_challenges'],
  'methods/passkey': ['passkey_offers', 'passkeys'],
  invitations: ['invitations'],
  referrals: ['referral_codes', 'referrals'],
  setup: ['setup_links'],
  'api-keys': ['api_key_capabilities', 'api_keys'],
  registration: ['client_registrations', 'initial_access_tokens'],
  provisioning: ['provisioned_groups', 'provisioning_requests'],
  webhooks: ['webhooks'],
  imports: ['import_rows', 'imports'],
  'event-streams': ['event_streams'],
  moves: ['tenant_arrivals'],
  oidc: ['signing_keys'],
  management: ['idempotency_keys'],
};

/** Who else reads what, and why it is no call of the owner. */
const allowedReads: Record<string, { tables: readonly string[]; why: string }> = {
  sessions: { tables: ['clients', 'tenants', 'users'], why: 'a tenant of any size is ended in one statement' },
  tenants: { tables: ['users'], why: 'a list of tenants says how many people each has' },
  users: {
    tables: ['tenants', 'user_factors'],
    why: 'who may act, and whether they have a second factor, is one question about a user and their tenant',
  },
  audit: { tables: ['tenants'], why: 'only what is of a tenant that is there is counted' },
  seals: {
    tables: ['audit_events', 'tenants'],
    why: 'events are sealed and verified as they lie there, by cursors of one moment; how long they are kept says whose may be gone',
  },
  messages: { tables: ['tenants'], why: 'only what is of a tenant that is there is counted' },
  organisation: {
    tables: ['roles', 'user_factors', 'user_last_logins', 'users'],
    why: 'an assignment is made in one statement, of what is live; people are listed, and asked for a factor, as far as reached',
  },
  access: {
    tables: [
      'api_key_capabilities',
      'api_keys',
      'client_capabilities',
      'client_exchange_capabilities',
      'clients',
      'org_assignments',
      'org_node_paths',
      'org_nodes',
      'resource_servers',
      'tenants',
      'users',
      'visibility_grants',
    ],
    why: 'what a person, a service or a key may do is decided in one statement, as of one moment; a move says whose default API it leaves',
  },
  clients: {
    tables: ['capabilities', 'client_registrations', 'resource_servers', 'tenants', 'users'],
    why: 'a client acts within its tenant and its API, and says who made it, or that it registered itself',
  },
  'resource-servers': {
    tables: ['capabilities', 'clients', 'tenants'],
    why: 'an API is listed with what it defines, and whose it is, and removed where nobody is it',
  },
  'sign-in': { tables: ['tenants', 'user_settings', 'users'], why: 'an address finds its accounts in one statement' },
  'methods/password': {
    tables: ['tenants', 'user_identities', 'users'],
    why: 'an unknown address costs the same one statement',
  },
  'methods/federation': {
    tables: ['tenants', 'user_identities', 'user_settings', 'users'],
    why: 'an identity finds its accounts in one statement',
  },
  safety: {
    tables: ['tenants', 'user_sessions', 'user_settings', 'users'],
    why: 'whether a sign-in is told, and to whom, is asked in one statement of every sign-in',
  },
  'methods/passkey': { tables: ['tenants', 'users'], why: 'a passkey finds its account in one statement' },
  invitations: {
    tables: ['org_assignments', 'org_node_paths', 'org_nodes', 'roles', 'tenants', 'user_settings', 'users'],
    why: 'where an invitation leads is locked in one statement',
  },
  referrals: { tables: ['users'], why: 'a code counts while its owner may act, also at the very moment' },
  'api-keys': {
    tables: ['capabilities', 'org_node_paths', 'org_nodes', 'tenants', 'users'],
    why: 'a key counts while its tenant, its place and its person do, asked at each use in one statement',
  },
  registration: {
    tables: ['clients', 'tenants'],
    why: 'a token counts while its tenant and its client do, asked at each use in one statement',
  },
  provisioning: {
    tables: ['org_assignments', 'org_node_paths', 'org_nodes', 'roles', 'user_settings', 'users'],
    why: 'people and groups are found by a filter, and counted, in one statement',
  },
  moves: {
    tables: [
      'clients',
      'event_streams',
      'identity_providers',
      'passkeys',
      'recovery_codes',
      'tenants',
      'webhooks',
      'workload_identities',
    ],
    why: 'a tenant that comes must not be taken for one that is here; what its move changes for whom is one document',
  },
  'event-streams': {
    tables: ['clients', 'event_receivers'],
    why: 'a stream is a receiver of a service, listed in one statement, and told nothing where that service may not act',
  },
  webhooks: {
    tables: ['event_receivers'],
    why: 'a webhook is a receiver with an address, listed in one statement',
  },
  lifecycle: {
    tables: ['api_keys', 'event_receivers', 'org_assignments', 'outbox_events', 'user_sessions', 'visibility_grants'],
    why: 'what begins and ends by time in a second is told in one statement a table, where somebody listens',
  },
  setup: { tables: ['tenants', 'users'], why: 'whether anybody is there, and which slugs are taken' },
  web: { tables: ['signing_keys'], why: 'the server is ready when it can sign' },
};

interface Use {
  kind: 'read' | 'write';
  table: string;
}

const tables = Object.values(ownedTables).flat();
const name = `(?:public\\.)?"?(${tables.join('|')})\\b"?`;
const sqlWrite = new RegExp(
  `\\b(?:insert\\s+into|merge\\s+into|update(?:\\s+only)?|delete\\s+from(?:\\s+only)?|truncate(?:\\s+table)?|lock\\s+table)\\s+${name}`,
  'gi',
);
const sqlRead = new RegExp(`(?<!\\bdelete\\s+)\\b(?:from|join|using)\\s+(?:only\\s+|lateral\\s+)?${name}`, 'gi');
/** `from these t, those u` */
const sqlCommaRead = new RegExp(
  `\\bfrom\\s+[\\w."]+(?:\\s+(?:as\\s+)?\\w+)?(?:\\s*,\\s*[\\w."]+(?:\\s+(?:as\\s+)?\\w+)?)*?\\s*,\\s*${name}`,
  'gi',
);
/** Knex: the table, and what is called on it up to the end of the statement. */
const knexUse = new RegExp(`(?:\\b\\w+(?:<[^>]*>)?|\\.\\w+)\\(\\s*['"\`]${name}['"\`]\\s*[,)]([^;]*)`, 'gi');
const knexWrite = /\.(?:insert|upsert|update|delete|del|truncate|increment|decrement)\(/;

function usesOf(source: string): Use[] {
  const text = source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)(?:\/\/|--\s).*$/gm, '$1');
  const found = (pattern: RegExp, kind: Use['kind']): Use[] =>
    [...text.matchAll(pattern)].map((match) => ({ kind, table: (match[1] as string).toLowerCase() }));
  // Commander's: a noun of the command line, which many tables are named after.
  const knexUses = [...text.matchAll(knexUse)].filter(([use]) => !/^\.?command\(/.test(use));
  const byKnex = knexUses.map(([use, table, chain]): Use => {
    const isWrite = use.startsWith('.into(') || knexWrite.test(chain as string);
    return { kind: isWrite ? 'write' : 'read', table: table as string };
  });
  return [...found(sqlWrite, 'write'), ...found(sqlRead, 'read'), ...found(sqlCommaRead, 'read'), ...byKnex];
}

/** A feature of the domain, or what stands on the floors: `oidc`, `web`, `schedule`. */
function partOf(file: string): string {
  return (
    /^src\/domain\/(methods\/[^/]+|[^/]+)\//.exec(file)?.[1] ?? (file.split('/')[1] as string).replace(/\.ts$/, '')
  );
}

function ownerOf(table: string): string {
  return Object.keys(ownedTables).find((owner) => ownedTables[owner]?.includes(table)) as string;
}

describe('the tables', () => {
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => `src/${file.split(sep).join('/')}`);
  const textOf = (file: string) => readFileSync(join(root, file), 'utf8');
  const foreign = files.flatMap((file) =>
    usesOf(textOf(file))
      .filter(({ table }) => ownerOf(table) !== partOf(file))
      .map((use) => ({ ...use, file, part: partOf(file) })),
  );

  it('are all owned, each by one', () => {
    const made = readdirSync(join(root, 'migrations'))
      .flatMap((file) => [...textOf(`migrations/${file}`).matchAll(/create table (?:if not exists )?(\w+)/g)])
      .map(([, table]) => table as string)
      // A partition is its table's.
      .filter((table) => table !== 'audit_events_default');
    assert.deepEqual([...tables].sort(), made.sort());
    const parts = new Set(files.map(partOf));
    for (const owner of Object.keys(ownedTables)) assert.ok(parts.has(owner), `${owner} is no part of src/`);
  });

  it('are written by their owner alone', () => {
    const writes = foreign.filter(({ kind }) => kind === 'write').map(({ file, table }) => `${file} writes ${table}`);
    assert.deepEqual(writes, []);
  });

  it('are read by others in the listed cases alone', () => {
    const reads = foreign.filter(({ kind }) => kind === 'read').map(({ part, table }) => `${part} reads ${table}`);
    const allowed = Object.entries(allowedReads).flatMap(([part, { tables: read }]) =>
      read.map((table) => `${part} reads ${table}`),
    );
    assert.deepEqual([...new Set(reads)].sort(), allowed.sort());
  });

  it('are named where they are used, so that this test sees them', () => {
    for (const file of files) {
      const text = textOf(file);
      assert.doesNotMatch(
        text,
        /\b(?:insert\s+into|delete\s+from|merge\s+into|update)\s+\$\{/,
        `${file}: a table without its name`,
      );
      assert.doesNotMatch(text, /\b(?:db|trx|knex)(?:<[^>]*>)?\((?!['"`)])[a-z]/, `${file}: a table without its name`);
    }
  });

  it('leave the queue to the platform', () => {
    const users = files.filter((file) => /\bgraphile_worker\.\w/.test(textOf(file))).map(partOf);
    assert.deepEqual([...new Set(users)].sort(), ['platform']);
  });

  const samples: [string, string][] = [
    ['await trx(`update users set state = 1`)', 'write users'],
    ['`with a as (\n  delete\n    from otp_codes c\n  returning id) select 1 from a`', 'write otp_codes'],
    ['`INSERT INTO public.users (id) values (1)`', 'write users'],
    ['`update "users" u set x = 1`', 'write users'],
    ["await trx('invitations').where({ id }).update({ a })", 'write invitations'],
    ["await trx<Row>('clients')\n  .where({ id })\n  .whereNull('a')\n  .delete();", 'write clients'],
    ["await trx.insert({ id }).into('tenants');", 'write tenants'],
    ["db('clients').where({ id }).first()", 'read clients'],
    ['`select 1 from known, users u where true`', 'read users'],
    ['`select 1 from a join tenants t on true`', 'read tenants'],
    ['`delete from a using users u`', 'read users'],
    ['`select id from users for no key update`', 'read users'],
  ];
  for (const [source, expected] of samples)
    it(`are found in ${JSON.stringify(source)}`, () => {
      assert.deepEqual(
        usesOf(source).map(({ kind, table }) => `${kind} ${table}`),
        [expected],
      );
    });

  it('are not found in what is only said of them', () => {
    assert.deepEqual(usesOf('/** Takes rows from users. */\n// update users\nconst a = 1; // from tenants\n'), []);
  });
});
