/**
 * Where traces go: to a collector, by OTLP over HTTP. Loaded only where one is configured, with the packages of OpenTelemetry. Owns
 * which traces are kept, and that no request ever waits for the collector: spans wait in a queue that has an end, and what finds
 * no place, or is not taken, is dropped and counted. Refuses to let another program choose which traces are kept.
 */
import { type Context, ROOT_CONTEXT, type Span as SdkSpan, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import {
  ParentBasedSampler,
  type ReadableSpan,
  type Sampler,
  SamplingDecision,
  type SpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { Counter, type Registry } from 'prom-client';
import { atMost, createCollectorReport, exported, exporterOptions, resourceOf } from './collector.ts';
import type { TracingConfig } from './environment/telemetry-variables.ts';
import type { Logger } from './logger.ts';
import { type RemoteParent, type Span, type Tracer, traceWith } from './tracing.ts';

export interface TraceExport {
  /** Traces no more, and sends what is left: two seconds at the most. */
  stop(): Promise<void>;
}

export interface TraceExportOptions extends TracingConfig {
  logger: Pick<Logger, 'warn' | 'info'>;
  registry: Registry;
  /** Spans that may wait; default 2048. */
  queueMax?: number;
  /** How often they are sent; default every two seconds. */
  intervalMs?: number;
  /** How long the collector may take for one batch, repetitions and all; default ten seconds. */
  timeoutMs?: number;
}

const batchMax = 512;
const flushMs = 2_000;

const kinds = { client: SpanKind.CLIENT, server: SpanKind.SERVER, none: SpanKind.INTERNAL };

/** Begins to trace this process. Contacts nobody before there is something to send. */
export function startTraceExport(options: TraceExportOptions): TraceExport {
  const { serviceName, ratio } = options;
  const exporter = new OTLPTraceExporter(exporterOptions(options, '/v1/traces'));
  const queue = createQueue(exporter, options);
  const provider = new TracerProvider({
    resource: resourceOf(serviceName),
    sampler: samplerOf(ratio),
    spanProcessors: [queue.processor],
  });
  const tracer = provider.getTracer('gatehouse');
  const end = traceWith(
    asTracer((name, { kind, attributes }, context) =>
      tracer.startSpan(name, { kind: kinds[kind ?? 'none'], ...(attributes && { attributes }) }, context),
    ),
  );
  return {
    async stop() {
      end();
      await queue.flush();
      // What still hangs is waited for by nobody.
      exporter.shutdown().catch(() => {});
    },
  };
}

type Start = (name: string, options: Parameters<Tracer['begin']>[1], context: Context) => SdkSpan;

function asTracer(start: Start): Tracer {
  const known = new WeakMap<Span, SdkSpan>();

  function contextOf(parent: Span | RemoteParent | undefined): Context {
    if (!parent) return ROOT_CONTEXT;
    if ('end' in parent) {
      const span = known.get(parent);
      return span ? trace.setSpan(ROOT_CONTEXT, span) : ROOT_CONTEXT;
    }
    const { traceId, spanId, isSampled } = parent;
    return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: isSampled ? 1 : 0, isRemote: true });
  }

  return {
    begin(name, options, parent) {
      const own = start(name, options, contextOf(parent));
      const span: Span = {
        traceId: own.isRecording() ? own.spanContext().traceId : undefined,
        end({ attributes, errorType } = {}) {
          if (attributes) own.setAttributes(attributes);
          if (errorType !== undefined)
            own.setAttribute('error.type', errorType).setStatus({ code: SpanStatusCode.ERROR });
          own.end();
        },
      };
      known.set(span, own);
      return span;
    },
  };
}

/**
 * A share of the traces by our own lot. A parent that is not kept keeps its trace from us; one that is kept adds nothing, and its
 * id decides nothing: a proxy may hand on what a stranger wrote.
 */
function samplerOf(ratio: number): Sampler {
  const lot: Sampler = {
    shouldSample: () => ({
      decision: Math.random() < ratio ? SamplingDecision.RECORD_AND_SAMPLED : SamplingDecision.NOT_RECORD,
    }),
    toString: () => `Lot{${ratio}}`,
  };
  return new ParentBasedSampler({ root: lot, remoteParentSampled: lot });
}

interface Queue {
  processor: SpanProcessor;
  /** Sends what waits, in time; afterwards nothing waits. */
  flush(): Promise<void>;
}

function createQueue(exporter: OTLPTraceExporter, options: TraceExportOptions): Queue {
  const { queueMax = 2_048, intervalMs = 2_000 } = options;
  const { drop, tell } = createReport(options);
  const waiting: ReadableSpan[] = [];
  let underWay: Promise<void> | undefined;
  let sent = 0;
  let isEnded = false;

  async function sendAll(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting.splice(0, batchMax);
      sent = batch.length;
      const error = await exported(exporter, batch);
      // Nobody waits for it any more, and it is counted.
      if (isEnded) return;
      sent = 0;
      tell(error, batch.length);
      // Not at once again: the next turn comes by the clock.
      if (error) return;
    }
  }

  function send(): Promise<void> {
    underWay ??= sendAll().finally(() => {
      underWay = undefined;
    });
    return underWay;
  }

  const timer = setInterval(() => void send(), intervalMs).unref();

  async function flush(): Promise<void> {
    clearInterval(timer);
    await atMost(flushMs, Promise.resolve(underWay).then(send));
    isEnded = true;
    drop('end', sent + waiting.splice(0).length);
  }

  function onEnd(span: ReadableSpan): void {
    if (isEnded) drop('end', 1);
    else if (waiting.length >= queueMax) drop('queue', 1);
    else if (waiting.push(span) >= Math.min(batchMax, queueMax)) void send();
  }

  return { processor: { onStart() {}, onEnd, forceFlush: send, shutdown: flush }, flush };
}

type Reason = 'queue' | 'collector' | 'end';

/** What is lost is counted. */
function createReport({ registry, logger }: Pick<TraceExportOptions, 'registry' | 'logger'>) {
  const dropped = new Counter({
    name: 'gatehouse_trace_spans_dropped_total',
    help: 'Spans that were not told to the collector: the queue was full, it did not take them, or the process ended.',
    labelNames: ['reason'],
    registers: [registry],
  });
  for (const reason of ['queue', 'collector', 'end']) dropped.inc({ reason }, 0);
  const drop = (reason: Reason, count: number) => dropped.inc({ reason }, count);
  const report = createCollectorReport(logger, {
    refused: 'the collector takes no traces: they are dropped until it does',
    taken: 'the collector takes traces again',
  });
  return {
    drop,
    tell(error: Error | undefined, count: number): void {
      if (error) drop('collector', count);
      report(error);
    },
  };
}
