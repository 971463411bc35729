/** The sections of the configuration file, in the order in which they are brought about; what is removed goes the other way. */
import type { Section } from './section.ts';
import { apisSection, capabilitiesSection, rolesSection } from './sections/access-sections.ts';
import { settingsSection, tenantsSection } from './sections/tenants-section.ts';

/** Each rests on those before it alone. */
export const sectionsBeforeTree: readonly Section[] = [
  tenantsSection,
  apisSection,
  capabilitiesSection,
  settingsSection,
  rolesSection,
];

/** What may stand at a node. */
export const sectionsAfterTree: readonly Section[] = [];

export const sections: readonly Section[] = [...sectionsBeforeTree, ...sectionsAfterTree];
