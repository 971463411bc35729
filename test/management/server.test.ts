import assert from 'node:assert/strict';
import { recordEvent, systemCaller } from '../../src/domain/audit/audit-events.ts';
import { completeReferral, ensureReferralCode, recordReferral } from '../../src/domain/referrals/referrals.ts';
import { setPlatformTenant } from '../../src/domain/tenants/platform-tenant.ts';
import { newId } from '../../src/platform/ids.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { type Ask, askAsService } from '../support/management.ts';

describe('operations on signing keys, unsent messages and referrals', () => {
  let app: TestApp;
  let tenantId: string;
  let ask: Ask;
  let other: Ask;
  const capabilities = ['keys.manage', 'messages.read', 'referrals.manage'];

  before(async () => {
    app = await startTestApp();
    tenantId = (await app.tenant()).id;
    await setPlatformTenant(app.db, tenantId, systemCaller);
    ask = await askAsService(app, { tenantId, capabilities });
    other = await askAsService(app, { tenantId: (await app.tenant()).id, capabilities });
  });
  after(() => app?.stop());

  it('shows what is public of the keys, and rotates them, for those who run the server', async () => {
    assert.equal((await other('GET', '/signing-keys')).status, 403);
    assert.equal((await other('POST', '/signing-keys/rotate', {})).status, 403);
    const { body } = await ask('GET', '/signing-keys');
    type Key = { kid: string; alg: string; state: string };
    const currentOf = (keys: Key[]) => keys.find(({ alg, state }) => alg === 'ES256' && state === 'current')?.kid;
    const dry = await ask('POST', '/signing-keys/rotate?dry_run=true', {});
    assert.notEqual(currentOf(dry.body.items), currentOf(body.items));
    assert.deepEqual((await ask('GET', '/signing-keys')).body, body);
    const rotated = await ask('POST', '/signing-keys/rotate', {});
    assert.equal(rotated.status, 200);
    const before = rotated.body.items.find(({ kid }: Key) => kid === currentOf(body.items));
    assert.equal(before.state, 'retired');
    assert.ok(new Date(before.verifies_until) > new Date());
    assert.deepEqual(Object.keys(before).sort(), [
      'activates_at',
      'alg',
      'created_at',
      'kid',
      'retires_at',
      'state',
      'verifies_until',
    ]);
  });

  it('lists the messages of the tenant that did not go', async () => {
    const id = newId();
    const payload = { channel: 'sms', template: 'code', reason: 'budget_used_up' };
    await recordEvent(
      app.db,
      { tenantId, action: 'message.refused', entityType: 'message', entityId: id, payload },
      systemCaller,
    );
    const { body } = await ask('GET', '/messages/unsent');
    const { occurred_at: _, ...shown } = body.items[0];
    assert.deepEqual(shown, { id, ...payload });
    assert.deepEqual((await other('GET', '/messages/unsent')).body.items, []);
  });

  it('settles a referral that counted, once', async () => {
    const { id: referrer } = await app.person({ tenantId });
    const { id: userId } = await app.person({ tenantId });
    const { code } = await ensureReferralCode(app.db, { tenantId, userId: referrer }, systemCaller);
    const made = await recordReferral(app.db, { tenantId, userId, code }, systemCaller);
    const path = `/referrals/${made?.id}/settle`;
    const early = await ask('POST', path);
    assert.deepEqual([early.status, early.body.code], [409, 'REFERRAL_PENDING']);
    await completeReferral(app.db, { tenantId, userId }, systemCaller);
    assert.equal((await other('POST', path)).status, 404);
    const answers = await Promise.all(Array.from({ length: 10 }, () => ask('POST', path)));
    for (const { status, body } of answers) assert.deepEqual([status, body.status], [200, 'subscription_activated']);
    const events = await app.db('audit_events').where({ action: 'referral.settled' });
    assert.equal(events.length, 1);
    const listed = (await ask('GET', `/referrals?referrer_user_id=${referrer}`)).body.items;
    assert.deepEqual(listed, [answers[0]?.body]);
    const codes = (await ask('GET', '/referral-codes')).body.items;
    assert.ok(codes.some((found: { code: string }) => found.code === code));
    assert.deepEqual((await other('GET', '/referral-codes')).body.items, []);
  });
});
