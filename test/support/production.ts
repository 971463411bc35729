/**
 * Gatehouse as it runs in production: `gatehouse start` in a process of its own, on an empty database, behind a proxy that
 * ends TLS under the issuer's name. Asked through the proxy alone.
 */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent, fetch as undiciFetch } from 'undici';
import { randomToken } from '../../src/platform/secrets.ts';
import { runGatehouse } from '../commands/run-gatehouse.ts';
import { Browserless } from './browserless.ts';
import { createTestDatabase } from './database.ts';
import { freePort } from './free-port.ts';
import { startServerProcess } from './server-process.ts';

export interface Production {
  issuer: string;
  /** The link that the server showed when it came up. */
  setUpLink: string;
  /** Knows the proxy's certificate. */
  fetch: typeof fetch;
  browser(): Browserless;
  /** A command; answers what it prints with `--json`. */
  // biome-ignore lint/suspicious/noExplicitAny: JSON of an answer that a test looks into
  run(...words: string[]): Promise<any>;
  stop(): Promise<void>;
}

interface Certificate {
  key: Buffer;
  cert: Buffer;
}

async function makeCertificate(directory: string): Promise<Certificate> {
  const files = { key: join(directory, 'key.pem'), cert: join(directory, 'cert.pem') };
  const form = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  const options = ['req', ...form, ...names, '-keyout', files.key, '-out', files.cert];
  execFileSync('openssl', options, { stdio: 'ignore' });
  return { key: await readFile(files.key), cert: await readFile(files.cert) };
}

/** Passes everything on to `upstream`, with the headers that docs/deployment.md asks a proxy for. */
async function startProxy(port: number, upstream: number, certificate: Certificate): Promise<() => Promise<void>> {
  const server = createServer(certificate, (incoming, outgoing) => {
    const headers = {
      ...incoming.headers,
      'x-forwarded-for': incoming.socket.remoteAddress,
      'x-forwarded-proto': 'https',
    };
    const forwarded = httpRequest(
      { host: '127.0.0.1', port: upstream, method: incoming.method, path: incoming.url, headers },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      },
    );
    forwarded.on('error', () => outgoing.headersSent || outgoing.writeHead(502).end());
    incoming.pipe(forwarded);
  });
  // Longer than who asks keeps a connection: what is sent while it closes is lost.
  server.keepAliveTimeout = 120_000;
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return async () => {
    server.close();
    server.closeAllConnections();
  };
}

export async function startProduction(): Promise<Production> {
  const database = await createTestDatabase();
  const directory = await mkdtemp(join(tmpdir(), 'gatehouse-production-'));
  const certificate = await makeCertificate(directory);
  const [port, upstream] = [await freePort(), await freePort()];
  const issuer = `https://localhost:${port}`;
  const environment = {
    NODE_ENV: 'production',
    HOST: '127.0.0.1',
    PORT: String(upstream),
    ISSUER: issuer,
    DATA_DIR: directory,
    DATABASE_URL: database.url,
    SECRET_KEY: randomToken(36),
    TRUSTED_PROXIES: '127.0.0.1/32',
    METRICS_PORT: '0',
    LOG_LEVEL: 'warn',
  };
  const server = startServerProcess(environment);
  const stopProxy = await startProxy(port, upstream, certificate);
  const agent = new Agent({ connect: { ca: certificate.cert } });
  const stop = async () => {
    await agent.close();
    await stopProxy();
    await server.stop();
    await database.drop();
    await rm(directory, { recursive: true, force: true });
  };
  try {
    const [setUpLink] = await server.said(/https:\/\/localhost:\d+\/set-up\/[\w-]{43}/);
    await server.ready();
    return {
      issuer,
      setUpLink,
      fetch: ((input: string, init: object) => undiciFetch(input, { ...init, dispatcher: agent })) as never,
      browser: () => new Browserless({}, { ca: certificate.cert, servername: 'localhost', family: 4 }),
      async run(...words) {
        const done = await runGatehouse([...words, '--json'], environment);
        if (done.code !== 0) throw new Error(`${words.join(' ')}: ${done.stdout}${done.stderr}`);
        return done.json;
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
