import assert from 'node:assert/strict';
import { parseUrl } from '../../src/platform/parse-url.ts';

describe('reading an address', () => {
  it('knows addresses from other text', () => {
    assert.equal(parseUrl('https://app.example/cb')?.host, 'app.example');
    for (const text of ['', '/path', 'app.example', 'https://', 'https://a b/'])
      assert.equal(parseUrl(text), undefined);
  });

  it('reads addresses beyond ASCII however often it was called before', () => {
    for (let calls = 0; calls < 50_000; calls++) parseUrl(`https://app.example/${calls % 7}`);
    assert.equal(parseUrl('https://bücher.example/')?.host, 'xn--bcher-kva.example');
  });
});
