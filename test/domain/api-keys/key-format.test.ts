import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { generateKey, prefixOfKey } from '../../../src/domain/api-keys/key-format.ts';

describe('the form of API keys', () => {
  const text = readFileSync(new URL('../../../docs/api-keys.md', import.meta.url), 'utf8');
  const block = (language: string) => new RegExp(`\`\`\`${language}\\n(.*)\\n\`\`\``).exec(text)?.[1] ?? '';

  it('is the one that docs/api-keys.md tells secret scanners', () => {
    const pattern = new RegExp(block('regex'));
    for (let n = 0; n < 1000; n += 1) {
      const { key, prefix } = generateKey();
      assert.match(`export KEY="${key}";`, pattern);
      assert.equal(key.length, 61);
      assert.equal(prefixOfKey(key), prefix);
    }
    const example = block('text');
    assert.match(example, pattern);
    assert.equal(prefixOfKey(example), 'EXAMPLE0');
  });

  it('has a checksum that no single wrong character keeps', () => {
    const { key } = generateKey();
    for (let at = 0; at < key.length; at += 1) {
      const wrong = key.slice(0, at) + (key[at] === 'x' ? 'y' : 'x') + key.slice(at + 1);
      assert.equal(prefixOfKey(wrong), undefined);
    }
    for (const wrong of ['', 'gk_', key.slice(1), `${key}\n`, ` ${key}`]) assert.equal(prefixOfKey(wrong), undefined);
  });

  it('uses each character of its alphabet about as often as another', () => {
    const counts = new Map<string, number>();
    for (let n = 0; n < 2000; n += 1)
      for (const letter of generateKey().key.slice(12, 55)) counts.set(letter, (counts.get(letter) ?? 0) + 1);
    assert.equal(counts.size, 62);
    const expected = (2000 * 43) / 62;
    for (const count of counts.values()) assert.ok(Math.abs(count - expected) < expected / 4);
  });
});
