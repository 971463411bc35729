import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { GrowingTree, inclusionPath, leafHash } from '../../../src/domain/seals/merkle-tree.ts';

/** As RFC 9162 section 2.1.1 says it. */
function naiveRoot(leaves: readonly Buffer[]): Buffer {
  if (leaves.length === 0) return createHash('sha256').digest();
  if (leaves.length === 1) return leaves[0] as Buffer;
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  const [left, right] = [naiveRoot(leaves.slice(0, split)), naiveRoot(leaves.slice(split))];
  return createHash('sha256')
    .update(Buffer.from([1]))
    .update(left)
    .update(right)
    .digest();
}

/** As section 2.1.3.2 says it. */
function rootBy(path: readonly Buffer[], { leaf, index, size }: { leaf: Buffer; index: number; size: number }): Buffer {
  let [fn, sn, hash] = [index, size - 1, leaf];
  const node = (left: Buffer, right: Buffer) =>
    createHash('sha256')
      .update(Buffer.from([1]))
      .update(left)
      .update(right)
      .digest();
  for (const step of path) {
    assert.notEqual(sn, 0, 'too long');
    if (fn % 2 === 1 || fn === sn) {
      hash = node(step, hash);
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [fn >> 1, sn >> 1];
    } else hash = node(hash, step);
    [fn, sn] = [fn >> 1, sn >> 1];
  }
  assert.equal(sn, 0, 'too short');
  return hash;
}

describe('the Merkle tree', () => {
  const leaves = Array.from({ length: 70 }, (_, n) => Buffer.from(leafHash(`leaf ${n}`), 'hex'));

  it('has the root and the paths of RFC 9162, for every size and leaf', () => {
    for (let size = 0; size <= leaves.length; size++) {
      const some = leaves.slice(0, size);
      const tree = new GrowingTree();
      for (const leaf of some) tree.add(leaf);
      assert.deepEqual(tree.root(), naiveRoot(some), `${size} leaves`);
      some.forEach((leaf, index) => {
        assert.deepEqual(rootBy(inclusionPath(some, index), { leaf, index, size }), tree.root(), `${index} of ${size}`);
      });
    }
  });

  it('hashes as the test vectors of Certificate Transparency do', () => {
    assert.equal(leafHash(''), '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d');
    const tree = new GrowingTree();
    tree.add(Buffer.from(leafHash(''), 'hex'));
    tree.add(Buffer.from(leafHash('\0'), 'hex'));
    assert.equal(tree.root().toString('hex'), 'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125');
  });

  it('holds the leaf itself, not the buffer that it came in', () => {
    const shared = Buffer.from(leaves[0] as Buffer);
    const tree = new GrowingTree();
    tree.add(shared);
    shared.fill(0);
    assert.deepEqual(tree.root(), leaves[0]);
  });
});
