import assert from 'node:assert/strict';
import type { AdapterPayload } from 'oidc-provider';
import { systemCaller } from '../../../src/domain/audit/audit-events.ts';
import { revokeAllSessions } from '../../../src/domain/sessions/sessions.ts';
import type { AdapterDependencies } from '../../../src/oidc/storage/sealing.ts';
import { createSessionAdapter } from '../../../src/oidc/storage/session-adapter.ts';
import { mergeSessions, type SessionPayload } from '../../../src/oidc/storage/session-merge.ts';
import { randomToken } from '../../../src/platform/secrets.ts';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { Browserless } from '../../support/browserless.ts';
import { userinfoStatus } from '../../support/endpoints.ts';
import { discover, type RelyingParty, redirectUri, signIn, startSignIn } from '../../support/relying-party.ts';

describe('a browser session', () => {
  let app: TestApp;
  let parties: RelyingParty[];
  before(async () => {
    app = await startTestApp();
    parties = await Promise.all([1, 2, 3, 4].map(async () => discover(app, await app.relyingParty())));
  });
  after(() => app?.stop());

  const first = () => parties[0] as RelyingParty;

  async function isSignedIn(browser: Browserless): Promise<boolean> {
    const { address } = await startSignIn(first(), { prompt: 'none' });
    const reply = await browser.open(address.href, redirectUri);
    return new URL(reply.location as string).searchParams.has('code');
  }

  it('has a row of its own, with how and from where, and an event', async () => {
    const person = await app.person();
    const { browser, tokens } = await signIn(first(), person);
    const [row] = await app.db('userSessions').where({ userId: person.id });
    assert.deepEqual(row.amr, ['pwd']);
    assert.equal(row.acr, 'urn:gatehouse:acr:aal1');
    assert.equal(row.ip, '127.0.0.1');
    assert.match(row.userAgent, /Firefox/);
    assert.equal(row.tenantId, person.tenantId);
    assert.equal(row.loginAt.getTime() / 1000, tokens.claims()?.auth_time);
    const days = (row.expiresAt - row.loginAt) / 86_400_000;
    assert.ok(Math.abs(days - 14) < 0.01);
    await signIn(parties[1] as RelyingParty, person, { browser });
    const clients = await app.db('sessionClients').where({ userSessionId: row.id }).orderBy('createdAt');
    assert.deepEqual(
      clients.map((client) => client.clientId),
      [first().clientId, parties[1]?.clientId],
    );
    const events = await app.db('auditEvents').where({ action: 'login.succeeded', entityId: person.id });
    assert.equal(events.length, 1);
    assert.equal(events[0].payload.sessionId, row.id);
  });

  it('begins with its code, its grant and the end of the interaction, all in one moment', async () => {
    const person = await app.person();
    await signIn(first(), person);
    // The second sign-in may be told, the one from the browser that is known is not: two transactions and one statement.
    for (const browser of [undefined, new Browserless()]) {
      const { address } = await startSignIn(first());
      const using = browser ?? new Browserless();
      const page = await using.open(address.href);
      await using.submit(page, { login: person.email, password: person.password }, { until: redirectUri });
      const stored = await app
        .db('oidcPayloads')
        .select('model', app.db.raw('xmin::text as written_by'))
        .where({ accountId: person.id })
        .orderBy('createdAt', 'desc');
      const newest = (model: string) => stored.find((row) => row.model === model)?.writtenBy;
      assert.ok(newest('Session'));
      assert.equal(newest('AuthorizationCode'), newest('Session'));
      assert.equal(newest('Grant'), newest('Session'));
      assert.ok(!stored.some(({ model }) => model === 'Interaction'));
    }
  });

  it('of a person who was stopped after the proof leaves no code, no grant and no interaction', async () => {
    const person = await app.person();
    const browser = new Browserless();
    const page = await browser.open((await startSignIn(first())).address.href);
    const action = new URL(/action="([^"]*)"/.exec(page.body)?.[1] as string, page.url).href;
    const hidden = [...page.body.matchAll(/type="hidden" name="([^"]*)" value="([^"]*)"/g)];
    const proved = await browser.send(action, {
      ...Object.fromEntries(hidden.map(([, name, value]) => [name, value])),
      login: person.email,
      password: person.password,
    });
    assert.match(proved.location ?? '', /\/authorize\//);
    await app.db('users').where({ id: person.id }).update({ state: 'inactive' });
    await browser.send(proved.location as string);
    assert.deepEqual(await app.db('oidcPayloads').select('model').where({ accountId: person.id }), []);
    assert.deepEqual(await app.db('userSessions').select('id').where({ userId: person.id }), []);
    // It is used up.
    const again = await browser.send(proved.location as string);
    assert.ok(!again.location?.includes('code='));
  });

  it('has another identifier after each sign-in, and the one before is worth nothing', async () => {
    const person = await app.person();
    const { browser } = await signIn(first(), person);
    const before = browser.cookies.map((cookie) => ({ ...cookie }));
    const { address } = await startSignIn(first(), { prompt: 'login' });
    const page = await browser.open(address.href);
    await browser.submit(page, { login: person.email, password: person.password }, { until: redirectUri });
    const old = new Browserless();
    old.cookies.push(...before);
    assert.equal(await isSignedIn(old), false);
    assert.equal(await isSignedIn(browser), true);
    const rows = await app.db('userSessions').where({ userId: person.id });
    assert.equal(rows.length, 1);
  });

  it('is not to be forged or set by others', async () => {
    const person = await app.person();
    const { browser } = await signIn(first(), person);
    const session = browser.cookies.find(({ name }) => name === 'gh_session');
    assert.ok(session);
    const unsigned = new Browserless();
    unsigned.cookies.push({ ...session });
    assert.equal(await isSignedIn(unsigned), false);
    const fixed = new Browserless();
    fixed.cookies.push({ name: 'gh_session', value: 'attackers-choice', path: '/' });
    const { address } = await startSignIn(first());
    const page = await fixed.open(address.href);
    await fixed.submit(page, { login: person.email, password: person.password }, { until: redirectUri });
    const [own] = fixed.cookies.filter(({ name }) => name === 'gh_session');
    assert.notEqual(own?.value, 'attackers-choice');
  });

  it('that has ended does not come back, whatever is on its way', async () => {
    for (let round = 0; round < 6; round++) {
      const person = await app.person();
      const who = { tenantId: person.tenantId, userId: person.id };
      const { browser } = await signIn(first(), person);
      const asking = parties.map(async (party, n) => {
        await new Promise((resolve) => setTimeout(resolve, (n + round) * 3));
        const { address } = await startSignIn(party, { prompt: 'none' });
        // The cookie stays what it was: answers that come late set it again.
        const tab = new Browserless();
        tab.cookies.push(...browser.cookies);
        return tab.send(address.href);
      });
      const ending = new Promise((resolve) => setTimeout(resolve, 8)).then(() =>
        revokeAllSessions(app.db, who, systemCaller),
      );
      const replies = await Promise.all(asking);
      await ending;
      for (const reply of replies) assert.equal(reply.status, 303);
      assert.equal(await isSignedIn(browser), false);
      const left = await app.db('oidcPayloads').where({ accountId: person.id, model: 'Session' });
      assert.deepEqual(left, []);
    }
    assert.doesNotMatch(app.logs(), /"level":"error"|deadlock/);
  });

  it('that somebody signed in to is not overwritten by a request that began before anybody had', async () => {
    const sessions = createSessionAdapter({ db: app.db, secrets: app.secrets } as AdapterDependencies);
    const person = await app.person();
    const [uid, before, after] = [randomToken(), randomToken(), randomToken()];
    const anonymous = { uid, kind: 'Session', jti: before } as AdapterPayload;
    await sessions.upsert(before, anonymous, 3600);
    assert.equal((await sessions.find(before))?.accountId, undefined);
    // Another tab signs in, and the session has another id since then.
    const signedIn = { ...anonymous, jti: after, accountId: person.id, loginTs: Math.floor(Date.now() / 1000) };
    await sessions.upsert(after, signedIn, 3600);
    await sessions.upsert(before, anonymous, 3600);
    assert.equal((await sessions.find(after))?.accountId, person.id);
    assert.equal(await sessions.find(before), undefined);
    assert.equal((await sessions.findByUid(uid))?.accountId, person.id);
    const row = await app.db('oidcPayloads').where({ accountId: person.id, model: 'Session' }).first('accountId');
    assert.equal(row?.accountId, person.id);
  });

  it('is ended by the person while another tab goes on, without an error', async () => {
    for (let round = 0; round < 4; round++) {
      const person = await app.person();
      const { browser, tokens } = await signIn(first(), person);
      const page = await browser.open(`${app.issuer}/logout`);
      const tabs = parties.map(async (party) => {
        const { address } = await startSignIn(party, { prompt: 'none' });
        const tab = new Browserless();
        tab.cookies.push(...browser.cookies);
        return tab.send(address.href);
      });
      const [, ...replies] = await Promise.all([browser.submit(page, { logout: 'yes' }), ...tabs]);
      for (const reply of replies) assert.equal(reply.status, 303);
      assert.equal(await isSignedIn(browser), false);
      assert.equal(await userinfoStatus(app.issuer, tokens.access_token), 401);
    }
    assert.doesNotMatch(app.logs(), /"level":"error"|deadlock/);
  });
});

describe('merging what two requests did to one session', () => {
  const base: SessionPayload = {
    jti: 'id',
    uid: 'uid',
    accountId: 'anna',
    loginTs: 1,
    amr: ['pwd'],
    authorizations: { one: { sid: 's1', grantId: 'g1' } },
  };

  it('keeps what each added', () => {
    const ours = { ...base, authorizations: { ...base.authorizations, two: { sid: 's2', grantId: 'g2' } } };
    const theirs = { ...base, authorizations: { ...base.authorizations, three: { sid: 's3', grantId: 'g3' } } };
    assert.deepEqual(Object.keys(mergeSessions(ours, base, theirs).authorizations ?? {}).sort(), [
      'one',
      'three',
      'two',
    ]);
  });

  it('keeps what each took away', () => {
    const ours = { ...base, authorizations: { two: { sid: 's2' } } };
    const theirs = { ...base, authorizations: {} };
    assert.deepEqual(mergeSessions(ours, base, base).authorizations, { two: { sid: 's2' } });
    assert.deepEqual(mergeSessions(base, base, theirs).authorizations, {});
  });

  it('keeps a fresh proof', () => {
    const theirs = { ...base, loginTs: 9, amr: ['pwd', 'otp'] };
    const merged = mergeSessions({ ...base, authorizations: { two: { sid: 's2' } } }, base, theirs);
    assert.equal(merged.loginTs, 9);
    assert.deepEqual(merged.amr, ['pwd', 'otp']);
    assert.equal(mergeSessions({ ...base, loginTs: 12 }, base, theirs).loginTs, 12);
  });

  it('never mixes two people', () => {
    const theirs = { ...base, accountId: 'bert', authorizations: { bert: { sid: 's9' } } };
    assert.deepEqual(mergeSessions(base, base, theirs), base);
    assert.deepEqual(mergeSessions(base, undefined, theirs), base);
    assert.deepEqual(mergeSessions(base, base, undefined), base);
  });
});
