import assert from 'node:assert/strict';
import Koa from 'koa';
import { allowFormAction, securityHeaders } from '../../../src/web/pages/security-headers.ts';
import { type LoopbackServer, listen, send } from '../../support/loopback.ts';

const policy =
  "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' https: data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

describe('security headers', () => {
  let uris: string[] = [];
  let secure: LoopbackServer;
  let plain: LoopbackServer;

  async function serve(issuer: string): Promise<LoopbackServer> {
    const app = new Koa();
    app.silent = true;
    app.use(securityHeaders({ issuer }));
    app.use((ctx) => {
      allowFormAction(ctx, uris);
      ctx.body = 'page';
    });
    return listen(app);
  }

  before(async () => {
    secure = await serve('https://id.example.org');
    plain = await serve('http://localhost:3000');
  });
  after(() => Promise.all([secure?.close(), plain?.close()]));
  beforeEach(() => {
    uris = [];
  });

  async function formActionFor(...list: string[]): Promise<string | undefined> {
    uris = list;
    const header = String((await send(secure)).headers['content-security-policy']);
    // Whatever came in, the directives are the same ones and only one of them may differ.
    const directives = header.split(';').map((directive) => directive.trim());
    const own = policy.split('; ');
    assert.equal(directives.length, own.length, header);
    for (const [index, directive] of directives.entries())
      if (!directive.startsWith('form-action ')) assert.equal(directive, own[index]);
    assert.doesNotMatch(header, /[^\x20-\x7e]|,/);
    return directives
      .find((directive) => directive.startsWith("form-action 'self'"))
      ?.slice("form-action 'self'".length)
      .trim();
  }

  it('are on every page', async () => {
    const { headers } = await send(secure);
    assert.equal(headers['content-security-policy'], policy);
    assert.equal(headers['cache-control'], 'no-store');
    assert.equal(headers['referrer-policy'], 'no-referrer');
    assert.equal(headers['x-content-type-options'], 'nosniff');
    assert.equal(headers['x-frame-options'], 'DENY');
    assert.match(String(headers['permissions-policy']), /camera=\(\)/);
  });

  it('ask for https for a year where the issuer is https, and only there', async () => {
    assert.equal((await send(secure)).headers['strict-transport-security'], 'max-age=31536000; includeSubDomains');
    assert.equal((await send(plain)).headers['strict-transport-security'], undefined);
  });

  it('let assets and public documents be kept', async () => {
    for (const path of ['/assets/app.css', '/.well-known/openid-configuration', '/jwks']) {
      const { headers } = await send(secure, { path });
      assert.equal(headers['cache-control'], undefined, path);
      assert.equal(headers['content-security-policy'], policy);
    }
    for (const path of ['/assets', '/jwks/', '/assetsx/'])
      assert.equal((await send(secure, { path })).headers['cache-control'], 'no-store', path);
  });

  it('let a form lead to the origin of the relying party', async () => {
    assert.equal(await formActionFor('https://app.example/cb?x=1'), 'https://app.example');
    assert.equal(
      await formActionFor('https://APP.example:8443/cb', 'https://app.example:8443/b'),
      'https://app.example:8443',
    );
    assert.equal(
      await formActionFor('http://127.0.0.1:4711/cb', 'https://b.example'),
      'http://127.0.0.1:4711 https://b.example',
    );
    assert.equal(await formActionFor('https://bücher.example/'), 'https://xn--bcher-kva.example');
    assert.equal(await formActionFor(), '');
  });

  it('let a form lead to an application of its own scheme', async () => {
    assert.equal(await formActionFor('com.example.app:/oauth2redirect'), 'com.example.app:');
    assert.equal(await formActionFor('myapp://callback'), 'myapp:');
  });

  it('let it lead to the loopback of a native application in IPv6, which a policy cannot name', async () => {
    assert.equal(await formActionFor('http://[::1]:4711/cb'), 'http:');
    assert.equal(await formActionFor('https://[2001:db8::1]/cb'), '');
  });

  it('leave out what would run or show something here', async () => {
    for (const uri of [
      'javascript:alert(1)',
      'data:text/html,x',
      'blob:https://app.example/1',
      'file:///etc/passwd',
      'vbscript:x',
      'about:blank',
      'JavaScript:x',
    ])
      assert.equal(await formActionFor(uri), '', uri);
  });

  it('cannot be widened by a cunning redirect URI', async () => {
    for (const uri of [
      'https://app.example;script-src/cb',
      "https://'unsafe-inline'/cb",
      'https://*/cb',
      'https://*.example/cb',
      'https://a,b/cb',
      'https://app.example%3bscript-src',
      'https://app.example\r\nset-cookie: a=b/',
      'https://app.example\u2028;x/',
      "x'y:/cb",
      'a;b:/cb',
      '*',
      "'unsafe-inline'",
      "'none'",
      'https:',
      '//app.example',
      '',
      ' ',
      'https://user:pass@app.example;x/',
    ]) {
      assert.equal(await formActionFor(uri), '', uri);
    }
    assert.equal(await formActionFor('https://app.example/cb; script-src *'), 'https://app.example');
    assert.equal(await formActionFor('https://user:pass@app.example/;x'), 'https://app.example');
  });

  it('can be widened twice for one answer', async () => {
    const app = new Koa();
    app.use(securityHeaders({ issuer: 'https://id.example.org' }));
    app.use((ctx) => {
      allowFormAction(ctx, ['https://a.example']);
      allowFormAction(ctx, ['https://b.example']);
      ctx.body = 'page';
    });
    const server = await listen(app);
    try {
      const { headers } = await send(server);
      assert.match(
        String(headers['content-security-policy']),
        /; form-action 'self' https:\/\/a\.example https:\/\/b\.example; base-uri 'none';/,
      );
    } finally {
      await server.close();
    }
  });
});
