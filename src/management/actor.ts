/** Who asks for an operation: a person, a service, an API key, or the server itself at the command line. */
import type { StandingOf } from '../domain/access/authorise.ts';
import type { Caller } from '../domain/audit/audit-events.ts';
import { type Codes, defineCodes } from '../platform/errors.ts';

export const actorCodes = defineCodes({
  ACCESS_TOKEN_INVALID: {
    kind: 'unauthenticated',
    means: 'the access token is missing, has ended, or is not for this API',
  },
});
declare module '../platform/errors.ts' {
  interface ErrorCodes extends Codes<typeof actorCodes> {}
}

export interface Actor {
  kind: 'person' | 'service' | 'api_key' | 'system';
  /** users.id, clients.client_id or api_keys.id; null: the system. */
  id: string | null;
  /** Where the actor belongs; null: the system, and services that serve all tenants. */
  tenantId: string | null;
  /** The capabilities that the credential is good for; null: all that the actor has. A scope never gives more. */
  scopes: ReadonlySet<string> | null;
  /** When the person proved themselves; null for what is no person. */
  authTime: Date | null;
  caller: Caller;
  standingOf: StandingOf;
}

/** The command line: it has the database and the keys already. */
export function systemActor(caller: Caller): Actor {
  return { kind: 'system', id: null, tenantId: null, scopes: null, authTime: null, caller, standingOf: 'system' };
}

/** What limits and repeated requests are counted by. */
export function actorKey({ kind, id }: Actor): string {
  return `${kind}:${id ?? ''}`;
}
