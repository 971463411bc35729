/** `gatehouse migrate`: the schema, and the tables of the job queue. `--status` and `--plan` look and change nothing. */
import { type Command, Option } from 'commander';
import { ensureAuditPartitions } from '../domain/audit/audit-upkeep.ts';
import type { MigrationStatus } from '../platform/migrations.ts';
import { type CommandResult, performs } from './frame/command-action.ts';
import { loadCommandConfig } from './frame/command-config.ts';
import { CommandFailed } from './frame/failures.ts';
import { sayWhere, withUnpreparedDatabase } from './frame/with-database.ts';

const help = `
Safe to run at any time, by many at once and beside a running server. A database that a newer version has
migrated is refused. The embedded database is made and migrated by the start.

Examples:
  gatehouse migrate
  gatehouse migrate --status
  gatehouse migrate --plan`;

function newerVersion({ unknown }: Pick<MigrationStatus, 'unknown'>): string {
  return `The database was migrated by a newer version of Gatehouse (${unknown.join(', ')}). Use that version.`;
}

async function status(): Promise<CommandResult> {
  const { schemaStatus } = await import('../prepare-schema.ts');
  const found = await withUnpreparedDatabase(loadCommandConfig(), (context) => {
    sayWhere(context);
    return schemaStatus(context);
  });
  const lines = [
    ...found.pending.map((name) => `pending  ${name}`),
    ...(found.unknown.length > 0 ? [newerVersion(found)] : []),
  ];
  return {
    data: { current: found.current, pending: found.pending, unknown: found.unknown },
    text: found.current ? 'The schema is up to date.' : lines.join('\n'),
  };
}

async function plan(): Promise<CommandResult> {
  const { schemaPlan } = await import('../prepare-schema.ts');
  const { planText } = await import('./migration-plan-text.ts');
  const found = await withUnpreparedDatabase(loadCommandConfig(), (context) => {
    sayWhere(context);
    return schemaPlan(context);
  });
  const data = {
    migrations: found.migrations,
    newer: found.newer,
    seconds: found.seconds,
    longest_lock_seconds: found.longestLockSeconds,
  };
  return { data, text: found.newer.length > 0 ? newerVersion({ unknown: found.newer }) : planText(found) };
}

async function apply(): Promise<CommandResult> {
  const { applyMigrations, schemaStatus } = await import('../prepare-schema.ts');
  return withUnpreparedDatabase(loadCommandConfig(), async (context) => {
    sayWhere(context);
    const before = await schemaStatus(context);
    if (before.unknown.length > 0) throw new CommandFailed(newerVersion(before));
    const applied = await applyMigrations(context);
    await ensureAuditPartitions(context.db, { attempts: 5 });
    const { current, pending, unknown } = await schemaStatus(context);
    return {
      data: { applied, current, pending, unknown },
      text: applied.length > 0 ? applied.map((name) => `applied  ${name}`).join('\n') : 'The schema is up to date.',
    };
  });
}

export function addMigrate(program: Command, description: string): void {
  const command = program
    .command('migrate')
    .description(description)
    .option('--status', 'say what is pending, and change nothing')
    .addOption(
      new Option('--plan', 'say what is pending, what it locks and for how long, and change nothing').conflicts(
        'status',
      ),
    )
    .addHelpText('after', help);
  performs<{ status?: boolean; plan?: boolean }>(command, (options) =>
    options.status ? status() : options.plan ? plan() : apply(),
  );
}
