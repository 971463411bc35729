/**
 * Clients that go on while the database fails over, as good clients do: people who sign in, lines of refresh tokens, and services.
 * What was answered 503 is asked again; every other refusal is a fault. Keeps what was acknowledged, to be looked for at the end.
 */
import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { recordId } from '../../src/oidc/storage/jwt-record-ids.ts';
import type { TestApp } from './app.ts';
import { Browserless, type Reply } from './browserless.ts';
import { basic, type ClientCredential, type EndpointAnswer, post } from './endpoints.ts';
import { redirectUri } from './relying-party.ts';

/** An answer that was no success, by the clock of `performance.now()`. */
export interface Trouble {
  at: number;
  what: string;
  status: number;
  hasRetryAfter: boolean;
}

/** By the newest refresh token that was acknowledged. */
interface Line {
  token: string;
}

export interface FailoverLoad {
  troubles: Trouble[];
  /** What may never happen, in words. */
  faults: string[];
  acknowledged: { signIns: number; refreshes: number; serviceTokens: number };
  /** Times at which something was acknowledged. */
  successes: number[];
  /** What got lost on its way to a client after the outage had lasted longer than a repeated refresh is answered. */
  lostAnswers: number;
  /** Looks for all that was acknowledged; uses codes again. Call after `stop`. */
  verify(): Promise<void>;
  stop(): Promise<void>;
}

const repeatMs = 100;
/** docs/decisions: a refresh that is repeated within ten seconds gets the same answer. */
const graceMs = 10_000;

export async function startFailoverLoad(
  app: TestApp,
  {
    people = 1,
    lines = 2,
    services = 1,
    pauseMs = 60,
  }: Partial<Record<'people' | 'lines' | 'services' | 'pauseMs', number>> = {},
): Promise<FailoverLoad> {
  const party = await app.relyingParty();
  const person = await app.person();
  const service = await app.service({ tenantId: (await app.tenant()).id, capabilities: ['users.read'] });
  const endpoint = `${app.issuer}/token`;
  const ended = new AbortController();
  const kept: Line[] = [];
  const used: { code: string; verifier: string }[] = [];
  const serviceTokens: string[] = [];
  const load: FailoverLoad = {
    troubles: [],
    faults: [],
    acknowledged: { signIns: 0, refreshes: 0, serviceTokens: 0 },
    successes: [],
    lostAnswers: 0,
    verify,
    async stop() {
      ended.abort();
      await Promise.all(running);
    },
  };

  function trouble(what: string, status: number, headers?: Headers | Reply['headers'], body = ''): void {
    const get = headers instanceof Headers ? headers.get('retry-after') : headers?.['retry-after'];
    load.troubles.push({ at: performance.now(), what, status, hasRetryAfter: Boolean(get) });
    if (status !== 503 || !get) load.faults.push(`${what}: ${status} ${body.slice(0, 300)}`);
  }

  /** Asked until it is answered; what came of the first attempts nobody knows. */
  async function patiently(
    what: string,
    form: Record<string, string>,
    who: ClientCredential,
  ): Promise<EndpointAnswer & { attempts: number; sinceFirst: number }> {
    const begun = performance.now();
    for (let attempts = 1; ; attempts += 1) {
      const answer = await post(endpoint, form, basic(who)).catch(() => undefined);
      if (answer && answer.status < 500) return { ...answer, attempts, sinceFirst: performance.now() - begun };
      trouble(what, answer?.status ?? 0, answer?.headers, JSON.stringify(answer?.body));
      await sleep(repeatMs);
    }
  }

  function exchange(code: string, verifier: string): Promise<EndpointAnswer & { attempts: number }> {
    const form = { grant_type: 'authorization_code', code, redirect_uri: redirectUri, code_verifier: verifier };
    return patiently('code', form, party);
  }

  /** To the code; undefined where it was refused for the moment. */
  async function authorize(browser: Browserless): Promise<{ code: string; verifier: string } | undefined> {
    const verifier = randomBytes(32).toString('base64url');
    const query = new URLSearchParams({
      client_id: party.clientId,
      response_type: 'code',
      redirect_uri: redirectUri,
      scope: 'openid offline_access',
      prompt: 'consent',
      state: 's',
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
    });
    const page = await browser.open(`${app.issuer}/authorize?${query}`, redirectUri);
    let reply = page;
    if (page.status < 400 && /name="password"/.test(page.body))
      reply = await browser.submit(page, { login: person.email, password: person.password }, { until: redirectUri });
    if (reply.status < 400 && /name="decision"/.test(reply.body))
      reply = await browser.submit(reply, { decision: 'allow' }, { until: redirectUri });
    const code = reply.location && new URL(reply.location).searchParams.get('code');
    if (code) return { code, verifier };
    trouble('sign-in', reply.status, reply.headers, `${reply.url} ${new Date().toISOString()} ${textOf(reply.body)}`);
    return undefined;
  }

  /** One sign-in to its tokens. */
  async function signIn(): Promise<Line | undefined> {
    const asked = await authorize(new Browserless()).catch((error: Error) => {
      trouble('sign-in', 0, undefined, error.message);
      return undefined;
    });
    if (!asked) return undefined;
    const answer = await exchange(asked.code, asked.verifier);
    if (answer.status === 200) {
      load.acknowledged.signIns += 1;
      load.successes.push(performance.now());
      return { token: answer.body.refresh_token };
    }
    // Used up by an attempt whose answer was lost.
    if (answer.attempts > 1) load.lostAnswers += 1;
    else load.faults.push(`a code that was given is gone: ${JSON.stringify(answer.body)}`);
    return undefined;
  }

  async function signingIn(): Promise<void> {
    while (!ended.signal.aborted) {
      const line = await signIn();
      if (line) kept.push(line);
      await sleep(line ? pauseMs : repeatMs);
    }
  }

  /** Codes that are used once, and again at the end. */
  async function codesTwice(): Promise<void> {
    while (!ended.signal.aborted) {
      // A browser of its own: what one session is granted for a client is one grant, with a line for each code.
      const asked = await authorize(new Browserless()).catch((error: Error) =>
        trouble('sign-in', 0, undefined, error.message),
      );
      if (asked && (await exchange(asked.code, asked.verifier)).status === 200) used.push(asked);
      await sleep(pauseMs * 5);
    }
  }

  async function refresh(line: Line): Promise<boolean> {
    const answer = await patiently('refresh', { grant_type: 'refresh_token', refresh_token: line.token }, party);
    if (answer.status === 200) {
      if (answer.body.refresh_token === line.token) load.faults.push('a refresh token was not replaced');
      line.token = answer.body.refresh_token;
      load.acknowledged.refreshes += 1;
      load.successes.push(performance.now());
      return true;
    }
    if (answer.attempts > 1 && answer.sinceFirst > graceMs) load.lostAnswers += 1;
    else load.faults.push(`a refresh token that was given is refused: ${JSON.stringify(answer.body)}`);
    return false;
  }

  async function refreshing(): Promise<void> {
    while (!ended.signal.aborted) {
      const line = await signIn();
      if (!line) await sleep(repeatMs);
      while (line && !ended.signal.aborted && (await refresh(line))) await sleep(pauseMs);
      if (line && ended.signal.aborted) kept.push(line);
    }
  }

  async function serving(): Promise<void> {
    while (!ended.signal.aborted) {
      const form = { grant_type: 'client_credentials', resource: `${app.issuer}/api/v1`, scope: 'users.read' };
      const answer = await patiently('service', form, service);
      if (answer.status === 200) {
        serviceTokens.push(answer.body.access_token);
        load.acknowledged.serviceTokens += 1;
        load.successes.push(performance.now());
      } else load.faults.push(`a service was refused: ${answer.status} ${JSON.stringify(answer.body)}`);
      await sleep(pauseMs);
    }
  }

  async function verify(): Promise<void> {
    const live = await Promise.all(serviceTokens.map((token) => isLive(app, token)));
    const lost = live.filter((one) => !one).length;
    if (lost > 0) load.faults.push(`${lost} service tokens that were given are not there`);
    const { rows } = await app.db.raw(
      `select count(*) as doubled from (
         select 1 from oidc_payloads
          where model = 'RefreshToken' and consumed_at is null
          group by grant_id having count(*) > 1) twice`,
    );
    if (rows[0].doubled > 0) load.faults.push(`${rows[0].doubled} refresh lines are doubled`);
    for (const line of kept) await refresh(line);
    for (const { code, verifier } of used) {
      const answer = await exchange(code, verifier);
      if (answer.status !== 400) load.faults.push(`a code was used twice: ${answer.status}`);
    }
  }

  const many = (count: number, run: () => Promise<void>) => Array.from({ length: count }, run);
  const running = [
    ...many(people, signingIn),
    ...many(lines, refreshing),
    ...many(services, serving),
    ...many(1, codesTwice),
  ];
  return load;
}

/** Of a page. */
function textOf(html: string): string {
  return html
    .replace(/^[\s\S]*<main/, '')
    .replace(/<[^>]*>|\s+/g, ' ')
    .trim();
}

/** By its row alone: the API asks for more. */
async function isLive(app: TestApp, jwt: string): Promise<boolean> {
  const [, payload = ''] = jwt.split('.');
  const { jti } = JSON.parse(Buffer.from(payload, 'base64url').toString());
  const idHash = createHash('sha256').update(recordId(jti)).digest();
  return (await app.db('oidc_payloads').where({ id_hash: idHash }).first('model')) !== undefined;
}
