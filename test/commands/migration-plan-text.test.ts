import assert from 'node:assert/strict';
import { planText } from '../../src/commands/migration-plan-text.ts';
import type { PlannedMigration } from '../../src/platform/migration-plan/plan-migrations.ts';

const plan = (...plans: Partial<PlannedMigration>[]) => {
  const migrations = plans.map((one) => ({
    name: '0001-tried',
    transaction: true,
    seconds: 0.01,
    locks: [],
    works: [],
    unknown: [],
    ...one,
  }));
  const locks = migrations.flatMap((one) => one.locks.map(({ seconds }) => seconds));
  return planText({
    migrations,
    newer: [],
    seconds: migrations.reduce((sum, { seconds }) => sum + seconds, 0),
    longestLockSeconds: Math.max(0, ...locks),
  }).split('\n');
};

describe('what gatehouse migrate --plan says', () => {
  it('says that nobody is held up', () => {
    assert.deepEqual(
      plan(
        { locks: [{ table: 'users', blocks: 'writes', seconds: 0.06 }] },
        {
          name: '0002-index',
          transaction: false,
          seconds: 70,
          works: [{ table: 'users', work: 'index', rows: 10_000_000, seconds: 70 }],
        },
      ),
      [
        'pending  0001-tried: less than 0.1 s',
        '         locks users: nobody writes to it for less than 0.1 s',
        'pending  0002-index: about 70 s, outside of a transaction',
        '         builds an index over users (10,000,000 rows): about 70 s',
        '',
        'Together about 70 s, and more where others hold these tables: each migration is tried again for two minutes.',
        'Nobody waits for longer than 0.1 s: processes that run go on with what they do.',
        'Estimated from the statistics of the database; nothing was changed.',
      ],
    );
  });

  it('says who is, and what cannot be told', () => {
    assert.deepEqual(
      plan({
        seconds: 200,
        locks: [{ table: 'users', blocks: 'everything', seconds: 200.05 }],
        works: [{ table: 'users', work: 'rewrite', rows: 1, seconds: 200 }],
        unknown: ['select   wipe()'],
      }),
      [
        'pending  0001-tried: about 3 min',
        '         STOPS users: nobody reads or writes it for up to 3 min',
        '         writes users anew (1 row): about 3 min',
        '         cannot be told: select wipe()',
        '',
        'Together about 3 min, and more where others hold these tables: each migration is tried again for two minutes.',
        'Requests to processes that run wait for up to 3 min: choose a quiet hour.',
        'Estimated from the statistics of the database; nothing was changed.',
      ],
    );
  });
});
