import assert from 'node:assert/strict';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { proveFactor } from '../../src/domain/factors/prove-factor.ts';
import { recoveryCodeFactor } from '../../src/domain/factors/recovery-codes.ts';
import { totpFactor } from '../../src/domain/factors/totp.ts';
import { updateTenantSettings } from '../../src/domain/tenants/tenants.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { type Ask, askAsService } from '../support/management.ts';
import { codeOf, enrolled } from '../support/second-factor.ts';

describe('operations on the second factors of a person', () => {
  let app: TestApp;
  let tenantId: string;
  let ask: Ask;
  before(async () => {
    app = await startTestApp({ runJobs: false });
    tenantId = (await app.tenant()).id;
    ask = await askAsService(app, { tenantId, capabilities: ['users.manage', 'users.read'] });
  });
  after(() => app?.stop());

  const actions = async (entityId: string) =>
    (await app.db('audit_events').where({ entityId }).where('action', 'like', 'factor%').orderBy('id')).map(
      ({ action }) => action,
    );
  const mails = async () =>
    (await app.db.raw(`select count(*)::integer as n from graphile_worker.jobs where task_identifier = 'send-message'`))
      .rows[0].n;
  const prove = (person: { id: string; tenantId: string }, answer: string, factor = totpFactor) =>
    proveFactor(
      app.db,
      { user: { tenantId: person.tenantId, userId: person.id }, factor, answer },
      { secrets: app.secrets, issuer: app.issuer, interactionUid: '', caller: systemCaller },
    );

  it('list what is enrolled, and reset it at once: what was signed in to ends, and the person is told', async () => {
    const person = await app.person({ tenantId });
    const path = `/users/${person.id}/factors`;
    assert.deepEqual((await ask('GET', path)).body.items, []);
    assert.equal((await ask('GET', `/users/${person.id}`)).body.mfa_enabled, false);
    assert.deepEqual((await ask('POST', `${path}/reset`)).body, { ends_at: null }, 'nothing to reset');
    const { seed, codes } = await enrolled(app, person);
    const { items } = (await ask('GET', path)).body;
    assert.deepEqual(
      items.map(({ kind, ends_at }: { kind: string; ends_at: unknown }) => [kind, ends_at]),
      [['totp', null]],
    );
    assert.ok(!JSON.stringify(items).includes(seed));
    assert.equal((await ask('GET', `/users/${person.id}`)).body.mfa_enabled, true);

    const before = await mails();
    const { status, body } = await ask('POST', `${path}/reset`);
    assert.equal(status, 200);
    assert.ok(Date.parse(body.ends_at) <= Date.now());
    assert.deepEqual((await ask('GET', path)).body.items, []);
    assert.equal((await ask('GET', `/users/${person.id}`)).body.mfa_enabled, false);
    assert.deepEqual(await actions(person.id), ['factor.enrolled', 'factors.reset']);
    assert.equal(await mails(), before + 1);
    await assert.rejects(prove(person, codeOf(seed)), { code: 'FACTOR_INVALID' });
    await assert.rejects(prove(person, codes[0] as string, recoveryCodeFactor), { code: 'FACTOR_INVALID' });
  });

  it('let a reset wait as long as the tenant says, and the person take it back by proving what they have', async () => {
    await updateTenantSettings(app.db, tenantId, { factorResetHours: 24 }, systemCaller);
    const person = await app.person({ tenantId });
    const { seed } = await enrolled(app, person);
    const path = `/users/${person.id}/factors`;
    const { body } = await ask('POST', `${path}/reset`);
    const hours = (Date.parse(body.ends_at) - Date.now()) / 3_600_000;
    assert.ok(hours > 23.9 && hours < 24.1, `${hours}`);
    assert.deepEqual((await ask('POST', `${path}/reset`)).body, body, 'asking again does not lengthen or shorten it');
    await prove(person, codeOf(seed));
    assert.equal((await ask('GET', path)).body.items[0].ends_at, null);
    assert.deepEqual(await actions(person.id), [
      'factor.enrolled',
      'factors.reset_requested',
      'factors.reset_cancelled',
    ]);

    await ask('POST', `${path}/reset`);
    await app
      .db('user_factors')
      .where({ userId: person.id })
      .update({ endsAt: new Date(Date.now() - 1000), lastStep: 0 });
    assert.deepEqual((await ask('GET', path)).body.items, []);
    assert.equal((await ask('GET', `/users/${person.id}`)).body.mfa_enabled, false);
    await assert.rejects(prove(person, codeOf(seed)), { code: 'FACTOR_INVALID' });
    await enrolled(app, person);
    assert.equal((await ask('GET', path)).body.items.length, 1, 'something new in its place');
  });

  it('use each code once, of an app and of recovery, also where many come at once', async () => {
    const person = await app.person({ tenantId });
    const { seed, codes } = await enrolled(app, person);
    for (const [answer, factor] of [
      [codeOf(seed), totpFactor],
      [codes[3] as string, recoveryCodeFactor],
    ] as const) {
      const tried = await Promise.allSettled(Array.from({ length: 8 }, () => prove(person, answer, factor)));
      assert.equal(tried.filter(({ status }) => status === 'fulfilled').length, 1);
    }
  });

  it('keep nothing readable: no seed, no code', async () => {
    const person = await app.person({ tenantId });
    const { seed, codes } = await enrolled(app, person);
    const stored = JSON.stringify([
      await app.db.raw('select encode(secret, $$escape$$) as secret from user_factors'),
      await app.db.raw('select encode(code_hash, $$escape$$) as hash from recovery_codes'),
      await app.db('audit_events'),
    ]);
    for (const secret of [seed, ...codes, ...codes.map((code) => code.replace('-', ''))])
      assert.ok(!stored.includes(secret));
  });
});
