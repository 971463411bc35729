import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import Koa from 'koa';
import { type Assets, createAssets } from '../../../src/web/pages/assets.ts';

const directory = fileURLToPath(new URL('../../../views/assets', import.meta.url));

describe('serving the assets', () => {
  let server: Server;
  let assets: Assets;

  before(async () => {
    assets = createAssets(directory);
    const app = new Koa();
    app.use(assets.middleware);
    app.use((ctx) => {
      ctx.body = 'not an asset';
    });
    server = createServer(app.callback());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });

  after(() => server?.close());

  /** Sends the path as it stands; a client that tidies it would hide what is tested here. */
  function ask(path: string, method = 'GET', headers: Record<string, string> = {}) {
    const { port } = server.address() as AddressInfo;
    return new Promise<{ status: number; headers: Record<string, string>; body: string }>((resolve, reject) => {
      request({ host: '127.0.0.1', port, path, method, headers }, async (response) => {
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers as Record<string, string>,
          body: (await buffer(response)).toString(),
        });
      })
        .on('error', reject)
        .end();
    });
  }

  it('gives each file its own address, to be kept for ever', async () => {
    for (const [name, type] of [
      ['gatehouse.css', 'text/css; charset=utf-8'],
      ['gatehouse.js', 'text/javascript; charset=utf-8'],
      ['favicon.svg', 'image/svg+xml'],
    ] as const) {
      assert.match(assets.url(name), new RegExp(`^/assets/[0-9a-f]{16}/${name}$`));
      const { status, headers, body } = await ask(assets.url(name));
      assert.equal(status, 200);
      assert.equal(headers['content-type'], type);
      assert.equal(headers['cache-control'], 'public, max-age=31536000, immutable');
      assert.equal(headers['x-content-type-options'], 'nosniff');
      assert.equal(Number(headers['content-length']), Buffer.byteLength(body));
    }
  });

  it('answers the address of another version with our own, not to be kept', async () => {
    for (const path of ['/assets/0123456789abcdef/gatehouse.css', '/assets/gatehouse.css']) {
      const { status, headers } = await ask(path);
      assert.equal(status, 200);
      assert.equal(headers['cache-control'], 'public, no-cache');
    }
  });

  it('answers an unchanged file with 304', async () => {
    const { headers } = await ask('/assets/gatehouse.css');
    const again = await ask('/assets/gatehouse.css', 'GET', { 'if-none-match': headers.etag ?? '' });
    assert.equal(again.status, 304);
    assert.equal(again.body, '');
  });

  it('answers HEAD without a body', async () => {
    const { status, headers, body } = await ask(assets.url('gatehouse.css'), 'HEAD');
    assert.equal(status, 200);
    assert.ok(Number(headers['content-length']) > 1000);
    assert.equal(body, '');
  });

  it('refuses other methods', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      const { status, headers } = await ask(assets.url('gatehouse.css'), method);
      assert.equal(status, 405);
      assert.equal(headers.allow, 'GET, HEAD');
    }
  });

  it('never leaves its directory, nor names what is not there', async () => {
    for (const path of [
      '/assets/',
      '/assets//gatehouse.css',
      '/assets/../assets/gatehouse.css',
      '/assets/../../package.json',
      '/assets/..%2f..%2fpackage.json',
      '/assets/%2e%2e/%2e%2e/package.json',
      '/assets/x/..%5c..%5cpackage.json',
      '/assets/x/../gatehouse.css',
      '/assets/x/y/gatehouse.css',
      '/assets/x/gatehouse.css/y',
      '/assets/gatehouse.css%00.svg',
      '/assets/__proto__',
      '/assets/x/constructor',
      '/assets/%E0%A4%A',
      '/assets/accent/',
      '/assets/accent/abc.css',
      '/assets/accent/A1B2C3.css',
      '/assets/accent/a1b2c3d4.css',
      '/assets/accent/a1b2c3.css.map',
      '/assets/accent/a1b2c3%0a.css',
      '/assets/x/accent/a1b2c3.css',
    ]) {
      const { status, headers } = await ask(path);
      assert.equal(status, 404, path);
      assert.equal(headers['cache-control'], 'no-store', path);
    }
  });

  it('leaves every other path to others', async () => {
    for (const path of ['/', '/assets', '/Assets/gatehouse.css', '/x/assets/gatehouse.css']) {
      assert.equal((await ask(path)).body, 'not an asset', path);
    }
  });

  it('gives a tenant its accent', async () => {
    const { status, headers, body } = await ask('/assets/accent/2a5bd7.css');
    assert.equal(status, 200);
    assert.equal(headers['content-type'], 'text/css; charset=utf-8');
    assert.equal(headers['cache-control'], 'public, max-age=86400');
    assert.match(body, /^:root\{--accent:#2a5bd7;/);
  });

  it('knows no address for a file that does not exist', () => {
    assert.throws(() => assets.url('missing.css'), /missing\.css/);
  });

  it('refuses to start with a file of an unknown type, and leaves folders out', () => {
    const folder = mkdtempSync(join(tmpdir(), 'gatehouse-assets-'));
    try {
      mkdirSync(join(folder, 'folder.css'));
      assert.throws(() => createAssets(folder).url('folder.css'));
      writeFileSync(join(folder, 'page.html'), '');
      assert.throws(() => createAssets(folder), /page\.html/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
