/** The plan of `gatehouse migrate --plan`, in sentences. */
import type {
  MigrationPlan,
  PlannedLock,
  PlannedMigration,
  PlannedWork,
} from '../platform/migration-plan/plan-migrations.ts';

/** What is over this is told as a stop, and no migration from 0066 on may do it. */
const noticed = 0.1;

function time(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  return `${Math.round(seconds / 60)} min`;
}

const about = (seconds: number) => (seconds < noticed ? 'less than 0.1 s' : `about ${time(seconds)}`);
const upTo = (seconds: number) => (seconds <= noticed ? 'less than 0.1 s' : `up to ${time(seconds)}`);

const count = (rows: number) => `${rows.toLocaleString('en')} ${rows === 1 ? 'row' : 'rows'}`;

function lockText({ table, blocks, seconds }: PlannedLock): string {
  const who = blocks === 'everything' ? 'nobody reads or writes' : 'nobody writes to';
  return `${seconds > noticed ? 'STOPS' : 'locks'} ${table}: ${who} it for ${upTo(seconds)}`;
}

function workText({ table, work, rows, seconds }: PlannedWork): string {
  const what = {
    read: `reads ${table}`,
    index: `builds an index over ${table}`,
    rewrite: `writes ${table} anew`,
    change: `changes or adds rows of ${table}`,
  }[work];
  return `${what} (${count(rows)}): ${about(seconds)}`;
}

const oneLine = (sql: string) => sql.replaceAll(/\s+/g, ' ').slice(0, 90);

function migrationText(plan: PlannedMigration): string[] {
  return [
    `pending  ${plan.name}: ${about(plan.seconds)}${plan.transaction ? '' : ', outside of a transaction'}`,
    ...plan.locks.map((lock) => `         ${lockText(lock)}`),
    ...plan.works.map((work) => `         ${workText(work)}`),
    ...plan.unknown.map((sql) => `         cannot be told: ${oneLine(sql)}`),
  ];
}

/** What a person reads. */
export function planText(plan: MigrationPlan): string {
  if (plan.migrations.length === 0) return 'The schema is up to date.';
  const isWeak = plan.longestLockSeconds <= noticed;
  return [
    ...plan.migrations.flatMap(migrationText),
    '',
    `Together ${about(plan.seconds)}, and more where others hold these tables: each migration is tried again for two minutes.`,
    isWeak
      ? 'Nobody waits for longer than 0.1 s: processes that run go on with what they do.'
      : `Requests to processes that run wait for up to ${time(plan.longestLockSeconds)}: choose a quiet hour.`,
    'Estimated from the statistics of the database; nothing was changed.',
  ].join('\n');
}
