/** What a tenant takes along: each thing works at the other server as it did, and each row is what it was. */
import assert from 'node:assert/strict';
import { findEffectiveAccess } from '../../src/domain/access/effective-access.ts';
import { createApiKey, openApiKey } from '../../src/domain/api-keys/api-keys.ts';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { createInvitation } from '../../src/domain/invitations/send-invitation.ts';
import { deactivateUser } from '../../src/domain/lifecycle/end-person.ts';
import {
  addIdentityProvider,
  clientSecretOf,
  findIdentityProvider,
} from '../../src/domain/methods/federation/identity-providers.ts';
import { type ForeignHash, sealForeignHash, workOf } from '../../src/domain/methods/password/foreign-hash.ts';
import { changeTenantSettings } from '../../src/domain/methods/tenant-methods.ts';
import { packRow } from '../../src/domain/moves/travelling-rows.ts';
import { travellingTables } from '../../src/domain/moves/travelling-tables.ts';
import { assignRole, endAssignment } from '../../src/domain/organisation/org-assignments.ts';
import { proveEvent } from '../../src/domain/seals/event-proof.ts';
import { sealAudit } from '../../src/domain/seals/seal-events.ts';
import { verifyTrail } from '../../src/domain/seals/verify-trail.ts';
import { webhookSecretPurpose } from '../../src/domain/webhooks/deliver-webhook.ts';
import { createWebhook } from '../../src/domain/webhooks/webhooks.ts';
import { rows } from '../../src/platform/database.ts';
import { randomToken, sha256 } from '../../src/platform/secrets.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { Authenticator, makePasskey } from '../support/authenticator.ts';
import { Browserless } from '../support/browserless.ts';
import { createNode, createRole } from '../support/factories.ts';
import { moveTenant, startOtherServer } from '../support/moved-tenant.ts';
import { discover, enterPassword, redirectUri, startSignIn } from '../support/relying-party.ts';
import { asksForFactor, codeOf, enrolled, proveOn } from '../support/second-factor.ts';
import { addEvents, asSuperuser, hourMs, someHour } from '../support/trail.ts';

type Person = Awaited<ReturnType<TestApp['person']>>;

describe('what a tenant takes along', () => {
  let from: TestApp;
  let to: TestApp;
  let tenantId: string;
  let person: Person;
  let withApp: Person;
  let byPasskey: Person;
  let seed: string;
  let passkey: Authenticator;
  let apiKey: string;
  const invitationToken = randomToken();
  let webhook: { id: string; secret: string };
  let sealedIds: string[];
  let lateIds: string[];
  /** A moment at which the person held two roles, and what they were. */
  let then: Date;
  let heldThen: unknown;
  const hour = someHour(2);

  before(async () => {
    [from, to] = await Promise.all([startTestApp(), startOtherServer()]);
    ({ id: tenantId } = await from.tenant());
    const ways = { signInMethods: ['password', 'passkey'], signInWithoutName: true };
    await changeTenantSettings(from.db, tenantId, { signInMethods: ways.signInMethods }, systemCaller);
    [person, withApp, byPasskey] = (await Promise.all([1, 2, 3].map(() => from.person({ tenantId })))) as [
      Person,
      Person,
      Person,
    ];
    ({ seed } = await enrolled(from, withApp));
    passkey = new Authenticator(byPasskey.id, { isSynced: true });
    await makePasskey(from.db, { tenantId, userId: byPasskey.id }, passkey);
    await fillAccess();
    await fillOthers();
    await fillTrail();
    await moveTenant(from, to, tenantId);
  });
  after(() => Promise.all([from?.stop(), to?.stop()]));

  async function fillAccess(): Promise<void> {
    const school = await createNode(from.db, { tenantId, name: 'North School' });
    await createNode(from.db, { tenantId, name: 'Class 1', parentId: school.id });
    const role = await createRole(from.db, { tenantId, name: 'teacher', capabilities: ['users.read', 'lessons.plan'] });
    const past = await createRole(from.db, { tenantId, name: 'helper', capabilities: ['lessons.read'] });
    const held = { tenantId, userId: person.id, orgNodeId: school.id };
    await assignRole(from.db, { ...held, roleId: role.id }, systemCaller);
    const ended = await assignRole(from.db, { ...held, roleId: past.id }, systemCaller);
    then = await clockOf(from);
    heldThen = await findEffectiveAccess(from.db, { tenantId, userId: person.id, past: then });
    await endAssignment(from.db, { tenantId, assignmentId: ended.id }, systemCaller);
    const gone = await from.person({ tenantId });
    await deactivateUser(from.db, { tenantId, userId: gone.id }, systemCaller);
  }

  async function fillOthers(): Promise<void> {
    const { id: orgNodeId } = await createNode(from.db, { tenantId });
    ({ key: apiKey } = await createApiKey(
      from.db,
      { tenantId, orgNodeId, userId: null, name: 'K', capabilities: ['users.read'] },
      systemCaller,
    ));
    const how = { secrets: from.secrets, caller: systemCaller, allowHttp: true };
    await addIdentityProvider(
      from.db,
      {
        tenantId,
        key: 'northwind-login',
        name: 'Theirs',
        issuer: 'https://login.example.test',
        clientId: 'x',
        clientSecret: 'their secret',
      },
      how,
    );
    webhook = await createWebhook(
      from.db,
      { tenantId, name: 'Ours', url: 'https://hooks.example.test/', types: [] },
      how,
    );
    await from.relyingParty({ tenantId });
    await inviteSomebody();
    const imported = await from.person({ tenantId });
    const hash: ForeignHash = { algorithm: 'bcrypt', encoded: `$2b$10$${'a'.repeat(53)}` };
    // A password that is changed ends what was imported: so the row is made anew.
    const [identity] = await from.db('user_identities').where({ userId: imported.id }).delete().returning('*');
    await from.db('user_identities').insert({
      ...identity,
      passwordHash: null,
      foreignPasswordHash: sealForeignHash(from.secrets, imported.id, hash),
      foreignPasswordMs: Math.ceil(workOf(hash)),
    });
  }

  async function inviteSomebody(): Promise<void> {
    const { id: orgNodeId } = await createNode(from.db, { tenantId });
    const { id: roleId } = await createRole(from.db, { tenantId, name: 'guest' });
    const invitation = await createInvitation(
      from.db,
      { tenantId, email: 'newcomer@example.test', roleId, orgNodeId, locale: 'en' },
      {
        secrets: from.secrets,
        caller: systemCaller,
        issuer: from.issuer,
        channels: ['email'],
        phoneCountries: [],
        budgets: { email: 100, phone: 0 },
      },
    );
    // The token itself is in the mail alone.
    await from
      .db('invitations')
      .where({ id: invitation.id })
      .update({ tokenHash: sha256(invitationToken) });
  }

  /** Three hours, of which the other server has sealed some, too; and some events that no seal holds. */
  async function fillTrail(): Promise<void> {
    const other = (await to.tenant()).id;
    for (const [app, of] of [
      [from, tenantId],
      [to, other],
      [to, null],
    ] as const)
      for (const n of [0, 1, 2]) {
        const ids = await addEvents(app.db, { tenantId: of, hour: new Date(hour.getTime() + n * hourMs), count: 7 });
        if (app === from && n === 0) sealedIds = ids;
        if (app === from && n === 2) lateIds = ids;
      }
    const until = (n: number) => ({ now: new Date(hour.getTime() + n * hourMs + 20 * 60_000) });
    await sealAudit(from.db, from.secrets, until(2));
    await sealAudit(to.db, to.secrets, until(30));
  }

  /** After all that is committed, also by a clock that knows whole milliseconds. */
  async function clockOf({ db }: TestApp): Promise<Date> {
    const [found] = await rows<{ now: Date }>(db, 'select pg_sleep(0.005), clock_timestamp() as now');
    return found?.now as Date;
  }

  it('every row as it was', async () => {
    const changed = new Set(['tenants', 'capabilities', 'audit_events', 'audit_seal_keys']);
    for (const travelling of travellingTables) {
      const { table, rows: sql } = travelling;
      if (changed.has(table) || /_history/.test(table)) continue;
      const at = async ({ db, secrets }: TestApp) =>
        (await rows<{ row: string }>(db, `select to_jsonb(r)::text as row from (${sql}) r`, { tenantId }))
          .map(({ row }) => packRow(travelling, row, { secrets, withCredentials: true }))
          .sort();
      const [there, here] = [await at(from), await at(to)];
      assert.deepEqual(here, there, table);
    }
  });

  it('what was held then, and what is held now', async () => {
    const query = { tenantId, userId: person.id };
    assert.deepEqual((await findEffectiveAccess(to.db, query)).roles, ['teacher']);
    const chain = (held: unknown) =>
      JSON.parse(JSON.stringify(held), (key, value) => (key === 'earliestEnd' ? null : value));
    assert.deepEqual(chain(await findEffectiveAccess(to.db, { ...query, past: then })), chain(heldThen));
    assert.deepEqual((heldThen as { roles: string[] }).roles.sort(), ['helper', 'teacher']);
    const now = await findEffectiveAccess(to.db, { ...query, past: await clockOf(to) });
    assert.deepEqual(now.roles, ['teacher']);
  });

  it('a second factor: the same app shows the codes', async () => {
    const client = (await to.db('clients').where({ tenantId }).first('id', 'clientId')) as {
      id: string;
      clientId: string;
    };
    const party = await discover(to, { clientId: client.clientId, clientSecret: 'unused' });
    const browser = new Browserless();
    const { address } = await startSignIn(party);
    const page = await enterPassword(browser, await browser.open(address.href, redirectUri), withApp);
    assert.ok(asksForFactor(page), page.body);
    const reply = await proveOn(browser, page, codeOf(seed, 1));
    assert.match(reply.location ?? '', /[?&]code=/);
  });

  it('a passkey, where the host is the same', async () => {
    const slug = (await to.db('tenants').where({ id: tenantId }).first('slug')).slug;
    const browser = new Browserless();
    const page = await browser.open(`${to.issuer}/account?tenant=${slug}`);
    const action = /<form class="passkey"[^>]* action="([^"]+)"/.exec(page.body)?.[1] as string;
    const challenge = /data-challenge="([^"]+)"/.exec(page.body)?.[1] ?? '';
    const credential = passkey.sign({ challenge, origin: to.issuer });
    const reply = await browser.follow(await browser.send(new URL(action, to.issuer).href, { credential }), 'none:');
    assert.equal(new URL(reply.url).pathname, '/account', reply.body);
  });

  it('keys, and secrets that were sealed under another SECRET_KEY', async () => {
    assert.equal((await openApiKey(to.db, apiKey))?.tenantId, tenantId);
    assert.equal(await openApiKey(from.db, apiKey), undefined, 'closed');
    const provider = await findIdentityProvider(to.db, 'northwind-login');
    assert.equal(provider && clientSecretOf(provider, to.secrets), 'their secret');
    const [row] = await to.db('webhooks').where({ id: webhook.id }).select('sealedSecret');
    assert.equal(to.secrets.open(webhookSecretPurpose, row.sealedSecret, webhook.id), webhook.secret);
  });

  it('an invitation: its link leads from the old server to the new one, where it is good', async () => {
    const browser = new Browserless();
    const page = await browser.open(`${from.issuer}/invitations/${invitationToken}`);
    assert.equal(page.url, `${to.issuer}/invitations/${invitationToken}`);
    assert.match(page.body, /n•+r@example\.test|guest/);
    const nobodys = await fetch(`${from.issuer}/invitations/${randomToken()}`, { redirect: 'manual' });
    assert.equal(nobodys.status, 404);
  });

  it('the trail with its seals, and what no seal held is sealed here', async () => {
    const verify = () => verifyTrail(to.db, to.secrets, { retentionDays: to.config.auditRetentionDays });
    assert.deepEqual((await verify()).faults, [], 'what waits for a seal is no fault');
    await sealAudit(to.db, to.secrets, { now: new Date(Date.now() + 2 * hourMs) });
    const found = await verify();
    assert.deepEqual(found.faults, []);
    assert.ok(
      lateIds.every((id) => found.lateEvents.includes(id)),
      'sealed late, and named so',
    );
    const proof = await proveEvent(to.db, to.secrets, { tenantId, eventId: sealedIds[3] as string });
    assert.deepEqual(proof, await proveEvent(from.db, from.secrets, { tenantId, eventId: sealedIds[3] as string }));
    assert.ok(await proveEvent(to.db, to.secrets, { tenantId, eventId: lateIds[3] as string }));
    const [arrived] = await to.db('audit_events').where({ tenantId, action: 'tenant.arrived' });
    const [seal] = await from.db('audit_seals').where({ tenantId }).orderBy('number', 'desc').limit(1);
    assert.equal(arrived.payload.seal, seal.hash.toString('hex'));
  });

  it('and whoever changes what came along is found out', async () => {
    const eventId = sealedIds[2] as string;
    await asSuperuser(to.db, (trx) => trx.raw(`update audit_events set entity_id = 'another' where id = ?`, [eventId]));
    const { faults } = await verifyTrail(to.db, to.secrets, { retentionDays: to.config.auditRetentionDays });
    assert.deepEqual(
      faults.map((fault) => [fault.kind, fault.tenantId, fault.eventId]),
      [['changed', tenantId, eventId]],
    );
  });
});
