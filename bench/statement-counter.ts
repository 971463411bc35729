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
  /** From now on each statement goes to `hear` with the milliseconds until it was answered, as the way there takes them. */
  listen(hear: ((statement: string, ms: number) => void) | undefined): void;
  stop(): void;
}

/** Reads the messages of one direction; the first one of a client (start-up, or a request for TLS) has no type byte. */
function createReader(
  onMessage: (type: string, body: Buffer) => void,
  { started = false } = {},
): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (;;) {
      const head = started ? 1 : 0;
      if (rest.length < head + 4) return;
      const end = head + rest.readInt32BE(head);
      if (rest.length < end) return;
      if (started) onMessage(String.fromCharCode(rest[0] as number), rest.subarray(5, end));
      started = true;
      rest = rest.subarray(end);
    }
  };
}

/** The name and text of what each execution runs, from the messages that lead to it. */
function createTexts(): (type: string, body: Buffer) => string | undefined {
  const texts = new Map<string, string>();
  let bound = '';
  return (type, body) => {
    const strings = body.toString('utf8').split('\0');
    if (type === 'Q') return strings[0];
    // Parse names a statement; Bind says portal and statement.
    if (type === 'P') texts.set(strings[0] as string, `${strings[0]}: ${strings[1]}`);
    if (type === 'B') bound = texts.get(strings[1] as string) ?? '';
    return type === 'E' ? bound : undefined;
  };
}

/** Listens on loopback in front of the server of a `postgres://` URL. */
export async function startStatementCounter(databaseUrl: string): Promise<StatementCounter> {
  const target = new URL(databaseUrl);
  let statements = 0;
  let hear: ((statement: string, ms: number) => void) | undefined;
  const server = createServer((incoming) => {
    const outgoing = connect(Number(target.port || 5432), target.hostname);
    const textOf = createTexts();
    let asked: { text: string; at: number } | undefined;
    const readQuestions = createReader((type, body) => {
      const text = textOf(type, body);
      if (text === undefined) return;
      statements += 1;
      asked = { text, at: performance.now() };
    });
    const readAnswers = createReader(
      (type) => {
        // ReadyForQuery
        if (type !== 'Z' || !asked) return;
        hear?.(asked.text, performance.now() - asked.at);
        asked = undefined;
      },
      { started: true },
    );
    incoming.on('data', readQuestions);
    outgoing.on('data', readAnswers);
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
  return {
    url: url.href,
    count: () => statements,
    listen(to) {
      hear = to;
    },
    stop: () => void server.close(),
  };
}
