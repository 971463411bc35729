/** Tenants in the configuration file: that they are there, what they are called, whether they may act, and what they decide. */
import { z } from 'zod';
import { systemCaller } from '../../../domain/audit/audit-events.ts';
import { createTenant } from '../../../domain/setup/create-tenant.ts';
import { listTenants } from '../../../domain/tenants/list-tenants.ts';
import { findTenantById } from '../../../domain/tenants/tenants.ts';
import { present } from '../../present.ts';
import { name as displayName } from '../../shapes.ts';
import { SettingsChange, TenantSettings } from '../../tenant-settings.ts';
import { type Entry, everyPage, type Found, type Section } from '../section.ts';

/** They are made and not removed: a tenant that a file does not name is none of its business. */
export const tenantsSection: Section = {
  key: 'tenants',
  noun: 'tenant',
  of: ['server'],
  name: z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/),
  entry: z.strictObject({ name: displayName.optional(), state: z.enum(['active', 'suspended']).optional() }),
  read: async ({ db }) => {
    const tenants = await everyPage((page) => listTenants(db, page));
    return new Map(
      tenants.map(({ id, slug, name, state }): [string, Found] => [
        slug,
        { id, entry: { name, state }, isFixed: true },
      ]),
    );
  },
  async add(scope, slug, { name, state }) {
    // The first one of a server has nobody's standing to be made with.
    const caller = { ...systemCaller, cause: 'tenants.create' };
    const { id } = await createTenant(scope.db, { slug, name: String(name ?? slug) }, caller);
    if (scope.tenantId === '') scope.tenantId = id;
    if (state === 'suspended') await scope.perform('tenants.suspend', { params: { tenant: id } }, id);
    return id;
  },
  async change(scope, _slug, { id }, { entry, changed }) {
    if (changed.has('name')) await scope.perform('tenants.rename', { body: { name: entry.name } }, id);
    if (changed.has('state'))
      await scope.perform(
        entry.state === 'active' ? 'tenants.resume' : 'tenants.suspend',
        { params: { tenant: id } },
        id,
      );
  },
  remove: () => Promise.reject(new Error('a tenant is not removed')),
};

/** The only entry of what a tenant decides. */
export const theSettings = 'settings';

export const settingsSection: Section = {
  key: 'settings',
  noun: 'settings',
  of: ['tenant'],
  name: z.literal(theSettings),
  entry: SettingsChange as unknown as z.ZodObject,
  sets: [
    'sign_in_methods',
    'sign_up_email_domains',
    'code_channels',
    'second_factor_channels',
    'client_document_hosts',
    'country_list',
  ],
  merged: { branding: 1, address_limits: 1, federation: 2 },
  read: async ({ db, tenantId }) => {
    const tenant = await findTenantById(db, tenantId);
    const entry = present(TenantSettings, tenant?.settings) as Entry;
    return new Map([[theSettings, { id: tenantId, entry, isFixed: true }]]);
  },
  add: () => Promise.reject(new Error('a tenant has settings from the first')),
  async change(scope, _name, _found, { entry, changed }) {
    const body = Object.fromEntries(Object.entries(entry).filter(([member]) => changed.has(member)));
    await scope.perform('tenants.settings.update', { body });
  },
  remove: () => Promise.reject(new Error('settings are not removed')),
};
