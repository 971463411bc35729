import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Context } from 'koa';
import { takeTurns } from '../../../src/web/middleware/take-turns.ts';

describe('taking turns', () => {
  it('begins so many in a turn of the event loop, in the order in which they came, and all of them', async () => {
    const turns = takeTurns(3);
    const begun: number[] = [];
    const all = Array.from({ length: 10 }, (_, n) => turns({} as Context, async () => void begun.push(n)));
    assert.deepEqual(begun, [0, 1, 2]);
    let before = begun.length;
    while (begun.length < 10) {
      await nextTurn();
      assert.ok(begun.length - before <= 6, 'those of this turn and of the one that was asked for beside it');
      before = begun.length;
    }
    await Promise.all(all);
    assert.deepEqual(begun, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('lets one that comes later begin at once, and hands on what it answers or throws', async () => {
    const turns = takeTurns(1);
    await turns({} as Context, async () => {});
    await nextTurn();
    await nextTurn();
    let isBegun = false;
    const later = turns({} as Context, async () => {
      isBegun = true;
      throw new Error('refused');
    });
    assert.ok(isBegun);
    await assert.rejects(later, /refused/);
  });
});
