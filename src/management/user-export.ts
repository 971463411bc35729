/** The operation by which all people of a tenant go out, as `users.import` reads them. */
import { Readable } from 'node:stream';
import { z } from 'zod';
import { recordEvent } from '../domain/audit/audit-events.ts';
import { exportPeople, type PersonWithRoles } from '../domain/imports/export-people.ts';
import type { Database } from '../platform/database.ts';
import { DomainError } from '../platform/errors.ts';
import { consume, defineLimits } from '../platform/rate-limits.ts';
import { actorKey } from './actor.ts';
import { operation } from './operation.ts';
import { time } from './shapes.ts';

export const exportLimits = defineLimits({
  /** Exports of a tenant's people by one person or service. */
  peopleExportPerActor: { hits: 10, windowSeconds: 3_600 },
});

const maybe = z.string().optional();

/** What an import reads (`ImportedPerson`), without passwords. */
const ExportedPerson = z
  .object({
    external_id: maybe,
    email: maybe,
    email_verified: z.boolean(),
    phone: maybe,
    phone_verified: z.boolean(),
    username: maybe,
    full_name: maybe,
    given_name: maybe,
    family_name: maybe,
    picture_url: maybe,
    locale: maybe,
    zoneinfo: maybe,
    mfa_required: z.boolean(),
    metadata: z.record(z.string(), z.unknown()),
    state: z.enum(['active', 'inactive']),
    identities: z.array(
      z.object({ provider: z.string(), issuer: maybe, subject: z.string(), email: z.string().nullable() }),
    ),
    roles: z.array(z.object({ role: z.string(), place: z.string(), starts_at: time, ends_at: time.nullable() })),
  })
  .meta({ id: 'ExportedPerson' });

/** As a row says it; what is not there is left out. */
function rowOf({ person, roles }: PersonWithRoles): object {
  const { id: _, hasPassword: __, ...rest } = person;
  const { identities, metadata, state } = rest;
  const row = {
    external_id: rest.externalId,
    email: rest.email,
    email_verified: rest.emailVerified,
    phone: rest.phone,
    phone_verified: rest.phoneVerified,
    username: rest.username,
    full_name: rest.fullName,
    given_name: rest.givenName,
    family_name: rest.familyName,
    picture_url: rest.pictureUrl,
    locale: rest.locale,
    zoneinfo: rest.zoneinfo,
    mfa_required: rest.mfaRequired,
    metadata,
    state,
    identities: identities.map(({ issuer, ...identity }) => ({ ...identity, ...(issuer !== '' && { issuer }) })),
    roles: roles.map(({ role, place, startsAt, endsAt }) => ({ role, place, starts_at: startsAt, ends_at: endsAt })),
  };
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null));
}

async function* textOf(db: Database, tenantId: string, stillMay: () => Promise<boolean>): AsyncGenerator<string> {
  for await (const people of exportPeople(db, tenantId)) {
    if (!(await stillMay())) throw new DomainError('forbidden', 'FORBIDDEN', { capability: 'users.manage' });
    yield people.map((one) => `${JSON.stringify(rowOf(one))}\n`).join('');
  }
}

export const userExport = [
  operation({
    id: 'users.export_all',
    method: 'POST',
    path: '/users/export',
    summary: 'Export all people of the tenant',
    description:
      'NDJSON, one `ExportedPerson` a line, as `users.import` reads it: addresses, names, accounts elsewhere, and roles by their names. No password leaves, whatever it was hashed by, and no second factor. A stream that breaks off was cut. The export is an event.',
    needs: { capability: 'users.manage', at: 'root' },
    answer: ExportedPerson,
    streams: ['application/x-ndjson'],
    fresh: true,
    run: async ({ db, tenantId, actor, stillMay, deps }) => {
      await consume(db, exportLimits.peopleExportPerActor, actorKey(actor));
      await recordEvent(db, { tenantId, action: 'user.all_exported' }, actor.caller);
      // Not on the transaction of the request: it is over before the first line is read.
      const text = textOf(deps.db, tenantId, stillMay);
      const fileName = `people-${new Date().toISOString().slice(0, 19).replaceAll(':', '')}.ndjson`;
      const chunks = Readable.from(text, { objectMode: true, highWaterMark: 1 });
      return { type: 'application/x-ndjson', fileName, chunks };
    },
  }),
];
