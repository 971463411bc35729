/** The variables of OpenTelemetry, by its own names: where traces and metrics go, how many, under which name. Names faults; never repeats a value. */
import { z } from 'zod';
import { isUrlOf } from './environment-checks.ts';
import { integer, text } from './environment-forms.ts';

const exporter = z.enum(['otlp', 'none'], 'must be otlp or none').default('otlp');

/** Part of the environment's schema. */
export const telemetryVariables = {
  OTEL_EXPORTER_OTLP_ENDPOINT: text,
  OTEL_EXPORTER_OTLP_HEADERS: text,
  OTEL_SERVICE_NAME: z.string().max(100, 'must have at most 100 characters').default('gatehouse'),
  OTEL_TRACES_SAMPLER_ARG: z
    .string()
    .regex(/^(?:0(?:\.\d{1,6})?|1(?:\.0{1,6})?)$/, 'must be a share from 0 to 1, such as 0.1')
    .default('1')
    .transform(Number),
  OTEL_TRACES_EXPORTER: exporter,
  OTEL_METRICS_EXPORTER: exporter,
  OTEL_METRIC_EXPORT_INTERVAL: integer(1_000, 3_600_000, 60_000),
};

type TelemetryEnvironment = z.output<z.ZodObject<typeof telemetryVariables>>;

/** Who is told. */
export interface CollectorConfig {
  /** Without a slash at its end; `/v1/traces` or `/v1/metrics` is added. */
  readonly endpoint: string;
  /** What the collector asks for, such as a key. */
  readonly headers: Readonly<Record<string, string>>;
  readonly serviceName: string;
}

export interface TracingConfig extends CollectorConfig {
  /** Of the traces, 0 to 1. */
  readonly ratio: number;
}

export interface MetricsPushConfig extends CollectorConfig {
  /** How often the metrics are told. */
  readonly intervalMs: number;
}

function collectorOf(env: TelemetryEnvironment): CollectorConfig | undefined {
  const endpoint = env.OTEL_EXPORTER_OTLP_ENDPOINT?.replace(/\/+$/, '');
  if (endpoint === undefined) return undefined;
  const headers = headersOf(env.OTEL_EXPORTER_OTLP_HEADERS ?? '') ?? {};
  return { endpoint, headers, serviceName: env.OTEL_SERVICE_NAME };
}

/** Undefined: nothing is traced. */
export function tracingOf(env: TelemetryEnvironment): TracingConfig | undefined {
  const collector = env.OTEL_TRACES_EXPORTER === 'otlp' ? collectorOf(env) : undefined;
  return collector && { ...collector, ratio: env.OTEL_TRACES_SAMPLER_ARG };
}

/** Undefined: metrics are told to nobody who does not ask. */
export function metricsPushOf(env: TelemetryEnvironment): MetricsPushConfig | undefined {
  const collector = env.OTEL_METRICS_EXPORTER === 'otlp' ? collectorOf(env) : undefined;
  return collector && { ...collector, intervalMs: env.OTEL_METRIC_EXPORT_INTERVAL };
}

export function checkTelemetry(env: TelemetryEnvironment, production: boolean, faults: string[]): void {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_EXPORTER_OTLP_HEADERS: headers } = env;
  if (headers !== undefined && headersOf(headers) === undefined)
    faults.push('OTEL_EXPORTER_OTLP_HEADERS: must be a list such as x-api-key=…,x-team=…, with percent-encoded values');
  if (endpoint === undefined) return;
  const url = isUrlOf(endpoint, ['http:', 'https:']) ? new URL(endpoint) : undefined;
  if (!url) faults.push('OTEL_EXPORTER_OTLP_ENDPOINT: must be a URL such as http://127.0.0.1:4318');
  else if (url.username || url.password || url.search || url.hash)
    faults.push(
      'OTEL_EXPORTER_OTLP_ENDPOINT: must have no credentials, query or fragment; keys go into OTEL_EXPORTER_OTLP_HEADERS',
    );
  else if (production && headers !== undefined && url.protocol === 'http:' && !isThisMachine(url.hostname))
    faults.push(
      'OTEL_EXPORTER_OTLP_ENDPOINT: must use https in production where OTEL_EXPORTER_OTLP_HEADERS holds a key',
    );
}

function isThisMachine(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127\./.test(host);
}

/** `name=value,name=value`, the values percent-encoded (OpenTelemetry, "Specifying headers via environment variables"). */
function headersOf(list: string): Record<string, string> | undefined {
  const headers: Record<string, string> = {};
  for (const entry of list.split(',')) {
    const [, name = '', value = ''] = /^\s*([\w!#$%&'*+.^`|~-]+)\s*=\s*(.*?)\s*$/.exec(entry) ?? [];
    if (name === '') {
      if (entry.trim() === '') continue;
      return undefined;
    }
    const decoded = decodedOf(value);
    if (decoded === undefined) return undefined;
    headers[name.toLowerCase()] = decoded;
  }
  return headers;
}

/** Undefined where it is none, or could not stand in a header. */
function decodedOf(value: string): string | undefined {
  try {
    const decoded = decodeURIComponent(value);
    return /^[\x20-\x7e]+$/.test(decoded) ? decoded : undefined;
  } catch {
    return undefined;
  }
}
