/** The sections of the configuration file, in the order in which they are brought about; what is removed goes the other way. */
import type { Section } from './section.ts';
import { apisSection, capabilitiesSection, rolesSection } from './sections/access-sections.ts';
import { applicationsSection, servicesSection } from './sections/client-sections.ts';
import { providersSection } from './sections/providers-section.ts';
import { settingsSection, tenantsSection } from './sections/tenants-section.ts';
import { groupsSection, webhooksSection } from './sections/told-sections.ts';

/** Each rests on those before it alone. */
export const sectionsBeforeTree: readonly Section[] = [
  tenantsSection,
  apisSection,
  capabilitiesSection,
  applicationsSection,
  servicesSection,
  providersSection,
  settingsSection,
  rolesSection,
];

/** What may stand at a node. */
export const sectionsAfterTree: readonly Section[] = [webhooksSection, groupsSection];

export const sections: readonly Section[] = [...sectionsBeforeTree, ...sectionsAfterTree];
