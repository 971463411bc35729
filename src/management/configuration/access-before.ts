/**
 * What people and services have before the first change that could touch it, held against what they have after the last. Only tenants
 * that such a change is about are read, and none where nothing changes.
 */
import { type AccessDifference, compareAccess, type TenantAccess } from '../../domain/access/compare-access.ts';
import { findHeldAccess } from '../../domain/access/held-access.ts';
import { findWholeTree } from '../../domain/organisation/whole-tree.ts';
import { listTenants } from '../../domain/tenants/list-tenants.ts';
import { findTenantBySlug } from '../../domain/tenants/tenants.ts';
import type { Database } from '../../platform/database.ts';
import { everyPage } from './section.ts';
import type { Change } from './steps.ts';

/** Who gains and who loses what in a tenant; null: services that serve all of them. */
export interface TenantDifference extends AccessDifference {
  tenant: string | null;
  tenantId: string | null;
}

/** By section, the changes that may give or take access. */
const touching: Record<string, readonly Change['action'][]> = {
  tenants: ['change'],
  capabilities: ['remove'],
  roles: ['change', 'remove'],
  tree: ['change', 'remove'],
  services: ['add', 'change', 'remove'],
};

const ofServer = '';

export class AccessBefore {
  readonly #db: Database;
  readonly #found = new Map<string, TenantAccess & { tenantId: string | null }>();

  constructor(db: Database) {
    this.#db = db;
  }

  /** Before the change is made. */
  async look({ section, action, tenant, name }: Change): Promise<void> {
    if (!touching[section]?.includes(action)) return;
    for (const slug of await this.#concerned({ section, tenant, name })) {
      if (this.#found.has(slug)) continue;
      const tenantId = slug === ofServer ? null : (await findTenantBySlug(this.#db, slug))?.id;
      if (tenantId !== undefined) this.#found.set(slug, { tenantId, ...(await this.#read(tenantId)) });
    }
  }

  /** A capability is the same in all tenants. */
  async #concerned({ section, tenant, name }: Pick<Change, 'section' | 'tenant' | 'name'>): Promise<string[]> {
    if (section === 'tenants') return [name];
    if (section !== 'capabilities') return [tenant ?? ofServer];
    return [ofServer, ...(await everyPage((page) => listTenants(this.#db, page))).map(({ slug }) => slug)];
  }

  async #read(tenantId: string | null): Promise<TenantAccess> {
    const tree = tenantId === null ? [] : await findWholeTree(this.#db, tenantId);
    return { tree, ...(await findHeldAccess(this.#db, tenantId)) };
  }

  /** Since then, where it differs. */
  async differences(): Promise<TenantDifference[]> {
    const found: TenantDifference[] = [];
    for (const [slug, before] of this.#found) {
      const { tenantId } = before;
      const difference = compareAccess(before, await this.#read(tenantId));
      if (difference.gains.length + difference.losses.length === 0) continue;
      found.push({ tenant: slug === ofServer ? null : slug, tenantId, ...difference });
    }
    return found;
  }
}
