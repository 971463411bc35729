/**
 * How a command ends. Owns the exit codes and what an error says to an operator: a sentence and a stable code, never a
 * stack for anything that they can do something about. Known by name where the class would load half the program.
 */
import { CommanderError } from 'commander';
import { isConnectionError } from '../../platform/database.ts';
import { DomainError, type ErrorCode, type ErrorParams } from '../../platform/errors.ts';
import { scrubText } from '../../platform/logger.ts';

export const exitCodes = {
  ok: 0,
  /** It failed, or the configuration has a fault. */
  failed: 1,
  /** The command line cannot be read. */
  usage: 2,
  /** A rule of Gatehouse says no. */
  refused: 3,
  databaseUnreachable: 4,
} as const;

/** What was typed, or a file that was named, cannot be used. */
export class UsageError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'UsageError';
  }
}

/** It cannot be done, for a reason that an operator can do something about. */
export class CommandFailed extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CommandFailed';
  }
}

/** A rule of Gatehouse says no, and it is known of what. */
export class CommandRefused extends Error {
  /** Stable, for scripts. */
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CommandRefused';
    this.code = code;
  }
}

/** The database could not be reached, or does not let us in. */
export class DatabaseUnreachable extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'DatabaseUnreachable';
  }
}

export interface Failure {
  exitCode: number;
  /** Stable, for scripts. */
  code: string;
  message: string;
  /** The message was written already. */
  told?: boolean;
}

const redirectRule = 'give https, http to localhost, or for a native client a scheme such as com.example.app:/callback';

function about({ field, value, reason }: ErrorParams): string {
  const what = field === undefined ? 'something' : String(field);
  const why = reason ?? (field === 'redirect_uris' ? redirectRule : undefined);
  return `${what}${value === undefined ? '' : ` "${value}"`} cannot be used${why === undefined ? '' : `: ${why}`}`;
}

const sentences: Partial<Record<ErrorCode, (params: ErrorParams) => string>> = {
  CAPABILITY_OF_ANOTHER_API: ({ value = 'it' }) =>
    `the capability ${value} is a scope of another API. Choose another key; or move it, and see before whom that breaks: gatehouse capabilities move ${value} --api ... --dry-run`,
  CHANNEL_UNAVAILABLE: ({ channel }) =>
    `nothing can be sent by ${channel ?? 'this channel'}: it needs a provider in the configuration, and for phones countries and the channel in the tenant's settings`,
  CURSOR_INVALID: () => 'the list cannot go on there; give what the page before showed as --after',
  DUPLICATE: ({ field, value }) =>
    `${field ?? 'this'}${value === undefined ? '' : ` "${value}"`} is taken already; choose another`,
  DUPLICATE_EMAIL: () => 'somebody in the tenant has this email address already',
  DUPLICATE_PHONE: () => 'somebody in the tenant has this phone number already',
  EMAIL_INVALID: () => 'this is no email address; give one such as name@example.com',
  EMAIL_NOT_SUPPORTED: () =>
    'the mail server takes no address with letters beyond ASCII before the @; give another one',
  FIELD_REQUIRED: ({ field }) => `${field ?? 'a value'} is required`,
  IDENTITY_IN_USE: ({ count = 'some' }) =>
    `people sign in with it (linked accounts: ${count}); disable it, or add --with-identities`,
  INVALID_INPUT: about,
  INVITATION_ACCEPTED: () => 'the invitation was accepted already',
  INVITATION_REVOKED: () => 'the invitation was withdrawn; make a new one',
  LAST_OWNER: () => 'a tenant keeps its last owner; make somebody else an owner first',
  MESSAGES_EXHAUSTED: () => 'the tenant has sent as many messages as it may in a day',
  MOVE_CONFLICT: ({ table, rows }) =>
    `these rows of ${table} are here already, are not of the tenant, or refer to what is not here: ${rows}. Nothing was taken`,
  MOVE_FILE_INVALID: ({ reason }) => `the export cannot be taken: ${reason}. Nothing was taken`,
  MOVE_SECRET_LOST: ({ table }) =>
    `a secret in ${table} cannot be opened: it was sealed under another SECRET_KEY. Put that key into SECRET_KEY_PREVIOUS`,
  NOT_FOUND: ({ entity, value }) =>
    `there is no such ${String(entity ?? 'thing').replaceAll('_', ' ')}${value === undefined ? '' : `: ${value}`}`,
  PASSWORD_COMMON: () => 'this password is on the lists of common or leaked ones; choose another',
  PASSWORD_CONTAINS_PERSONAL: () => 'the password is made of the name, the address or the tenant; choose another',
  PASSWORD_TOO_LONG: ({ characters }) => `the password has more than ${characters ?? 128} characters`,
  PASSWORD_TOO_SHORT: ({ characters }) => `the password has fewer than ${characters ?? 8} characters`,
  PERIOD_OVERLAP: () => 'the person holds this role at this node already',
  PHONE_INVALID: () => 'this is no phone number; give one with its country code, such as +41443334455',
  PHONE_NOT_SUPPORTED: () =>
    'no message may go to this number: it is no mobile one, or its country is not on the lists of the server and the tenant',
  SERVICE_BUSY: () => 'too much is being hashed at once; try again in a moment',
  TENANT_MOVED: ({ issuer }) =>
    `the tenant is at ${issuer} now. If it never came there: gatehouse tenants take-back <slug>`,
  TENANT_SUSPENDED: () => 'the tenant is suspended',
  TOO_MANY_ATTEMPTS: ({ seconds }) => `that is too often; try again in ${seconds ?? 'some'} seconds`,
};

function sentence({ code, params }: DomainError): string {
  return sentences[code]?.(params) ?? code.toLowerCase().replaceAll('_', ' ');
}

/** What to tell about an error, and how to end. */
export function failureOf(error: unknown): Failure {
  if (error instanceof CommanderError) {
    const message = error.message.replace(/^error: /, '');
    return { exitCode: error.exitCode === 0 ? exitCodes.ok : exitCodes.usage, code: 'USAGE', message, told: true };
  }
  if (error instanceof DomainError) return { exitCode: exitCodes.refused, code: error.code, message: sentence(error) };
  if (!(error instanceof Error)) return { exitCode: exitCodes.failed, code: 'INTERNAL', message: String(error) };
  const { message } = error;
  if (error instanceof CommandRefused) return { exitCode: exitCodes.refused, code: error.code, message };
  if (error instanceof UsageError) return { exitCode: exitCodes.usage, code: 'USAGE', message };
  if (error.name === 'ConfigError') return { exitCode: exitCodes.failed, code: 'CONFIGURATION', message };
  if (error.name === 'DatabaseNotNamed') return { exitCode: exitCodes.failed, code: 'DATABASE_NOT_NAMED', message };
  if (error instanceof CommandFailed || error.name === 'StartError')
    return { exitCode: exitCodes.failed, code: 'FAILED', message };
  if (error instanceof DatabaseUnreachable || isConnectionError(error)) {
    const known = error instanceof DatabaseUnreachable ? message : `The database went away: ${scrubText(message)}`;
    return { exitCode: exitCodes.databaseUnreachable, code: 'DATABASE_UNREACHABLE', message: known };
  }
  return { exitCode: exitCodes.failed, code: 'INTERNAL', message: scrubText(error.stack ?? message) };
}
