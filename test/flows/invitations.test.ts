import assert from 'node:assert/strict';
import { type Caller, systemCaller } from '../../src/domain/audit/audit-events.ts';
import { revokeInvitation } from '../../src/domain/invitations/invitations.ts';
import { createInvitation, resendInvitation } from '../../src/domain/invitations/send-invitation.ts';
import type { Reply } from '../support/browserless.ts';
import { createNode, createRole } from '../support/factories.ts';
import { give } from '../support/management.ts';
import { type MessagingApp, startMessagingApp } from '../support/messaging-app.ts';
import { discover, type RelyingParty, signIn } from '../support/relying-party.ts';

const chosen = 'a walk along the quiet river';

describe('an invitation', function () {
  this.timeout(120_000);
  let stage: MessagingApp;
  let party: RelyingParty;
  let tenant: Awaited<ReturnType<MessagingApp['app']['tenant']>>;
  let role: { id: string; name: string };
  let node: { id: string; name: string };
  before(async () => {
    stage = await startMessagingApp();
    tenant = await stage.app.tenant({ name: 'Northwind', settings: { countryList: ['CH'] } });
    party = await discover(stage.app, await stage.app.relyingParty({ tenantId: tenant.id }));
    role = await createRole(stage.app.db, { tenantId: tenant.id, name: 'Teacher' });
    node = await createNode(stage.app.db, { tenantId: tenant.id, name: 'Riverside School' });
  });
  after(() => stage?.stop());

  let people = 0;
  const newAddress = (): string => `invited${++people}@example.test`;

  const dependencies = (caller: Caller = systemCaller) => ({
    secrets: stage.app.secrets,
    caller,
    issuer: stage.app.issuer,
    channels: ['email', 'sms', 'whatsapp'] as const,
    phoneCountries: ['CH', 'FR'],
    budgets: { email: 1000, phone: 1000 },
  });

  async function invite(wanted: Partial<Parameters<typeof createInvitation>[1]>, caller?: Caller) {
    const place = { tenantId: tenant.id, roleId: role.id, orgNodeId: node.id, locale: 'en' };
    return createInvitation(stage.app.db, { ...place, ...wanted }, dependencies(caller));
  }

  async function linkTo(address: string, count = 1): Promise<string> {
    const message = await (address.startsWith('+') ? stage.twilio : stage.mailbox).waitFor(address, { count });
    const link = message.links.find((found) => found.startsWith(`${stage.app.issuer}/invitations/`));
    assert.ok(link, JSON.stringify(message));
    return link;
  }

  async function rolesOf(userId: string): Promise<string[][]> {
    const { rows } = await stage.app.db.raw(
      `select r.name as role, n.name as node
         from org_assignments a
         join roles r     on r.id = a.role_id
         join org_nodes n on n.id = a.org_node_id
        where a.user_id = ?
        order by r.name`,
      [userId],
    );
    return rows.map(({ role, node }: { role: string; node: string }) => [role, node]);
  }

  const userAt = (where: object) => stage.app.db('users').where(where).first('id', 'fullName', 'emailVerifiedAt');

  const isError = (reply: Reply, status: number, words: RegExp): void => {
    assert.equal(reply.status, status, reply.body);
    assert.match(reply.body, words);
    assert.match(reply.body, /class="request-id"/);
    assert.doesNotMatch(reply.body, /<form[^>]*method="post"/);
  };

  it('brings a new person in, with the role at the place, and leads on to signing in', async () => {
    const email = newAddress();
    const inviter = await stage.app.person({ tenantId: tenant.id, fullName: 'Irene Inviter' });
    await give(stage.app, { tenantId: tenant.id, userId: inviter.id, role: 'owner' });
    await invite({ email }, { type: 'user', id: inviter.id });
    const browser = stage.visitor();
    const page = await browser.open(await linkTo(email));
    assert.equal(page.status, 200);
    for (const shown of ['Northwind', 'Teacher', 'Riverside School', 'Irene Inviter'])
      assert.ok(page.body.includes(shown), shown);
    assert.ok(!page.body.replaceAll('<wbr>', '').includes(email), 'the address is masked');
    const accepted = await browser.submit(page, { full_name: 'Ada Lovelace', password: chosen });
    assert.equal(accepted.status, 200, accepted.body);
    assert.match(accepted.body, /href="\/account"/);
    assert.ok(!browser.cookies.some(({ name }) => name.includes('session')), 'nobody is signed in by it');

    const user = await userAt({ email });
    assert.equal(user.fullName, 'Ada Lovelace');
    assert.ok(user.emailVerifiedAt);
    assert.deepEqual(await rolesOf(user.id), [['Teacher', 'Riverside School']]);
    const signInPage = await browser.open(`${stage.app.issuer}/account`);
    const home = await browser.submit(signInPage, { login: email, password: chosen });
    assert.ok(home.body.includes('Ada Lovelace'), home.body);
    const access = await browser.open(`${stage.app.issuer}/account/access`);
    assert.ok(access.body.includes('Teacher'), access.body);
  });

  it('gives the role to a person who has an account, and leaves the rest of it alone', async () => {
    const person = await stage.app.person({ tenantId: tenant.id });
    await invite({ email: person.email });
    const browser = stage.visitor();
    const page = await browser.open(await linkTo(person.email));
    assert.doesNotMatch(page.body, /name="(?:password|full_name)"/);
    const accepted = await browser.submit(page, { full_name: 'Mallory', password: chosen });
    assert.equal(accepted.status, 200, accepted.body);
    assert.deepEqual(await rolesOf(person.id), [['Teacher', 'Riverside School']]);
    assert.equal((await userAt({ id: person.id })).fullName, person.fullName);
    const { tokens } = await signIn(party, person);
    assert.equal(tokens.claims()?.sub, person.id, 'by the password that they had');
  });

  it('comes to a phone as well', async () => {
    const phone = stage.phone();
    await invite({ phone, channel: 'sms' });
    const browser = stage.visitor();
    const accepted = await browser.submit(await browser.open(await linkTo(phone)), { full_name: 'Grace Hopper' });
    assert.equal(accepted.status, 200, accepted.body);
    assert.deepEqual(await rolesOf((await userAt({ phone })).id), [['Teacher', 'Riverside School']]);
  });

  it('survives a program that opens the link before the person does, and refused forms', async () => {
    const email = newAddress();
    await invite({ email });
    const link = await linkTo(email);
    for (let scan = 0; scan < 3; scan++) {
      const scanned = await stage.visitor({ 'user-agent': 'MailScanner/1.0' }).send(link);
      assert.equal(scanned.status, 200);
      assert.equal(scanned.headers['cache-control'], 'no-store');
      assert.equal(scanned.headers['referrer-policy'], 'no-referrer');
      assert.equal(scanned.headers['set-cookie'], undefined);
    }
    const browser = stage.visitor();
    for (const [form, status] of [
      [{}, 422],
      [{ full_name: ' ' }, 422],
      [{ full_name: 'Ada\u202e', password: chosen }, 400],
      [{ full_name: 'Ada Lovelace', password: 'short' }, 422],
      ['full_name=Ada&full_name=Bob', 400],
      ['full_name[]=Ada', 422],
      ['full_name=%00', 400],
    ] as [Record<string, string> | string, number][]) {
      const refused = await browser.send(link, form);
      assert.equal(refused.status, status, JSON.stringify(form));
    }
    const kept = await browser.send(link, { full_name: 'Ada Lovelace', password: 'short' });
    assert.match(kept.body, /value="Ada Lovelace"/);
    assert.ok(!kept.body.includes('value="short"'));
    const foreign = await browser.send(
      link,
      { full_name: 'Ada' },
      { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' },
    );
    assert.equal(foreign.status, 403);
    assert.equal((await browser.submit(kept, { full_name: 'Ada', password: chosen })).status, 200);
    assert.ok(!stage.app.logs().includes(link.split('/').at(-1) as string), 'no token in the log');
  });

  it('is accepted once, of ten at the same moment, and says so afterwards', async () => {
    const email = newAddress();
    await invite({ email });
    const link = await linkTo(email);
    const browser = stage.visitor();
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => browser.send(link, { full_name: 'Ada', password: chosen })),
    );
    const statuses = answers.map(({ status }) => status);
    assert.equal(statuses.filter((status) => status === 200).length, 1, statuses.join());
    assert.deepEqual(
      [...new Set(statuses)].filter((status) => ![200, 410, 503].includes(status)),
      [],
    );
    const user = await userAt({ email });
    assert.deepEqual(await rolesOf(user.id), [['Teacher', 'Riverside School']]);
    const late = await browser.open(link);
    isError(late, 410, /already accepted/);
    assert.match(late.body, /href="\/account"/, 'a way on');
  });

  it('takes tenant, role and place from nowhere but its row', async () => {
    const email = newAddress();
    await invite({ email });
    const owner = tenant.systemRoleIds.owner;
    const other = await stage.app.tenant();
    const accepted = await stage.visitor().send(`${await linkTo(email)}?role_id=${owner}`, {
      full_name: 'Mallory',
      role: 'owner',
      role_id: owner,
      roleId: owner,
      org_node_id: tenant.rootNodeId,
      tenant_id: other.id,
      email: 'mallory@example.test',
      locale: 'xx',
    });
    assert.equal(accepted.status, 200, accepted.body);
    const user = await userAt({ email, tenantId: tenant.id });
    assert.deepEqual(await rolesOf(user.id), [['Teacher', 'Riverside School']]);
  });

  it('is replaced when it is sent again, and ends when it is withdrawn or runs out', async () => {
    const email = newAddress();
    const { id } = await invite({ email });
    const first = await linkTo(email);
    await stage.app.db.raw(`update invitations set sent_at = sent_at - interval '1 hour' where id = ?`, [id]);
    await stage.letTimePass(email, 3600);
    await resendInvitation(stage.app.db, { tenantId: tenant.id, invitationId: id, locale: 'en' }, dependencies());
    const second = await linkTo(email, 2);
    assert.notEqual(first, second);
    const browser = stage.visitor();
    isError(await browser.send(first), 404, /newer one/);
    assert.equal((await browser.send(second)).status, 200);
    await revokeInvitation(stage.app.db, { tenantId: tenant.id, invitationId: id }, systemCaller);
    isError(await browser.send(second), 410, /withdrawn/);
    isError(await browser.send(second, { full_name: 'Ada' }), 410, /withdrawn/);

    const late = newAddress();
    const expiring = await invite({ email: late });
    const link = await linkTo(late);
    await stage.app.db.raw(
      `update invitations set created_at = now() - interval '8 days', expires_at = now() where id = ?`,
      [expiring.id],
    );
    isError(await browser.send(link), 410, /expired/);
    isError(await browser.send(link, { full_name: 'Ada' }), 410, /expired/);
  });

  it('answers links that are none with a page, and makes an address wait that tries many', async () => {
    const guesser = stage.visitor();
    for (const token of ['x', 'A'.repeat(43), '%00', 'x'.repeat(2000)]) {
      const address = `${stage.app.issuer}/invitations/${token}`;
      isError(await guesser.send(address), 404, /incomplete/);
      isError(await guesser.send(address, { full_name: 'Ada' }), 404, /incomplete/);
    }
    await stage.app.db.raw(`update rate_limits set hits = 1000 where key like 'invitationLinkPerIp:%'`);
    const held = await guesser.send(`${stage.app.issuer}/invitations/x`);
    assert.equal(held.status, 429);
    assert.match(String(held.headers['retry-after']), /^[1-9]\d*$/);
    await stage.app.db.raw(`delete from rate_limits where key like 'invitationLinkPerIp:%'`);
  });
});
