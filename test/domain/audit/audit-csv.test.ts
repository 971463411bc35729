import assert from 'node:assert/strict';
import { csvHead, csvOfEvents } from '../../../src/domain/audit/audit-csv.ts';
import { parseCsv } from '../../../src/platform/csv.ts';

describe('events as CSV', () => {
  function cellsOf(events: object[]): Record<string, string | undefined>[] {
    const [head, ...rows] = parseCsv(csvHead + csvOfEvents(events));
    return rows.map(({ cells }) => Object.fromEntries((head?.cells ?? []).map((name, index) => [name, cells[index]])));
  }

  it('keep what a value is made of: quotes, commas, line ends', () => {
    const userAgent = 'He said "a, b"\nand left';
    const event = {
      action: 'role.assigned',
      user_agent: userAgent,
      payload: { from: 'a', to: ['b,c'] },
      actor_id: null,
    };
    const [first, second] = cellsOf([event, { action: 'role.removed' }]);
    assert.equal(first?.user_agent, userAgent);
    assert.deepEqual(JSON.parse(first?.payload ?? ''), event.payload);
    assert.equal(first?.actor_id, '');
    assert.equal(second?.action, 'role.removed');
  });

  for (const text of ['=1+1', '+1', '-1', '@SUM(A1)', ' =1', '\u00a0=1', '\uff1d1'])
    it(`take ${JSON.stringify(text)} for no formula`, () => {
      assert.equal(cellsOf([{ action: 'x', user_agent: text }])[0]?.user_agent, `'${text}`);
    });
});
