import assert from 'node:assert/strict';
import Koa from 'koa';
import Provider from 'oidc-provider';
import { createClientAddress, isProxied, trustProxies } from '../../../src/platform/network/trusted-proxies.ts';
import { type LoopbackServer, listen, send } from '../../support/loopback.ts';

const trustedProxies = ['10.0.0.0/8', '2001:db8:1::/48'];
const resolve = createClientAddress({ trustedProxies });

function from(address: string, headers: Record<string, string> = {}, encrypted = false) {
  return resolve({ address, encrypted, headers: { host: 'direct.example.org', ...headers } });
}

describe('who asks through proxies', () => {
  it('believes nobody by default', () => {
    const nobody = createClientAddress({ trustedProxies: [] });
    const headers = {
      host: 'a.example',
      'x-forwarded-for': '8.8.8.8',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'evil',
    };
    assert.deepEqual(nobody({ address: '127.0.0.1', encrypted: false, headers }), {
      ip: '127.0.0.1',
      secure: false,
      host: 'a.example',
      proxied: false,
    });
  });

  it('takes the address, the scheme and the host from a trusted proxy', () => {
    const headers = {
      'x-forwarded-for': '203.0.113.9',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'ID.example.org:8443',
    };
    const expected = { ip: '203.0.113.9', secure: true, host: 'id.example.org:8443', proxied: true };
    assert.deepEqual(from('10.0.0.5', headers), expected);
    assert.deepEqual(from('::ffff:10.0.0.5', headers), expected);
    assert.deepEqual(from('2001:db8:1::5', headers), expected);
  });

  it('ignores all of it from anybody else', () => {
    const headers = { 'x-forwarded-for': '1.2.3.4', 'x-forwarded-proto': 'https', 'x-forwarded-host': 'evil.example' };
    assert.deepEqual(from('203.0.113.1', headers), {
      ip: '203.0.113.1',
      secure: false,
      host: 'direct.example.org',
      proxied: false,
    });
    assert.equal(from('::ffff:203.0.113.1', headers).ip, '203.0.113.1');
  });

  it('walks from the right over trusted hops and stops at the first other', () => {
    assert.equal(from('10.0.0.5', { 'x-forwarded-for': '1.1.1.1, 203.0.113.9, 10.0.0.7, 10.0.0.6' }).ip, '203.0.113.9');
    assert.equal(from('10.0.0.5', { 'x-forwarded-for': '10.9.9.9, 203.0.113.9' }).ip, '203.0.113.9');
    assert.equal(from('10.0.0.5', { 'x-forwarded-for': '10.0.0.9,10.0.0.8' }).ip, '10.0.0.9');
    assert.equal(from('10.0.0.5').ip, '10.0.0.5');
  });

  it('stops where an entry is no address', () => {
    for (const bad of [
      'unknown',
      '_hidden',
      '',
      '203.0.113.300',
      '127.1',
      '0x7f.1',
      '<script>',
      '2130706433',
      '203.0.113.9;evil',
    ])
      assert.equal(from('10.0.0.5', { 'x-forwarded-for': `1.2.3.4, ${bad}, 10.0.0.7` }).ip, '10.0.0.7', bad);
  });

  it('understands ports, IPv6 and mapped addresses', () => {
    const ip = (entry: string) => from('10.0.0.5', { 'x-forwarded-for': entry }).ip;
    assert.equal(ip('203.0.113.9:4711'), '203.0.113.9');
    assert.equal(ip('[2001:db8:2::9]:4711'), '2001:db8:2::9');
    assert.equal(ip('[2001:db8:2::9]'), '2001:db8:2::9');
    assert.equal(ip('2001:DB8:2:0::9'), '2001:db8:2::9');
    assert.equal(ip('::ffff:203.0.113.9'), '203.0.113.9');
  });

  it('takes from lists what the outermost trusted proxy wrote', () => {
    const secure = (proto: string, forwardedFor: string) =>
      from('10.0.0.5', { 'x-forwarded-proto': proto, 'x-forwarded-for': forwardedFor }).secure;
    assert.equal(secure('https', '203.0.113.9, 10.0.0.7'), true);
    assert.equal(secure('https, http', '203.0.113.9, 10.0.0.7'), true);
    assert.equal(secure('https, http', '203.0.113.9'), false);
    assert.equal(secure('http, https, http', '1.1.1.1, 203.0.113.9, 10.0.0.7'), true);
    assert.equal(secure('https', ''), true);
    const hosts = { 'x-forwarded-host': 'evil.example, id.example.org', 'x-forwarded-for': '203.0.113.9' };
    assert.equal(from('10.0.0.5', hosts).host, 'id.example.org');
  });

  it('ignores schemes and hosts that are none', () => {
    assert.equal(from('10.0.0.5', { 'x-forwarded-proto': 'javascript' }).secure, false);
    assert.equal(from('10.0.0.5', { 'x-forwarded-proto': 'HTTPS' }).secure, true);
    for (const host of [
      '',
      'a b',
      'a/b',
      'user@evil.example',
      'evil.example"',
      'a\\b',
      '-',
      'a..b/',
      'x:99999999',
      '[::1',
    ])
      assert.equal(from('10.0.0.5', { 'x-forwarded-host': host }).host, 'direct.example.org', host);
    assert.equal(from('10.0.0.5', { 'x-forwarded-host': '[2001:db8::1]:8443' }).host, '[2001:db8::1]:8443');
  });

  it('knows a socket that itself speaks TLS', () => {
    assert.equal(from('203.0.113.1', {}, true).secure, true);
  });

  it('refuses a list with an entry that is no network', () => {
    assert.throws(() => createClientAddress({ trustedProxies: ['*'] }), /not a network/);
  });
});

describe('an application behind proxies', () => {
  const spoofed = {
    host: 'direct.example.org',
    'x-forwarded-for': '198.51.100.7',
    'x-forwarded-proto': 'https',
    'x-forwarded-host': 'id.example.org',
    'x-forwarded-port': '444',
    forwarded: 'for=198.51.100.7;proto=https',
  };
  const open: LoopbackServer[] = [];

  afterEach(async () => {
    for (const server of open.splice(0)) await server.close();
  });

  async function startApp(proxies: string[]) {
    const app = new Koa();
    app.use((ctx) => {
      const { ip, ips, protocol, secure, host, href } = ctx;
      const forwarding = Object.keys(ctx.headers).filter((name) => /forward/.test(name));
      ctx.body = { ip, ips, protocol, secure, host, href, proxied: isProxied(ctx.req), forwarding };
    });
    // After the other middleware, and yet it runs first.
    trustProxies(app, proxies);
    const server = await listen(app);
    open.push(server);
    return server;
  }

  it('sees the socket where nobody is trusted, whatever the headers say', async () => {
    const { body } = await send(await startApp([]), { path: '/x?y', headers: spoofed });
    assert.deepEqual(JSON.parse(body), {
      ip: '127.0.0.1',
      ips: ['127.0.0.1'],
      protocol: 'http',
      secure: false,
      host: 'direct.example.org',
      href: 'http://direct.example.org/x?y',
      proxied: false,
      forwarding: ['x-forwarded-for', 'x-forwarded-proto'],
    });
  });

  it('sees the client where the proxy is trusted', async () => {
    const { body } = await send(await startApp(['127.0.0.1']), { path: '/x?y', headers: spoofed });
    assert.deepEqual(JSON.parse(body), {
      ip: '198.51.100.7',
      ips: ['198.51.100.7'],
      protocol: 'https',
      secure: true,
      host: 'id.example.org',
      href: 'https://id.example.org/x?y',
      proxied: true,
      forwarding: ['x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host'],
    });
  });

  async function startProvider(proxies: string[]) {
    const provider = new Provider('https://id.example.org', {
      clients: [],
      cookies: { keys: ['a key for this test alone'] },
    });
    provider.proxy = true;
    const seen: { ip: string; secure: boolean }[] = [];
    provider.use((ctx, next) => {
      seen.push({ ip: ctx.ip, secure: provider.createContext(ctx.req, ctx.res).secure });
      return next();
    });
    const answer = provider.callback();
    const app = new Koa();
    trustProxies(app, proxies);
    app.use(async (ctx) => {
      ctx.respond = false;
      await answer(ctx.req, ctx.res);
    });
    const server = await listen(app);
    open.push(server);
    return { server, seen };
  }

  it('gives oidc-provider the same truth about its own addresses', async () => {
    const trusting = await startProvider(['127.0.0.0/8']);
    const discovery = { path: '/.well-known/openid-configuration', headers: spoofed };
    const believed = JSON.parse((await send(trusting.server, discovery)).body);
    assert.equal(believed.token_endpoint, 'https://id.example.org/token');
    assert.deepEqual(trusting.seen, [{ ip: '198.51.100.7', secure: true }]);

    const distrusting = await startProvider([]);
    const ignored = JSON.parse((await send(distrusting.server, discovery)).body);
    assert.equal(ignored.token_endpoint, 'http://direct.example.org/token');
    assert.deepEqual(distrusting.seen, [{ ip: '127.0.0.1', secure: false }]);
  });
});
