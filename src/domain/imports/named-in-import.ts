/** What the rows of an import name: roles, places and identity providers. Each is looked for once, however many rows name it. */
import type { Database } from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';
import { isId } from '../../platform/ids.ts';
import { findRoleByName } from '../access/roles.ts';
import { issuerTemplate } from '../methods/federation/entra-issuers.ts';
import { findIdentityProvider } from '../methods/federation/identity-providers.ts';
import { findOrgNodeByPath } from '../organisation/node-path.ts';
import { listOrgNodes } from '../organisation/org-nodes.ts';
import type { ImportedIdentity } from './import-row.ts';

export interface NamedInImport {
  /** @throws DomainError not_found NOT_FOUND */
  roleId(named: string): Promise<string>;
  /** @throws DomainError not_found NOT_FOUND, invalid INVALID_INPUT where several places are called so */
  placeId(named: string): Promise<string>;
  /** Of a provider that is here its own, else what is said. @throws DomainError invalid INVALID_INPUT */
  issuer(identity: ImportedIdentity): Promise<string>;
}

/** However many names a file has: more are looked for again. */
const mostRemembered = 10_000;

function remembering<T>(find: (named: string) => Promise<T>): (named: string) => Promise<T> {
  const known = new Map<string, Promise<T>>();
  return (named) => {
    const found = known.get(named) ?? find(named);
    if (known.size >= mostRemembered) known.clear();
    known.set(named, found);
    return found;
  };
}

/** @param db the pool: what is found is held against the rights of who asks when it is used */
export function namedInImport(db: Database, tenantId: string): NamedInImport {
  const missing = (entity: string, value: string) => new DomainError('not_found', 'NOT_FOUND', { entity, value });
  const roleId = remembering(async (named) => {
    if (isId(named)) return named.toLowerCase();
    const role = await findRoleByName(db, tenantId, named);
    if (!role) throw missing('role', named);
    return role.id;
  });
  const placeId = remembering(async (named) => {
    if (isId(named)) return named.toLowerCase();
    const { items } = named === '' ? { items: [] } : await listOrgNodes(db, { tenantId, externalId: named, limit: 1 });
    const node = items[0] ?? (await findOrgNodeByPath(db, tenantId, named));
    if (!node) throw missing('org_node', named);
    return node.id;
  });
  const provider = remembering((key) => findIdentityProvider(db, key));
  return {
    roleId,
    placeId,
    async issuer({ provider: key, issuer }) {
      const invalid = new DomainError('invalid', 'INVALID_INPUT', { field: 'identities' });
      const found = await provider(key);
      if (!found) return issuer ?? '';
      if (found.tenantId !== null && found.tenantId !== tenantId) throw invalid;
      // Which directory of all is only told by the person's own token.
      const isAnyDirectory = issuerTemplate(found.issuer) !== undefined;
      if (isAnyDirectory || (issuer && issuer !== found.issuer)) throw invalid;
      return found.issuer;
    },
  };
}
