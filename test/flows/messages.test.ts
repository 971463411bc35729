/** Messages as the whole server sends them: the domain's own tests are in test/domain/messages. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { enqueueMessage, type OutgoingMessage } from '../../src/domain/messages/outgoing-message.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { Browserless } from '../support/browserless.ts';
import { type LoopbackServer, listen } from '../support/loopback.ts';
import { readMail } from '../support/mailbox.ts';
import { discover, signIn } from '../support/relying-party.ts';

describe('messages of a running server', function () {
  this.timeout(40_000);
  let app: TestApp;
  let tenantId: string;
  let site: LoopbackServer;
  const told: number[] = [];
  let count = 0;

  before(async () => {
    app = await startTestApp({ mailbox: true, twilio: true });
    tenantId = (await app.tenant({ settings: { countryList: ['FR'] } })).id;
    site = await listen((req, res) => {
      req.resume();
      told.push(performance.now());
      res.end();
    });
  });
  after(async () => {
    await app.stop();
    await site.close();
  });

  function notice(channel: 'email' | 'sms'): OutgoingMessage<'identity-linked'> {
    count += 1;
    return {
      channel,
      to: channel === 'email' ? `reader${count}@example.test` : `+336130${String(count).padStart(5, '0')}`,
      template: 'identity-linked',
      model: { tenantName: 'Northwind', provider: 'Google', href: `${app.issuer}/account` },
      locale: 'fr',
      tenantId,
    };
  }

  async function until(condition: () => boolean, what: string, ms = 10_000): Promise<void> {
    const deadline = Date.now() + ms;
    while (!condition()) {
      if (Date.now() > deadline) assert.fail(`not within ${ms} ms: ${what}`);
      await sleep(20);
    }
  }

  /** Signs in and out; answers how long the sign-in took, and how long it was until the relying party heard of the end. */
  async function signInAndOut(): Promise<{ signedInMs: number; toldMs: number }> {
    const metadata = {
      backchannel_logout_uri: `${site.url}/logout`,
      backchannel_logout_session_required: true,
    };
    const party = await discover(app, await app.relyingParty({ metadata }));
    const person = await app.person();
    const browser = new Browserless();
    const began = performance.now();
    await signIn(party, person, { browser });
    const signedInMs = performance.now() - began;
    const known = told.length;
    const page = await browser.open(`${app.issuer}/logout`);
    const ended = performance.now();
    await browser.submit(page, { logout: 'yes' }, { until: 'http://localhost:1/' });
    await until(() => told.length > known, 'the relying party heard of it');
    return { signedInMs, toldMs: (told.at(-1) ?? 0) - ended };
  }

  it('go by mail and SMS, soon, through what is configured', async () => {
    const [mail, text] = [notice('email'), notice('sms')];
    await app.db.transaction(async (trx) => {
      await enqueueMessage(trx, mail, app);
      await enqueueMessage(trx, text, app);
    });
    const received = await app.mailbox.waitFor(mail.to);
    assert.equal(received.subject, 'Google a été associé à votre compte');
    assert.deepEqual(received.links, [`${app.issuer}/account`]);
    assert.equal(received.header('from'), 'Gatehouse <no-reply@localhost>');
    assert.deepEqual((await app.twilio.waitFor(text.to)).links, [`${app.issuer}/account`]);
  });

  it('hold up neither sign-ins nor logouts where mail server and Twilio say nothing', async () => {
    const before = await signInAndOut();
    app.mailbox.hang(true);
    app.twilio.hang(true);
    const messages = Array.from({ length: 30 }, (_, n) => notice(n % 2 ? 'email' : 'sms'));
    for (const message of messages) await enqueueMessage(app.db, message, app);
    await until(() => app.mailbox.connections() >= 2 && app.twilio.requests() >= 3, 'both are asked');
    for (let n = 0; n < 3; n += 1) {
      const { signedInMs, toldMs } = await signInAndOut();
      assert.ok(toldMs < 2_000, `the relying party heard after ${Math.round(toldMs)} ms`);
      assert.ok(signedInMs < Math.max(1_000, 3 * before.signedInMs), `signed in after ${Math.round(signedInMs)} ms`);
    }
    assert.ok(
      messages.some(({ to }) => app.mailbox.to(to).length + app.twilio.to(to).length === 0),
      'they still hang',
    );
  });
});

describe('messages in development', () => {
  it('are files whose links are in the log', async () => {
    const app = await startTestApp({
      env: { NODE_ENV: 'development', ARGON2_MEMORY_KIB: '19456', ARGON2_ITERATIONS: '2' },
      runJobs: true,
    });
    try {
      const { id: tenantId } = await app.tenant();
      const id = await enqueueMessage(
        app.db,
        {
          channel: 'email',
          to: 'reader@example.test',
          template: 'recovery',
          model: { tenantName: 'Northwind', minutes: 30, href: `${app.issuer}/recovery/the-token` },
          locale: 'en',
          tenantId,
        },
        app,
      );
      const deadline = Date.now() + 10_000;
      const line = () => /file:[^\s"]+\.eml/.exec(app.logs())?.[0];
      while (line() === undefined && Date.now() < deadline) await sleep(25);
      const file = fileURLToPath(line() ?? assert.fail('no link in the log'));
      assert.equal(file, join(app.config.dataDirectory, 'mail', `${id}.eml`));
      const mail = readMail(await readFile(file, 'utf8'), { from: '', to: [] });
      assert.deepEqual(mail.links, [`${app.issuer}/recovery/the-token`]);
      assert.ok(!app.logs().includes('the-token') && !app.logs().includes('reader@example.test'));
    } finally {
      await app.stop();
    }
  });
});
