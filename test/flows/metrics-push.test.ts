/** Metrics, as a collector is told them: what `/metrics` shows, by the same names; and no collector costs a request anything. */
import assert from 'node:assert/strict';
import { hostname } from 'node:os';
import { Counter, Histogram, Registry, Summary } from 'prom-client';
import type { Logger } from '../../src/platform/logger.ts';
import { createMetrics } from '../../src/platform/metrics.ts';
import { type MetricsExportOptions, startMetricsExport } from '../../src/platform/metrics-export.ts';
import { startTestApp } from '../support/app.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { listen } from '../support/loopback.ts';
import { attributesOf, startOtlpCollector, type ToldMetric, type ToldPoint } from '../support/otlp-collector.ts';
import { discover, signIn } from '../support/relying-party.ts';
import { environmentOf, startServerProcess } from '../support/server-process.ts';

type Figures = Record<string, number | undefined>;

const keyOf = (name: string, labels: Record<string, unknown>) =>
  `${name}{${Object.entries(labels)
    .map(([label, value]) => `${label}="${value}"`)
    .sort()
    .join()}}`;

/** As `/metrics` writes them: of a histogram each bucket with all below it, the sum and the count. */
function figuresOf(metrics: ToldMetric[]): Figures {
  const figures: Figures = {};
  const set = (name: string, { attributes }: ToldPoint, value: number | undefined, le?: string) => {
    const key = keyOf(name, { ...attributesOf(attributes), ...(le !== undefined && { le }) });
    assert.ok(!(key in figures), `${key}: twice`);
    figures[key] = value;
  };
  for (const { name, sum, gauge, histogram } of metrics) {
    for (const point of sum?.dataPoints ?? gauge?.dataPoints ?? []) set(name, point, point.asDouble);
    for (const point of histogram?.dataPoints ?? []) {
      let below = 0;
      const { explicitBounds: bounds = [], bucketCounts = [] } = point;
      assert.equal(bucketCounts.length, bounds.length + 1);
      bucketCounts.forEach((count, n) => {
        below += count;
        set(`${name}_bucket`, point, below, String(bounds[n] ?? '+Inf'));
      });
      set(`${name}_sum`, point, point.sum);
      set(`${name}_count`, point, point.count);
    }
  }
  return figures;
}

/** Of the text of `/metrics`. */
function figuresIn(text: string): Figures {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return Object.fromEntries(
    lines.map((line) => {
      const [, name = '', labels = '', value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
      const named = [...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, label, said]) => [label, said]);
      return [keyOf(name, Object.fromEntries(named)), Number(value)];
    }),
  );
}

/** What is another at each look: of the process, not of what was done. */
const isOfTheMoment = (key: string) => /^(?:process|nodejs)_/.test(key);

/** What is not of the moment at which one looks; without what the traces lose while these leave. */
const lasting = (of: Figures) =>
  Object.fromEntries(
    Object.entries(of)
      .filter(([key]) => !isOfTheMoment(key) && !key.startsWith('gatehouse_trace_spans_dropped_total'))
      .sort(),
  );

describe('metrics by OTLP', function () {
  this.timeout(120_000);
  const open: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const server of open.splice(0)) await server.close();
  });
  const opened = async <T extends { close(): Promise<void> }>(starting: Promise<T>): Promise<T> => {
    const server = await starting;
    open.push(server);
    return server;
  };

  /** Of the export, with all that the log says. */
  function optionsFor(endpoint: string, more: Partial<MetricsExportOptions> = {}) {
    const said: string[] = [];
    const say = (...words: unknown[]) => void said.push(String(words.at(-1)));
    const logger = { warn: say, info: say } as unknown as Logger;
    return {
      said,
      options: {
        endpoint,
        headers: {},
        serviceName: 'test',
        intervalMs: 20,
        flushMs: 60_000,
        registry: new Registry(),
        logger,
        ...more,
      },
    };
  }

  it('are those of /metrics, by the same names and labels, of the process that the traces are of', async () => {
    const collector = await opened(startOtlpCollector());
    let shown: Figures = {};
    let told: Figures = {};
    const app = await startTestApp({
      env: {
        OTEL_EXPORTER_OTLP_ENDPOINT: `${collector.url}/`,
        OTEL_EXPORTER_OTLP_HEADERS: 'x-key=some%20key',
        OTEL_SERVICE_NAME: 'id',
        OTEL_METRIC_EXPORT_INTERVAL: '1000',
      },
    });
    try {
      const party = await discover(app, await app.relyingParty());
      await signIn(party, await app.person());
      // What changes by itself, such as an idle connection, is the same at some moment.
      await eventually(async () => {
        shown = figuresIn(await app.server.metrics.registry.metrics());
        told = figuresOf(collector.metrics().at(-1)?.metrics ?? []);
        assert.deepEqual(lasting(told), lasting(shown));
        return true;
      });
      await eventually(() => collector.spans().length > 0);
    } finally {
      await app.stop();
    }
    const [{ resource, metrics } = assert.fail('nothing was told')] = collector.metrics().slice(-1);
    assert.equal(told['gatehouse_sign_ins_total{method="password",result="succeeded"}'], 1);
    assert.ok(Object.keys(told).some((key) => key.startsWith('gatehouse_http_request_duration_seconds_bucket{')));
    const namesOf = (of: Figures) =>
      new Set(
        Object.keys(of)
          .filter(isOfTheMoment)
          .map((key) => key.slice(0, key.indexOf('{'))),
      );
    // A lag of which nothing was measured between two looks is not told.
    for (const name of namesOf(told)) assert.ok(namesOf(shown).has(name), name);
    assert.ok(namesOf(told).has('process_resident_memory_bytes'));
    assert.deepEqual(
      metrics.map(({ name }) => name).sort(),
      (await app.server.metrics.registry.getMetricsAsJSON()).map(({ name }) => name).sort(),
    );

    assert.deepEqual(
      { ...resource, 'service.instance.id': '' },
      { 'service.name': 'id', 'service.instance.id': '', 'host.name': hostname(), 'process.pid': process.pid },
    );
    assert.match(String(resource['service.instance.id']), /^[0-9a-f-]{36}$/);
    assert.ok(collector.traceResources().length > 0);
    for (const ofTraces of collector.traceResources()) assert.deepEqual(ofTraces, resource);
    assert.deepEqual([...new Set(collector.headers.map((headers) => headers['x-key']))], ['some key']);

    const requests = metrics.find(({ name }) => name === 'gatehouse_http_requests_total');
    // Cumulative, and only ever more.
    assert.deepEqual([requests?.sum?.aggregationTemporality, requests?.sum?.isMonotonic], [2, true]);
    for (const { startTimeUnixNano: start, timeUnixNano: end } of requests?.sum?.dataPoints ?? []) {
      assert.ok(BigInt(start) < BigInt(end));
      assert.ok(Math.abs(Number(BigInt(start) / 1_000_000n) - performance.timeOrigin) < 2);
    }
  });

  it('are told again and again, each time as they are then', async () => {
    const collector = await opened(startOtlpCollector());
    const { registry, observeRequest } = createMetrics();
    const { options } = optionsFor(collector.url, { registry });
    const pushing = startMetricsExport(options);
    const count = () =>
      figuresOf(collector.metrics().at(-1)?.metrics ?? [])[keyOf('gatehouse_http_requests_total', route)];
    const route = { method: 'GET', route: '/jwks', status: '200' };
    for (const n of [1, 2, 3]) {
      observeRequest({ method: 'GET', route: '/jwks', status: 200, seconds: 0.3 });
      await eventually(() => count() === n);
    }
    // Those of the end are told at the end, however long an interval is.
    await pushing.stop();
    const before = collector.metrics().length;
    const last = startMetricsExport({ ...options, intervalMs: 1_000_000 });
    observeRequest({ method: 'GET', route: '/jwks', status: 200, seconds: 30 });
    await last.stop();
    assert.equal(collector.metrics().length, before + 1);
    assert.equal(count(), 4);
    const durations = collector
      .metrics()
      .at(-1)
      ?.metrics.find(({ name }) => name === 'gatehouse_http_request_duration_seconds');
    const [point] = durations?.histogram?.dataPoints ?? [];
    assert.deepEqual([point?.count, point?.bucketCounts], [4, [0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 1]]);
  });

  it('have each set of labels apart, also in a histogram, and leave out what was not measured', async () => {
    const collector = await opened(startOtlpCollector());
    const registry = new Registry();
    const histogram = new Histogram({
      name: 'a',
      help: 'a',
      labelNames: ['x', 'y'],
      buckets: [1, 2],
      registers: [registry],
    });
    histogram.observe({ x: '1', y: '2' }, 1);
    histogram.observe({ x: '2', y: '1' }, 5);
    const counter = new Counter({ name: 'b', help: 'b', labelNames: ['x'], registers: [registry] });
    counter.inc({ x: 'é"\n' }, 2);
    const { options } = optionsFor(collector.url, { registry, intervalMs: 1_000_000 });
    await startMetricsExport(options).stop();
    const [{ metrics } = assert.fail('nothing was told')] = collector.metrics();
    const points = metrics[0]?.histogram?.dataPoints.map(({ attributes, bucketCounts, sum }) => [
      attributesOf(attributes),
      bucketCounts,
      sum,
    ]);
    assert.deepEqual(points, [
      [{ x: '1', y: '2' }, [1, 0, 0], 1],
      [{ x: '2', y: '1' }, [0, 0, 1], 5],
    ]);
    assert.deepEqual(figuresOf(metrics.slice(1)), { [keyOf('b', { x: 'é"\n' })]: 2 });

    const { registry: real } = createMetrics();
    await startMetricsExport({ ...options, registry: real }).stop();
    const values =
      collector
        .metrics()
        .at(-1)
        ?.metrics.flatMap(({ gauge }) => gauge?.dataPoints ?? []) ?? [];
    assert.ok(values.length > 10);
    for (const { asDouble } of values) assert.equal(typeof asDouble, 'number');
  });

  it('say aloud what they have no form for', async () => {
    const collector = await opened(startOtlpCollector());
    const registry = new Registry();
    new Summary({ name: 'a', help: 'a', registers: [registry] });
    const { options, said } = optionsFor(collector.url, { registry });
    const pushing = startMetricsExport(options);
    await eventually(() => said.length > 0);
    await pushing.stop();
    assert.deepEqual(collector.metrics(), []);
    assert.match(said.join(), /takes no metrics/);
  });

  for (const [how, addressOf] of [
    ['is down', async () => `http://127.0.0.1:${await freePort()}`],
    ['takes requests and says nothing', async () => (await opened(listen(() => undefined))).url],
    ['refuses', async () => (await opened(startOtlpCollector({ answerWith: () => 400 }))).url],
    ['is overloaded', async () => (await opened(startOtlpCollector({ answerWith: () => 503 }))).url],
  ] as const)
    it(`cost nobody anything while the collector ${how}, and let the server stop`, async () => {
      const env = { OTEL_EXPORTER_OTLP_ENDPOINT: await addressOf(), OTEL_METRIC_EXPORT_INTERVAL: '1000' };
      const app = await startTestApp({ env: { ...env, OTEL_TRACES_EXPORTER: 'none' } });
      try {
        const party = await discover(app, await app.relyingParty());
        assert.ok((await signIn(party, await app.person())).tokens.access_token);
      } finally {
        await app.stop();
      }
    });

  it('are asked for once at a time: a collector that is slow piles nothing up', async () => {
    const answers: (() => void)[] = [];
    let asked = 0;
    const slow = await opened(
      listen((_req, res) => {
        asked += 1;
        answers.push(() => res.writeHead(200).end('{}'));
      }),
    );
    const registry = new Registry();
    let looks = 0;
    new Counter({
      name: 'looks_total',
      help: 'looks',
      registers: [registry],
      collect() {
        looks += 1;
      },
    });
    const { options, said } = optionsFor(slow.url, { registry, intervalMs: 5, timeoutMs: 1_000_000, flushMs: 100 });
    const pushing = startMetricsExport(options);
    for (const n of [1, 2, 3]) {
      await eventually(() => asked === n);
      // Many intervals go by.
      let turns = 0;
      const clock = setInterval(() => (turns += 1), 5);
      await eventually(() => turns > 20);
      clearInterval(clock);
      assert.deepEqual([asked, looks], [n, n]);
      answers.at(-1)?.();
    }
    await eventually(() => asked === 4);
    // It hangs in the fourth: the stop does not wait for it as long as it would.
    await pushing.stop();
    assert.deepEqual([asked, looks, said], [4, 4, []]);
  });

  it('are told a last time at the end, also where others were on their way', async () => {
    const held: (() => void)[] = [];
    const slow = await opened(listen((_req, res) => void held.push(() => res.writeHead(200).end('{}'))));
    const { options, said } = optionsFor(slow.url, { timeoutMs: 1_000_000 });
    const pushing = startMetricsExport(options);
    await eventually(() => held.length === 1);
    const stopped = pushing.stop();
    held[0]?.();
    await eventually(() => held.length === 2);
    held[1]?.();
    await stopped;
    assert.deepEqual(said, []);
  });

  it('say once that the collector takes none, and once that it does again', async () => {
    let status = 400;
    const collector = await opened(startOtlpCollector({ answerWith: () => status }));
    const { options, said } = optionsFor(collector.url);
    const pushing = startMetricsExport(options);
    await eventually(() => said.length === 1);
    status = 200;
    await eventually(() => said.length === 2 && collector.metrics().length > 2);
    await pushing.stop();
    assert.match(said[0] ?? '', /takes no metrics/);
    assert.match(said[1] ?? '', /takes metrics again/);
    assert.equal(said.length, 2);
  });

  it("are each worker's own, and end with it", async () => {
    const collector = await opened(startOtlpCollector());
    const port = await freePort();
    const app = await startTestApp({ issuer: () => `http://localhost:${port}`, runJobs: false });
    const server = startServerProcess({
      ...environmentOf(app, port),
      WORKERS: '2',
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_TRACES_EXPORTER: 'none',
      OTEL_METRIC_EXPORT_INTERVAL: '1000',
    });
    try {
      await server.ready();
      const told = (name: string) => [...new Set(collector.metrics().map(({ resource }) => resource[name]))];
      await eventually(() => told('service.instance.id').length === 2);
      assert.equal(told('process.pid').length, 2);
      assert.ok(!told('process.pid').includes(server.pid), 'the primary serves nobody');
      assert.deepEqual(await server.stop(), { code: 0, signal: null });
    } finally {
      await server.stop('SIGKILL');
      await app.stop();
    }
  });

  it('go without traces, and traces without them, as the operator says', async () => {
    for (const [variable, told, not] of [
      ['OTEL_TRACES_EXPORTER', 'metrics', 'spans'],
      ['OTEL_METRICS_EXPORTER', 'spans', 'metrics'],
    ] as const) {
      const collector = await opened(startOtlpCollector());
      const env = {
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
        OTEL_METRIC_EXPORT_INTERVAL: '1000',
        [variable]: 'none',
      };
      const app = await startTestApp({ env });
      await fetch(`${app.issuer}/device`);
      await eventually(() => collector[told]().length > 0);
      await app.stop();
      assert.deepEqual(collector[not](), [], not);
    }
  });
});
