/** Who listens by a webhook is told what happens, within two seconds of it where the machine is not busy. */
import assert from 'node:assert/strict';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { deactivateUser } from '../../src/domain/lifecycle/end-person.ts';
import { endAssignment } from '../../src/domain/organisation/org-assignments.ts';
import { createWebhook } from '../../src/domain/webhooks/webhooks.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import * as make from '../support/factories.ts';
import { isSignedBy, startWebhookReceiver, type WebhookReceiver } from '../support/webhook-receiver.ts';

describe('a webhook', () => {
  let app: TestApp;
  let receiver: WebhookReceiver;
  let tenantId: string;
  let secret: string;

  before(async () => {
    app = await startTestApp({ runJobs: true });
    receiver = await startWebhookReceiver();
    tenantId = (await app.tenant()).id;
    const wanted = { tenantId, name: 'Everything', url: receiver.url, types: [] };
    ({ secret } = await createWebhook(app.db, wanted, { secrets: app.secrets, allowHttp: true, caller: systemCaller }));
  });
  after(async () => {
    await app?.stop();
    await receiver?.close();
  });

  it('is told of a role that is given and that ends by time', async () => {
    const endsAt = new Date(Date.now() + 1500);
    const { id, userId } = await make.assign(app.db, { tenantId, endsAt });
    const given = await receiver.next('role.assigned', ({ data }) => data.assignment_id === id);
    assert.equal(given.data.user_id, userId);
    assert.equal(given.data.tenant_id, tenantId);
    assert.equal(given.data.ends_at, endsAt.toISOString());
    assert.ok(isSignedBy(secret, given));
    const ended = await receiver.next('role.ended', ({ data }) => data.assignment_id === id);
    assert.equal(ended.data.reason, 'expired');
    assert.equal(ended.data.ends_at, endsAt.toISOString());
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
