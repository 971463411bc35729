import assert from 'node:assert/strict';
import { startTestApp, type TestApp } from '../support/app.ts';
import { openBrowser } from '../support/browser.ts';
import { Browserless, type Reply } from '../support/browserless.ts';
import { freePort } from '../support/free-port.ts';
import { documentedServer, hasNginx, type NginxProxy, startNginx } from '../support/nginx.ts';

const redirectUri = 'http://localhost:1/callback';
/** Not the proxy's address, so that the two can be told apart. All of 127.0.0.0/8 is this machine, on Linux. */
const clientIp = '127.0.0.2';
const spoofedIp = '203.0.113.9';

/** The block that docs/deployment.md tells operators to use, at a port of this test. */
function documented(port: number, upstream: number): Promise<NginxProxy> {
  return startNginx(port, (directory) =>
    documentedServer('deployment.md', [
      ['listen 443 ssl;', `listen 127.0.0.1:${port} ssl;`],
      ['server_name id.example.org;', 'server_name localhost;'],
      ['/etc/ssl/id.example.org/fullchain.pem', `${directory}/cert.pem`],
      ['/etc/ssl/id.example.org/privkey.pem', `${directory}/key.pem`],
      ['http://127.0.0.1:3000;', `http://127.0.0.1:${upstream};`],
    ]),
  );
}

/** A browser at `clientIp`, with headers of its own. */
function browse({ certificate }: NginxProxy, headers: Record<string, string> = {}): Browserless {
  return new Browserless(headers, { ca: certificate, servername: 'localhost', family: 4, localAddress: clientIp });
}

function setCookies(reply: Reply): string[] {
  const cookies = reply.headers['set-cookie'] ?? [];
  return Array.isArray(cookies) ? cookies : [cookies];
}

describe('behind a TLS proxy', () => {
  let proxy: NginxProxy;
  let app: TestApp;
  let client: { clientId: string; clientSecret: string };

  before(async function () {
    if (!hasNginx()) return this.skip();
    const port = await freePort();
    app = await startTestApp({
      issuer: () => `https://localhost:${port}`,
      env: { TRUSTED_PROXIES: '127.0.0.1/32' },
    });
    proxy = await documented(port, app.config.listen.port);
    client = await app.relyingParty();
  });
  after(async () => {
    await proxy?.stop();
    await app?.stop();
  });

  function authorizationAddress(origin: string): string {
    const query = new URLSearchParams({
      client_id: client.clientId,
      response_type: 'code',
      redirect_uri: redirectUri,
      scope: 'openid email',
      code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
      code_challenge_method: 'S256',
    });
    return `${origin}/authorize?${query}`;
  }

  async function addressOfLastSignIn(of: TestApp, userId: string): Promise<string> {
    const event = await of.db('audit_events').where({ actorId: userId, action: 'login.succeeded' }).first('ip');
    return event.ip;
  }

  it('says https in discovery, whatever host is asked for', async () => {
    const lies: Record<string, string>[] = [{}, { host: 'evil.example' }, { 'x-forwarded-host': 'evil.example' }];
    for (const headers of lies) {
      const { body } = await browse(proxy).send(`${proxy.origin}/.well-known/openid-configuration`, undefined, headers);
      const metadata = JSON.parse(body) as Record<string, unknown>;
      assert.equal(metadata.issuer, proxy.origin);
      const endpoints = Object.entries(metadata).filter(([name]) => /_endpoint$|_uri$/.test(name));
      assert.ok(endpoints.length >= 9);
      for (const [name, value] of endpoints)
        assert.ok(String(value).startsWith(`${proxy.origin}/`), `${name} ${value}`);
    }
  });

  it('signs a person in, with cookies that only https carries, and a year of HSTS', async () => {
    const person = await app.person();
    const browser = browse(proxy);
    const start = await browser.send(authorizationAddress(proxy.origin));
    for (const cookie of setCookies(start)) {
      assert.match(cookie, /; secure(;|$)/i);
      assert.match(cookie, /; httponly(;|$)/i);
    }
    assert.ok(setCookies(start).some((cookie) => cookie.startsWith('__Secure-gh_interaction=')));
    const page = await browser.follow(start, 'none:');
    assert.equal(page.status, 200);
    assert.ok(page.url.startsWith(`${proxy.origin}/interaction/`));
    assert.equal(page.headers['strict-transport-security'], 'max-age=31536000; includeSubDomains');

    let session: string | undefined;
    const values = { login: person.email, password: person.password };
    let reply = await browser.submit(page, values, { until: proxy.origin });
    for (let hops = 0; hops < 5 && !reply.location?.startsWith(redirectUri); hops++) {
      session = setCookies(reply).find((cookie) => cookie.startsWith('__Host-gh_session=')) ?? session;
      assert.ok(reply.location?.startsWith(`${proxy.origin}/`), `${reply.status} ${reply.location}`);
      reply = await browser.send(reply.location ?? '');
    }
    session = setCookies(reply).find((cookie) => cookie.startsWith('__Host-gh_session=')) ?? session;
    // What the prefix promises (RFC 6265bis section 4.1.3.2); a browser would drop the cookie otherwise.
    assert.match(session ?? '', /; path=\/(;|$)/i);
    assert.match(session ?? '', /; secure(;|$)/i);
    assert.doesNotMatch(session ?? '', /; domain=/i);

    const answer = new URL(reply.location ?? '').searchParams;
    assert.equal(answer.get('iss'), proxy.origin);
    const pair = Buffer.from(`${client.clientId}:${client.clientSecret}`).toString('base64');
    const form = {
      grant_type: 'authorization_code',
      code: answer.get('code') ?? '',
      redirect_uri: redirectUri,
      code_verifier: 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk',
    };
    const machine = browse(proxy);
    const tokens = await machine.send(`${proxy.origin}/token`, form, { authorization: `Basic ${pair}`, origin: '' });
    assert.equal(tokens.status, 200, tokens.body);
    const [, claims = ''] = JSON.parse(tokens.body).id_token.split('.');
    assert.equal(JSON.parse(Buffer.from(claims, 'base64url').toString()).iss, proxy.origin);
  });

  it('records the address that the proxy saw, not one that the client claims', async () => {
    const person = await app.person();
    const browser = browse(proxy, {
      'x-forwarded-for': spoofedIp,
      forwarded: `for=${spoofedIp}`,
      'x-real-ip': spoofedIp,
    });
    const page = await browser.open(authorizationAddress(proxy.origin));
    const values = { login: person.email, password: person.password };
    const reply = await browser.submit(page, values, { until: redirectUri });
    assert.ok(reply.location?.startsWith(redirectUri));
    assert.equal(await addressOfLastSignIn(app, person.id), clientIp);
  });

  it('believes no forwarding header where no proxy is trusted', async () => {
    const bare = await startTestApp();
    try {
      client = await bare.relyingParty();
      const person = await bare.person();
      const browser = new Browserless({ 'x-forwarded-for': spoofedIp, 'x-forwarded-proto': 'https' });
      const page = await browser.open(authorizationAddress(bare.issuer));
      const values = { login: person.email, password: person.password };
      const reply = await browser.submit(page, values, { until: redirectUri });
      assert.ok(reply.location?.startsWith(redirectUri));
      assert.equal(await addressOfLastSignIn(bare, person.id), '127.0.0.1');
    } finally {
      client = await app.relyingParty();
      await bare.stop();
    }
  });

  it('takes requests with long queries, and refuses large bodies', async () => {
    const long = await browse(proxy).send(`${proxy.origin}/authorize?client_id=x&state=${'s'.repeat(12_000)}`);
    assert.equal(long.status, 400);
    assert.match(long.body, /invalid_client|client/);
    const large = await browse(proxy).send(`${proxy.origin}/token`, `grant_type=${'x'.repeat(70_000)}`);
    assert.equal(large.status, 413);
  });

  it('keeps a real browser signed in', async function () {
    const browser = await openBrowser();
    if (!browser) return this.skip();
    try {
      const person = await app.person();
      const page = await browser.newPage({ ignoreHttpsErrors: true });
      await page.goto(`${proxy.origin}/account`);
      await page.locator('#login').fill(person.email);
      await page.locator('#password').fill(person.password);
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.waitForURL(`${proxy.origin}/account`);
      await page.reload();
      assert.ok((await page.locator('main').textContent())?.includes(person.email));
      const cookies = await page.context().cookies();
      assert.ok(cookies.some(({ name, secure }) => name === '__Host-gh_session' && secure));
      assert.ok(cookies.every(({ secure, httpOnly }) => secure && httpOnly));
    } finally {
      await browser.close();
    }
  });
});
