import assert from 'node:assert/strict';
import { systemCaller } from '../../../src/domain/audit/audit-events.ts';
import { ensureReferralCode, recordReferral } from '../../../src/domain/referrals/referrals.ts';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { eventsOf, installFaults, withFault } from '../../support/audit.ts';
import { discover, signIn } from '../../support/relying-party.ts';

describe('the first sign-in of a person who was referred', function () {
  this.timeout(120_000);
  let app: TestApp;
  let party: Awaited<ReturnType<typeof discover>>;
  before(async () => {
    app = await startTestApp();
    party = await discover(app, await app.relyingParty());
    await installFaults(app.db);
    // Each statement on referrals leaves a row, whether or not it changes one.
    await app.db.raw(`
      create table referral_statements (at timestamptz not null default clock_timestamp());
      create function count_statement() returns trigger language plpgsql as $$
      begin
        insert into referral_statements default values;
        return null;
      end $$;
      create trigger counted after update on referrals for each statement execute function count_statement()`);
  });
  after(() => app?.stop());

  async function statements(): Promise<number> {
    return (await app.db('referral_statements')).length;
  }

  async function statusOf(userId: string): Promise<string> {
    return (await app.db('referrals').where({ referredUserId: userId }).first()).status;
  }

  async function referredPerson() {
    const referrer = await app.person();
    const person = await app.person();
    const { tenantId } = person;
    const { code } = await ensureReferralCode(app.db, { tenantId, userId: referrer.id }, systemCaller);
    await recordReferral(app.db, { tenantId, userId: person.id, code }, systemCaller);
    return person;
  }

  it('completes the referral with the sign-in, and no later one asks again', async () => {
    const person = await referredPerson();
    assert.equal(await statusOf(person.id), 'pending');
    const { events } = await eventsOf(app.db, () => signIn(party, person));
    assert.equal(await statusOf(person.id), 'completed_signup');
    const [login, completed] = events.filter(({ action }) => /^(login|referral)\./.test(action));
    assert.deepEqual([login?.action, completed?.action], ['login.succeeded', 'referral.completed']);
    assert.deepEqual([completed?.actorType, completed?.actorId], ['user', person.id]);

    const before = await statements();
    const { browser } = await signIn(party, person);
    await signIn(party, person, { browser });
    await signIn(party, person, { parameters: { prompt: 'login' }, browser });
    assert.equal(await statements(), before);
  });

  it('is one with the referral: where that fails nobody is signed in, and the next try completes both', async () => {
    const person = await referredPerson();
    await withFault(app.db, 'referral.completed', () => assert.rejects(signIn(party, person)));
    assert.equal(await statusOf(person.id), 'pending');
    assert.equal((await app.db('user_sessions').where({ userId: person.id })).length, 0);
    assert.equal((await app.db('users').where({ id: person.id }).first()).lastLoginAt, null);
    await signIn(party, person);
    assert.equal(await statusOf(person.id), 'completed_signup');
  });

  it('changes nothing for a person whom nobody referred', async () => {
    const person = await app.person();
    const { events } = await eventsOf(app.db, () => signIn(party, person));
    assert.equal(events.filter(({ action }) => action.startsWith('referral')).length, 0);
  });
});
