/** The operation by which people come in, any number of them at once. docs/import.md tells what a row may say. */
import { Readable } from 'node:stream';
import { z } from 'zod';
import type { RowResult } from '../domain/imports/import-batch.ts';
import { importPeople } from '../domain/imports/import-people.ts';
import { type ImportRow, mostIdentitiesOfRow, mostRolesOfRow } from '../domain/imports/import-row.ts';
import { namedInImport } from '../domain/imports/named-in-import.ts';
import { ForeignHashObject } from '../domain/methods/password/foreign-hash.ts';
import { type Codes, DomainError, defineCodes } from '../platform/errors.ts';
import { newId } from '../platform/ids.ts';
import { consume, defineLimits } from '../platform/rate-limits.ts';
import { actorKey } from './actor.ts';
import { type Failure, failureOf } from './failure.ts';
import { operation, type ReadLine } from './operation.ts';
import { credentials, newSettings, profile, profileOf } from './person.ts';
import { text, timeIn } from './shapes.ts';
import { judgeOfImport } from './user-import-rights.ts';
import { isTooDeep, ValidationError } from './validate.ts';

export const importLimits = defineLimits({
  /** Imports by one person or service. */
  importsPerActor: { hits: 120, windowSeconds: 3_600 },
});

export const importCodes = defineCodes({
  IMPORT_RUNNING: { kind: 'rate_limited', params: ['seconds'], means: 'as many imports run already as may at once' },
});
declare module '../platform/errors.ts' {
  interface ErrorCodes extends Codes<typeof importCodes> {}
}

/** What one request may bring; the command line takes more. */
export const importBodyBytes = 64 * 1024 * 1024;
export const mostImportRows = 100_000;
export const importLineBytes = 64 * 1024;

/** What a row says. */
export const ImportedPerson = z
  .strictObject({
    ...credentials,
    ...profile,
    locale: newSettings.locale,
    zoneinfo: newSettings.zoneinfo,
    state: z.enum(['active', 'inactive']).default('active'),
    password_hash: z
      .union([z.string().max(2_000), ForeignHashObject])
      .nullish()
      .meta({ description: 'As another system hashed the password; replaced at the first sign-in' }),
    identities: z
      .array(
        z.strictObject({
          provider: text(32).meta({ description: 'The key of an identity provider', example: 'google' }),
          issuer: text(500).nullish(),
          subject: text(255),
          email: text(320).nullish(),
        }),
      )
      .max(mostIdentitiesOfRow)
      .default([]),
    roles: z
      .array(
        z.strictObject({
          role: text(200).meta({ description: 'Its name or its id' }),
          place: z
            .string()
            .max(2_000)
            .default('')
            .meta({ description: 'An id, an external id, or a path of names; absent: the root' }),
          starts_at: timeIn.nullish(),
          ends_at: timeIn.nullish(),
        }),
      )
      .max(mostRolesOfRow)
      .default([]),
  })
  .meta({ id: 'ImportedPerson' });

/** What became of a row. */
export const ImportResult = z
  .object({
    line: z.int().meta({ description: 'Which row, from 1' }),
    outcome: z.enum(['created', 'updated', 'unchanged', 'refused']),
    user_id: z.string().nullable().meta({ description: 'Null where it was refused, and in a dry run of who is new' }),
    kept: z.array(z.string()).meta({ description: 'What the row says otherwise than it is; it was left as it is' }),
    error: z
      .object({
        code: z.string(),
        message: z.string(),
        fields: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
      })
      .nullable(),
  })
  .meta({ id: 'ImportResult' });

/** What was read, as the domain takes it; a fault of its form is the row's. */
export function rowOf(read: ReadLine): ImportRow {
  const { line } = read;
  if ('fault' in read) return read;
  if (isTooDeep(read.value)) return unreadableLine(line);
  const parsed = ImportedPerson.safeParse(read.value);
  if (!parsed.success) {
    const faults = parsed.error.issues.slice(0, 20).flatMap((issue) => {
      const at = issue.path.map(String).join('.');
      const unknown = issue.code === 'unrecognized_keys' ? issue.keys : [];
      if (unknown.length === 0) return [{ field: at.slice(0, 200), message: issue.message }];
      return unknown.map((key) => ({ field: `${at}${at && '.'}${key}`.slice(0, 200), message: 'is not known here' }));
    });
    return { line, fault: new ValidationError(faults) };
  }
  const { state, password_hash: passwordHash, identities, roles, locale, zoneinfo, ...person } = parsed.data;
  return {
    line,
    person: { ...profileOf(person), locale, zoneinfo },
    state,
    passwordHash,
    identities,
    roles: roles.map(({ role, place, starts_at, ends_at }) => ({
      role,
      place,
      startsAt: starts_at ?? undefined,
      endsAt: ends_at ?? null,
    })),
  };
}

async function* rowsOf(lines: AsyncIterable<ReadLine>): AsyncGenerator<ImportRow> {
  for await (const read of lines) yield rowOf(read);
}

/** As `ImportResult` tells it. */
export function told({ line, outcome, userId, kept, error }: RowResult, tell: (failure: Failure) => string): object {
  const failure = error && failureOf(error);
  return {
    line,
    outcome,
    user_id: userId,
    kept,
    error: failure ? { code: failure.code, message: tell(failure), fields: failure.fields } : null,
  };
}

async function* textOf(
  batches: AsyncIterable<RowResult[]>,
  tell: (failure: Failure) => string,
): AsyncGenerator<string> {
  for await (const results of batches) yield results.map((one) => `${JSON.stringify(told(one, tell))}\n`).join('');
}

const isTrue = z.enum(['true', 'false']).transform((value) => value === 'true');

export const userImport = [
  operation({
    id: 'users.import',
    method: 'POST',
    path: '/users/import',
    summary: 'Import people',
    description:
      'NDJSON, one `ImportedPerson` a line, up to 100,000 lines; answered by NDJSON, one `ImportResult` a line, as they are done. A row is refused by itself. Somebody who is there already keeps every address, every name and every password. Nobody is sent anything. The same again changes nothing, so what broke off is sent again.',
    needs: { capability: 'users.manage', at: 'anywhere' },
    query: z.strictObject({
      weak_hashes: isTrue.optional().meta({ description: 'Take passwords that were hashed by plain SHA as well' }),
      format: text(20).optional().meta({ description: 'What the rows were made of, for the audit trail' }),
    }),
    lines: ImportedPerson,
    answer: ImportResult,
    streams: ['application/x-ndjson'],
    bodyLimitBytes: importBodyBytes,
    errors: ['IMPORT_RUNNING'],
    fresh: true,
    run: async ({ tenantId, actor, query, lines, isDryRun, tell, stillMay, deps }) => {
      await consume(deps.db, importLimits.importsPerActor, actorKey(actor));
      const results = importPeople(deps.db, tenantId, rowsOf(lines), {
        secrets: deps.secrets,
        caller: actor.caller,
        importId: newId(),
        named: namedInImport(deps.db, tenantId),
        dryRun: isDryRun,
        judge: judgeOfImport({ tenantId, actor }),
        mayGoOn: async () => {
          if (!(await stillMay())) throw new DomainError('forbidden', 'FORBIDDEN', { capability: 'users.manage' });
        },
        weakHashes: query.weak_hashes === true,
        format: query.format ?? 'ndjson',
      });
      const chunks = Readable.from(textOf(results, tell), { objectMode: true, highWaterMark: 1 });
      return { type: 'application/x-ndjson', fileName: 'import-results.ndjson', chunks };
    },
  }),
];

/** Of a line that is no JSON document. */
export const unreadableLine = (line: number): ReadLine & { fault: DomainError } => ({
  line,
  fault: new DomainError('invalid', 'INVALID_INPUT'),
});
