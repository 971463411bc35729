/** Seals as they are read: the chain of a tenant or of the server, the newest first. Changes nothing. */
import { type Database, firstRow } from '../../platform/database.ts';
import { isId } from '../../platform/ids.ts';
import { type Keyset, type Page, type PageRequest, selectPage } from '../../platform/paging.ts';
import { type Seal, statementOf } from './seal-statement.ts';
import { ofTenant, sealColumns } from './seal-store.ts';

/** A seal as it leaves the program: bytes in hex, the signature in base64url. */
export interface ListedSeal extends Omit<Seal, 'root' | 'previous' | 'hash' | 'signature'> {
  root: string;
  previous: string;
  hash: string;
  signature: string;
  /** What was signed. */
  statement: string;
}

const newestFirst: Keyset = { columns: [{ expression: 's.number', type: 'bigint' }], descending: true };

export function listed(seal: Seal): ListedSeal {
  const hex = (bytes: Buffer) => bytes.toString('hex');
  return {
    ...seal,
    root: hex(seal.root),
    previous: hex(seal.previous),
    hash: hex(seal.hash),
    signature: seal.signature.toString('base64url'),
    statement: statementOf(seal),
  };
}

/** @param query.tenantId null: the chain of the server. @throws DomainError invalid CURSOR_INVALID */
export async function listSeals(
  db: Database,
  { tenantId, limit, after }: PageRequest & { tenantId: string | null },
): Promise<Page<ListedSeal>> {
  const { items, next } = await selectPage<Seal>(
    db,
    newestFirst,
    { limit, after },
    ({ key, where, order }) =>
      `select ${sealColumns}, ${key}
         from audit_seals s
        where ${ofTenant('s', tenantId)} and ${where}
        ${order}`,
    tenantId === null ? {} : { tenantId },
  );
  return { items: items.map(listed), next };
}

/** Undefined for a seal of another tenant. */
export async function findSeal(
  db: Database,
  { tenantId, sealId }: { tenantId: string | null; sealId: string },
): Promise<ListedSeal | undefined> {
  if (!isId(sealId)) return undefined;
  const seal = await firstRow<Seal>(
    db,
    `select ${sealColumns} from audit_seals s where s.id = :sealId and ${ofTenant('s', tenantId)}`,
    { sealId, ...(tenantId !== null && { tenantId }) },
  );
  return seal && listed(seal);
}
