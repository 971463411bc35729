/**
 * A running Gatehouse that sends: mail to a real SMTP server, SMS and WhatsApp to a server that answers as Twilio does, by
 * jobs as in production. Visitors come from addresses of their own, because the limits count by them.
 */
import { startTestApp, type TestApp, type TestAppOptions } from './app.ts';
import { Browserless, type Reply } from './browserless.ts';
import { eventually } from './eventually.ts';
import { type Mailbox, startMailbox } from './mailbox.ts';
import { type RelyingParty, redirectUri, startSignIn } from './relying-party.ts';
import { startTwilioServer, type TwilioServer } from './twilio-server.ts';

export interface MessagingApp {
  app: TestApp;
  mailbox: Mailbox;
  twilio: TwilioServer;
  /** A browser at an address that nobody else comes from. */
  visitor(headers?: Record<string, string>): Browserless;
  /** A number that is nobody's yet: mobile, Swiss, E.164. */
  phone(): string;
  /** Opens an authorization request as far as the first page, or the way back to the client. */
  begin(party: RelyingParty, browser: Browserless, parameters?: Record<string, string>): Promise<Begun>;
  /** What was sent to this address looks so much older to the limits. Codes live as long as before. */
  letTimePass(destination: string, seconds: number): Promise<void>;
  /** Waits until every job that delivers has run. */
  settled(): Promise<void>;
  stop(): Promise<void>;
}

export interface Begun extends Awaited<ReturnType<typeof startSignIn>> {
  page: Reply;
  /** `<issuer>/interaction/<uid>` */
  base: string;
}

export async function startMessagingApp({ env = {}, ...options }: TestAppOptions = {}): Promise<MessagingApp> {
  const [mailbox, twilio] = await Promise.all([startMailbox(), startTwilioServer()]);
  const app = await startTestApp({
    runJobs: true,
    ...options,
    env: {
      SMTP_URL: mailbox.url,
      ...twilio.env,
      PHONE_COUNTRIES: 'CH,FR',
      TRUSTED_PROXIES: '127.0.0.0/8,::1',
      ...env,
    },
  });
  let visitors = 0;
  let phones = 0;
  return {
    app,
    mailbox,
    twilio,
    visitor(headers = {}) {
      visitors += 1;
      const address = `198.51.${100 + Math.floor(visitors / 250)}.${1 + (visitors % 250)}`;
      return new Browserless({ 'x-forwarded-for': address, ...headers });
    },
    phone() {
      phones += 1;
      // The prefix changes: too many to one that nobody answers would be refused.
      return `+4179${String(1_000_000 + phones * 10_007).slice(0, 7)}`;
    },
    async begin(party, browser, parameters = {}) {
      const started = await startSignIn(party, parameters);
      const page = await browser.open(started.address.href, redirectUri);
      const [base = ''] = /^.*\/interaction\/[\w-]+/.exec(page.url) ?? [];
      return { ...started, page, base };
    },
    async letTimePass(destination, seconds) {
      await app.db.raw(
        `update otp_codes set created_at = created_at - make_interval(secs => ?), last_attempt_at = last_attempt_at - make_interval(secs => ?)
          where destination = ?`,
        [seconds, seconds, destination],
      );
    },
    async settled() {
      await eventually(async () => {
        const { rows } = await app.db.raw(
          `select count(*)::integer as waiting
             from graphile_worker.jobs
            where task_identifier in ('send-message', 'deliver-code', 'deliver-recovery') and attempts < max_attempts`,
        );
        return rows[0].waiting === 0;
      });
    },
    async stop() {
      // First: what hangs there would be waited for.
      await Promise.all([mailbox.stop(), twilio.stop()]);
      await app.stop();
    },
  };
}

/** A Swiss number as pages show it, which break it nowhere; anything else as it is. */
export function groupedPhone(phone: string): string {
  return phone.replace(/^(\+41)(\d\d)(\d{3})(\d\d)(\d\d)$/, '$1\u00a0$2\u00a0$3\u00a0$4\u00a0$5');
}

/** The parts of a page that do not differ from one visit to the next. */
export function normalPage(reply: Reply, ...typed: string[]): string {
  let body = reply.body;
  // A long address may be broken at its @ and its dots.
  body = body.replaceAll('<wbr>', '');
  for (const text of typed) body = body.replaceAll(text, 'TYPED').replaceAll(groupedPhone(text), 'TYPED');
  return body
    .replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'ID')
    .replace(/\/interaction\/[\w-]{43}/g, '/interaction/UID')
    .replace(/(?:code_challenge|state|nonce)=[\w-]+/g, '')
    .replace(/\b\d+ seconds?\b|(?<=data-countdown=")\d+/g, 'SOME');
}

/** What the answer says beside its body; no values that differ every time. */
export function normalHeaders(reply: Reply): Record<string, unknown> {
  const {
    date,
    'x-request-id': id,
    'content-length': length,
    connection,
    location,
    'retry-after': wait,
    'set-cookie': cookies,
    ...rest
  } = reply.headers;
  return {
    ...rest,
    // The one of a recovery names its interaction.
    'set-cookie': (cookies as string[] | undefined)?.map((line) =>
      line.replace(/^gh_recovery=[\w-]{43};.*/, 'gh_recovery'),
    ),
    waits: wait !== undefined,
    location: location && new URL(String(location), reply.url).pathname.replace(/[\w-]{43}/, 'UID'),
  };
}
