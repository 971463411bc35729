/**
 * What a migration may not do while the version before it works: hold anybody up for more than 100 ms at ten million rows, or take from that version
 * what it reads. docs/decisions/0068-no-migration-stops-anybody.md has the reasons, migrations/README.md the ways that are left.
 */
import type { Effect } from '../../src/platform/migration-plan/effect.ts';
import { recordMigration } from '../../src/platform/migration-plan/record-migration.ts';
import type { Statement } from '../../src/platform/migration-plan/sql-statements.ts';
import { effectOf, tableMade } from '../../src/platform/migration-plan/statement-effects.ts';
import { columnsWithValue, madeNotNull } from '../../src/platform/migration-plan/validated-checks.ts';
import type { NamedMigration } from '../../src/platform/migrations.ts';

/** Of an installation with ten million people these have some thousands of rows: going over them takes a moment. */
const small = new Set([
  ...[
    'capabilities',
    'tenants',
    'roles',
    'clients',
    'client_secrets',
    'client_capabilities',
    'client_exchange_capabilities',
  ],
  ...[
    'client_registrations',
    'initial_access_tokens',
    'resource_servers',
    'identity_providers',
    'identity_provider_uses',
  ],
  ...[
    'cross_app_audiences',
    'workload_identities',
    'provisioned_groups',
    'event_receivers',
    'event_streams',
    'webhooks',
  ],
  ...[
    'signing_keys',
    'audit_seal_keys',
    'configuration_version',
    'access_history_since',
    'outbox_progress',
    'job_workers',
  ],
]);

/** Some rows a tenant: going over them takes a second, in which nothing else may be locked. */
const middling = new Set(['role_capabilities', 'role_capabilities_history']);

/** Up to this one, each set a lock_timeout of its own. */
const lastWithItsOwnTimeout = '0078';

interface Seen {
  /** Tables that this migration makes: nobody else sees them yet. */
  made: Set<string>;
  /** A statement before this one holds a lock that others wait for. */
  locks: string | undefined;
}

const shown = (statement: Statement) => statement.text.replaceAll(/\s+/g, ' ').slice(0, 120);

const growing = (effect: Effect, made: Set<string>) =>
  effect.works.filter(({ table }) => !made.has(table) && !small.has(table));

/** Why a statement is refused; undefined where it is not. `checked`: columns that a validated check says have a value. */
function faultOf(statement: Statement, { made, locks }: Seen, transaction: boolean, checked: Set<string>) {
  const effect = effectOf(statement);
  const column = madeNotNull(statement);
  if (column !== undefined && checked.has(column)) return undefined;
  const slow = growing(effect, made);
  const over = slow.filter(({ table }) => !middling.has(table));
  const meets = effect.locks.some(({ table }) => !made.has(table)) || over.length > 0 || effect.works.length === 0;
  const matters = effect.unknown || (effect.works.length > 0 ? over.length > 0 : meets && !onlyOf(effect, made));
  if (effect.advice && matters) return effect.advice;
  if (transaction && /\bconcurrently\b/.test(statement.words.join(' ')))
    return 'It cannot run in a transaction: export const config = { transaction: false }.';
  if (!transaction && effect.locks.some(({ table, blocks }) => blocks !== 'nothing' && !made.has(table)))
    return 'Outside of a transaction nobody bounds how long it waits for its lock, and others behind it: put it into a migration of its own.';
  if (transaction && locks !== undefined && slow.length > 0)
    return `"${locks}" before it locks what others use, and holds it until this has gone over all rows: put this into a migration of its own, or above.`;
  return undefined;
}

/** All that it locks was made by this migration. */
function onlyOf({ locks }: Effect, made: Set<string>): boolean {
  return locks.length > 0 && locks.every(({ table }) => made.has(table));
}

function lockOf(statement: Statement, made: Set<string>): string | undefined {
  const strong = effectOf(statement).locks.find(({ table, blocks }) => blocks !== 'nothing' && !made.has(table));
  return strong ? shown(statement) : undefined;
}

/**
 * What is to be changed in a migration, in sentences that say what to do instead.
 * @param before the migrations that run before it
 */
export async function migrationFaults(migration: NamedMigration, before: readonly NamedMigration[]): Promise<string[]> {
  const { statements, transaction } = await recordMigration(migration);
  if (!statements)
    return ['A migration is text given to db.raw, and asks the database nothing: else nobody can tell what it does.'];
  const checked = await columnsWithValue(before);
  const seen: Seen = { made: new Set(), locks: undefined };
  const faults: string[] = [];
  for (const statement of statements) {
    const table = tableMade(statement);
    if (table) seen.made.add(table);
    const allowed = statement.words.includes('lock_timeout') && migration.name < lastWithItsOwnTimeout;
    const fault = allowed ? undefined : faultOf(statement, seen, transaction, checked);
    if (fault) faults.push(`${shown(statement)}\n    ${fault}`);
    seen.locks ??= lockOf(statement, seen.made);
  }
  return faults;
}
