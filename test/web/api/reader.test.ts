import assert from 'node:assert/strict';
import { operations } from '../../../src/management/operations.ts';
import { startTestApp, type TestApp } from '../../support/app.ts';

describe('the management API for readers', () => {
  let app: TestApp;
  before(async () => {
    app = await startTestApp();
  });
  after(() => app?.stop());

  async function read(query = ''): Promise<{ answer: Response; html: string }> {
    const answer = await fetch(`${app.issuer}/api/v1/docs${query}`, { headers: { accept: 'text/html' } });
    return { answer, html: await answer.text() };
  }

  it('has every operation of the list, with its address', async () => {
    const { answer, html } = await read();
    assert.equal(answer.status, 200);
    for (const { id, path } of operations) {
      assert.ok(html.includes(`id="${id}"`), id);
      assert.ok(html.includes(`<code>${path}</code>`), path);
    }
  });

  it('finds by every word, and says so where nothing fits', async () => {
    const { html } = await read('?q=assignments+create');
    assert.ok(html.includes('id="assignments.create"'));
    assert.ok(!html.includes('id="signing_keys.list"'));
    const { html: nothing } = await read('?q=%3Cscript%3Ealert(1)');
    assert.ok(!nothing.includes('<script>alert'));
    assert.ok(nothing.includes('&lt;script&gt;alert(1)'));
    assert.ok(!nothing.includes('reader-operation'));
  });

  it('is a page under the policy of our pages, which lets nothing come from elsewhere', async () => {
    const { answer, html } = await read();
    const policy = answer.headers.get('content-security-policy') ?? '';
    assert.match(policy, /default-src 'none'/);
    assert.doesNotMatch(policy, /unsafe/);
    assert.doesNotMatch(html, /<script(?! src="\/assets\/)|<style|style="|(?:src|href)="https?:\/\/(?!localhost)/);
  });
});
