/**
 * Traces, as a collector reads them: a whole sign-in is there, nothing of the person is, and no collector, whatever it does, costs
 * a request anything.
 */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as openid from 'openid-client';
import { Registry } from 'prom-client';
import { callReceiver } from '../../src/domain/events/call-receiver.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { createOutboundFetch } from '../../src/platform/network/outbound.ts';
import { openTrace, traced } from '../../src/platform/tracing.ts';
import { startTraceExport, type TraceExportOptions } from '../../src/platform/tracing-export.ts';
import { startTestApp } from '../support/app.ts';
import { Browserless } from '../support/browserless.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { listen } from '../support/loopback.ts';
import { startMessagingApp } from '../support/messaging-app.ts';
import { attributesOf, startOtlpCollector, type ToldSpan } from '../support/otlp-collector.ts';
import { discover, redirectUri, signIn } from '../support/relying-party.ts';

/** Of a collector that takes connections and answers nobody. */
const startSilence = () => listen(() => undefined);

const attributeOf = ({ attributes }: ToldSpan, name: string) => attributesOf(attributes)[name];

describe('tracing', function () {
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

  it('tells a collector what a whole sign-in waited for, and nothing of the person', async () => {
    const collector = await opened(startOtlpCollector());
    const stage = await startMessagingApp({
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: `${collector.url}/`, OTEL_EXPORTER_OTLP_HEADERS: 'x-key=some%20key' },
    });
    const used: Record<string, string> = {};
    try {
      const { app } = stage;
      const person = await app.person();
      const client = await app.relyingParty();
      const party = await discover(app, client);
      const browser = stage.visitor();
      const { tokens, callback, checks } = await signIn(party, person, { browser });
      await openid.fetchUserInfo(party.config, tokens.access_token, person.id);
      // By a code in a mail, with a wrong one before it.
      const other = await app.person();
      const { base } = await stage.begin(party, stage.visitor());
      const visitor = stage.visitor();
      const begun = await stage.begin(party, visitor);
      const entry = await visitor.send(`${begun.base}/code`, { channel: 'email', address: other.email });
      assert.equal(entry.status, 303);
      const { code = '' } = await stage.mailbox.waitFor(other.email);
      await visitor.send(`${begun.base}/code/enter`, { code });
      await stage.settled();
      Object.assign(used, {
        email: person.email,
        password: person.password,
        id: person.id,
        username: person.username ?? '',
        otherEmail: other.email,
        oneTimeCode: code,
        clientId: client.clientId,
        clientSecret: client.clientSecret,
        code: callback.searchParams.get('code') ?? '',
        state: checks.expectedState ?? '',
        nonce: checks.expectedNonce ?? '',
        verifier: checks.pkceCodeVerifier ?? '',
        accessToken: tokens.access_token,
        refreshToken: tokens.refresh_token ?? '',
        idToken: tokens.id_token ?? '',
        address: '198.51.100.',
        interaction: base.split('/').at(-1) ?? '',
        otherInteraction: begun.base.split('/').at(-1) ?? '',
        secretKey: app.config.secretKeys[0] ?? '',
      });
      await eventually(() => {
        const names = new Set(collector.spans().map(({ name }) => name));
        return ['POST /token', 'GET /userinfo', 'POST /interaction/:uid/*', 'mail'].every((name) => names.has(name));
      }, 'the traces have arrived');
      const line = app
        .logs()
        .split('\n')
        .find((text) => text.includes('"path":"/token"'));
      used.traceId = JSON.parse(line ?? '{}').traceId;
    } finally {
      await stage.stop();
    }

    const spans = collector.spans();
    const { traceId, ...values } = used;
    const token = spans.find(({ name }) => name === 'POST /token');
    assert.equal(token?.traceId, traceId);
    assert.equal(token?.parentSpanId, undefined);
    assert.equal(attributeOf(token as ToldSpan, 'http.response.status_code'), 200);
    const within = (root: ToldSpan) => spans.filter((span) => span.traceId === root.traceId && span !== root);
    assert.ok(
      within(token as ToldSpan).some(({ kind }) => kind === 3),
      'statements of the token request',
    );
    const named = within(token as ToldSpan).filter(({ name }) => name !== 'query');
    assert.ok(named.length > 0, 'statements by their names');
    const hash = spans.find(({ name }) => name === 'password hash') as ToldSpan;
    const form = spans.find((span) => span.traceId === hash.traceId && span.parentSpanId === undefined);
    assert.match(form?.name ?? '', /^POST \/interaction\/:uid/);
    const mail = spans.find(({ name }) => name === 'mail') as ToldSpan;
    const job = spans.find((span) => span.traceId === mail.traceId && span.parentSpanId === undefined);
    assert.match(job?.name ?? '', /^job [a-z-]+$/);
    assert.deepEqual([...new Set(collector.headers.map((headers) => headers['x-key']))], ['some key']);

    for (const [what, value] of Object.entries(values)) {
      if (value === '') continue;
      for (const form of [value, encodeURIComponent(value), Buffer.from(value).toString('base64').slice(0, -4)])
        assert.ok(!collector.text().includes(form), `${what} is told`);
    }
    const told = new Set(spans.flatMap(({ attributes }) => attributes.map(({ key }) => key)));
    const known = [
      'attempt',
      'db.system.name',
      'error.type',
      'http.request.method',
      'http.response.status_code',
      'http.route',
      'server.address',
    ];
    assert.deepEqual(
      [...told].filter((key) => !known.includes(key)),
      [],
    );
    assert.ok(spans.every(({ status }) => !status.message));
  });

  it('takes a parent from a trusted proxy alone, and its word for keeping a trace from nobody', async () => {
    const collector = await opened(startOtlpCollector());
    const given = '4bf92f3577b34da6a3ce929d0e0e4736';
    const ask = async (env: Record<string, string>, flags: string, isKept = false): Promise<ToldSpan[]> => {
      const before = collector.spans().length;
      const app = await startTestApp({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, ...env } });
      const traceparent = `00-${given}-00f067aa0ba902b7-${flags}`;
      await fetch(`${app.issuer}/device`, { headers: { traceparent } });
      const told = () => collector.spans().slice(before);
      if (isKept) await eventually(() => told().some(({ name }) => name === 'GET /device'));
      await app.stop();
      return told();
    };
    const stranger = await ask({}, '01', true);
    assert.ok(stranger.every(({ traceId, parentSpanId }) => traceId !== given && parentSpanId !== '00f067aa0ba902b7'));
    const proxies = { TRUSTED_PROXIES: '127.0.0.0/8,::1' };
    const proxied = await ask(proxies, '01', true);
    const request = proxied.find(({ name }) => name === 'GET /device');
    assert.deepEqual([request?.traceId, request?.parentSpanId], [given, '00f067aa0ba902b7']);
    // What a proxy hands on may be a stranger's word.
    assert.deepEqual(await ask({ ...proxies, OTEL_TRACES_SAMPLER_ARG: '0' }, '01'), []);
    assert.deepEqual(await ask(proxies, '00'), []);
  });

  for (const [how, addressOf] of [
    ['is down', async () => `http://127.0.0.1:${await freePort()}`],
    ['takes requests and says nothing', async () => (await opened(startSilence())).url],
  ] as const)
    it(`answers everybody while the collector ${how}, and stops`, async () => {
      const app = await startTestApp({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: await addressOf() } });
      try {
        const party = await discover(app, await app.relyingParty());
        assert.ok((await signIn(party, await app.person())).tokens.access_token);
      } finally {
        await app.stop();
      }
      const dropped = await app.server.metrics.registry.getSingleMetric('gatehouse_trace_spans_dropped_total')?.get();
      assert.ok(dropped?.values.some(({ value }) => value > 0));
    });

  it('keeps no more spans than its queue holds, and counts each that it drops', async () => {
    const silence = await opened(startSilence());
    const registry = new Registry();
    const options: TraceExportOptions = {
      endpoint: silence.url,
      headers: {},
      serviceName: 'test',
      ratio: 1,
      logger: createLogger({ level: 'silent' }),
      registry,
      queueMax: 10,
      // Neither ends by itself within the test.
      intervalMs: 1_000_000,
      timeoutMs: 1_000_000,
    };
    const tracing = startTraceExport(options);
    for (let n = 0; n < 50; n++) openTrace('work', {})?.end();
    const count = async (reason: string) => {
      const found = await registry.getSingleMetric('gatehouse_trace_spans_dropped_total')?.get();
      return found?.values.find(({ labels }) => labels.reason === reason)?.value;
    };
    // Ten are on their way, ten wait.
    assert.equal(await count('queue'), 30);
    await tracing.stop();
    assert.equal(await count('end'), 20);
  });

  it('tells what came while the collector took its time at once afterwards', async () => {
    const held: (() => void)[] = [];
    const slow = await opened(listen((_req, res) => void held.push(() => res.writeHead(200).end('{}'))));
    const registry = new Registry();
    const tracing = startTraceExport({
      endpoint: slow.url,
      headers: {},
      serviceName: 'test',
      ratio: 1,
      logger: createLogger({ level: 'silent' }),
      registry,
      queueMax: 1,
      intervalMs: 1_000_000,
      timeoutMs: 1_000_000,
    });
    for (const n of [1, 2, 3]) {
      // Each waits for the answer to the one before.
      openTrace('work', {})?.end();
      if (n > 1) held[n - 2]?.();
      await eventually(() => held.length === n);
    }
    held.at(-1)?.();
    await tracing.stop();
    const dropped = await registry.getSingleMetric('gatehouse_trace_spans_dropped_total')?.get();
    assert.deepEqual(
      dropped?.values.map(({ value }) => value),
      [0, 0, 0],
    );
  });

  it('tells of a call the host alone, and hands no trace to who is called', async () => {
    const collector = await opened(startOtlpCollector());
    const received: Record<string, unknown>[] = [];
    const receiver = await opened(
      listen((req, res) => {
        received.push(req.headers);
        res.end();
      }),
    );
    const tracing = startTraceExport({
      endpoint: collector.url,
      headers: {},
      serviceName: 'test',
      ratio: 1,
      logger: createLogger({ level: 'silent' }),
      registry: new Registry(),
      intervalMs: 50,
    });
    const fetch = createOutboundFetch({ allowedNetworks: ['127.0.0.0/8'], timeoutMs: 60_000, maxBytes: 1_000 });
    const message = { headers: {}, body: 'secret-body', signal: new AbortController().signal };
    const outcome = await callReceiver(fetch, `${receiver.url}/secret-path?secret=query`, message);
    await eventually(() => collector.spans().length === 2);
    await tracing.stop();
    assert.equal(outcome.result, 'delivered');
    assert.equal(received.length, 1);
    assert.equal(received[0]?.traceparent, undefined);
    const [call, delivery] = collector.spans();
    assert.deepEqual([call?.name, call?.kind, call?.parentSpanId], ['HTTP POST', 3, delivery?.spanId]);
    assert.deepEqual(call?.attributes, [{ key: 'server.address', value: { stringValue: '127.0.0.1' } }]);
    assert.ok(!collector.text().includes('secret'));
  });

  it('has no part of a trace in what outlives it', async () => {
    const collector = await opened(startOtlpCollector());
    const tracing = startTraceExport({
      endpoint: collector.url,
      headers: {},
      serviceName: 'test',
      ratio: 1,
      logger: createLogger({ level: 'silent' }),
      registry: new Registry(),
      intervalMs: 50,
    });
    const trace = openTrace('request', {});
    const isOver = Promise.withResolvers<void>();
    const isWithin = Promise.withResolvers<void>();
    const late = trace?.run(async () => {
      await traced('within', {}, async () => {});
      isWithin.resolve();
      await isOver.promise;
      await traced('after', {}, async () => {});
    });
    await isWithin.promise;
    trace?.end();
    isOver.resolve();
    await late;
    await traced('outside', {}, async () => {});
    await assert.rejects(
      traced('outside', {}, async () => {
        throw new Error('as it was');
      }),
      /as it was/,
    );
    // By the clock: what a stop has no time for on a busy machine is dropped.
    await eventually(() => collector.spans().length === 2);
    await tracing.stop();
    assert.deepEqual(
      collector.spans().map(({ name }) => name),
      ['within', 'request'],
    );
  });

  it('is off by default: nothing of it is loaded', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'gatehouse-tracing-'));
    const [hook, list] = [join(folder, 'recorder.mjs'), join(folder, 'list')];
    await writeFile(
      hook,
      `import { writeFileSync } from 'node:fs';
      import { registerHooks } from 'node:module';
      const urls = [];
      registerHooks({ load: (url, context, next) => { urls.push(url); return next(url, context); } });
      process.on('exit', () => writeFileSync(${JSON.stringify(list)}, urls.join('\\n')));`,
    );
    const app = await startTestApp({ env: { NODE_OPTIONS: `--import=${pathToFileURL(hook)}` } });
    try {
      const origin = await app.startProcess();
      const page = await new Browserless().open(`${origin}/device`, redirectUri);
      assert.ok(page.status < 500);
      assert.ok(!app.logs().includes('traceId'));
    } finally {
      await app.stop();
    }
    const loaded = await eventually(() => readFile(list, 'utf8').catch(() => undefined), 'the process has ended');
    await rm(folder, { recursive: true, force: true });
    assert.ok(loaded.includes('/platform/tracing.ts') && loaded.includes('/koa/'));
    // Of the packages the queue of jobs has one, the interfaces alone.
    const packages = new Set([...loaded.matchAll(/@opentelemetry\/[\w-]+/g)].map(([name]) => name));
    packages.delete('@opentelemetry/api');
    assert.deepEqual([...packages], []);
    for (const file of ['tracing-export', 'metrics-export', 'collector'])
      assert.ok(!loaded.includes(`/platform/${file}.ts`), file);
  });
});
