/**
 * The Merkle tree of RFC 9162 section 2.1, over SHA-256: its root from leaves as they come, and the path that proves one of
 * them. Knows hashes alone, and nothing of what is hashed.
 */
import { hash } from 'node:crypto';

const leafPrefix = '\0';

/** `HASH(0x00 || d)` in hex. */
export function leafHash(data: string): string {
  return hash('sha256', leafPrefix + data);
}

/** The root of leaves that come one after the other; holds one hash a level. */
export class GrowingTree {
  /** Of complete subtrees, the largest first; their sizes are the bits of `size`. In latin1: a buffer for each costs more than its hash. */
  #subtrees: string[] = [];
  #size = 0;
  /** `HASH(0x01 || left || right)` */
  readonly #node = Buffer.alloc(65, 1);

  get size(): number {
    return this.#size;
  }

  /** @param bytes hold the hash of the leaf at this place, 32 bytes; may be written over afterwards */
  add(bytes: Buffer, at = 0): void {
    let hashed = bytes.toString('latin1', at, at + 32);
    for (let bits = this.#size; bits & 1; bits >>>= 1) hashed = this.#join(this.#subtrees.pop() as string, hashed);
    this.#subtrees.push(hashed);
    this.#size += 1;
  }

  #join(left: string, right: string): string {
    this.#node.write(left, 1, 'latin1');
    this.#node.write(right, 33, 'latin1');
    return hash('sha256', this.#node, 'binary');
  }

  /** Of no leaf: the hash of nothing. */
  root(): Buffer {
    const [last, ...before] = [...this.#subtrees].reverse();
    if (last === undefined) return hash('sha256', '', 'buffer');
    return Buffer.from(
      before.reduce((right, left) => this.#join(left, right), last),
      'latin1',
    );
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
