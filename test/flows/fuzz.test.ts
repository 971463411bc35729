/**
 * Requests that nobody would think of, made from a seed and sent over raw sockets: targets, spellings, encodings, headers.
 * Whatever comes, no answer is 5xx or names a stranger, and the server lives. FUZZ_REQUESTS says how many (20,000 in
 * `npm run test:all`), FUZZ_SEED which; a failure prints the seed and the request.
 */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { knownRoutes } from '../../src/web/middleware/known-routes.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { basic } from '../support/endpoints.ts';

const total = Number(process.env.FUZZ_REQUESTS ?? 1_500);
const seed = Number(process.env.FUZZ_SEED ?? 20_261_128);
const stranger = 'evil.example';
/** CORS answers an origin by its name, which sends nobody there. */
const askingOrigin = 'https://asking.example';
/** Requests on one connection: most are refused, and few end it. */
const perConnection = 25;

/** Mulberry32: small, and the same on every machine. */
function createRandom(from: number) {
  let state = from >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (end: number) => Math.floor(next() * end);
  const pick = <T>(from: readonly T[]): T => from[below(from.length)] as T;
  return { below, pick, chance: (probability: number) => next() < probability };
}

type Random = ReturnType<typeof createRandom>;

const methods = ['GET', 'GET', 'GET', 'POST', 'POST', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'PROPFIND'];
const odd = [
  '%00',
  '%2e%2e',
  '..',
  '.',
  '//',
  '\\',
  ';a=b',
  '%',
  '%zz',
  '%ff',
  '\u00e9',
  '%c0%ae',
  '~',
  '@',
  ':',
  '*',
  '?',
  '#',
];
const values = [
  'x',
  'A'.repeat(43),
  '0',
  '-1',
  '%00',
  'null',
  '[]',
  '__proto__',
  'constructor',
  "'--",
  '%F0%9F%98%80',
  'a b',
  '\u00ff',
];
const names = [
  ...[
    'client_id',
    'redirect_uri',
    'scope',
    'state',
    'response_type',
    'prompt',
    'max_age',
    'claims',
    'request',
    'acr_values',
  ],
  ...[
    'request_uri',
    'id_token_hint',
    'login_hint',
    'ui_locales',
    'resource',
    'tenant',
    'org_node_id',
    'lang',
    'user_code',
  ],
  ...['grant_type', 'code', 'refresh_token', 'token', 'client_assertion', 'post_logout_redirect_uri', 'response_mode'],
];

function targetOf(random: Random): string {
  const { pick, chance, below } = random;
  let path = pick(knownRoutes).replace(/\*+/, () => pick(['sign-in', 'evaluation', 'roles', 'x/y']));
  path = path.replace(/:\w+/g, () => pick(['value', 'A'.repeat(21), '%00', '..', '']));
  if (chance(0.25)) path = [...path].map((letter) => (chance(0.2) ? letter.toUpperCase() : letter)).join('');
  if (chance(0.3)) {
    const at = below(path.length + 1);
    path = `${path.slice(0, at)}${pick(odd)}${path.slice(at)}`;
  }
  if (chance(0.1)) path = [...path].map((l) => (chance(0.3) ? `%${l.charCodeAt(0).toString(16)}` : l)).join('');
  if (chance(0.15))
    path =
      pick([`http://${stranger}`, `https://${stranger}:443`, `//${stranger}`, `/\\${stranger}`, '\\', '*', '']) + path;
  const query = Array.from({ length: below(5) }, () => `${pick(names)}=${pick(values)}`).join(pick(['&', '&', ';']));
  // A blank would end the target, and is tried as such now and then.
  return `${path}${query && `?${query}`}`.replaceAll(' ', () => (chance(0.1) ? ' ' : '%20'));
}

function requestOf(random: Random, authorization: string): string {
  const { pick, chance, below } = random;
  const method = pick(methods);
  const headers: string[] = [`Host: ${pick(['localhost', stranger, '', '[', `localhost@${stranger}`])}`];
  const maybe = (probability: number, line: () => string) => chance(probability) && headers.push(line());
  maybe(0.3, () => `X-Forwarded-Host: ${stranger}`);
  maybe(0.2, () => `X-Forwarded-Proto: ${pick(['https', 'javascript', stranger])}`);
  maybe(0.2, () => `X-Forwarded-For: ${pick(['1.2.3.4', stranger, '::1', '%00'])}`);
  maybe(0.1, () => `Forwarded: host=${stranger};proto=https`);
  maybe(0.1, () => `X-Original-URL: http://${stranger}/`);
  maybe(0.1, () => `X-HTTP-Method-Override: DELETE`);
  maybe(0.3, () => `Accept: ${pick(['text/html', 'application/json', '*/*', 'q=', ';;', 'application/jwt'])}`);
  maybe(0.2, () => `Accept-Language: ${pick(['fr', '*', 'x'.repeat(500), ';q=', 'de-CH;q=9'])}`);
  maybe(
    0.2,
    () => `Cookie: ${pick(['gh_session=x', 'gh_interaction=%00', 'gh_locale=../..', '=;=', 'gh_device=\u00ff'])}`,
  );
  maybe(
    0.3,
    () =>
      `Authorization: ${pick([authorization, 'Basic ', 'Basic OjpA', 'Bearer a.b.c', 'DPoP x', 'Digest', '\u00ff'])}`,
  );
  maybe(0.1, () => `DPoP: ${pick(['a.b.c', '..', 'eyJ9.eyJ9.x'])}`);
  maybe(0.1, () => `Origin: ${pick([askingOrigin, 'null', '%'])}`);
  maybe(0.1, () => `Sec-Fetch-Site: ${pick(['same-origin', 'cross-site', '?'])}`);
  let body = '';
  if (method !== 'GET' && method !== 'HEAD' && chance(0.7)) {
    const type = pick([
      'application/x-www-form-urlencoded',
      'application/json',
      'text/plain',
      'multipart/form-data',
      '\u00ff/',
    ]);
    headers.push(`Content-Type: ${type}${pick(['', '', '; charset=utf-8', '; charset=utf-16', '; charset="', ';'])}`);
    body = chance(0.2)
      ? pick(['{', '[]', '{"a":1}', '"\\u0000"', 'null', '\u0000\u00ff\u00fe'])
      : Array.from({ length: below(6) }, () => `${pick(names)}=${pick(values)}`).join('&');
  }
  maybe(0.03, () => `Content-Encoding: ${pick(['gzip', 'br', 'x'])}`);
  headers.push(`Content-Length: ${Buffer.byteLength(body, 'latin1')}`);
  return `${method} ${targetOf(random)} HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n${body}`;
}

interface Exchange {
  request: string;
  status: number;
  answer: string;
}

/** Sends one after the other; what the server hangs up on ends the row. */
function talk(port: number, requests: string[]): Promise<Exchange[]> {
  return new Promise((resolve) => {
    const done: Exchange[] = [];
    const socket = connect({ host: '127.0.0.1', port }).setNoDelay();
    let received = '';
    const send = () => {
      const request = requests[done.length];
      if (request === undefined) return socket.destroy();
      return socket.write(request, 'latin1');
    };
    const take = (answer: string) => {
      const request = requests[done.length] as string;
      done.push({ request, status: Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0), answer });
      received = '';
    };
    socket.on('connect', send);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      if (received !== '') take(received);
      resolve(done);
    });
    socket.setEncoding('latin1').on('data', (text: string) => {
      received += text;
      const isHead = requests[done.length]?.startsWith('HEAD ') === true;
      if (!isWhole(received, isHead)) return;
      const goesOn = !/\r\nconnection: close\r\n/i.test(received);
      take(received);
      if (goesOn) send();
      else socket.destroy();
    });
  });
}

function isWhole(text: string, isHead: boolean): boolean {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return false;
  const head = text.slice(0, end);
  if (isHead || /^HTTP\/1\.1 (?:204|304)/.test(head)) return true;
  if (/\r\ntransfer-encoding: chunked/i.test(head)) return text.endsWith('\r\n0\r\n\r\n');
  const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? Number.NaN);
  return text.length - end - 4 >= length;
}

describe('requests by chance', function () {
  this.timeout(600_000);
  let app: TestApp;
  before(async () => {
    app = await startTestApp({ env: { LOG_LEVEL: 'error' } });
  });
  after(() => app?.stop());

  it(`are answered without a fault and without a stranger's address (${total}, seed ${seed})`, async () => {
    const random = createRandom(seed);
    const { authorization = '' } = basic(await app.service({}));
    const faults: string[] = [];
    const statuses = new Map<number, number>();
    let sent = 0;
    while (sent < total && faults.length < 5) {
      const rows = Array.from({ length: 4 }, () =>
        Array.from({ length: perConnection }, () => requestOf(random, authorization)),
      );
      const exchanges = (await Promise.all(rows.map((row) => talk(app.config.listen.port, row)))).flat();
      assert.ok(exchanges.length > 0, 'the server answers');
      sent += exchanges.length;
      for (const { request, status, answer } of exchanges) {
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        if (status >= 500 || status === 0)
          faults.push(`${status} to ${JSON.stringify(request)}: ${answer.slice(0, 500)}`);
        if (answer.includes(stranger)) faults.push(`a stranger in the answer to ${JSON.stringify(request)}: ${answer}`);
      }
    }
    assert.deepEqual(faults, []);
    const few = [200, 303, 400, 401, 404].filter((status) => (statuses.get(status) ?? 0) < total / 1000);
    assert.deepEqual(few, [], `all kinds of answers come up: ${JSON.stringify([...statuses])}`);
    const errors = app
      .logs()
      .split('\n')
      .filter((line) => /"level":"(?:error|fatal)"/.test(line));
    assert.deepEqual(errors, []);
  });
});
