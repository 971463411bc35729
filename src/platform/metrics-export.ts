/**
 * Tells the metrics to a collector, by OTLP over HTTP, where one is configured; loaded only there, with the packages of
 * OpenTelemetry. Owns how what the registry counted is said in OTLP: by the names and labels of `/metrics`, so that one dashboard
 * and the same alerts fit both. Counts nothing itself. Refuses to hold more than the one set of figures that is on its way.
 */
import { type HrTime, ValueType } from '@opentelemetry/api';
import { OTLPExporterBase } from '@opentelemetry/otlp-exporter-base';
import { convertLegacyHttpOptions, createOtlpHttpExportDelegate } from '@opentelemetry/otlp-exporter-base/node-http';
import { JsonMetricsSerializer, MetricsExporterMetricsHelper } from '@opentelemetry/otlp-transformer';
import {
  AggregationTemporality,
  type DataPoint,
  DataPointType,
  type Histogram,
  type MetricData,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics';
import type { Registry } from 'prom-client';
import { atMost, createCollectorReport, exported, exporterOptions, resourceOf } from './collector.ts';
import type { MetricsPushConfig } from './environment/telemetry-variables.ts';
import type { Logger } from './logger.ts';

export interface MetricsExport {
  /** Tells the last figures, in the time that there is for it. */
  stop(): Promise<void>;
}

export interface MetricsExportOptions extends MetricsPushConfig {
  logger: Pick<Logger, 'warn' | 'info'>;
  registry: Registry;
  /** How long the collector may take for one set of figures, repetitions and all; default ten seconds. */
  timeoutMs?: number;
  /** How long a stop may take; default two seconds. */
  flushMs?: number;
}

/** Begins to tell. Contacts nobody before the first interval is over. */
export function startMetricsExport(options: MetricsExportOptions): MetricsExport {
  const { registry, serviceName, intervalMs, logger, flushMs = 2_000 } = options;
  const exporter = createExporter(options);
  const resource = resourceOf(serviceName);
  const report = createCollectorReport(logger, {
    refused: 'the collector takes no metrics: the next ones say what these would have',
    taken: 'the collector takes metrics again',
  });
  let underWay: Promise<void> | undefined;

  async function tell(): Promise<void> {
    const metrics = await metricsOf(registry).catch((error: Error) => error);
    if (metrics instanceof Error) return report(metrics);
    report(await exported(exporter, { resource, scopeMetrics: [{ scope: { name: 'gatehouse' }, metrics }] }));
  }

  // One at a time: figures that come late are the same figures, and an hour without a collector leaves nothing behind.
  function push(): Promise<void> {
    underWay ??= tell().finally(() => {
      underWay = undefined;
    });
    return underWay;
  }

  const timer = setInterval(() => void push(), intervalMs).unref();
  return {
    async stop() {
      clearInterval(timer);
      // What is on its way was counted before the end.
      await atMost(flushMs, Promise.resolve(underWay).then(push));
      // What still hangs is waited for by nobody.
      exporter.shutdown().catch(() => {});
    },
  };
}

/** As the package exporter-metrics-otlp-http makes it; that one is not published for each version of its parts. */
function createExporter(options: MetricsExportOptions) {
  const http = convertLegacyHttpOptions(exporterOptions(options, '/v1/metrics'), 'METRICS', 'v1/metrics', {
    'Content-Type': 'application/json',
  });
  const delegate = createOtlpHttpExportDelegate(
    http,
    JsonMetricsSerializer,
    'otlp_http_metric_exporter',
    MetricsExporterMetricsHelper,
    undefined,
  );
  return new OTLPExporterBase<ResourceMetrics>(delegate);
}

type Labels = Partial<Record<string, string | number>>;

/** One of the registry's values; of a histogram each bucket is one, and its sum and its count. */
interface Value {
  value: number;
  labels: Labels;
  metricName?: string;
}

/** When all counts were zero. */
const startTime = hrTimeOf(performance.timeOrigin);

/** What the registry holds at this moment. @throws on a kind of metric that OTLP has no form for here */
async function metricsOf(registry: Registry): Promise<MetricData[]> {
  const found = await registry.getMetricsAsJSON();
  const endTime = hrTimeOf(Date.now());
  return found.map(({ name, help, type, values }) => {
    const common = {
      // A unit would be added to the name once more by who turns it into Prometheus' form.
      descriptor: { name, description: help, unit: '', valueType: ValueType.DOUBLE },
      aggregationTemporality: AggregationTemporality.CUMULATIVE,
    };
    const points = (of: Value[]): DataPoint<number>[] =>
      of
        // What was not measured yet: JSON has no form for it.
        .filter(({ value }) => Number.isFinite(value))
        .map(({ labels, value }) => ({ startTime, endTime, attributes: labels, value }));
    // Its declaration says an enum of numbers; it is a word.
    switch (String(type)) {
      case 'counter':
        return { ...common, dataPointType: DataPointType.SUM, isMonotonic: true, dataPoints: points(values) };
      case 'gauge':
        return { ...common, dataPointType: DataPointType.GAUGE, dataPoints: points(values) };
      case 'histogram':
        return {
          ...common,
          dataPointType: DataPointType.HISTOGRAM,
          dataPoints: histogramsOf(name, values).map((histogram) => ({ startTime, endTime, ...histogram })),
        };
      default:
        throw new Error(`${name}: a ${type} cannot be told`);
    }
  });
}

/** Buckets of Prometheus hold those below them; those of OTLP do not. */
function histogramsOf(name: string, values: Value[]): { attributes: Labels; value: Histogram }[] {
  const found = new Map<string, { attributes: Labels; value: Histogram }>();
  for (const { value, metricName, labels } of values) {
    const { le, ...attributes } = labels;
    const key = JSON.stringify(Object.entries(attributes).sort());
    let entry = found.get(key);
    if (!entry) {
      entry = { attributes, value: { buckets: { boundaries: [], counts: [] }, count: 0, sum: 0 } };
      found.set(key, entry);
    }
    const histogram = entry.value;
    if (metricName === `${name}_sum`) histogram.sum = value;
    else if (metricName === `${name}_count`) histogram.count = value;
    else {
      const { boundaries, counts } = histogram.buckets;
      counts.push(value - counts.reduce((sum, count) => sum + count, 0));
      // The last one has no bound.
      if (le !== '+Inf') boundaries.push(Number(le));
    }
  }
  return [...found.values()];
}

function hrTimeOf(milliseconds: number): HrTime {
  const seconds = Math.floor(milliseconds / 1000);
  return [seconds, Math.round((milliseconds - seconds * 1000) * 1e6)];
}
