/** The job that works on an import that is kept, as whoever brought it: with what they hold at each moment, not more than they brought it with. */
import { z } from 'zod';
import { nodesOf, type StandingOf } from '../domain/access/authorise.ts';
import { findStandingIn } from '../domain/access/standing-of-actor.ts';
import type { Caller } from '../domain/audit/audit-events.ts';
import type { StoredFault } from '../domain/imports/import-store.ts';
import { type ImportStanding, workOnImport } from '../domain/imports/work-on-import.ts';
import type { Database } from '../platform/database.ts';
import type { DomainError } from '../platform/errors.ts';
import { isId } from '../platform/ids.ts';
import type { JobTask } from '../platform/jobs/jobs.ts';
import type { Secrets } from '../platform/secrets.ts';
import type { Actor } from './actor.ts';
import { failureOf } from './failure.ts';
import { allowsScope } from './permission.ts';
import { rowOf, unreadableLine } from './user-import.ts';
import { judgeOfImport } from './user-import-rights.ts';

/** Of an actor, what is kept with an import: never from where they came, nor a credential. */
interface KeptActor {
  kind: Actor['kind'];
  id: string | null;
  tenantId: string | null;
  scopes: string[] | null;
  caller: Pick<Caller, 'type' | 'id' | 'actorTenantId' | 'keyId' | 'client'>;
  standingOf: StandingOf;
}

export function keptActor({ kind, id, tenantId, scopes, caller, standingOf }: Actor): KeptActor {
  const { type, id: callerId, actorTenantId, keyId, client } = caller;
  const kept = { type, id: callerId, actorTenantId, keyId, client };
  return { kind, id, tenantId, scopes: scopes && [...scopes], caller: kept, standingOf };
}

function actorOf({ scopes, caller, ...actor }: KeptActor): Actor {
  const cause = { ...caller, cause: 'imports.begin' };
  return { ...actor, scopes: scopes && new Set(scopes), authTime: null, caller: cause };
}

function standingOf(db: Database, actor: Actor, tenantId: string): ImportStanding {
  return {
    caller: actor.caller,
    judge: judgeOfImport({ tenantId, actor }),
    async mayGoOn() {
      const standing = await findStandingIn(db, tenantId, { of: actor.standingOf, homeId: actor.tenantId });
      return (
        standing !== undefined && allowsScope(actor, 'users.manage') && nodesOf(standing, 'users.manage').length > 0
      );
    },
  };
}

function faultOf(error: DomainError): StoredFault {
  const failure = failureOf(error);
  if (!failure) throw error;
  const { code, params, fields } = failure;
  return { code, params, ...(fields && { fields }) };
}

const payloadSchema = z.object({ importId: z.string().refine(isId) });

export function importTask({ db, secrets }: { db: Database; secrets: Secrets }): JobTask {
  return async (payload, { signal, attempt, maxAttempts }) => {
    const { importId } = payloadSchema.parse(payload);
    await workOnImport(db, importId, {
      secrets,
      signal,
      isLastAttempt: attempt >= maxAttempts,
      standingOf: (kept, tenantId) => standingOf(db, actorOf(kept as KeptActor), tenantId),
      rowOf: (line, value) => rowOf(value === null ? unreadableLine(line) : { line, value }),
      faultOf,
    });
  };
}
