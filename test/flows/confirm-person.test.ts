/** Authenticating once more (OpenID Connect Core section 3.1.2.1: `prompt=login`, `max_age`): the page says whom it asks. */
import assert from 'node:assert/strict';
import { startTestApp, type TestApp } from '../support/app.ts';
import { Browserless, type Reply } from '../support/browserless.ts';
import {
  discover,
  enterPassword,
  type RelyingParty,
  redirectUri,
  signIn,
  startSignIn,
} from '../support/relying-party.ts';

type Person = Awaited<ReturnType<TestApp['person']>>;

describe('a person who is signed in and asked once more', () => {
  let app: TestApp;
  let person: Person;
  let party: RelyingParty;
  let browser: Browserless;
  before(async () => {
    app = await startTestApp();
    party = await discover(app, await app.relyingParty());
  });
  beforeEach(async () => {
    person = await app.person();
    ({ browser } = await signIn(party, person));
  });
  after(() => app?.stop());

  async function ask(parameters: Record<string, string>, of = party, as = browser): Promise<Reply> {
    return as.open((await startSignIn(of, parameters)).address.href, redirectUri);
  }
  const heading = (page: Reply) => /<h1>([^<]+)<\/h1>/.exec(page.body)?.[1];
  const field = (page: Reply) => /<input[^>]*name="login"[^>]*>/.exec(page.body)?.[0] ?? '';

  for (const parameters of [{ prompt: 'login' }, { max_age: '0' }] as Record<string, string>[])
    it(`sees their own account to confirm, by ${Object.keys(parameters)}`, async () => {
      const hints: Record<string, string>[] = [{}, { login_hint: person.email.toUpperCase() }];
      for (const hint of hints) {
        const page = await ask({ ...parameters, ...hint });
        assert.equal(heading(page), 'Confirm it’s you');
        assert.match(field(page), new RegExp(`value="${person.email}"[^>]* readonly`));
        assert.doesNotMatch(page.body, /Create an account/);
        const wrong = await browser.submit(page, { login: person.email, password: 'not the one' });
        assert.equal(wrong.status, 401);
        assert.equal(heading(wrong), 'Confirm it’s you');
        const reply = await enterPassword(browser, wrong, person);
        assert.ok(new URL(reply.location as string).searchParams.get('code'));
      }
    });

  it('may be somebody else', async () => {
    const colleague = await app.person();
    const page = await ask({ prompt: 'login' });
    const [, href = ''] = /<a href="([^"]+)">Use another account<\/a>/.exec(page.body) ?? [];
    const empty = await browser.open(new URL(href, page.url).href);
    assert.equal(heading(empty), 'Sign in');
    assert.match(field(empty), /value=""/);
    assert.doesNotMatch(empty.body, new RegExp(person.email));
    const wrong = await browser.submit(empty, { login: colleague.email, password: 'not the one' });
    assert.equal(heading(wrong), 'Sign in');
    assert.match(field(wrong), new RegExp(`value="${colleague.email}"`));
    // Another person's session begins by a form of the library's own, which a browser sends by itself.
    const switching = await enterPassword(browser, wrong, colleague);
    const reply = await browser.submit(switching, {}, { until: redirectUri });
    assert.ok(new URL(reply.location as string).searchParams.get('code'));
  });

  it('sees an open form where the application means somebody else', async () => {
    const page = await ask({ prompt: 'login', login_hint: 'somebody@example.test' });
    assert.equal(heading(page), 'Sign in');
    assert.match(field(page), /value="somebody@example\.test"/);
    assert.doesNotMatch(page.body, new RegExp(person.email));
  });

  it('sees an open form where they are of another tenant, or may act no more', async () => {
    const elsewhere = await discover(app, await app.relyingParty({ tenantId: (await app.tenant()).id }));
    for (const parameters of [{}, { prompt: 'login' }] as Record<string, string>[]) {
      const page = await ask(parameters, elsewhere);
      assert.equal(heading(page), 'Sign in');
      assert.doesNotMatch(field(page), /readonly/);
    }
    await app.db('users').where({ id: person.id }).update({ state: 'inactive' });
    const page = await ask({ prompt: 'login' });
    assert.equal(heading(page), 'Sign in');
    assert.doesNotMatch(page.body, new RegExp(person.email));
  });

  it('is nobody where nobody is signed in', async () => {
    const page = await ask({ prompt: 'login' }, party, new Browserless());
    assert.equal(heading(page), 'Sign in');
  });
});
