/**
 * What no honest client sends. Whatever it is: an answer of the expected class that tells nothing of the inside, no error
 * in the log, and a server that goes on. The requests themselves are in test/support/malformed.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type OutgoingHttpHeaders, request } from 'node:http';
import * as openid from 'openid-client';
import { Browserless } from '../support/browserless.ts';
import { authorizationRequests } from '../support/malformed/authorization-requests.ts';
import { codeRequests } from '../support/malformed/code-requests.ts';
import { machineRequests } from '../support/malformed/machine-requests.ts';
import { personRequests } from '../support/malformed/person-requests.ts';
import { type MalformedRequest, type Stage, setStage } from '../support/malformed/stage.ts';
import { tokenRequests } from '../support/malformed/token-requests.ts';
import { enterPassword, redirectUri, signIn } from '../support/relying-party.ts';
import { openSocket } from '../support/server-process.ts';

let stage: Stage;
let address = 0;

async function ask({
  method = 'GET',
  path,
  headers = {},
  body,
  chunked = false,
}: Omit<MalformedRequest, 'what' | 'expected'>) {
  address += 1;
  const sent: OutgoingHttpHeaders = { 'x-forwarded-for': `198.51.${address >> 8}.${address & 255}` };
  for (const [name, value] of Object.entries(headers)) if (value !== undefined) sent[name] = value;
  if (body !== undefined && !chunked) sent['content-length'] = Buffer.byteLength(body);
  const outgoing = request({
    host: '127.0.0.1',
    port: stage.app.config.listen.port,
    method,
    path,
    headers: sent,
    agent: false,
  });
  // A server that has heard enough answers and hangs up while the rest is still coming.
  outgoing.on('error', () => undefined);
  if (body !== undefined && chunked) {
    const bytes = Buffer.from(body);
    for (let at = 0; at < bytes.length; at += 65_536) outgoing.write(bytes.subarray(at, at + 65_536));
    outgoing.end();
  } else outgoing.end(body);
  const [answer] = await once(outgoing, 'response');
  let text = '';
  answer.setEncoding('utf8').on('error', () => undefined);
  for await (const chunk of answer) text += chunk;
  return { status: answer.statusCode as number, headers: answer.headers, body: text };
}

/** What an answer would tell of the inside: stacks, paths, SQL, names of libraries. */
const inside =
  /node_modules|\bat (?:async )?[\w.<>]+ \(|\.[jt]s:\d+|\/(?:home|root|usr|tmp|var|opt)\/|knex|postgres|\bselect\b.*\bfrom\b|ECONN|[a-z]Error:/i;

function isExpected(expected: MalformedRequest['expected'], status: number, location = ''): boolean {
  if (typeof expected !== 'string') return [expected].flat().includes(status);
  const redirect = status === 303 ? new URL(location, stage.app.issuer) : undefined;
  const answer = new URLSearchParams(redirect?.search || redirect?.hash.slice(1));
  const refused = status === 400 || answer.has('error');
  const begun = redirect?.pathname.startsWith('/interaction/') === true;
  return (expected.includes('refused') && refused) || (expected.includes('begun') && begun);
}

function errorsOf(log: string): string[] {
  return log.split('\n').filter((line) => /"level":"(?:error|fatal)"/.test(line));
}

describe('malformed requests', function () {
  this.timeout(120_000);
  before(async () => {
    stage = await setStage();
  });
  after(() => stage?.app.stop());

  /** Goes through a table; says all that is wrong at once. */
  async function tryAll(cases: MalformedRequest[]): Promise<void> {
    const faults: string[] = [];
    for (const attempt of cases) {
      const logged = stage.app.logs().length;
      const answer = await ask(attempt).catch((error: Error) => error);
      if (answer instanceof Error) {
        faults.push(`${attempt.what}: ${answer.message}`);
        continue;
      }
      const { status, headers, body } = answer;
      const fault = (what: string) => faults.push(`${attempt.what}: ${what}`);
      if (!isExpected(attempt.expected, status, headers.location))
        fault(`${status} ${headers.location ?? ''} ${body.slice(0, 300)}`);
      if (status >= 500) fault('a fault of the server');
      if (attempt.says && !attempt.says.test(body)) fault(`says ${body.slice(0, 200)}`);
      if (inside.test(body)) fault(`tells ${inside.exec(body)?.[0]} in ${body.slice(0, 2_000)}`);
      if (!/^[\w.-]{8,64}$/.test(String(headers['x-request-id']))) fault(`request id ${headers['x-request-id']}`);
      if (headers.location?.includes('evil.example')) fault(`leads to ${headers.location}`);
      if (body.includes(process.cwd())) fault('tells where it is installed');
      const errors = errorsOf(stage.app.logs().slice(logged));
      if (errors.length > 0) fault(`logged ${errors.join()}`);
    }
    assert.deepEqual(faults, []);
  }

  it('of authorization are refused', async () => tryAll(await authorizationRequests(stage)));
  it('that begin a sign-in can be finished', async () => {
    const begun = (await authorizationRequests(stage)).filter(({ expected }) => expected === 'begun');
    assert.ok(begun.length > 8);
    for (const { what, path } of begun) {
      address += 1;
      const browser = new Browserless({ 'x-forwarded-for': `198.51.${address >> 8}.${address & 255}` });
      const page = await browser.open(`${stage.app.issuer}${path}`, redirectUri);
      assert.equal(page.status, 200, `${what}: ${page.body}`);
      const back = await enterPassword(browser, page, stage.person);
      assert.match(back.location ?? '', /^http:\/\/localhost:1\/callback\?code=[\w-]{43}&/, `${what}: ${back.body}`);
    }
  });

  it('of tokens are refused', async () => tryAll(await tokenRequests(stage)));
  it('of other machines are refused', async () => tryAll(await machineRequests(stage)));
  it('of people get a page', async () => tryAll(personRequests(stage)));
  it('around codes and links get a page', async () => {
    await tryAll(codeRequests(stage));
    // Whatever was typed became one address, in one form, or none.
    const kept = await stage.app.db('otp_codes').distinct('destination').pluck('destination');
    assert.ok(kept.length >= 18, kept.join(' '));
    for (const destination of kept)
      assert.match(destination, /^(?:\+41[1-9]\d{8}|[!-?^-~]+@[a-z\d.-]+)$/, JSON.stringify(destination));
  });

  it('are many', async () => {
    const all = [
      ...(await authorizationRequests(stage)),
      ...(await tokenRequests(stage)),
      ...(await machineRequests(stage)),
      ...personRequests(stage),
      ...codeRequests(stage),
    ];
    assert.ok(all.length > 500, `${all.length}`);
    assert.equal(new Set(all.map(({ what }) => what)).size, all.length, 'each has a name of its own');
  });

  it('that are no HTTP are closed', async () => {
    const { port } = stage.app.config.listen;
    for (const [what, text, expected] of [
      ['a header without end', `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`, /^HTTP\/1\.1 431 /],
      ['no words', '\x16\x03\x01\x00\xa5\r\n\r\n', /^HTTP\/1\.1 400 /],
      [
        'two lengths',
        'POST /token HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
        /^HTTP\/1\.1 400 /,
      ],
      [
        'a length and chunks',
        'POST /token HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
        /^HTTP\/1\.1 400 /,
      ],
      ['a length below zero', 'POST /token HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n', /^HTTP\/1\.1 400 /],
      [
        'a chunk of no length',
        'POST /token HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
        /^HTTP\/1\.1 400 /,
      ],
      ['NUL in a header', 'GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n', /^HTTP\/1\.1 400 /],
      ['no host', 'GET / HTTP/1.1\r\n\r\n', /^HTTP\/1\.1 400 /],
    ] as const) {
      const socket = openSocket(port);
      socket.write(text);
      await socket.closed;
      assert.match(socket.received(), expected, what);
      assert.doesNotMatch(socket.received(), inside, what);
    }
  });

  it('leave a server that serves', async () => {
    const ready = await ask({ path: '/readyz' });
    assert.equal(ready.status, 200);
    const { party, person, app } = stage;
    const again = await signIn(party, person);
    assert.equal(again.tokens.claims()?.sub, person.id);
    assert.ok((await openid.refreshTokenGrant(party.config, again.tokens.refresh_token as string)).access_token);
    assert.deepEqual(errorsOf(app.logs()), []);
    assert.doesNotMatch(app.logs(), /server_error|could not be written/);
  });
});
