/** Who listens by a webhook is told what happens, within two seconds of it where the machine is not busy. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { webhookReceiver } from '../../examples/webhook-receiver/receiver.ts';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { deactivateUser } from '../../src/domain/lifecycle/end-person.ts';
import { endAssignment } from '../../src/domain/organisation/org-assignments.ts';
import { webhookHeaders } from '../../src/domain/webhooks/sign-webhook.ts';
import { createWebhook, pingWebhook } from '../../src/domain/webhooks/webhooks.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import * as make from '../support/factories.ts';
import {
  isSignedBy,
  type ReceivedWebhook,
  startWebhookReceiver,
  type WebhookReceiver,
} from '../support/webhook-receiver.ts';

describe('a webhook', () => {
  let app: TestApp;
  let receiver: WebhookReceiver;
  let tenantId: string;
  let secret: string;
  let webhookId: string;

  before(async () => {
    app = await startTestApp({ runJobs: true });
    receiver = await startWebhookReceiver();
    tenantId = (await app.tenant()).id;
    const wanted = { tenantId, name: 'Everything', url: receiver.url, types: [] };
    ({ secret, id: webhookId } = await createWebhook(app.db, wanted, {
      secrets: app.secrets,
      allowHttp: true,
      caller: systemCaller,
    }));
  });
  after(async () => {
    await app?.stop();
    await receiver?.close();
  });

  it('is told of a role that is given and that ends by time', async () => {
    const endsAt = new Date(Date.now() + 3_600_000);
    const { id, userId } = await make.assign(app.db, { tenantId, endsAt });
    const given = await receiver.next('role.assigned', ({ data }) => data.assignment_id === id);
    assert.equal(given.data.user_id, userId);
    assert.equal(given.data.tenant_id, tenantId);
    assert.equal(given.data.ends_at, endsAt.toISOString());
    assert.ok(isSignedBy(secret, given));
    // So that it ends in a moment, however slow the machine is.
    await app.db.raw(`update org_assignments set ends_at = clock_timestamp() + interval '0.5 seconds' where id = ?`, [
      id,
    ]);
    const ended = await receiver.next('role.ended', ({ data }) => data.assignment_id === id);
    assert.equal(ended.data.reason, 'expired');
    assert.ok(Date.parse(ended.data.ends_at) <= Date.parse(ended.timestamp));
  });

  it('is taken once and verified by the example, which refuses what is forged or old', async () => {
    const taken: { id: string; type: string }[] = [];
    const example = webhookReceiver(secret, (event) => taken.push(event));
    example.listen(0, '127.0.0.1');
    await once(example, 'listening');
    try {
      const url = `http://127.0.0.1:${(example.address() as AddressInfo).port}`;
      const send = ({ id, signatures, signedAt, text }: ReceivedWebhook, more: Record<string, string> = {}) =>
        fetch(url, {
          method: 'POST',
          headers: {
            'webhook-id': id,
            'webhook-timestamp': signedAt,
            'webhook-signature': signatures.join(' '),
            ...more,
          },
          body: text,
        }).then(({ status }) => status);
      await pingWebhook(app.db, { tenantId, webhookId }, systemCaller);
      const ping = await receiver.next('ping');
      assert.equal(await send(ping), 204);
      assert.equal(await send(ping), 204);
      assert.equal(await send(ping, { 'webhook-id': 'another' }), 401);
      assert.equal(await send({ ...ping, text: `${ping.text} ` }), 401);
      assert.equal(await send(ping, { 'webhook-signature': 'v1,' }), 401);
      const old = webhookHeaders({ id: ping.id, at: new Date(Date.now() - 3_600_000), body: ping.text }, [secret]);
      assert.equal(await send(ping, old), 401);
      assert.deepEqual(
        taken.map(({ type }) => type),
        ['ping'],
      );
    } finally {
      example.close();
    }
  });

  it('is told once of a role that somebody ends', async () => {
    const { id } = await make.assign(app.db, { tenantId });
    await endAssignment(app.db, { tenantId, assignmentId: id }, systemCaller);
    const ended = await receiver.next('role.ended', ({ data }) => data.assignment_id === id);
    assert.equal(ended.data.reason, 'removed');
  });

  it('is told of a person who is switched off, in the order in which it happened', async () => {
    const { id: userId } = await make.createUser(app.db, { tenantId });
    await deactivateUser(app.db, { tenantId, userId }, systemCaller);
    await receiver.next('sessions.ended', ({ data }) => data.user_id === userId);
    const types = receiver.received.filter(({ data }) => data.user_id === userId).map(({ type }) => type);
    assert.deepEqual(types, ['user.created', 'user.deactivated', 'sessions.ended']);
  });
});
