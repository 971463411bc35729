/**
 * One proof begins one session, of however many requests that come back with it at the same moment on two processes, and of whatever
 * process dies meanwhile.
 */
import assert from 'node:assert/strict';
import { startTestApp, type TestApp } from '../support/app.ts';
import { Browserless, type Reply } from '../support/browserless.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { discover, provePassword, type RelyingParty, redirectUri, signIn } from '../support/relying-party.ts';
import { environmentOf, type ServerProcess, startBalancer, startServerProcess } from '../support/server-process.ts';

type Person = { email: string; password: string; id: string };

describe('one proof', function () {
  this.timeout(300_000);
  let app: TestApp;
  let party: RelyingParty;
  let balancer: Awaited<ReturnType<typeof startBalancer>>;
  const processes: ServerProcess[] = [];
  before(async () => {
    balancer = await startBalancer();
    app = await startTestApp({ issuer: () => `http://localhost:${balancer.port}` });
    for (let n = 0; n < 2; n++) processes.push(startServerProcess(environmentOf(app, await freePort())));
    await Promise.all(processes.map((one) => one.ready()));
    balancer.use(...processes.map(({ port }) => port));
    party = await discover(app, await app.relyingParty());
  });
  after(async () => {
    await balancer?.stop();
    await Promise.all(processes.map((one) => one.stop()));
    await app?.stop();
  });

  /** To the address at which the library goes on with what was proved. */
  const proved = (person: Person, browser: Browserless, parameters: Record<string, string> = {}) =>
    provePassword(party, person, { browser, parameters });

  function fiftyAtOnce(wayOn: string, { cookies }: Browserless): Promise<Reply[]> {
    const ask = () => {
      const browser = new Browserless();
      browser.cookies.push(...structuredClone(cookies));
      return browser.send(wayOn);
    };
    return Promise.all(Array.from({ length: 50 }, ask));
  }

  async function heldBy({ id }: Person): Promise<{ sessions: number; codes: number }> {
    const { rows } = await app.db.raw(
      `select (select count(*)::integer from user_sessions where user_id = :id) as sessions,
              (select count(*)::integer from oidc_payloads where account_id = :id and model = 'AuthorizationCode') as codes`,
      { id },
    );
    return rows[0];
  }

  /** A browser that has signed in before, and has nothing left but the cookie of the device. */
  async function knownBrowser(person: Person): Promise<Browserless> {
    const browser = new Browserless();
    await signIn(party, person, { browser });
    const kept = browser.cookies.filter(({ name }) => name.startsWith('gh_device'));
    assert.ok(kept.length > 0, JSON.stringify(browser.cookies.map(({ name }) => name)));
    browser.cookies.splice(0, browser.cookies.length, ...kept);
    return browser;
  }

  for (const [what, browserOf] of [
    ['of a browser that is new to the person', async () => new Browserless()],
    ['of a browser that the person knows', knownBrowser],
  ] as const)
    it(`begins one session with one code, ${what}, of fifty requests at once`, async () => {
      const person = await app.person();
      const browser = await browserOf(person);
      const before = await heldBy(person);
      const replies = await fiftyAtOnce(await proved(person, browser), browser);
      const won = replies.filter(({ status }) => status === 303);
      assert.deepEqual([won.length, won[0]?.location?.startsWith(`${redirectUri}?code=`)], [1, true]);
      for (const { status, headers } of replies.filter((one) => one !== won[0])) {
        // On a page: an application that is told would send the browser back at once.
        assert.deepEqual([status, headers.location], [400, undefined]);
        assert.ok(![headers['set-cookie']].flat().some((line) => /^gh_session=./.test(String(line))));
      }
      const after = await heldBy(person);
      assert.deepEqual([after.sessions - before.sessions, after.codes - before.codes], [1, 1]);
    });

  it('gives one code in a session that there was, of fifty requests at once', async () => {
    const person = await app.person();
    const browser = new Browserless();
    await signIn(party, person, { browser });
    const before = await heldBy(person);
    const replies = await fiftyAtOnce(await proved(person, browser, { prompt: 'login' }), browser);
    assert.equal(replies.filter(({ location }) => location?.includes('code=')).length, 1);
    const after = await heldBy(person);
    assert.deepEqual([after.sessions, after.codes - before.codes], [before.sessions, 1]);
  });

  it('is still there where the process died that was about to begin the session', async () => {
    const person = await app.person();
    const browser = await knownBrowser(person);
    const before = await heldBy(person);
    const wayOn = await proved(person, browser);
    const [first, second] = processes as [ServerProcess, ServerProcess];
    // Held up in the statement that begins it, which comes to nothing as the process is gone.
    await app.db.raw(`
      create function hold_up() returns trigger language plpgsql as $$ begin
        perform pg_advisory_xact_lock_shared(40075);
        raise exception 'gone' using errcode = '57P01';
      end $$;
      create trigger hold_up before insert on user_sessions for each row execute function hold_up()`);
    const trx = await app.db.transaction();
    await trx.raw('select pg_advisory_xact_lock(40075)');
    balancer.use(first.port);
    const unheard = browser.send(wayOn);
    await eventually(async () => {
      const { rows } = await app.db.raw(
        `select 1 from pg_locks l join pg_database d on d.oid = l.database
          where d.datname = current_database() and l.locktype = 'advisory' and not l.granted`,
      );
      return rows.length > 0;
    }, 'the statement is held up');
    await first.stop('SIGKILL');
    await trx.rollback();
    await app.db.raw('drop trigger hold_up on user_sessions');
    assert.equal((await unheard).status, 502);
    assert.deepEqual(await heldBy(person), before);
    balancer.use(second.port);
    const reply = await browser.send(wayOn);
    assert.ok(reply.location?.startsWith(`${redirectUri}?code=`), reply.body);
    assert.equal((await heldBy(person)).sessions, before.sessions + 1);
  });
});
