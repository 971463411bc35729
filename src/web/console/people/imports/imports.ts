/** Imports of people: what was brought, what would become of it, how far it is, and what became of it. */
import type Router from '@koa/router';
import { sendStream } from '../../../api/streams.ts';
import { ask, askStream, mayAsk } from '../../ask.ts';
import { mountDeed } from '../../deed.ts';
import type { ConsoleFrame } from '../../frame.ts';
import { type ListModel, type ListSpec, readList } from '../../list.ts';
import { draw, page } from '../../page.ts';
import { type ConsoleDependencies, hrefTo, type Visit } from '../../visit.ts';
import { mountNewImport } from './new-import.ts';

type Outcome = 'created' | 'updated' | 'unchanged' | 'refused';
type Counts = Record<Outcome, number>;

/** As `imports.get` answers. */
interface Import {
  id: string;
  file_name: string;
  format: string;
  state: 'receiving' | 'checking' | 'ready' | 'running' | 'done' | 'stopped';
  stopped_why: string | null;
  row_count: number;
  foreseen: Counts;
  outcomes: Counts;
  created_at: string;
  begun_at: string | null;
  ended_at: string | null;
}

/** As `imports.rows.list` answers. */
interface ImportRow {
  line: number;
  outcome: Outcome | null;
  is_done: boolean;
  user_id: string | null;
  name: string | null;
  address: string | null;
  kept: string[];
  error: {
    code: string;
    params: Record<string, string | number>;
    fields?: { field: string; message: string }[];
  } | null;
}

interface RowModel extends Pick<ImportRow, 'line' | 'name' | 'address' | 'error'> {
  is: Outcome | 'waits';
  /** `key`: of the members' words. */
  kept: { key: string }[];
  /** Something that the row names is not there, or out of reach. */
  missing?: { key: 'role' | 'org_node' | 'other'; text: string };
  href?: string;
}

interface ShownImport extends Import {
  /** Without a file's name, that of what it was made of. */
  title: string;
  /** Rows that are looked at or done. */
  done: number;
}

declare module '../../../pages/view-models.ts' {
  interface ViewModels {
    'console/people/brought/list': {
      frame: ConsoleFrame;
      list: ListModel<ShownImport & { href: string }>;
      peopleHref: string;
      createHref: string;
    };
    'console/people/brought/brought': {
      frame: ConsoleFrame;
      brought: ShownImport;
      /** Something goes on: the page comes again by itself. */
      isWorking: boolean;
      counts: Counts;
      /** Absent while something goes on. */
      list?: ListModel<RowModel>;
      peopleHref: string;
      listHref: string;
      hereHref: string;
      beginHref?: string;
      stopHref?: string;
      reportHref?: string;
    };
  }
}

const base = '/people/imports';
const words = 'console.imports';
const pathOf = ({ params }: Visit) => `${base}/${params.importId}`;
const paramsOf = ({ params }: Visit) => ({ import_id: params.importId ?? '' });
const total = (counts: Counts) => Object.values(counts).reduce((sum, count) => sum + count, 0);

/** What is counted at this moment: what would become of the rows, until it is begun. */
const countsOf = ({ begun_at: begunAt, foreseen, outcomes }: Import) => (begunAt === null ? foreseen : outcomes);

function shown(one: Import): ShownImport {
  return { ...one, title: one.file_name || one.format, done: total(countsOf(one)) };
}

async function readImport(visit: Visit): Promise<ShownImport> {
  return shown((await ask<Import>(visit, 'imports.get', { params: paramsOf(visit) })).body);
}

async function showList(visit: Visit): Promise<void> {
  const spec = { path: base, operation: 'imports.list', words };
  const list = await readList<Import>({ ...visit, at: undefined }, spec);
  if (!list) return;
  const items = list.items.map((one) => ({ ...shown(one), href: hrefTo(visit, `${base}/${one.id}`) }));
  draw(visit, 'console/people/brought/list', {
    list: { ...list, items },
    peopleHref: hrefTo(visit, '/people'),
    createHref: hrefTo(visit, `${base}/new`),
  });
}

function missingOf({ code, params }: NonNullable<ImportRow['error']>): RowModel['missing'] {
  if (code !== 'NOT_FOUND') return undefined;
  const { entity, value } = params;
  const key = entity === 'role' || entity === 'org_node' ? entity : 'other';
  return { key, text: String(value ?? '') };
}

function rowModel(visit: Visit, row: ImportRow): RowModel {
  const { line, name, address, error, user_id: userId } = row;
  return {
    line,
    name,
    address,
    error,
    is: row.outcome ?? 'waits',
    missing: error ? missingOf(error) : undefined,
    kept: row.kept.map((key) => ({ key })),
    href: userId === null ? undefined : hrefTo(visit, `/people/${userId}`),
  };
}

async function showImport(visit: Visit): Promise<void> {
  const found = await readImport(visit);
  const isWorking = ['receiving', 'checking', 'running'].includes(found.state);
  const path = pathOf(visit);
  const spec: ListSpec = {
    path,
    operation: 'imports.rows.list',
    words: `${words}.rows`,
    params: paramsOf(visit),
    filters: [{ name: 'outcome', values: ['refused', 'created', 'updated', 'unchanged'] }],
  };
  const list = isWorking ? undefined : await readList<ImportRow>({ ...visit, at: undefined }, spec);
  if (!isWorking && !list) return;
  const input = { params: paramsOf(visit) };
  const isOver = found.state === 'done' || found.state === 'stopped';
  const href = async (verb: string, isThere: boolean) =>
    isThere && (await mayAsk(visit, `imports.${verb}`, input)) ? hrefTo(visit, `${path}/${verb}`) : undefined;
  draw(visit, 'console/people/brought/brought', {
    brought: found,
    isWorking,
    counts: countsOf(found),
    list: list && { ...list, items: list.items.map((row) => rowModel(visit, row)) },
    peopleHref: hrefTo(visit, '/people'),
    listHref: hrefTo(visit, base),
    hereHref: hrefTo(visit, path),
    beginHref: await href('begin', found.state === 'ready'),
    stopHref: await href('stop', !isOver && found.state !== 'receiving'),
    reportHref: await href('report', !isWorking),
  });
}

async function sendReport(visit: Visit): Promise<void> {
  const { ctx, web } = visit;
  const t = web.pages.i18n.translator(ctx.state.locale ?? 'en');
  const tell = ({ code, params }: { code: string; params: Record<string, string | number> }) =>
    t(`errors.${code}`, params);
  sendStream(ctx, await askStream(visit, 'imports.report', { params: paramsOf(visit), tell }));
}

const beginning = async (visit: Visit) => {
  const { foreseen } = await readImport(visit);
  const effect = (key: Outcome) => (foreseen[key] > 0 ? [{ key, params: { count: foreseen[key] } }] : []);
  return [...effect('created'), ...effect('updated'), ...effect('unchanged'), ...effect('refused'), { key: 'goes_on' }];
};

const stopping = async (visit: Visit) => {
  const { begun_at: begunAt, row_count: rows, done } = await readImport(visit);
  const count = begunAt === null ? rows : rows - done;
  return [{ key: 'gone', params: { count } }, ...(begunAt === null ? [] : [{ key: 'stays', params: { count: done } }])];
};

/** Mounts `/people/imports` and everything below it. */
export function mountImports(router: Router, deps: ConsoleDependencies): void {
  router.get(base, page(deps, 'people', showList));
  mountNewImport(router, deps);
  const deed = (verb: 'begin' | 'stop') => ({
    path: `${base}/:importId/${verb}`,
    section: 'people' as const,
    operation: `imports.${verb}`,
    words: `${words}.${verb}`,
    input: (visit: Visit) => ({ params: paramsOf(visit) }),
    subject: async (visit: Visit) => (await readImport(visit)).title,
    back: pathOf,
  });
  mountDeed(router, deps, { ...deed('begin'), effects: beginning, notice: 'import_begun' });
  mountDeed(router, deps, { ...deed('stop'), effects: stopping, isDangerous: true, notice: 'import_stopped' });
  router.get(`${base}/:importId/report`, page(deps, 'people', sendReport));
  router.get(`${base}/:importId`, page(deps, 'people', showImport));
}
