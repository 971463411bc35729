/**
 * What traces and metrics share on their way to an OpenTelemetry collector (OTLP over HTTP): who they are of, how one batch is
 * handed over, and what the log says of a collector that takes none. Loaded only where something is told, with the packages.
 */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Resource, resourceFromAttributes } from '@opentelemetry/resources';
import type { CollectorConfig } from './environment/telemetry-variables.ts';
import type { Logger } from './logger.ts';

// Of the process: its traces and its metrics say the same.
const instanceId = randomUUID();

/** This process, by the names of the semantic conventions. */
export function resourceOf(serviceName: string): Resource {
  return resourceFromAttributes({
    'service.name': serviceName,
    'service.instance.id': instanceId,
    'host.name': hostname(),
    'process.pid': process.pid,
  });
}

/**
 * Of an exporter.
 * @param path of the kind of what is told, such as `/v1/traces`
 * @param timeoutMs how long the collector may take for one batch, repetitions and all; default ten seconds
 */
export function exporterOptions(
  { endpoint, headers, timeoutMs = 10_000 }: CollectorConfig & { timeoutMs?: number },
  path: string,
) {
  return {
    url: `${endpoint}${path}`,
    headers: { ...headers },
    timeoutMillis: timeoutMs,
    // One is under way at a time, which its caller sees to. The package says that one is over a moment before it thinks so itself, and
    // would refuse the next one.
    concurrencyLimit: 2,
  };
}

/** What the packages of OpenTelemetry call an exporter. */
export interface Exporter<T> {
  export(batch: T, done: (result: { code: number; error?: Error }) => void): void;
}

/** Hands a batch over. Never rejects, never throws. @returns why it was not taken */
export function exported<T>(exporter: Exporter<T>, batch: T): Promise<Error | undefined> {
  return new Promise((resolve) => {
    try {
      // The package's code for a success.
      exporter.export(batch, ({ code, error }) => resolve(code === 0 ? undefined : (error ?? new Error('not taken'))));
    } catch (error) {
      resolve(error as Error);
    }
  });
}

/** The log says once that it begins, and once that it is over. */
export function createCollectorReport(
  logger: Pick<Logger, 'warn' | 'info'>,
  { refused, taken }: { refused: string; taken: string },
): (error: Error | undefined) => void {
  let isRefused = false;
  return (error) => {
    if (error && !isRefused) logger.warn({ err: error }, refused);
    if (!error && isRefused) logger.info(taken);
    isRefused = error !== undefined;
  };
}

/** Waits for it, but not for longer. @param work never rejects */
export async function atMost(ms: number, work: Promise<void>): Promise<void> {
  const late = new AbortController();
  await Promise.race([work, sleep(ms, undefined, { signal: late.signal }).catch(() => {})]);
  late.abort();
}
