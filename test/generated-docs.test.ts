import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { generatedDocs } from './generated-docs.ts';
import { root } from './support/declared.ts';

describe('the documents made from code', () => {
  for (const [file, make] of Object.entries(generatedDocs))
    it(`${file} is what the code makes; else run \`npm run docs\``, async () => {
      assert.equal(readFileSync(join(root, file), 'utf8'), await make());
    });
});
