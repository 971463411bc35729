/**
 * What is there, as a configuration says it: applied as it stands it changes nothing. Read as of one moment. Writes no
 * secret, and no reference to one: what is there needs none.
 */
import { listTenants } from '../../domain/tenants/list-tenants.ts';
import type { Database } from '../../platform/database.ts';
import type { Actor } from '../actor.ts';
import type { ManagementDependencies } from '../operation.ts';
import { formVersion } from './document.ts';
import { createScopes } from './scopes.ts';
import { type Entry, everyPage, type Scope, type Section, type Value } from './section.ts';
import { theSettings } from './sections/tenants-section.ts';
import { sections } from './sections.ts';
import type { Scopes } from './steps.ts';
import { entriesOfTree } from './tree.ts';
import { readTree } from './tree-steps.ts';

export interface ExportOptions {
  /** Slugs; absent: all tenants. */
  tenants?: readonly string[];
  /** Whether with what serves all tenants. */
  withServer: boolean;
}

/** Plain data, in the order of the sections. @throws DomainError not_found NOT_FOUND (tenant) */
export async function exportConfiguration(
  { tenants, withServer }: ExportOptions,
  { deps, actor }: { deps: ManagementDependencies; actor: Actor },
): Promise<{ [member: string]: Value }> {
  // As of one moment: what is changed meanwhile is in it as a whole, or not at all.
  return deps.db.transaction(
    async (trx) => {
      const scopes = await createScopes({ db: trx, deps, actor, secretOf: noSecrets, tell: noSecrets });
      const slugs = tenants ?? (await everyPage((page) => listTenants(trx, page))).map(({ slug }) => slug);
      const found: { [member: string]: Value } = { gatehouse: formVersion };
      if (withServer && scopes.server.tenantId !== '') Object.assign(found, await exportScope(scopes.server, 'server'));
      if (slugs.length > 0) found.tenants = await exportTenants(trx, scopes, slugs);
      return found;
    },
    { isolationLevel: 'repeatable read', readOnly: true },
  );
}

function noSecrets(): never {
  throw new Error('an export reads no secret and makes none');
}

async function exportTenants(
  db: Database,
  scopes: Scopes,
  slugs: readonly string[],
): Promise<{ [slug: string]: Value }> {
  const [tenantsSection] = sections;
  const profiles = await tenantsSection?.read({ ...scopes.server, db });
  const found: { [slug: string]: Value } = {};
  for (const slug of slugs) {
    const scope = await scopes.tenant(slug);
    const tree = entriesOfTree(await readTree(scope));
    found[slug] = {
      ...said(profiles?.get(slug)?.entry ?? {}),
      ...(await exportScope(scope, 'tenant')),
      ...(tree.length > 0 && { tree: tree as unknown as Value }),
    };
  }
  return found;
}

async function exportScope(scope: Scope, where: 'server' | 'tenant'): Promise<{ [section: string]: Value }> {
  const found: { [section: string]: Value } = {};
  for (const section of sections) {
    if (!section.of.includes(where) || section.key === 'tenants') continue;
    const entries = await exportSection(scope, section);
    const [only] = Object.values(entries);
    if (section.key === theSettings && only !== undefined) found[section.key] = only;
    else if (Object.keys(entries).length > 0) found[section.key] = entries;
  }
  return found;
}

async function exportSection(scope: Scope, section: Section): Promise<{ [name: string]: Value }> {
  const found = await section.read(scope);
  const entries = [...found].map(([name, { entry, isFixed = false }]) => ({ name, isFixed, entry: said(entry) }));
  const isEmpty = (value: Value) => Array.isArray(value) && value.length === 0;
  // What comes with a tenant is told where it says something.
  const told = entries.filter(({ isFixed, entry }) => !isFixed || !Object.values(entry).every(isEmpty));
  return Object.fromEntries(told.map(({ name, entry }) => [name, entry]));
}

/** Without what says nothing: absent and null are one, and a record without members is none. */
function said(entry: Entry): Entry {
  const found: [string, Value][] = [];
  for (const [name, value] of Object.entries(entry)) {
    if (value === null || value === undefined) continue;
    const isRecord = typeof value === 'object' && !Array.isArray(value);
    const kept = isRecord ? said(value) : value;
    if (!isRecord || Object.keys(kept as object).length > 0) found.push([name, kept]);
  }
  return Object.fromEntries(found);
}
