import assert from 'node:assert/strict';
import {
  enqueueMessage,
  messageJobOptions,
  messageQueue,
  type OutgoingMessage,
  openPayload,
  revivedMessage,
  sealPayload,
  sendMessageJob,
} from '../../../src/domain/messages/outgoing-message.ts';
import { createDatabase, type Database } from '../../../src/platform/database.ts';
import { createSecrets, randomToken } from '../../../src/platform/secrets.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';

const secrets = createSecrets([randomToken(36)]);

const invitation: OutgoingMessage<'invitation'> = {
  channel: 'email',
  to: 'ada@example.test',
  template: 'invitation',
  model: {
    tenantName: 'Northwind',
    inviterName: '2026-01-01T00:00:00.000Z',
    role: 'member',
    place: 'Northwind',
    href: 'https://id.example.org/invitations/secret-token',
    expiresAt: new Date('2026-11-28T08:05:00.123Z'),
  },
  locale: 'fr',
  tenantId: '0190aaaa-0000-7000-8000-000000000001',
  expiresAt: new Date('2026-11-28T08:05:00.123Z'),
};

describe('the payload of a job that delivers', () => {
  it('opens in its own job, under its own id and key, with its dates again', () => {
    const payload = sealPayload(secrets, sendMessageJob, invitation);
    const { id, value } = openPayload(secrets, sendMessageJob, payload);
    assert.equal(id, payload.id);
    assert.deepEqual(revivedMessage(value), invitation);
    assert.throws(() => openPayload(secrets, 'deliver-code', payload), /no secret key opens/);
    const other = sealPayload(secrets, sendMessageJob, invitation);
    assert.throws(() => openPayload(secrets, sendMessageJob, { ...payload, id: other.id }), /no secret key opens/);
    assert.throws(() => openPayload(createSecrets([randomToken(36)]), sendMessageJob, payload), /no secret key opens/);
    for (const wrong of [{}, null, { id: 'x', sealed: 'AAAA' }, { ...payload, sealed: 'not base64!' }, invitation])
      assert.throws(() => openPayload(secrets, sendMessageJob, wrong));
  });

  it('opens after the secret key was changed', () => {
    const [old, fresh] = [randomToken(36), randomToken(36)];
    const payload = sealPayload(createSecrets([old]), sendMessageJob, invitation);
    assert.deepEqual(
      revivedMessage(openPayload(createSecrets([fresh, old]), sendMessageJob, payload).value),
      invitation,
    );
  });
});

describe('the queues of messages', () => {
  it('are two for mail and two for phones, always the same for an address', () => {
    const queues = (channel: 'email' | 'sms' | 'whatsapp') =>
      new Set(Array.from({ length: 64 }, (_, n) => messageQueue(channel, `person${n}@example.test`)));
    assert.deepEqual([...queues('email')].sort(), ['email:0', 'email:1']);
    assert.deepEqual([...queues('sms')].sort(), ['phone:0', 'phone:1']);
    assert.equal(messageQueue('sms', '+33612345678'), messageQueue('whatsapp', '+33612345678'));
  });

  it('let invitations wait behind what somebody waits for', () => {
    const priority = (template: 'invitation' | 'code') =>
      messageJobOptions('email', 'a@b.test', template).priority ?? 0;
    assert.ok(priority('invitation') > priority('code'));
  });
});

describe('enqueueing a message', () => {
  let database: TestDatabase;
  let db: Database;
  before(async () => {
    database = await createTestDatabase();
    db = createDatabase({ url: database.url, poolMax: 4 });
  });
  after(async () => {
    await db?.destroy();
    await database?.drop();
  });

  it('goes with its transaction', async () => {
    const failure = new Error('roll back');
    await assert.rejects(
      db.transaction(async (trx) => {
        await enqueueMessage(trx, invitation, { secrets });
        throw failure;
      }),
      failure,
    );
    const { rows } = await db.raw('select count(*) as jobs from graphile_worker._private_jobs');
    assert.equal(rows[0].jobs, 0);
  });

  it('writes neither address nor name, link or text into the table of the queue', async () => {
    const id = await db.transaction((trx) => enqueueMessage(trx, invitation, { secrets }));
    const { rows } = await db.raw(
      `select j.payload, j.priority, q.queue_name, t.identifier, row_to_json(j)::text as everything
         from graphile_worker._private_jobs j
         join graphile_worker._private_tasks t on t.id = j.task_id
         join graphile_worker._private_job_queues q on q.id = j.job_queue_id`,
    );
    assert.equal(rows.length, 1);
    const [job] = rows;
    assert.deepEqual(
      [job.identifier, job.queue_name, job.priority],
      [sendMessageJob, messageQueue('email', invitation.to), 5],
    );
    assert.deepEqual(Object.keys(job.payload).sort(), ['id', 'sealed']);
    assert.equal(job.payload.id, id);
    for (const secret of ['ada@', 'Northwind', 'secret-token', 'member', 'invitation'])
      assert.ok(!job.everything.includes(secret), secret);
    assert.deepEqual(revivedMessage(openPayload(secrets, sendMessageJob, job.payload).value), invitation);
  });
});
