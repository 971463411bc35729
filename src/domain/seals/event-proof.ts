/**
 * The proof that an event was in the trail when its hour was sealed: its leaf, the path from there to the root, and the signed
 * seal of it. It says all that is needed to check it without the server, and nothing of other events but hashes that nobody can
 * turn back. Refuses an event that is not what was sealed.
 */
import { type Database, firstRow, rows } from '../../platform/database.ts';
import { type Codes, DomainError, defineCodes } from '../../platform/errors.ts';
import type { Secrets } from '../../platform/secrets.ts';
import { canonicalEvent, type EncodedEvent, encodedEvent } from './event-encoding.ts';
import { compareWithLeaf } from './event-faults.ts';
import { idAsBytes, ReadLeaves } from './leaves.ts';
import { inclusionPath } from './merkle-tree.ts';
import { openSealKeys, sealedHere } from './seal-keys.ts';
import { type Seal, sealLeaf, statementOf } from './seal-statement.ts';
import { lateMs, ofTenant, sealColumns, selectLeaves } from './seal-store.ts';
import { selectSealsOfTenants } from './verify-store.ts';

export const proofCodes = defineCodes({
  AUDIT_EVENT_UNSEALED: {
    kind: 'conflict',
    means: 'the event is not sealed: its hour is not over, or it came when that was sealed',
  },
  AUDIT_EVENT_CHANGED: { kind: 'conflict', means: 'the event is not what was sealed, so that there is no proof of it' },
});
declare module '../../platform/errors.ts' {
  interface ErrorCodes extends Codes<typeof proofCodes> {}
}

/** A part of an event in its leaf: what it says with the salt, or what stands for it where that was erased. */
export type ProvedPart = { salt: string; text: string } | { commitment: string };

export interface EventProof {
  type: 'gatehouse-audit-proof';
  version: 1;
  event: { plain: string; origin: ProvedPart; content: ProvedPart };
  leafIndex: number;
  treeSize: number;
  /** In hex, from the leaf upwards (RFC 9162 section 2.1.3). */
  path: string[];
  seal: { id: string; statement: string; signature: string };
  /** The public key that signed it. */
  key: Record<string, unknown>;
}

interface Within {
  tenantId: string | null;
  eventId: string;
}

interface Held {
  seal: Seal;
  index: number;
}

async function selectEvent(db: Database, { tenantId, eventId }: Within) {
  return firstRow<EncodedEvent & { occurredAt: Date }>(
    db,
    `select ${encodedEvent}, e.occurred_at from audit_events e where e.id = :eventId and ${ofTenant('e', tenantId)}`,
    { eventId, ...(tenantId !== null && { tenantId }) },
  );
}

/** The seal that holds an event, and at which place. */
async function findHolding(db: Database, { tenantId, eventId }: Within, occurredAt: Date): Promise<Held | undefined> {
  const found = await rows<Seal & { firstIndex: number; ids: Buffer }>(
    db,
    `select ${sealColumns}, l.first_index, l.ids
       from audit_seals s
       join audit_leaves l on l.seal_id = s.id
      where ${ofTenant('s', tenantId)} and s.ends_at > :occurredAt and (s.starts_at < :latest or s.late > 0)
        and position(:id::bytea in l.ids) > 0`,
    {
      ...(tenantId !== null && { tenantId }),
      occurredAt,
      latest: new Date(occurredAt.getTime() + lateMs),
      id: idAsBytes(eventId),
    },
  );
  for (const { firstIndex, ids, ...seal } of found) {
    const n = new ReadLeaves({ firstIndex, ids, hashes: ids, tags: ids, commitments: null, salts: null }).indexOf(
      eventId,
    );
    if (n !== -1) return { seal, index: firstIndex + n };
  }
  return undefined;
}

/** The seal of an event, for who shows it; undefined: it is not sealed. */
export async function findSealOfEvent(
  db: Database,
  within: Within,
): Promise<{ seal: Seal; index: number } | undefined> {
  const event = await selectEvent(db, within);
  return event && findHolding(db, within, event.occurredAt);
}

/**
 * @param within.tenantId null: an event of the server
 * @throws DomainError not_found NOT_FOUND; conflict AUDIT_EVENT_UNSEALED, AUDIT_EVENT_CHANGED
 */
export async function proveEvent(db: Database, secrets: Secrets, within: Within): Promise<EventProof> {
  const found = await selectEvent(db, within);
  if (!found) throw new DomainError('not_found', 'NOT_FOUND');
  const held = await findHolding(db, within, found.occurredAt);
  if (!held) throw new DomainError('conflict', 'AUDIT_EVENT_UNSEALED');
  const { seal, index } = held;
  const packed = (await selectLeaves(db, seal.id)).map((row) => new ReadLeaves(row));
  const row = packed.find(({ firstIndex, count }) => index >= firstIndex && index < firstIndex + count) as ReadLeaves;
  const n = index - row.firstIndex;
  const event = canonicalEvent(found);
  const keys = await openSealKeys(db, secrets);
  const key = keys.get(seal.kid);
  if (!key || compareWithLeaf(event, { row, n }).is === 'different')
    throw new DomainError('conflict', 'AUDIT_EVENT_CHANGED');
  const part = (name: 'origin' | 'content'): ProvedPart => {
    const salt = row.saltAt(n, name);
    return salt === undefined ? { commitment: row.commitmentAt(n, name) } : { salt, text: event[name] };
  };
  const leaves = packed.flatMap((one) => Array.from({ length: one.count }, (_, at) => one.hashBytesAt(at)));
  const ofTenants = within.tenantId === null ? await selectSealsOfTenants(db, seal.endsAt) : [];
  leaves.push(...sealedHere(ofTenants, keys).map((one) => Buffer.from(sealLeaf(one), 'hex')));
  return {
    type: 'gatehouse-audit-proof',
    version: 1,
    event: { plain: event.plain, origin: part('origin'), content: part('content') },
    leafIndex: index,
    treeSize: leaves.length,
    path: inclusionPath(leaves, index).map((hash) => hash.toString('hex')),
    seal: { id: seal.id, statement: statementOf(seal), signature: seal.signature.toString('base64url') },
    key: { ...key.publicJwk },
  };
}
