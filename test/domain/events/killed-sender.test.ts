import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { tell } from '../../../src/domain/events/outbox.ts';
import { eventually } from '../../support/eventually.ts';
import * as make from '../../support/factories.ts';
import { secretKey, soon, startTelling, type Telling } from '../../support/telling.ts';
import { startWebhookReceiver, type WebhookReceiver } from '../../support/webhook-receiver.ts';

describe('a process that tells, killed with -9', () => {
  let telling: Telling;
  let receiver: WebhookReceiver;
  let tenantId: string;
  let senders: ChildProcess[];

  before(async () => {
    telling = await startTelling();
  });
  after(() => telling?.stop());
  beforeEach(async () => {
    receiver = await startWebhookReceiver();
    tenantId = (await make.createTenant(telling.db)).id;
    senders = [];
    await telling.webhook(tenantId, receiver.url, { types: ['user.updated'] });
  });
  afterEach(async () => {
    for (const sender of senders) sender.kill('SIGKILL');
    await receiver.close();
    await telling.db('eventReceivers').delete();
  });

  /** Another process, once it sends. */
  async function startProcess(options: object = {}): Promise<ChildProcess> {
    const sender = fork(new URL('../../support/sender-process.ts', import.meta.url), {
      env: {
        ...process.env,
        SENDER_DATABASE_URL: telling.databaseUrl,
        SENDER_SECRET: secretKey,
        SENDER_OPTIONS: JSON.stringify({ retries: soon, idleMs: 20, ...options }),
      },
    });
    senders.push(sender);
    await once(sender, 'message');
    return sender;
  }

  const write = (subjectId: string, n: number) =>
    tell(telling.db, { tenantId, type: 'user.updated', subjectId, data: { user_id: subjectId, changed: [String(n)] } });
  const numbersOf = (subjectId: string) =>
    receiver.received.filter(({ data }) => data.user_id === subjectId).map(({ data }) => Number(data.changed[0]));
  /** Without those that came once more: a process that is late may tell again what another has told. */
  const firstTold = (subjectId: string) => [...new Set(numbersOf(subjectId))];
  /** When the lane of a subject is free for others, in seconds from now. */
  async function leaseOf(subjectId: string): Promise<{ at: Date; seconds: number } | undefined> {
    const found = await telling.db.raw(
      `select next_at as at, extract(epoch from next_at - clock_timestamp())::float8 as seconds
         from event_lanes where subject = ? and holder is not null`,
      [`user:${subjectId}`],
    );
    return found.rows[0];
  }

  it('loses nothing and tells nothing in the wrong order, and another goes on within moments', async () => {
    // Each answer takes a while, so that a kill meets some under way.
    receiver.answer = () => new Promise((resolve) => setTimeout(resolve, 5, 204));
    const subjects = Array.from({ length: 12 }, () => randomUUID());
    const [first, second] = await Promise.all([startProcess(), startProcess(), startProcess()]);
    let written = 0;
    const writing = (async () => {
      for (let n = 0; n < 30; n++) {
        await Promise.all(subjects.map((subject) => write(subject, n)));
        written = n;
      }
    })();
    await eventually(() => receiver.received.length > 20);
    first?.kill('SIGKILL');
    await eventually(() => written > 10 && receiver.received.length > 100);
    second?.kill('SIGKILL');
    await writing;
    await eventually(() => subjects.every((subject) => numbersOf(subject).includes(29)), 'the last of each is told');
    const all = Array.from({ length: 30 }, (_, n) => n);
    for (const subject of subjects) assert.deepEqual(firstTold(subject), all);
  });

  it('has held a lane for no longer than a moment ahead, however long the answer takes', async () => {
    const subject = randomUUID();
    let isDead = false;
    receiver.answer = () => (isDead ? 204 : new Promise(() => {}));
    const sender = await startProcess();
    await write(subject, 0);
    await write(subject, 1);
    await eventually(() => receiver.received.length === 1);
    // It is renewed while the receiver is at it, and never for longer than that.
    const lease = await eventually(() => leaseOf(subject));
    const renewed = await eventually(async () => {
      const now = await leaseOf(subject);
      return now && now.at.getTime() > lease.at.getTime() + 3_000 && now;
    });
    for (const { seconds } of [lease, renewed]) assert.ok(seconds <= 1.5, `${seconds} s`);
    assert.deepEqual(firstTold(subject), [0], 'the next one waits');
    sender.kill('SIGKILL');
    isDead = true;
    await startProcess();
    await eventually(() => numbersOf(subject).includes(1));
    assert.deepEqual(firstTold(subject), [0, 1]);
    assert.ok(numbersOf(subject).length > 2, 'what nobody answered is told again');
  });

  it('writes nothing as its own where it was only paused, and another has gone on', async () => {
    const subject = randomUUID();
    const paused = await startProcess();
    let answerNow = () => {};
    receiver.answer = () => new Promise((resolve) => (answerNow = () => resolve(500)));
    await write(subject, 0);
    await eventually(() => receiver.received.length === 1);
    paused.kill('SIGSTOP');
    try {
      receiver.answer = () => 204;
      const other = await startProcess();
      await eventually(async () => (await telling.db('eventLanes').where({ subject: `user:${subject}` })).length === 0);
      other.kill('SIGKILL');
    } finally {
      paused.kill('SIGCONT');
    }
    // What it was told to be a failure would be tried again, if it counted.
    answerNow();
    const next = randomUUID();
    await write(next, 7);
    await eventually(() => numbersOf(next).length === 1);
    assert.deepEqual(firstTold(subject), [0]);
    const noted = await telling
      .db('eventDeliveries')
      .where({ subject: `user:${subject}` })
      .select('state', 'attempts');
    assert.deepEqual(noted, [{ state: 'delivered', attempts: 1 }]);
  });
});
