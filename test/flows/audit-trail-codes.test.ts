/**
 * The trail of codes, links, sign-ups and invitations, through their pages: no change without its event, no event without
 * its change, and neither code nor address in any of them.
 */
import assert from 'node:assert/strict';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { createInvitation } from '../../src/domain/invitations/send-invitation.ts';
import type { NewTenant } from '../../src/domain/setup/create-tenant.ts';
import { type AuditRow, eventsOf, installFaults, stateOf, withFault } from '../support/audit.ts';
import type { Browserless, Reply } from '../support/browserless.ts';
import { type MessagingApp, startMessagingApp } from '../support/messaging-app.ts';
import { discover, type RelyingParty, redirectUri, signIn } from '../support/relying-party.ts';

const agent = 'Audited Browser/1.0';
const chosen = 'a walk along the quiet river';

describe('the audit trail of codes and links', function () {
  this.timeout(120_000);
  let stage: MessagingApp;
  let tenant: NewTenant;
  let party: RelyingParty;
  before(async () => {
    stage = await startMessagingApp();
    await installFaults(stage.app.db);
    tenant = await stage.app.tenant({ settings: { selfSignUp: true, countryList: ['CH'] } });
    party = await discover(stage.app, await stage.app.relyingParty({ tenantId: tenant.id }));
  });
  after(() => stage?.stop());

  let newcomers = 0;
  const visitor = () => stage.visitor({ 'user-agent': agent });
  const newPerson = (overrides = {}) => stage.app.person({ tenantId: tenant.id, ...overrides });
  const newAddress = () => `audited-newcomer${++newcomers}@example.test`;
  const actionsOf = (events: AuditRow[]) => events.map(({ action }) => action).sort();

  async function ask(browser: Browserless, step: string, address: string) {
    const begun = await stage.begin(party, browser);
    const page = await browser.send(`${begun.base}/${step}`, { channel: 'email', address });
    assert.equal(page.status, 303, page.body);
    return { ...begun, enter: page.location as string };
  }

  /** What came by mail, its events written. */
  async function received(address: string) {
    const mail = await stage.mailbox.waitFor(address);
    await stage.settled();
    const linkOf = (kind: string) => mail.links.find((link) => link.includes(`/${kind}/`)) ?? '';
    return { code: mail.code ?? '', linkOf };
  }

  interface Change {
    what: string;
    /** Events of the answer, in the order of their names. */
    actions: string[];
    /** That a fault leaves as they were. */
    tables: string[];
    /** Tables and events that fail in turn. */
    faults: string[];
    status: number;
    prepare(): Promise<() => Promise<Reply>>;
  }

  const changes: Change[] = [
    {
      what: 'asking for a code',
      actions: [],
      tables: ['otp_codes', '_private_jobs'],
      faults: ['otp_codes'],
      status: 303,
      async prepare() {
        const browser = visitor();
        const { base } = await stage.begin(party, browser);
        const form = { channel: 'email', address: newAddress() };
        return () => browser.send(`${base}/code`, form);
      },
    },
    {
      what: 'typing a wrong code',
      actions: ['login.failed'],
      tables: [],
      faults: ['login.failed', 'otp_codes'],
      status: 401,
      async prepare() {
        const { email } = await newPerson();
        const browser = visitor();
        const { enter } = await ask(browser, 'code', email);
        const { code } = await received(email);
        const wrong = String((Number(code) + 1) % 1_000_000).padStart(6, '0');
        return () => browser.send(enter, { code: wrong });
      },
    },
    {
      what: 'a code that proves an address for the first time',
      actions: ['address.verified', 'credentials.removed', 'session.all_revoked'],
      tables: ['users', 'user_identities', 'user_sessions'],
      faults: ['address.verified', 'credentials.removed', 'users', 'user_identities'],
      status: 303,
      async prepare() {
        const person = await newPerson({ emailVerified: false });
        const browser = visitor();
        const { enter } = await ask(browser, 'code', person.email);
        const { code } = await received(person.email);
        return () => browser.send(enter, { code });
      },
    },
    {
      what: 'verifying one’s own address',
      actions: ['address.verified'],
      tables: ['users', 'user_identities'],
      faults: ['address.verified', 'users'],
      status: 303,
      async prepare() {
        const person = await newPerson({ emailVerified: false });
        const { browser } = await signIn(party, person, { browser: visitor() });
        const address = `${stage.app.issuer}/account/verify/email`;
        await browser.send(`${address}/send`, {});
        const { code } = await received(person.email);
        return () => browser.send(`${address}/code`, { code });
      },
    },
    {
      what: 'recovering an account',
      actions: ['password.changed', 'password.recovered', 'session.all_revoked'],
      tables: ['users', 'user_identities', 'user_sessions', 'otp_codes', '_private_jobs'],
      faults: ['password.recovered', 'session.all_revoked', 'user_identities', 'user_sessions', 'otp_codes'],
      status: 200,
      async prepare() {
        const person = await newPerson();
        await signIn(party, person);
        await ask(visitor(), 'recovery', person.email);
        const link = (await received(person.email)).linkOf('recovery');
        const browser = visitor();
        return () => browser.send(link, { account: person.id, password: chosen });
      },
    },
    {
      what: 'making an account of one’s own',
      actions: ['user.created', 'user.signed_up'],
      tables: ['users', 'user_identities', 'user_settings'],
      faults: ['user.created', 'user.signed_up', 'users', 'user_identities'],
      status: 303,
      async prepare() {
        const address = newAddress();
        const browser = visitor();
        const { base, enter } = await ask(browser, 'sign-up', address);
        const { code } = await received(address);
        await browser.send(enter, { code });
        return () => browser.send(`${base}/sign-up/profile`, { full_name: 'Ada King', password: chosen });
      },
    },
    {
      what: 'accepting an invitation',
      actions: ['invitation.accepted', 'role.assigned', 'user.created'],
      tables: ['users', 'user_identities', 'org_assignments', 'invitations'],
      faults: ['invitation.accepted', 'role.assigned', 'user.created', 'invitations', 'users', 'org_assignments'],
      status: 200,
      async prepare() {
        const email = newAddress();
        const place = { roleId: tenant.systemRoleIds.member, orgNodeId: tenant.rootNodeId };
        await createInvitation(
          stage.app.db,
          { tenantId: tenant.id, email, ...place, locale: 'en' },
          {
            secrets: stage.app.secrets,
            caller: systemCaller,
            issuer: stage.app.issuer,
            channels: ['email'],
            phoneCountries: [],
            budgets: { email: 100, phone: 0 },
          },
        );
        const link = (await received(email)).linkOf('invitations');
        const browser = visitor();
        return () => browser.send(link, { full_name: 'Grace Hopper', password: chosen });
      },
    },
  ];

  for (const { what, actions, tables, faults, status, prepare } of changes)
    it(`has all or nothing of ${what}`, async () => {
      const { db } = stage.app;
      const change = await prepare();
      const before = await stateOf(db, tables);
      for (const fault of faults) {
        const { events, result } = await eventsOf(db, () => withFault(db, fault, change));
        assert.equal(result.status, 500, `${fault}: ${result.body}`);
        assert.doesNotMatch(result.body, /out of order/);
        assert.deepEqual(actionsOf(events), [], fault);
        assert.deepEqual(await stateOf(db, tables), before, fault);
      }
      const { events, result } = await eventsOf(db, change);
      assert.equal(result.status, status, result.body);
      assert.deepEqual(
        actionsOf(events.filter(({ requestId }) => requestId === result.headers['x-request-id'])),
        actions,
      );
      for (const { userAgent, ip } of events) assert.deepEqual([userAgent, ip?.slice(0, 7)], [agent, '198.51.']);
      await stage.settled();
    });

  it('tells who was sent what and signed in how, and never a code or an address', async () => {
    const { db } = stage.app;
    const person = await newPerson();
    const browser = visitor();
    const { events } = await eventsOf(db, async () => {
      const { enter } = await ask(browser, 'code', person.email);
      const { code } = await received(person.email);
      const back = await browser.follow(await browser.send(enter, { code }), redirectUri);
      assert.match(back.location ?? '', /\?code=/);
      await ask(visitor(), 'sign-up', (await newPerson()).email);
      await ask(visitor(), 'code', 'nobody.at.all@example.test');
      await stage.settled();
    });
    const told = events.filter(({ action }) => !['user.created', 'grant.created'].includes(action));
    assert.deepEqual(
      told.map(({ action, payload: { sessionId, ...payload } }) => [action, payload]),
      [
        ['code.sent', { purpose: 'login', channel: 'email' }],
        ['login.succeeded', { amr: ['otp'], acr: 'urn:gatehouse:acr:aal1', clientId: party.clientId }],
        ['sign_up.refused', { purpose: 'sign_up', channel: 'email' }],
      ],
    );
    for (const { tenantId, entityType, ip } of told)
      assert.deepEqual([tenantId, entityType, ip?.slice(0, 7)], [tenant.id, 'user', '198.51.']);
    const all = await db('audit_events').select('payload');
    for (const mail of stage.mailbox.mails) {
      const [to = ''] = mail.envelope.to;
      const text = JSON.stringify(all);
      assert.ok(!text.includes(to));
      if (mail.code) assert.doesNotMatch(text, new RegExp(`(?<![\\w.])${mail.code}(?!\\w)`), 'a code');
      for (const link of mail.links)
        assert.ok(!text.includes(link.split('/').at(-1) as string) || link.endsWith('/account'));
    }
  });
});
