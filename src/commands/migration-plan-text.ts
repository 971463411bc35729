/** The plan of `gatehouse migrate --plan`, in sentences. */
import type {
  MigrationPlan,
  PlannedLock,
  PlannedMigration,
  PlannedWork,
} from '../platform/migration-plan/plan-migrations.ts';

function time(seconds: number): string {
  if (seconds < 0.1) return 'less than 0.1 s';
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  return `${Math.round(seconds / 60)} min`;
}

const count = (rows: number) => `${rows.toLocaleString('en')} ${rows === 1 ? 'row' : 'rows'}`;

function lockText({ table, blocks, seconds }: PlannedLock): string {
  const who = blocks === 'everything' ? 'nobody reads or writes' : 'nobody writes to';
  return `${seconds > 0.1 ? 'STOPS' : 'locks'} ${table}: ${who} it for at most ${time(seconds)}`;
}

function workText({ table, work, rows, seconds }: PlannedWork): string {
  const what = {
    read: `reads ${table}`,
    index: `builds an index over ${table}`,
    rewrite: `writes ${table} anew`,
    change: `changes or adds rows of ${table}`,
  }[work];
  return `${what} (${count(rows)}): about ${time(seconds)}`;
}

const oneLine = (sql: string) => sql.replaceAll(/\s+/g, ' ').slice(0, 90);

function migrationText(plan: PlannedMigration): string[] {
  return [
    `pending  ${plan.name}: about ${time(plan.seconds)}${plan.transaction ? '' : ', statement by statement'}`,
    ...plan.locks.map((lock) => `         ${lockText(lock)}`),
    ...plan.works.map((work) => `         ${workText(work)}`),
    ...plan.unknown.map((sql) => `         cannot be told: ${oneLine(sql)}`),
  ];
}

/** What a person reads. */
export function planText(plan: MigrationPlan): string {
  if (plan.migrations.length === 0) return 'The schema is up to date.';
  const waits =
    plan.longestLockSeconds > 0.1
      ? `Requests wait for up to ${time(plan.longestLockSeconds)}: choose a quiet hour.`
      : 'Nobody waits for longer than 0.1 s.';
  return [
    ...plan.migrations.flatMap(migrationText),
    '',
    `Together about ${time(plan.seconds)}. ${waits}`,
    'Estimated from the statistics of the database; nothing was changed.',
  ].join('\n');
}
