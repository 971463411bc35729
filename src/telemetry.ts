/** What an OpenTelemetry collector is told, where one is configured: traces, metrics. Else their packages are not even loaded. */
import type { Dependencies } from './dependencies.ts';

export interface Telemetry {
  /** Tells what is left: two seconds at the most. */
  stop(): Promise<void>;
}

export async function startTelemetry({ config, logger, metrics }: Dependencies): Promise<Telemetry> {
  const { registry } = metrics;
  const told: Telemetry[] = [];
  if (config.tracing) {
    const { startTraceExport } = await import('./platform/tracing-export.ts');
    told.push(startTraceExport({ ...config.tracing, logger, registry }));
  }
  if (config.metrics.push) {
    const { startMetricsExport } = await import('./platform/metrics-export.ts');
    told.push(startMetricsExport({ ...config.metrics.push, logger, registry }));
  }
  return {
    async stop() {
      await Promise.all(told.map((one) => one.stop()));
    },
  };
}
