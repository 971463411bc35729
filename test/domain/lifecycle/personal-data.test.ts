/**
 * Every column that can hold something of a person, by its reference to people or by its name, and what becomes of it when
 * the person is told of it (`users.export`) and erased (`users.erase`). A new column is none of these, and this fails: say
 * here what becomes of it, and have `data-of-person.ts` of its feature do so.
 */
import assert from 'node:assert/strict';
import { createDatabase, type Database, rows } from '../../../src/platform/database.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';

/** Told where it is the person's own, and gone or blank after an erasure. */
const told = 'told, and erased';
/** Told; the opaque id says no more of anybody after an erasure. */
const id = 'told; the opaque id stays';
/** Earlier versions of what is told. */
const version = 'told, as long as the trail is kept; the opaque id stays';
/** Others' doings speak of the person by the opaque id: the trail tells of it. */
const doer = 'the opaque id of who did it stays; the trail tells of it';
const hash = 'a hash that nobody turns back; erased with its row';
const sealed = 'sealed; what names the person is erased';
const notTheirs = 'says nothing of a person';

const columns: Record<string, string> = {
  'users.id': id,
  ...named('users', told, 'email email_verified_at phone phone_verified_at username external_id full_name given_name'),
  ...named('users', told, 'family_name picture_url metadata last_login_at password_changed_at mfa_required'),
  ...named('users', told, 'deletion_requested_at deletion_due_at'),
  ...named(
    'users',
    'told; the row stays as a deleted one',
    'state erased_at created_at updated_at deactivated_at deleted_at tenant_id',
  ),
  ...named('users', doer, 'created_by updated_by deleted_by'),
  'user_last_logins.user_id': 'as users.last_login_at, whose order it has; back to the beginning of time',
  ...named('user_identities', told, 'user_id subject email email_verified'),
  'user_identities.password_hash': 'told that there is one; erased',
  ...named('user_settings', told, 'user_id notify_by_email'),
  ...named('user_sessions', told, 'user_id user_agent ip device_fingerprint'),
  'user_identities.recovered_by': 'whether by mail or phone; erased with the row',
  ...named('user_factors', told, 'user_id name'),
  ...named('remembered_devices', told, 'user_id user_agent'),
  'user_factors.secret': sealed,
  ...named('recovery_codes', told, 'user_id'),
  ...named('factor_grace', told, 'user_id'),
  'org_assignments.user_id': id,
  'org_assignments.assigned_by': doer,
  'visibility_grants.user_id': id,
  'visibility_grants.granted_by': doer,
  ...named('users_history', version, 'id state'),
  ...named('org_assignments_history', version, 'user_id'),
  'org_assignments_history.assigned_by': doer,
  ...named('visibility_grants_history', version, 'user_id'),
  'visibility_grants_history.granted_by': doer,
  'role_capabilities_history.granted_by': doer,
  'org_nodes_history.name': notTheirs,
  'roles_history.name': notTheirs,
  'capabilities_history.key': notTheirs,
  ...named('org_nodes', doer, 'created_by updated_by deleted_by'),
  ...named('org_nodes', notTheirs, 'name external_id'),
  ...named('roles', doer, 'created_by updated_by deleted_by'),
  'roles.name': notTheirs,
  'role_capabilities.granted_by': doer,
  ...named('capabilities', doer, 'created_by updated_by deleted_by'),
  ...named('clients', doer, 'created_by updated_by deleted_by'),
  ...named('clients', notTheirs, 'name metadata security_profile'),
  'client_capabilities.granted_by': doer,
  'client_exchange_capabilities.granted_by': doer,
  'cross_app_audiences.created_by': doer,
  'workload_identities.created_by': doer,
  'workload_identities.subject': notTheirs,
  ...named('invitations', told, 'email phone accepted_by'),
  ...named('invitations', id, 'invited_by inviter_id'),
  ...named('otp_codes', told, 'user_id destination ip'),
  'otp_codes.known_device': 'erased with the row',
  'session_clients.user_session_id': 'told with the sign-in, and erased with it',
  ...named('safety_links', told, 'user_id'),
  'safety_links.sealed': 'an address that was theirs, for 72 hours; erased with its row',
  'setup_links.email': told,
  ...named('provisioned_groups', notTheirs, 'display_name'),
  ...named('provisioning_requests', 'of a service, or of the key of a place', 'actor_id actor_type'),
  'referral_codes.user_id': id,
  'referral_codes.code': 'told; another text stays',
  ...named('referrals', id, 'referrer_user_id referred_user_id'),
  ...named('audit_events', 'told; the opaque id stays', 'actor_id entity_id'),
  ...named('audit_events', 'told where it is theirs, and erased', 'ip user_agent payload'),
  'oidc_payloads.account_id': 'told, and erased with the row',
  'oidc_payloads.payload': sealed,
  'oidc_payloads.user_code_hash': notTheirs,
  'audit_events.actor_type': notTheirs,
  ...named('api_keys', told, 'user_id name'),
  ...named('passkeys', told, 'user_id name'),
  ...named('passkey_offers', told, 'user_id'),
  'api_keys.created_by': doer,
  'initial_access_tokens.created_by': doer,
  'initial_access_tokens.name': 'what an administrator calls a token of the tenant',
  'event_streams.created_by': doer,
  'event_streams.description': 'what a receiver calls its stream',
  ...named('event_streams', notTheirs, 'sealed_authorization'),
  ...named('imports', doer, 'created_by brought_by actor'),
  'imports.file_name': 'what a file is called, for a month',
  'import_rows.user_id': 'the opaque id, for a month',
  'import_rows.sealed': 'sealed, until the row is done; a day at the most where nobody begins it',
  'import_rows.error': 'what was wrong with a row, for a month',
  'webhooks.created_by': doer,
  'webhooks.name': 'what an administrator calls a webhook of the tenant',
  ...named('webhooks', notTheirs, 'sealed_secret sealed_secret_before'),
  'event_deliveries.replayed_by': doer,
  ...named('outbox_events', 'the opaque id, for 30 days', 'subject'),
  ...named('event_deliveries', 'the opaque id, for 30 days', 'subject'),
  'event_lanes.subject': 'the opaque id, while something waits',
  'event_lanes.holder': 'of a process',
  'capabilities.key': notTheirs,
  'identity_providers.key': notTheirs,
  'federation_requests.sealed': sealed,
  'idempotency_keys.actor_hash': hash,
  'idempotency_keys.answer': 'a sealed copy for a day, of what is told anyway; erased where it names the person',
  'sign_in_failures.subject_hash': 'told by its count; erased',
  'service_sessions.ip': 'of a service',
  'rate_limits.key': 'hashes, and addresses of networks for a day at the most, of nobody',
  'identity_providers.name': notTheirs,
  'identity_providers.client_secret_sealed': notTheirs,
  'signing_keys.private_jwk_sealed': notTheirs,
  'audit_seal_keys.sealed': notTheirs,
  'audit_seals.sealed_at': notTheirs,
  'resource_servers.name': notTheirs,
  ...named('tenants', notTheirs, 'name settings'),
};

function named(table: string, what: string, names: string): Record<string, string> {
  return Object.fromEntries(names.split(' ').map((name) => [`${table}.${name}`, what]));
}

/** Names that say that something of a person may stand there. */
const suspicious =
  `(^|_)(name|username|email|phone|mail|address|destination|subject|ip|user_agent|device|fingerprint|picture|
  avatar|birth|gender|locale_of|actor|account|user|person|people|owner|member|holder|metadata|profile|settings|sealed|payload|
  answer)(_|$)|_by$|^key$|subject_hash|actor_hash|note|comment`.replace(/\s+/g, '');

describe('the columns that can hold something of a person', () => {
  let database: TestDatabase;
  let db: Database;
  before(async () => {
    database = await createTestDatabase();
    db = createDatabase({ url: database.url, poolMax: 2 });
  });
  after(async () => {
    await db?.destroy();
    await database?.drop();
  });

  const everyColumn = () =>
    rows<{ column: string; type: string }>(
      db,
      `select c.table_name || '.' || c.column_name as column, c.data_type as type
         from information_schema.columns c
         join information_schema.tables t on t.table_schema = c.table_schema and t.table_name = c.table_name
        where c.table_schema = 'public' and t.table_type = 'BASE TABLE' and c.table_name !~ '^audit_events_'
          and c.table_name not like 'schema_migrations%'
        order by 1`,
      [],
    );

  it('are all accounted for: references to people', async () => {
    const references = await rows<{ column: string }>(
      db,
      `select r.relname || '.' || a.attname as column
         from pg_constraint k
         join pg_class r on r.oid = k.conrelid
         join pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[cardinality(k.conkey)]
        where k.contype = 'f' and k.confrelid = 'users'::regclass and not r.relispartition
        order by 1`,
      [],
    );
    assert.ok(references.length > 20);
    const missing = references.map(({ column }) => column).filter((column) => !(column in columns));
    assert.deepEqual(missing, [], 'say what becomes of it, and do it');
  });

  it('are all accounted for: by their names and types, and every column of an account', async () => {
    const pattern = new RegExp(suspicious);
    const found = (await everyColumn()).filter(({ column, type }) => {
      const [table, name = ''] = column.split('.');
      return table === 'users' || type === 'inet' || pattern.test(name);
    });
    const missing = found.map(({ column }) => column).filter((column) => !(column in columns));
    assert.deepEqual(missing, [], 'say what becomes of it, and do it');
  });

  it('are there: nothing is said of a column that is gone', async () => {
    const there = new Set((await everyColumn()).map(({ column }) => column));
    assert.deepEqual(
      Object.keys(columns).filter((column) => !there.has(column)),
      [],
    );
  });
});
