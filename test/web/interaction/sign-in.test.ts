import assert from 'node:assert/strict';
import { systemCaller } from '../../../src/domain/audit/audit-events.ts';
import { deactivateUser } from '../../../src/domain/lifecycle/end-person.ts';
import { openPayload, sealPayload } from '../../../src/oidc/storage/sealing.ts';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { Browserless, type Reply } from '../../support/browserless.ts';
import { keepWaiting } from '../../support/held-back.ts';
import { discover, type RelyingParty, redirectUri, startSignIn } from '../../support/relying-party.ts';

type Person = Awaited<ReturnType<TestApp['person']>>;

describe('the steps of an interaction', () => {
  let app: TestApp;
  let party: RelyingParty;
  before(async () => {
    app = await startTestApp({ env: { TRUSTED_PROXIES: '127.0.0.0/8,::1' } });
    party = await discover(app, await app.relyingParty());
  });
  after(() => app?.stop());

  async function begin(browser: Browserless, parameters: Record<string, string> = {}): Promise<Reply> {
    return browser.open((await startSignIn(party, parameters)).address.href, redirectUri);
  }

  const cookie = (browser: Browserless, name: string) => browser.cookies.find((kept) => kept.name === name)?.value;
  const setCookies = (reply: Reply): string[] => [reply.headers['set-cookie'] ?? []].flat();

  describe('signing in by password', () => {
    let person: Person;
    before(async () => {
      person = await app.person();
    });

    it('answers a right password with a redirect that no browser repeats the form for', async () => {
      const browser = new Browserless();
      const page = await begin(browser);
      const answer = await browser.send(page.url, { login: person.email, password: person.password });
      assert.equal(answer.status, 303);
      assert.match(answer.location ?? '', new RegExp(`^${app.issuer}/authorize/[\\w-]{43}$`));
      assert.equal(answer.headers['cache-control'], 'no-store');
    });

    it('keeps its cookies from scripts and from other sites', async () => {
      const browser = new Browserless();
      const started = await browser.send((await startSignIn(party)).address.href);
      const page = await browser.open(started.location as string);
      const answer = await browser.send(page.url, { login: person.email, password: person.password });
      const resumed = await browser.send(answer.location as string);
      const all = [started, answer, resumed].flatMap(setCookies);
      for (const name of ['gh_interaction', 'gh_resume', 'gh_session', 'gh_device'])
        assert.ok(
          all.some((line) => line.startsWith(`${name}=`)),
          `${name} in ${all}`,
        );
      for (const line of all) {
        assert.match(line, /; ?httponly/i, line);
        assert.match(line, /; ?samesite=lax/i, line);
        assert.doesNotMatch(line, /; ?domain=/i, line);
      }
      const scoped = all.find((line) => line.startsWith('gh_interaction=')) ?? '';
      assert.match(scoped, /path=\/interaction\/[\w-]{43}/);
    });

    it('gives the browser a session that it did not have before', async () => {
      const browser = new Browserless();
      const account = await app.person();
      await browser.open(`${app.issuer}/device`);
      const before = cookie(browser, 'gh_session');
      assert.ok(before, 'an anonymous session');
      const page = await begin(browser);
      await browser.submit(page, { login: account.email, password: account.password }, { until: redirectUri });
      const after = cookie(browser, 'gh_session');
      assert.ok(after && after !== before, 'the one who planted the first knows nothing of the second');
      const thief = new Browserless();
      thief.cookies.push(...browser.cookies.filter(({ name }) => !name.startsWith('gh_session')), {
        name: 'gh_session',
        value: before,
        path: '/',
      });
      assert.equal((await thief.send(`${app.issuer}/account`)).status, 303);
    });

    it('does not let a cookie be altered', async () => {
      const browser = new Browserless();
      const page = await begin(browser);
      await browser.submit(page, { login: person.email, password: person.password }, { until: redirectUri });
      assert.equal((await browser.send(`${app.issuer}/account`)).status, 200);
      for (const kept of browser.cookies)
        if (kept.name === 'gh_session.sig')
          kept.value = `${kept.value.slice(0, -1)}${kept.value.endsWith('A') ? 'B' : 'A'}`;
      assert.equal((await browser.send(`${app.issuer}/account`)).status, 303);
    });

    it('says the same, byte for byte, of a wrong password and of nobody', async () => {
      const normal = (reply: Reply, login: string) =>
        reply.body
          .replaceAll(login, 'LOGIN')
          .replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'ID')
          .replace(/\/interaction\/[\w-]{43}/g, '/interaction/UID')
          .replace(/data-challenge="[\w-]+"/, '')
          .replace(/(?:code_challenge|state|nonce)=[\w-]+/g, '');
      const answers = [];
      for (const login of [person.email, 'nobody@example.test', '+41443334455', 'no address at all']) {
        const browser = new Browserless();
        const page = await begin(browser);
        const answer = await browser.send(page.url, { login, password: 'wrong canary password' });
        assert.equal(answer.status, 401);
        assert.ok(!answer.body.includes('wrong canary password'));
        assert.deepEqual(setCookies(answer), [], 'no cookie tells of it either');
        const { date, 'x-request-id': id, 'content-length': length, connection, ...headers } = answer.headers;
        answers.push({ body: normal(answer, login), headers });
      }
      for (const answer of answers.slice(1)) assert.deepEqual(answer, answers[0]);
    });

    it('asks a person who tries too often to wait, and says how long', async () => {
      const account = await app.person();
      const browser = new Browserless();
      const page = await begin(browser);
      const statuses: number[] = [];
      let last: Reply | undefined;
      for (let n = 0; n < 11; n++) {
        last = await browser.send(page.url, { login: account.email, password: `wrong ${n}` });
        statuses.push(last.status);
        await keepWaiting(app.db);
      }
      assert.deepEqual(statuses, [...Array(10).fill(401), 429]);
      assert.match(String(last?.headers['retry-after']), /^[1-9]\d*$/);
      const right = await browser.send(page.url, { login: account.email, password: account.password });
      assert.equal(right.status, 429, 'the right password waits too');
    });

    it('asks an address that tries everybody to wait', async () => {
      const browser = new Browserless({ 'x-forwarded-for': '203.0.113.9' });
      const page = await begin(browser);
      await app.db.raw(`update rate_limits set hits = 100 where key = 'signInPerIp:203.0.113.9'`);
      await browser.send(page.url, { login: 'a@example.test', password: 'x' });
      await app.db.raw(`update rate_limits set hits = 100 where key = 'signInPerIp:203.0.113.9'`);
      const held = await browser.send(page.url, { login: person.email, password: person.password });
      assert.equal(held.status, 429);
      assert.ok(Number(held.headers['retry-after']) <= 600);
      const other = new Browserless({ 'x-forwarded-for': '203.0.113.10' });
      const free = await other.submit(
        await begin(other),
        { login: person.email, password: person.password },
        { until: redirectUri },
      );
      assert.ok(free.location?.startsWith(redirectUri));
    });

    it('goes back to the application with access_denied where the person does not sign in', async () => {
      const browser = new Browserless();
      const page = await begin(browser, { state: 'the-state' });
      const back = await browser.follow(await browser.send(page.url.replace('/sign-in', '/cancel')), redirectUri);
      const { searchParams } = new URL(back.location as string);
      assert.deepEqual([searchParams.get('error'), searchParams.get('state')], ['access_denied', 'the-state']);
      assert.equal(searchParams.has('code'), false);
    });
  });

  describe('choosing a tenant', () => {
    const email = 'kim@example.test';
    const password = 'the same walk in both places';
    let accounts: Person[];
    before(async () => {
      accounts = [];
      for (const name of ['North', 'South']) {
        const { id: tenantId } = await app.tenant({ name });
        accounts.push(await app.person({ tenantId, email, password, fullName: `Kim ${name}` }));
      }
    });

    async function prove(browser: Browserless): Promise<Reply> {
      return browser.submit(await begin(browser), { login: email, password });
    }

    const choose = (browser: Browserless, page: Reply, account: string) => browser.send(page.url, { account });

    it('comes after the password, and never before', async () => {
      const browser = new Browserless();
      const page = await begin(browser);
      const early = await browser.send(page.url.replace('sign-in', 'tenant'));
      assert.equal(early.status, 303);
      assert.doesNotMatch(page.body, /North|South/);
      const [one] = accounts;
      const forced = await browser.follow(
        await browser.send(page.url.replace('sign-in', 'tenant'), { account: one?.id ?? '' }),
        redirectUri,
      );
      assert.match(forced.body, /name="password"/, 'nothing was proved, so the password is asked for');
    });

    it('offers what was proved, and nothing else', async () => {
      const browser = new Browserless();
      const page = await prove(browser);
      for (const { id } of accounts) assert.ok(page.body.includes(id));
      const stranger = await app.person();
      for (const account of [stranger.id, '', 'x', '__proto__', "' or 1=1--"])
        assert.equal((await choose(browser, page, account)).status, 403, account);
      const chosen = await browser.follow(await choose(browser, page, accounts[1]?.id ?? ''), redirectUri);
      assert.ok(chosen.location?.startsWith(redirectUri));
    });

    it('is for the browser that proved it', async () => {
      const browser = new Browserless();
      const page = await prove(browser);
      assert.equal((await choose(new Browserless(), page, accounts[0]?.id ?? '')).status, 409);
    });

    it('keeps the proof for ten minutes', async () => {
      const browser = new Browserless();
      const page = await prove(browser);
      // The clock cannot be turned, so the proof is made older.
      const stored = await app
        .db('oidc_payloads')
        .where({ model: 'Interaction' })
        .orderBy('createdAt', 'desc')
        .first('idHash', 'payload', 'expiresAt');
      const payload = openPayload(app.secrets, 'Interaction', { ...stored, consumed: false }) as unknown as {
        lastSubmission: { proof: { provedAt: number } };
      };
      payload.lastSubmission.proof.provedAt -= 10 * 60_000 + 1;
      await app
        .db('oidc_payloads')
        .where({ idHash: stored.idHash })
        .update({ payload: sealPayload(app.secrets, 'Interaction', stored.idHash, payload as never) });
      const late = await browser.follow(await choose(browser, page, accounts[0]?.id ?? ''), redirectUri);
      assert.match(late.body, /name="password"/);
    });

    it('signs nobody in who was stopped meanwhile', async () => {
      const { id: tenantId } = await app.tenant();
      const { id: otherId } = await app.tenant();
      const shared = { email: 'stopped@example.test', password };
      const stopped = await app.person({ ...shared, tenantId });
      await app.person({ ...shared, tenantId: otherId });
      const browser = new Browserless();
      const page = await browser.submit(await begin(browser), { login: shared.email, password });
      await deactivateUser(app.db, { tenantId, userId: stopped.id }, systemCaller);
      const reply = await browser.follow(await choose(browser, page, stopped.id), redirectUri);
      const location = reply.location ? new URL(reply.location) : undefined;
      assert.equal(location?.searchParams.has('code') ?? false, false, location?.href);
      assert.equal((await browser.send(`${app.issuer}/account`)).status, 303);
      assert.equal(await app.db('user_sessions').where({ userId: stopped.id }).first(), undefined);
      assert.ok(reply.status < 500, `${reply.status} ${reply.body}`);
    });
  });

  describe('giving consent', () => {
    let third: RelyingParty;
    let person: Person;
    before(async () => {
      third = await discover(app, await app.relyingParty({ firstParty: false, name: 'Third <Party>' }));
      person = await app.person();
    });

    async function atConsent(browser: Browserless): Promise<Reply> {
      const { address } = await startSignIn(third, { scope: 'openid email', prompt: 'consent' });
      let page = await browser.open(address.href, redirectUri);
      if (/name="password"/.test(page.body))
        page = await browser.submit(page, { login: person.email, password: person.password });
      assert.match(page.body, /name="decision"/);
      return page;
    }

    const grants = async () =>
      (await app.db('oidc_payloads').where({ model: 'Grant', clientId: third.clientId })).length;

    it('takes yes and no for an answer, and nothing else', async () => {
      const browser = new Browserless();
      const page = await atConsent(browser);
      assert.doesNotMatch(page.body, /<Party>/);
      for (const decision of ['', 'ALLOW', 'allow ', 'true', '__proto__']) {
        const answer = await browser.send(page.url, { decision });
        assert.ok(answer.status === 400 || answer.status === 422, `${decision}: ${answer.status}`);
      }
      assert.equal((await browser.send(page.url, {})).status, 400);
      assert.equal(await grants(), 0);
      const done = await browser.follow(await browser.send(page.url, { decision: 'allow' }), redirectUri);
      assert.match(done.location ?? '', /[?&]code=/);
      assert.equal(await grants(), 1);
    });

    it('is given by the browser that was asked, on a page of ours', async () => {
      const before = await grants();
      const browser = new Browserless();
      const page = await atConsent(browser);
      assert.equal((await new Browserless().send(page.url, { decision: 'allow' })).status, 409);
      const crossSite = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' };
      assert.equal((await browser.send(page.url, { decision: 'allow' }, crossSite)).status, 403);
      assert.equal(await grants(), before);
    });

    it('is no way around the password', async () => {
      const browser = new Browserless();
      const { address } = await startSignIn(third, { scope: 'openid email' });
      const page = await browser.open(address.href, redirectUri);
      const forced = await browser.follow(
        await browser.send(page.url.replace('sign-in', 'consent'), { decision: 'allow' }),
        redirectUri,
      );
      assert.match(forced.body, /name="password"/);
    });
  });

  describe('going on as the person who is signed in', () => {
    it('is only for a person who is signed in', async () => {
      const browser = new Browserless();
      const page = await begin(browser, { prompt: 'select_account' });
      assert.match(page.body, /name="password"/);
      const forced = await browser.follow(
        await browser.send(page.url.replace('sign-in', 'select-account/continue'), { any: 'thing' }),
        redirectUri,
      );
      assert.match(forced.body, /name="password"/);
    });

    it('is not for a person who was asked for the password', async () => {
      const person = await app.person();
      const browser = new Browserless();
      await browser.submit(
        await begin(browser),
        { login: person.email, password: person.password },
        { until: redirectUri },
      );
      const page = await begin(browser, { prompt: 'login' });
      assert.match(page.body, /name="password"/);
      const forced = await browser.follow(
        await browser.send(page.url.replace('sign-in', 'select-account/continue'), { any: 'thing' }),
        redirectUri,
      );
      assert.match(forced.body, /name="password"/);
    });
  });

  describe('entering the code of a device', () => {
    it('works at the second try where the first came without a session', async () => {
      const tv = await app.relyingParty({
        kind: 'native',
        redirectUris: [],
        metadata: {
          token_endpoint_auth_method: 'none',
          grant_types: ['urn:ietf:params:oauth:grant-type:device_code'],
          response_types: [],
          redirect_uris: [],
        },
      });
      const asked = await fetch(`${app.issuer}/device/authorize`, {
        method: 'POST',
        body: new URLSearchParams({ client_id: tv.clientId, scope: 'openid' }),
      });
      const { user_code: userCode } = (await asked.json()) as { user_code: string };
      const browser = new Browserless();
      const page = await browser.open(`${app.issuer}/device`);
      // The page was open longer than its session lives.
      browser.cookies.splice(0);
      const late = await browser.submit(page, { user_code: userCode });
      assert.equal(late.status, 400);
      assert.match(late.body, /name="user_code"/);
      const confirm = await browser.submit(late, { user_code: userCode });
      assert.equal(confirm.status, 200);
      assert.match(confirm.body, /name="confirm"/);
    });

    it('leads back to the form from an address that is no longer good', async () => {
      const browser = new Browserless();
      const gone = await browser.open(`${app.issuer}/device/a-sign-in-of-long-ago`);
      assert.equal(gone.status, 400);
      assert.match(gone.body, /name="user_code"/);
    });
  });
});
