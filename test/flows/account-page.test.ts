import assert from 'node:assert/strict';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { deactivateUser } from '../../src/domain/lifecycle/end-person.ts';
import { assignRole } from '../../src/domain/organisation/org-assignments.ts';
import { createOrgNode } from '../../src/domain/organisation/org-nodes.ts';
import { grantVisibility } from '../../src/domain/organisation/visibility-grants.ts';
import { accountSections } from '../../src/web/account/sections.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { Browserless, type Reply } from '../support/browserless.ts';
import { refresh } from '../support/endpoints.ts';
import { createRole } from '../support/factories.ts';
import { discover, redirectUri, signIn } from '../support/relying-party.ts';

type Person = Awaited<ReturnType<TestApp['person']>>;

describe('the account page', () => {
  let app: TestApp;
  before(async () => {
    app = await startTestApp();
  });
  after(() => app?.stop());

  async function signInHere(
    person: Person,
    browser = new Browserless(),
  ): Promise<{ browser: Browserless; home: Reply }> {
    const page = await browser.open(`${app.issuer}/account`);
    const home = await browser.submit(page, { login: person.email, password: person.password });
    assert.equal(new URL(home.url).pathname, '/account', home.body);
    return { browser, home };
  }

  const textOf = (reply: Reply) =>
    reply.body
      .replace(/<(?:script|style)[\s\S]*?<\/(?:script|style)>/g, '')
      .replaceAll('<wbr>', '')
      .replace(/<[^>]+>/g, ' ')
      .replace(/\s+/g, ' ');

  async function sessionIds(person: Person): Promise<string[]> {
    const found = await app.db('user_sessions').where({ userId: person.id }).whereNull('revokedAt').select('id');
    return found.map(({ id }: { id: string }) => id);
  }

  const revoke = (browser: Browserless, session: string, headers: Record<string, string> = {}) =>
    browser.send(`${app.issuer}/account/sessions/revoke`, { session }, headers);

  it('leads a person who is signed out through sign-in, by an ordinary request that hands out nothing', async () => {
    const person = await app.person();
    const browser = new Browserless();
    const first = await browser.send(`${app.issuer}/account`);
    assert.equal(first.status, 303);
    const request = new URL(first.location as string);
    assert.equal(request.pathname, '/authorize');
    assert.equal(request.searchParams.get('response_type'), 'none');
    assert.equal(request.searchParams.get('redirect_uri'), `${app.issuer}/account/signed-in`);

    const page = await browser.open(request.href);
    assert.match(page.body, /name="password"/);
    const back = await browser.submit(
      page,
      { login: person.email, password: person.password },
      { until: `${app.issuer}/account/signed-in` },
    );
    const parameters = [...new URL(back.location as string).searchParams.keys()].sort();
    assert.deepEqual(parameters, ['iss', 'state']);
    const home = await browser.open(back.location as string);
    assert.equal(home.status, 200);
    assert.match(String(home.headers['cache-control']), /no-store/);
    assert.deepEqual(
      await app
        .db('oidc_payloads')
        .where({ accountId: person.id })
        .whereIn('model', ['AccessToken', 'RefreshToken', 'AuthorizationCode']),
      [],
    );
  });

  it('cannot be made to lead elsewhere', async () => {
    const browser = new Browserless({ host: 'evil.example', 'x-forwarded-host': 'evil.example' });
    const reply = await browser.send(
      `${app.issuer}/account?redirect_uri=https://evil.example&return_to=//evil.example`,
    );
    const { origin, pathname } = new URL(reply.location ?? '');
    assert.equal(`${origin}${pathname}`, `${app.issuer}/account`);
    const failed = await new Browserless().send(
      `${app.issuer}/account/signed-in?error=access_denied&return_to=//evil.example`,
    );
    assert.equal(failed.location, `${app.issuer}/`);
  });

  it('comes back from a sign-in to the page that asked for it, and to no other place', async () => {
    const person = await app.person();
    for (const { section, href } of accountSections) {
      const browser = new Browserless();
      const page = await browser.open(`${app.issuer}${href}`);
      const back = await browser.submit(page, { login: person.email, password: person.password });
      assert.equal(back.url, `${app.issuer}${href}`, section);
      assert.equal(back.status, 200);
      assert.equal(back.headers['cache-control'], 'no-store', section);
    }
    const { browser } = await signInHere(person);
    const states = [
      'x~//evil.example',
      'x~/evil',
      'x~https://evil.example',
      'x~..',
      'x~a/../..',
      'x~a//b',
      'x~%2e%2e',
      'x~A',
    ];
    for (const state of states) {
      const query = new URLSearchParams({ state });
      const { location } = await browser.send(`${app.issuer}/account/signed-in?${query}`);
      assert.equal(location, `${app.issuer}/account`, state);
    }
  });

  it('shows who somebody is, what they hold and where, and what they may see', async () => {
    const tenant = await app.tenant({ name: 'Northwind <Academies>' });
    const person = await app.person({ tenantId: tenant.id, fullName: 'Ada "the first" <b>Lovelace</b>' });
    const inTenant = { tenantId: tenant.id, type: 'school' };
    const region = await createOrgNode(
      app.db,
      { ...inTenant, parentId: tenant.rootNodeId, name: 'North Region' },
      systemCaller,
    );
    const school = await createOrgNode(
      app.db,
      { ...inTenant, parentId: region.id, name: 'Lakeside & Sons' },
      systemCaller,
    );
    const role = await createRole(app.db, { tenantId: tenant.id, name: 'Head <teacher>' });
    const held = { tenantId: tenant.id, userId: person.id };
    await assignRole(app.db, { ...held, roleId: role.id, orgNodeId: school.id }, systemCaller);
    const future = { startsAt: new Date(Date.now() + 86_400_000) };
    const notYet = await createRole(app.db, { tenantId: tenant.id, name: 'Not yet' });
    await assignRole(app.db, { ...held, roleId: notYet.id, orgNodeId: school.id, ...future }, systemCaller);
    await grantVisibility(app.db, { ...held, orgNodeId: region.id, accessScope: 'analyze' }, systemCaller);

    const { browser, home } = await signInHere(person);
    const pages = [home];
    for (const section of ['access', 'devices']) pages.push(await browser.open(`${app.issuer}/account/${section}`));
    for (const { body } of pages) assert.doesNotMatch(body, /<b>Lovelace|<teacher>|<Academies>/);
    const text = pages.map(textOf).join(' ');
    for (const shown of [
      person.email,
      'Head &lt;teacher&gt;',
      'Lakeside &amp; Sons',
      'North Region',
      'Northwind &lt;Academies&gt;',
      'Firefox',
      'Linux',
    ])
      assert.ok(text.includes(shown), `${shown} in ${text}`);
    assert.ok(!text.includes('Not yet'));
    assert.match(text, /This device/);
  });

  it('ends another session of the same person, with its tokens, and leaves this one', async () => {
    const person = await app.person();
    const client = await app.relyingParty();
    const party = await discover(app, client);
    const elsewhere = await signIn(party, person);
    const [other = ''] = await sessionIds(person);
    const { browser } = await signInHere(person);
    assert.ok((await browser.open(`${app.issuer}/account/devices`)).body.includes(other));
    const own = (await sessionIds(person)).find((id) => id !== other) ?? '';

    const done = await revoke(browser, other);
    assert.equal(done.status, 303);
    assert.equal(done.location, `${app.issuer}/account/devices?notice=session_ended`);
    assert.deepEqual(await sessionIds(person), [own]);
    assert.equal((await browser.send(`${app.issuer}/account`)).status, 200);
    assert.equal((await elsewhere.browser.send(`${app.issuer}/account`)).status, 303, 'signed out there');
    assert.equal(
      (await refresh(app.issuer, client, elsewhere.tokens.refresh_token as string)).body.error,
      'invalid_grant',
    );
    assert.equal((await revoke(browser, other)).status, 303, 'once more does no harm');
  });

  it('ends this very session, and asks to sign in again', async () => {
    const person = await app.person();
    const { browser } = await signInHere(person);
    const [own = ''] = await sessionIds(person);
    assert.equal((await revoke(browser, own)).status, 303);
    const again = await browser.open(`${app.issuer}/account`);
    assert.match(again.body, /name="password"/);
  });

  it('ends nobody else’s session, of the same tenant or another', async () => {
    const person = await app.person();
    const neighbour = await app.person();
    assert.equal(neighbour.tenantId, person.tenantId);
    const stranger = await app.person({ tenantId: (await app.tenant()).id });
    const { browser } = await signInHere(person);
    const answers: string[] = [];
    for (const other of [neighbour, stranger]) {
      const theirs = await signInHere(other);
      const [session = ''] = await sessionIds(other);
      const answer = await revoke(browser, session);
      assert.equal(answer.status, 404);
      answers.push(answer.body.replace(/[0-9a-f-]{36}/g, ''));
      assert.deepEqual(await sessionIds(other), [session]);
      assert.equal((await theirs.browser.send(`${app.issuer}/account`)).status, 200);
    }
    const nobody = await revoke(browser, '01a1fc78-c780-779a-9f42-c69ba251cced');
    assert.equal(nobody.status, 404);
    for (const answer of answers)
      assert.equal(answer, nobody.body.replace(/[0-9a-f-]{36}/g, ''), 'nobody learns whether it exists');
  });

  it('takes no form of another site, and none without a session', async () => {
    const person = await app.person();
    const { browser } = await signInHere(person);
    const [own = ''] = await sessionIds(person);
    for (const headers of [
      { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' },
      { 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': '', origin: 'https://evil.example' },
    ] as Record<string, string>[])
      assert.equal((await revoke(browser, own, headers)).status, 403, JSON.stringify(headers));
    assert.equal((await revoke(new Browserless(), own)).status, 401);
    assert.deepEqual(await sessionIds(person), [own]);
    assert.equal(
      (await browser.send(`${app.issuer}/account/sessions/revoke?session=${own}`)).status,
      405,
      'and no link',
    );
  });

  it('knows nobody who may not act any more', async () => {
    const person = await app.person();
    const { browser } = await signInHere(person);
    await deactivateUser(app.db, { tenantId: person.tenantId, userId: person.id }, systemCaller);
    assert.equal((await browser.send(`${app.issuer}/account`)).status, 303);
    const page = await browser.open(`${app.issuer}/account`);
    const refused = await browser.submit(page, { login: person.email, password: person.password });
    assert.equal(refused.status, 401);
  });

  it('is reached without a password by a person who signed in to an application', async () => {
    const person = await app.person();
    const party = await discover(app, await app.relyingParty());
    const { browser } = await signIn(party, person);
    const home = await browser.open(`${app.issuer}/account`, redirectUri);
    assert.equal(home.status, 200);
    assert.ok(textOf(home).includes(person.email));
  });
});
