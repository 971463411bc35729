/** HTTP as it is on the wire: what no client library would send. One connection a request. */
import { once } from 'node:events';
import { connect } from 'node:net';

export interface RawAnswer {
  /** 0 where the connection was closed without an answer. */
  status: number;
  head: string;
  body: string;
}

/** Sends the bytes as they are and reads until the other end closes; the text should ask for that. */
export async function sendRaw(port: number, text: string): Promise<RawAnswer> {
  const socket = connect({ host: '127.0.0.1', port });
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  // A reset is one way of being closed.
  socket.on('error', () => undefined);
  socket.write(Buffer.from(text, 'latin1'));
  await once(socket, 'close');
  const received = Buffer.concat(chunks).toString('latin1');
  const [head = '', ...rest] = received.split('\r\n\r\n');
  return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? 0), head, body: rest.join('\r\n\r\n') };
}

export interface RawRequest {
  method?: string;
  target: string;
  headers?: Record<string, string>;
  form?: Record<string, string>;
}

/** A request whose target is sent as it is given. */
export function rawText({ method = 'GET', target, headers = {}, form }: RawRequest): string {
  const body = form === undefined ? '' : new URLSearchParams(form).toString();
  const sent: Record<string, string> = {
    Host: 'localhost',
    Connection: 'close',
    ...(form && { 'Content-Type': 'application/x-www-form-urlencoded', 'Content-Length': String(body.length) }),
    ...headers,
  };
  const lines = Object.entries(sent).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n${body}`;
}
