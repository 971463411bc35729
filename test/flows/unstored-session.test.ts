/**
 * A database that goes away between what the library stores of a sign-in and its session, which it stores last, when the answer
 * is made already: the answer is 503, and leads nowhere.
 */
import assert from 'node:assert/strict';
import { startTestApp, type TestApp } from '../support/app.ts';
import { Browserless } from '../support/browserless.ts';
import {
  discover,
  provePassword,
  type RelyingParty,
  redirectUri,
  signIn,
  startSignIn,
} from '../support/relying-party.ts';

describe('a session that could not be stored', () => {
  let app: TestApp;
  let party: RelyingParty;
  before(async () => {
    app = await startTestApp();
    party = await discover(app, await app.relyingParty());
    // As the server says it that is about to stop; and a sequence knows of what is rolled back too.
    await app.db.raw(`
      create sequence refusals;
      create function refuse_session() returns trigger language plpgsql as
        $$ begin perform nextval('refusals'); raise exception 'terminating' using errcode = '57P01'; end $$`);
  });
  after(() => app?.stop());

  async function whileSessionsAreRefused<T>(work: () => Promise<T>): Promise<{ result: T; refusals: number }> {
    await app.db.raw(`
      alter sequence refusals restart;
      create trigger refuse_session before insert on oidc_payloads for each row
        when (new.model = 'Session') execute function refuse_session()`);
    try {
      const result = await work();
      const { rows } = await app.db.raw('select last_value::integer * is_called::integer as refusals from refusals');
      return { result, refusals: rows[0].refusals };
    } finally {
      await app.db.raw('drop trigger refuse_session on oidc_payloads');
    }
  }

  /** To the address at which the library goes on with a right password. */
  async function proved(
    parameters: Record<string, string>,
    by: { person?: { email: string; password: string; id: string }; browser?: Browserless } = {},
  ) {
    const { person = await app.person(), browser = new Browserless() } = by;
    return { person, browser, wayOn: await provePassword(party, person, { browser, parameters }) };
  }

  for (const [what, parameters] of [
    ['a code', {}],
    ['the next question', { prompt: 'consent', scope: 'openid offline_access' }],
  ] as const)
    it(`is told by an answer that does not lead on to ${what}, and is not tried twice`, async () => {
      const { person, browser, wayOn } = await proved(parameters);
      const { result: reply, refusals } = await whileSessionsAreRefused(() => browser.send(wayOn));
      assert.equal(reply.status, 503);
      assert.equal(reply.headers.location, undefined);
      assert.ok(reply.headers['retry-after']);
      assert.equal(refusals, 1);
      assert.deepEqual(await app.db('user_sessions').where({ userId: person.id }), []);
      // The proof is still there: who tries again goes on from it.
      const again = await browser.send(wayOn);
      assert.equal(again.status, 303, again.body);
      assert.equal((await app.db('user_sessions').where({ userId: person.id })).length, 1);
    });

  it('leaves a browser the session that it has', async () => {
    const person = await app.person();
    const { browser } = await signIn(party, person);
    const { browser: _, wayOn } = await proved({ prompt: 'login' }, { person, browser });
    const { result: reply, refusals } = await whileSessionsAreRefused(() => browser.send(wayOn));
    assert.deepEqual([reply.status, reply.headers.location, refusals], [503, undefined, 1]);
    const { address } = await startSignIn(party, { prompt: 'none' });
    const silent = await browser.open(address.href, redirectUri);
    assert.ok(silent.location?.startsWith(`${redirectUri}?code=`), silent.location);
  });
});
