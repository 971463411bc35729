/** A tenant that is taken back, or comes in elsewhere, is what it was: what was stopped before it went is stopped afterwards. */
import assert from 'node:assert/strict';
import { systemCaller } from '../../../src/domain/audit/audit-events.ts';
import { createClient } from '../../../src/domain/clients/clients.ts';
import { disableClient } from '../../../src/domain/lifecycle/end-client.ts';
import { deactivateUser } from '../../../src/domain/lifecycle/end-person.ts';
import {
  activateTenant,
  moveTenantAway,
  suspendTenant,
  takeTenantBack,
} from '../../../src/domain/lifecycle/end-tenant.ts';
import {
  addIdentityProvider,
  setIdentityProviderState,
} from '../../../src/domain/methods/federation/identity-providers.ts';
import { deactivateOrgNode } from '../../../src/domain/organisation/org-nodes.ts';
import { createWebhook, setWebhookState } from '../../../src/domain/webhooks/webhooks.ts';
import * as make from '../../support/factories.ts';
import { createInstallation, exported, type Installation, imported, tenantAt } from '../../support/moved-tenant.ts';

describe('a tenant that was away', () => {
  let from: Awaited<ReturnType<typeof createInstallation>>;
  let to: Awaited<ReturnType<typeof createInstallation>>;

  before(async () => {
    from = await createInstallation('https://old.example.test');
    to = await createInstallation('https://new.example.test');
  });
  after(async () => {
    await Promise.all([from?.close(), to?.close()]);
  });

  /** What happened to it, oldest first. */
  const trailOf = async ({ db }: Installation, tenantId: string) =>
    (await db('audit_events').where({ tenantId, entityType: 'tenant' }).orderBy('id').select('action')).map(
      ({ action }) => action,
    );
  const away = (tenantId: string) => moveTenantAway(from.db, { tenantId, issuer: to.issuer }, systemCaller);

  it('is active again where it was, once', async () => {
    const { id } = await make.createTenant(from.db);
    await away(id);
    await Promise.all(Array.from({ length: 8 }, () => takeTenantBack(from.db, id, systemCaller)));
    const tenant = await tenantAt(from, id);
    assert.deepEqual([tenant.state, tenant.movedTo, tenant.movedState], ['active', null, null]);
    assert.deepEqual((await trailOf(from, id)).slice(-3), ['tenant.moved', 'tenant.returned', 'tenant.activated']);
  });

  it('is stopped where it was stopped, also when the same move was asked for twice', async () => {
    const { id } = await make.createTenant(from.db);
    await suspendTenant(from.db, id, systemCaller);
    await away(id);
    await away(id);
    const back = await takeTenantBack(from.db, id, systemCaller);
    assert.deepEqual([back.state, back.movedTo], ['suspended', null]);
    assert.deepEqual((await trailOf(from, id)).slice(-3), ['tenant.suspended', 'tenant.moved', 'tenant.returned']);
    assert.equal((await activateTenant(from.db, id, systemCaller)).state, 'active', 'an operator lets it in');
    await away(id);
    assert.equal((await takeTenantBack(from.db, id, systemCaller)).state, 'active', 'what it was the last time counts');
  });

  it('says where it comes in whether it was stopped, and one that waited to be let in still waits', async () => {
    const { id } = await make.createTenant(from.db);
    await suspendTenant(from.db, id, systemCaller);
    assert.equal((await imported(to, await exported(from, id), { dryRun: true })).header.tenant.state, 'suspended');
    await activateTenant(from.db, id, systemCaller);
    await away(id);
    const came = await imported(to, await exported(from, id));
    assert.equal(came.header.tenant.state, 'active');
    const { db } = to;
    await moveTenantAway(db, { tenantId: id, issuer: 'https://third.example.test' }, systemCaller);
    const back = await takeTenantBack(db, id, systemCaller);
    assert.deepEqual([back.state, back.arrivedAt instanceof Date], ['suspended', true]);
  });

  it('has whatever was stopped in it stopped, here and there', async () => {
    const { id: tenantId } = await make.createTenant(from.db);
    const person = await make.createUser(from.db, { tenantId });
    const node = await make.createNode(from.db, { tenantId });
    const { client } = await createClient(
      from.db,
      { tenantId, kind: 'web', name: 'App', redirectUris: ['https://app.example.test/'] },
      systemCaller,
    );
    const doing = { secrets: from.secrets, caller: systemCaller, allowHttp: false };
    const provider = { tenantId, key: 'stopped-one', name: 'P', issuer: 'https://p.example.test', clientId: 'c' };
    await addIdentityProvider(from.db, provider, doing);
    const hook = await createWebhook(
      from.db,
      { tenantId, name: 'W', url: 'https://w.example.test/', types: [] },
      doing,
    );
    await deactivateUser(from.db, { tenantId, userId: person.id }, systemCaller);
    await deactivateOrgNode(from.db, { tenantId, orgNodeId: node.id }, systemCaller);
    await disableClient(from.db, client.clientId, systemCaller);
    await setIdentityProviderState(from.db, provider.key, 'disabled', systemCaller);
    await setWebhookState(from.db, { tenantId, webhookId: hook.id, state: 'paused' }, systemCaller);
    const states = async ({ db }: Installation) => [
      await db('users').where({ tenantId }).orderBy('id').select('id', 'state', 'deactivatedAt'),
      await db('orgNodes').where({ tenantId }).orderBy('id').select('id', 'active'),
      await db('clients').where({ tenantId }).select('id', 'state'),
      await db('identityProviders').where({ tenantId }).select('id', 'state'),
      await db('eventReceivers').where({ tenantId }).select('id', 'state'),
    ];
    const before = await states(from);
    assert.match(JSON.stringify(before), /inactive.*false.*disabled.*disabled.*paused/);

    await away(tenantId);
    const text = await exported(from, tenantId);
    await takeTenantBack(from.db, tenantId, systemCaller);
    await imported(to, text);
    await activateTenant(to.db, tenantId, systemCaller);
    assert.deepEqual([await states(from), await states(to)], [before, before]);
  });
});
