import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemCaller } from '../../../src/domain/audit/audit-events.ts';
import { retryAfterSeconds } from '../../../src/domain/events/call-receiver.ts';
import { tell } from '../../../src/domain/events/outbox.ts';
import type { Sender } from '../../../src/domain/events/sender.ts';
import { listDeliveries, replaySince } from '../../../src/domain/webhooks/deliveries.ts';
import {
  createWebhook,
  deleteWebhook,
  findWebhook,
  mostWebhooks,
  pingWebhook,
  rotateWebhookSecret,
  setWebhookState,
} from '../../../src/domain/webhooks/webhooks.ts';
import { eventually } from '../../support/eventually.ts';
import * as make from '../../support/factories.ts';
import { listen } from '../../support/loopback.ts';
import { secrets, startTelling, type Telling } from '../../support/telling.ts';
import { isSignedBy, startWebhookReceiver, type WebhookReceiver } from '../../support/webhook-receiver.ts';

describe('telling webhooks', () => {
  let telling: Telling;
  let receiver: WebhookReceiver;
  let tenantId: string;
  let sender: Sender;

  before(async () => {
    telling = await startTelling();
  });
  after(() => telling?.stop());
  beforeEach(async () => {
    receiver = await startWebhookReceiver();
    tenantId = (await make.createTenant(telling.db)).id;
    sender = telling.startSender();
  });
  afterEach(async () => {
    await sender.stop();
    await receiver.close();
    await telling.db('eventReceivers').delete();
  });

  const write = (subjectId: string, n: number) =>
    tell(telling.db, { tenantId, type: 'user.updated', subjectId, data: { user_id: subjectId, changed: [String(n)] } });
  const numbersOf = (subjectId: string, at = receiver) =>
    at.received.filter(({ data }) => data.user_id === subjectId).map(({ data }) => Number(data.changed[0]));
  /** Without those that came once more. */
  const inOrder = (subjectId: string) => numbersOf(subjectId).filter((n, index, all) => n !== all[index - 1]);
  const deliveries = async (webhookId: string) => (await listDeliveries(telling.db, { tenantId, webhookId })).items;

  it('keeps the order of a subject where one of its events fails, and holds up no other subject', async () => {
    const { id } = await telling.webhook(tenantId, receiver.url);
    const [stuck, free] = [randomUUID(), randomUUID()];
    let isDown = true;
    receiver.answer = ({ data }) => (isDown && data.user_id === stuck ? 500 : 204);
    for (let n = 0; n < 5; n++) {
      await write(stuck, n);
      await write(free, n);
    }
    await eventually(() => numbersOf(free).length === 5);
    assert.deepEqual(numbersOf(free), [0, 1, 2, 3, 4]);
    await eventually(() => numbersOf(stuck).length >= 3);
    assert.deepEqual([...new Set(numbersOf(stuck))], [0]);
    const waiting = (await deliveries(id)).filter(({ subject }) => subject === `user:${stuck}`);
    assert.ok(waiting.every(({ state }) => state === 'waiting'));
    assert.equal(waiting.length, 5);
    const first = waiting.at(-1);
    assert.deepEqual([first?.status, first?.reason], [500, 'status']);
    isDown = false;
    await eventually(() => numbersOf(stuck).includes(4));
    assert.deepEqual(inOrder(stuck), [0, 1, 2, 3, 4]);
    const ids = receiver.received.filter(({ data }) => data.user_id === stuck && data.changed[0] === '0');
    assert.equal(new Set(ids.map((one) => one.id)).size, 1, 'each attempt has the same webhook-id');
  });

  it('holds up nobody for one that never answers', async () => {
    const dead = await listen(() => {});
    try {
      const { id } = await telling.webhook(tenantId, dead.url);
      await telling.webhook(tenantId, receiver.url);
      for (let n = 0; n < 60; n++) await write(randomUUID(), n);
      await eventually(() => receiver.received.length === 60);
      assert.equal((await deliveries(id)).filter(({ state }) => state === 'delivered').length, 0);
    } finally {
      await dead.close();
    }
  });

  it('is left alone for as long as it asks for, an hour at the most, also by other subjects', async () => {
    const { id } = await telling.webhook(tenantId, receiver.url);
    receiver.headers = { 'retry-after': '86400' };
    receiver.answer = () => 429;
    await write(randomUUID(), 0);
    const retryAt = async () => (await findWebhook(telling.db, { tenantId, webhookId: id }))?.retryAt ?? undefined;
    const until = await eventually(retryAt);
    const seconds = (until.getTime() - Date.now()) / 1000;
    assert.ok(seconds <= 3_600 && seconds > 1_800, `${seconds} s`);
    receiver.answer = () => 204;
    await write(randomUUID(), 1);
    // What is put in goes before what the sender looks for next.
    await eventually(async () => (await deliveries(id)).length === 2);
    await write(randomUUID(), 2);
    await eventually(async () => (await deliveries(id)).length === 3);
    assert.equal(receiver.received.length, 1);
    await setWebhookState(telling.db, { tenantId, webhookId: id, state: 'paused' }, systemCaller);
    await setWebhookState(telling.db, { tenantId, webhookId: id, state: 'enabled' }, systemCaller);
    await eventually(() => receiver.received.length === 3);
  });

  it('reads Retry-After as seconds or as a date, and nothing else', () => {
    const now = Date.parse('2027-01-01T00:00:00Z');
    const read = (value: string | null) => retryAfterSeconds(value, now);
    assert.deepEqual(
      ['30', ' 7200 ', 'Fri, 01 Jan 2027 00:02:00 GMT', 'Thu, 31 Dec 2026 23:00:00 GMT', '0', '-5', 'soon', null].map(
        read,
      ),
      [30, 3_600, 120, undefined, undefined, undefined, undefined, undefined],
    );
  });

  it('is sent by two processes, in order', async () => {
    await telling.webhook(tenantId, receiver.url);
    const other = telling.startSender();
    const subjects = Array.from({ length: 8 }, () => randomUUID());
    for (let n = 0; n < 25; n++) await Promise.all(subjects.map((subject) => write(subject, n)));
    await eventually(() => subjects.every((subject) => numbersOf(subject).includes(24)));
    await other.stop();
    for (const subject of subjects)
      assert.deepEqual(
        numbersOf(subject),
        Array.from({ length: 25 }, (_, n) => n),
      );
  });

  it('is sent again under the same id by another process, where the first is gone between sending and noting it', async () => {
    await sender.stop();
    await telling.webhook(tenantId, receiver.url);
    const gone = telling.startSender({ leaseSeconds: 1 });
    // It is stopped while the receiver has the event and has not answered.
    let answerNow = () => {};
    receiver.answer = () => new Promise((resolve) => (answerNow = () => resolve(204)));
    const subject = randomUUID();
    await write(subject, 0);
    await write(subject, 1);
    await eventually(() => receiver.received.length === 1);
    await gone.stop();
    answerNow();
    receiver.answer = () => 204;
    const next = telling.startSender({ leaseSeconds: 1 });
    await eventually(() => numbersOf(subject).includes(1));
    await next.stop();
    assert.deepEqual(inOrder(subject), [0, 1]);
    assert.equal(receiver.received[0]?.id, receiver.received[1]?.id);
  });

  it('signs with both secrets while one takes the place of the other, and with the new one afterwards', async () => {
    const { id, secret: before } = await telling.webhook(tenantId, receiver.url);
    const reference = { tenantId, webhookId: id };
    const how = { secrets, caller: systemCaller };
    const { secret: after } = await rotateWebhookSecret(telling.db, { ...reference, overlapSeconds: 3600 }, how);
    await pingWebhook(telling.db, reference, systemCaller);
    const both = await receiver.next('ping');
    assert.equal(both.signatures.length, 2);
    assert.ok(isSignedBy(before, both) && isSignedBy(after, both));
    const { secret: last } = await rotateWebhookSecret(telling.db, { ...reference, overlapSeconds: 0 }, how);
    await pingWebhook(telling.db, reference, systemCaller);
    const one = await eventually(() => receiver.received[1]);
    assert.equal(one.signatures.length, 1);
    assert.ok(isSignedBy(last, one) && !isSignedBy(after, one));
    const { sealedSecret } = await telling.db('webhooks').where({ id }).first('sealedSecret');
    assert.ok(!sealedSecret.includes(last.slice(6)));
  });

  it('is switched off by 410, and what waits is given up', async () => {
    await sender.stop();
    const { id } = await telling.webhook(tenantId, receiver.url);
    receiver.answer = () => 410;
    const subject = randomUUID();
    await write(subject, 0);
    await write(subject, 1);
    sender = telling.startSender();
    const found = await eventually(async () => {
      const webhook = await findWebhook(telling.db, { tenantId, webhookId: id });
      return webhook?.state === 'disabled' && webhook;
    });
    assert.equal(found.disabledWhy, 'gone');
    assert.deepEqual(
      (await deliveries(id)).map(({ state, reason }) => [state, reason]),
      [
        ['failed', 'disabled'],
        ['failed', 'disabled'],
      ],
    );
    const event = await telling.db('auditEvents').where({ entityId: id, action: 'webhook.disabled' }).first('payload');
    assert.deepEqual(event.payload, { reason: 'gone' });
    await write(subject, 2);
    assert.equal(
      (await telling.db('outboxEvents').where({ tenantId })).length,
      2,
      'nobody listens: nothing is written',
    );
  });

  it('is switched off where it has failed for as long as things are tried', async () => {
    await sender.stop();
    const { id } = await telling.webhook(tenantId, receiver.url);
    receiver.answer = () => 503;
    const short = telling.startSender({ retries: { firstSeconds: 0.05, longestSeconds: 0.1, giveUpSeconds: 0.3 } });
    await write(randomUUID(), 0);
    const found = await eventually(async () => {
      const webhook = await findWebhook(telling.db, { tenantId, webhookId: id });
      return webhook?.state === 'disabled' && webhook;
    });
    await short.stop();
    assert.equal(found.disabledWhy, 'failing');
  });

  it('waits while it is paused, and is told once it is enabled', async () => {
    const { id } = await telling.webhook(tenantId, receiver.url);
    await setWebhookState(telling.db, { tenantId, webhookId: id, state: 'paused' }, systemCaller);
    const subject = randomUUID();
    await write(subject, 0);
    await eventually(async () => (await deliveries(id)).length === 1);
    await sleep(100);
    assert.equal(receiver.received.length, 0);
    await setWebhookState(telling.db, { tenantId, webhookId: id, state: 'enabled' }, systemCaller);
    await eventually(() => numbersOf(subject).length === 1);
  });

  it('is told again in order what happened, under the ids of the first time, and nothing that waits twice', async () => {
    const { id } = await telling.webhook(tenantId, receiver.url);
    const subject = randomUUID();
    for (let n = 0; n < 5; n++) await write(subject, n);
    await eventually(() => receiver.received.length === 5);
    await eventually(async () => (await deliveries(id)).every(({ state }) => state === 'delivered'));
    const reference = { tenantId, webhookId: id, since: new Date(0) };
    assert.equal(await replaySince(telling.db, reference, systemCaller), 5);
    await eventually(() => receiver.received.length === 10);
    assert.deepEqual(numbersOf(subject), [0, 1, 2, 3, 4, 0, 1, 2, 3, 4]);
    assert.equal(new Set(receiver.received.map((one) => one.id)).size, 5);
    await setWebhookState(telling.db, { tenantId, webhookId: id, state: 'paused' }, systemCaller);
    await eventually(async () => (await deliveries(id)).every(({ state }) => state === 'delivered'));
    assert.equal(await replaySince(telling.db, reference, systemCaller), 5);
    assert.equal(await replaySince(telling.db, reference, systemCaller), 0);
  });

  it('is told what it chose, and nothing of another tenant', async () => {
    const other = (await make.createTenant(telling.db)).id;
    await telling.webhook(tenantId, receiver.url, { types: ['user.created'] });
    await make.createUser(telling.db, { tenantId: other });
    await write(randomUUID(), 0);
    const { id } = await make.createUser(telling.db, { tenantId });
    const told = await receiver.next('user.created');
    assert.equal(told.data.user_id, id);
    assert.deepEqual(
      receiver.received.map(({ type }) => type),
      ['user.created'],
    );
  });

  it('reaches no address inside, follows no redirect, and says why', async () => {
    await sender.stop();
    const strict = telling.startSender({}, { allowedNetworks: [], timeoutMs: 5_000 });
    const addresses = [
      receiver.url,
      'https://169.254.169.254/latest/meta-data/',
      'https://[::1]:1/',
      'https://10.0.0.1/',
      'http://example.test/',
    ];
    const ids: string[] = [];
    for (const url of addresses) {
      const { id } = await telling.webhook(tenantId, url);
      await pingWebhook(telling.db, { tenantId, webhookId: id }, systemCaller);
      ids.push(id);
    }
    for (const [index, id] of ids.entries()) {
      const failed = await eventually(async () => (await deliveries(id)).find(({ attempts }) => attempts > 0));
      const reasons = index === 4 ? ['address_refused', 'unreachable', 'timeout'] : ['address_refused'];
      assert.ok(reasons.includes(failed.reason ?? ''), `${addresses[index]}: ${failed.reason}`);
    }
    assert.equal(receiver.received.length, 0);
    await strict.stop();
    await telling.db('eventReceivers').delete();
    const open = telling.startSender();
    receiver.answer = () => 302;
    const { id } = await telling.webhook(tenantId, receiver.url);
    await pingWebhook(telling.db, { tenantId, webhookId: id }, systemCaller);
    const redirected = await eventually(async () => (await deliveries(id)).find(({ attempts }) => attempts > 0));
    assert.deepEqual([redirected.status, redirected.reason], [302, 'redirect']);
    assert.ok(receiver.received.every(({ path }) => path === '/'));
    await open.stop();
  });

  it('refuses plain http where it is not allowed, credentials in an address, and more than there may be, also at once', async () => {
    const wish = (url: string, allowHttp = false) =>
      createWebhook(
        telling.db,
        { tenantId, name: 'One', url, types: [] },
        { secrets, allowHttp, caller: systemCaller },
      );
    for (const url of [
      'http://a.example/',
      'https://u:p@a.example/',
      'ftp://a.example/',
      '/hooks',
      'https://a.example/#x',
    ])
      await assert.rejects(wish(url), { code: 'INVALID_INPUT' }, url);
    const made = await Promise.allSettled(Array.from({ length: 30 }, () => wish('https://a.example/')));
    assert.equal(made.filter(({ status }) => status === 'fulfilled').length, mostWebhooks);
  });

  it('is removed with what waits, and once more does no harm to who sends', async () => {
    let answerNow = () => {};
    receiver.answer = () => new Promise((resolve) => (answerNow = () => resolve(204)));
    const { id } = await telling.webhook(tenantId, receiver.url);
    await write(randomUUID(), 0);
    await eventually(() => receiver.received.length === 1);
    await deleteWebhook(telling.db, { tenantId, webhookId: id }, systemCaller);
    answerNow();
    assert.equal((await telling.db('eventLanes').where({ receiverId: id })).length, 0);
    receiver.answer = () => 204;
    await telling.webhook(tenantId, receiver.url);
    const subject = randomUUID();
    await write(subject, 1);
    await eventually(() => numbersOf(subject).length === 1);
  });
});
