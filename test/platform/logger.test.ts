import assert from 'node:assert/strict';
import { createLogger, scrubText } from '../../src/platform/logger.ts';

function capture(level = 'trace') {
  const lines: string[] = [];
  const log = createLogger({ level, destination: { write: (line: string) => void lines.push(line) } });
  return { log, lines, last: () => JSON.parse(lines.at(-1) ?? '') as Record<string, unknown> };
}

const canary = 'CANARY-4f1c9e';

describe('logging', () => {
  it('writes one JSON line with level, time and process', () => {
    const { log, lines, last } = capture();
    log.info({ requestId: 'abc', ms: 3, ok: true, none: null }, 'request');
    assert.equal(lines.length, 1);
    assert.ok(lines[0]?.endsWith('}\n'));
    const { time, ...rest } = last();
    assert.deepEqual(rest, {
      level: 'info',
      pid: process.pid,
      requestId: 'abc',
      ms: 3,
      ok: true,
      none: null,
      msg: 'request',
    });
    assert.match(String(time), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  });

  it('keeps to its level', () => {
    const { log, lines } = capture('warn');
    log.info('no');
    log.warn('yes');
    assert.equal(lines.length, 1);
  });

  const names = [
    'authorization',
    'Authorization',
    'proxy-authorization',
    'cookie',
    'set-cookie',
    'Set-Cookie',
    'password',
    'newPassword',
    'current_password',
    'secret',
    'client_secret',
    'clientSecret',
    'SECRET_KEY',
    'token',
    'access_token',
    'refresh_token',
    'refreshToken',
    'id_token_hint',
    'logout_token',
    'code',
    'user_code',
    'device_code',
    'code_verifier',
    'client_assertion',
    'login',
    'login_hint',
    'email',
    'userEmail',
    'phone',
    'username',
    'otp',
    'dpop',
    'api-key',
    'privateKey',
    'query',
    'body',
    'payload',
    'bindings',
    'detail',
    'nonce',
  ];
  for (const name of names)
    it(`keeps ${name} to itself`, () => {
      const { log, lines } = capture();
      log.info({ [name]: canary }, 'flat');
      log.info({ a: { b: [{ c: { [name]: { inner: canary } } }] } }, 'deep');
      log.child({ [name]: canary }).info('bound');
      const bound = log.child({});
      bound.setBindings({ [name]: canary });
      bound.child({ also: { [name]: canary } }).info('bound twice');
      log.error({ err: Object.assign(new Error('x'), { [name]: canary, request: { [name]: canary } }) }, 'in an error');
      assert.equal(lines.length, 5);
      assert.ok(!lines.join('').includes(canary), lines.join(''));
    });

  it('hides numbers under such names and shows whether there was something', () => {
    const { log, last } = capture();
    log.info({ code: 123456, password: undefined, token: null, emailVerified: true, hasSecret: false });
    const line = last();
    assert.equal(line.code, '[redacted]');
    assert.equal(line.token, null);
    assert.equal(line.emailVerified, true);
    assert.equal(line.hasSecret, false);
  });

  it('never shows a query or a fragment', () => {
    const { log, lines } = capture();
    const address = `https://id.example.org/auth?login_hint=${canary}#${canary}`;
    log.info({
      url: address,
      path: `/auth?x=${canary}`,
      at: new URL(address),
      app: `com.example.app:/cb?code=${canary}`,
    });
    log.info(`GET /auth?client_id=a&state=${canary} from ${address}`);
    log.error({ err: new Error(`GET ${address} failed`) });
    assert.ok(!lines.join('').includes(canary), lines.join(''));
    assert.match(lines[0] ?? '', /"url":"https:\/\/id\.example\.org\/auth"/);
    assert.match(lines[0] ?? '', /"app":"com\.example\.app:\/cb"/);
  });

  it('shows of an error its type, message, code, stack and cause', () => {
    const { log, last } = capture();
    const cause = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
    const error = Object.assign(new TypeError('it failed', { cause }), {
      code: 'SERVICE_UNAVAILABLE',
      response: { data: canary },
    });
    log.error({ err: error }, 'oops');
    const { err } = last() as { err: Record<string, unknown> };
    assert.deepEqual(Object.keys(err), ['type', 'message', 'code', 'stack', 'cause']);
    assert.equal(err.type, 'TypeError');
    assert.equal(err.code, 'SERVICE_UNAVAILABLE');
    assert.match(String(err.stack), /logger\.test\.ts/);
    assert.equal((err.cause as Record<string, unknown>).code, 'ECONNREFUSED');
    log.error(error);
    assert.equal((last() as { err: { type: string } }).err.type, 'TypeError');
  });

  it('keeps values of a failed statement to itself', () => {
    const { log, last } = capture();
    const error = Object.assign(new Error(`select ... - invalid input syntax for type uuid: "${canary}"`), {
      code: '22P02',
      detail: canary,
      where: canary,
      parameters: [canary],
    });
    log.error({ err: error });
    assert.ok(!JSON.stringify(last()).includes(canary));
    assert.equal((last() as { err: { code: string } }).err.code, '22P02');
    const duplicate = Object.assign(new Error('duplicate key value'), {
      code: '23505',
      constraint: 'users_email_key',
      detail: canary,
    });
    log.error({ err: duplicate });
    assert.equal((last() as { err: { constraint: string } }).err.constraint, 'users_email_key');
    assert.ok(!JSON.stringify(last()).includes(canary));
  });

  it('does not take a one-time code for the code of an error', () => {
    const { log, last } = capture();
    log.error({ err: Object.assign(new Error('x'), { code: '482915' }) });
    assert.equal('code' in (last() as { err: object }).err, false);
  });

  it('does not unfold requests, responses and other objects', () => {
    const { log, lines } = capture();
    class Account {
      note = canary;
    }
    log.info({
      account: new Account(),
      map: new Map([[canary, canary]]),
      bytes: Buffer.from(canary),
      list: [new Account()],
    });
    assert.ok(!lines.join('').includes(canary));
    assert.match(lines[0] ?? '', /\[Account\]/);
  });

  it('bears circular, deep and long values', () => {
    const { log, lines } = capture();
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    const error = new Error('round');
    error.cause = error;
    log.info({ circle, long: Array.from({ length: 1000 }, (_, index) => index), err: error });
    assert.ok((lines[0]?.length ?? 0) < 20_000);
    assert.ok(JSON.parse(lines[0] ?? ''));
  });

  it('takes credentials and people out of sentences', () => {
    const jwt = 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJDQU5BUlkifQ.c2lnbmF0dXJlLWNhbmFyeQ';
    const { log, lines } = capture();
    log.info(`Bearer abc.def-123456 and Basic dXNlcjpwYXNz, token ${jwt}`);
    log.error({ err: new Error('connect to postgres://gatehouse:hunter22@db.example.org/main failed') });
    log.error({ err: new Error('550 no mailbox ada.lovelace+x@example.org') });
    log.info({ note: 'sent to ada@example.org' }, 'form: password=hunter22&x=1 code=482915');
    const text = lines.join('');
    for (const secret of ['abc.def', 'dXNlcjpwYXNz', jwt, 'c2lnbmF0', 'hunter22', 'ada', '482915'])
      assert.ok(!text.includes(secret), `${secret} in ${text}`);
    for (const line of lines) assert.ok(JSON.parse(line));
    assert.match(text, /postgres:\/\/db\.example\.org\/main/);
  });

  it('takes time in proportion to the length of a line, whatever it holds', () => {
    for (const piece of [
      'a',
      'a.',
      'a-',
      '/',
      '/a',
      '//a',
      'eyJ-',
      'a@',
      'a_token',
      'http://',
      '?a=',
      'Bearer ',
      '%',
      'a@b.',
    ]) {
      // Work that grows with the square of the length would outlast the test many times.
      scrubText(piece.repeat((512 * 1024) / piece.length));
    }
  });

  it('leaves other text alone', () => {
    for (const text of [
      'Listening on http://127.0.0.1:3000',
      'at file:///srv/src/main.ts:12:5',
      'select id from users where id = $1',
      'What now?',
      '0199a2b4-1111-7abc-8def-0123456789ab',
      'koa@3.3.0',
    ])
      assert.equal(scrubText(text), text);
  });
});
