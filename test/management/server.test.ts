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
    const [{ referrer_name: by, referred_name: who, ...referral }] = listed;
    assert.deepEqual([referral, listed.length], [answers[0]?.body, 1]);
    assert.ok(by && who && by !== who);
    assert.deepEqual((await ask('GET', `/referrals/${made?.id}`)).body, listed[0]);
    assert.equal((await other('GET', `/referrals/${made?.id}`)).status, 404);
    const pending = await ask('GET', `/referrals?referrer_user_id=${referrer}&status=pending`);
    assert.deepEqual(pending.body.items, []);
  });

  it('tells of each code whether it counts and how many came by it, and makes none by looking', async () => {
    const { id: referrer } = await app.person({ tenantId, fullName: 'Rae Referrer' });
    const path = `/users/${referrer}/referral-code`;
    assert.equal((await ask('GET', path)).status, 404);
    assert.equal((await app.db('referral_codes').where({ userId: referrer })).length, 0);
    const { code } = await ensureReferralCode(app.db, { tenantId, userId: referrer }, systemCaller);
    for (const signsIn of [true, true, false]) {
      const { id: userId } = await app.person({ tenantId });
      await recordReferral(app.db, { tenantId, userId, code }, systemCaller);
      if (signsIn) await completeReferral(app.db, { tenantId, userId }, systemCaller);
    }
    const { body: shown } = await ask('GET', path);
    const { user_name: name, state, pending, completed_signup: joined, subscription_activated: subscribed } = shown;
    assert.deepEqual([name, state, pending, joined, subscribed], ['Rae Referrer', 'working', 1, 2, 0]);
    const codesIn = async (wanted: string) =>
      ((await ask('GET', `/referral-codes?state=${wanted}&limit=200`)).body.items as { code: string }[]).filter(
        (found) => found.code === code,
      );
    assert.deepEqual(await codesIn('working'), [shown]);
    await ask('PATCH', path, { expires_at: new Date(Date.now() - 1000).toISOString() });
    assert.deepEqual([(await codesIn('working')).length, (await codesIn('expired')).length], [0, 1]);
    assert.equal((await other('GET', path)).status, 404);
    assert.deepEqual((await other('GET', '/referral-codes')).body.items, []);
  });
});
