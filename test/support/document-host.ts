/** A host of client ID metadata documents: https on loopback under names of its own, and a name server that says where they are. */
import { execFileSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { promises as dns } from 'node:dns';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface DocumentHost {
  port: number;
  /** Its certificate, PEM. */
  certificate: string;
  /** The address of a document here. */
  address(path: string, host?: string): string;
  /** What is answered at a path: an object as JSON, with `client_id` where it says none. */
  serve(path: string, answer: object | RequestListener, host?: string): string;
  /** The paths that were asked for. */
  requests: string[];
  close(): Promise<void>;
}

export async function startDocumentHost(names: readonly string[] = ['localhost']): Promise<DocumentHost> {
  const directory = mkdtempSync(join(tmpdir(), 'gatehouse-documents-'));
  const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')];
  const subject = [
    '-subj',
    '/CN=documents',
    '-addext',
    `subjectAltName=${names.map((name) => `DNS:${name}`).join(',')}`,
  ];
  const options = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  execFileSync('openssl', ['req', ...options, ...subject, '-keyout', key, '-out', cert], { stdio: 'ignore' });
  const certificate = readFileSync(cert, 'utf8');
  const answers = new Map<string, RequestListener>();
  const requests: string[] = [];
  const server = createServer({ key: readFileSync(key), cert: certificate }, (req, res) => {
    requests.push(req.url ?? '');
    const answer = answers.get(req.url ?? '');
    if (answer) answer(req, res);
    else res.writeHead(404).end();
  });
  rmSync(directory, { recursive: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const address = (path: string, host = names[0]) => `https://${host}:${port}${path}`;
  return {
    port,
    certificate,
    address,
    requests,
    serve(path, answer, host) {
      const url = address(path, host);
      const send: RequestListener = (_req, res) =>
        res.setHeader('content-type', 'application/json').end(JSON.stringify({ client_id: url, ...answer }));
      answers.set(path, typeof answer === 'function' ? (answer as RequestListener) : send);
      return url;
    },
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

export interface NameServer {
  /** As `createOutboundFetch` takes it. */
  lookup(host: string): Promise<{ address: string; family: number }[]>;
  /** How often it was asked. */
  asked(): number;
  close(): void;
}

/** A name server (RFC 1035) on loopback. @param answer the IPv4 address to tell, by how often it was asked before */
export async function startNameServer(answer: (before: number) => string): Promise<NameServer> {
  let asked = 0;
  const socket = createSocket('udp4');
  socket.on('message', (query, from) => {
    const question = query.subarray(12, query.indexOf(0, 12) + 5);
    // Id; a response, recursion available; one question, one answer. TTL 0: to be asked again at once.
    const head = Buffer.concat([query.subarray(0, 2), Buffer.from('81800001000100000000', 'hex')]);
    const record = Buffer.from('c00c000100010000000000' + '04', 'hex');
    const address = Buffer.from(answer(asked).split('.').map(Number));
    asked += 1;
    socket.send(Buffer.concat([head, question, record, address]), from.port, from.address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const resolver = new dns.Resolver();
  resolver.setServers([`127.0.0.1:${socket.address().port}`]);
  return {
    lookup: async (host) => (await resolver.resolve4(host)).map((address) => ({ address, family: 4 })),
    asked: () => asked,
    close: () => socket.close(),
  };
}
