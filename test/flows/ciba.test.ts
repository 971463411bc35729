import assert from 'node:assert/strict';
import * as openid from 'openid-client';
import { approvalLimits } from '../../src/domain/approvals/approvals.ts';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { updateClient } from '../../src/domain/clients/change-client.ts';
import { disableClient } from '../../src/domain/lifecycle/end-client.ts';
import { deactivateUser } from '../../src/domain/lifecycle/end-person.ts';
import { suspendTenant } from '../../src/domain/lifecycle/end-tenant.ts';
import { sweepPayloads } from '../../src/domain/sessions/payload-store.ts';
import { openPayload, sealPayload } from '../../src/oidc/storage/sealing.ts';
import { ageSessions } from '../support/aged-session.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import {
  approvalClient,
  approvalsAt,
  askApproval,
  asked,
  atApprovals,
  decide,
  letPass,
  poll,
  pollAtOnce,
} from '../support/approvals.ts';
import { Browserless } from '../support/browserless.ts';
import { type ClientCredential, refresh, userinfoStatus } from '../support/endpoints.ts';
import { eventually } from '../support/eventually.ts';
import { discover } from '../support/relying-party.ts';
import { asksForFactor, codeOf, enrolled, proveOn } from '../support/second-factor.ts';
import { untilTaken } from '../support/until-taken.ts';

type Person = Awaited<ReturnType<TestApp['person']>>;
const model = 'BackchannelAuthenticationRequest';

/** What a process remembers of an application it forgets within a second. */
async function becomes(check: () => Promise<void>): Promise<void> {
  await eventually(
    async () => {
      await check();
      return true;
    },
    'told so',
    20_000,
  );
}

describe('approvals without a browser (CIBA)', () => {
  let app: TestApp;
  let other: string;
  let tenantId: string;
  let person: Person;
  let client: ClientCredential;
  before(async () => {
    // Takes no jobs: nothing that has expired is swept meanwhile.
    app = await startTestApp();
    other = await app.startProcess();
    tenantId = (await app.tenant()).id;
    person = await app.person({ tenantId });
    client = await approvalClient(app, tenantId);
  });
  beforeEach(async () => {
    await app.db('rateLimits').delete();
    await app.db('oidc_payloads').where({ model }).delete();
  });
  after(() => app?.stop());

  const hint = () => ({ login_hint: person.email });
  const waiting = () => app.db('oidc_payloads').where({ model, accountId: person.id });
  const eventsOf = async (entityId: string, action: string) =>
    app.db('audit_events').where({ entityId, action }).orderBy('id');

  it('gives tokens through openid-client once the person has approved', async () => {
    const party = await discover(app, client);
    assert.deepEqual(party.config.serverMetadata().backchannel_token_delivery_modes_supported, ['poll']);
    const begun = await openid.initiateBackchannelAuthentication(party.config, {
      scope: 'openid email',
      login_hint: person.email,
      binding_message: 'W4-SCT',
    });
    assert.equal(begun.expires_in, 600);
    const { browser, page } = await atApprovals(app, person);
    assert.match(page.body, /Service desk[\s\S]*W4-SCT/);
    const polling = openid.pollBackchannelAuthenticationGrant(party.config, { ...begun, interval: 0.1 });
    const done = await decide(browser, page, 'approve');
    assert.match(done.body, /You have approved the request/);
    await letPass(app, 60);
    const tokens = await polling;
    assert.equal(tokens.claims()?.sub, person.id);
    assert.deepEqual(tokens.claims()?.amr, ['pwd']);
    assert.equal(await userinfoStatus(app.issuer, tokens.access_token), 200);
    assert.equal((await refresh(other, client, tokens.refresh_token as string)).status, 200);
    const [given] = (await eventsOf(person.id, 'approval.given')).slice(-1);
    assert.deepEqual([given.payload.clientId, given.actorId], [client.clientId, person.id]);
    const [requested] = (await eventsOf(client.clientId, 'approval.requested')).slice(-1);
    assert.deepEqual([requested.payload.accountId, requested.actorType], [person.id, 'client']);
  });

  for (const [what, nobody] of [
    ['nobody has', async () => 'nobody.at.all@example.test'],
    ['somebody of another tenant has', async () => (await app.person({ tenantId: (await app.tenant()).id })).email],
    ['was never proved', async () => (await app.person({ tenantId, emailVerified: false })).email],
    ['is of somebody who was stopped', () => stopped()],
    ['is no address', async () => "' or 1=1 --"],
  ] as const)
    it(`answers as ever for an address that ${what}, and asks nobody`, async () => {
      const login_hint = await nobody();
      const known = await asked(app, client, hint());
      const { status, body } = await askApproval(app, client, { login_hint });
      assert.equal(status, 200);
      assert.deepEqual(Object.keys(body).sort(), Object.keys(known).sort());
      assert.equal(body.auth_req_id.length, known.auth_req_id.length);
      assert.equal(body.expires_in, known.expires_in);
      for (const origin of [app.issuer, other])
        assert.equal((await poll(app, client, body.auth_req_id, origin)).body.error, 'authorization_pending');
      const [row] = await app.db('oidc_payloads').where({ model }).orderBy('createdAt', 'desc').limit(1);
      assert.equal(row.accountId, null);
      const text = JSON.stringify(openPayload(app.secrets, model, { ...row, consumed: false }));
      assert.ok(!text.includes(login_hint), 'whom it named is not kept');
    });

  async function stopped(): Promise<string> {
    const someone = await app.person({ tenantId });
    await deactivateUser(app.db, { tenantId, userId: someone.id }, systemCaller);
    return someone.email;
  }

  it('knows a person by a phone number that was proved, and by a username where the tenant has them', async () => {
    const { id } = await app.tenant({ settings: { usernames: true } });
    const theirs = await approvalClient(app, id);
    const someone = await app.person({ tenantId: id, phone: '+46701740605', phoneVerified: true, username: 'astrid' });
    for (const login_hint of ['+46 70 174 06 05', 'Astrid', someone.email.toUpperCase()]) {
      await asked(app, theirs, { login_hint });
      const [row] = await app.db('oidc_payloads').where({ model }).orderBy('createdAt', 'desc').limit(1);
      assert.equal(row.accountId, someone.id, login_hint);
    }
    const unproved = await app.person({ tenantId: id, phone: '+46701740606', phoneVerified: false });
    await asked(app, theirs, { login_hint: '+46701740606' });
    assert.equal((await app.db('oidc_payloads').where({ model, accountId: unproved.id })).length, 0);
  });

  it('is for applications that were let ask so', async () => {
    const unlet = await app.relyingParty({ tenantId });
    const refused = (await askApproval(app, unlet, hint())).body;
    assert.match(refused.error_description, /ciba is not allowed for this client/);
    const wrong = await askApproval(app, { ...client, clientSecret: 'wrong' }, hint());
    assert.deepEqual([wrong.status, wrong.body.error], [401, 'invalid_client']);
    for (const [overrides, reason] of [
      [{ tenantId: null }, /serves all tenants/],
      [{ kind: 'spa' }, /keeps no secret/],
      [{ metadata: { token_endpoint_auth_method: 'none' } }, /does not authenticate/],
      [{ metadata: { grant_types: ['urn:openid:params:grant-type:ciba'], ciba: undefined } }, /say it by ciba/],
      [{ metadata: { backchannel_token_delivery_mode: 'push' } }, /polled for/],
      [{ metadata: { ciba: 'yes' } }, /true or false/],
    ] as const) {
      const made = approvalClient(app, tenantId, overrides as never);
      await assert.rejects(made, (error: { params: { reason: string } }) => reason.test(error.params.reason));
    }
  });

  it('takes no other hint, no text that could pass for ours, and no address of a client to send anything to', async () => {
    for (const [form, error] of [
      [{ login_hint: '' }, 'invalid_request'],
      [{ login_hint: 'x'.repeat(400) }, 'invalid_request'],
      [{ id_token_hint: 'a.b.c' }, 'invalid_request'],
      [{ ...hint(), login_hint_token: 'x' }, 'invalid_request'],
      [{ ...hint(), user_code: '1234' }, 'invalid_request'],
      [{ ...hint(), request_context: '{}' }, 'invalid_request'],
      [{ ...hint(), scope: 'email' }, 'invalid_request'],
      [{ ...hint(), requested_expiry: '-1' }, 'invalid_request'],
      [{ ...hint(), resource: 'https://unknown.example/' }, 'invalid_target'],
      [{ ...hint(), binding_message: 'x'.repeat(61) }, 'invalid_binding_message'],
      [{ ...hint(), binding_message: '<b>Approve</b>' }, 'invalid_binding_message'],
      [{ ...hint(), binding_message: 'see https://evil.example' }, 'invalid_binding_message'],
      [{ ...hint(), binding_message: 'two\nlines' }, 'invalid_binding_message'],
      [{ ...hint(), binding_message: '\u202egnp.exe' }, 'invalid_binding_message'],
      [{ ...hint(), claims: '{"id_token":{"acr":{"essential":true,"value":"urn:other"}}}' }, 'invalid_request'],
    ] as const) {
      const { status, body } = await askApproval(app, client, form as never);
      assert.deepEqual([status, body.error], [400, error], JSON.stringify(form));
    }
    assert.equal((await askApproval(app, client, { ...hint(), client_notification_token: 'x' })).status, 200);
  });

  it('lets nobody be asked too often: the same for an address that nobody has', async () => {
    const { approvalsPerHint, approvalsPerPerson } = approvalLimits;
    for (const login_hint of ['often@example.test', (await app.person({ tenantId })).email]) {
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, n) => askApproval(app, client, { login_hint }, n % 2 ? app.issuer : other)),
      );
      assert.equal(answers.filter(({ status }) => status === 200).length, approvalsPerHint.hits);
      const refused = answers.find(({ status }) => status !== 200);
      assert.deepEqual([refused?.status, refused?.body.error], [429, 'temporarily_unavailable']);
      assert.ok(Number(refused?.headers.get('retry-after')) > 0);
    }

    const crowded = await app.person({ tenantId });
    for (let n = 0; n < approvalsPerPerson.hits / approvalsPerHint.hits + 2; n++) {
      const one = await approvalClient(app, tenantId);
      for (let k = 0; k < approvalsPerHint.hits; k++) await asked(app, one, { login_hint: crowded.email });
    }
    const rows = await app.db('oidc_payloads').where({ model, accountId: crowded.id });
    assert.equal(rows.length, approvalsPerPerson.hits);
  });

  it('tells an application that asks too often to slow down, on either process', async () => {
    const { auth_req_id } = await asked(app, client, hint());
    const begun = performance.now();
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, n) =>
        untilTaken(() => pollAtOnce(app, client, auth_req_id, n % 2 ? other : app.issuer)),
      ),
    );
    const ofError = (error: string) => answers.filter(({ body }) => body.error === error).length;
    const pending = ofError('authorization_pending');
    assert.ok(pending >= 1 && pending <= 1 + (performance.now() - begun) / 5_000);
    assert.equal(ofError('slow_down'), 10 - pending);
  });

  async function approved(more: Record<string, string> = {}, by = person, as = client): Promise<string> {
    const { auth_req_id } = await asked(app, as, { login_hint: by.email, ...more });
    const { browser, page } = await atApprovals(app, by);
    assert.match((await decide(browser, page, 'approve')).body, /You have approved the request/);
    return auth_req_id;
  }

  it('gives tokens once, no matter how many poll at the same moment', async () => {
    const auth_req_id = await approved();
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, n) => pollAtOnce(app, client, auth_req_id, n % 2 ? other : app.issuer)),
    );
    const won = answers.filter(({ status }) => status === 200);
    assert.equal(won.length, 1);
    for (const { status, body } of answers) if (status !== 200) assert.equal(body.error, 'invalid_grant');
    assert.equal(await userinfoStatus(app.issuer, won[0]?.body.access_token), 200);
    assert.equal((await pollAtOnce(app, client, auth_req_id)).body.error, 'invalid_grant');
    assert.equal(await userinfoStatus(app.issuer, won[0]?.body.access_token), 200);
  });

  it('takes one answer, no matter how many come at the same moment', async () => {
    const someone = await app.person({ tenantId });
    const { auth_req_id } = await asked(app, client, { login_hint: someone.email });
    const { browser, page } = await atApprovals(app, someone);
    const [, id = ''] = /name="request" value="([^"]+)"/.exec(page.body) ?? [];
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, n) =>
        untilTaken(() =>
          browser.send(`${n % 2 ? other : app.issuer}/account/approvals`, {
            request: id,
            decision: n % 3 === 0 ? 'deny' : 'approve',
          }),
        ),
      ),
    );
    const notices = answers.map(({ location }) => new URL(location ?? 'x:').searchParams.get('notice'));
    assert.equal(notices.filter((notice) => notice !== 'gone').length, 1, notices.join());
    const events = await app.db('audit_events').where({ entityId: someone.id }).whereLike('action', 'approval.%');
    assert.equal(events.length, 1);
    const grants = await app
      .db('oidc_payloads')
      .where({ model: 'Grant', accountId: someone.id, clientId: client.clientId });
    const wasApproved = events[0].action === 'approval.given';
    assert.equal(grants.length, wasApproved ? 1 : 0);
    const { status, body } = await poll(app, client, auth_req_id);
    assert.equal(status, wasApproved ? 200 : 400, JSON.stringify(body));
  });

  it('ends where the person says no: access_denied, and nothing after it', async () => {
    const { auth_req_id } = await asked(app, client, hint());
    const { browser, page } = await atApprovals(app, person);
    const done = await decide(browser, page, 'deny');
    assert.match(done.body, /You have denied the request/);
    const answer = await poll(app, client, auth_req_id);
    assert.deepEqual([answer.status, answer.body.error], [400, 'access_denied']);
    assert.equal((await poll(app, client, auth_req_id)).body.error, 'invalid_grant');
    assert.equal((await eventsOf(person.id, 'approval.denied')).length, 1);
  });

  it('expires: for the application, for the person, and from the table', async () => {
    await waiting().delete();
    const { auth_req_id, expires_in } = await asked(app, client, { ...hint(), requested_expiry: '120' });
    assert.equal(expires_in, 120);
    const { browser, page } = await atApprovals(app, person);
    const [row] = await waiting();
    const payload = openPayload(app.secrets, model, { ...row, consumed: false });
    const past = sealPayload(app.secrets, model, row.idHash, { ...payload, exp: Math.floor(Date.now() / 1000) - 1 });
    await waiting().update({ payload: past, expiresAt: new Date(Date.now() - 1000) });
    assert.match((await decide(browser, page, 'approve')).body, /waits no more/);
    assert.match((await browser.open(approvalsAt(app.issuer))).body, /Nothing waits/);
    assert.equal((await poll(app, client, auth_req_id)).body.error, 'expired_token');
    await sweepPayloads(app.db);
    assert.equal((await waiting()).length, 0);
    assert.equal((await poll(app, client, auth_req_id)).body.error, 'invalid_grant');
  });

  it('is answered by the person whom it names, on their own page, and polled by the application that asked', async () => {
    const { auth_req_id } = await asked(app, client, hint());
    const { page } = await atApprovals(app, person);
    const [, request = ''] = /name="request" value="([^"]+)"/.exec(page.body) ?? [];
    const stranger = await app.person({ tenantId });
    const foreigner = await app.person({ tenantId: (await app.tenant()).id });
    for (const another of [stranger, foreigner]) {
      const theirs = await atApprovals(app, another);
      assert.match(theirs.page.body, /Nothing waits/);
      const sent = await theirs.browser.open(approvalsAt(app.issuer));
      const answer = await theirs.browser.send(sent.url, { request, decision: 'approve' });
      assert.match(answer.location ?? '', /notice=gone/);
    }
    const nobody = await new Browserless().send(approvalsAt(app.issuer), { request, decision: 'approve' });
    assert.equal(nobody.status, 401);
    const crossSite = await new Browserless().send(
      approvalsAt(app.issuer),
      { request, decision: 'approve' },
      { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' },
    );
    assert.equal(crossSite.status, 403);
    assert.equal((await poll(app, client, auth_req_id)).body.error, 'authorization_pending');
    const thief = await approvalClient(app, tenantId);
    assert.equal((await poll(app, thief, auth_req_id)).body.error, 'invalid_grant');
    assert.equal((await poll(app, client, request)).body.error, 'invalid_grant');
  });

  it('asks a person whose sign-in is old to prove themselves before the answer counts', async () => {
    const someone = await app.person({ tenantId });
    const { auth_req_id } = await asked(app, client, { login_hint: someone.email });
    const { browser, page } = await atApprovals(app, someone);
    await ageSessions(app, someone.id, 600);
    const again = await decide(browser, page, 'approve');
    assert.match(again.body, /name="password"/);
    assert.equal((await poll(app, client, auth_req_id)).body.error, 'authorization_pending');
    const back = await browser.submit(again, { login: someone.email, password: someone.password });
    assert.equal(back.url, approvalsAt(app.issuer));
    assert.match((await decide(browser, back, 'approve')).body, /You have approved/);
    assert.equal((await poll(app, client, auth_req_id)).status, 200);
  });

  it('asks for two factors where the request does, and says so in the token', async () => {
    const someone = await app.person({ tenantId });
    const acr_values = 'urn:gatehouse:acr:aal2';
    const { browser } = await atApprovals(app, someone);
    const { auth_req_id } = await asked(app, client, { login_hint: someone.email, acr_values });
    const page = await browser.open(approvalsAt(app.issuer));
    const stepped = await decide(browser, page, 'approve');
    assert.match(stepped.body, /name="password"/, 'a sign-in that was one factor is led through another');
    assert.equal((await poll(app, client, auth_req_id)).body.error, 'authorization_pending');

    const { seed } = await enrolled(app, someone);
    const factor = await browser.submit(stepped, { login: someone.email, password: someone.password });
    assert.ok(asksForFactor(factor), factor.url);
    const back = await proveOn(browser, factor, codeOf(seed), approvalsAt('none:'));
    assert.match((await decide(browser, back, 'approve')).body, /You have approved/);
    const { body } = await poll(app, client, auth_req_id);
    const claims = JSON.parse(Buffer.from(body.id_token.split('.')[1], 'base64url').toString());
    assert.equal(claims.acr, acr_values);
  });

  it('gives nothing by an application that was stopped, or that may not ask any more', async () => {
    const changed = async (as: ClientCredential, ciba: boolean | null) =>
      updateClient(app.db, { clientId: as.clientId, metadata: { ciba } }, systemCaller);
    const shut = await approvalClient(app, tenantId);
    const { auth_req_id } = await asked(app, shut, hint());
    const { browser, page } = await atApprovals(app, person);
    await changed(shut, null);
    await becomes(async () => {
      assert.match((await poll(app, shut, auth_req_id, other)).body.error_description, /not allowed for this client/);
      assert.doesNotMatch((await browser.open(approvalsAt(app.issuer))).body, new RegExp(idOn(page.body)));
    });
    assert.match((await decide(browser, page, 'approve')).body, /waits no more/);

    const withdrawn = await approvalClient(app, tenantId);
    const answered = await approved({}, person, withdrawn);
    await changed(withdrawn, null);
    await becomes(async () =>
      assert.match((await poll(app, withdrawn, answered)).body.error_description, /not allowed for this client/),
    );

    const disabled = await approvalClient(app, tenantId);
    const late = await asked(app, disabled, hint());
    const again = await browser.open(approvalsAt(app.issuer));
    await disableClient(app.db, disabled.clientId, systemCaller);
    assert.match((await decide(browser, again, 'approve')).body, /waits no more/);
    await becomes(async () => assert.equal((await poll(app, disabled, late.auth_req_id)).status, 401));
  });

  const idOn = (body: string) => /name="request" value="([^"]+)"/.exec(body)?.[1] ?? 'none';

  it('gives nothing for somebody who was stopped, or of a tenant that is suspended', async () => {
    const leaver = await app.person({ tenantId });
    const auth_req_id = await approved({}, leaver);
    await deactivateUser(app.db, { tenantId, userId: leaver.id }, systemCaller);
    assert.equal((await poll(app, client, auth_req_id)).body.error, 'invalid_grant');

    const { id } = await app.tenant();
    const theirs = await approvalClient(app, id);
    const member = await app.person({ tenantId: id });
    const theirRequest = await approved({}, member, theirs);
    await suspendTenant(app.db, id, systemCaller);
    await becomes(async () => assert.equal((await poll(app, theirs, theirRequest)).body.error, 'invalid_client'));
  });

  it('grants what was shown and no more, to tokens that end with the grant and with the person’s sessions', async () => {
    const third = await approvalClient(app, tenantId, {
      firstParty: false,
      metadata: { allowed_scopes: ['openid', 'email'] },
    });
    assert.equal((await askApproval(app, third, { ...hint(), scope: 'openid profile' })).body.error, 'invalid_scope');
    const { auth_req_id } = await asked(app, third, { ...hint(), scope: 'openid email' });
    const { browser, page } = await atApprovals(app, person);
    assert.doesNotMatch(page.body, /Of your organisation/);
    await decide(browser, page, 'approve');
    const { body } = await poll(app, third, auth_req_id);
    assert.equal(body.scope, 'openid email');
    assert.equal(body.refresh_token, undefined, 'a third party asks for offline_access');
    assert.equal(await userinfoStatus(other, body.access_token), 200);
    const [grant] = await app
      .db('oidc_payloads')
      .where({ model: 'Grant', accountId: person.id, clientId: third.clientId });
    assert.ok(
      grant.expiresAt.getTime() < Date.now() + 2 * 86_400_000,
      'what cannot be refreshed is not kept for months',
    );

    const list = await browser.open(`${app.issuer}/account/applications`);
    const form = [...list.body.matchAll(/<form\b[\s\S]*?<\/form>/g)].findIndex(([text]) =>
      text.includes(`value="${grant.grantId}"`),
    );
    await browser.submit(list, { grant: grant.grantId }, { form });
    await becomes(async () => assert.equal(await userinfoStatus(other, body.access_token), 401));
  });

  it('refuses what the registration has narrowed since', async () => {
    const third = await approvalClient(app, tenantId, { firstParty: false });
    await asked(app, third, { ...hint(), scope: 'openid profile email' });
    const { browser, page } = await atApprovals(app, person);
    await updateClient(app.db, { clientId: third.clientId, metadata: { allowed_scopes: ['openid'] } }, systemCaller);
    await becomes(async () => assert.ok(!(await browser.open(approvalsAt(app.issuer))).body.includes(idOn(page.body))));
    assert.match((await decide(browser, page, 'approve')).body, /waits no more/);
  });
});

describe('what tells a person that an approval is asked for', () => {
  let app: TestApp;
  before(async () => {
    app = await startTestApp({ twilio: true, mailbox: true });
  });
  after(() => app?.stop());

  it('is a mail that leads to the page, and holds nothing of the request', async () => {
    const someone = await app.person();
    const client = await approvalClient(app, someone.tenantId);
    const { auth_req_id } = await asked(app, client, { login_hint: someone.email, binding_message: 'KX-7' });
    const mail = await app.mailbox.waitFor(someone.email);
    assert.match(mail.subject, /Service desk asks for your approval/);
    assert.deepEqual(mail.links, [approvalsAt(app.issuer)]);
    assert.ok(!mail.source.includes(auth_req_id) && !mail.text.includes('KX-7'));
  });

  it('is an SMS where there is no email address', async () => {
    const { id } = await app.tenant({ settings: { countryList: ['SE'] } });
    const phone = '+46701740605';
    await app.person({ tenantId: id, email: null, emailVerified: false, phone, phoneVerified: true });
    await asked(app, await approvalClient(app, id), { login_hint: phone });
    const { body: text, links } = await app.twilio.waitFor(phone);
    assert.match(text, /Service desk asks for your approval/);
    assert.deepEqual(links, [approvalsAt(app.issuer)]);
  });
});
