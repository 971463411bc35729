/**
 * A way to PostgreSQL that counts what is asked: simple queries and executions of the extended protocol (PostgreSQL
 * documentation, chapter 55, "Message Formats"). Begin and commit count as well. Slows nothing that is measured: the figures
 * of time are taken without it.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';

export interface StatementCounter {
  /** Of the database behind it. */
  url: string;
  count(): number;
  stop(): void;
}

/** Reads the messages of one connection; the first one (start-up, or a request for TLS) has no type byte. */
function createReader(onMessage: (type: string) => void): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  let started = false;
  return (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (;;) {
      const head = started ? 1 : 0;
      if (rest.length < head + 4) return;
      const end = head + rest.readInt32BE(head);
      if (rest.length < end) return;
      if (started) onMessage(String.fromCharCode(rest[0] as number));
      started = true;
      rest = rest.subarray(end);
    }
  };
}

/** Listens on loopback in front of the server of a `postgres://` URL. */
export async function startStatementCounter(databaseUrl: string): Promise<StatementCounter> {
  const target = new URL(databaseUrl);
  let statements = 0;
  const server = createServer((incoming) => {
    const outgoing = connect(Number(target.port || 5432), target.hostname);
    const read = createReader((type) => {
      if (type === 'Q' || type === 'E') statements += 1;
    });
    incoming.on('data', read);
    incoming.pipe(outgoing).pipe(incoming);
    const close = () => {
      incoming.destroy();
      outgoing.destroy();
    };
    for (const socket of [incoming, outgoing]) socket.on('error', close).on('close', close);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = new URL(databaseUrl);
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as AddressInfo).port);
  return { url: url.href, count: () => statements, stop: () => void server.close() };
}
