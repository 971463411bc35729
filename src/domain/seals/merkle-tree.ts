/**
 * The Merkle tree of RFC 9162 section 2.1, over SHA-256: its root from leaves as they come, and the path that proves one of
 * them. Knows hashes alone, and nothing of what is hashed.
 */
import { createHash, hash } from 'node:crypto';

const leafPrefix = '\0';
const nodePrefix = Buffer.from([1]);

/** `HASH(0x00 || d)` in hex. */
export function leafHash(data: string): string {
  return hash('sha256', leafPrefix + data);
}

/** `HASH(0x01 || left || right)` */
function nodeHash(left: Buffer, right: Buffer): Buffer {
  return createHash('sha256').update(nodePrefix).update(left).update(right).digest();
}

/** The root of leaves that come one after the other; holds one hash a level. */
export class GrowingTree {
  /** Of complete subtrees, the largest first; their sizes are the bits of `size`. */
  #subtrees: Buffer[] = [];
  #size = 0;
  readonly #node = Buffer.alloc(65, 1);

  get size(): number {
    return this.#size;
  }

  /** @param leaf the hash of the leaf, 32 bytes; may be written over afterwards */
  add(leaf: Buffer): void {
    let hashed = leaf;
    for (let bits = this.#size; bits & 1; bits >>>= 1) {
      (this.#subtrees.pop() as Buffer).copy(this.#node, 1);
      hashed.copy(this.#node, 33);
      hashed = hash('sha256', this.#node, 'buffer');
    }
    this.#subtrees.push(hashed === leaf ? Buffer.from(leaf) : hashed);
    this.#size += 1;
  }

  /** Of no leaf: the hash of nothing. */
  root(): Buffer {
    const [last, ...before] = [...this.#subtrees].reverse();
    if (!last) return hash('sha256', '', 'buffer');
    return before.reduce((right, left) => nodeHash(left, right), last);
  }
}

function rootOf(leaves: readonly Buffer[]): Buffer {
  const tree = new GrowingTree();
  for (const leaf of leaves) tree.add(leaf);
  return tree.root();
}

/** The largest power of two below `n`. */
function splitOf(n: number): number {
  return 2 ** Math.floor(Math.log2(n - 1));
}

/** `PATH(m, D_n)`: what has to be hashed with a leaf to reach the root, from the leaf upwards. */
export function inclusionPath(leaves: readonly Buffer[], index: number): Buffer[] {
  if (leaves.length <= 1) return [];
  const split = splitOf(leaves.length);
  const [left, right] = [leaves.slice(0, split), leaves.slice(split)];
  return index < split
    ? [...inclusionPath(left, index), rootOf(right)]
    : [...inclusionPath(right, index - split), rootOf(left)];
}
