import assert from 'node:assert/strict';
import { canonicalJson } from '../../../src/domain/seals/event-encoding.ts';
import { createDatabase, type Database } from '../../../src/platform/database.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';

describe('the form in which JSON is hashed', () => {
  let test: TestDatabase;
  let db: Database;
  before(async () => {
    test = await createTestDatabase();
    db = createDatabase({ url: test.url });
  });
  after(async () => {
    await db?.destroy();
    await test?.drop();
  });

  const texts = [
    '{}',
    '[]',
    'null',
    '{"b": 1, "a": 2, "aa": [1, 2.50, -0.0, 1e3, 12345678901234567890.123], "é": "\\u00e9\\u0007\\t\\"\\\\/", "__proto__": {"10": 1, "9": 2}}',
    '{"nested": {"list": [{"z": null, "y": true}, [], {}, ""]}, "text": "line\\nfeed \\u2028 \\ud83d\\udd12 \\u007f"}',
    '[1.0, 100000000000000000000000, 0.000001, 1E-7]',
  ];

  it('is what PostgreSQL writes, so that nothing has to be parsed to be compared', async () => {
    for (const text of texts) {
      const [{ stored }] = (await db.raw('select ?::jsonb::text as stored', [text])).rows;
      assert.equal(canonicalJson(stored), stored);
      // Exponents and the order of members are settled by jsonb; from then on it is one form.
      const compact = (await db.raw(`select jsonb_pretty(?::jsonb) as pretty`, [text])).rows[0].pretty;
      assert.equal(canonicalJson(compact), stored, 'however it is written');
    }
    const [{ array }] = (
      await db.raw(
        `select json_build_array('a"\\é'::text, null, 12::bigint, '{"b": 1, "aa": 2}'::jsonb)::text as array`,
      )
    ).rows;
    assert.equal(canonicalJson(array), array);
  });
});
