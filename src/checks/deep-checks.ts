/**
 * What `gatehouse doctor --deep` looks at in all rows: whether the database holds what the program relies on, as after a restore. Takes
 * minutes where there are millions of rows, locks nothing, changes nothing, repairs nothing.
 */
import { findHistoryFaults } from '../domain/access/history-faults.ts';
import { findLostSecrets } from '../domain/moves/lost-secrets.ts';
import { findTreeFaults } from '../domain/organisation/tree-faults.ts';
import { verifyTrail } from '../domain/seals/verify-trail.ts';
import { countStrays } from '../domain/sessions/stray-sessions.ts';
import type { Check } from '../management/check.ts';
import { findIdleGuards, findOrphans } from '../platform/integrity.ts';
import type { Installation } from './installation.ts';

const restore = 'Restore it anew, with --exit-on-error and without --disable-triggers, from a dump that is whole.';
/** Told by name; of more, how many there are. */
const mostNamed = 5;

function told(name: string, faults: readonly string[], { well, advice }: { well: string; advice: string }): Check {
  if (faults.length === 0) return { name, status: 'ok', detail: well };
  const more = faults.length > mostNamed ? ` and ${faults.length - mostNamed} more` : '';
  return { name, status: 'fail', detail: `${faults.slice(0, mostNamed).join('; ')}${more}`, advice };
}

async function checkReferences({ db }: Installation): Promise<Check> {
  const orphans = await findOrphans(db);
  const faults = orphans.map(
    ({ table, constraint, count }) => `${count} rows of ${table} lead nowhere (${constraint})`,
  );
  return told('references', faults, { well: 'each leads to a row', advice: restore });
}

async function checkGuards({ db }: Installation): Promise<Check> {
  const advice = 'A superuser switches triggers on with: alter table … enable trigger all; then look again.';
  return told('guards', await findIdleGuards(db), { well: 'triggers, references and indexes are at work', advice });
}

async function checkTrees({ db }: Installation): Promise<Check> {
  const faults = (await findTreeFaults(db)).map(
    ({ tenantId, count }) => `${count} ways through the tree of tenant ${tenantId} are wrong`,
  );
  return told('trees', faults, { well: 'what lies below what is as the trees say', advice: restore });
}

async function checkHistory({ db }: Installation): Promise<Check> {
  const faults = (await findHistoryFaults(db)).flatMap(({ table, apart, overlapping }) => [
    ...(apart > 0 ? [`${apart} rows of ${table} are not as their history ends`] : []),
    ...(overlapping > 0 ? [`${overlapping} versions of ${table} overlap`] : []),
  ]);
  return told('history', faults, { well: 'the past of access ends in what holds now', advice: restore });
}

async function checkStrays({ db }: Installation): Promise<Check> {
  const { sessions, payloads } = await countStrays(db);
  const faults = [
    ...(sessions > 0 ? [`${sessions} sessions live of people who are stopped`] : []),
    ...(payloads > 0 ? [`${payloads} tokens, codes and grants live of people who are stopped`] : []),
  ];
  const advice =
    'Nothing lets them in while they are stopped. Stop them again, which ends what is left: gatehouse users deactivate';
  return told('sessions', faults, { well: 'none lives of people who are stopped', advice });
}

async function checkSecrets({ db, secrets }: Installation): Promise<Check> {
  const faults = (await findLostSecrets(db, secrets)).map(
    ({ table, column, count }) => `${count} of ${table}.${column} do not open`,
  );
  const advice = 'Put the earlier SECRET_KEY into SECRET_KEY_PREVIOUS.';
  return told('sealed values', faults, { well: 'all open with the configured secret keys', advice });
}

async function checkTrailSeals({ db, secrets, config }: Installation): Promise<Check> {
  const { faults, events, seals } = await verifyTrail(db, secrets, { retentionDays: config.auditRetentionDays });
  const found = faults.map(({ kind, eventId, detail }) => `${kind.replace('_', ' ')}: ${eventId ?? ''} ${detail}`);
  const advice = 'gatehouse audit verify tells all of it; docs/audit-seals.md says what each means.';
  return told('audit trail', found, { well: `${events} events are as ${seals} seals say`, advice });
}

/** In the order in which they are told; the name of each is for a failure to make it. */
export const deepChecks: readonly { name: string; look: (installation: Installation) => Promise<Check> }[] = [
  { name: 'guards', look: checkGuards },
  { name: 'references', look: checkReferences },
  { name: 'trees', look: checkTrees },
  { name: 'history', look: checkHistory },
  { name: 'sessions', look: checkStrays },
  { name: 'sealed values', look: checkSecrets },
  { name: 'audit trail', look: checkTrailSeals },
];
