import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkMail, checkPhones, sendTestMail } from '../../src/checks/message-checks.ts';
import { type Config, loadConfig } from '../../src/config.ts';
import { recordEvent, systemCaller } from '../../src/domain/audit/audit-events.ts';
import { createTenant } from '../../src/domain/setup/create-tenant.ts';
import type { Check } from '../../src/management/check.ts';
import { ensureSigningKeys } from '../../src/oidc/keys.ts';
import { newId } from '../../src/platform/ids.ts';
import { enqueueJob } from '../../src/platform/jobs/enqueue-job.ts';
import { createSecrets } from '../../src/platform/secrets.ts';
import { type LoopbackServer, listen } from '../support/loopback.ts';
import { type Mailbox, startMailbox } from '../support/mailbox.ts';
import { type CommandBench, createBench, type Environment, type Run, runGatehouse } from './run-gatehouse.ts';

const accountSid = `AC${'0a'.repeat(16)}`;
const authToken = '0b'.repeat(16);

/** Answers as Twilio does when it is asked for an account. */
async function startAccountServer(): Promise<LoopbackServer & { answer: { status: number; body: object } }> {
  const state = { answer: { status: 200, body: {} } };
  const server = await listen((req, res) => {
    const expected = `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString('base64')}`;
    const known = req.method === 'GET' && req.url === `/2010-04-01/Accounts/${accountSid}.json`;
    const refusal = { status: 401, body: { code: 20003, message: 'Authenticate', status: 401 } };
    const missing = { status: 404, body: { code: 20404, message: 'not found', status: 404 } };
    const { status, body } = !known ? missing : req.headers.authorization === expected ? state.answer : refusal;
    res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  return Object.assign(state, server);
}

function account(more: object): { status: number; body: object } {
  return { status: 200, body: { sid: accountSid, friendly_name: 'Acme', status: 'active', type: 'Full', ...more } };
}

describe('what the doctor finds of messages', function () {
  this.timeout(120_000);
  let bench: CommandBench;
  let mailbox: Mailbox;
  let twilio: Awaited<ReturnType<typeof startAccountServer>>;
  let phones: Environment;
  before(async () => {
    [bench, mailbox, twilio] = await Promise.all([
      createBench(),
      startMailbox({ auth: { user: 'ada', pass: 'p@ss' } }),
      startAccountServer(),
    ]);
    phones = {
      TWILIO_BASE_URL: twilio.url,
      TWILIO_ACCOUNT_SID: accountSid,
      TWILIO_AUTH_TOKEN: authToken,
      TWILIO_SMS_FROM: '+33644600001',
      PHONE_COUNTRIES: 'FR,CH',
    };
    await ensureSigningKeys(bench.db, createSecrets([bench.environment.SECRET_KEY ?? '']), systemCaller);
  });
  after(async () => {
    await bench?.close();
    await mailbox?.stop();
    await twilio?.close();
  });
  afterEach(() => mailbox.refuse(undefined));

  function configOf(environment: Environment): Config {
    // Development asks for as much memory as production.
    return loadConfig({ ...bench.environment, ARGON2_MEMORY_KIB: '19456', ...environment });
  }

  async function doctor(environment: Environment, ...options: string[]): Promise<Run> {
    return runGatehouse(['doctor', '--json', ...options], { ...bench.environment, PORT: '3999', ...environment });
  }

  function checkOf(run: Run, name: string): Check | undefined {
    return run.json.checks.find((check: Check) => check.name === name);
  }

  describe('of the mail server', () => {
    it('that it takes no addresses beyond ASCII, and what becomes of them', async () => {
      const older = await startMailbox({ unicode: false });
      try {
        const found = await checkMail(configOf({ SMTP_URL: older.url }));
        assert.equal(found.status, 'ok');
        assert.match(found.detail, /no SMTPUTF8 \(RFC 6531\), so addresses .* are refused where they are typed/);
      } finally {
        await older.stop();
      }
      assert.doesNotMatch((await checkMail(configOf({ SMTP_URL: mailbox.url }))).detail, /SMTPUTF8/);
    });

    it('that it answers and lets us in, without sending anything', async () => {
      const found = await checkMail(configOf({ SMTP_URL: mailbox.url, MAIL_FROM: 'Acme <hello@acme.example>' }));
      assert.equal(found.status, 'ok', found.detail);
      assert.match(found.detail, /^127\.0\.0\.1:\d+ answers in \d+ ms; from Acme <hello@acme\.example>$/);
      assert.equal(mailbox.mails.length, 0);
    });

    it('that it refuses the password, which it does not repeat', async () => {
      const found = await checkMail(configOf({ SMTP_URL: mailbox.url.replace('p%40ss', 'Wr0ngOne') }));
      assert.equal(found.status, 'fail');
      assert.match(found.detail, /535/);
      assert.match(found.advice ?? '', /user and the password in SMTP_URL/);
      assert.ok(!JSON.stringify(found).includes('Wr0ngOne'));
    });

    it('that nobody answers, that it is busy, and that it speaks no TLS', async () => {
      const away = await checkMail(configOf({ SMTP_URL: 'smtp://127.0.0.1:1' }));
      assert.deepEqual([away.status, /ECONNREFUSED/.test(away.detail)], ['fail', true], away.detail);
      assert.match(away.advice ?? '', /^Correct the host and the port/);
      const plain = await checkMail(configOf({ SMTP_URL: `smtps://127.0.0.1:${mailbox.port}` }));
      assert.equal(plain.status, 'fail');
      assert.match(plain.advice ?? '', /^smtps:\/\/ is for a server that begins with TLS/);
      mailbox.refuse({ code: 421, at: 'connect', text: 'too busy' });
      const busy = await checkMail(configOf({ SMTP_URL: mailbox.url }));
      assert.deepEqual([busy.status, /421/.test(busy.detail)], ['fail', true], busy.detail);
    });

    it('that there is none, or that development writes files', async () => {
      const none = await checkMail(configOf({}));
      assert.deepEqual([none.status, none.detail], ['warn', 'no server is configured']);
      const files = await checkMail(configOf({ NODE_ENV: 'development' }));
      assert.deepEqual([files.status, files.detail], ['ok', `no server: written to ${join(bench.directory, 'mail')}`]);
    });
  });

  describe('of a test mail', () => {
    it('that the server takes it, once, for the address as it is written canonically', async () => {
      const run = await doctor({ SMTP_URL: mailbox.url }, '--send-test-mail', ' Ada@Example.ORG ');
      assert.equal(run.code, 0, run.stdout);
      assert.equal(checkOf(run, 'test mail')?.status, 'ok');
      const [mail, ...more] = mailbox.to('ada@example.org');
      assert.equal(more.length, 0);
      assert.match(mail?.text ?? '', /http:\/\/localhost:3999/);
      assert.deepEqual(
        [mail?.subject, mail?.header('auto-submitted')],
        ['A test of mail from Gatehouse', 'auto-generated'],
      );
    });

    it('that it was refused, and that there is no server', async () => {
      mailbox.refuse({ code: 550, at: 'recipient', text: 'no ada@example.org here' });
      const refused = await sendTestMail(configOf({ SMTP_URL: mailbox.url }), 'ada@example.org');
      assert.equal(refused.status, 'fail');
      assert.match(refused.detail, /550/);
      assert.match(refused.advice ?? '', /MAIL_FROM must be a sender/);
      const none = await sendTestMail(configOf({}), 'ada@example.org');
      assert.deepEqual([none.status, none.detail], ['fail', 'no mail server is configured']);
    });

    it('that development wrote it, and where', async () => {
      const found = await sendTestMail(configOf({ NODE_ENV: 'development' }), 'ada@example.org');
      const [file = ''] = await readdir(join(bench.directory, 'mail'));
      assert.deepEqual([found.status, found.detail.endsWith(`/mail/${file}`)], ['ok', true], found.detail);
      assert.match(await readFile(join(bench.directory, 'mail', file), 'utf8'), /^To: ada@example\.org\r?$/m);
    });

    it('that the address is none, before anything is asked', async () => {
      const connections = mailbox.connections();
      const run = await doctor({ SMTP_URL: mailbox.url }, '--send-test-mail', 'ada');
      assert.deepEqual([run.code, run.json.error.code], [3, 'EMAIL_INVALID']);
      assert.equal(mailbox.connections(), connections);
    });
  });

  describe('of phones', () => {
    it('that Twilio knows the account, and by whom messages go where', async () => {
      twilio.answer = account({});
      const found = await checkPhones(configOf(phones));
      assert.deepEqual(
        [found.status, found.detail],
        ['ok', 'Twilio account Acme; SMS from +33644600001; to FR, CH; 1000 a day for each tenant'],
      );
      assert.equal((await checkPhones(configOf({}))).detail, 'no provider: no SMS, no WhatsApp');
    });

    it('that a trial account and WhatsApp without a template reach few', async () => {
      twilio.answer = account({ type: 'Trial' });
      const trial = await checkPhones(configOf(phones));
      assert.deepEqual([trial.status, /trial account/.test(trial.advice ?? '')], ['warn', true]);
      twilio.answer = account({});
      const whatsapp = { ...phones, TWILIO_WHATSAPP_FROM: '+33644600002' };
      const plain = await checkPhones(configOf(whatsapp));
      assert.deepEqual([plain.status, /TWILIO_WHATSAPP_CONTENT_SID/.test(plain.advice ?? '')], ['warn', true]);
      const template = { ...whatsapp, TWILIO_WHATSAPP_CONTENT_SID: `HX${'0c'.repeat(16)}` };
      assert.equal((await checkPhones(configOf(template))).status, 'ok');
    });

    it('that the credentials are wrong, the account is suspended, or nobody answers', async () => {
      const token = '9f'.repeat(16);
      const wrong = await checkPhones(configOf({ ...phones, TWILIO_AUTH_TOKEN: token }));
      assert.deepEqual([wrong.status, wrong.detail], ['fail', 'Twilio refuses the credentials: error 20003']);
      assert.ok(!JSON.stringify(wrong).includes(token));
      twilio.answer = account({ status: 'suspended' });
      const suspended = await checkPhones(configOf(phones));
      assert.deepEqual([suspended.status, suspended.detail], ['fail', 'Twilio account Acme is suspended']);
      twilio.answer = { status: 503, body: { code: 20503, message: 'later', status: 503 } };
      const broken = await checkPhones(configOf(phones));
      assert.deepEqual([broken.status, broken.detail], ['fail', `${twilio.url} answers with error 20503`]);
      twilio.answer = { status: 200, body: { hello: 'from a proxy' } };
      const other = await checkPhones(configOf(phones));
      assert.deepEqual([other.status, other.detail], ['fail', `${twilio.url} does not answer as Twilio does`]);
      const gone = await startAccountServer();
      await gone.close();
      const away = await checkPhones(configOf({ ...phones, TWILIO_BASE_URL: gone.url }));
      assert.deepEqual([away.status, away.detail], ['fail', `${gone.url} cannot be reached: ECONNREFUSED`]);
    });
  });

  it('of messages that wait too long, were refused, and may go nowhere', async () => {
    twilio.answer = account({});
    const { id: tenantId } = await createTenant(bench.db, { slug: 'acme', name: 'Acme' }, systemCaller);
    const quiet = await doctor({ SMTP_URL: mailbox.url, ...phones });
    assert.equal(quiet.code, 0, quiet.stdout);
    assert.deepEqual([checkOf(quiet, 'messages')?.status, checkOf(quiet, 'messages')?.detail], ['ok', 'none waits']);
    assert.equal(checkOf(quiet, 'phone countries')?.status, 'warn');

    await enqueueJob(bench.db, 'send-message', {}, { queue: 'email:1' });
    await bench.db.raw(`update graphile_worker._private_jobs set created_at = now() - interval '12 minutes'`);
    const payload = { channel: 'sms', template: 'code', reason: 'budget_used_up' };
    const event = { tenantId, action: 'message.refused', entityType: 'message', entityId: newId(), payload };
    await recordEvent(bench.db, event, systemCaller);
    await bench.run('tenants set acme --countries CH');
    const busy = await doctor({ SMTP_URL: 'smtp://127.0.0.1:1', ...phones });
    assert.equal(busy.code, 1);
    assert.equal(checkOf(busy, 'mail')?.status, 'fail');
    const messages = checkOf(busy, 'messages');
    assert.deepEqual(
      [messages?.status, messages?.detail],
      ['warn', '1 waiting, the oldest for 12 min; 1 not sent today: budget_used_up'],
    );
    assert.match(messages?.advice ?? '', /^Is a server running\?/);
    assert.equal(checkOf(busy, 'phone countries')?.status, 'ok');
  });
});
