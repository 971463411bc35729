/**
 * What was done to the leaves of a seal where they no longer make its root. Somebody who can write every table can write leaves
 * that fit their events; the tags they cannot, for the key of these is not in the database. So the first leaf that is not at its
 * place is named, by its event.
 */
import { equalInConstantTime } from '../../platform/secrets.ts';
import type { FaultKind } from './faults.ts';
import { type PackedLeaves, ReadLeaves } from './leaves.ts';
import { type SealKey, tagOf } from './seal-keys.ts';
import type { Seal } from './seal-statement.ts';

interface TaggedLeaf {
  eventId: string;
  hash: Buffer;
  tag: Buffer;
}

function allLeaves(rows: readonly PackedLeaves[]): TaggedLeaf[] {
  return rows.flatMap((packed) => {
    const row = new ReadLeaves(packed);
    return Array.from({ length: row.count }, (_, n) => ({
      eventId: row.idAt(n),
      hash: row.hashBytesAt(n),
      tag: row.tagAt(n),
    }));
  });
}

export interface LeafFault {
  kind: FaultKind;
  eventId: string | null;
  detail: string;
}

/** The first leaf that is not as it was sealed; undefined where each is, and the root is what was changed. */
export function findLeafFault(seal: Seal, key: SealKey, rows: readonly PackedLeaves[]): LeafFault | undefined {
  const leaves = allLeaves(rows);
  const isAt = ({ hash, tag }: TaggedLeaf, index: number) => equalInConstantTime(tagOf(key, seal.id, index, hash), tag);
  /** The place at which it was sealed; undefined: it never was. */
  const placeOf = (leaf: TaggedLeaf) => {
    for (let index = 0; index < seal.events; index++) if (isAt(leaf, index)) return index;
    return undefined;
  };
  const at = leaves.findIndex((leaf, index) => !isAt(leaf, index));
  if (at === -1)
    return leaves.length < seal.events
      ? { kind: 'removed', eventId: null, detail: removedAt(leaves.length) }
      : undefined;
  const leaf = leaves[at] as TaggedLeaf;
  const place = placeOf(leaf);
  const { eventId } = leaf;
  if (place === undefined) {
    const next = leaves[at + 1];
    const isAdded = next !== undefined && isAt(next, at);
    return isAdded
      ? { kind: 'added', eventId, detail: 'the event was put among those that were sealed' }
      : { kind: 'changed', eventId, detail: 'the event and its leaf were changed together' };
  }
  const isElsewhere = leaves.some((other, index) => index !== at && isAt(other, at));
  return isElsewhere
    ? { kind: 'reordered', eventId, detail: `its leaf was at place ${place}, and is at place ${at}` }
    : { kind: 'removed', eventId, detail: `${removedAt(at)}; this is the event that stands there now` };
}

function removedAt(index: number): string {
  return `the event at place ${index} of the seal is gone with its leaf`;
}
