/** Messages as the whole server sends them: the domain's own tests are in test/domain/messages. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Timeouts } from '../../src/dependencies.ts';
import { enqueueMessage, type OutgoingMessage } from '../../src/domain/messages/outgoing-message.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { Browserless } from '../support/browserless.ts';
import { eventually } from '../support/eventually.ts';
import { type LoopbackServer, listen } from '../support/loopback.ts';
import { readMail } from '../support/mailbox.ts';
import { discover, signIn } from '../support/relying-party.ts';

describe('messages of a running server', function () {
  this.timeout(120_000);
  let app: TestApp;
  let tenantId: string;
  let site: LoopbackServer;
  let told = 0;
  let count = 0;

  before(async () => {
    // Who hangs does so for as long as a test likes.
    const timeouts: Timeouts = {
      mail: { connectMs: 3_600_000, greetingMs: 3_600_000, silenceMs: 3_600_000, sendMs: 3_600_000 },
      phoneMs: 3_600_000,
    };
    app = await startTestApp({ mailbox: true, twilio: true, timeouts });
    tenantId = (await app.tenant({ name: 'Northwind', settings: { countryList: ['FR'] } })).id;
    site = await listen((req, res) => {
      req.resume();
      told += 1;
      res.end();
    });
  });
  after(async () => {
    await app?.stop();
    await site?.close();
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

  /** Signs in and out, and waits until the relying party heard of the end. */
  async function signInAndOut(): Promise<void> {
    const metadata = {
      backchannel_logout_uri: `${site.url}/logout`,
      backchannel_logout_session_required: true,
    };
    const party = await discover(app, await app.relyingParty({ metadata }));
    const person = await app.person();
    const browser = new Browserless();
    await signIn(party, person, { browser });
    const known = told;
    const page = await browser.open(`${app.issuer}/logout`);
    await browser.submit(page, { logout: 'yes' }, { until: 'http://localhost:1/' });
    await eventually(() => told > known, 'the relying party heard of it');
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
    assert.equal(received.header('from'), 'Northwind <no-reply@localhost>');
    assert.deepEqual((await app.twilio.waitFor(text.to)).links, [`${app.issuer}/account`]);
  });

  it('hold up neither sign-ins nor logouts where mail server and Twilio say nothing', async () => {
    app.mailbox.hang(true);
    app.twilio.hang(true);
    const messages = Array.from({ length: 30 }, (_, n) => notice(n % 2 ? 'email' : 'sms'));
    for (const message of messages) await enqueueMessage(app.db, message, app);
    await eventually(() => app.mailbox.connections() >= 2 && app.twilio.requests() >= 3, 'both are asked');
    for (let n = 0; n < 3; n += 1) await signInAndOut();
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
      const line = await eventually(() => /file:[^\s"]+\.eml/.exec(app.logs())?.[0], 'a link in the log');
      const file = fileURLToPath(line);
      assert.equal(file, join(app.config.dataDirectory, 'mail', `${id}.eml`));
      const mail = readMail(await readFile(file, 'utf8'), { from: '', to: [] });
      assert.deepEqual(mail.links, [`${app.issuer}/recovery/the-token`]);
      assert.ok(!app.logs().includes('the-token') && !app.logs().includes('reader@example.test'));
    } finally {
      await app.stop();
    }
  });
});
