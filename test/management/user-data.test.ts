import assert from 'node:assert/strict';
import { rows } from '../../src/platform/database.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { installFaults, stateOf, withFault } from '../support/audit.ts';
import { dumpDatabase } from '../support/credentials.ts';
import { refresh, userinfoStatus } from '../support/endpoints.ts';
import { type Ask, askAsService, give, performAs } from '../support/management.ts';
import { discover, signIn } from '../support/relying-party.ts';
import { openedContents } from '../support/sealed.ts';
import { body, makeWellKnown, theirs, type WellKnown } from '../support/well-known-person.ts';

const capabilities = ['users.manage', 'users.read', 'invitations.manage', 'roles.assign'];

describe('everything that is held on a person', () => {
  let app: TestApp;
  let ask: Ask;
  let known: WellKnown;

  beforeEach(async () => {
    app = await startTestApp({ mailbox: true, runJobs: false });
    const tenant = await app.tenant({ settings: { selfSignUp: true } });
    ask = await askAsService(app, { tenantId: tenant.id, capabilities });
    known = await makeWellKnown(app, tenant, ask);
  });
  afterEach(() => app?.stop());

  /** Where something of theirs is found: tables of the dump, and `opened` contents of them. */
  async function placesOfTheirs(): Promise<string[]> {
    const naming = (texts: Map<string, string>) =>
      [...texts].filter(([, text]) => theirs.test(text)).map(([name]) => name);
    const dump = naming(await dumpDatabase(app.db)).map((name) => name.replace('public.', ''));
    return [...dump, ...naming(await openedContents(app)).map((name) => `opened ${name}`)].sort();
  }

  const erase = () => ask('POST', `/users/${known.id}/erase`);
  const eventsOf = (entityId: string) => app.db('audit_events').where({ entityId }).orderBy(['occurredAt', 'id']);

  describe('is told as one document', () => {
    it('with all that is anywhere in the database, and no secret', async () => {
      const { status, body: held } = await ask('POST', `/users/${known.id}/export`);
      assert.equal(status, 200);
      const { person } = held;
      for (const name of [
        'email',
        'phone',
        'username',
        'external_id',
        'full_name',
        'given_name',
        'family_name',
      ] as const)
        assert.equal(person[name], body[name], name);
      assert.deepEqual([person.picture_url, person.metadata], [body.picture_url, body.metadata]);
      assert.equal(held.settings.locale, 'fr-CH');
      assert.deepEqual(
        held.identities.map(({ provider, email }: { provider: string; email: string }) => [provider, email]),
        [
          ['password', null],
          ['elsewhere', 'zaphod@elsewhere.example'],
        ],
      );
      for (const [name, count] of Object.entries({ assignments: 2, visibility_grants: 1, invitations: 2, sessions: 1 }))
        assert.equal(held[name].length, count, name);
      assert.deepEqual(held.sessions[0].user_agent, 'ZaphodBrowser/1.0');
      assert.deepEqual(
        held.invitations.map((one: { address: string | null; received: boolean }) => [one.received, one.address]),
        [
          [true, body.email],
          [false, null],
        ],
      );
      assert.ok(!('mfa_enabled' in held.person), 'factors are told by themselves');
      assert.equal(held.grants[0].client_id, known.party.clientId);
      assert.ok(held.tokens.some(({ model }: { model: string }) => model === 'RefreshToken'));
      assert.deepEqual(
        held.codes.map(({ destination, purpose }: Record<string, string>) => `${purpose} ${destination}`),
        ['login', 'login', 'reset_password'].map((purpose) => `${purpose} ${body.email}`),
      );
      assert.ok(held.failures.length > 0);
      assert.equal(held.setup_links.length, 2);
      assert.ok(held.messages.some(({ template }: { template: string }) => template === 'invitation'));
      assert.ok(held.referral.code.code);
      assert.equal(held.referral.referrals[0].referrer_user_id, known.id);
      const actions = new Set(held.events.map(({ action }: { action: string }) => action));
      for (const action of ['user.created', 'login.succeeded', 'token.issued', 'identity.linked', 'user.noted'])
        assert.ok(actions.has(action), action);
      const text = JSON.stringify(held);
      assert.doesNotMatch(text, /\$argon2id|walk by two heads/);
      for (const secret of [known.tokens.access_token, known.tokens.refresh_token as string])
        assert.ok(!text.includes(secret));
      assert.doesNotMatch(text, /trillian/, 'whom they invited is another person');
      assert.equal((await eventsOf(known.id)).at(-1)?.action, 'user.exported');
    });

    it('also after the person was deleted, and to nobody elsewhere', async () => {
      await ask('DELETE', `/users/${known.id}`);
      assert.equal((await ask('POST', `/users/${known.id}/export`)).body.person.email, body.email);
      const there = await askAsService(app, { tenantId: (await app.tenant()).id, capabilities });
      assert.equal((await there('POST', `/users/${known.id}/export`)).status, 404);
      assert.equal((await there('POST', `/users/${known.id}/erase`)).status, 404);
    });
  });

  describe('is erased', () => {
    it('from every table, the queue and all that is sealed', async () => {
      const before = await placesOfTheirs();
      for (const place of [
        'audit_events',
        'invitations',
        'otp_codes',
        'setup_links',
        'user_identities',
        'user_sessions',
        'users',
        'opened idempotency_keys',
        'opened jobs',
        'opened oidc_payloads',
      ])
        assert.ok(
          before.some((name) => name.startsWith(place)),
          `nothing in ${place}: ${before}`,
        );
      const trail = await eventsOf(known.id);
      assert.equal((await erase()).status, 204);
      assert.deepEqual(await placesOfTheirs(), []);

      // The opaque id stays in the trail: who did what, and when.
      const after = await eventsOf(known.id);
      const facts = ({ id, action, actorId, occurredAt }: (typeof after)[number]) => ({
        id,
        action,
        actorId,
        occurredAt,
      });
      assert.deepEqual(after.slice(0, trail.length).map(facts), trail.map(facts));
      assert.deepEqual(after.at(-1)?.action, 'user.erased');
      const left = await app.db('audit_events').where({ actorId: known.id });
      assert.ok(left.length > 0);
      assert.deepEqual([...new Set(left.map(({ ip, userAgent }) => `${ip} ${userAgent}`))], ['null null']);
      const noted = after.filter(({ action }) => action === 'user.noted');
      assert.deepEqual(
        noted.map(({ payload, ip }) => [payload, ip]),
        [
          [{ erased: true }, null],
          [{ erased: true }, null],
        ],
      );
      const [row] = await rows<{ row: string }>(app.db, 'select u::text as row from users u where id = ?', [known.id]);
      assert.ok(row?.row.includes(known.id));
      const { body: held } = await ask('POST', `/users/${known.id}/export`);
      assert.deepEqual([held.person.email, held.identities, held.sessions, held.codes], [null, [], [], []]);
    });

    it('with all that they were signed in to, and the applications are told', async () => {
      const refreshToken = known.tokens.refresh_token as string;
      await erase();
      assert.equal(await userinfoStatus(app.issuer, known.tokens.access_token), 401);
      assert.equal((await refresh(app.issuer, known.party, refreshToken)).body.error, 'invalid_grant');
      await assert.rejects(signIn(known.party, body), /not signed in/);
      const { rows: told } = await app.db.raw(
        `select j.payload from graphile_worker._private_jobs j
           join graphile_worker._private_tasks t on t.id = j.task_id where t.identifier = 'backchannel-logout'`,
      );
      assert.equal(told[0].payload.sub, known.id);
    });

    it('so that all of their addresses and names are free for another', async () => {
      await erase();
      const { status, body: made } = await ask('POST', '/users', body);
      assert.equal(status, 201, JSON.stringify(made));
      assert.notEqual(made.id, known.id);
      const party = await discover(app, await app.relyingParty());
      assert.equal((await signIn(party, body)).tokens.claims()?.sub, made.id);
      // The newcomer is another person: erasing the first again takes nothing from them.
      assert.equal((await erase()).status, 204);
      assert.equal((await ask('GET', `/users/${made.id}`)).body.email, body.email);
    });

    it('so that a late repetition of the request that made them makes nobody', async () => {
      assert.equal((await known.makeAgain()).body.id, known.id);
      await erase();
      const { status, body: refused } = await known.makeAgain();
      assert.deepEqual([status, refused.code], [409, 'IDEMPOTENCY_KEY_REUSED']);
      assert.deepEqual(await app.db('users').where({ email: body.email }), []);
    });

    it('once, however many ask at once and how often', async () => {
      const statuses = (await Promise.all(Array.from({ length: 10 }, erase))).map(({ status }) => status);
      assert.deepEqual([...new Set(statuses)], [204]);
      assert.equal((await erase()).status, 204);
      assert.equal((await app.db('audit_events').where({ action: 'user.erased' })).length, 1);
    });

    it('after they were deleted, too', async () => {
      await ask('DELETE', `/users/${known.id}`);
      assert.ok((await placesOfTheirs()).length > 0);
      assert.equal((await erase()).status, 204);
      // The subject at a provider went with the deletion, and with it what it could be found by.
      assert.deepEqual(await placesOfTheirs(), []);
    });

    it('or not at all', async () => {
      await installFaults(app.db);
      const tables = [
        'users',
        'otp_codes',
        'invitations',
        'setup_links',
        'user_sessions',
        'user_identities',
        'user_settings',
      ];
      const faults = [...tables, 'referral_codes', 'idempotency_keys', 'Grant', 'user.erased', 'user.deleted'];
      for (const fault of faults) {
        const before = await stateOf(app.db);
        await withFault(app.db, fault, async () => assert.equal((await erase()).status, 500, fault));
        assert.deepEqual(await stateOf(app.db), before, fault);
      }
      assert.equal((await erase()).status, 204);
    });

    it('beside others of the same address elsewhere, and of the like', async () => {
      const { id: elsewhere } = await app.tenant();
      const twin = await app.person({ tenantId: elsewhere, email: body.email });
      const like = await app.person({ tenantId: known.tenant.id, email: `b${body.email}` });
      const party = await discover(app, await app.relyingParty({ tenantId: elsewhere }));
      const { tokens } = await signIn(party, twin);
      await erase();
      assert.equal(await userinfoStatus(app.issuer, tokens.access_token), 200);
      const { rows: left } = await app.db.raw('select id from users where email is not null and id in (?, ?)', [
        twin.id,
        like.id,
      ]);
      assert.equal(left.length, 2);
      assert.ok((await eventsOf(twin.id)).some(({ ip }) => ip !== null));
    });

    it('never the last owner, and only by somebody who has just signed in', async () => {
      const { id: tenantId } = known.tenant;
      await give(app, { tenantId, userId: known.id, role: 'owner' });
      const as = performAs(app, { tenantId, userId: known.id });
      const before = await placesOfTheirs();
      await assert.rejects(as('users.erase', { params: { user_id: known.id } }), { code: 'LAST_OWNER' });
      assert.deepEqual(await placesOfTheirs(), before);
      const stale = performAs(app, { tenantId, userId: known.id, authTime: new Date(Date.now() - 3_600_000) });
      for (const id of ['users.erase', 'users.export'])
        await assert.rejects(stale(id, { params: { user_id: known.id } }), { code: 'FRESH_AUTHENTICATION_REQUIRED' });

      const { id: another } = await app.person({ tenantId });
      await give(app, { tenantId, userId: another, role: 'owner' });
      assert.equal((await as('users.erase', { params: { user_id: known.id } })).status, 204);
      assert.deepEqual(await placesOfTheirs(), [], 'by themselves');
    });
  });
});
