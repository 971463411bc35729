/** The promise of docs/security.md: no change without its event, no event without its change, and no way to alter one. */
import assert from 'node:assert/strict';
import { recordEvent, systemCaller } from '../../src/domain/audit/audit-events.ts';
import { ensureAuditPartitions, purgeAuditEvents } from '../../src/domain/audit/audit-upkeep.ts';
import { revokeSession } from '../../src/domain/sessions/sessions.ts';
import { newId } from '../../src/platform/ids.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import {
  type AuditRow,
  eventsOf,
  eventsSince,
  installFaults,
  payloadsOf,
  stateOf,
  withFault,
} from '../support/audit.ts';
import { Browserless } from '../support/browserless.ts';
import { createApi, post, postAs, refresh } from '../support/endpoints.ts';
import { discover, enterPassword, redirectUri, signIn, startSignIn } from '../support/relying-party.ts';

describe('the audit trail', function () {
  this.timeout(120_000);
  let app: TestApp;
  before(async () => {
    app = await startTestApp();
    await installFaults(app.db);
  });
  after(() => app?.stop());

  describe('of what people and clients do', () => {
    const agent = 'Audited Browser/1.0';
    type Person = Awaited<ReturnType<TestApp['person']>>;
    let person: Person;
    beforeEach(async () => {
      person = await app.person();
    });

    const only = (events: AuditRow[], action: string): AuditRow => {
      const found = events.filter((event) => event.action === action);
      assert.equal(found.length, 1, `${action} in ${events.map((event) => event.action)}`);
      return found[0] as AuditRow;
    };
    const actionsOf = (events: AuditRow[]) => events.map(({ action }) => action).sort();
    const browser = () => new Browserless({ 'user-agent': agent });

    it('tells of a sign-in: who, by what, for which application, from where', async () => {
      const party = await discover(app, await app.relyingParty());
      const { events, result } = await eventsOf(app.db, () => signIn(party, person, { browser: browser() }));
      assert.deepEqual(actionsOf(events), ['grant.created', 'login.succeeded', 'token.issued']);
      const login = only(events, 'login.succeeded');
      const { sessionId, ...payload } = login.payload;
      assert.deepEqual(payload, { amr: ['pwd'], acr: 'urn:gatehouse:acr:aal1', clientId: party.clientId });
      assert.deepEqual(
        [login.tenantId, login.actorType, login.actorId, login.entityType, login.entityId, login.userAgent],
        [person.tenantId, 'user', person.id, 'user', person.id, agent],
      );
      assert.match(login.ip ?? '', /^(?:127\.0\.0\.1|::1)$/);
      assert.match(login.requestId ?? '', /^[\w-]{36}$/);
      const session = await app.db('user_sessions').where({ userId: person.id }).first('id');
      assert.equal(sessionId, session.id);
      const issued = only(events, 'token.issued');
      assert.deepEqual([issued.tenantId, issued.entityId], [person.tenantId, party.clientId]);
      assert.equal(issued.payload.accountId, person.id);
      assert.ok(result.tokens.access_token);
    });

    it('has no sign-in without its event, and no event without the sign-in', async () => {
      const party = await discover(app, await app.relyingParty());
      for (const fault of ['login.succeeded', 'user_sessions', 'Session']) {
        const before = await stateOf(app.db, ['user_sessions', 'session_clients', 'users']);
        const visitor = browser();
        const page = await visitor.open((await startSignIn(party)).address.href, redirectUri);
        const { events, result } = await eventsOf(app.db, () =>
          withFault(app.db, fault, () => enterPassword(visitor, page, person)),
        );
        assert.equal(result.status, 500, fault);
        assert.doesNotMatch(result.body, /out of order/);
        assert.deepEqual(
          actionsOf(events).filter((action) => action === 'login.succeeded'),
          [],
          fault,
        );
        assert.deepEqual(await stateOf(app.db, ['user_sessions', 'session_clients', 'users']), before, fault);
      }
    });

    it('tells of a refused sign-in and why, and never what was typed', async () => {
      const party = await discover(app, await app.relyingParty());
      const visitor = browser();
      const page = await visitor.open((await startSignIn(party)).address.href, redirectUri);
      const attempt = (login: string, password: string) =>
        eventsOf(app.db, () => visitor.submit(page, { login, password }));
      const wrong = only((await attempt(person.email, 'typed-canary-1')).events, 'login.failed');
      assert.deepEqual(wrong.payload, { method: 'pwd', reason: 'wrong_password' });
      assert.deepEqual([wrong.tenantId, wrong.entityId, wrong.userAgent], [person.tenantId, person.id, agent]);
      const unknown = only((await attempt('typed-canary-2@example.test', 'typed-canary-3')).events, 'login.failed');
      assert.deepEqual(unknown.payload, { method: 'pwd', reason: 'unknown_account' });
      assert.equal(unknown.entityId, null);
      assert.doesNotMatch(JSON.stringify([wrong, unknown]), /typed-canary/);
      const lost = await withFault(app.db, 'login.failed', () => attempt(person.email, 'typed-canary-1'));
      assert.equal(lost.result.status, 500, 'a refusal that cannot be told is no answer');
    });

    it('tells of consent, what it adds later, and its refusal', async () => {
      const party = await discover(app, await app.relyingParty({ firstParty: false }));
      const visitor = browser();
      const first = await eventsOf(app.db, () =>
        signIn(party, person, { browser: visitor, parameters: { scope: 'openid email' } }),
      );
      const created = only(first.events, 'grant.created');
      assert.deepEqual([created.payload.scope, created.payload.accountId], ['openid email', person.id]);
      assert.equal(created.entityId, party.clientId);

      const more = await eventsOf(app.db, () =>
        signIn(party, person, { browser: visitor, parameters: { scope: 'openid email phone' } }),
      );
      const changed = only(more.events, 'grant.changed');
      assert.equal(changed.payload.scope, 'openid email phone');

      const page = await visitor.open(
        (await startSignIn(party, { scope: 'openid profile', prompt: 'consent' })).address.href,
        redirectUri,
      );
      const refusing = () => visitor.submit(page, { decision: 'deny' }, { until: redirectUri });
      const lost = await withFault(app.db, 'consent.refused', () => eventsOf(app.db, refusing));
      assert.equal(lost.result.status, 500);
      const { events, result } = await eventsOf(app.db, refusing);
      const refused = only(events, 'consent.refused');
      assert.deepEqual([refused.entityId, refused.actorId], [party.clientId, person.id]);
      assert.match(result.location ?? '', /error=access_denied/);
    });

    it('has no grant without its event, and no event without the grant', async () => {
      const party = await discover(app, await app.relyingParty({ firstParty: false }));
      const visitor = browser();
      const { address } = await startSignIn(party, { scope: 'openid email' });
      const page = await enterPassword(visitor, await visitor.open(address.href, redirectUri), person);
      assert.match(page.body, /name="decision"/);
      for (const fault of ['grant.created', 'Grant']) {
        const before = await payloadsOf(app.db, ['Grant']);
        const { events, result } = await eventsOf(app.db, () =>
          withFault(app.db, fault, () => visitor.submit(page, { decision: 'allow' }, { until: redirectUri })),
        );
        assert.equal(result.status, 500, fault);
        assert.deepEqual(await payloadsOf(app.db, ['Grant']), before, fault);
        assert.deepEqual(actionsOf(events), [], fault);
      }
    });

    it('has no token without its event, and no event without the token', async () => {
      const api = await createApi(app);
      const opaqueApi = await createApi(app, { tokenFormat: 'opaque' });
      const service = await app.service({ capabilities: [...api.capabilities, ...opaqueApi.capabilities] });
      for (const resource of [api.identifier, opaqueApi.identifier]) {
        const ask = () => postAs(`${app.issuer}/token`, service, { grant_type: 'client_credentials', resource });
        for (const fault of ['token.issued', 'ClientCredentials', 'service_sessions']) {
          const before = await stateOf(app.db, ['oidc_payloads', 'service_sessions']);
          const { events, result } = await eventsOf(app.db, () => withFault(app.db, fault, ask));
          assert.equal(result.status, 500, fault);
          assert.deepEqual(await stateOf(app.db, ['oidc_payloads', 'service_sessions']), before, fault);
          assert.deepEqual(actionsOf(events), [], fault);
        }
        const { events, result } = await eventsOf(app.db, ask);
        const issued = only(events, 'token.issued');
        assert.deepEqual([issued.actorType, issued.actorId], ['client', service.clientId]);
        assert.equal(issued.payload.aud, resource);

        const revoke = () => postAs(`${app.issuer}/revoke`, service, { token: result.body.access_token });
        for (const fault of ['token.revoked', 'ClientCredentials']) {
          const before = await stateOf(app.db, ['oidc_payloads', 'service_sessions']);
          const lost = await eventsOf(app.db, () => withFault(app.db, fault, revoke));
          assert.notEqual(lost.result.status, 200, 'a revocation that failed is not told as done');
          assert.deepEqual(await stateOf(app.db, ['oidc_payloads', 'service_sessions']), before, fault);
          assert.deepEqual(actionsOf(lost.events), [], fault);
        }
        const revoked = only((await eventsOf(app.db, revoke)).events, 'token.revoked');
        assert.equal(revoked.entityId, service.clientId);
        assert.deepEqual((await eventsOf(app.db, revoke)).events, [], 'nothing more to revoke, nothing to tell');
      }
    });

    it('tells of a stolen refresh token, and of a code that is used twice', async () => {
      const client = await app.relyingParty();
      const party = await discover(app, client);
      const { tokens, callback } = await signIn(party, person);
      const [old, next] = [
        tokens.refresh_token as string,
        (await refresh(app.issuer, client, tokens.refresh_token as string)).body,
      ];
      await refresh(app.issuer, client, next.refresh_token);
      // Past the ten seconds in which a used token leads along its line.
      await app
        .db('oidc_payloads')
        .where({ model: 'RefreshToken', clientId: client.clientId })
        .whereNotNull('consumedAt')
        .update({ consumedAt: new Date(Date.now() - 11_000) });
      const { events, result } = await eventsOf(app.db, () => refresh(app.issuer, client, old), 'token.refused');
      assert.equal(result.body.error, 'invalid_grant');
      const reused = only(events, 'token.reused');
      assert.deepEqual(
        [reused.entityId, reused.tenantId, reused.payload.model],
        [party.clientId, person.tenantId, 'RefreshToken'],
      );

      // What repeats within a minute is told of later, with its count.
      await app.db('repeated_refusals').delete();
      const again = await eventsOf(
        app.db,
        () =>
          postAs(`${app.issuer}/token`, client, {
            grant_type: 'authorization_code',
            code: callback.searchParams.get('code') as string,
            redirect_uri: redirectUri,
            code_verifier: 'x'.repeat(43),
          }),
        'token.refused',
      );
      assert.equal(again.result.status, 400);
      assert.equal(only(again.events, 'token.refused').payload.error, 'invalid_grant');
    });

    it('has no end of a session without its event, and no event without the end', async () => {
      const party = await discover(app, await app.relyingParty());
      const { browser: visitor, tokens } = await signIn(party, person, { browser: browser() });
      const query = new URLSearchParams({ id_token_hint: tokens.id_token as string });
      const leave = async () => {
        const page = await visitor.open(`${app.issuer}/logout?${query}`);
        return visitor.submit(page, { logout: 'yes' });
      };
      for (const fault of ['session.ended', 'user_sessions']) {
        const before = await stateOf(app.db, ['user_sessions']);
        const { events, result } = await eventsOf(app.db, () => withFault(app.db, fault, leave));
        assert.equal(result.status, 500, fault);
        assert.deepEqual(await stateOf(app.db, ['user_sessions']), before, fault);
        assert.deepEqual(
          actionsOf(events).filter((action) => action === 'session.ended'),
          [],
          fault,
        );
      }
      const { events } = await eventsOf(app.db, leave);
      const ended = only(events, 'session.ended');
      assert.deepEqual([ended.tenantId, ended.entityId, ended.actorId], [person.tenantId, person.id, person.id]);
    });

    it('holds the end of a session elsewhere, both or neither', async () => {
      const party = await discover(app, await app.relyingParty());
      await signIn(party, person);
      const { id: sessionId } = await app.db('user_sessions').where({ userId: person.id }).first('id');
      const end = () =>
        revokeSession(
          app.db,
          { tenantId: person.tenantId, userId: person.id, sessionId },
          { type: 'user', id: person.id },
        );
      const before = await stateOf(app.db);
      for (const fault of ['session.revoked', 'user_sessions', 'Session'])
        await withFault(app.db, fault, () => assert.rejects(end(), /out of order/));
      assert.deepEqual(await stateOf(app.db), before);
      only((await eventsOf(app.db, end)).events, 'session.revoked');
    });

    it('tells of refusals to clients, and nothing of requests that anybody can send', async () => {
      const client = await app.relyingParty();
      const wrong = await eventsOf(
        app.db,
        () =>
          postAs(
            `${app.issuer}/token`,
            { ...client, clientSecret: 'ghs_wrong-canary' },
            { grant_type: 'client_credentials' },
          ),
        'token.refused',
      );
      assert.equal(wrong.result.status, 401);
      const refused = only(wrong.events, 'token.refused');
      assert.deepEqual([refused.entityId, refused.payload.error], [client.clientId, 'invalid_client']);
      assert.doesNotMatch(JSON.stringify(refused), /wrong-canary/);
      const noise = await eventsOf(app.db, async () => {
        for (const body of ['', 'grant_type=nobody', 'client_id=nobody&client_secret=x&grant_type=client_credentials'])
          await post(`${app.issuer}/token`, body);
      });
      assert.deepEqual(noise.events, []);
    });

    it('takes text that PostgreSQL has no room for', async () => {
      const client = await app.relyingParty();
      const { events, result } = await eventsOf(
        app.db,
        () =>
          postAs(`${app.issuer}/par`, client, {
            client_id: client.clientId,
            response_type: 'code',
            redirect_uri: redirectUri,
            scope: 'openid',
            code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
            code_challenge_method: 'S256',
            resource: 'urn:x:\0',
          }),
        'authorization.refused',
      );
      assert.deepEqual(actionsOf(events), ['authorization.refused'], JSON.stringify(result));
      assert.doesNotMatch(app.logs(), /could not be written/);
    });
  });

  describe('once written', () => {
    it('cannot be changed, deleted or emptied, by any of its names', async () => {
      await recordEvent(app.db, { action: 'test.kept' }, systemCaller);
      const found = await app.db.raw(
        `select inhrelid::regclass::text as name from pg_inherits where inhparent = 'audit_events'::regclass`,
      );
      const parts = (found.rows as { name: string }[]).map(({ name }) => name);
      assert.ok(parts.length >= 4, parts.join());
      const before = await eventsSince(app.db, undefined);
      for (const name of ['audit_events', ...parts]) {
        const rows = await app.db.raw(`select count(*) as rows from ${name}`);
        if (rows.rows[0].rows > 0) {
          await assert.rejects(app.db.raw(`update ${name} set action = 'test.changed'`), /append-only/, name);
          await assert.rejects(app.db.raw(`delete from ${name}`), /append-only/, name);
        }
        await assert.rejects(app.db.raw(`truncate ${name}`), /append-only/, name);
      }
      await assert.rejects(app.db.raw('truncate audit_events cascade'), /append-only/);
      assert.deepEqual(await eventsSince(app.db, undefined), before);
    });

    it('lies in the partition of its month, and the next months have theirs', async () => {
      const months = await app.db.raw(
        `select to_char(date_trunc('month', now() at time zone 'UTC') + make_interval(months => n), 'YYYY_MM') as month
           from generate_series(0, 2) n`,
      );
      for (const { month } of months.rows) {
        const part = await app.db.raw(`select to_regclass(?) as part`, [`audit_events_${month}`]);
        assert.ok(part.rows[0].part, month);
      }
      await recordEvent(app.db, { action: 'test.placed' }, systemCaller);
      const placed = await app.db.raw(
        `select tableoid::regclass::text as part from audit_events where action = 'test.placed'`,
      );
      assert.equal(placed.rows[0].part, `audit_events_${months.rows[0].month}`);
      // Many processes start at once.
      await Promise.all(Array.from({ length: 8 }, () => ensureAuditPartitions(app.db)));
      const makeOne = () => app.db.raw('select ensure_audit_partitions(14) as more');
      while ((await makeOne()).rows[0].more);
      const more = await app.db.raw(
        `select count(*) as parts from pg_inherits where inhparent = 'audit_events'::regclass`,
      );
      assert.equal(more.rows[0].parts, 16);
    });

    it('takes what comes for a month without a partition', async () => {
      await app.db('audit_events').insert({
        id: newId(),
        actorType: 'system',
        action: 'test.late',
        occurredAt: new Date('2019-01-31T23:59:59Z'),
      });
      const found = await app.db.raw(
        `select tableoid::regclass::text as part from audit_events where action = 'test.late'`,
      );
      assert.equal(found.rows[0].part, 'audit_events_default');
    });

    it('goes when its time is over: the server’s, or that of its tenant', async () => {
      const [short, long, usual] = [
        await app.tenant({ settings: { auditRetentionDays: 30 } }),
        await app.tenant({ settings: { auditRetentionDays: 400 } }),
        await app.tenant(),
      ];
      const ages = [1, 29, 31, 179, 181, 399, 401];
      for (const [name, tenantId] of [
        ['short', short.id],
        ['long', long.id],
        ['usual', usual.id],
        ['none', null],
      ] as const)
        for (const days of ages)
          await app.db('audit_events').insert({
            id: newId(),
            tenantId,
            actorType: 'system',
            action: 'test.aged',
            entityId: `${name} ${days}`,
            occurredAt: new Date(Date.now() - days * 86_400_000),
          });
      for (const days of [29, 0, -1]) await assert.rejects(purgeAuditEvents(app.db, days), /at least 30 days/);
      await purgeAuditEvents(app.db, 180);
      const left = await app
        .db('audit_events')
        .where({ action: 'test.aged' })
        .orderBy('occurredAt', 'desc')
        .select('entityId');
      assert.deepEqual(
        left.map(({ entityId }) => entityId).sort(),
        [
          ...[1, 29].map((days) => `short ${days}`),
          ...[1, 29, 31, 179, 181, 399].map((days) => `long ${days}`),
          ...[1, 29, 31, 179].flatMap((days) => [`usual ${days}`, `none ${days}`]),
        ].sort(),
      );
      await assert.rejects(app.db.raw(`delete from audit_events where action = 'test.aged'`), /append-only/);
    });

    it('never has a secret in it, no matter who hands one over', async () => {
      const canary = 'canary-3f9c';
      await recordEvent(
        app.db,
        {
          action: 'test.canary',
          payload: {
            password: canary,
            newPassword: canary,
            client_secret: canary,
            clientSecret: canary,
            access_token: canary,
            refreshToken: canary,
            code: canary,
            userCode: canary,
            clientAssertion: canary,
            Authorization: canary,
            cookie: canary,
            privateKey: canary,
            private_key: canary,
            apiKey: canary,
            api_key: canary,
            passphrase: canary,
            nested: { deeper: { token: canary, kept: 'yes' } },
            listed: [{ secret: canary, kept: 'yes' }, [{ password: canary }]],
            kept: 'yes',
          },
        },
        systemCaller,
      );
      const { payload } = await app.db('audit_events').where({ action: 'test.canary' }).first('payload');
      assert.deepEqual(payload, {
        nested: { deeper: { kept: 'yes' } },
        listed: [{ kept: 'yes' }, [{}]],
        kept: 'yes',
      });
    });
  });
});
