/** An OpenTelemetry collector on loopback: takes traces and metrics by OTLP over HTTP, as JSON, and shows what came. */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { type LoopbackServer, listen } from './loopback.ts';

/** OTLP's form of names with values. */
export type ToldAttributes = { key: string; value: { stringValue?: string; intValue?: number } }[];

export interface ToldSpan {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  kind: number;
  attributes: ToldAttributes;
  status: { code?: number; message?: string };
}

export interface ToldPoint {
  attributes: ToldAttributes;
  startTimeUnixNano: string;
  timeUnixNano: string;
  asDouble?: number;
  count?: number;
  sum?: number;
  bucketCounts?: number[];
  explicitBounds?: number[];
}

export interface ToldMetric {
  name: string;
  description: string;
  unit: string;
  sum?: { isMonotonic: boolean; aggregationTemporality: number; dataPoints: ToldPoint[] };
  gauge?: { dataPoints: ToldPoint[] };
  histogram?: { aggregationTemporality: number; dataPoints: ToldPoint[] };
}

/** One request with metrics. */
export interface ToldMetrics {
  resource: Record<string, string | number | undefined>;
  metrics: ToldMetric[];
}

export interface OtlpCollector extends LoopbackServer {
  /** All bytes of all bodies. */
  text(): string;
  headers: IncomingHttpHeaders[];
  /** Of the resources of all spans. */
  traceResources(): ToldMetrics['resource'][];
  spans(): ToldSpan[];
  metrics(): ToldMetrics[];
}

export const attributesOf = (attributes: ToldAttributes) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue ?? value.intValue]));

interface Resource {
  resource: { attributes: ToldAttributes };
}
type Traces = { resourceSpans: (Resource & { scopeSpans: { spans: ToldSpan[] }[] })[] };
type Metrics = { resourceMetrics: (Resource & { scopeMetrics: { metrics: ToldMetric[] }[] })[] };

/** @param answerWith the status of each answer, from the moment on that it is asked */
export async function startOtlpCollector({
  answerWith = () => 200,
  port = 0,
}: {
  answerWith?: () => number;
  port?: number;
} = {}): Promise<OtlpCollector> {
  const bodies: { path: string | undefined; text: string }[] = [];
  const headers: IncomingHttpHeaders[] = [];
  const take = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const pieces: Buffer[] = [];
    for await (const piece of req) pieces.push(piece);
    const status = answerWith();
    if (status === 200) {
      headers.push(req.headers);
      bodies.push({ path: req.url, text: Buffer.concat(pieces).toString() });
    }
    res.writeHead(status, { 'content-type': 'application/json' }).end('{}');
  };
  const server = await listen((req, res) => void take(req, res).catch(() => res.destroy()), '127.0.0.1', port);
  const told = <T>(wanted: string) =>
    bodies.filter(({ path }) => path === wanted).map(({ text }) => JSON.parse(text) as T);
  const resourceSpans = () => told<Traces>('/v1/traces').flatMap((body) => body.resourceSpans);
  return {
    ...server,
    headers,
    text: () => bodies.map(({ text }) => text).join('\n'),
    traceResources: () => resourceSpans().map(({ resource }) => attributesOf(resource.attributes)),
    spans: () => resourceSpans().flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)),
    metrics: () =>
      told<Metrics>('/v1/metrics')
        .flatMap(({ resourceMetrics }) => resourceMetrics)
        .map(({ resource, scopeMetrics }) => ({
          resource: attributesOf(resource.attributes),
          metrics: scopeMetrics.flatMap(({ metrics }) => metrics),
        })),
  };
}
