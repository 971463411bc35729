/**
 * Traces (OpenTelemetry): what a request or a job waited for, as spans that hold each other. Owns which span is the current one
 * and what may stand in it. Off unless tracing-export.ts was started: then a piece of work costs one comparison. Refuses names and
 * attributes from outside (callers give constants, routes, hosts), and what an error says: its code or class alone is told.
 */
import { AsyncLocalStorage } from 'node:async_hooks';

/** Of the semantic conventions (`http.route`, `server.address`). Never a value that a person or a client chose. */
export type SpanAttributes = Readonly<Record<string, string | number>>;

export interface SpanOptions {
  /** Whether another server is asked, or asks; default neither. */
  readonly kind?: 'client' | 'server';
  readonly attributes?: SpanAttributes;
}

/** The span of another program that asked (W3C Trace Context, `traceparent`). */
export interface RemoteParent {
  traceId: string;
  spanId: string;
  isSampled: boolean;
}

/** A span that has begun. */
export interface Span {
  /** Absent where the trace is not among those that are kept. */
  readonly traceId: string | undefined;
  /** @param errorType a class or a code, where it failed */
  end(outcome?: { attributes?: SpanAttributes; errorType?: string | undefined }): void;
}

export interface Tracer {
  begin(name: string, options: SpanOptions, parent: Span | RemoteParent | undefined): Span;
}

/** A request's or a job's own span: what is done within `run` is part of it until `end`. */
export interface Trace extends Span {
  run<T>(work: () => T): T;
}

/** What outlives its trace, such as a connection that a request opened, is no part of it. */
interface Surroundings {
  span: Span;
  trace: { isOpen: boolean };
}

const surroundings = new AsyncLocalStorage<Surroundings>();
// One for the process: a span belongs to whoever asked, through layers that know nothing of it.
let tracer: Tracer | undefined;

/** Begins to trace. @returns what ends it */
export function traceWith(given: Tracer): () => void {
  tracer = given;
  return () => {
    if (tracer === given) tracer = undefined;
  };
}

/** For who would else work out a name in vain. */
export function isTracing(): boolean {
  return tracer !== undefined;
}

/** Does a piece of work as a span of the current trace; outside of one it is just done. */
export function traced<T>(name: string, options: SpanOptions, work: () => Promise<T>): Promise<T> {
  return tracer === undefined ? work() : tracedIn(tracer, name, options, work);
}

async function tracedIn<T>(by: Tracer, name: string, options: SpanOptions, work: () => Promise<T>): Promise<T> {
  const around = current();
  if (!around) return work();
  const span = by.begin(name, options, around.span);
  return endWith(span, () => surroundings.run({ span, trace: around.trace }, work));
}

/** For work that ends with a callback: begins a span of the current trace. @returns what ends it; undefined outside of one */
export function beginSpan(name: string, options: SpanOptions): ((error?: unknown) => void) | undefined {
  if (tracer === undefined) return undefined;
  const around = current();
  if (!around) return undefined;
  const span = tracer.begin(name, options, around.span);
  return (error) => span.end({ errorType: errorTypeOf(error) });
}

/** Does a piece of work as a trace of its own, wherever it was begun. */
export function tracedAlone<T>(name: string, options: SpanOptions, work: () => Promise<T>): Promise<T> {
  const trace = openTrace(name, options);
  return trace ? endWith(trace, () => trace.run(work)) : work();
}

/** Begins a trace, or goes on with that of the program that asked. Undefined where nothing is traced. */
export function openTrace(name: string, options: SpanOptions, parent?: RemoteParent): Trace | undefined {
  if (tracer === undefined) return undefined;
  const span = tracer.begin(name, options, parent);
  const trace = { isOpen: true };
  return {
    traceId: span.traceId,
    run: (work) => surroundings.run({ span, trace }, work),
    end(outcome) {
      trace.isOpen = false;
      span.end(outcome);
    },
  };
}

/** Reads `traceparent` (W3C Trace Context, section 3.2) of version 00; undefined where it is none. */
export function parentOf(header: unknown): RemoteParent | undefined {
  const parts = typeof header === 'string' ? /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(header) : null;
  const [, traceId = '', spanId = '', flags = ''] = parts ?? [];
  if (!parts || /^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

function current(): Surroundings | undefined {
  const around = surroundings.getStore();
  return around?.trace.isOpen ? around : undefined;
}

async function endWith<T>(span: Span, work: () => Promise<T>): Promise<T> {
  try {
    const result = await work();
    span.end();
    return result;
  } catch (error) {
    span.end({ errorType: errorTypeOf(error) });
    throw error;
  }
}

/** SQLSTATE, a system error's or a DomainError's code, or a class. A message may hold a value. */
function errorTypeOf(error: unknown): string | undefined {
  if (error === undefined || error === null) return undefined;
  const { code, name } = error as { code?: unknown; name?: unknown };
  if (typeof code === 'string' && /^(?:[A-Z][A-Z0-9_]{2,59}|[0-9A-Z]{5})$/.test(code)) return code;
  return typeof name === 'string' && /^[A-Z][A-Za-z]{0,59}$/.test(name) ? name : 'Error';
}
