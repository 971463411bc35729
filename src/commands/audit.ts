/** `gatehouse audit`: reading the trail, verifying it against its seals, and the proof of one event. */
import { readFile } from 'node:fs/promises';
import { type Command, InvalidArgumentError } from 'commander';
import type { Fault } from '../domain/seals/faults.ts';
import { listed } from '../domain/seals/list-seals.ts';
import { type Verification, verifyTrail } from '../domain/seals/verify-trail.ts';
import { readWitnessedSeals, type WitnessedSeal } from '../domain/seals/witnessed-seals.ts';
import { operations } from '../management/operations.ts';
import { type CommandResult, performs } from './frame/command-action.ts';
import { exitCodes, UsageError } from './frame/failures.ts';
import { tenantOf } from './frame/named.ts';
import { addOperations, performTyped } from './frame/operation-commands.ts';
import { fields } from './frame/terminal-text.ts';
import { withDatabase } from './frame/with-database.ts';

const verifyHelp = `
Compares each event with the seal of its hour, and names the first that was changed, removed, added or reordered: also by
somebody who may do everything to the database, as long as they do not have the SECRET_KEY. Ends with 0 where all is well, with
1 where it is not.

What was cut off at the end of the trail together with its seals is seen by a seal that was kept elsewhere: --witness takes
lines of the server's log, or what "gatehouse audit-seals list --json" printed.

Examples:
  gatehouse audit verify
  gatehouse audit verify --tenant northwind --from 2027-01-01T00:00:00Z
  gatehouse audit verify --witness seals-of-last-month.json`;

const proofHelp = `
Prints what proves that the event was there when its hour was sealed, for somebody who has no access to this server:
examples/verify-audit-proof checks it.

Example:
  gatehouse audit proof 01890a5d-ac96-774b-bcce-b302099a8057 > proof.json`;

interface VerifyTyped {
  from?: Date;
  until?: Date;
  tenant?: string;
  witness?: string;
}

function moment(text: string): Date {
  const at = new Date(text);
  if (Number.isNaN(at.getTime())) throw new InvalidArgumentError('give a time such as 2027-01-31T08:00:00Z');
  return at;
}

/** A line that is written over, for who watches; nothing where nobody does. */
function progressLine(): { show(events: number): void; end(): void } {
  const { stderr } = process;
  if (!stderr.isTTY) return { show() {}, end() {} };
  return {
    show: (events) => stderr.write(`\r${events.toLocaleString('en')} events `),
    end: () => stderr.write('\r\x1b[K'),
  };
}

async function readWitness(file: string): Promise<WitnessedSeal[]> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`--witness ${file}: cannot be read (${error.code})`, { cause: error });
  });
  const found = readWitnessedSeals(text);
  if (found === undefined) throw new UsageError(`--witness ${file}: holds no seal`);
  return found;
}

async function verify(typed: VerifyTyped): Promise<CommandResult> {
  if (typed.from && typed.until && typed.from >= typed.until)
    throw new UsageError('--until: give a later time than --from');
  const witnessed = typed.witness === undefined ? [] : await readWitness(typed.witness);
  return withDatabase(async ({ db, secrets, config }) => {
    const tenantId = typed.tenant === undefined ? undefined : (await tenantOf(db, typed.tenant)).id;
    const progress = progressLine();
    const found = await verifyTrail(db, secrets, {
      ...typed,
      tenantId,
      witnessed,
      retentionDays: config.auditRetentionDays,
      onProgress: progress.show,
    }).finally(progress.end);
    return {
      data: shown(found),
      text: textOf(found),
      exitCode: found.faults.length > 0 ? exitCodes.failed : exitCodes.ok,
    };
  });
}

function shown({ faults, newest, sealedUntil, lateEvents, ...counts }: Verification): object {
  return {
    ok: faults.length === 0,
    ...counts,
    late_events: lateEvents,
    sealed_until: sealedUntil,
    newest_seal: newest && { tenant_id: null, number: newest.number, hash: listed(newest).hash },
    faults: faults.map(({ tenantId, sealNumber, eventId, ...fault }) => ({
      ...fault,
      tenant_id: tenantId,
      seal_number: sealNumber,
      event_id: eventId,
    })),
  };
}

function lineOf({ kind, tenantId, sealNumber, at, eventId, detail }: Fault): string {
  const what = eventId === null ? '' : ` event ${eventId}`;
  const seal = sealNumber === null ? '' : `, seal ${sealNumber}`;
  const hour = at === null ? '' : ` of ${at.toISOString()}`;
  return `${kind.replace('_', ' ')}:${what} (${tenantId === null ? 'server' : `tenant ${tenantId}`}${seal}${hour}): ${detail}`;
}

function textOf(found: Verification): string {
  const { faults, newest, sealedUntil, events, seals, late, lateEvents, erased, pruned } = found;
  const counts = fields({
    'sealed until': sealedUntil?.toISOString() ?? 'nothing is sealed yet',
    seals,
    'events as sealed': events,
    'of them late': late === 0 ? 0 : `${late}: ${lateEvents.slice(0, 10).join(', ')}`,
    'blank by erasure': erased,
    'gone by retention': pruned,
    'newest seal': newest ? `${newest.number} ${listed(newest).hash}` : null,
  });
  if (faults.length === 0) return `${counts}\n\nThe trail is as it was sealed.`;
  return `${counts}\n\nThe trail is not as it was sealed. The first that is wrong:\n${faults.map(lineOf).join('\n')}`;
}

async function proof(typed: { tenant?: string }, eventId: string): Promise<CommandResult> {
  return withDatabase(async (context) => {
    const operation = operations.find(({ id }) => id === 'audit_events.proof');
    if (!operation) throw new Error('no such operation');
    const input = { params: { audit_event_id: eventId }, query: {}, body: undefined, tenant: typed.tenant };
    const { body } = await performTyped(context, operation, operations, input);
    return { data: body as object, text: JSON.stringify(body, null, 2) };
  });
}

export function addAudit(program: Command, description: string): void {
  const audit = program.command('audit').description(description);
  performs<VerifyTyped>(
    audit
      .command('verify')
      .description('compare the trail with its seals')
      .option('--from <time>', 'events from this hour on', moment)
      .option('--until <time>', 'events before this moment', moment)
      .option('--tenant <slug>', 'those of this tenant alone')
      .option('--witness <file>', 'seals that were kept elsewhere')
      .addHelpText('after', verifyHelp),
    verify,
  );
  performs<{ tenant?: string }>(
    audit
      .command('proof')
      .description('prove that an event was in the trail when its hour was sealed')
      .argument('<audit-event-id>')
      .option('--tenant <slug>', 'the tenant it is about; not needed where there is one alone')
      .addHelpText('after', proofHelp),
    proof,
  );
  addOperations(audit, operations);
}
