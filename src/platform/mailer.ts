/**
 * Mail: to an SMTP server, or in development to files. Owns how long a server may take, and what its answers mean.
 * Refuses an address or a header that could become two, attachments, files and URLs of any kind, and outside this
 * machine a connection without TLS, unless SMTP_URL says so (`?requireTLS=false`). Gives an address beyond ASCII to no
 * server that does not take such (RFC 6531).
 */
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { domainToASCII, pathToFileURL } from 'node:url';
import { createTransport, type SendMailOptions } from 'nodemailer';
import { DeliveryError } from './delivery-error.ts';
import { offersUnicodeAddresses, rememberedAnswer } from './smtp-utf8.ts';
import { traced } from './tracing.ts';

export interface Mail {
  /** Names the message over every retry; becomes its Message-ID, so that mailboxes show a repetition once. */
  id: string;
  /** A bare address, canonical. */
  to: string;
  /** Whose name it bears before the sender's address, which stays; by default that of the configured sender. */
  fromName?: string;
  subject: string;
  text: string;
  html: string;
}

export interface Mailer {
  /**
   * Resolves when the server has taken the mail for delivery.
   * @throws DeliveryError
   */
  send(mail: Mail, signal?: AbortSignal): Promise<void>;
  /**
   * Connects as for a mail, signs in where the URL has a user, and leaves without sending any. Files need no check.
   * @throws DeliveryError
   */
  check(): Promise<void>;
  /**
   * Whether mail can go to addresses beyond ASCII, such as jörg@example.org: asked of the server, and remembered for minutes.
   * Undefined: it can't be asked now.
   */
  takesUnicode(): Promise<boolean | undefined>;
  /** Ends idle connections. */
  close(): void;
}

export interface MailerOptions {
  smtpUrl: string | undefined;
  /** Without `smtpUrl`: write mail into `directory`. */
  toFiles: boolean;
  /** Such as `Gatehouse <no-reply@id.example.org>`. */
  from: string;
  directory: string;
  /** Takes a line about each mail that was written to a file. */
  log: (line: string) => void;
  /** Of a server that says nothing; see `mailTimeouts`. */
  timeouts?: Partial<MailTimeouts>;
}

export interface MailTimeouts {
  connectMs: number;
  greetingMs: number;
  /** Of silence on the connection. */
  silenceMs: number;
  /** In all: a server that answers a byte now and then is never silent. */
  sendMs: number;
}

const mailTimeouts: MailTimeouts = { connectMs: 5_000, greetingMs: 5_000, silenceMs: 10_000, sendMs: 30_000 };

const longestName = 100;

/** One of each queue (domain/messages) at once. */
const connections = 2;

const notOneAddress = /[\s\p{C}\p{Z}"(),:;<>[\\\]]|@.*@/u;

/** What every mail of a program says, so that no auto-reply answers it (RFC 3834 section 5). */
const headers = { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' };

/** A mailer, or undefined where neither a server nor files are configured. Contacts nobody yet. */
export function createMailer(options: MailerOptions): Mailer | undefined {
  if (options.smtpUrl !== undefined)
    return smtpMailer(options.smtpUrl, options.from, { ...mailTimeouts, ...options.timeouts });
  return options.toFiles ? fileMailer(options) : undefined;
}

function composed({ id, to, fromName, subject, text, html }: Mail, from: string): SendMailOptions {
  if (notOneAddress.test(to) || !/^[^@]+@[^@]+$/.test(to))
    throw new DeliveryError('The address is none', { permanent: true, notSent: true, reason: 'EENVELOPE' });
  const sender = senderAddress(from);
  return {
    // Without quotes, angle brackets or line breaks the envelope is this one address, whatever else parses it.
    envelope: { from: sender, to: [to] },
    // Given apart: a name with a comma or a bracket in it is a name, and no further address.
    from: { name: senderName(fromName ?? /^(.*)</.exec(from)?.[1] ?? ''), address: sender },
    to: { name: '', address: to },
    subject: subject.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').trim(),
    messageId: `<${id.replace(/[^\w.-]/g, '')}@${sender.split('@')[1]}>`,
    text,
    html,
    headers,
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

/**
 * A name as it may stand before an address: one line, and nothing that a mail program would read as another address, as
 * the end of a quotation, or backwards.
 */
function senderName(name: string): string {
  const line = name
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\s@]+/gu, ' ')
    .replace(/[\u2060\u202a-\u202e\u2066-\u2069<>"\\]/g, '')
    .trim();
  return [...line].slice(0, longestName).join('');
}

/** The address in `Name <address>`, its domain in ASCII (RFC 5891). */
export function senderAddress(from: string): string {
  const address = (/<([^<>]+)>\s*$/.exec(from)?.[1] ?? from).trim();
  const at = address.lastIndexOf('@') + 1;
  return address.slice(0, at) + (domainToASCII(address.slice(at)) || address.slice(at));
}

function isBeyondAscii({ envelope }: SendMailOptions): boolean {
  return /[^\0-\x7f]/.test(JSON.stringify(envelope));
}

function isThisMachine(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127\./.test(host);
}

function smtpMailer(smtpUrl: string, from: string, timeouts: MailTimeouts): Mailer {
  const { hostname, searchParams } = new URL(smtpUrl);
  const transport = createTransport({
    url: smtpUrl,
    pool: true,
    maxConnections: connections,
    // The queue repeats; a repetition in here would be one that nobody counts.
    maxRequeues: 0,
    idleTimeout: timeouts.silenceMs,
    connectionTimeout: timeouts.connectMs,
    greetingTimeout: timeouts.greetingMs,
    dnsTimeout: timeouts.connectMs,
    socketTimeout: timeouts.silenceMs,
    ...(isThisMachine(hostname) || searchParams.has('requireTLS') ? {} : { requireTLS: true }),
  });
  const offersUnicode = (signal: AbortSignal) => offersUnicodeAddresses(transport.options, signal);
  return {
    async send(mail, signal) {
      const timeout = AbortSignal.timeout(timeouts.sendMs);
      const limit = signal ? AbortSignal.any([signal, timeout]) : timeout;
      const message = composed(mail, from);
      try {
        // Asked anew for each: the library would hand the address on to a server that has changed its mind.
        const mayGo = !isBeyondAscii(message) || (await offersUnicode(limit));
        if (!mayGo) throw unicodeRefused();
        await traced('mail', { kind: 'client' }, () => transport.sendMail({ ...message, signal: limit }));
      } catch (error) {
        if (error instanceof DeliveryError) throw error;
        throw deliveryError(timeout.aborted ? Object.assign(error as Error, { code: 'ETIMEDOUT' }) : error);
      }
    },
    async check() {
      await transport.verify().catch((error) => {
        throw deliveryError(error, true);
      });
    },
    takesUnicode: rememberedAnswer(() => offersUnicode(AbortSignal.timeout(timeouts.connectMs))),
    close: () => transport.close(),
  };
}

function unicodeRefused(): DeliveryError {
  return new DeliveryError('The mail server takes no address beyond ASCII', {
    permanent: true,
    notSent: true,
    reason: 'SMTPUTF8',
  });
}

interface SmtpError extends Error {
  code?: string;
  command?: string;
  responseCode?: number;
  timeoutType?: string;
}

/** Steps of a connection that come before any message, and whose errors name a server and no person. */
const beforeMessages = new Set(['EAUTH', 'ECONFIG', 'EDNS', 'ENOAUTH', 'EOAUTH2', 'EPROTOCOL', 'EREQUIRETLS', 'ETLS']);
const neverConnected = /\b(?:ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN)\b/;

/** @param noMessageYet true where there is no message yet, and so nobody whom the server's words could name */
function deliveryError(error: unknown, noMessageYet = false): DeliveryError {
  const { code = 'ERROR', command, responseCode, timeoutType, message } = error as SmtpError;
  const setUp =
    noMessageYet ||
    beforeMessages.has(code) ||
    neverConnected.test(message) ||
    (timeoutType !== undefined && timeoutType !== 'SOCKET_TIMEOUT');
  const about = [command, responseCode, code].filter((part) => part !== undefined && part !== 'API').join(' ');
  return new DeliveryError(setUp ? `${about}: ${message}` : `The mail server did not take a message: ${about}`, {
    // A refused password is about the server's settings: the message may yet go when they are right.
    permanent: !setUp && responseCode !== undefined && responseCode >= 500 && responseCode !== 503,
    notSent: setUp || responseCode !== undefined,
    reason: responseCode === undefined || (setUp && code !== 'EPROTOCOL') ? code : String(responseCode),
  });
}

function fileMailer({ from, directory, log }: MailerOptions): Mailer {
  const transport = createTransport({ streamTransport: true, buffer: true });
  return {
    async send(mail, signal) {
      signal?.throwIfAborted();
      const message = composed(mail, from);
      const { message: source } = await transport.sendMail(message);
      const file = join(directory, `${mail.id.replace(/[^\w.-]/g, '')}.eml`);
      await mkdir(directory, { recursive: true, mode: 0o700 });
      await writeFile(`${file}.part`, source as Buffer, { mode: 0o600 });
      await rename(`${file}.part`, file);
      log(`Mail for ${mail.to}, “${message.subject}”: ${pathToFileURL(file).href}`);
    },
    async check() {},
    takesUnicode: async () => true,
    close() {},
  };
}
