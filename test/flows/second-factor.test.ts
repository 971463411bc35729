/** Second factors from the browser to the tokens: asked, enrolled, proved, counted, recovered. */
import assert from 'node:assert/strict';
import * as openid from 'openid-client';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { updateTenantSettings } from '../../src/domain/tenants/tenants.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { Browserless, type Reply } from '../support/browserless.ts';
import { keepWaiting } from '../support/held-back.ts';
import {
  discover,
  enterPassword,
  type RelyingParty,
  redirectUri,
  signIn,
  startSignIn,
} from '../support/relying-party.ts';
import {
  asksForFactor,
  asksToEnrol,
  codeOf,
  enrolled,
  enrolOn,
  forgetUsedSteps,
  proveOn,
} from '../support/second-factor.ts';

const aal1 = 'urn:gatehouse:acr:aal1';
const aal2 = 'urn:gatehouse:acr:aal2';

describe('a second factor', () => {
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
  const reasonsOf = async (userId: string) =>
    (await app.db('audit_events').where({ entityId: userId, action: 'login.failed' }).orderBy('id')).map(
      ({ payload }) => payload.reason,
    );

  it('is enrolled where it is required and there is none, and asked for from then on', async () => {
    const person = await app.person({ mfaRequired: true });
    const first = await withPassword(person);
    assert.ok(asksToEnrol(first.page), first.page.body);
    assert.equal((await app.db('user_sessions').where({ userId: person.id })).length, 0);
    const { seed, code, reply } = await enrolOn(first.browser, first.page);
    const tokens = await tokensOf(reply, first.checks);
    assert.deepEqual([tokens.claims()?.acr, tokens.claims()?.amr], [aal2, ['pwd', 'otp', 'mfa']]);

    const second = await withPassword(person);
    assert.ok(asksForFactor(second.page));
    const again = await proveOn(second.browser, second.page, code);
    assert.equal(again.status, 401, 'the code that enrolled it counts for nothing any more');
    const proved = await proveOn(second.browser, again, codeOf(seed, 1));
    const claims = (await tokensOf(proved, second.checks)).claims();
    assert.deepEqual([claims?.acr, claims?.amr], [aal2, ['pwd', 'otp', 'mfa']]);
    assert.deepEqual(await reasonsOf(person.id), ['wrong_factor']);
    const silent = await second.browser.open((await startSignIn(party, { prompt: 'none' })).address.href, redirectUri);
    assert.match(silent.location ?? '', /[?&]code=/);
  });

  it('says nothing of the person but that there is one more step', async () => {
    const person = await app.person();
    await enrolled(app, person);
    const { page } = await withPassword(person);
    assert.equal(page.status, 200);
    for (const told of [person.email, person.fullName as string, 'Tenant', person.id])
      assert.ok(!page.body.includes(told), told);
    assert.ok(!page.body.includes('Number'), 'no name');
    // Somebody without codes sees the same page as somebody with ten.
    await app.db('recovery_codes').where({ userId: person.id }).delete();
    const { page: bare } = await withPassword(person);
    const timeless = ({ body }: Reply) => body.replace(/interaction\/[\w-]+/g, '').replace(/[0-9a-f-]{36}/g, '');
    assert.equal(timeless(bare), timeless(page));
  });

  it('is lost: a recovery code lets the person in, once', async () => {
    const person = await app.person();
    const { codes } = await enrolled(app, person);
    const typed = (codes[0] as string).toUpperCase().replace('-', ' ');
    for (const expected of [303, 401]) {
      const { browser, page } = await withPassword(person);
      const other = await browser.open(
        new URL(/href="([^"]*recovery-code)"/.exec(page.body)?.[1] as string, page.url).href,
      );
      const reply = await browser.submit(other, { code: typed }, { until: redirectUri });
      assert.equal(reply.status, expected);
    }
    const used = await app.db('audit_events').where({ entityId: person.id, action: 'recovery_code.used' });
    assert.equal(used.length, 1);
  });

  it('shows the recovery codes again while the sign-in waits, to keep as a file, and never afterwards', async () => {
    const person = await app.person({ mfaRequired: true });
    const { browser, page } = await withPassword(person);
    const seed = (/class="mono seed">([^<]+)</.exec(page.body)?.[1] ?? '').replaceAll(' ', '');
    const shown = await browser.submit(page, { code: codeOf(seed) });
    const [, first] = /<li class="mono">([^<]+)</.exec(shown.body) ?? [];
    assert.ok((await browser.open(shown.url)).body.includes(first as string));
    const file = await browser.open(shown.url.replace(/codes$/, 'recovery-codes.txt'));
    assert.match(String(file.headers['content-disposition']), /attachment; filename="recovery-codes.txt"/);
    assert.match(String(file.headers['cache-control']), /no-store/);
    assert.ok(file.body.includes(first as string));
    await browser.submit(shown, {}, { until: redirectUri });
    const later = await browser.open(shown.url, new URL(redirectUri).origin);
    assert.ok(!later.body.includes(first as string));
  });

  it('is asked for by an application, of a session that has it not (RFC 9470), and of the factor alone', async () => {
    const person = await app.person();
    const { browser, tokens } = await signIn(party, person);
    assert.equal(tokens.claims()?.acr, aal1);
    const stepUp = () => startSignIn(party, { acr_values: aal2 });
    const silent = await browser.open(
      (await startSignIn(party, { acr_values: aal2, prompt: 'none' })).address.href,
      redirectUri,
    );
    assert.match(silent.location ?? '', /error=login_required/);
    // Nothing is enrolled: who holds the browser shows first that they are the person.
    const begun = await stepUp();
    const asked = await browser.open(begun.address.href, redirectUri);
    assert.match(asked.body, /name="password"/);
    const page = await enterPassword(browser, asked, person);
    const { seed, reply } = await enrolOn(browser, page);
    assert.equal((await tokensOf(reply, begun.checks)).claims()?.acr, aal2);

    // Another browser with a session from before: the factor is enough.
    const old = new Browserless();
    await app
      .db('user_factors')
      .where({ userId: person.id })
      .update({ endsAt: new Date(0) });
    await signIn(party, person, { browser: old });
    await app.db('user_factors').where({ userId: person.id }).update({ endsAt: null });
    const further = await stepUp();
    const factor = await old.open(further.address.href, redirectUri);
    assert.ok(asksForFactor(factor), factor.body);
    const claims = (await tokensOf(await proveOn(old, factor, codeOf(seed, 1)), further.checks)).claims();
    assert.deepEqual([claims?.acr, claims?.amr], [aal2, ['pwd', 'otp', 'mfa']]);
    const [row] = await app.db('user_sessions').where({ userId: person.id }).orderBy('loginAt', 'desc');
    assert.deepEqual([row.acr, row.amr], [aal2, ['pwd', 'otp', 'mfa']]);
  });

  it('is asked for by an essential claim and by a registration, and does for who asks for one factor', async () => {
    const person = await app.person();
    const { seed } = await enrolled(app, person);
    const essential = (value: string) => JSON.stringify({ id_token: { acr: { essential: true, value } } });
    const plain = await app.person();
    const { page } = await withPassword(plain, { claims: essential(aal2) });
    assert.ok(asksToEnrol(page));
    const { browser, page: factor, checks } = await withPassword(person, { claims: essential(aal1) });
    const reply = await proveOn(browser, factor, codeOf(seed));
    assert.equal((await tokensOf(reply, checks)).claims()?.acr, aal2);

    const strict = await app.relyingParty({ metadata: { default_acr_values: [aal2] } } as never);
    const { address } = await startSignIn(await discover(app, strict), { acr_values: aal1 });
    const other = new Browserless();
    const forced = await enterPassword(other, await other.open(address.href, redirectUri), await app.person());
    assert.ok(asksToEnrol(forced), 'a request cannot ask for less than the registration');
  });

  it('is set up from the account, which asks for the password once more before it shows a seed', async () => {
    const person = await app.person();
    const { browser } = await signIn(party, person);
    const security = await browser.open(`${app.issuer}/account/security`);
    assert.match(security.body, /href="\/account\/security\/second-factor"/);
    const asked = await browser.open(`${app.issuer}/account/security/second-factor`);
    assert.match(asked.body, /name="password"/);
    const page = await browser.submit(asked, { login: person.email, password: person.password });
    const { reply } = await enrolOn(browser, page, 'none:');
    assert.equal(new URL(reply.url).pathname, '/account/security', reply.body);
    assert.doesNotMatch(reply.body, /security\/second-factor"/);
  });

  it('may be put off while the grace period runs, and not after it', async () => {
    const { id: tenantId } = await app.tenant();
    await updateTenantSettings(
      app.db,
      tenantId,
      { secondFactorFor: 'everyone', secondFactorGraceDays: 7 },
      systemCaller,
    );
    const person = await app.person({ tenantId });
    const { browser, page, checks } = await withPassword(person);
    assert.ok(asksToEnrol(page));
    const reply = await browser.submit(page, {}, { until: redirectUri, form: 1 });
    const tokens = await tokensOf(reply, checks);
    assert.equal(tokens.claims()?.acr, aal1);
    const refreshed = await openid.refreshTokenGrant(party.config, tokens.refresh_token as string);
    await app
      .db('factor_grace')
      .where({ userId: person.id })
      .update({ beganAt: new Date(Date.now() - 8 * 86_400_000) });
    await assert.rejects(openid.refreshTokenGrant(party.config, refreshed.refresh_token as string), {
      error: 'invalid_grant',
    });
    const late = await withPassword(person);
    assert.ok(asksToEnrol(late.page));
    assert.equal([...late.page.body.matchAll(/<form/g)].length, 1, 'no way to put it off');
    const forced = await late.browser.send(late.page.url.replace(/enrol$/, 'later'), {});
    assert.match(forced.location ?? '', /\/interaction\/[^/]+$/);
    await enrolOn(late.browser, late.page);
  });

  it('is asked of owners and admins where the tenant says so, and of nobody else', async () => {
    const { id: tenantId } = await app.tenant();
    await updateTenantSettings(app.db, tenantId, { secondFactorFor: 'administrators' }, systemCaller);
    const member = await app.person({ tenantId });
    assert.equal((await signIn(party, member)).tokens.claims()?.acr, aal1);
    const admin = await app.person({ tenantId });
    const [role] = await app.db('roles').where({ tenantId, name: 'admin' });
    const [root] = await app.db('org_nodes').where({ tenantId, parentId: null });
    await app
      .db('org_assignments')
      .insert({ tenantId, userId: admin.id, roleId: role.id, orgNodeId: root.id, startsAt: new Date() });
    assert.ok(asksToEnrol((await withPassword(admin)).page));
  });

  it('is guessed at ten times in a row, however many guess at once, and a right password gives nothing back', async () => {
    const person = await app.person();
    const { seed } = await enrolled(app, person);
    const other = await app.startProcess();
    const { browser, page } = await withPassword(person);
    const wrong = codeOf(seed) === '000000' ? '000001' : '000000';
    const begun = performance.now();
    const addresses = [page.url, `${other}${new URL(page.url).pathname}`];
    const guess = (index: number) => browser.send(addresses[index % 2] as string, { code: wrong });
    const statuses = (await Promise.all(Array.from({ length: 300 }, (_, index) => guess(index)))).map(
      ({ status }) => status,
    );
    // What comes when every connection is taken is told to come later: on a busy machine most of all that.
    for (let index = 0; statuses.filter((status) => status === 401).length < 10 && index < 100; index++)
      statuses.push((await guess(index)).status);
    // Ten at once, and one more after each wait of 2, 4, 8 ... seconds, on a machine that takes so long.
    const most = 11 + Math.floor(Math.log2(1 + (performance.now() - begun) / 2000));
    const compared = statuses.filter((status) => status === 401).length;
    assert.ok(compared >= 10 && compared <= most, `${compared} of ${most}`);
    assert.equal((await reasonsOf(person.id)).filter((reason) => reason === 'wrong_factor').length, compared);
    const others = statuses.filter((status) => ![401, 429, 503].includes(status));
    assert.deepEqual(others, []);
    await keepWaiting(app.db);
    await app.db('rate_limits').delete();
    const again = await withPassword(person);
    assert.equal((await proveOn(again.browser, again.page, codeOf(seed))).status, 429, 'nor does the right code help');
  });

  it('keeps a count of its own for a browser that the person has signed in with', async () => {
    const person = await app.person();
    const { seed } = await enrolled(app, person);
    const own = await withPassword(person);
    await proveOn(own.browser, own.page, codeOf(seed));
    await forgetUsedSteps(app, person.id);
    const stranger = await withPassword(person);
    for (let tried = 0; tried < 11; tried++) await stranger.browser.send(stranger.page.url, { code: '000000' });
    await app.db('rate_limits').delete();
    const { page, checks } = await withPassword(person, { prompt: 'login' }, own.browser);
    const reply = await proveOn(own.browser, page, codeOf(seed));
    assert.equal((await tokensOf(reply, checks)).claims()?.acr, aal2);
  });
});
