import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { Registry } from 'prom-client';
import { systemCaller } from '../../../src/domain/audit/audit-events.ts';
import { suspendTenant } from '../../../src/domain/lifecycle/end-tenant.ts';
import {
  createMessenger,
  type DeliveryOutcome,
  type Messenger,
  sendMessageTask,
} from '../../../src/domain/messages/deliver-message.ts';
import { createMessageMetrics, type MessageMetrics } from '../../../src/domain/messages/message-metrics.ts';
import { createMessageViews } from '../../../src/domain/messages/message-views.ts';
import {
  enqueueMessage,
  messageQueue,
  type OutgoingMessage,
  sealPayload,
  sendMessageJob,
} from '../../../src/domain/messages/outgoing-message.ts';
import type { NewTenant } from '../../../src/domain/setup/create-tenant.ts';
import { updateTenantSettings } from '../../../src/domain/tenants/tenants.ts';
import { createDatabase, type Database } from '../../../src/platform/database.ts';
import { DeliveryError } from '../../../src/platform/delivery-error.ts';
import { createI18n } from '../../../src/platform/i18n.ts';
import { newId } from '../../../src/platform/ids.ts';
import { enqueueJob } from '../../../src/platform/jobs/enqueue-job.ts';
import { type Jobs, startJobs } from '../../../src/platform/jobs/jobs.ts';
import { createLogger, type Logger } from '../../../src/platform/logger.ts';
import { createMailer, type Mailer } from '../../../src/platform/mailer.ts';
import { createPhoneMessages } from '../../../src/platform/phone-messages.ts';
import { budgetLeft } from '../../../src/platform/rate-limits.ts';
import { createSecrets, randomToken } from '../../../src/platform/secrets.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { eventually } from '../../support/eventually.ts';
import { createTenant } from '../../support/factories.ts';
import { type Mailbox, startMailbox } from '../../support/mailbox.ts';
import { takeBackJobs } from '../../support/take-back-jobs.ts';
import { startTwilioServer, type TwilioServer } from '../../support/twilio-server.ts';

const views = createMessageViews({
  directory: fileURLToPath(new URL('../../../views', import.meta.url)),
  i18n: createI18n(fileURLToPath(new URL('../../../views/locales', import.meta.url))),
  issuer: 'https://id.example.org',
  brand: { name: 'Gatehouse' },
  cache: true,
});

describe('delivering a message', function () {
  this.timeout(120_000);
  const secretKey = randomToken(36);
  const secrets = createSecrets([secretKey]);
  const lines: string[] = [];
  const logger: Logger = createLogger({ level: 'debug', destination: { write: (line) => void lines.push(line) } });
  let database: TestDatabase;
  let db: Database;
  let otherNode: Database;
  let mailbox: Mailbox;
  let twilio: TwilioServer;
  let mailers: Mailer[] = [];
  let running: Jobs[] = [];
  let tenant: NewTenant;
  let count = 0;

  before(async () => {
    database = await createTestDatabase();
    db = createDatabase({ url: database.url, poolMax: 6 });
    otherNode = createDatabase({ url: database.url, poolMax: 6 });
    mailbox = await startMailbox();
    twilio = await startTwilioServer();
  });
  after(async () => {
    await Promise.all([mailbox?.stop(), twilio?.stop(), db?.destroy(), otherNode?.destroy()]);
    await database?.drop();
  });
  beforeEach(async () => {
    tenant = await createTenant(db, { settings: { countryList: ['FR', 'CH'] } });
    lines.length = 0;
  });
  afterEach(async () => {
    mailbox.refuse(undefined);
    mailbox.hold(false);
    mailbox.hang(false);
    await mailbox.restart();
    twilio.fail(undefined);
    twilio.slow(0);
    twilio.hang(false);
    await twilio.restart();
    for (const jobs of running) await jobs.stop();
    for (const mailer of mailers) mailer.close();
    [running, mailers] = [[], []];
    await db.raw('delete from graphile_worker._private_jobs');
  });

  interface Setup {
    on?: Database;
    emailBudget?: number;
    phoneBudget?: number;
    countries?: string[];
    withMail?: boolean;
    withPhone?: boolean;
    metrics?: MessageMetrics;
  }

  function messengerFor(setup: Setup = {}): Messenger {
    const { on = db, emailBudget = 1_000, phoneBudget = 1_000, countries = ['FR', 'CH'], metrics } = setup;
    const mailer = createMailer({
      smtpUrl: setup.withMail === false ? undefined : mailbox.url,
      toFiles: false,
      from: 'Gatehouse <no-reply@id.example.org>',
      directory: '/nowhere',
      log: assert.fail,
    });
    if (mailer) mailers.push(mailer);
    const phone = createPhoneMessages({
      accountSid: twilio.accountSid,
      authToken: twilio.authToken,
      smsFrom: twilio.smsFrom,
      whatsappFrom: twilio.whatsappFrom,
      whatsappContentSid: undefined,
      baseUrl: twilio.url,
    });
    return createMessenger({
      db: on,
      config: { mail: { dailyBudget: emailBudget }, phone: { dailyBudget: phoneBudget, countries } },
      views,
      mailer,
      phone: setup.withPhone === false ? undefined : phone,
      channels: setup.withPhone === false ? ['email'] : ['email', 'sms', 'whatsapp'],
      metrics,
      logger,
    });
  }

  function code(overrides: Partial<OutgoingMessage<'code'>> = {}): OutgoingMessage<'code'> {
    count += 1;
    return {
      channel: 'email',
      to: overrides.channel && overrides.channel !== 'email' ? phoneNumber() : `person${count}@example.test`,
      template: 'code',
      model: {
        code: String(count).padStart(6, '0'),
        minutes: 5,
        purpose: 'login',
        tenantName: tenant.name,
        host: 'id.example.org',
      },
      locale: 'en',
      tenantId: tenant.id,
      ...overrides,
    };
  }

  function phoneNumber(): string {
    count += 1;
    return `+336120${String(count).padStart(5, '0')}`;
  }

  function work(messenger: Messenger, concurrency = 4): Jobs {
    const tasks = { [sendMessageJob]: sendMessageTask(messenger, { secrets }) };
    const jobs = startJobs({ databaseUrl: database.url, tasks, logger, concurrency });
    running.push(jobs);
    return jobs;
  }

  async function queued(): Promise<{ attempts: number; last_error: string | null }[]> {
    const { rows } = await db.raw('select attempts, last_error from graphile_worker._private_jobs order by id');
    return rows;
  }

  async function eventsOf(id: string) {
    return db('audit_events')
      .where({ entityType: 'message', entityId: id })
      .orderBy('occurredAt')
      .select('tenantId', 'actorType', 'action', 'payload');
  }

  it('counts it by the day, the channel and what came of it', async () => {
    const messenger = messengerFor({ emailBudget: 1 });
    await messenger.deliver(code(), { id: newId() });
    await messenger.deliver(code(), { id: newId() });
    twilio.fail({ status: 503 });
    await assert.rejects(messenger.deliver(code({ channel: 'sms' }), { id: newId() }));
    await messenger.deliver(code({ tenantId: null }), { id: newId() });
    const counted = await db('message_days').where({ tenantId: tenant.id }).orderBy(['channel', 'outcome']);
    assert.deepEqual(
      counted.map(({ channel, outcome, count, lastReason }) => [channel, outcome, count, lastReason !== null]),
      [
        ['email', 'refused', 1, true],
        ['email', 'sent', 1, false],
        ['sms', 'retried', 1, true],
      ],
    );
  });

  it('sends it by mail, SMS or WhatsApp, in the language of the reader', async () => {
    const messenger = messengerFor();
    const mail = code({ locale: 'fr' });
    assert.equal(await messenger.deliver(mail, { id: newId() }), 'sent');
    const received = await mailbox.waitFor(mail.to);
    assert.equal(received.subject, `Votre code pour ${tenant.name}`);
    assert.equal(received.code, mail.model.code);

    for (const channel of ['sms', 'whatsapp'] as const) {
      const message = code({ channel, expiresAt: new Date(Date.now() + 300_000) });
      assert.equal(await messenger.deliver(message, { id: newId() }), 'sent');
      const sent = await twilio.waitFor(message.to);
      assert.deepEqual([sent.channel, sent.code], [channel, message.model.code]);
      assert.ok(sent.body.endsWith(`\n@id.example.org #${message.model.code}`));
      if (channel === 'sms') {
        const seconds = Number(sent.fields.ValidityPeriod);
        assert.ok(seconds > 290 && seconds <= 300, `${seconds}`);
      }
    }
  });

  it('goes by the channels that are configured, and by no others', async () => {
    assert.throws(() => messengerFor({ withMail: false }), /nobody carries messages by email/);
    const id = newId();
    assert.equal(await messengerFor({ withPhone: false }).deliver(code({ channel: 'sms' }), { id }), 'refused');
    assert.equal((await eventsOf(id))[0].payload.reason, 'channel_unavailable');
  });

  it('drops what is no longer good, by the clock of the database, and counts it not', async () => {
    const messenger = messengerFor({ emailBudget: 3 });
    const expired = code({ expiresAt: new Date(Date.now() - 1_000) });
    assert.equal(await messenger.deliver(expired, { id: newId() }), 'expired');
    assert.equal(mailbox.to(expired.to).length, 0);
    assert.equal(await budgetLeft(db, `email:${tenant.id}`, 3), 3);
    assert.equal(await messenger.deliver(code({ expiresAt: new Date(Date.now() + 60_000) }), { id: newId() }), 'sent');
  });

  it('goes to the countries of the tenant and the server alone, as they are now', async () => {
    const messenger = messengerFor();
    const refusals: [OutgoingMessage, Messenger][] = [
      [code({ channel: 'sms', to: '+46701234567' }), messenger],
      [code({ channel: 'sms', to: '+33899123456' }), messenger],
      [code({ channel: 'whatsapp', to: '+33142278186' }), messenger],
      [code({ channel: 'sms' }), messengerFor({ countries: ['CH'] })],
      [code({ channel: 'sms', tenantId: null, to: '+46701234567' }), messenger],
    ];
    for (const [message, by] of refusals) {
      const id = newId();
      assert.equal(await by.deliver(message, { id }), 'refused', message.to);
      assert.deepEqual(await eventsOf(id), [
        {
          tenantId: message.tenantId,
          actorType: 'system',
          action: 'message.refused',
          payload: { channel: message.channel, template: 'code', reason: 'number_not_supported' },
        },
      ]);
    }
    const message = code({ channel: 'sms' });
    await updateTenantSettings(db, tenant.id, { countryList: [] }, systemCaller);
    assert.equal(await messenger.deliver(message, { id: newId() }), 'refused');
    assert.equal(twilio.to(message.to).length, 0);
  });

  it('sends nothing for a tenant that is suspended or unknown', async () => {
    const messenger = messengerFor();
    await suspendTenant(db, tenant.id, systemCaller);
    for (const [tenantId, reason] of [
      [tenant.id, 'tenant_suspended'],
      [newId(), 'tenant_unknown'],
    ] as const) {
      const message = code({ tenantId });
      const id = newId();
      assert.equal(await messenger.deliver(message, { id }).catch((error) => error), 'refused', reason);
      assert.equal(mailbox.to(message.to).length, 0);
      assert.equal((await eventsOf(id))[0].payload.reason, reason);
    }
  });

  it('never goes beyond the day’s budget, of many at once on two nodes', async () => {
    const before = twilio.messages.length;
    const nodes = [messengerFor({ phoneBudget: 9 }), messengerFor({ phoneBudget: 9, on: otherNode })];
    const ids: string[] = [];
    const outcomes = await Promise.all(
      Array.from({ length: 40 }, (_, index) => {
        const id = newId();
        ids.push(id);
        return nodes[index % 2]?.deliver(code({ channel: index % 3 ? 'sms' : 'whatsapp' }), { id });
      }),
    );
    assert.equal(outcomes.filter((outcome) => outcome === 'sent').length, 9);
    assert.equal(outcomes.filter((outcome) => outcome === 'refused').length, 31);
    assert.equal(twilio.messages.length - before, 9);
    const events = await db('audit_events').whereIn('entityId', ids).select('action', 'payload');
    assert.equal(events.length, 31);
    for (const { action, payload } of events)
      assert.deepEqual([action, payload.reason], ['message.refused', 'budget_used_up']);
    // Mail has its own, and so has another tenant.
    assert.equal(await nodes[0]?.deliver(code(), { id: newId() }), 'sent');
    const neighbour = await createTenant(db, { settings: { countryList: ['FR'] } });
    assert.equal(await nodes[0]?.deliver(code({ channel: 'sms', tenantId: neighbour.id }), { id: newId() }), 'sent');
  });

  it('keeps to what the tenant allows itself, which may be nothing', async () => {
    const messenger = messengerFor();
    await updateTenantSettings(db, tenant.id, { dailyPhoneMessages: 2 }, systemCaller);
    const outcomes: DeliveryOutcome[] = [];
    for (let n = 0; n < 4; n += 1) outcomes.push(await messenger.deliver(code({ channel: 'sms' }), { id: newId() }));
    assert.deepEqual(outcomes, ['sent', 'sent', 'refused', 'refused']);
    const silent = await createTenant(db, { settings: { countryList: ['FR'], dailyPhoneMessages: 0 } });
    assert.equal(await messenger.deliver(code({ channel: 'sms', tenantId: silent.id }), { id: newId() }), 'refused');
  });

  it('does not count what was certainly not sent, and counts what may have been', async () => {
    const messenger = messengerFor({ phoneBudget: 5 });
    const left = () => budgetLeft(db, `phone:${tenant.id}`, 5);
    const failing = () => assert.rejects(messenger.deliver(code({ channel: 'sms' }), { id: newId() }), DeliveryError);
    twilio.fail({ status: 429, code: 20429 });
    for (let n = 0; n < 8; n += 1) await failing();
    assert.equal(await left(), 5);
    twilio.fail({ status: 503, code: 20503 });
    await failing();
    assert.equal(await left(), 4);
    twilio.fail({ status: 400, code: 21211 });
    assert.equal(await messenger.deliver(code({ channel: 'sms' }), { id: newId() }), 'failed');
    assert.equal(await left(), 4);
  });

  it('is in the trail where it failed for good, and says nowhere to whom', async () => {
    const messenger = messengerFor();
    const mail = code({ to: 'canary.person@example.test' });
    const sms = code({ channel: 'sms', to: '+33612999111' });
    mailbox.refuse({ code: 550, text: `${mail.to} is unknown` });
    twilio.fail({ status: 400, code: 21610, message: `${sms.to} wants no messages` });
    const [mailId, smsId] = [newId(), newId()];
    assert.equal(await messenger.deliver(mail, { id: mailId }), 'failed');
    assert.equal(await messenger.deliver(sms, { id: smsId }), 'failed');
    const [mailEvent] = await eventsOf(mailId);
    assert.equal(mailEvent.action, 'message.failed');
    assert.deepEqual(mailEvent.payload, { channel: 'email', template: 'code', reason: '550' });
    assert.deepEqual((await eventsOf(smsId))[0].payload, { channel: 'sms', template: 'code', reason: '21610' });

    mailbox.refuse({ code: 451, text: `${mail.to} is greylisted` });
    await assert.rejects(messenger.deliver(mail, { id: newId() }), { permanent: false, reason: '451' });
    const events = JSON.stringify(await db('audit_events').select('payload'));
    for (const secret of [mail.to, sms.to, mail.model.code, sms.model.code])
      assert.ok(!lines.join('').includes(secret) && !events.includes(secret), secret);
  });

  it('ends with the last attempt', async () => {
    const messenger = messengerFor();
    mailbox.refuse({ code: 451 });
    const id = newId();
    await assert.rejects(messenger.deliver(code(), { id }), DeliveryError);
    assert.deepEqual(await eventsOf(id), []);
    assert.equal(await messenger.deliver(code(), { id, isLastAttempt: true }), 'failed');
    assert.equal((await eventsOf(id))[0].payload.reason, '451');
  });

  it('is counted in the metrics, by channel and outcome', async () => {
    const registry = new Registry();
    const metrics = createMessageMetrics(registry);
    const messenger = messengerFor({ metrics, phoneBudget: 1 });
    for (let n = 0; n < 2; n += 1) await messenger.deliver(code({ channel: 'sms' }), { id: newId() });
    mailbox.refuse({ code: 451 });
    await assert.rejects(messenger.deliver(code(), { id: newId() }));
    const { values } = (await registry.getSingleMetric('gatehouse_messages_total')?.get()) ?? { values: [] };
    assert.deepEqual(
      values.map(({ labels, value }) => [labels.channel, labels.outcome, value]),
      [
        ['sms', 'sent', 1],
        ['sms', 'refused', 1],
        ['email', 'retried', 1],
      ],
    );
  });

  describe('by the job', () => {
    it('happens after the commit of what caused it, and not without', async () => {
      await work(messengerFor()).started;
      const [lost, kept] = [code(), code()];
      await assert.rejects(
        db.transaction(async (trx) => {
          await enqueueMessage(trx, lost, { secrets });
          throw new Error('roll back');
        }),
      );
      // The library holds the name of a queue until the commit if it is a new one.
      const other = code();
      await enqueueMessage(db, other, { secrets });
      await mailbox.waitFor(other.to);
      await db.transaction(async (trx) => {
        await enqueueMessage(trx, kept, { secrets });
        // One that came later and is committed already.
        await enqueueMessage(db, code({ to: other.to }), { secrets });
        await mailbox.waitFor(other.to, { count: 2 });
        assert.equal(mailbox.to(kept.to).length, 0);
      });
      await mailbox.waitFor(kept.to);
      await eventually(async () => (await queued()).length === 0, 'the queue is empty');
      assert.equal(mailbox.to(lost.to).length, 0);
      assert.equal(mailbox.to(kept.to).length, 1);
    });

    it('outlives an outage: everything arrives afterwards, once each', async () => {
      await work(messengerFor()).started;
      await mailbox.stop();
      await twilio.stop();
      const mails = Array.from({ length: 12 }, () => code());
      const texts = Array.from({ length: 12 }, () => code({ channel: 'sms' }));
      for (const message of [...mails, ...texts]) await enqueueMessage(db, message, { secrets });
      await eventually(
        async () => (await queued()).every((job) => job.last_error === 'DeliveryError'),
        'all were tried in vain',
      );
      await mailbox.restart();
      await twilio.restart();
      await eventually(async () => (await queued()).length === 0, 'the queue is empty');
      for (const { to, model } of mails)
        assert.deepEqual(
          mailbox.to(to).map((mail) => mail.code),
          [model.code],
        );
      for (const { to, model } of texts)
        assert.deepEqual(
          twilio.to(to).map((text) => text.code),
          [model.code],
        );
      assert.equal(new Set(mailbox.mails.map(({ messageId }) => messageId)).size, mailbox.mails.length);
    });

    it('is not tried again where it failed for good, nor when it has expired meanwhile', async () => {
      await work(messengerFor()).started;
      mailbox.refuse({ code: 550 });
      const hopeless = code();
      const id = await enqueueMessage(db, hopeless, { secrets });
      await eventually(async () => (await eventsOf(id)).length === 1, 'it failed for good');
      await eventually(async () => (await queued()).length === 0, 'it is gone');

      mailbox.refuse({ code: 451 });
      const late = code({ expiresAt: new Date(Date.now() + 3_600_000) });
      await enqueueMessage(db, late, { secrets });
      await eventually(async () => (await queued())[0]?.last_error === 'DeliveryError', 'it was tried in vain');
      // An hour passes.
      const expired = sealPayload(secrets, sendMessageJob, { ...late, expiresAt: new Date() });
      await db('graphile_worker._private_jobs').update({ payload: JSON.stringify(expired) });
      mailbox.refuse(undefined);
      await eventually(async () => (await queued()).length === 0, 'it was dropped');
      assert.equal(mailbox.to(hopeless.to).length, 0);
      assert.equal(mailbox.to(late.to).length, 0);
    });

    it('is done by another process where one was killed in the middle, once', async () => {
      mailbox.hang(true);
      const settings = {
        DATABASE_URL: database.url,
        SECRET_KEY: secretKey,
        SMTP_URL: mailbox.url,
        ISSUER: 'https://id.example.org',
      };
      const worker = fork(new URL('../../support/messages-process.ts', import.meta.url), {
        env: { ...process.env, ...settings },
      });
      const exited = once(worker, 'exit');
      const message = code();
      const before = mailbox.connections();
      await enqueueMessage(db, message, { secrets });
      await eventually(() => mailbox.connections() > before, 'it began');
      worker.kill('SIGKILL');
      await exited;
      mailbox.hang(false);

      const pool = new pg.Pool({ connectionString: database.url, max: 1 });
      try {
        await eventually(async () => (await takeBackJobs(pool)) === 0, 'it was taken back');
      } finally {
        await pool.end();
      }
      await work(messengerFor()).started;
      await mailbox.waitFor(message.to);
      await eventually(async () => (await queued()).length === 0, 'the queue is empty');
      assert.equal(mailbox.to(message.to).length, 1);
    });

    it('keeps the payload where no key opens it', async () => {
      await work(messengerFor()).started;
      const foreign = sealPayload(createSecrets([randomToken(36)]), sendMessageJob, code());
      await enqueueJob(db, sendMessageJob, foreign);
      await eventually(async () => (await queued())[0]?.last_error === 'Error', 'it failed');
      assert.equal((await queued()).length, 1);
    });

    it('holds up nothing else where a provider says nothing', async () => {
      mailbox.hang(true);
      twilio.hang(true);
      const seen: string[] = [];
      const messenger = messengerFor();
      const jobs = startJobs({
        databaseUrl: database.url,
        tasks: {
          [sendMessageJob]: sendMessageTask(messenger, { secrets }),
          other: async (payload) => void seen.push((payload as { n: string }).n),
        },
        logger,
        concurrency: 6,
        stopTimeoutMs: 1_000,
      });
      running.push(jobs);
      await jobs.started;
      const stuck = [
        ...Array.from({ length: 20 }, () => code()),
        ...Array.from({ length: 20 }, () => code({ channel: 'sms' })),
      ];
      const queues = new Set(stuck.map(({ channel, to }) => messageQueue(channel, to)));
      assert.equal(queues.size, 4);
      for (const message of stuck) await enqueueMessage(db, message, { secrets });
      await eventually(async () => {
        const { rows } = await db.raw(
          'select count(*) as held from graphile_worker._private_job_queues where locked_at is not null',
        );
        return rows[0].held === 4;
      }, 'all four queues are stuck');
      for (let n = 0; n < 20; n += 1) await enqueueJob(db, 'other', { n: String(n) });
      await eventually(() => seen.length === 20, 'the others are done');
    });
  });
});
