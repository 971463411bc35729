/**
 * A real SMTP server on loopback that keeps what it is given. It can refuse, be slow, say nothing at all, and be stopped and
 * started again on the same port. Mail is read as far as tests ask: its head, its two texts, the links and codes in them.
 */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { SMTPServer } from 'smtp-server';
import { eventually } from './eventually.ts';
import { freePort } from './free-port.ts';

export interface ReceivedMail {
  /** As the sender gave them to the server; what decides who gets it. */
  envelope: { from: string; to: string[] };
  /** Of the first header of that name, decoded; names in lower case. */
  header(name: string): string | undefined;
  subject: string;
  text: string;
  html: string;
  /** Addresses in the text, in order. */
  links: string[];
  /** The six digits that stand on a line alone. */
  code: string | undefined;
  messageId: string;
  receivedAt: number;
  source: string;
}

export interface Mailbox {
  port: number;
  /** For SMTP_URL. */
  url: string;
  /** Everything that was taken, the oldest first. */
  mails: ReceivedMail[];
  /** How many connections were opened. */
  connections(): number;
  /** Mail to this address, the oldest first. */
  to(address: string): ReceivedMail[];
  /** The newest mail to this address of `count` at least. */
  waitFor(address: string, options?: { count?: number }): Promise<ReceivedMail>;
  /** Answers with this reply from now on; undefined: takes mail again. */
  refuse(reply: { code: number; at?: 'connect' | 'recipient' | 'data'; text?: string } | undefined): void;
  /** Takes connections and says nothing: not even a greeting. */
  hang(hanging: boolean): void;
  /** Reads mails and neither takes nor refuses them; undone: takes what it holds. */
  hold(holding: boolean): void;
  /** How many it holds. */
  held(): number;
  /** Closes the port and every connection. */
  stop(): Promise<void>;
  /** Listens again on the same port. */
  restart(): Promise<void>;
}

export interface MailboxOptions {
  /** Asks for this login. */
  auth?: { user: string; pass: string };
  /** Whether it takes addresses beyond ASCII (RFC 6531). It does. */
  unicode?: boolean;
}

export async function startMailbox({ auth, unicode = true }: MailboxOptions = {}): Promise<Mailbox> {
  const mails: ReceivedMail[] = [];
  let refusal: { code: number; at?: 'connect' | 'recipient' | 'data'; text?: string } | undefined;
  let hanging = false;
  let holding = false;
  let held: (() => void)[] = [];
  let connections = 0;
  const sockets = new Set<Socket>();

  function refused(at: 'connect' | 'recipient' | 'data'): Error | undefined {
    if (!refusal || (refusal.at ?? 'recipient') !== at) return undefined;
    return Object.assign(new Error(refusal.text ?? 'not now'), { responseCode: refusal.code });
  }

  function makeServer(): SMTPServer {
    const server = new SMTPServer({
      disabledCommands: auth ? ['STARTTLS'] : ['STARTTLS', 'AUTH'],
      allowInsecureAuth: true,
      hideSMTPUTF8: !unicode,
      disableReverseLookup: true,
      closeTimeout: 100,
      onAuth({ username, password }, _session, done) {
        if (auth && username === auth.user && password === auth.pass) done(null, { user: username });
        else done(Object.assign(new Error('wrong login'), { responseCode: 535 }));
      },
      onConnect(_session, done) {
        if (!hanging) done(refused('connect'));
      },
      onRcptTo(_address, _session, done) {
        done(refused('recipient'));
      },
      onData(stream, session, done) {
        const chunks: Buffer[] = [];
        stream.on('data', (chunk: Buffer) => chunks.push(chunk));
        stream.on('end', async () => {
          if (holding) await new Promise<void>((resolve) => void held.push(resolve));
          const error = refused('data');
          if (!error) {
            const { mailFrom, rcptTo } = session.envelope;
            const envelope = {
              from: mailFrom ? mailFrom.address : '',
              to: rcptTo.map(({ address }) => address),
            };
            mails.push(readMail(Buffer.concat(chunks).toString('utf8'), envelope));
          }
          done(error);
        });
      },
    });
    // A client that gives up is no failure of the test.
    server.on('error', () => {});
    server.server.on('connection', (socket: Socket) => {
      connections += 1;
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
    });
    return server;
  }

  async function open(port: number): Promise<SMTPServer> {
    const server = makeServer();
    server.listen(port, '127.0.0.1');
    await once(server.server, 'listening');
    return server;
  }

  const port = await freePort();
  let server: SMTPServer | undefined = await open(port);
  const login = auth ? `${encodeURIComponent(auth.user)}:${encodeURIComponent(auth.pass)}@` : '';

  const mailbox: Mailbox = {
    port,
    url: `smtp://${login}127.0.0.1:${port}`,
    mails,
    connections: () => connections,
    to: (address) => mails.filter(({ envelope }) => envelope.to.includes(address)),
    async waitFor(address, { count = 1 } = {}) {
      return eventually(() => {
        const found = mailbox.to(address);
        return found.length >= count ? found.at(-1) : undefined;
      }, `${count} mails to ${address}`);
    },
    refuse(reply) {
      refusal = reply;
    },
    hang(value) {
      hanging = value;
    },
    hold(value) {
      holding = value;
      if (holding) return;
      for (const release of held.splice(0)) release();
    },
    held: () => held.length,
    async stop() {
      const running = server;
      server = undefined;
      if (!running) return;
      const closed = new Promise<void>((resolve) => running.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      // Nobody is there any more to whom they could be acknowledged.
      held = [];
      await closed;
    },
    async restart() {
      server ??= await open(port);
    },
  };
  return mailbox;
}

type Headers = Map<string, string>;

/** Reads the source of a mail as RFC 5322 and RFC 2045 have it, as far as nodemailer makes use of them. */
export function readMail(source: string, envelope: ReceivedMail['envelope']): ReceivedMail {
  const parts = leaves(source);
  const { headers } = split(source);
  const textOf = (type: string) => parts.find((part) => part.type === type)?.text ?? '';
  const text = textOf('text/plain');
  return {
    envelope,
    header: (name) => headers.get(name.toLowerCase()),
    subject: headers.get('subject') ?? '',
    text,
    html: textOf('text/html'),
    links: [...text.matchAll(/https?:\/\/\S+/g)].map(([link]) => link),
    code: /^\s*(\d{6})\s*$/m.exec(text)?.[1],
    messageId: headers.get('message-id') ?? '',
    receivedAt: Date.now(),
    source,
  };
}

function split(source: string): { headers: Headers; body: string } {
  const [, head = '', body = ''] = /^([\s\S]*?)\r?\n\r?\n([\s\S]*)$/.exec(source) ?? [];
  const headers: Headers = new Map();
  for (const line of head.replace(/\r?\n[ \t]+/g, ' ').split(/\r?\n/)) {
    const [, name = '', value = ''] = /^([^:]+):\s*(.*)$/.exec(line) ?? [];
    if (name !== '' && !headers.has(name.toLowerCase())) headers.set(name.toLowerCase(), decodeWords(value));
  }
  return { headers, body };
}

/** Encoded words (RFC 2047); the space between two of them is none. */
function decodeWords(value: string): string {
  return value
    .replace(/(=\?[^?]+\?[BQ]\?[^?]*\?=)\s+(?==\?)/gi, '$1')
    .replace(/=\?[^?]+\?([BQ])\?([^?]*)\?=/gi, (_word, encoding: string, text: string) =>
      encoding.toUpperCase() === 'B'
        ? Buffer.from(text, 'base64').toString('utf8')
        : decodeQuoted(text.replaceAll('_', ' ')),
    );
}

function decodeQuoted(text: string): string {
  const bytes = text
    .replace(/=\r?\n/g, '')
    .replace(/=([0-9A-F]{2})/gi, (_escape, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

function leaves(source: string): { type: string; text: string }[] {
  const { headers, body } = split(source);
  const contentType = headers.get('content-type') ?? 'text/plain';
  const boundary = /boundary="?([^";]+)"?/i.exec(contentType)?.[1];
  if (boundary !== undefined)
    return body
      .split(`--${boundary}`)
      .slice(1, -1)
      .flatMap((part) => leaves(part.replace(/^\r?\n/, '')));
  const encoding = headers.get('content-transfer-encoding')?.toLowerCase();
  const text =
    encoding === 'base64'
      ? Buffer.from(body, 'base64').toString('utf8')
      : encoding === 'quoted-printable'
        ? decodeQuoted(body)
        : body;
  return [{ type: (contentType.split(';')[0] ?? '').trim().toLowerCase(), text: text.replaceAll('\r\n', '\n') }];
}
