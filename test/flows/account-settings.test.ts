/** What a person changes on their own pages, and what nobody else changes there for them. */
import assert from 'node:assert/strict';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { recordReferral } from '../../src/domain/referrals/referrals.ts';
import { updateTenantSettings } from '../../src/domain/tenants/tenants.ts';
import { ageSessions } from '../support/aged-session.ts';
import { Browserless, type Reply } from '../support/browserless.ts';
import { refresh, userinfoStatus } from '../support/endpoints.ts';
import { type MessagingApp, startMessagingApp } from '../support/messaging-app.ts';
import { discover, signIn } from '../support/relying-party.ts';

type Person = Awaited<ReturnType<MessagingApp['app']['person']>>;

describe('the pages of the account', function () {
  this.timeout(120_000);
  let stage: MessagingApp;
  before(async () => {
    stage = await startMessagingApp();
  });
  after(() => stage?.stop());

  const at = (path: string) => `${stage.app.issuer}/account${path}`;

  async function signedIn(person: Person, path = ''): Promise<{ browser: Browserless; page: Reply }> {
    const browser = stage.visitor();
    const form = await browser.open(at(path));
    const page = await browser.submit(form, { login: person.email, password: person.password });
    assert.equal(page.url, at(path), page.body);
    return { browser, page };
  }

  const userRow = ({ id }: Person) => stage.app.db('users').where({ id }).first();
  const eventsOf = async ({ id }: Person) =>
    (await stage.app.db('audit_events').where({ entityId: id }).orderBy('id').select('action')).map(
      ({ action }) => action,
    );
  const liveSessions = async ({ id }: Person): Promise<string[]> =>
    (await stage.app.db('user_sessions').where({ userId: id }).whereNull('revokedAt').select('id')).map(
      (row) => row.id,
    );

  describe('of one’s own details', () => {
    it('saves names and a picture, and says what is wrong beside the field', async () => {
      const person = await stage.app.person();
      const { browser, page } = await signedIn(person, '/profile');
      const values = {
        full_name: 'Zoë <b>Ångström</b>',
        given_name: 'Zoë',
        family_name: '',
        picture_url: 'http://a.example/x',
      };
      const refused = await browser.submit(page, values);
      assert.equal(refused.status, 400);
      assert.match(refused.body, /href="#picture_url"/);
      assert.match(refused.body, /value="Zoë &lt;b&gt;Ångström&lt;\/b&gt;"/, 'what was typed stays');
      assert.equal((await userRow(person)).fullName, person.fullName);
      const saved = await browser.submit(refused, { ...values, picture_url: 'https://a.example/x.png' });
      assert.equal(saved.url, at('?notice=profile_saved'));
      const { fullName, givenName, familyName, pictureUrl } = await userRow(person);
      assert.deepEqual([fullName, givenName, familyName], ['Zoë <b>Ångström</b>', 'Zoë', null]);
      assert.equal(pictureUrl, 'https://a.example/x.png');
      assert.ok((await eventsOf(person)).includes('profile.updated'));
    });

    it('changes nobody else, whatever the form says', async () => {
      const [person, other] = [await stage.app.person(), await stage.app.person()];
      const { browser } = await signedIn(person);
      const form = {
        full_name: 'Mine',
        user_id: other.id,
        userId: other.id,
        tenantId: other.tenantId,
        email: 'x@y.example',
      };
      await browser.send(at('/profile'), form);
      assert.equal((await userRow(other)).fullName, other.fullName);
      const own = await userRow(person);
      assert.deepEqual([own.fullName, own.email], ['Mine', person.email]);
    });

    it('saves how somebody likes to be addressed, and speaks so from then on', async () => {
      const person = await stage.app.person();
      const { browser, page } = await signedIn(person, '/preferences');
      const values = { locale: 'fr', zoneinfo: 'Europe/Paris', theme: 'dark', notify_in_app: 'yes' };
      const saved = await browser.submit(page, values);
      assert.match(saved.body, /Vos préférences sont enregistrées/);
      assert.match(saved.body, /<html lang="fr" data-theme="dark">/);
      const stored = await stage.app.db('user_settings').where({ userId: person.id }).first();
      assert.deepEqual(
        [stored.locale, stored.zoneinfo, stored.theme, stored.notifyByEmail, stored.notifyInApp],
        ['fr', 'Europe/Paris', 'dark', false, true],
      );
      for (const wrong of [{ zoneinfo: 'Mars/Olympus' }, { locale: '<b>' }, { theme: 'neon' }] as Record<
        string,
        string
      >[]) {
        const refused = await browser.send(at('/preferences'), { ...values, ...wrong });
        assert.equal(refused.status, 400, JSON.stringify(wrong));
      }
    });
  });

  describe('of the password', () => {
    it('changes it, ends every other sign-in with its tokens, goes on here, and tells the person', async () => {
      const person = await stage.app.person();
      const client = await stage.app.relyingParty();
      const party = await discover(stage.app, client);
      const elsewhere = await signIn(party, person);
      const { browser, page } = await signedIn(person, '/password');
      const here = await signIn(party, person, { browser });
      const password = 'a new and longer phrase 7';
      const weak = await browser.submit(page, { password: 'password' });
      assert.equal(weak.status, 422);
      assert.equal((await liveSessions(person)).length, 2, 'a refused one ends nothing');
      const done = await browser.submit(weak, { password });
      assert.equal(done.url, at('/security?notice=password_changed'), done.body);
      assert.equal((await liveSessions(person)).length, 1);
      assert.equal((await elsewhere.browser.send(at(''))).status, 303, 'signed out there');
      const of = (tokens: { refresh_token?: string }) => refresh(stage.app.issuer, client, tokens.refresh_token ?? '');
      assert.equal((await of(elsewhere.tokens)).body.error, 'invalid_grant');
      assert.equal((await of(here.tokens)).status, 200, 'what was given here goes on');
      assert.equal((await browser.send(at(''))).status, 200);
      assert.match((await stage.mailbox.waitFor(person.email)).text, /password/i);
      await signedIn({ ...person, password });
      const old = stage.visitor();
      const refused = await old.submit(await old.open(at('')), { login: person.email, password: person.password });
      assert.equal(refused.status, 401);
    });

    it('asks for a sign-in that is not too old, and comes back to the form', async () => {
      const person = await stage.app.person();
      const { browser } = await signedIn(person);
      await ageSessions(stage.app, person.id, 290);
      assert.equal((await browser.send(at('/password'))).status, 200, 'not yet too old');
      await ageSessions(stage.app, person.id, 20);
      assert.equal((await browser.send(at(''))).status, 200, 'the rest goes on');
      const posted = await browser.send(at('/password'), { password: 'another longer phrase 8' });
      assert.equal(posted.status, 303);
      assert.equal(new URL(posted.location ?? '').searchParams.get('prompt'), 'login');
      const asked = await browser.open(at('/password'));
      assert.match(asked.url, /\/interaction\//);
      const form = await browser.submit(asked, { login: person.email, password: person.password });
      assert.equal(form.url, at('/password'));
      assert.match(form.body, /autocomplete="new-password"/);
      assert.equal((await browser.submit(form, { password: 'another longer phrase 9' })).status, 200);
    });

    it('is chosen by nobody who is signed out, and not where the tenant has none', async () => {
      assert.equal(
        (await new Browserless().send(at('/password'), { password: 'a new and longer phrase 7' })).status,
        401,
      );
      const person = await stage.app.person();
      const { browser, page } = await signedIn(person, '/password');
      const [own = ''] = await liveSessions(person);
      await browser.send(at('/sessions/revoke'), { session: own });
      const signedOutTab = await browser.submit(page, { password: 'a new and longer phrase 7' });
      assert.equal(signedOutTab.status, 401);
      const { id } = await stage.app.tenant();
      const { browser: visitor } = await signedIn(await stage.app.person({ tenantId: id }));
      await updateTenantSettings(stage.app.db, id, { signInMethods: ['otp'] }, systemCaller);
      assert.equal((await visitor.send(at('/password'))).status, 404);
      assert.equal((await visitor.send(at('/password'), { password: 'a new and longer phrase 7' })).status, 404);
    });
  });

  describe('of devices', () => {
    it('ends all others, told in the trail, and leaves this one with its tokens', async () => {
      const person = await stage.app.person();
      const client = await stage.app.relyingParty({ name: 'Planner <i>' });
      const party = await discover(stage.app, client);
      const others = [await signIn(party, person), await signIn(party, person)];
      const { browser } = await signedIn(person);
      const here = await signIn(party, person, { browser });
      const page = await browser.open(at('/devices'));
      assert.match(page.body, /Used for [^<]*Planner &lt;i&gt;/);
      const done = await browser.send(at('/sessions/revoke-others'), {});
      assert.equal(done.location, at('/devices?notice=others_ended'));
      assert.equal((await liveSessions(person)).length, 1);
      for (const { tokens } of others)
        assert.equal((await refresh(stage.app.issuer, client, tokens.refresh_token ?? '')).status, 400);
      assert.equal((await refresh(stage.app.issuer, client, here.tokens.refresh_token ?? '')).status, 200);
      assert.ok((await eventsOf(person)).includes('session.others_revoked'));
      assert.equal((await new Browserless().send(at('/sessions/revoke-others'), {})).status, 401);
      const cross = { 'sec-fetch-site': 'cross-site' };
      assert.equal((await browser.send(at('/sessions/revoke-others'), {}, cross)).status, 403);
    });
  });

  describe('of applications', () => {
    it('withdraws what one of them has, and nobody else’s', async () => {
      const [person, other] = [await stage.app.person(), await stage.app.person()];
      const client = await stage.app.relyingParty({ name: 'Ledger', firstParty: false });
      const party = await discover(stage.app, client);
      const mine = await signIn(party, person);
      const theirs = await signIn(party, other);
      const grantOf = async ({ id }: Person): Promise<string> =>
        (
          await stage.app
            .db('oidc_payloads')
            .where({ model: 'Grant', accountId: id, clientId: client.clientId })
            .first()
        ).grantId;
      const page = await mine.browser.open(at('/applications'));
      assert.match(page.body, /Ledger/);
      assert.match(page.body, /See your email address/);
      const foreign = await mine.browser.send(at('/applications'), { grant: await grantOf(other) });
      assert.equal(foreign.status, 404);
      assert.equal((await mine.browser.send(at('/applications'), { grant: 'x' })).status, 404);
      assert.equal((await mine.browser.send(at('/applications'), {})).status, 404);
      assert.equal(await userinfoStatus(stage.app.issuer, theirs.tokens.access_token), 200);
      assert.equal(await userinfoStatus(stage.app.issuer, mine.tokens.access_token), 200);
      const grant = await grantOf(person);
      const done = await Promise.all(
        Array.from({ length: 10 }, () => mine.browser.send(at('/applications'), { grant })),
      );
      assert.deepEqual([...new Set(done.map(({ status }) => status))], [303]);
      assert.equal(await userinfoStatus(stage.app.issuer, mine.tokens.access_token), 401);
      assert.equal((await eventsOf(person)).filter((action) => action === 'grant.withdrawn').length, 1);
      assert.doesNotMatch((await mine.browser.open(at('/applications'))).body, /Ledger/);
    });
  });

  describe('of referrals', () => {
    it('make a code once, and show its link and who came by it, to its owner alone', async () => {
      const { id, slug } = await stage.app.tenant({ settings: { selfSignUp: true } });
      const [person, other] = [await stage.app.person({ tenantId: id }), await stage.app.person({ tenantId: id })];
      const newcomer = await stage.app.person({ tenantId: id, fullName: 'New <i>Comer' });
      const { browser, page } = await signedIn(person, '/referrals');
      assert.match(page.body, /Get my code/);
      await Promise.all(Array.from({ length: 10 }, () => browser.send(at('/referrals'), {})));
      const codes = await stage.app.db('referral_codes').where({ userId: person.id });
      assert.equal(codes.length, 1);
      const { code } = codes[0];
      const user = { tenantId: id, userId: newcomer.id };
      await recordReferral(stage.app.db, { ...user, code }, systemCaller);
      const mine = await browser.open(at('/referrals'));
      assert.ok(mine.body.includes(`tenant=${slug}&amp;prompt=create&amp;referral_code=${code}`), mine.body);
      assert.match(mine.body, /New &lt;i&gt;Comer/);
      assert.match(mine.body, /Not signed in yet/);
      const theirs = await signedIn(other, '/referrals');
      assert.doesNotMatch(theirs.page.body, /Comer/);
      const sent = await stage
        .visitor()
        .open(`${stage.app.issuer}/account?tenant=${slug}&prompt=create&referral_code=${code}`);
      assert.equal(sent.status, 200);
    });
  });

  describe('of one’s data', () => {
    it('send a file of it, soon after a sign-in, with nobody else in it and no secret', async () => {
      const [person, other] = [await stage.app.person(), await stage.app.person()];
      const { browser } = await signedIn(person, '/data');
      const file = await browser.send(at('/data/download'), {});
      assert.equal(file.status, 200);
      assert.match(String(file.headers['content-disposition']), /attachment; filename="my-data.json"/);
      assert.equal(file.headers['cache-control'], 'no-store');
      const held = JSON.parse(file.body);
      assert.equal(held.person.email, person.email);
      assert.ok(held.sessions.length > 0);
      assert.ok(!file.body.includes(other.email) && !file.body.includes('argon2'));
      assert.equal((await new Browserless().send(at('/data/download'), {})).status, 401);
      assert.equal((await browser.send(at('/data/download'), {}, { 'sec-fetch-site': 'cross-site' })).status, 403);
      await ageSessions(stage.app, person.id, 301);
      assert.equal((await browser.send(at('/data/download'), {})).status, 303);
    });
  });
});
