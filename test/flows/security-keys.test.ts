/** Security keys as a second factor, by what a browser posts and by what no browser would: an authenticator in software. */
import assert from 'node:assert/strict';
import * as openid from 'openid-client';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { proveFactor } from '../../src/domain/factors/prove-factor.ts';
import { touchedAt } from '../../src/domain/factors/security-keys.ts';
import { keyFactor } from '../../src/domain/methods/passkey/key-factor.ts';
import { makeChallenge } from '../../src/domain/webauthn/challenges.ts';
import { ageSessions } from '../support/aged-session.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { Authenticator, makePasskey } from '../support/authenticator.ts';
import { Browserless, type Reply } from '../support/browserless.ts';
import { discover, enterPassword, type RelyingParty, redirectUri, startSignIn } from '../support/relying-party.ts';
import {
  asksForFactor,
  asksForKey,
  asksToEnrol,
  challengeOn,
  codeOf,
  enrolled,
  enrolledKey,
  proveOn,
  touch,
} from '../support/second-factor.ts';

const aal2 = 'urn:gatehouse:acr:aal2';

describe('a security key as a second factor', () => {
  let app: TestApp;
  let party: RelyingParty;
  before(async () => {
    app = await startTestApp();
    party = await discover(app, await app.relyingParty());
  });
  after(() => app?.stop());

  type Person = Awaited<ReturnType<TestApp['person']>>;

  /** As far as the password leads. */
  async function withPassword(person: Person, parameters: Record<string, string> = {}, browser = new Browserless()) {
    const { address, checks } = await startSignIn(party, parameters);
    const page = await enterPassword(browser, await browser.open(address.href, redirectUri), person);
    return { browser, page, checks };
  }

  const tokensOf = (reply: Reply, checks: openid.AuthorizationCodeGrantChecks) =>
    openid.authorizationCodeGrant(party.config, new URL(reply.location as string), checks);

  it('is added where a factor is required, by a touch, with its recovery codes, and asked for from then on', async () => {
    const person = await app.person({ mfaRequired: true });
    const { browser, page, checks } = await withPassword(person);
    assert.ok(asksToEnrol(page));
    const link = /href="([^"]*\/factor\/enrol\/key)"/.exec(page.body)?.[1] as string;
    const adding = await browser.open(new URL(link, page.url).href);
    const [, told = ''] = /data-options="([^"]+)"/.exec(adding.body) ?? [];
    const options = JSON.parse(told.replaceAll('&#34;', '"').replaceAll('&amp;', '&'));
    assert.equal(options.authenticatorSelection.userVerification, 'discouraged');
    const key = new Authenticator(person.id);
    const credential = key.make({ challenge: options.challenge, origin: app.issuer, isVerified: false });
    const shown = await browser.submit(adding, { credential, name: ' Blue  key ' });
    const codes = [...shown.body.matchAll(/<li class="mono">([^<]+)</g)];
    assert.equal(codes.length, 10, shown.body);
    const reply = await browser.submit(shown, {}, { until: redirectUri });
    const claims = (await tokensOf(reply, checks)).claims();
    assert.deepEqual([claims?.acr, claims?.amr], [aal2, ['pwd', 'hwk', 'user', 'mfa']]);
    const [row] = await app.db('user_factors').where({ userId: person.id });
    assert.deepEqual([row.kind, row.name, row.backupEligible], ['security_key', 'Blue key', false]);

    const again = await withPassword(person);
    assert.ok(asksForKey(again.page), again.page.body);
    const proved = await touch(again.browser, again.page, key, { signCount: 1 });
    const next = (await tokensOf(proved, again.checks)).claims();
    assert.deepEqual([next?.acr, next?.amr], [aal2, ['pwd', 'hwk', 'user', 'mfa']]);
  });

  it('refuses every other answer in the same words, counts it, and has the page ask anew', async () => {
    const person = await app.person();
    const { key } = await enrolledKey(app, person);
    const stranger = await app.person();
    const theirs = (await enrolledKey(app, stranger)).key;
    const elsewhere = await withPassword(person);
    const wrong: [string, (challenge: string) => string][] = [
      ['the challenge of another browser', () => sign(key, challengeOn(elsewhere.page))],
      ['a key of somebody of another tenant', (challenge) => sign(theirs, challenge)],
      ['an unknown key', (challenge) => sign(new Authenticator(person.id), challenge)],
      ['another origin', (challenge) => sign(key, challenge, { origin: 'https://evil.example', rpId: 'localhost' })],
      ['another relying party', (challenge) => sign(key, challenge, { rpId: 'evil.example' })],
      ['a frame of another site', (challenge) => sign(key, challenge, { isCrossOrigin: true })],
      ['a key that can be copied now', (challenge) => sign(key, challenge, { isSynced: true })],
      ['what is no JSON', () => '{'],
    ];
    for (const [what, answer] of wrong) {
      const { browser, page } = await withPassword(person);
      const reply = await browser.submit(page, { credential: answer(challengeOn(page)) }, { until: redirectUri });
      assert.equal(reply.status, 401, what);
      assert.ok(asksForKey(reply), what);
      assert.notEqual(challengeOn(reply), challengeOn(page), what);
    }
    const events = await app.db('audit_events').where({ entityId: person.id, action: 'login.failed' });
    assert.deepEqual(
      events.map(({ payload }) => [payload.method, payload.reason]),
      wrong.map(() => ['security_key', 'wrong_factor']),
    );
    const own = await touch(elsewhere.browser, elsewhere.page, key);
    assert.equal(own.status, 303);
  });

  const sign = (key: Authenticator, challenge: string, more: object = {}) =>
    key.sign({ challenge, origin: app.issuer, isVerified: false, userHandle: null, ...more });

  it('takes a challenge once, also of fifty at the same moment at two processes', async () => {
    const person = await app.person();
    const { key } = await enrolledKey(app, person);
    const other = await app.startProcess();
    const { browser, page } = await withPassword(person);
    const credential = sign(key, challengeOn(page));
    const path = new URL(page.url).pathname;
    const statuses = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        browser.send(`${index % 2 ? other : app.issuer}${path}`, { credential }).then(({ status }) => status),
      ),
    );
    assert.ok(statuses.includes(303), `${statuses}`);
    // Whoever follows the first of several clicks is let in as well: what was proved is seen below the pages.
    const interactionUid = 'another';
    const challenge = makeChallenge(app.secrets, touchedAt({ interactionUid }, person.id));
    const proof = { user: { tenantId: person.tenantId, userId: person.id }, factor: keyFactor };
    const deps = { secrets: app.secrets, issuer: app.issuer, interactionUid, caller: systemCaller };
    await app.db('sign_in_failures').delete();
    const proved = await Promise.allSettled(
      Array.from({ length: 50 }, () => proveFactor(app.db, { ...proof, answer: sign(key, challenge) }, deps)),
    );
    assert.equal(proved.filter(({ status }) => status === 'fulfilled').length, 1);
    await app.db('sign_in_failures').delete();
    const later = await withPassword(person);
    const replayed = await later.browser.submit(later.page, { credential }, { until: redirectUri });
    assert.equal(replayed.status, 401, 'nor in another interaction');
  });

  it('refuses a counter that has not gone on: a copy of the key', async () => {
    const person = await app.person();
    const { key } = await enrolledKey(app, person);
    for (const [signCount, status] of [
      [7, 303],
      [7, 401],
      [6, 401],
      [8, 303],
    ] as const) {
      const { browser, page } = await withPassword(person);
      assert.equal((await touch(browser, page, key, { signCount })).status, status, `${signCount}`);
    }
  });

  it('stands beside an app: whichever the person has at hand', async () => {
    const person = await app.person();
    const { seed } = await enrolled(app, person);
    await assert.rejects(enrolledKey(app, person), { code: 'FACTOR_ENROLLED' });
    const { key, codes } = await enrolledKey(app, person, { hasProvedTwo: true, isSynced: true });
    assert.deepEqual(codes, [], 'the codes that there are stay');
    const first = await withPassword(person);
    assert.ok(asksForKey(first.page));
    const claims = (await tokensOf(await touch(first.browser, first.page, key), first.checks)).claims();
    assert.deepEqual(claims?.amr, ['pwd', 'swk', 'user', 'mfa']);
    const second = await withPassword(person);
    const link = /href="([^"]*\/factor\/totp)"/.exec(second.page.body)?.[1] as string;
    const typed = await second.browser.open(new URL(link, second.page.url).href);
    assert.ok(asksForFactor(typed));
    const reply = await proveOn(second.browser, typed, codeOf(seed));
    assert.equal(reply.status, 303);
  });

  it('is a passkey, too: who has one is asked for it where a factor is needed, and enrols nothing beside it', async () => {
    const person = await app.person();
    const key = new Authenticator(person.id);
    await makePasskey(app.db, { tenantId: person.tenantId, userId: person.id }, key);
    const plain = await withPassword(person);
    assert.equal(plain.page.status, 303, 'nothing is needed');
    const { browser, page, checks } = await withPassword(person, { acr_values: aal2 });
    assert.ok(asksForKey(page), page.body);
    const base = page.url.replace(/\/factor\/.*$/, '');
    for (const path of ['factor/enrol', 'factor/enrol/key'])
      assert.ok(asksForKey(await browser.open(`${base}/${path}`)), path);
    const claims = (await tokensOf(await touch(browser, page, key), checks)).claims();
    assert.deepEqual([claims?.acr, claims?.amr], [aal2, ['pwd', 'hwk', 'user', 'mfa']]);
    const stranger = await app.person();
    const theirs = new Authenticator(stranger.id);
    await makePasskey(app.db, { tenantId: stranger.tenantId, userId: stranger.id }, theirs);
    const again = await withPassword(person, { acr_values: aal2 });
    assert.equal((await touch(again.browser, again.page, theirs)).status, 401);
  });

  it('is guessed at ten times in a row, however many guess at once at two processes', async () => {
    const person = await app.person();
    const { key } = await enrolledKey(app, person);
    const other = await app.startProcess();
    const { browser, page } = await withPassword(person);
    const credential = sign(new Authenticator(person.id), challengeOn(page));
    const begun = performance.now();
    const addresses = [page.url, `${other}${new URL(page.url).pathname}`];
    const guesses = Array.from({ length: 1000 }, (_, index) =>
      browser.send(addresses[index % 2] as string, { credential }),
    );
    const statuses = (await Promise.all(guesses)).map(({ status }) => status);
    // Ten at once, and one more after each wait of 2, 4, 8 ... seconds, on a machine that takes so long.
    const most = 11 + Math.floor(Math.log2(1 + (performance.now() - begun) / 2000));
    const compared = statuses.filter((status) => status === 401).length;
    assert.ok(compared >= 10 && compared <= most, `${compared} of ${most}`);
    const others = statuses.filter((status) => ![401, 429, 503].includes(status));
    assert.deepEqual(others, []);
    await app
      .db('sign_in_failures')
      .where('failures', '>=', 10)
      .update({ lastFailedAt: new Date(Date.now() + 3_600_000) });
    await app.db('rate_limits').delete();
    const again = await withPassword(person);
    assert.equal((await touch(again.browser, again.page, key)).status, 429, 'nor does the right key help');
  });

  it('is added on the account page beside an app, by who has just proved both factors, and by nobody else', async () => {
    const person = await app.person();
    const { seed } = await enrolled(app, person);
    const { browser, page } = await withPassword(person);
    await proveOn(browser, page, codeOf(seed));
    const at = `${app.issuer}/account/security/second-factor/key`;
    const adding = await browser.open(at);
    const [, told = ''] = /data-options="([^"]+)"/.exec(adding.body) ?? [];
    const options = JSON.parse(told.replaceAll('&#34;', '"').replaceAll('&amp;', '&'));
    const key = new Authenticator(person.id);
    const made = (challenge: string) => key.make({ challenge, origin: app.issuer, isVerified: false });
    const foreign = await browser.send(at, { credential: made(challengeOn(page)), name: 'Key' });
    assert.equal(foreign.status, 422, 'a challenge of another page');
    const done = await browser.send(at, { credential: made(options.challenge), name: 'Key' });
    assert.equal(done.location, `${app.issuer}/account/security?notice=factor_added`, done.body);
    const again = await browser.send(at, { credential: made(options.challenge), name: 'Key' });
    assert.equal(again.status, 422, 'once');
    // A session that is not fresh, or has one factor alone, is asked for both.
    await ageSessions(app, person.id, 400);
    const stale = await browser.open(at);
    assert.ok(/name="password"/.test(stale.body), stale.body.slice(0, 500));
    const asked = await browser.send(at, { credential: made(options.challenge), name: 'Key' });
    assert.match(asked.location ?? '', /\/authorize\?.*prompt=login/);
  });
});
