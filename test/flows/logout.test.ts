import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { createRemoteJWKSet, decodeProtectedHeader, type JWTPayload, jwtVerify } from 'jose';
import * as openid from 'openid-client';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { deactivateUser } from '../../src/domain/lifecycle/end-person.ts';
import { listLiveSessions } from '../../src/domain/sessions/session-store.ts';
import { revokeAllSessions, revokeSession } from '../../src/domain/sessions/sessions.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { Browserless, type Reply } from '../support/browserless.ts';
import { refresh, userinfoStatus } from '../support/endpoints.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { discover, type RelyingParty, redirectUri, signIn, startSignIn } from '../support/relying-party.ts';

const home = 'http://localhost:1/';

describe('signing out', () => {
  let app: TestApp;
  let party: RelyingParty;
  before(async () => {
    app = await startTestApp({ runJobs: true });
    party = await discover(app, await app.relyingParty());
  });
  after(() => app?.stop());

  async function isSignedIn(browser: Browserless): Promise<boolean> {
    const { address } = await startSignIn(party, { prompt: 'none' });
    const reply = await browser.open(address.href, redirectUri);
    return new URL(reply.location as string).searchParams.has('code');
  }

  const yes = (browser: Browserless, page: Reply) => browser.submit(page, { logout: 'yes' }, { until: home });

  it('with a hint of the session asks nothing, ends it and its tokens, and goes back with the state', async () => {
    const { browser, tokens } = await signIn(party, await app.person());
    const address = openid.buildEndSessionUrl(party.config, {
      id_token_hint: tokens.id_token as string,
      post_logout_redirect_uri: home,
      state: 'the state & more',
    });
    const page = await browser.open(address.href);
    assert.equal(page.status, 200);
    assert.match(page.body, /name="logout" value="yes"/);
    const reply = await browser.submit(page, {}, { until: home });
    const location = new URL(reply.location as string);
    assert.equal(location.origin + location.pathname, home);
    assert.deepEqual([...location.searchParams], [['state', 'the state & more']]);
    assert.equal(await isSignedIn(browser), false);
    assert.equal(await userinfoStatus(app.issuer, tokens.access_token), 401);
    const line = await refresh(app.issuer, party, tokens.refresh_token as string);
    assert.equal(line.body.error, 'invalid_grant');
  });

  it('takes the session cookie’s worth with it, on a copy too', async () => {
    const { browser } = await signIn(party, await app.person());
    const copy = new Browserless();
    copy.cookies.push(...browser.cookies.map((cookie) => ({ ...cookie })));
    await yes(browser, await browser.open(`${app.issuer}/logout`));
    assert.equal(await isSignedIn(copy), false);
  });

  it('without a hint asks as well, and goes nowhere else', async () => {
    const { browser } = await signIn(party, await app.person());
    const page = await browser.open(
      `${app.issuer}/logout?${new URLSearchParams({ post_logout_redirect_uri: home, state: 's' })}`,
    );
    assert.match(page.body, /name="logout"/);
    assert.equal(await isSignedIn(browser), true);
    const reply = await yes(browser, page);
    assert.equal(reply.status, 200);
    assert.equal(new URL(reply.url).origin, app.issuer);
    assert.equal(await isSignedIn(browser), false);
  });

  it('asks where the hint means another person, another session or an application that nobody is signed in to', async () => {
    const person = await app.person();
    const [{ browser }, elsewhere] = [await signIn(party, person), await signIn(party, await app.person())];
    const other = await discover(app, await app.relyingParty());
    const { tokens: ofOther } = await signIn(other, person);
    const strict = await discover(
      app,
      await app.relyingParty({
        metadata: {
          backchannel_logout_uri: 'https://client.example/logout',
          backchannel_logout_session_required: true,
        },
      }),
    );
    const { tokens: withSid } = await signIn(strict, person);
    await signIn(strict, { email: '', password: '' }, { browser });
    for (const tokens of [elsewhere.tokens, ofOther, withSid]) {
      const query = new URLSearchParams({ id_token_hint: tokens.id_token as string });
      const page = await browser.open(`${app.issuer}/logout?${query}`);
      assert.match(page.body, /Sign out\?/);
      assert.doesNotMatch(page.body, /data-carry-on/);
      await browser.submit(page, {});
      assert.equal(await isSignedIn(browser), true);
    }
  });

  it('leaves the session alone where the person stays', async () => {
    const { browser } = await signIn(party, await app.person());
    const other = await discover(app, await app.relyingParty());
    const { tokens } = await signIn(other, { email: '', password: '' }, { browser });
    const page = await browser.open(`${app.issuer}/logout`);
    await browser.submit(page, {});
    assert.equal(await isSignedIn(browser), true);
    assert.equal(await userinfoStatus(app.issuer, tokens.access_token), 200);
  });

  it('needs the form of our own page', async () => {
    const { browser } = await signIn(party, await app.person());
    await browser.open(`${app.issuer}/logout`);
    for (const form of [{ logout: 'yes' }, { logout: 'yes', xsrf: 'guessed' }] as Record<string, string>[]) {
      const reply = await browser.send(`${app.issuer}/logout/confirm`, form);
      assert.equal(reply.status, 400);
    }
    assert.equal(await isSignedIn(browser), true);
  });

  it('goes back to registered addresses alone', async () => {
    const { browser, tokens } = await signIn(party, await app.person());
    for (const uri of ['https://evil.example/', `${home}more`, home.slice(0, -1), redirectUri]) {
      const query = { id_token_hint: tokens.id_token as string, post_logout_redirect_uri: uri };
      const reply = await browser.open(`${app.issuer}/logout?${new URLSearchParams(query)}`);
      assert.equal(reply.status, 400, uri);
      assert.match(reply.body, />invalid_request</);
    }
    assert.equal(await isSignedIn(browser), true);
  });

  it('refuses a hint that is none of ours, or another client’s', async () => {
    const { browser, tokens } = await signIn(party, await app.person());
    const [head, body, signature] = (tokens.id_token as string).split('.') as [string, string, string];
    const changed = Buffer.from(JSON.stringify({ ...tokens.claims(), aud: 'other' })).toString('base64url');
    const other = await app.relyingParty();
    for (const query of [
      { id_token_hint: 'nonsense' },
      { id_token_hint: `${head}.${changed}.${signature}` },
      { id_token_hint: `${head}.${body}.${signature.slice(0, -4)}AAAA` },
      { id_token_hint: tokens.id_token as string, client_id: other.clientId },
      { client_id: 'nobody' },
    ] as Record<string, string>[]) {
      const reply = await browser.open(`${app.issuer}/logout?${new URLSearchParams(query)}`);
      assert.equal(reply.status, 400);
    }
  });

  it('by POST works like any other, and without a session is simply done', async () => {
    const { browser, tokens } = await signIn(party, await app.person());
    const form = { id_token_hint: tokens.id_token as string, post_logout_redirect_uri: home };
    const page = await browser.follow(await browser.send(`${app.issuer}/logout`, form), home);
    assert.match(page.body, /name="logout"/);
    assert.ok((await yes(browser, page)).location?.startsWith(home));
    const nobody = new Browserless();
    const self = await nobody.open(`${app.issuer}/logout?${new URLSearchParams(form)}`);
    const done = self.location ? self : await nobody.submit(self, {}, { until: home });
    assert.ok(done.location?.startsWith(home), done.body);
  });

  describe('tells relying parties (Back-Channel Logout 1.0)', () => {
    interface Listener {
      uri: string;
      received: string[];
      server: Server;
    }
    const listeners: Listener[] = [];
    after(() => {
      for (const { server } of listeners) server.close();
    });

    async function listen(port?: number, status = 200): Promise<Listener> {
      const received: string[] = [];
      const server = createServer((req, res) => {
        let body = '';
        req.on('data', (chunk) => {
          body += chunk;
        });
        req.on('end', () => {
          received.push(new URLSearchParams(body).get('logout_token') ?? '');
          res.writeHead(status).end();
        });
      }).listen(port ?? 0, '127.0.0.1');
      await once(server, 'listening');
      const address = server.address() as { port: number };
      const listener = { uri: `http://127.0.0.1:${address.port}/logout`, received, server };
      listeners.push(listener);
      return listener;
    }

    const listeningParty = async (uri: string, in_ = app) =>
      discover(
        in_,
        await in_.relyingParty({
          metadata: { backchannel_logout_uri: uri, backchannel_logout_session_required: true },
        }),
      );

    async function verified(token: string, audience: string, issuer = app.issuer): Promise<JWTPayload> {
      assert.equal(decodeProtectedHeader(token).typ, 'logout+jwt');
      const keys = createRemoteJWKSet(new URL(`${issuer}/jwks`));
      const { payload } = await jwtVerify(token, keys, { issuer, audience, maxTokenAge: 60 });
      assert.deepEqual(payload.events, { 'http://schemas.openid.net/event/backchannel-logout': {} });
      assert.ok(payload.jti);
      assert.ok(payload.exp);
      assert.equal('nonce' in payload, false);
      return payload;
    }

    it('when the person signs out, each of them, by the sid of the id_token', async () => {
      const [first, second] = [await listen(), await listen()];
      const person = await app.person();
      const one = await listeningParty(first.uri);
      const two = await listeningParty(second.uri);
      const { browser, tokens } = await signIn(one, person);
      const also = await signIn(two, person, { browser });
      await yes(browser, await browser.open(`${app.issuer}/logout`));
      await eventually(() => first.received.length + second.received.length === 2);
      const told = await verified(first.received[0] as string, one.clientId);
      assert.equal(told.sub, person.id);
      assert.equal(told.sid, tokens.claims()?.sid);
      const toldToo = await verified(second.received[0] as string, two.clientId);
      assert.equal(toldToo.sid, also.tokens.claims()?.sid);
      assert.notEqual(told.sid, toldToo.sid);
    });

    it('when an administrator ends a session, all of them, or the account', async () => {
      const { uri, received } = await listen();
      const quiet = await listeningParty(uri);
      const person = await app.person();
      const who = { tenantId: person.tenantId, userId: person.id };
      const { tokens } = await signIn(quiet, person);
      const [session] = await listLiveSessions(app.db, person.tenantId, person.id);
      await revokeSession(app.db, { ...who, sessionId: session?.id as string }, systemCaller);
      await eventually(() => received.length === 1);
      assert.equal((await verified(received[0] as string, quiet.clientId)).sid, tokens.claims()?.sid);
      assert.equal(await userinfoStatus(app.issuer, tokens.access_token), 401);

      for (const end of [revokeAllSessions, deactivateUser]) {
        const before = received.length;
        await signIn(quiet, person);
        await signIn(quiet, person);
        await end(app.db, who, systemCaller);
        await eventually(() => received.length === before + 2);
      }
      assert.equal(new Set(received).size, received.length);
    });

    it('again where one of them did not answer', async () => {
      const port = await freePort();
      const sleepy = await listeningParty(`http://127.0.0.1:${port}/logout`);
      const person = await app.person();
      const { browser } = await signIn(sleepy, person);
      await yes(browser, await browser.open(`${app.issuer}/logout`));
      await eventually(() => /Job failed; it will be tried again/.test(app.logs()), 'it was called in vain');
      const { received } = await listen(port);
      await eventually(() => received.length === 1);
      assert.equal((await verified(received[0] as string, sleepy.clientId)).sub, person.id);
    });

    it('at no private address that the operator has not listed', async () => {
      const guarded = await startTestApp({ runJobs: true, env: { OUTBOUND_ALLOWED_NETWORKS: '' } });
      try {
        const { uri, received } = await listen();
        const person = await guarded.person();
        const { browser } = await signIn(await listeningParty(uri, guarded), person);
        await yes(browser, await browser.open(`${guarded.issuer}/logout`));
        await eventually(() => /OUTBOUND_REFUSED/.test(guarded.logs()));
        assert.deepEqual(received, []);
      } finally {
        await guarded.stop();
      }
    });
  });
});
