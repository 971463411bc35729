/**
 * The sections of the console, in the order and the groups of its rail. A section is shown to who holds its capability
 * somewhere (`anywhere`), in the whole tenant (`everywhere`), or there in the platform's tenant (`platform`); what is not
 * shown is refused all the same, by the operations. A new one adds its row, its words as `console.frame.sections.<section>`,
 * and mounts its pages (`console.ts`).
 */
import type { Holdings } from '../../management/permission.ts';

interface Section {
  section: string;
  /** Below the tenant's address. */
  path: string;
  /** Of views/partials/console/icon.ejs. */
  icon: string;
  group: 'home' | 'people' | 'applications' | 'operations' | 'platform';
  /** One of these is enough. */
  capabilities: readonly string[];
  where: 'anywhere' | 'everywhere' | 'platform';
}

export const sections = [
  {
    section: 'overview',
    path: '/overview',
    icon: 'gauge',
    group: 'home',
    capabilities: ['users.read'],
    where: 'anywhere',
  },
  {
    section: 'people',
    path: '/people',
    icon: 'people',
    group: 'people',
    capabilities: ['users.read'],
    where: 'anywhere',
  },
  {
    section: 'organisation',
    path: '/organisation',
    icon: 'tree',
    group: 'people',
    capabilities: ['org.read'],
    where: 'anywhere',
  },
  { section: 'roles', path: '/roles', icon: 'roles', group: 'people', capabilities: ['roles.read'], where: 'anywhere' },
  {
    section: 'invitations',
    path: '/invitations',
    icon: 'mail',
    group: 'people',
    capabilities: ['invitations.manage'],
    where: 'anywhere',
  },
  {
    section: 'referrals',
    path: '/referrals',
    icon: 'gift',
    group: 'people',
    capabilities: ['referrals.manage'],
    where: 'everywhere',
  },
  {
    section: 'provisioning',
    path: '/provisioning',
    icon: 'arrive',
    group: 'people',
    capabilities: ['services.manage'],
    where: 'everywhere',
  },
  {
    section: 'applications',
    path: '/applications',
    icon: 'apps',
    group: 'applications',
    capabilities: ['clients.manage'],
    where: 'everywhere',
  },
  {
    section: 'services',
    path: '/services',
    icon: 'service',
    group: 'applications',
    capabilities: ['services.manage'],
    where: 'everywhere',
  },
  {
    section: 'apis',
    path: '/apis',
    icon: 'api',
    group: 'applications',
    capabilities: ['apis.manage'],
    where: 'everywhere',
  },
  {
    section: 'api-keys',
    path: '/api-keys',
    icon: 'tag',
    group: 'applications',
    capabilities: ['api_keys.manage'],
    where: 'anywhere',
  },
  {
    section: 'sign-in',
    path: '/sign-in',
    icon: 'key',
    group: 'applications',
    capabilities: ['identity_providers.manage', 'tenant.manage'],
    where: 'everywhere',
  },
  {
    section: 'messages',
    path: '/messages',
    icon: 'message',
    group: 'operations',
    capabilities: ['messages.read'],
    where: 'everywhere',
  },
  {
    section: 'webhooks',
    path: '/webhooks',
    icon: 'hook',
    group: 'operations',
    capabilities: ['webhooks.manage'],
    where: 'everywhere',
  },
  {
    section: 'event-streams',
    path: '/event-streams',
    icon: 'signal',
    group: 'operations',
    capabilities: ['events.receive'],
    where: 'everywhere',
  },
  {
    section: 'audit',
    path: '/audit',
    icon: 'audit',
    group: 'operations',
    capabilities: ['audit.read'],
    where: 'everywhere',
  },
  {
    section: 'settings',
    path: '/settings',
    icon: 'settings',
    group: 'operations',
    capabilities: ['tenant.manage'],
    where: 'everywhere',
  },
  {
    section: 'tenants',
    path: '/tenants',
    icon: 'tenants',
    group: 'platform',
    capabilities: ['tenants.manage'],
    where: 'platform',
  },
  {
    section: 'signing-keys',
    path: '/signing-keys',
    icon: 'lock',
    group: 'platform',
    capabilities: ['keys.manage'],
    where: 'platform',
  },
  {
    section: 'health',
    path: '/health',
    icon: 'pulse',
    group: 'platform',
    capabilities: ['tenants.manage'],
    where: 'platform',
  },
] as const satisfies readonly Section[];

export type SectionName = (typeof sections)[number]['section'];
type ShownSection = (typeof sections)[number];

/** The sections that somebody is shown in a tenant, of those that have pages. */
export function shownSections({
  holdings,
  tenant: { isPlatform },
  mounted,
}: {
  holdings: Holdings;
  tenant: { isPlatform: boolean };
  mounted: ReadonlySet<string>;
}): ShownSection[] {
  const isShown = ({ capabilities, where }: Section): boolean =>
    where === 'anywhere'
      ? capabilities.some((capability) => holdings.nodesOf(capability).length > 0)
      : (where === 'everywhere' || isPlatform) && capabilities.some((capability) => holdings.everywhere(capability));
  return sections.filter((row) => mounted.has(row.section) && isShown(row));
}

/** What the words of a section stand under: `console.signing_keys`. */
export function wordsOf(section: string): string {
  return `console.${section.replaceAll('-', '_')}`;
}
