/** The section Settings: the tenant's name and look, how long sign-ins last and data is kept, and limits by address. */
import type Router from '@koa/router';
import { ask } from '../ask.ts';
import { mountForm } from '../form.ts';
import type { ConsoleFrame } from '../frame.ts';
import { draw, page } from '../page.ts';
import { type ConsoleDependencies, hrefTo, type Visit } from '../visit.ts';
import { brandingGroup, mountBranding } from './branding.ts';
import { mountGroups, readSettings, type SettingsGroup, type ShownGroup, shownGroup } from './groups.ts';

declare module '../../pages/view-models.ts' {
  interface ViewModels {
    'console/settings/settings': {
      frame: ConsoleFrame;
      tenant: { name: string; slug: string; id: string; createdAt: string };
      renameHref: string;
      groups: ShownGroup[];
    };
  }
}

const at = { section: 'settings', words: 'console.settings' } as const;

export const settingsGroups: readonly SettingsGroup[] = [
  {
    group: 'sessions',
    fields: [
      { name: 'session_hours', kind: 'number', optional: true, empty: 'null' },
      { name: 'new_device_notices', kind: 'check' },
    ],
  },
  {
    group: 'retention',
    fields: [
      { name: 'audit_retention_days', kind: 'number', optional: true, empty: 'null' },
      { name: 'self_deletion_days', kind: 'number', optional: true, empty: 'null' },
      { name: 'inactive_erasure_days', kind: 'number', optional: true, empty: 'null' },
    ],
  },
  {
    group: 'registration',
    fields: [
      { name: 'client_registration', kind: 'check' },
      { name: 'client_documents', kind: 'check' },
      { name: 'client_document_hosts', kind: 'lines', optional: true },
    ],
  },
  {
    group: 'limits',
    fields: [
      { name: 'address_limits.sign_in_failures', kind: 'number', optional: true, empty: 'null' },
      { name: 'address_limits.codes', kind: 'number', optional: true, empty: 'null' },
      { name: 'address_limits.trusted_networks', kind: 'lines', optional: true },
    ],
  },
];

interface OwnTenant {
  id: string;
  slug: string;
  name: string;
  created_at: string;
}

async function show(visit: Visit): Promise<void> {
  const [{ body: tenant }, { body: stored }] = await Promise.all([
    ask<OwnTenant>(visit, 'tenants.current'),
    readSettings(visit),
  ]);
  const groups = [brandingGroup, ...settingsGroups].map((group) => shownGroup(visit, at, group, stored));
  draw(visit, 'console/settings/settings', {
    tenant: { name: tenant.name, slug: tenant.slug, id: tenant.id, createdAt: tenant.created_at },
    renameHref: hrefTo(visit, '/settings/name'),
    groups: await Promise.all(groups),
  });
}

/** Mounts `/settings` and everything below it. */
export function mountSettings(router: Router, deps: ConsoleDependencies): void {
  router.get('/settings', page(deps, 'settings', show));
  mountForm(router, deps, {
    path: '/settings/name',
    section: 'settings',
    operation: 'tenants.rename',
    words: 'console.settings.name',
    fields: () => [{ name: 'name', kind: 'text', maxLength: 200 }],
    read: async (visit) => {
      const { body, etag } = await ask<OwnTenant>(visit, 'tenants.current');
      return { stored: body, etag, subject: body.name };
    },
    back: () => '/settings',
    notice: 'saved',
  });
  mountBranding(router, deps);
  mountGroups(router, deps, { ...at, groups: settingsGroups });
}
