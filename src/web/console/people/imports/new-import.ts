/** The page by which a file of people is brought. The file is read as it comes; what would become of its rows is found out afterwards. */
import type Router from '@koa/router';
import { importBodyBytes } from '../../../../management/user-import.ts';
import { DomainError } from '../../../../platform/errors.ts';
import { defaultLimitBytes } from '../../../middleware/body.ts';
import { statusOf } from '../../../middleware/errors.ts';
import { readUpload, type Upload } from '../../../middleware/upload.ts';
import { ask, assertMayEver } from '../../ask.ts';
import type { Values } from '../../fields.ts';
import { type ConsoleFormModel, faultsOf, leadToFresh } from '../../form.ts';
import type { ConsoleFrame } from '../../frame.ts';
import { signInAgainForPage } from '../../operator.ts';
import { draw, leadOn, page } from '../../page.ts';
import { addressOf, type ConsoleDependencies, hrefTo, type Visit, zoneOf } from '../../visit.ts';
import { formatOf, importFields, initialValues, rowsOf } from './imported-file.ts';

declare module '../../../pages/view-models.ts' {
  interface ViewModels {
    'console/people/brought/new': { frame: ConsoleFrame; form: ConsoleFormModel; fileFault?: string };
  }
}

const path = '/people/imports/new';

function drawForm(visit: Visit, values: Values, refused?: DomainError): void {
  const isStale = refused?.code === 'FRESH_AUTHENTICATION_REQUIRED';
  const fields = importFields.map((field) => ({ ...field, value: values[field.name] ?? '' }));
  const form: ConsoleFormModel = {
    words: 'console.imports.new',
    action: addressOf(visit.ctx),
    backHref: hrefTo(visit, '/people/imports'),
    subject: '',
    fields,
    errors: refused && !isStale ? faultsOf(refused, [...importFields, { name: 'file', kind: 'text' }], values) : [],
    hidden: [],
    timeZone: zoneOf(visit),
    signInHref: isStale ? signInAgainForPage(visit.web, visit.operator, addressOf(visit.ctx)) : undefined,
  };
  draw(visit, 'console/people/brought/new', { form }, { status: refused && statusOf(refused) });
}

async function show(visit: Visit): Promise<void> {
  await assertMayEver(visit, 'imports.create');
  if (leadToFresh(visit, true)) return;
  drawForm(visit, initialValues);
}

async function bring(visit: Visit, upload: Upload): Promise<string> {
  const { fields, fileName } = upload;
  if (fileName === '') throw new DomainError('invalid', 'FIELD_REQUIRED', { field: 'file' });
  const format = formatOf(upload);
  const query = { format, weak_hashes: fields.passwords === 'weak', file_name: fileName };
  const named = Object.fromEntries(Object.entries(query).map(([name, value]) => [name, String(value)]));
  const { body } = await ask<{ id: string }>(visit, 'imports.create', {
    query: named,
    lines: async () => rowsOf(format, upload),
  });
  return body.id;
}

async function send(visit: Visit): Promise<void> {
  await assertMayEver(visit, 'imports.create');
  let upload: Upload | undefined;
  try {
    upload = await readUpload(visit.ctx, { limitBytes: importBodyBytes });
    const id = await bring(visit, upload);
    leadOn(visit, hrefTo(visit, `/people/imports/${id}`));
  } catch (error) {
    if (!(error instanceof DomainError) || error.kind === 'not_found') throw error;
    drawForm(visit, upload?.fields ?? initialValues, error);
  } finally {
    upload?.bytes.destroy();
  }
}

/** Mounts `/people/imports/new`. */
export function mountNewImport(router: Router, deps: ConsoleDependencies): void {
  router.get(path, page(deps, 'people', show));
  router.post(path, page(deps, 'people', send));
}

/** What stands around the file: the fields. */
const formBytes = 256 * 1024;

/** How long a body may be where a file is brought. */
export function importPageLimitAt(address: string): number {
  return /^\/console\/[^/]+\/people\/imports\/new$/.test(address) ? importBodyBytes + formBytes : defaultLimitBytes;
}
