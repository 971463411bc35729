import assert from 'node:assert/strict';
import { systemCaller } from '../../../src/domain/audit/audit-events.ts';
import { clientSecretOf, findIdentityProvider } from '../../../src/domain/methods/federation/identity-providers.ts';
import { setFirstPlatformTenant } from '../../../src/domain/tenants/platform-tenant.ts';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { signInToConsole } from '../../support/console.ts';
import * as make from '../../support/factories.ts';
import { type OpenIdProviderServer, startOpenIdProvider } from '../../support/identity-provider.ts';
import { give } from '../../support/management.ts';

type Person = Awaited<ReturnType<TestApp['person']>>;

describe('the console: sign-in', () => {
  let app: TestApp;
  let there: OpenIdProviderServer;
  let tenantId: string;
  let owner: Person;
  let stranger: Person;

  before(async () => {
    app = await startTestApp();
    there = await startOpenIdProvider({ redirectUri: `${app.issuer}/callback/here-openid` });
    ({ id: tenantId } = await app.tenant({ slug: 'here', name: 'Here' }));
    owner = await app.person({ tenantId, fullName: 'Olive Owner' });
    await give(app, { tenantId, userId: owner.id, role: 'owner' });
    const other = await app.tenant({ slug: 'elsewhere', name: 'Elsewhere' });
    stranger = await app.person({ tenantId: other.id, fullName: 'Stig Stranger' });
    await give(app, { tenantId: other.id, userId: stranger.id, role: 'owner' });
  });
  after(async () => {
    await there?.close();
    await app?.stop();
  });

  const at = (path: string) => `${app.issuer}/console/here/sign-in${path}`;
  const settings = async () => (await app.db('tenants').where({ id: tenantId }).first('settings')).settings;
  const provider = async (key: string) => {
    const found = await findIdentityProvider(app.db, key);
    assert.ok(found, key);
    return found;
  };

  describe('how people sign in', () => {
    it('shows what holds in words, and changes it', async () => {
      const browser = await signInToConsole(app, owner);
      const page = await browser.open(at(''));
      assert.match(
        page.body,
        /Password, One-time codes, google \(not there on this server\)[\s\S]*None: nothing goes to phones[\s\S]*Nobody who has none/,
      );
      const form = await browser.open(at('/methods'));
      const none = await browser.submit(form, {}, { form: 1 });
      assert.equal(none.status, 400);
      assert.match(none.body, /id="sign_in_methods-error"/);
      const chosen = { 'sign_in_methods:password': 'yes', 'sign_in_methods:passkey': 'yes', usernames: 'yes' };
      const saved = await browser.submit(none, chosen, { form: 1 });
      assert.match(saved.body, /Saved[\s\S]*Password, Passkeys/);
      const { signInMethods, usernames, passkeyOffer } = await settings();
      assert.deepEqual([signInMethods.toSorted(), usernames, passkeyOffer], [['passkey', 'password'], true, false]);
    });

    it('takes countries by their codes where the server has no list, and tells what is none', async () => {
      const browser = await signInToConsole(app, owner);
      const form = await browser.open(at('/codes'));
      const wrong = await browser.submit(
        form,
        { 'code_channels:email': 'yes', country_list: 'CH\nFrance' },
        { form: 1 },
      );
      assert.equal(wrong.status, 422);
      assert.match(wrong.body, /id="country_list-error"[\s\S]*CH\nFrance/);
      const saved = await browser.submit(wrong, { 'code_channels:email': 'yes', country_list: 'CH\nFR' }, { form: 1 });
      assert.match(saved.body, /Switzerland, France|France, Switzerland/);
      assert.deepEqual((await settings()).countryList, ['CH', 'FR']);
    });

    it('tells the fault of a domain, and asks second factors of whom it says', async () => {
      const browser = await signInToConsole(app, owner);
      const form = await browser.open(at('/sign-up'));
      const wrong = await browser.submit(
        form,
        { self_sign_up: 'yes', sign_up_email_domains: 'not a domain' },
        { form: 1 },
      );
      assert.equal(wrong.status, 400);
      assert.match(wrong.body, /id="sign_up_email_domains-error"/);
      const factors = await browser.open(at('/factors'));
      const values = {
        second_factor_for: 'nobody',
        second_factor_grace_days: '7',
        remembered_device_days: '0',
        factor_reset_hours: '24',
      };
      const saved = await browser.submit(factors, values, { form: 1 });
      assert.match(saved.body, /Nobody who has none[\s\S]*7 days[\s\S]*24 hours/);
      assert.equal((await settings()).selfSignUp, undefined, 'the form that failed stored nothing');
    });
  });

  describe('identity providers', () => {
    const typed = () => ({
      name: 'School accounts',
      issuer: there.issuer,
      client_id: there.client.clientId,
      client_secret: there.client.clientSecret,
      scopes: 'email\nprofile',
      key: 'here-openid',
    });

    it('are added with a proposed callback address, and checked at once', async () => {
      const browser = await signInToConsole(app, owner);
      const form = await browser.open(at('/add/openid'));
      assert.ok(form.body.includes(`${app.issuer}/callback/here-openid`));
      const wrong = await browser.submit(form, { ...typed(), issuer: 'nowhere' }, { form: 1 });
      assert.equal(wrong.status, 400);
      assert.match(wrong.body, /value="School accounts"/);
      assert.ok(!wrong.body.includes(there.client.clientSecret), 'a secret does not come back');
      const made = await browser.submit(wrong, typed(), { form: 1 });
      assert.match(made.url, /\/providers\/here-openid\/check\?notice=added/);
      assert.match(made.body, /Everything that can be looked at from here is in order/);
      assert.match(made.body, /It knows our client, and takes its secret/);
      assert.equal((await provider('here-openid')).tenantId, tenantId);
      const { body } = await browser.open(at('/providers/here-openid'));
      assert.match(body, /callback\/here-openid/);
      assert.ok(!body.includes(there.client.clientSecret));
    });

    it('tell in plain words that the secret is wrong, and take another', async () => {
      const browser = await signInToConsole(app, owner);
      const form = await browser.open(at('/providers/here-openid/secret'));
      const saved = await browser.submit(form, { client_secret: 'of somebody else' }, { form: 1 });
      assert.match(saved.body, /The new secret is stored/);
      const check = await browser.open(at('/providers/here-openid/check'));
      assert.match(check.body, /People cannot sign in with it as it is[\s\S]*the client ID or the secret is wrong/);
      const again = await browser.open(at('/providers/here-openid/secret'));
      await browser.submit(again, { client_secret: there.client.clientSecret }, { form: 1 });
      assert.equal(clientSecretOf(await provider('here-openid'), app.secrets), there.client.clientSecret);
      assert.match((await browser.open(at('/providers/here-openid/check'))).body, /is in order/);
    });

    it('say what is not there, and call no private network', async () => {
      const browser = await signInToConsole(app, owner);
      const add = async (key: string, issuer: string) =>
        browser.submit(await browser.open(at('/add/openid')), { ...typed(), key, issuer }, { form: 1 });
      assert.match((await add('here-none', `${there.issuer}/nothing`)).body, /There is none below the issuer/);
      assert.match((await add('here-private', 'https://10.0.0.1')).body, /leads into a private network/);
    });

    it('keep what they call things, and what values mean yes', async () => {
      const browser = await signInToConsole(app, owner);
      const form = await browser.open(at('/providers/here-openid/claims'));
      const values = {
        'claim_mapping.email': 'mail',
        'claim_mapping.email_verified': 'email_verified',
        'claim_mapping.name': '',
        'claim_mapping.given_name': 'given_name',
        'claim_mapping.family_name': 'family_name',
        'claim_mapping.picture': 'picture',
        'claim_mapping.locale': 'locale',
        'claim_mapping.hosted_domain': 'hd',
        'claim_mapping.email_verified_values': 'true\n"true"\n1',
      };
      await browser.submit(form, values, { form: 1 });
      const { claimMapping } = await provider('here-openid');
      assert.equal(claimMapping.email, 'mail');
      assert.equal(claimMapping.name, 'name');
      assert.deepEqual(claimMapping.email_verified_values, [true, 'true', 1]);
      const again = await browser.open(at('/providers/here-openid/claims'));
      assert.match(again.body, />\ntrue\n&#34;true&#34;\n1<\/textarea>/);
      const no = await browser.submit(
        again,
        { ...values, 'claim_mapping.email_verified_values': 'false' },
        { form: 1 },
      );
      assert.equal(no.status, 400);
      assert.match(no.body, /id="claim_mapping\.email_verified_values-error"/);
    });

    it('are asked for an organisation and trusted for domains, without another setting changing', async () => {
      const browser = await signInToConsole(app, owner);
      const before = await settings();
      const form = await browser.open(at('/terms/here-openid'));
      const saved = await browser.submit(
        form,
        { required_hosted_domain: 'here.example', trusted_email_domains: 'here.example\nschool.example' },
        { form: 1 },
      );
      assert.match(saved.body, /Saved/);
      const federation = {
        'here-openid': {
          requiredHostedDomain: 'here.example',
          trustedEmailDomains: ['here.example', 'school.example'],
        },
      };
      assert.deepEqual(await settings(), { ...before, federation });
      const shown = await browser.open(at('/providers/here-openid'));
      assert.match(shown.body, /here\.example, school\.example/);
    });

    it('say whom it concerns before they are disabled and deleted', async () => {
      const browser = await signInToConsole(app, owner);
      const person = await make.createUser(app.db, { tenantId });
      await app.db('user_identities').insert({
        id: person.id,
        tenantId,
        userId: person.id,
        provider: 'here-openid',
        issuer: there.issuer,
        subject: 'somebody',
      });
      const disable = await browser.open(at('/providers/here-openid/disable'));
      assert.match(disable.body, /1 linked account cannot be signed in to with it/);
      await browser.submit(disable, {}, { form: 1 });
      assert.equal((await provider('here-openid')).state, 'disabled');
      await browser.submit(await browser.open(at('/providers/here-openid/enable')), {}, { form: 1 });
      assert.equal((await provider('here-openid')).state, 'active');
      const deed = await browser.open(at('/providers/here-openid/delete'));
      assert.match(deed.body, /1 account is unlinked/);
      assert.equal((await browser.submit(deed, { typed: 'Other' }, { form: 1 })).status, 422);
      const gone = await browser.submit(deed, { typed: 'School accounts' }, { form: 1 });
      assert.match(gone.body, /The provider is deleted/);
      assert.equal(await findIdentityProvider(app.db, 'here-openid'), undefined);
      assert.equal((await app.db('user_identities').where({ provider: 'here-openid' })).length, 0);
    });

    it('of another tenant are not there', async () => {
      const theirs = await signInToConsole(app, stranger);
      const paths = ['', '/check', '/edit', '/claims', '/secret', '/disable', '/delete'].map(
        (end) => `/providers/here-none${end}`,
      );
      for (const path of [...paths, '/terms/here-none']) {
        const address = `${app.issuer}/console/elsewhere/sign-in${path}`;
        assert.equal((await theirs.open(address)).status, 404, path);
        if (!/check$|none$/.test(path) || path.startsWith('/terms'))
          assert.equal((await theirs.send(address, { name: 'Ours', typed: 'School accounts' })).status, 404, path);
        assert.equal((await theirs.open(at(path))).status, 404, path);
      }
      const { name, state } = await provider('here-none');
      assert.deepEqual([name, state], ['School accounts', 'active']);
    });

    it('of all tenants are for those who run the server; what is asked of them is for each tenant', async () => {
      const platform = await app.tenant({ slug: 'platform', name: 'Platform' });
      await app.db.transaction((trx) => setFirstPlatformTenant(trx, platform.id, systemCaller));
      const operator = await app.person({ tenantId: platform.id });
      await give(app, { tenantId: platform.id, userId: operator.id, role: 'owner' });
      const browser = await signInToConsole(app, operator);
      const form = await browser.open(`${app.issuer}/console/platform/sign-in/add/openid`);
      assert.ok(form.body.includes(`${app.issuer}/callback/openid`));
      await browser.submit(form, { ...typed(), key: 'openid', all_tenants: 'yes' }, { form: 1 });
      assert.equal((await provider('openid')).tenantId, null);
      const own = await signInToConsole(app, owner);
      const list = await own.open(at('/providers'));
      assert.match(list.body, /Of this server[\s\S]*School accounts[\s\S]*Not offered here/);
      assert.equal((await own.open(at('/providers/openid'))).status, 404);
      assert.equal((await own.send(at('/providers/openid/disable'), {})).status, 404);
      // A form of a tenant cannot ask for all of them.
      const all = await own.open(at('/add/openid'));
      assert.doesNotMatch(all.body, /all_tenants/);
      await own.submit(all, { ...typed(), key: 'here-sly', all_tenants: 'yes' }, { form: 1 });
      assert.equal((await provider('here-sly')).tenantId, tenantId);
      const terms = await own.open(at('/terms/openid'));
      await own.submit(terms, { required_hosted_domain: 'here.example' }, { form: 1 });
      assert.equal((await settings()).federation.openid.requiredHostedDomain, 'here.example');
    });
  });

  it('is not there for a delegate, and shows who runs providers alone nothing else', async () => {
    const north = await make.createNode(app.db, { tenantId, name: 'North' });
    const role = await make.createRole(app.db, { tenantId, capabilities: ['users.read', 'tenant.manage'] });
    const delegate = await app.person({ tenantId });
    await make.assign(app.db, { tenantId, userId: delegate.id, roleId: role.id, orgNodeId: north.id });
    const browser = await signInToConsole(app, delegate);
    for (const path of [
      '',
      '/methods',
      '/codes',
      '/sign-up',
      '/factors',
      '/providers',
      '/add',
      '/add/google',
      '/terms/google',
    ])
      assert.equal((await browser.open(at(path))).status, 404, path);
    assert.equal((await browser.send(at('/sign-up'), { self_sign_up: 'yes' })).status, 404);

    const providers = await make.createRole(app.db, { tenantId, capabilities: ['identity_providers.manage'] });
    const keeper = await app.person({ tenantId });
    await make.assign(app.db, { tenantId, userId: keeper.id, roleId: providers.id });
    const theirs = await signInToConsole(app, keeper);
    const home = await theirs.open(at(''));
    assert.match(home.url, /\/sign-in\/providers$/);
    assert.equal((await theirs.open(at('/methods'))).status, 403);
    assert.equal((await theirs.send(at('/sign-up'), { self_sign_up: 'yes' })).status, 403);
    assert.equal((await settings()).selfSignUp, undefined);
  });
});
