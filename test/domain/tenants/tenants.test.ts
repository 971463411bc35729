import assert from 'node:assert/strict';
import { listRoles } from '../../../src/domain/access/roles.ts';
import { systemCaller } from '../../../src/domain/audit/audit-events.ts';
import { purgeAuditEvents } from '../../../src/domain/audit/audit-upkeep.ts';
import { activateTenant, suspendTenant } from '../../../src/domain/lifecycle/end-tenant.ts';
import { findRootNode } from '../../../src/domain/organisation/org-nodes.ts';
import { renameTenant } from '../../../src/domain/organisation/root-node.ts';
import { createTenant } from '../../../src/domain/setup/create-tenant.ts';
import { findTenantById, findTenantBySlug, updateTenantSettings } from '../../../src/domain/tenants/tenants.ts';
import { createDatabase, type Database, firstRow, rows } from '../../../src/platform/database.ts';
import { newId } from '../../../src/platform/ids.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import * as make from '../../support/factories.ts';

describe('tenants', () => {
  let database: TestDatabase;
  let db: Database;

  before(async () => {
    database = await createTestDatabase();
    db = createDatabase({ url: database.url });
  });

  after(async () => {
    await db?.destroy();
    await database?.drop();
  });

  async function actions(tenantId: string): Promise<string[]> {
    const found = await rows<{ action: string }>(
      db,
      'select action from audit_events where tenant_id = ? order by occurred_at, id',
      [tenantId],
    );
    return found.map(({ action }) => action);
  }

  describe('creating a tenant', () => {
    it('makes its root node and its system roles with it, and records each', async () => {
      const tenant = await createTenant(db, { slug: 'northwind', name: '  Northwind ' }, systemCaller);
      assert.equal(tenant.slug, 'northwind');
      assert.equal(tenant.name, 'Northwind');
      assert.equal(tenant.state, 'active');
      const root = await findRootNode(db, tenant.id);
      assert.equal(root?.id, tenant.rootNodeId);
      assert.deepEqual([root?.type, root?.name, root?.parentId, root?.active], ['tenant', 'Northwind', null, true]);
      const { items: roles } = await listRoles(db, { tenantId: tenant.id });
      assert.deepEqual(
        roles.map(({ id, name, isSystem }) => ({ id, name, isSystem })),
        (['owner', 'admin', 'member'] as const).map((name) => ({
          id: tenant.systemRoleIds[name],
          name,
          isSystem: true,
        })),
      );
      assert.deepEqual((await actions(tenant.id)).sort(), [
        'org_node.created',
        'role.created',
        'role.created',
        'role.created',
        'tenant.created',
      ]);
    });

    it('says who made it, and from where', async () => {
      const caller = { type: 'client', id: 'console', ip: '192.0.2.7', userAgent: 'test', requestId: 'r-1' } as const;
      const { id } = await createTenant(db, { slug: 'recorded', name: 'Recorded' }, caller);
      const event = await firstRow(
        db,
        `select actor_type, actor_id, host(ip) as ip, user_agent, request_id, entity_type, entity_id, payload
           from audit_events where tenant_id = ? and action = 'tenant.created'`,
        [id],
      );
      assert.deepEqual(event, {
        actorType: 'client',
        actorId: 'console',
        ip: '192.0.2.7',
        userAgent: 'test',
        requestId: 'r-1',
        entityType: 'tenant',
        entityId: id,
        payload: { slug: 'recorded', name: 'Recorded', settings: {} },
      });
    });

    it('refuses what is no DNS label', async () => {
      for (const slug of ['', 'Upper', '-a', 'a-', 'a.b', 'a_b', 'a b', 'é', 'a\n', 'x'.repeat(64)])
        await assert.rejects(createTenant(db, { slug, name: 'A' }, systemCaller), {
          kind: 'invalid',
          code: 'INVALID_INPUT',
          params: { field: 'slug' },
        });
      for (const slug of ['a', '0', 'a--b', 'x'.repeat(63)]) await createTenant(db, { slug, name: 'A' }, systemCaller);
    });

    it('refuses a blank, an endless and an unreadable name', async () => {
      const refused = (name: string) => createTenant(db, { slug: 'named', name }, systemCaller);
      await assert.rejects(refused(' \t'), { code: 'FIELD_REQUIRED', params: { field: 'name' } });
      await assert.rejects(refused('x'.repeat(201)), { code: 'INVALID_INPUT', params: { field: 'name' } });
      await assert.rejects(refused('a\0b'), { code: 'INVALID_INPUT' });
      await assert.rejects(refused('a\u202eb'), { code: 'INVALID_INPUT' });
      assert.equal(await findTenantBySlug(db, 'named'), undefined);
    });

    it('gives a slug to one of many who want it at once, and leaves nothing of the others', async () => {
      const attempts = await Promise.allSettled(
        Array.from({ length: 8 }, (_, n) => createTenant(db, { slug: 'wanted', name: `Wanted ${n}` }, systemCaller)),
      );
      assert.equal(attempts.filter(({ status }) => status === 'fulfilled').length, 1);
      for (const attempt of attempts)
        if (attempt.status === 'rejected') {
          assert.equal(attempt.reason.kind, 'conflict');
          assert.equal(attempt.reason.code, 'DUPLICATE');
          assert.deepEqual(attempt.reason.params, { field: 'slug' });
        }
      const left = await firstRow<{ nodes: number; events: number }>(
        db,
        `select (select count(*) from org_nodes where name like 'Wanted%') as nodes,
                (select count(*) from audit_events where payload ->> 'slug' = 'wanted') as events`,
      );
      assert.deepEqual(left, { nodes: 1, events: 1 });
    });

    it('goes with the transaction it was made in', async () => {
      await assert.rejects(
        db.transaction(async (trx) => {
          await createTenant(trx, { slug: 'undone', name: 'Undone' }, systemCaller);
          throw new Error('undo');
        }),
        /undo/,
      );
      assert.equal(await findTenantBySlug(db, 'undone'), undefined);
    });
  });

  describe('finding a tenant', () => {
    it('finds it by slug and by id', async () => {
      const { id, slug, name } = await make.createTenant(db);
      assert.equal((await findTenantBySlug(db, slug))?.id, id);
      assert.equal((await findTenantById(db, id))?.name, name);
    });

    it('finds nothing for what nobody has, or nobody can have', async () => {
      assert.equal(await findTenantBySlug(db, 'nobody'), undefined);
      assert.equal(await findTenantBySlug(db, "' or 1=1 --"), undefined);
      assert.equal(await findTenantBySlug(db, '\0'), undefined);
      assert.equal(await findTenantById(db, newId()), undefined);
      assert.equal(await findTenantById(db, 'not-an-id'), undefined);
    });
  });

  describe('suspending a tenant', () => {
    it('and activating it again are each recorded once', async () => {
      const { id } = await make.createTenant(db);
      assert.equal((await suspendTenant(db, id, systemCaller)).state, 'suspended');
      assert.equal((await suspendTenant(db, id, systemCaller)).state, 'suspended');
      assert.equal((await findTenantById(db, id))?.state, 'suspended');
      assert.equal((await activateTenant(db, id, systemCaller)).state, 'active');
      assert.equal((await activateTenant(db, id, systemCaller)).state, 'active');
      assert.deepEqual((await actions(id)).slice(-2), ['tenant.suspended', 'tenant.activated']);
      assert.equal((await actions(id)).length, 7);
    });

    it('refuses one that is not there', async () => {
      const refused = { kind: 'not_found', code: 'NOT_FOUND', params: { entity: 'tenant' } };
      await assert.rejects(suspendTenant(db, newId(), systemCaller), refused);
      await assert.rejects(activateTenant(db, 'not-an-id', systemCaller), refused);
    });
  });

  describe('renaming a tenant', () => {
    it('renames the root of its tree too', async () => {
      const { id, name } = await make.createTenant(db);
      await renameTenant(db, id, 'Southwind', systemCaller);
      assert.equal((await findTenantById(db, id))?.name, 'Southwind');
      assert.equal((await findRootNode(db, id))?.name, 'Southwind');
      await renameTenant(db, id, 'Southwind', systemCaller);
      const events = await rows(
        db,
        `select payload from audit_events where action = 'tenant.renamed' and tenant_id = ?`,
        [id],
      );
      assert.deepEqual(events, [{ payload: { from: name, to: 'Southwind' } }]);
    });
  });

  describe('the settings of a tenant', () => {
    const defaults = {
      signInMethods: ['password', 'otp', 'google'],
      selfSignUp: false,
      signUpEmailDomains: [],
      codeChannels: ['email', 'sms', 'whatsapp'],
      dailyPhoneMessages: null,
      federation: {},
      newDeviceNotices: true,
      sessionHours: null,
      secondFactorFor: 'nobody',
      secondFactorGraceDays: 0,
      factorResetHours: 0,
      selfDeletionDays: 14,
      inactiveErasureDays: null,
      passkeyOffer: true,
      rememberedDeviceDays: 0,
      secondFactorChannels: [],
      clientRegistration: false,
      clientDocuments: false,
      clientDocumentHosts: [],
      branding: { logoUrl: null, accentColor: null, supportUrl: null },
      countryList: [],
      addressLimits: { trustedNetworks: [], signInFailures: null, codes: null },
      usernames: false,
      auditRetentionDays: null,
    };

    async function stored(id: string): Promise<unknown> {
      return (await firstRow<{ settings: unknown }>(db, 'select settings from tenants where id = ?', [id]))?.settings;
    }

    it('are filled in when read, and only what was chosen is stored', async () => {
      const settings = { selfSignUp: true, countryList: ['NO', 'CH', 'NO'], branding: { accentColor: '#0a5' } };
      await assert.rejects(make.createTenant(db, { settings }), { params: { field: 'settings.branding.accentColor' } });
      const tenant = await make.createTenant(db, { settings: { ...settings, branding: { accentColor: '#00aa55' } } });
      assert.deepEqual(tenant.settings, {
        ...defaults,
        selfSignUp: true,
        countryList: ['CH', 'NO'],
        branding: { logoUrl: null, accentColor: '#00aa55', supportUrl: null },
      });
      assert.deepEqual(await stored(tenant.id), {
        selfSignUp: true,
        countryList: ['CH', 'NO'],
        branding: { accentColor: '#00aa55' },
      });
    });

    it('refuse names nobody knows, and values that are none', async () => {
      const refused: [object, string][] = [
        [{ selfSignup: true }, 'settings.selfSignup'],
        [{ branding: { css: 'x' } }, 'settings.branding.css'],
        [{ branding: { logoUrl: 'http://example.test/logo.png' } }, 'settings.branding.logoUrl'],
        [{ branding: { logoUrl: 'javascript:alert(1)' } }, 'settings.branding.logoUrl'],
        [{ branding: { logoUrl: 'https://a:b@example.test/logo.png' } }, 'settings.branding.logoUrl'],
        [{ branding: { logoUrl: 'https://example.test/"><script>' } }, 'settings.branding.logoUrl'],
        [{ branding: { supportUrl: 'http://example.test/' } }, 'settings.branding.supportUrl'],
        [{ branding: { supportUrl: 'javascript:alert(1)//https://example.test' } }, 'settings.branding.supportUrl'],
        [{ branding: { supportUrl: 'mailto:a@example.test?bcc=b@example.test' } }, 'settings.branding.supportUrl'],
        [{ branding: { supportUrl: 'mailto:a@example.test,b@example.test' } }, 'settings.branding.supportUrl'],
        [{ signInMethods: [] }, 'settings.signInMethods'],
        [{ signInMethods: ['Magic link'] }, 'settings.signInMethods.0'],
        [{ countryList: ['ch'] }, 'settings.countryList.0'],
        [{ sessionHours: 0 }, 'settings.sessionHours'],
        [{ addressLimits: { trustedNetworks: ['0.0.0.0/0'] } }, 'settings.addressLimits.trustedNetworks.0'],
        [{ addressLimits: { trustedNetworks: ['::/0'] } }, 'settings.addressLimits.trustedNetworks.0'],
        [{ addressLimits: { trustedNetworks: ['127.1'] } }, 'settings.addressLimits.trustedNetworks.0'],
        [{ addressLimits: { codes: 0 } }, 'settings.addressLimits.codes'],
        [{ auditRetentionDays: 29 }, 'settings.auditRetentionDays'],
        [{ auditRetentionDays: 1.5 }, 'settings.auditRetentionDays'],
        [{ __proto__: null, toString: 'x' }, 'settings.toString'],
      ];
      const { id } = await make.createTenant(db);
      for (const [settings, field] of refused) {
        const error = { kind: 'invalid', code: 'INVALID_INPUT', params: { field } };
        await assert.rejects(make.createTenant(db, { settings }), error);
        await assert.rejects(updateTenantSettings(db, id, settings, systemCaller), error);
      }
      assert.deepEqual(await stored(id), {});
    });

    it('name ways to sign in that are there, and no others', async () => {
      const missing = {
        kind: 'not_found',
        code: 'NOT_FOUND',
        params: { entity: 'identity_provider', value: 'passkee' },
      };
      const { id } = await createTenant(db, { slug: 'strict', name: 'Strict' }, systemCaller);
      const wrong = [{ signInMethods: ['password', 'passkee'] }, { federation: { passkee: {} } }];
      for (const settings of wrong) {
        await assert.rejects(updateTenantSettings(db, id, settings, systemCaller), missing);
        await assert.rejects(createTenant(db, { slug: 'never', name: 'Never', settings }, systemCaller), missing);
      }
      assert.deepEqual([await stored(id), await findTenantBySlug(db, 'never')], [{}, undefined]);
      // What every tenant names by default may be named before it is there; what is named already may stay.
      await updateTenantSettings(db, id, { signInMethods: ['google'], federation: { google: {} } }, systemCaller);
      const there = async (_db: Database, tenantId: string, key: string) => tenantId === id && key === 'okta';
      await updateTenantSettings(db, id, { signInMethods: ['otp', 'okta'] }, systemCaller, there);
      const { settings } = await updateTenantSettings(db, id, { signInMethods: ['okta', 'password'] }, systemCaller);
      assert.deepEqual(settings.signInMethods, ['okta', 'password']);
    });

    it('keep what a change does not name', async () => {
      const logoUrl = 'https://example.test/logo.svg';
      const { id } = await make.createTenant(db, { settings: { sessionHours: 8, branding: { logoUrl } } });
      const branding = { accentColor: '#123456' };
      await updateTenantSettings(db, id, { branding, signInMethods: ['otp', 'otp'] }, systemCaller);
      assert.deepEqual((await findTenantById(db, id))?.settings, {
        ...defaults,
        sessionHours: 8,
        signInMethods: ['otp'],
        branding: { logoUrl, ...branding, supportUrl: null },
      });
      await updateTenantSettings(db, id, { sessionHours: null, branding: { logoUrl: null } }, systemCaller);
      const { settings } = (await findTenantById(db, id)) ?? {};
      assert.deepEqual(
        [settings?.sessionHours, settings?.branding],
        [null, { logoUrl: null, ...branding, supportUrl: null }],
      );
      assert.equal((await actions(id)).filter((action) => action === 'tenant.settings_changed').length, 2);
    });

    it('lose nothing when two change different ones at once', async () => {
      const { id } = await make.createTenant(db);
      await Promise.all([
        updateTenantSettings(db, id, { selfSignUp: true }, systemCaller),
        updateTenantSettings(db, id, { countryList: ['SE'] }, systemCaller),
        updateTenantSettings(db, id, { sessionHours: 4 }, systemCaller),
      ]);
      assert.deepEqual((await findTenantById(db, id))?.settings, {
        ...defaults,
        selfSignUp: true,
        countryList: ['SE'],
        sessionHours: 4,
      });
    });

    it('that are empty change nothing and record nothing', async () => {
      const { id } = await make.createTenant(db);
      const before = await actions(id);
      await updateTenantSettings(db, id, {}, systemCaller);
      assert.deepEqual(await actions(id), before);
      await assert.rejects(updateTenantSettings(db, newId(), {}, systemCaller), { code: 'NOT_FOUND' });
    });

    it('that are as they were change nothing and record nothing', async () => {
      const settings = { countryList: ['CH', 'FR'], branding: { accentColor: '#00aa55' } };
      const { id } = await make.createTenant(db, { settings });
      const before = await actions(id);
      await updateTenantSettings(db, id, { countryList: ['FR', 'CH', 'FR'], branding: {} }, systemCaller);
      assert.deepEqual(await actions(id), before);
      // Chosen, though it is the default: a default that changes later does not reach it.
      await updateTenantSettings(db, id, { selfSignUp: false }, systemCaller);
      assert.deepEqual(await actions(id), [...before, 'tenant.settings_changed']);
      assert.deepEqual(await stored(id), { ...settings, selfSignUp: false });
    });

    it('written by a newer version are read for what is known of them', async () => {
      const { id } = await make.createTenant(db);
      await db('tenants')
        .where({ id })
        .update({ settings: JSON.stringify({ selfSignUp: true, fromTomorrow: 1 }) });
      assert.deepEqual((await findTenantById(db, id))?.settings, { ...defaults, selfSignUp: true });
      await updateTenantSettings(db, id, { sessionHours: 1 }, systemCaller);
      assert.deepEqual(await stored(id), { selfSignUp: true, fromTomorrow: 1, sessionHours: 1 });
    });

    it('say how long audit events are kept', async () => {
      const short = await make.createTenant(db, { settings: { auditRetentionDays: 30 } });
      const usual = await make.createTenant(db, { settings: { auditRetentionDays: null } });
      for (const { id: tenantId } of [short, usual])
        await db('audit_events').insert({
          tenantId,
          actorType: 'system',
          action: 'test.old',
          occurredAt: new Date(Date.now() - 31 * 86_400_000),
        });
      await purgeAuditEvents(db, 180);
      assert.equal((await actions(short.id)).includes('test.old'), false);
      assert.equal((await actions(usual.id)).includes('test.old'), true);
    });
  });
});
