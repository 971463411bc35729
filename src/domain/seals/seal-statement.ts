/** What a seal says, as it is signed and chained. Owns these bytes; nothing of them depends on the database. */
import { hash } from 'node:crypto';
import { leafHash } from './merkle-tree.ts';

export interface SealStatement {
  /** null: the seal of the server. */
  tenantId: string | null;
  /** From 1 in its chain. */
  number: number;
  startsAt: Date;
  endsAt: Date;
  sealedAt: Date;
  events: number;
  late: number;
  seals: number;
  firstEvent: string | null;
  lastEvent: string | null;
  root: Buffer;
  previous: Buffer;
  kid: string;
}

export interface Seal extends SealStatement {
  id: string;
  hash: Buffer;
  signature: Buffer;
}

/** What the first seal of a chain has in the place of the one before. */
export const noSeal = Buffer.alloc(32);

/** The signed text: JSON with these members in this order. */
export function statementOf(seal: SealStatement): string {
  return JSON.stringify({
    type: 'gatehouse-audit-seal',
    version: 1,
    tenant: seal.tenantId,
    number: seal.number,
    starts_at: seal.startsAt.toISOString(),
    ends_at: seal.endsAt.toISOString(),
    sealed_at: seal.sealedAt.toISOString(),
    events: seal.events,
    late: seal.late,
    seals: seal.seals,
    first_event: seal.firstEvent,
    last_event: seal.lastEvent,
    root: seal.root.toString('hex'),
    previous: seal.previous.toString('hex'),
    kid: seal.kid,
  });
}

export function statementHash(statement: string): Buffer {
  return hash('sha256', statement, 'buffer');
}

/** The hash of the leaf by which the server's tree holds the seal of a tenant, in hex. */
export function sealLeaf(seal: Seal): string {
  return leafHash(`seal\n${statementOf(seal)}\n${seal.signature.toString('hex')}`);
}
