/**
 * The log: JSON lines by pino. Owns what may stand in one. Refuses, from every caller: values under names that mean a
 * secret or a person, at any depth; query strings and fragments; what an error carries besides its message, code and
 * stack; request, response and other objects as a whole. A last pass over the finished line takes out credentials,
 * tokens and email addresses that came in a sentence.
 */
import { type Bindings, type DestinationStream, type Logger, pino, stdTimeFunctions } from 'pino';

export type { Logger } from 'pino';

export interface LoggerOptions {
  /** `fatal` to `trace`, or `silent`. */
  level: string;
  /** Where the lines go; default standard output. */
  destination?: DestinationStream;
}

const censored = '[redacted]';
const maxDepth = 6;
const maxEntries = 50;

/** Compared with names in lower case without `-` and `_`. */
const secretName = /password|passwd|secret|token|assertion|credential|authorization|cookie|apikey|privatekey|email/;
const secretNames = new Set([
  'bindings',
  'body',
  'code',
  'codeverifier',
  'detail',
  'devicecode',
  'dpop',
  'jwt',
  'login',
  'loginhint',
  'nonce',
  'otp',
  'parameters',
  'pass',
  'payload',
  'phone',
  'pin',
  'query',
  'querystring',
  'search',
  'usercode',
  'username',
]);

function isSecretName(name: string): boolean {
  const plain = name.toLowerCase().replace(/[-_]/g, '');
  return secretNames.has(plain) || secretName.test(plain);
}

/** An address or a path ends where its query or fragment begins; nobody's password stands in it. */
function withoutQuery(text: string): string {
  if (!/^(?:[a-z][a-z0-9+.-]*:)?\/|^[a-z][a-z0-9+.-]*:\?/i.test(text)) return text;
  return text.replace(/[?#].*$/s, '').replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/]*@/i, '$1');
}

function isPlain(value: object): value is Record<string, unknown> {
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

function clean(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return withoutQuery(value);
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Error) return cleanError(value, depth);
  if (value instanceof Date) return value;
  if (value instanceof URL) return withoutQuery(value.href);
  if (depth >= maxDepth) return '[deep]';
  if (Array.isArray(value)) return value.slice(0, maxEntries).map((entry) => clean(entry, depth + 1));
  if (!isPlain(value)) return `[${value.constructor?.name ?? 'Object'}]`;
  return cleanRecord(value, depth);
}

function cleanRecord(record: Record<string, unknown>, depth: number): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const name of Object.keys(record).slice(0, maxEntries)) {
    const value = record[name];
    const empty = value === undefined || value === null || typeof value === 'boolean';
    result[name] = !empty && isSecretName(name) ? censored : clean(value, depth + 1);
  }
  return result;
}

/** SQLSTATE, a system error or a DomainError's code; an authorization code or a one-time code looks like none of them. */
const errorCode = /^(?:[A-Z][A-Z0-9_]{2,59}|(?!\d{5}\d)[0-9A-Z]{5})$/;

function errorIn(logged: unknown): Error | undefined {
  if (logged instanceof Error) return logged;
  const { err } = (logged ?? {}) as { err?: unknown };
  return err instanceof Error ? err : undefined;
}

/** PostgreSQL quotes the offending value in these messages (class 22, data exception). */
function messageOf(error: Error): string {
  const { code } = error as Error & { code?: unknown };
  return typeof code === 'string' && code.startsWith('22')
    ? error.message.replace(/"[^"]*"/g, censored)
    : error.message;
}

/** Type, message, code, stack and cause. What libraries hang on an error besides (rows, bindings, responses) stays out. */
function cleanError(error: Error, depth: number): Record<string, unknown> {
  const { code, status, constraint, cause } = error as Error & Record<string, unknown>;
  const message = messageOf(error);
  const result: Record<string, unknown> = { type: error.name, message };
  if (typeof code === 'string' && errorCode.test(code)) result.code = code;
  if (typeof status === 'number') result.status = status;
  if (typeof constraint === 'string') result.constraint = constraint;
  // The stack begins with the message as it was.
  if (error.stack) result.stack = error.stack.replace(error.message, () => message);
  if (error instanceof AggregateError && depth < maxDepth)
    result.errors = error.errors.slice(0, 5).map((inner) => clean(inner, depth + 1));
  if (cause !== undefined && depth < maxDepth) result.cause = clean(cause, depth + 1);
  return result;
}

/** Every repetition before the telling character has a bound: a long line costs time in proportion to its length. */
const inSentences: [RegExp, string][] = [
  // A JWT, whole or cut off after its payload.
  [/\beyJ[\w-]{8,1000}\.[\w-]*(?:\.[\w-]*){0,3}/g, censored],
  [/\b(Bearer|Basic|DPoP) {1,4}[\w.~+/-]{6,}=*/gi, `$1 ${censored}`],
  [/\b([a-z][a-z0-9+.-]{1,30}:\/\/)[^\s/"@\\]{1,300}@/gi, '$1'],
  [/(\/\/[^\s"'?#\\]{1,500})[?#][^\s"'\\]*/g, `$1?${censored}`],
  [/(\/[\w./:~-]{0,300})\?[\w.~-]{1,50}=[^\s"'\\]*/g, `$1?${censored}`],
  [
    /\b(password|secret|code|[a-z_]{0,20}token|client_assertion|code_verifier|login_hint)=[^\s&"'\\]+/gi,
    `$1=${censored}`,
  ],
  [/[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){0,8}\.[a-z]{2,24}\b/gi, censored],
];

/** None of the patterns fits without one of these; most lines have none. */
const telling = /[@?#=]|eyJ|\b(?:Bearer|Basic|DPoP) /i;

/** Takes secrets and addresses of people out of free text. */
export function scrubText(text: string): string {
  if (!telling.test(text)) return text;
  let result = text;
  for (const [pattern, replacement] of inSentences) result = result.replace(pattern, replacement);
  return result;
}

/**
 * Makes the program's logger. An object goes first and the sentence last: `logger.warn({ err, requestId }, 'Mail failed')`.
 * Log the code of an error as `errorCode`: a bare `code` is taken for an authorization code.
 */
export function createLogger({ level, destination }: LoggerOptions): Logger {
  const logger = pino(
    {
      level,
      base: { pid: process.pid },
      timestamp: stdTimeFunctions.isoTime,
      formatters: {
        level: (label) => ({ level: label }),
        log: (record) => cleanRecord(record, 0),
      },
      // `formatters.log` has seen to every error already.
      serializers: { err: (value) => value },
      hooks: {
        streamWrite: scrubText,
        // Without a sentence pino takes the error's message for one, as it is.
        logMethod([first, ...rest], method) {
          const error = errorIn(first);
          if (!error || rest.length > 0) method.apply(this, [first, ...rest]);
          else method.apply(this, [first, messageOf(error)]);
        },
      },
    },
    destination ?? pino.destination(1),
  );
  // pino passes what a child is bound to by `formatters.log`. Children inherit these methods.
  const { child, setBindings } = logger;
  logger.child = function cleanChild(this: Logger, bindings: Bindings, options) {
    return child.call(this, cleanRecord(bindings, 0), options);
  } as typeof logger.child;
  logger.setBindings = function cleanBindings(this: Logger, bindings) {
    setBindings.call(this, cleanRecord(bindings, 0));
  };
  return logger;
}
