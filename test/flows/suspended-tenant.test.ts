import assert from 'node:assert/strict';
import * as openid from 'openid-client';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { activateTenant, suspendTenant } from '../../src/domain/lifecycle/end-tenant.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { discover, signIn } from '../support/relying-party.ts';

describe('suspending a tenant', () => {
  let app: TestApp;
  before(async () => {
    app = await startTestApp();
  });
  after(() => app.stop());

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
});
