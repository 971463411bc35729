/** A person's own second factors: taken away, taken back, and new recovery codes. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { removeOwnFactor } from '../../src/domain/safety/change-factors.ts';
import { newId } from '../../src/platform/ids.ts';
import { ageSessions } from '../support/aged-session.ts';
import type { Browserless, Reply } from '../support/browserless.ts';
import { type MessagingApp, startMessagingApp } from '../support/messaging-app.ts';
import { asksForFactor, asksToEnrol, codeOf, enrolled, forgetUsedSteps, proveOn } from '../support/second-factor.ts';

type Person = Awaited<ReturnType<MessagingApp['app']['person']>>;

describe('the second factors of an account', function () {
  this.timeout(120_000);
  let stage: MessagingApp;
  before(async () => {
    stage = await startMessagingApp();
  });
  after(() => stage?.stop());

  const at = (path: string) => `${stage.app.issuer}/account${path}`;
  const factorsOf = ({ id }: Pick<Person, 'id'>) => stage.app.db('user_factors').where({ userId: id }).orderBy('id');
  const codesOf = ({ id }: Person) => stage.app.db('recovery_codes').where({ userId: id }).whereNull('usedAt');
  const eventsOf = ({ id }: Person, action: string) => stage.app.db('audit_events').where({ entityId: id, action });
  const sessionsOf = async ({ id }: Person) =>
    (await stage.app.db('user_sessions').where({ userId: id }).whereNull('revokedAt')).length;

  async function signedIn(person: Person, path: string, seed?: string): Promise<{ browser: Browserless; page: Reply }> {
    const browser = stage.visitor();
    const form = await browser.open(at(path));
    let page = await browser.submit(form, { login: person.email, password: person.password });
    if (seed !== undefined) {
      await forgetUsedSteps(stage.app, person.id);
      assert.ok(asksForFactor(page), page.body);
      page = await proveOn(browser, page, codeOf(seed), at(path));
      if (page.status === 303) page = await browser.open(page.location as string);
    }
    assert.equal(page.url, at(path), page.body);
    return { browser, page };
  }

  async function withFactor(overrides: Parameters<TestPerson>[0] = {}) {
    const person = await stage.app.person(overrides);
    const { seed, codes } = await enrolled(stage.app, person);
    // As one that has been there for long.
    await stage.app
      .db('user_factors')
      .where({ userId: person.id })
      .update({ createdAt: new Date('2025-01-01') });
    return { person, seed, codes };
  }
  type TestPerson = MessagingApp['app']['person'];

  const removeForm = (page: Reply) => {
    const [, id] = /name="factor" value="([^"]+)"/.exec(page.body) ?? [];
    assert.ok(id, page.body);
    return { factor: id };
  };

  async function undoLink({ email }: Person): Promise<string> {
    await stage.settled();
    const link = stage.mailbox.to(email).flatMap(({ text }) => text.match(/http\S+\/safety\/\S+/g) ?? []);
    assert.ok(link.at(-1), `no link to ${email}`);
    return link.at(-1) as string;
  }

  it('are shown with the codes that are left, and one is taken away: signing in asks for it no more', async () => {
    const { person, seed } = await withFactor();
    const { browser, page } = await signedIn(person, '/security', seed);
    assert.match(page.body, /Authenticator app/);
    assert.match(page.body, /10 codes are left/);
    const form = removeForm(page);
    const done = await browser.send(at('/second-factor/remove'), form);
    assert.equal(done.location, at('/security?notice=factor_removed'), done.body);
    const again = await browser.send(at('/second-factor/remove'), form);
    assert.equal(again.location, done.location, 'once more does no harm');
    assert.equal((await eventsOf(person, 'factor.removed')).length, 1);
    const after = await browser.open(at('/security'));
    assert.match(after.body, /Set up a second step/);
    assert.doesNotMatch(after.body, /Authenticator app</);
    await signedIn(person, '/security');
    await stage.settled();
    assert.ok(stage.mailbox.to(person.email).some(({ text }) => /A second step was removed/.test(text)));
  });

  it('are put back by the link in the mail, and whoever took one away is out', async () => {
    const { person, seed, codes } = await withFactor();
    const thief = await signedIn(person, '/security', seed);
    await thief.browser.send(at('/second-factor/remove'), removeForm(thief.page));
    const link = await undoLink(person);
    // The thief is quick, and enrols an app of their own.
    await enrolled(stage.app, person);
    const page = await stage.visitor().open(link);
    assert.match(page.body, /Undo it/);
    assert.equal(
      (await factorsOf(person)).filter(({ endsAt }) => endsAt === null).length,
      1,
      'opening changes nothing',
    );
    assert.equal((await stage.visitor().submit(page, {})).status, 200);
    assert.equal(await sessionsOf(person), 0);
    const [only, another] = await factorsOf(person);
    assert.equal(another, undefined, 'the app of the thief is gone');
    assert.equal(only.endsAt, null);
    assert.equal(only.removedAt, null);
    assert.equal((await codesOf(person)).length, 0, 'the codes that the thief saw are worth nothing');
    assert.equal(codes.length, 10);
    await stage.settled();
    const password = 'a new and longer phrase 7';
    const recovery = stage.mailbox.to(person.email).flatMap(({ text }) => text.match(/http\S+\/recovery\/\S+/g) ?? []);
    const form = await stage.visitor().open(recovery.at(-1) as string);
    assert.equal((await stage.visitor().submit(form, { password })).status, 200);
    await signedIn({ ...person, password }, '/security', seed);
  });

  it('cannot be planted by adding one, taking it away and having its owner undo that', async () => {
    const person = await stage.app.person();
    const { seed } = await enrolled(stage.app, person);
    const thief = await signedIn(person, '/security', seed);
    await thief.browser.send(at('/second-factor/remove'), removeForm(thief.page));
    const page = await stage.visitor().open(await undoLink(person));
    assert.equal((await stage.visitor().submit(page, {})).status, 200);
    assert.deepEqual(await factorsOf(person), []);
  });

  it('stay where one is required and it is the last one, also of fifty at once', async () => {
    const { person, seed } = await withFactor({ mfaRequired: true });
    const { browser, page } = await signedIn(person, '/security', seed);
    assert.doesNotMatch(page.body, /name="factor"/);
    assert.match(page.body, /Your organisation asks you to have one/);
    const [factor] = await factorsOf(person);
    const refused = await browser.send(at('/second-factor/remove'), { factor: factor.id });
    assert.equal(refused.status, 409);
    assert.match(refused.body, /asks you to have a second step/);
    assert.equal((await eventsOf(person, 'factor.removed')).length, 0);
    assert.ok(!stage.mailbox.to(person.email).some(({ text }) => text.includes('/safety/')), 'and nothing was sent');

    // Of two, one goes: each of fifty sees another left.
    await stage.app.db('user_factors').insert({
      ...{ id: newId(), tenantId: person.tenantId, userId: person.id, kind: 'other_kind', createdAt: new Date(0) },
      secret: randomBytes(20),
    });
    const all = await factorsOf(person);
    const deps = { secrets: stage.app.secrets, issuer: stage.app.issuer, caller: { type: 'system' } as const };
    await Promise.allSettled(
      Array.from({ length: 50 }, (_, n) =>
        removeOwnFactor(
          stage.app.db,
          { tenantId: person.tenantId, userId: person.id, id: all[n % 2].id },
          { ...deps, caller: { type: 'user', id: person.id } },
        ),
      ),
    );
    const left = (await factorsOf(person)).filter(({ endsAt }) => endsAt === null);
    assert.deepEqual(
      left.map(({ kind }) => kind),
      ['totp'],
      'a kind that nobody can prove is no second factor',
    );
  });

  it('of others are out of reach, and an old sign-in changes nothing', async () => {
    const { person, seed } = await withFactor();
    const stranger = await withFactor({ tenantId: person.tenantId });
    const { browser } = await signedIn(person, '/security', seed);
    const [theirs] = await factorsOf(stranger.person);
    const reply = await browser.send(at('/second-factor/remove'), { factor: theirs.id });
    assert.equal(reply.status, 303);
    for (const factor of ['', 'x', newId()]) await browser.send(at('/second-factor/remove'), { factor });
    assert.equal((await factorsOf(stranger.person))[0].endsAt, null);
    assert.equal((await factorsOf(person))[0].endsAt, null);
    await ageSessions(stage.app, person.id, 301);
    const [own] = await factorsOf(person);
    for (const [path, form] of [
      ['/second-factor/remove', { factor: own.id }],
      ['/recovery-codes', {}],
    ] as const) {
      const asked = await browser.send(at(path), form);
      assert.equal(asked.status, 303);
      assert.match(asked.location ?? '', /\/authorize\?.*prompt=login/);
    }
    assert.equal((await browser.send(at('/recovery-codes'))).status, 303);
    assert.equal((await factorsOf(person))[0].endsAt, null);
    assert.equal((await eventsOf(person, 'recovery_codes.renewed')).length, 0);
    for (const path of ['/second-factor/remove', '/recovery-codes'])
      assert.equal((await stage.visitor().send(at(path), {})).status, 401);
  });

  it('have new recovery codes: shown once, and the old ones end at once', async () => {
    const { person, seed, codes: old } = await withFactor();
    const { browser, page } = await signedIn(person, '/recovery-codes', seed);
    assert.match(page.body, /10 codes are left/);
    const shown = await browser.submit(page, {});
    const codes = [...shown.body.matchAll(/<li class="mono">([^<]+)</g)].map(([, code]) => code as string);
    assert.equal(codes.length, 10);
    assert.match(String(shown.headers['cache-control']), /no-store/);
    assert.equal(codes.filter((code) => old.includes(code)).length, 0);
    assert.ok(!(await browser.open(at('/recovery-codes'))).body.includes(codes[0] as string), 'shown once');
    assert.equal((await eventsOf(person, 'recovery_codes.renewed')).length, 1);
    await stage.settled();
    for (const { text, html } of stage.mailbox.to(person.email))
      for (const code of codes) assert.ok(!text.includes(code) && !String(html).includes(code));

    const typed = async (code: string) => {
      const visitor = stage.visitor();
      const form = await visitor.open(at('/security'));
      const factor = await visitor.submit(form, { login: person.email, password: person.password });
      const href = /href="([^"]*recovery-code)"/.exec(factor.body)?.[1] as string;
      return visitor.submit(await visitor.open(new URL(href, factor.url).href), { code });
    };
    assert.equal((await typed(old[0] as string)).status, 401);
    const inside = await typed(codes[3] as string);
    assert.equal(inside.url, at('/security'));
    assert.match(inside.body, /9 codes are left/);
  });

  it('have codes that end where their owner did not make them', async () => {
    const { person, seed } = await withFactor();
    const { browser, page } = await signedIn(person, '/recovery-codes', seed);
    await browser.submit(page, {});
    const form = await stage.visitor().open(await undoLink(person));
    assert.equal((await stage.visitor().submit(form, {})).status, 200);
    assert.equal((await codesOf(person)).length, 0);
    assert.equal((await factorsOf(person)).length, 1);
    assert.equal(await sessionsOf(person), 0);
  });

  it('have no codes where there is no factor', async () => {
    const person = await stage.app.person();
    const { browser } = await signedIn(person, '/security');
    assert.equal((await browser.send(at('/recovery-codes'))).location, at('/security'));
    assert.equal((await browser.send(at('/recovery-codes'), {})).status, 404);
    assert.equal((await codesOf(person)).length, 0);
    const required = await stage.app.person({ mfaRequired: true });
    const visitor = stage.visitor();
    const asked = await visitor.submit(await visitor.open(at('')), {
      login: required.email,
      password: required.password,
    });
    assert.ok(asksToEnrol(asked));
  });
});
