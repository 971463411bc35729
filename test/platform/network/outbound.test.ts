import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import dns from 'node:dns';
import dnsPromises from 'node:dns/promises';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { IncomingHttpHeaders, RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { syncBuiltinESMExports } from 'node:module';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { createOutboundFetch, OutboundError } from '../../../src/platform/network/outbound.ts';
import { eventually } from '../../support/eventually.ts';
import { type LoopbackServer, listen } from '../../support/loopback.ts';
import { hasOpenssl } from '../../support/openssl.ts';

const limits = { timeoutMs: 60_000, maxBytes: 1_000 };
const toLoopback = createOutboundFetch({ ...limits, allowedNetworks: ['127.0.0.1'] });
const toPublic = createOutboundFetch({ ...limits, allowedNetworks: [] });

const failsWith = (code: OutboundError['code']) => (error: unknown) => {
  assert.ok(error instanceof OutboundError, String(error));
  assert.equal(error.code, code, error.message);
  assert.doesNotMatch(error.message, /127\.|\d+\.\d+\.\d+|localhost/);
  return true;
};

describe('calling addresses that others chose', () => {
  let server: LoopbackServer;
  let respond: RequestListener;
  let requests: { method: string; url: string; headers: IncomingHttpHeaders; body: string }[];

  before(async () => {
    server = await listen((req, res) => respond(req, res));
  });
  after(() => server?.close());
  beforeEach(() => {
    requests = [];
    respond = async (req, res) => {
      let body = '';
      for await (const chunk of req) body += chunk;
      requests.push({ method: req.method ?? '', url: req.url ?? '', headers: req.headers, body });
      res.setHeader('content-type', 'application/json').end('{"keys":[]}');
    };
  });

  describe('where to', () => {
    const spellings = [
      '127.0.0.1',
      '127.1',
      '0x7f000001',
      '2130706433',
      '0177.0.0.1',
      '127.0.0.1.',
      'localhost',
      '[::ffff:127.0.0.1]',
      '[::ffff:7f00:1]',
      '0',
      '[::1]',
      '[::]',
    ];
    for (const host of spellings)
      it(`refuses ${host}`, async () => {
        await assert.rejects(toPublic(`http://${host}:${server.port}/`), failsWith('OUTBOUND_REFUSED'));
        await assert.rejects(toPublic(`https://${host}:${server.port}/`), failsWith('OUTBOUND_REFUSED'));
        assert.equal(requests.length, 0);
      });

    it('refuses private, link-local and translated addresses before it connects', async () => {
      const hosts = [
        '10.0.0.1',
        '192.168.0.1',
        '169.254.169.254',
        '100.64.0.1',
        '[fd00::1]',
        '[fe80::1]',
        '[64:ff9b::7f00:1]',
        '[2002:7f00:1::]',
        '0.0.0.0',
        '255.255.255.255',
      ];
      for (const host of hosts) {
        // The one who connected would be told of a time-out, or of the connection.
        await assert.rejects(toPublic(`https://${host}/`), failsWith('OUTBOUND_REFUSED'), host);
      }
    });

    it('refuses plain http to what is not on the list, public or not', async () => {
      await assert.rejects(toLoopback('http://8.8.8.8/'), failsWith('OUTBOUND_REFUSED'));
      await assert.rejects(toLoopback('http://10.0.0.1/'), failsWith('OUTBOUND_REFUSED'));
    });

    it('refuses other schemes, credentials and what is no address', async () => {
      for (const url of [
        'ftp://example.org/',
        'file:///etc/passwd',
        'data:,x',
        'javascript:1',
        'example.org',
        '/path',
        '',
      ])
        await assert.rejects(toLoopback(url), failsWith('OUTBOUND_REFUSED'), url);
      await assert.rejects(toLoopback(`http://user:pw@127.0.0.1:${server.port}/`), failsWith('OUTBOUND_REFUSED'));
      await assert.rejects(toLoopback(`http://user@127.0.0.1:${server.port}/`), failsWith('OUTBOUND_REFUSED'));
      assert.equal(requests.length, 0);
    });

    it('fails for a name that does not exist', async () => {
      await assert.rejects(toPublic('https://does-not-exist.invalid/'), failsWith('OUTBOUND_FAILED'));
    });

    it('asks for an address once, so that a second answer cannot lead elsewhere', async () => {
      const trap = server;
      const genuine = { promised: dnsPromises.lookup, called: dns.lookup };
      let questions = 0;
      // A name server that an attacker owns: first an address that passes (here: on the list), then the private one.
      const answer = () => (questions++ === 0 ? '127.0.0.2' : '127.0.0.1');
      dnsPromises.lookup = (async () => [{ address: answer(), family: 4 }]) as unknown as typeof dnsPromises.lookup;
      dns.lookup = ((_host: string, _options: object, callback: (...result: unknown[]) => void) =>
        callback(null, [{ address: answer(), family: 4 }])) as unknown as typeof dns.lookup;
      syncBuiltinESMExports();
      try {
        const rebound = createOutboundFetch({ ...limits, allowedNetworks: ['127.0.0.2'] });
        await assert.rejects(rebound(`http://rebind.example:${trap.port}/`), failsWith('OUTBOUND_FAILED'));
        assert.equal(questions, 1);
        assert.equal(requests.length, 0);
      } finally {
        dnsPromises.lookup = genuine.promised;
        dns.lookup = genuine.called;
        syncBuiltinESMExports();
      }
    });

    it('calls what is on the list, by address and by name', async () => {
      for (const host of ['127.0.0.1', '127.1', 'localhost', '[::ffff:127.0.0.1]']) {
        const response = await toLoopback(`http://${host}:${server.port}/jwks?x=1#part`);
        assert.equal(response.status, 200, host);
      }
      assert.deepEqual(
        requests.map(({ url }) => url),
        Array(4).fill('/jwks?x=1'),
      );
      assert.equal(requests[2]?.headers.host, `localhost:${server.port}`);
    });
  });

  describe('the exchange', () => {
    it('gives back a standard response', async () => {
      respond = (_req, res) => {
        res
          .writeHead(404, 'Nothing', [
            ['content-type', 'text/plain'],
            ['x-two', 'a'],
            ['x-two', 'b'],
            ['set-cookie', 'a=b'],
          ])
          .end('none');
      };
      const response = await toLoopback(new URL(server.url));
      assert.ok(response instanceof Response);
      assert.equal(response.ok, false);
      assert.equal(response.status, 404);
      assert.equal(response.statusText, 'Nothing');
      assert.equal(response.headers.get('x-two'), 'a, b');
      assert.equal(response.headers.get('set-cookie'), null);
      assert.equal(await response.text(), 'none');
    });

    it('sends method, headers and body', async () => {
      const headers = new Headers({ authorization: 'Bearer x', 'user-agent': '' });
      await toLoopback(server.url, { method: 'post', headers, body: new URLSearchParams({ logout_token: 'a b&c' }) });
      await toLoopback(server.url, { method: 'PUT', headers: { 'Content-Type': 'application/json' }, body: '{"ä":1}' });
      await toLoopback(server.url, { method: 'POST', body: Buffer.from([1, 2, 3]) });
      const [form, json, bytes] = requests;
      assert.equal(form?.method, 'POST');
      assert.equal(form.headers.authorization, 'Bearer x');
      assert.equal(form.headers['user-agent'], 'Gatehouse');
      assert.equal(form.headers['content-type'], 'application/x-www-form-urlencoded;charset=UTF-8');
      assert.equal(form.body, 'logout_token=a+b%26c');
      assert.equal(json?.method, 'PUT');
      assert.equal(json.headers['content-type'], 'application/json');
      assert.equal(json.headers['content-length'], '8');
      assert.equal(json.body, '{"ä":1}');
      assert.equal(bytes?.body, '\u0001\u0002\u0003');
    });

    it('keeps the headers of the connection to itself', async () => {
      const headers = {
        cookie: 'a=b',
        host: 'evil.example',
        'content-length': '99',
        connection: 'upgrade',
        upgrade: 'h2c',
        expect: '100-continue',
        'accept-encoding': 'gzip',
      };
      await toLoopback(server.url, { method: 'POST', headers, body: 'x' });
      const received = requests[0]?.headers;
      assert.equal(received?.cookie, undefined);
      assert.equal(received?.upgrade, undefined);
      assert.equal(received?.expect, undefined);
      assert.equal(received?.host, `127.0.0.1:${server.port}`);
      assert.equal(received?.['content-length'], '1');
      assert.equal(received?.['accept-encoding'], 'identity');
    });

    it('does without the dispatcher that oidc-provider brings', async () => {
      const options = { dispatcher: { dispatch: () => assert.fail('used') } } as RequestInit;
      assert.equal((await toLoopback(server.url, options)).status, 200);
    });

    it('refuses bodies and methods it cannot send', async () => {
      await assert.rejects(toLoopback(server.url, { method: 'POST', body: new ReadableStream() }), TypeError);
      await assert.rejects(toLoopback(server.url, { body: 'x' }), TypeError);
      await assert.rejects(toLoopback(server.url, { method: 'CONNECT' }), TypeError);
      await assert.rejects(toLoopback(new Request(server.url)), TypeError);
    });

    it('answers without a body where there is none', async () => {
      for (const status of [204, 205, 304]) {
        respond = (_req, res) => void res.writeHead(status).end();
        const response = await toLoopback(server.url, { method: 'POST' });
        assert.equal(response.status, status);
        assert.equal(response.body, null);
      }
      respond = (_req, res) => void res.writeHead(200, { 'content-length': '500' }).end();
      assert.equal((await toLoopback(server.url, { method: 'HEAD' })).body, null);
    });

    it('opens a connection for each call', async () => {
      const ports = new Set<number | undefined>();
      respond = (req, res) => {
        ports.add(req.socket.remotePort);
        res.end();
      };
      await toLoopback(server.url);
      await toLoopback(server.url);
      assert.equal(ports.size, 2);
    });

    it('keeps a connection where it is told to, for calls that are led to the same addresses alone', async () => {
      let answers = ['127.0.0.1'];
      const lookup = async () => answers.map((address) => ({ address, family: 4 }));
      const keeping = createOutboundFetch({
        ...limits,
        allowedNetworks: ['127.0.0.1', '127.0.0.2'],
        keepConnectionsMs: 30_000,
        lookup,
      });
      const other = await listen(respond, '127.0.0.2', server.port);
      const ports: (number | undefined)[] = [];
      respond = (req, res) => {
        ports.push(req.socket.remotePort);
        res.end();
      };
      try {
        const url = `http://receiver.test:${server.port}/`;
        // One is free again a moment after its answer was read, so that the next call may have opened another.
        for (let n = 0; n < 6; n++) await keeping(url);
        assert.equal(ports.length, 6);
        assert.ok(new Set(ports).size <= 2, 'connections are used again');
        // The name leads elsewhere now: inside, and to another address that may be called.
        answers = ['127.0.0.3'];
        await assert.rejects(keeping(url), failsWith('OUTBOUND_REFUSED'));
        answers = ['127.0.0.2'];
        await keeping(url);
        assert.equal(ports.length, 6, 'the connection to the first address is not used');
      } finally {
        await other.close();
      }
    });
  });

  describe('redirects', () => {
    it('are not followed, least of all to a private address', async () => {
      const hits: string[] = [];
      const inner = await listen((_req, res) => {
        hits.push('inner');
        res.end();
      }, '127.0.0.1');
      try {
        for (const location of [
          inner.url,
          'http://169.254.169.254/latest/meta-data/',
          `http://[::ffff:7f00:1]:${inner.port}/`,
        ]) {
          respond = (_req, res) => void res.writeHead(302, { location }).end();
          for (const redirect of ['follow', 'manual', undefined] as const) {
            const response = await toLoopback(server.url, { redirect });
            assert.equal(response.status, 302);
            assert.equal(response.redirected, false);
          }
          await assert.rejects(toLoopback(server.url, { redirect: 'error' }), failsWith('OUTBOUND_REFUSED'));
        }
        assert.deepEqual(hits, []);
      } finally {
        await inner.close();
      }
    });
  });

  describe('limits', () => {
    const allowed = { maxBytes: 1_000, allowedNetworks: ['127.0.0.0/8'] };
    const quick = createOutboundFetch({ ...allowed, timeoutMs: 300 });
    /** For whatever ends by something else than its time, which a busy machine may take long for. */
    const patient = createOutboundFetch({ ...allowed, timeoutMs: 3_600_000 });

    async function assertFails(call: Promise<unknown>, code: OutboundError['code']): Promise<void> {
      await assert.rejects(call, failsWith(code));
    }

    it('gives up on a server that does not answer', async () => {
      respond = () => {};
      const began = performance.now();
      await assertFails(quick(server.url), 'OUTBOUND_TIMEOUT');
      assert.ok(performance.now() - began >= 280);
    });

    it('gives up on a body that drips, and hangs up', async () => {
      let hungUp = false;
      respond = (req, res) => {
        res.writeHead(200);
        const drip = setInterval(() => res.write('.'), 20);
        req.socket.once('close', () => {
          hungUp = true;
          clearInterval(drip);
        });
      };
      await assertFails(quick(server.url), 'OUTBOUND_TIMEOUT');
      await eventually(() => hungUp);
    });

    it('gives up on one that accepts and says nothing, one that talks nonsense and one that hangs up', async () => {
      const sockets: Socket[] = [];
      let greet = (_socket: Socket) => {};
      const tcp = createTcpServer((socket) => {
        sockets.push(socket.on('error', () => {}));
        greet(socket);
      }).listen(0, '127.0.0.1');
      await once(tcp, 'listening');
      const url = `http://127.0.0.1:${(tcp.address() as AddressInfo).port}/`;
      try {
        await assertFails(quick(url), 'OUTBOUND_TIMEOUT');
        await assertFails(quick(url.replace('http:', 'https:')), 'OUTBOUND_TIMEOUT');
        for (const words of [
          'SSH-2.0-x\r\n',
          'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n',
          'HTTP/1.1 999 What\r\ncontent-length: 0\r\n\r\n',
          'HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nshort',
          'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n',
        ]) {
          greet = (socket) => socket.end(words);
          await assertFails(patient(url), 'OUTBOUND_FAILED');
        }
        greet = (socket) => socket.destroy();
        await assertFails(patient(url), 'OUTBOUND_FAILED');
        greet = (socket) => socket.end(`HTTP/1.1 200 OK\r\n${`x-filler: ${'y'.repeat(1000)}\r\n`.repeat(40)}\r\n`);
        await assertFails(patient(url), 'OUTBOUND_FAILED');
      } finally {
        for (const socket of sockets) socket.destroy();
        tcp.close();
      }
    });

    it('fails at once where nobody listens', async () => {
      const gone = await listen((_req, res) => void res.end());
      await gone.close();
      await assertFails(patient(gone.url), 'OUTBOUND_FAILED');
    });

    it('refuses a body that announces too much without reading it', async () => {
      respond = (_req, res) => void res.writeHead(200, { 'content-length': '1001' }).write('x');
      await assertFails(patient(server.url), 'OUTBOUND_TOO_LARGE');
    });

    it('refuses a body without end as soon as it is too large', async () => {
      let written = 0;
      respond = (req, res) => {
        const pour = () => {
          while (!req.socket.destroyed && res.write(Buffer.alloc(16_384))) written += 16_384;
        };
        res.on('drain', pour).on('error', () => {});
        pour();
      };
      await assertFails(patient(server.url), 'OUTBOUND_TOO_LARGE');
      assert.ok(written < 20_000_000, `${written}`);
    });

    it('takes a body of exactly the limit', async () => {
      respond = (_req, res) => void res.end('x'.repeat(1_000));
      assert.equal((await (await patient(server.url)).text()).length, 1_000);
    });

    it('refuses compressed answers, which nobody asked for', async () => {
      respond = (_req, res) => void res.setHeader('content-encoding', 'gzip').end(gzipSync(Buffer.alloc(100_000)));
      await assertFails(patient(server.url), 'OUTBOUND_FAILED');
    });

    it('ends when the caller says so, with the reason the caller gave', async () => {
      respond = () => {};
      const controller = new AbortController();
      const reason = new Error('enough');
      setTimeout(() => controller.abort(reason), 50);
      await assert.rejects(patient(server.url, { signal: controller.signal }), reason);
      await assert.rejects(patient(server.url, { signal: controller.signal }), reason);
      await assert.rejects(patient(server.url, { signal: AbortSignal.timeout(20) }), { name: 'TimeoutError' });
    });
  });

  describe('over TLS', () => {
    const directory = mkdtempSync(join(tmpdir(), 'gatehouse-outbound-'));
    const secure = createTlsServer();
    let port: number;
    let ca: string;

    before(async function () {
      if (!hasOpenssl()) this.skip();
      const file = (name: string) => join(directory, name);
      const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
      execFileSync(
        'openssl',
        [
          'req',
          '-x509',
          '-newkey',
          'ec',
          '-pkeyopt',
          'ec_paramgen_curve:P-256',
          '-nodes',
          '-days',
          '2',
          '-keyout',
          file('key'),
          '-out',
          file('cert'),
          ...subject,
        ],
        { stdio: 'ignore' },
      );
      ca = readFileSync(file('cert'), 'utf8');
      secure.setSecureContext({ key: readFileSync(file('key')), cert: ca });
      secure.on('request', (_req, res) => res.end('over TLS'));
      secure.listen(0, '127.0.0.1');
      await once(secure, 'listening');
      port = (secure.address() as AddressInfo).port;
    });
    after(() => {
      secure.close();
      secure.closeAllConnections();
      rmSync(directory, { recursive: true });
    });

    it('checks the certificate, against the name that was asked for', async () => {
      const options = { ...limits, allowedNetworks: ['127.0.0.1'] };
      const trusting = createOutboundFetch({ ...options, ca });
      assert.equal(await (await trusting(`https://localhost:${port}/`)).text(), 'over TLS');
      await assert.rejects(trusting(`https://127.0.0.1:${port}/`), failsWith('OUTBOUND_FAILED'));
      await assert.rejects(createOutboundFetch(options)(`https://localhost:${port}/`), failsWith('OUTBOUND_FAILED'));
    });
  });
});
