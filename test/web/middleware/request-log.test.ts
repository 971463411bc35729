import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import Koa from 'koa';
import { createLogger } from '../../../src/platform/logger.ts';
import { createMetrics } from '../../../src/platform/metrics.ts';
import { trustProxies } from '../../../src/platform/network/trusted-proxies.ts';
import { createRequestLog, requestIdOf } from '../../../src/web/middleware/request-log.ts';
import { eventually } from '../../support/eventually.ts';
import { type LoopbackServer, listen, send } from '../../support/loopback.ts';

const canary = 'CANARYc6f1e0d4b2a39587';

describe('the request log', () => {
  const open: LoopbackServer[] = [];
  let lines: string[];
  let slowBegun = 0;
  let metrics: ReturnType<typeof createMetrics>;

  afterEach(async () => {
    for (const server of open.splice(0)) await server.close();
  });

  async function serve(trusted: string[] = [], routes?: string[]): Promise<LoopbackServer> {
    lines = [];
    metrics = createMetrics();
    const app = new Koa();
    app.silent = true;
    trustProxies(app, trusted);
    const logger = createLogger({ level: 'debug', destination: { write: (line: string) => void lines.push(line) } });
    app.use(createRequestLog({ logger, metrics, routes }));
    app.use(async (ctx) => {
      if (ctx.path === '/token') ctx.throw(503);
      if (ctx.path === '/account/slow') {
        slowBegun += 1;
        await once(ctx.res, 'close');
      }
      if (ctx.path === '/authorize') {
        ctx.respond = false;
        ctx.res.writeHead(303, { location: `https://app.example/cb?code=${canary}` }).end();
        return;
      }
      ctx.body = requestIdOf(ctx);
    });
    const server = await listen(app);
    open.push(server);
    return server;
  }

  const entries = () => lines.map((line) => JSON.parse(line) as Record<string, unknown>);

  async function pathOf(path: string): Promise<unknown> {
    const server = await serve();
    await send(server, { path });
    return entries().at(-1)?.path;
  }

  it('writes one line with all that is needed to find a request', async () => {
    const server = await serve();
    const answer = await send(server, { path: '/jwks' });
    assert.equal(lines.length, 1);
    const { time, pid, ms, requestId, ...rest } = entries()[0] ?? {};
    assert.deepEqual(rest, {
      level: 'info',
      method: 'GET',
      path: '/jwks',
      status: 200,
      ip: '127.0.0.1',
      msg: 'request',
    });
    assert.ok(typeof ms === 'number' && ms < 1_000 && time && pid);
    assert.match(String(requestId), /^[0-9a-f-]{36}$/);
    assert.equal(answer.headers['x-request-id'], requestId);
    assert.equal(answer.body, requestId);
  });

  it('logs neither queries nor credentials nor what stands in paths', async () => {
    const server = await serve();
    const headers = {
      authorization: `Bearer ${canary}`,
      cookie: `a=${canary}`,
      'user-agent': canary,
      referer: `http://a/${canary}`,
    };
    for (const path of [
      `/authorize?login_hint=${canary}`,
      `/jwks?${canary}`,
      `/interaction/${canary}`,
      `/interaction/${canary}/password`,
      `/authorize/${canary}`,
      `/set-up/${canary}`,
      `/recovery/${canary}`,
      `/invitations/${canary}`,
      `/device/${canary}`,
      `/api/users/${canary}/sessions`,
      `/nowhere/${canary}/reset`,
      `/${canary}`,
      `/nowhere/ada.lovelace%40example.org`,
      `/nowhere;jsessionid=${canary}`,
    ])
      await send(server, { path, headers });
    assert.equal(lines.length, 14);
    assert.ok(!lines.join('').includes(canary), lines.join(''));
    // No shorter word: an id of a request may hold it by chance.
    assert.ok(!lines.join('').includes('lovelace'), lines.join(''));
  });

  it('keeps the words of a path and names its values', async () => {
    assert.equal(await pathOf('/interaction/V1StGXR8_Z5jdHi6B-myT/password'), '/interaction/:uid/password');
    assert.equal(await pathOf('/authorize/V1StGXR8_Z5jdHi6B-myT'), '/authorize/:uid');
    assert.equal(await pathOf('/set-up/abc'), '/set-up/:token');
    // A token may well look like a word.
    assert.equal(await pathOf('/recovery/abc'), '/recovery/:token');
    assert.equal(await pathOf('/invitations/abc'), '/invitations/:token');
    assert.equal(await pathOf('/device/authorize'), '/device/authorize');
    assert.equal(await pathOf('/api/users/0199a2b4-1111-7abc-8def-0123456789ab'), '/api/users/:value');
    assert.equal(await pathOf('/wp-login.php'), '/wp-login.php');
    assert.equal(await pathOf('/.well-known/openid-configuration'), '/.well-known/openid-configuration');
    assert.equal(await pathOf(`/${'a/'.repeat(500)}`).then((path) => String(path).length < 100), true);
  });

  it('measures by route, from a bounded list', async () => {
    const server = await serve();
    for (const path of [
      '/interaction/a',
      '/interaction/b',
      '/interaction/a/consent',
      '/random-1',
      '/random-2',
      '/jwks/',
      '/jwks',
    ])
      await send(server, { path });
    await eventually(async () => /route="\/jwks"/.test(await metrics.registry.metrics()));
    const text = await metrics.registry.metrics();
    const count = (route: string) =>
      new RegExp(`^gatehouse_http_requests_total\\{method="GET",route="${route}",status="200"\\} (\\d+)$`, 'm').exec(
        text,
      )?.[1];
    assert.equal(count('/interaction/:uid'), '2');
    assert.equal(count('/interaction/:uid/\\*'), '1');
    assert.equal(count('other'), '3');
    assert.equal(count('/jwks'), '1');
    assert.doesNotMatch(text, /random/);
  });

  it('knows routes it is told of', async () => {
    const server = await serve([], ['/things/:id']);
    await send(server, { path: '/things/4711' });
    assert.equal(entries()[0]?.path, '/things/:id');
  });

  it('makes an id of its own for a sender who is no trusted proxy', async () => {
    const server = await serve();
    const answer = await send(server, { headers: { 'x-request-id': 'chosen-by-client' } });
    assert.match(String(answer.headers['x-request-id']), /^[0-9a-f-]{36}$/);
  });

  it('takes the id of a trusted proxy if it is a plain one', async () => {
    const server = await serve(['127.0.0.1']);
    const idFor = async (id: string | string[]) =>
      (await send(server, { headers: { 'x-request-id': id } })).headers['x-request-id'];
    assert.equal(await idFor('proxy.id_1-23'), 'proxy.id_1-23');
    assert.equal(entries().at(-1)?.requestId, 'proxy.id_1-23');
    for (const id of ['short', 'x'.repeat(65), 'with space', 'semi;colon', '{"json":1}', ['two-ids-1', 'two-ids-2']])
      assert.match(String(await idFor(id)), /^[0-9a-f-]{36}$/, String(id));
  });

  it('logs what failed, what another handler answered and who went away', async () => {
    const server = await serve();
    await send(server, { path: '/token', method: 'POST' });
    assert.deepEqual([entries()[0]?.status, entries()[0]?.level], [503, 'error']);
    await send(server, { path: '/authorize' });
    assert.equal(entries()[1]?.status, 303);
    const impatient = request({ port: server.port, host: '127.0.0.1', path: '/account/slow' }).on('error', () => {});
    impatient.end();
    await eventually(() => slowBegun > 0);
    impatient.destroy();
    await eventually(() => entries().length > 2);
    assert.deepEqual([entries()[2]?.status, entries()[2]?.path], [499, '/account/slow']);
  });

  it('is quiet about what machines ask every few seconds', async () => {
    const server = await serve();
    await send(server, { path: '/healthz' });
    assert.equal(entries()[0]?.level, 'debug');
  });
});
