/** What PostgreSQL, or a pooler before it, says where it lets nobody in, for the operator: in its own words, with what to do. */
import { isConnectionError } from './database.ts';
import { saysTakesNoWrites } from './primary.ts';

/** PgBouncer has one code for all that it says, an outage or not. */
const protocolViolation = '08P01';
const lasting =
  /unsupported startup parameter|no such (?:database|user)|(?:database|role) ".*" does not exist|authentication failed|config error|pg_hba|not allowed|SSL required/i;

const advices: [says: RegExp, advice: string][] = [
  [
    /unsupported startup parameter/i,
    'A pooler such as PgBouncer stands there: set DATABASE_POOLER=transaction, and DATABASE_DIRECT_URL to the way past it',
  ],
  [
    /prepared statement .* (?:does not exist|already exists)/i,
    'A pooler stands there that does not carry prepared statements along: set DATABASE_POOLER=transaction',
  ],
  [
    /too many (?:clients|connections)|remaining connection slots|no more connections allowed/i,
    'Lower DATABASE_POOL_MAX or WORKERS, or let the server have more',
  ],
];

/** A refusal that no waiting mends. */
export function isLastingRefusal(error: unknown): boolean {
  const { code, message } = error as { code?: unknown; message?: unknown };
  return code === protocolViolation && lasting.test(String(message));
}

/** Why nothing can be done with the database, as a sentence. @param address as `describeAddress` has it */
export function whyUnusable(error: unknown, address: string): string {
  const noWrites = saysTakesNoWrites(error, address);
  if (noWrites !== undefined) return noWrites;
  const { message, severity } = error as { message: string; severity?: unknown };
  // What comes from the other side has a severity; a network has none.
  if (severity === undefined && isConnectionError(error))
    return `The ${address} does not answer. Is DATABASE_URL right, and is it running?`;
  const advice = advices.find(([says]) => says.test(message))?.[1];
  return `The ${address} refuses us: ${message}${advice === undefined ? '' : `. ${advice}`}`;
}
