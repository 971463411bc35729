/** Deleting one's own account: what ends at once, the days in which it can be kept, and the erasure then. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { decodeJwt } from 'jose';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { eraseDuePeople, requestOwnDeletion } from '../../src/domain/lifecycle/own-deletion.ts';
import { updateTenantSettings } from '../../src/domain/tenants/tenants.ts';
import { sealedAbove } from '../../src/management/sealed-about-people.ts';
import { createDatabase } from '../../src/platform/database.ts';
import { ageSessions } from '../support/aged-session.ts';
import type { Browserless, Reply } from '../support/browserless.ts';
import { refresh, userinfoStatus } from '../support/endpoints.ts';
import { eventually } from '../support/eventually.ts';
import { assign } from '../support/factories.ts';
import { askAsService } from '../support/management.ts';
import { type MessagingApp, startMessagingApp } from '../support/messaging-app.ts';
import { discover, redirectUri, signIn, startSignIn } from '../support/relying-party.ts';
import { asksForFactor, codeOf, enrolled, proveOn } from '../support/second-factor.ts';

type Person = Awaited<ReturnType<MessagingApp['app']['person']>>;

describe('deleting one’s own account', function () {
  this.timeout(180_000);
  let stage: MessagingApp;
  const servers: Server[] = [];
  before(async () => {
    stage = await startMessagingApp();
  });
  after(async () => {
    for (const server of servers) server.close();
    await stage?.stop();
  });

  const at = (path: string) => `${stage.app.issuer}/account${path}`;
  const page = '/data/delete';
  const userRow = ({ id }: Pick<Person, 'id'>) => stage.app.db('users').where({ id }).first();
  const actionsOf = async ({ id }: Pick<Person, 'id'>) =>
    (
      await stage.app
        .db('audit_events')
        .where({ entityId: id })
        .whereIn('action', ['account.deletion_requested', 'account.deletion_cancelled', 'user.erased'])
        .orderBy('id')
    ).map(({ action }) => action);
  const liveSessions = async ({ id }: Person) =>
    (await stage.app.db('user_sessions').where({ userId: id }).whereNull('revokedAt')).length;
  const makeDue = ({ id }: Pick<Person, 'id'>) =>
    stage.app
      .db('users')
      .where({ id })
      .update({ deletionDueAt: new Date(Date.now() - 1000) });
  const erase = (db = stage.app.db) => eraseDuePeople(db, { secrets: stage.app.secrets, sealedAbove });
  const depsOf = ({ id }: Pick<Person, 'id'>) => ({
    secrets: stage.app.secrets,
    issuer: stage.app.issuer,
    caller: { type: 'user', id } as const,
  });
  const request = (person: Pick<Person, 'id' | 'tenantId'>) =>
    requestOwnDeletion(stage.app.db, { tenantId: person.tenantId, userId: person.id, locale: 'en' }, depsOf(person));

  async function withPassword(person: Pick<Person, 'email' | 'password'>, path = '', browser = stage.visitor()) {
    const form = await browser.open(at(path));
    return { browser, page: await browser.submit(form, { login: person.email, password: person.password }) };
  }

  async function onPage(person: Person): Promise<{ browser: Browserless; page: Reply }> {
    const opened = await withPassword(person, page);
    assert.equal(opened.page.url, at(page), opened.page.body);
    return opened;
  }

  const confirm = (browser: Browserless) => browser.send(at(page), {});

  async function listener(): Promise<{ uri: string; received: string[] }> {
    const received: string[] = [];
    const server = createServer((req, res) => {
      let body = '';
      req.on('data', (chunk) => {
        body += chunk;
      });
      req.on('end', () => {
        received.push(new URLSearchParams(body).get('logout_token') ?? '');
        res.writeHead(200).end();
      });
    }).listen(0, '127.0.0.1');
    servers.push(server);
    await once(server, 'listening');
    return { uri: `http://127.0.0.1:${(server.address() as AddressInfo).port}/logout`, received };
  }

  it('says what it ends, ends it at once and tells applications; signing in keeps the account', async () => {
    const { app } = stage;
    const told = await listener();
    const metadata = { backchannel_logout_uri: told.uri, backchannel_logout_session_required: true };
    const relying = await app.relyingParty({ metadata });
    const party = await discover(app, relying);
    const person = await app.person();
    await assign(app.db, { tenantId: person.tenantId, userId: person.id });
    const { tokens } = await signIn(party, person, {
      parameters: { scope: 'openid offline_access', prompt: 'consent' },
    });
    const { browser, page: shown } = await onPage(person);
    assert.match(shown.body, /signed out on 2 devices/);
    assert.match(shown.body, /Your role ends/);
    assert.match(shown.body, /For 14 days you can still come back/);
    assert.equal((await userRow(person)).deletionDueAt, null, 'looking changes nothing');

    const done = await confirm(browser);
    assert.equal(done.status, 200, done.body);
    assert.match(done.body, /Your account will be deleted/);
    const { deletionDueAt, state } = await userRow(person);
    const days = (deletionDueAt.getTime() - Date.now()) / 86_400_000;
    assert.ok(days > 13.9 && days <= 14, String(days));
    assert.equal(state, 'active');
    assert.equal(await liveSessions(person), 0);
    assert.equal(await userinfoStatus(app.issuer, tokens.access_token), 401);
    assert.ok(tokens.refresh_token);
    assert.equal((await refresh(app.issuer, party, tokens.refresh_token)).status, 400);
    await eventually(() => told.received.length > 0);
    await stage.settled();
    assert.equal(told.received.length, 1);
    assert.equal(decodeJwt(told.received[0] as string).sub, person.id);
    assert.equal((await browser.send(at(''))).status, 303, 'signed out here, too');

    // Everything proved, they are asked; nobody is signed in until they keep it.
    const back = await withPassword(person);
    assert.match(back.page.url, /\/keep-account$/);
    assert.match(back.page.body, /Keep my account/);
    assert.equal(await liveSessions(person), 0);
    assert.deepEqual(await actionsOf(person), ['account.deletion_requested']);
    const elsewhere = await back.browser.open((await startSignIn(party, {})).address.href, redirectUri);
    assert.match(elsewhere.body, /name="password"/, 'no application is signed in to meanwhile');
    const kept = await back.browser.submit(back.page, {});
    assert.equal(kept.url, at(''), kept.body);
    assert.equal((await userRow(person)).deletionDueAt, null);
    assert.deepEqual(await actionsOf(person), ['account.deletion_requested', 'account.deletion_cancelled']);
    await makeDueNothing();
    assert.equal((await withPassword(person)).page.url, at(''));
  });

  /** Nobody is due who kept the account. */
  async function makeDueNothing(): Promise<void> {
    const before = await stage.app.db('users').whereNotNull('erasedAt').pluck('id');
    await erase();
    assert.deepEqual(await stage.app.db('users').whereNotNull('erasedAt').pluck('id'), before);
  }

  it('may be left at that: going back from the question signs nobody in', async () => {
    const person = await stage.app.person();
    await request(person);
    const { browser, page: asked } = await withPassword(person);
    const left = await browser.open(asked.url.replace(/keep-account$/, 'cancel'));
    assert.equal(left.url, `${stage.app.issuer}/`);
    assert.equal(await liveSessions(person), 0);
    assert.ok((await userRow(person)).deletionDueAt);
  });

  it('asks for both factors before it can be kept', async () => {
    const person = await stage.app.person();
    const { seed } = await enrolled(stage.app, person);
    await request(person);
    const { browser, page: factor } = await withPassword(person);
    assert.ok(asksForFactor(factor), factor.body);
    const early = await browser.send(factor.url.replace(/factor\/totp$/, 'keep-account'), {});
    assert.equal(early.status, 303);
    assert.ok((await userRow(person)).deletionDueAt, 'the password alone keeps nothing');
    const asked = await proveOn(browser, factor, codeOf(seed));
    const question = asked.status === 303 ? await browser.open(asked.location as string) : asked;
    assert.match(question.url, /\/keep-account$/);
    assert.equal((await browser.submit(question, {})).url, at(''));
    const { acr } = await stage.app.db('user_sessions').where({ userId: person.id }).whereNull('revokedAt').first();
    assert.equal(acr, 'urn:gatehouse:acr:aal2');
  });

  it('is taken back by the link in the mail, which makes the account safe', async () => {
    const person = await stage.app.person();
    const { browser } = await onPage(person);
    await confirm(browser);
    await stage.settled();
    const link = stage.mailbox.to(person.email).flatMap(({ text }) => text.match(/http\S+\/safety\/\S+/g) ?? []);
    assert.equal(link.length, 1, 'a first sign-in is told to nobody, the deletion is');
    const opened = await stage.visitor().open(link[0] as string);
    assert.match(opened.body, /Keep my account/);
    assert.ok((await userRow(person)).deletionDueAt, 'opening changes nothing');
    assert.equal((await stage.visitor().submit(opened, {})).status, 200);
    assert.equal((await userRow(person)).deletionDueAt, null);
    assert.equal((await stage.visitor().send(link[0] as string, {})).status, 404);
    assert.deepEqual(await actionsOf(person), ['account.deletion_requested', 'account.deletion_cancelled']);
    const stolen = await withPassword(person);
    assert.notEqual(stolen.page.url, at(''), 'whoever knew the password does not come in again');
  });

  it('asks for a fresh sign-in, and for nothing of a stranger', async () => {
    const person = await stage.app.person();
    const { browser } = await onPage(person);
    await ageSessions(stage.app, person.id, 301);
    for (const reply of [await browser.send(at(page)), await confirm(browser)]) {
      assert.equal(reply.status, 303);
      assert.match(reply.location ?? '', /\/authorize\?.*prompt=login/);
    }
    assert.equal((await stage.visitor().send(at(page), {})).status, 401);
    assert.equal((await userRow(person)).deletionDueAt, null);
  });

  it('is not offered where the tenant forbids it, and waits as long as it says', async () => {
    const { app } = stage;
    const tenant = await app.tenant();
    const person = await app.person({ tenantId: tenant.id });
    const { browser } = await onPage(person);
    await updateTenantSettings(app.db, tenant.id, { selfDeletionDays: null }, systemCaller);
    assert.equal((await confirm(browser)).status, 403);
    assert.equal((await browser.send(at(page))).status, 403);
    assert.doesNotMatch((await browser.open(at('/data'))).body, /data\/delete/);
    await updateTenantSettings(app.db, tenant.id, { selfDeletionDays: 3 }, systemCaller);
    assert.match((await browser.open(at('/data'))).body, /data\/delete/);
    assert.equal((await confirm(browser)).status, 200);
    const { deletionDueAt } = await userRow(person);
    assert.ok(deletionDueAt.getTime() - Date.now() <= 3 * 86_400_000);
  });

  it('is refused to the last owner, of whom another who is leaving is none, with words that say what to do', async () => {
    const { app } = stage;
    const tenant = await app.tenant();
    const [one, two] = [await app.person({ tenantId: tenant.id }), await app.person({ tenantId: tenant.id })];
    for (const { id: userId } of [one, two])
      await assign(app.db, { tenantId: tenant.id, userId, roleId: tenant.systemRoleIds.owner });
    const both = await Promise.allSettled([request(one), request(two)]);
    assert.deepEqual(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected'], 'of two at once one stays');
    const [leaves, stays] = both[0].status === 'fulfilled' ? [one, two] : [two, one];
    const { browser } = await onPage(stays);
    const refused = await confirm(browser);
    assert.equal(refused.status, 409);
    assert.match(refused.body, /Make somebody else an owner first/);
    assert.equal((await userRow(stays)).deletionDueAt, null);
    assert.equal(await liveSessions(stays), 1, 'and nothing has ended');
    await makeDue(leaves);
    await erase();
    assert.ok((await userRow(leaves)).erasedAt);
    assert.deepEqual(await actionsOf(stays), []);
  });

  it('erases when the days are over, once, by two processes and however often it is killed', async () => {
    const { app } = stage;
    const people: Person[] = [];
    for (let n = 0; n < 4; n++) people.push(await app.person());
    const stays = await app.person();
    for (const person of [...people, stays]) await request(person);
    await erase();
    for (const person of people) assert.equal((await userRow(person)).erasedAt, null, 'not before the time');
    for (const person of people) await makeDue(person);

    // Killed between two statements of one of them: that one has not begun, and the next run does it.
    const [victim] = people as [Person];
    const holder = await app.db.transaction();
    await holder('user_settings').where({ userId: victim.id }).forUpdate().select('user_id');
    const killed = assert.rejects(erase());
    const pids = await eventually(async () => {
      const found = await app.db.raw(
        `select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
            and query like '%user_settings%' and pid <> pg_backend_pid()`,
      );
      return found.rows.length > 0 && (found.rows as { pid: number }[]);
    });
    for (const { pid } of pids) await app.db.raw('select pg_terminate_backend(?)', [pid]);
    await killed;
    await holder.rollback();
    assert.equal((await userRow(victim)).erasedAt, null);
    assert.equal((await userRow(victim)).email, victim.email);
    for (const person of people.slice(1)) assert.ok((await userRow(person)).erasedAt, 'it holds up nobody else');

    const others = [1, 2].map(() => createDatabase({ url: app.databaseUrl, poolMax: 3 }));
    await Promise.all([...others, ...others].map((db) => erase(db)));
    for (const db of others) await db.destroy();
    for (const person of people) {
      const row = await userRow(person);
      assert.ok(row.erasedAt);
      assert.deepEqual([row.email, row.deletionDueAt], [null, null]);
      assert.deepEqual(await actionsOf(person), ['account.deletion_requested', 'user.erased']);
    }
    assert.equal((await userRow(stays)).erasedAt, null);
    const late = await withPassword(victim);
    assert.equal(late.page.status, 401);
  });

  it('is seen and taken back by an administrator, also where the person is on the page', async () => {
    const { app } = stage;
    const tenant = await app.tenant();
    const ask = await askAsService(app, { tenantId: tenant.id, capabilities: ['users.manage', 'users.read'] });
    const person = await app.person({ tenantId: tenant.id });
    const path = `/users/${person.id}/deletion`;
    assert.deepEqual((await ask('GET', path)).body, { requested_at: null, due_at: null });
    await request(person);
    assert.ok(Date.parse((await ask('GET', path)).body.due_at) > Date.now());
    const { browser, page: asked } = await withPassword(person);
    assert.equal((await ask('DELETE', path)).status, 204);
    assert.equal((await ask('DELETE', path)).status, 204, 'once more does no harm');
    assert.deepEqual(await actionsOf(person), ['account.deletion_requested', 'account.deletion_cancelled']);
    assert.equal((await browser.open(asked.url)).url, at(''), 'there is nothing to be asked any more');
    const other = await app.person();
    await request(other);
    assert.equal((await ask('DELETE', `/users/${other.id}/deletion`)).status, 404);
    assert.ok((await userRow(other)).deletionDueAt);
  });
});
