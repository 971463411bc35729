/**
 * Onboarding many: a table of people is pasted or chosen as a file, what each row would do is shown, and it is done. Nothing
 * is kept in between: what was checked travels with the page, under a key by which it is done once. Rows that are refused
 * come back as a table to be mended.
 */
import type Router from '@koa/router';
import { formatCsv } from '../../../../platform/csv.ts';
import { DomainError } from '../../../../platform/errors.ts';
import { randomToken } from '../../../../platform/secrets.ts';
import { statusOf } from '../../../middleware/errors.ts';
import type { ViewModels } from '../../../pages/view-models.ts';
import { assertMayEver } from '../../ask.ts';
import type { ConsoleFormError } from '../../form.ts';
import type { ConsoleFrame } from '../../frame.ts';
import { draw, page, posted } from '../../page.ts';
import { addressOf, type ConsoleDependencies, hrefTo, type Visit, zoneOf } from '../../visit.ts';
import { nameThings } from './named-things.ts';
import { type DoneRow, onboard } from './onboard.ts';
import { columns, mostRows, onboardingBytes, type RowFault, readPasted } from './pasted-rows.ts';

type Is = DoneRow['outcome']['is'];

/** A moment, or a day where one was written. */
interface Shown {
  at: string;
  style: 'date' | 'date_time';
}

interface RowModel {
  line: number;
  name: string;
  address: string;
  role: string;
  place: string;
  startsAt?: Shown;
  /** A day is the last one. */
  endsAt?: Shown;
  is: Is;
  fault?: RowFault;
  href?: string;
}

declare module '../../../pages/view-models.ts' {
  interface ViewModels {
    'console/people/onboarding': {
      frame: ConsoleFrame;
      /** `done`: `rows` tell what was done, and `text` is what is left to be mended. */
      step: 'begin' | 'checked' | 'done';
      action: string;
      backHref: string;
      text: string;
      mostRows: number;
      mostBytes: number;
      timeZone: string;
      fault?: 'empty' | 'over_limit';
      error?: ConsoleFormError;
      /** Names of columns that are not read. */
      unread: string[];
      rows: RowModel[];
      counts: Record<Is, number>;
      /** What was checked or done, and its key: what the next button takes along. */
      checked?: { text: string; once: string };
    };
  }
}

type Model = ViewModels['console/people/onboarding'];

/** The longest text that fits into the form, whatever letters it is of. */
const mostText = Math.floor((onboardingBytes - 1024) / 9);

const addressIn = ({ row: { email, phone, cells } }: DoneRow) => email ?? phone ?? cells.username;

/** @param before so many milliseconds: a day that is an end is over at the next midnight */
function shown(moment: string | undefined, cell: string, before: number): Shown | undefined {
  if (moment === undefined) return undefined;
  if (cell.includes(':')) return { at: moment, style: 'date_time' };
  return { at: new Date(Date.parse(moment) - before).toISOString(), style: 'date' };
}

function rowModel(visit: Visit, done: DoneRow): RowModel {
  const { row, outcome } = done;
  const userId = 'userId' in outcome ? outcome.userId : undefined;
  return {
    line: row.line,
    name: row.cells.name,
    address: addressIn(done) || row.cells.address,
    role: row.role?.name ?? row.cells.role,
    place: row.place?.name ?? row.cells.place,
    startsAt: shown(row.startsAt, row.cells.from, 0),
    endsAt: shown(row.endsAt, row.cells.until, 1),
    is: outcome.is,
    fault: 'fault' in outcome ? outcome.fault : undefined,
    href: userId === undefined ? undefined : hrefTo(visit, `/people/${userId}`),
  };
}

function drawTable(
  visit: Visit,
  { step, text, done = [] }: { step: 'begin' | 'checked' | 'done'; text: string; done?: DoneRow[] },
  { fault, error, unread = [], checked }: Partial<Model> = {},
  status = 200,
): void {
  const counts: Record<Is, number> = { made: 0, given: 0, known: 0, held: 0, refused: 0 };
  for (const { outcome } of done) counts[outcome.is] += 1;
  // Tried, a person who is new has an id for as long as it takes.
  const rows = done.map((one) => ({
    ...rowModel(visit, one),
    ...(step === 'checked' && one.outcome.is === 'made' && { href: undefined }),
  }));
  draw(
    visit,
    'console/people/onboarding',
    {
      step,
      action: addressOf(visit.ctx),
      backHref: hrefTo(visit, '/people'),
      text,
      mostRows,
      mostBytes: mostText,
      timeZone: zoneOf(visit),
      fault,
      error,
      unread,
      rows,
      counts,
      checked,
    },
    { status },
  );
}

async function show(visit: Visit): Promise<void> {
  await assertMayEver(visit, 'users.bulk_create');
  drawTable(visit, { step: 'begin', text: '' });
}

/** The rows that were refused, as they were pasted, under their columns. */
function restOf(done: readonly DoneRow[]): string {
  const rest = done.filter(({ outcome }) => outcome.is === 'refused');
  const used = columns.filter((column) => rest.some(({ row }) => row.cells[column] !== ''));
  return rest.length === 0
    ? ''
    : formatCsv([used, ...rest.map(({ row }) => used.map((column) => row.cells[column]))]).slice(1);
}

function sendReport(visit: Visit, done: readonly DoneRow[]): void {
  const { ctx, web } = visit;
  const t = web.pages.i18n.translator(ctx.state.locale ?? 'en');
  const told = (fault: RowFault) =>
    'code' in fault
      ? t(`errors.${fault.code}`, fault.params)
      : t(`console.onboarding.faults.${fault.key}`, fault.params);
  const lines = done.map(({ row, outcome }) => [
    String(row.line),
    ...columns.map((column) => row.cells[column]),
    outcome.is,
    'fault' in outcome ? told(outcome.fault) : '',
    ('userId' in outcome && outcome.userId) || '',
  ]);
  ctx.set('content-disposition', 'attachment; filename="onboarding.csv"');
  ctx.type = 'text/csv; charset=utf-8';
  ctx.body = formatCsv([['line', ...columns, 'outcome', 'detail', 'user_id'], ...lines]);
}

async function send(visit: Visit, form: Record<string, string>): Promise<void> {
  await assertMayEver(visit, 'users.bulk_create');
  const { text = '', once = '', step } = form;
  const pasted = readPasted(text, zoneOf(visit));
  const { unread, fault } = pasted;
  if (fault) return drawTable(visit, { step: 'begin', text }, { fault, unread }, 422);
  try {
    const rows = await nameThings(visit, pasted.rows);
    if (step === 'do' || step === 'report') {
      const done = await onboard(visit, rows, once === '' ? randomToken(16) : once);
      if (step === 'report') return sendReport(visit, done);
      return drawTable(visit, { step: 'done', text: restOf(done), done }, { checked: { text, once } });
    }
    const checked = { text, once: randomToken(16) };
    drawTable(visit, { step: 'checked', text, done: await onboard(visit, rows) }, { unread, checked });
  } catch (error) {
    if (!(error instanceof DomainError) || error.kind === 'not_found') throw error;
    drawTable(visit, { step: 'begin', text }, { error: { code: error.code, params: error.params } }, statusOf(error));
  }
}

/** Mounts `/people/onboard`. */
export function mountOnboarding(router: Router, deps: ConsoleDependencies): void {
  router.get('/people/onboard', page(deps, 'people', show));
  router.post('/people/onboard', posted(deps, 'people', send, { limitBytes: onboardingBytes }));
}
