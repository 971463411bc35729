/**
 * An HTTP server on loopback that answers as Twilio's Messages API does: takes messages and keeps them, or fails with a
 * given status and error, is slow, or says nothing.
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from './eventually.ts';
import { freePort } from './free-port.ts';

export interface SentMessage {
  channel: 'sms' | 'whatsapp';
  /** E.164, without `whatsapp:`. */
  to: string;
  from: string | undefined;
  body: string;
  /** Of a WhatsApp template: its id and its variable 1. */
  contentSid: string | undefined;
  /** The six digits in the body or the template's variable. */
  code: string | undefined;
  links: string[];
  /** The form as it came. */
  fields: Record<string, string>;
  receivedAt: number;
}

export interface TwilioServer {
  port: number;
  /** For TWILIO_BASE_URL. */
  url: string;
  accountSid: string;
  authToken: string;
  smsFrom: string;
  whatsappFrom: string;
  /** The variables that configure a server to send through this one. */
  env: Record<string, string>;
  /** Everything that was taken, the oldest first. */
  messages: SentMessage[];
  /** How many requests came, the refused ones included. */
  requests(): number;
  to(phone: string): SentMessage[];
  /** The newest message to this number of `count` at least. */
  waitFor(phone: string, options?: { count?: number }): Promise<SentMessage>;
  /** Fails with this from now on, on one channel or both; undefined: takes messages again. */
  fail(failure: { status: number; code?: number; message?: string; channel?: 'sms' | 'whatsapp' } | undefined): void;
  /** Waits so long before each answer. A message is taken before the wait, as it is there. */
  slow(milliseconds: number): void;
  /** Takes requests and never answers. */
  hang(hanging: boolean): void;
  stop(): Promise<void>;
  /** Listens again on the same port. */
  restart(): Promise<void>;
}

export async function startTwilioServer(): Promise<TwilioServer> {
  const accountSid = `AC${randomBytes(16).toString('hex')}`;
  const authToken = randomBytes(16).toString('hex');
  const smsFrom = '+33644600001';
  const whatsappFrom = '+33644600002';
  const messages: SentMessage[] = [];
  let failure: Parameters<TwilioServer['fail']>[0];
  let delayMs = 0;
  let hanging = false;
  let requests = 0;

  function answer(res: ServerResponse, status: number, body: object): void {
    res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  }

  function refuse(res: ServerResponse, status: number, code: number, message: string): void {
    answer(res, status, { code, message, more_info: `https://www.twilio.com/docs/errors/${code}`, status });
  }

  async function handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
    requests += 1;
    let text = '';
    req.setEncoding('utf8');
    for await (const chunk of req) text += chunk;
    const fields = Object.fromEntries(new URLSearchParams(text));
    const expected = `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString('base64')}`;
    if (req.headers.authorization !== expected) return refuse(res, 401, 20003, 'Authenticate');
    if (req.method !== 'POST' || req.url !== `/2010-04-01/Accounts/${accountSid}/Messages.json`)
      return refuse(res, 404, 20404, `The requested resource ${req.url} was not found`);
    const message = readMessage(fields);
    if (failure && (failure.channel === undefined || failure.channel === message.channel)) {
      if (delayMs > 0) await sleep(delayMs);
      return refuse(res, failure.status, failure.code ?? 20500, failure.message ?? 'Failed');
    }
    if (!/^\+[1-9]\d{6,14}$/.test(message.to))
      return refuse(res, 400, 21211, `The 'To' number ${fields.To} is not a valid phone number.`);
    if (hanging) return;
    messages.push(message);
    if (delayMs > 0) await sleep(delayMs);
    if (res.destroyed) return;
    answer(res, 201, {
      sid: `SM${randomBytes(16).toString('hex')}`,
      account_sid: accountSid,
      to: fields.To,
      from: fields.From ?? null,
      messaging_service_sid: fields.MessagingServiceSid ?? null,
      body: fields.Body ?? '',
      status: 'queued',
      direction: 'outbound-api',
      num_segments: '1',
      num_media: '0',
      error_code: null,
      error_message: null,
      date_created: new Date().toUTCString(),
      date_updated: new Date().toUTCString(),
      date_sent: null,
      price: null,
      price_unit: 'USD',
      api_version: '2010-04-01',
      uri: `${req.url}`,
      subresource_uris: {},
    });
  }

  async function open(port: number): Promise<Server> {
    const made = createServer((req, res) => {
      handle(req, res).catch(() => res.destroy());
    });
    // Longer than who asks keeps a connection: what is sent while it closes is lost.
    made.keepAliveTimeout = 120_000;
    made.listen(port, '127.0.0.1');
    await once(made, 'listening');
    return made;
  }

  const port = await freePort();
  let server: Server | undefined = await open(port);
  const url = `http://127.0.0.1:${port}`;

  const twilio: TwilioServer = {
    port,
    url,
    accountSid,
    authToken,
    smsFrom,
    whatsappFrom,
    env: {
      TWILIO_BASE_URL: url,
      TWILIO_ACCOUNT_SID: accountSid,
      TWILIO_AUTH_TOKEN: authToken,
      TWILIO_SMS_FROM: smsFrom,
      TWILIO_WHATSAPP_FROM: whatsappFrom,
    },
    messages,
    requests: () => requests,
    to: (phone) => messages.filter((message) => message.to === phone),
    async waitFor(phone, { count = 1 } = {}) {
      return eventually(() => {
        const found = twilio.to(phone);
        return found.length >= count ? found.at(-1) : undefined;
      }, `${count} messages to ${phone}`);
    },
    fail(value) {
      failure = value;
    },
    slow(milliseconds) {
      delayMs = milliseconds;
    },
    hang(value) {
      hanging = value;
    },
    async stop() {
      const running = server;
      server = undefined;
      if (!running) return;
      const closed = once(running, 'close');
      running.close();
      running.closeAllConnections();
      await closed;
    },
    async restart() {
      server ??= await open(port);
    },
  };
  return twilio;
}

function readMessage(fields: Record<string, string>): SentMessage {
  const { To = '', From, Body = '', ContentSid, ContentVariables } = fields;
  const bare = (address: string | undefined) => address?.replace(/^whatsapp:/, '');
  const variables = ContentVariables === undefined ? {} : (JSON.parse(ContentVariables) as Record<string, string>);
  return {
    channel: To.startsWith('whatsapp:') ? 'whatsapp' : 'sms',
    to: bare(To) ?? '',
    from: bare(From) ?? fields.MessagingServiceSid,
    body: Body,
    contentSid: ContentSid,
    code: variables['1'] ?? /\b\d{6}\b/.exec(Body)?.[0],
    links: [...Body.matchAll(/https?:\/\/\S+/g)].map(([link]) => link),
    fields,
    receivedAt: Date.now(),
  };
}
