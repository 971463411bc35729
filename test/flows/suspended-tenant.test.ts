import assert from 'node:assert/strict';
import * as openid from 'openid-client';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { deactivateUser } from '../../src/domain/lifecycle/end-person.ts';
import { activateTenant, suspendTenant } from '../../src/domain/lifecycle/end-tenant.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { createApi, introspect, postAs, userinfoStatus } from '../support/endpoints.ts';
import { eventually } from '../support/eventually.ts';
import { discover, enterPassword, signIn, startSignIn } from '../support/relying-party.ts';

describe('suspending a tenant', () => {
  let app: TestApp;
  before(async () => {
    app = await startTestApp();
  });
  after(() => app?.stop());

  it('ends what its people hold at once, and nobody else loses anything', async () => {
    const [tenant, other] = [await app.tenant(), await app.tenant()];
    const party = await discover(app, await app.relyingParty());
    const held = await signIn(party, await app.person({ tenantId: tenant.id }));
    const theirs = await signIn(party, await app.person({ tenantId: other.id }));
    await suspendTenant(app.db, tenant.id, systemCaller);

    await assert.rejects(openid.refreshTokenGrant(party.config, held.tokens.refresh_token as string), {
      error: 'invalid_grant',
    });
    assert.equal((await openid.tokenIntrospection(party.config, held.tokens.access_token)).active, false);
    assert.equal((await openid.tokenIntrospection(party.config, theirs.tokens.access_token)).active, true);
    const { rows } = await app.db.raw(
      `select count(*) as live from user_sessions where tenant_id = ? and revoked_at is null`,
      [tenant.id],
    );
    assert.equal(rows[0].live, 0);

    await activateTenant(app.db, tenant.id, systemCaller);
    const page = await held.browser.open(`${app.issuer}/account`);
    assert.match(page.body, /name="password"/, 'a session that ended does not come back');
  });

  it('leaves nothing alive that is asked for while it happens, also after the tenant is let in again', async () => {
    const tenant = await app.tenant();
    const api = await createApi(app);
    const party = await discover(app, await app.relyingParty());
    const machine = await app.service({ tenantId: tenant.id, capabilities: api.capabilities });
    const reader = await app.service({ resourceServerId: api.id });
    const people = await Promise.all(Array.from({ length: 4 }, () => app.person({ tenantId: tenant.id })));
    const lines = await Promise.all(people.map(async (person) => (await signIn(party, person)).tokens));

    const access: string[] = lines.map((tokens) => tokens.access_token);
    const refreshTokens: string[] = lines.map((tokens) => tokens.refresh_token as string);
    const machines: string[] = [];
    let stopped = false;
    const untilStopped = async (work: () => Promise<void>): Promise<void> => {
      // What is refused is refused because the tenant is stopped: it shows below that nothing else went wrong.
      while (!stopped) await work().catch(() => undefined);
    };
    const load = [
      ...lines.map(({ refresh_token: first }) => {
        let line = first as string;
        return untilStopped(async () => {
          const tokens = await openid.refreshTokenGrant(party.config, line);
          line = tokens.refresh_token as string;
          refreshTokens.push(line);
          access.push(tokens.access_token);
        });
      }),
      ...people.map((person) =>
        untilStopped(async () => {
          const { tokens } = await signIn(party, person);
          refreshTokens.push(tokens.refresh_token as string);
          access.push(tokens.access_token);
        }),
      ),
      untilStopped(async () => {
        const form = { grant_type: 'client_credentials', resource: api.identifier };
        const { body } = await postAs(`${app.issuer}/token`, machine, form);
        if (body.access_token) machines.push(body.access_token);
      }),
    ];
    await eventually(() => access.length > 12 && machines.length > 0);
    await suspendTenant(app.db, tenant.id, systemCaller);
    stopped = true;
    await Promise.all(load);

    const check = async (): Promise<void> => {
      const userinfo = await Promise.all(access.map((token) => userinfoStatus(app.issuer, token)));
      assert.deepEqual(new Set(userinfo), new Set([401]));
      for (const token of machines) assert.equal((await introspect(app.issuer, reader, token)).body.active, false);
      const live = await app.db('user_sessions').where({ tenantId: tenant.id, revokedAt: null });
      assert.deepEqual(live, []);
    };
    await check();
    await activateTenant(app.db, tenant.id, systemCaller);
    await check();
    for (const token of refreshTokens)
      await assert.rejects(openid.refreshTokenGrant(party.config, token), { error: 'invalid_grant' });
    assert.doesNotMatch(app.logs(), /"level":"error"|deadlock/);
  });
});

describe('stopping a person', () => {
  let app: TestApp;
  before(async () => {
    app = await startTestApp();
  });
  after(() => app.stop());

  it('and their proving themselves again in the same session wait for each other instead of locking up', async () => {
    const party = await discover(app, await app.relyingParty());
    const person = await app.person();
    const { browser } = await signIn(party, person);
    const { loginAt } = await app.db('user_sessions').where({ userId: person.id }).first();
    // A session knows its proof by the second.
    await eventually(() => Date.now() >= loginAt.getTime() + 1000);
    const { address } = await startSignIn(party, { prompt: 'login' });
    const page = await browser.open(address.href);
    const waiting = async (count: number): Promise<boolean> => {
      const { rows: found } = await app.db.raw(
        `select count(*) as waiting from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      );
      return found[0].waiting >= count;
    };

    const held = await app.db.transaction();
    await held('user_sessions').where({ userId: person.id }).forUpdate();
    const proving = enterPassword(browser, page, person);
    await eventually(() => waiting(1));
    const stopping = deactivateUser(app.db, { tenantId: person.tenantId, userId: person.id }, systemCaller);
    await eventually(() => waiting(2));
    await held.rollback();
    await Promise.all([stopping, proving]);

    const live = await app.db('user_sessions').where({ userId: person.id, revokedAt: null });
    assert.deepEqual(live, []);
    assert.deepEqual(await app.db('oidc_payloads').where({ accountId: person.id, model: 'Session' }), []);
    assert.doesNotMatch(app.logs(), /"level":"error"|deadlock/);
  });
});
