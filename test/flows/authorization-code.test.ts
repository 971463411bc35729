import assert from 'node:assert/strict';
import * as openid from 'openid-client';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { deactivateUser } from '../../src/domain/lifecycle/end-person.ts';
import { listLiveSessions } from '../../src/domain/sessions/session-store.ts';
import { revokeSession } from '../../src/domain/sessions/sessions.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { Browserless } from '../support/browserless.ts';
import { type ClientCredential, introspect, postAs, refresh, userinfoStatus } from '../support/endpoints.ts';
import {
  discover,
  enterPassword,
  type RelyingParty,
  redirectUri,
  signIn,
  startSignIn,
} from '../support/relying-party.ts';

type Person = Awaited<ReturnType<TestApp['person']>>;

describe('exchanging an authorization code', () => {
  let app: TestApp;
  let other: string;
  let person: Person;
  let client: ClientCredential;
  let party: RelyingParty;
  before(async () => {
    app = await startTestApp();
    other = await app.startProcess();
    person = await app.person();
    client = await app.relyingParty();
    party = await discover(app, client);
  });
  after(() => app?.stop());

  interface Obtained {
    code: string;
    verifier: string;
    callback: URL;
    form: Record<string, string>;
  }

  /** A code that nobody exchanged yet, and the form that would. */
  async function obtainCode(parameters: Record<string, string> = {}, of: RelyingParty = party): Promise<Obtained> {
    const { address, checks } = await startSignIn(of, parameters);
    const browser = new Browserless();
    const reply = await enterPassword(browser, await browser.open(address.href), person);
    const callback = new URL(reply.location as string);
    const code = callback.searchParams.get('code') as string;
    const verifier = checks.pkceCodeVerifier as string;
    assert.ok(code, callback.href);
    const form = { grant_type: 'authorization_code', code, redirect_uri: redirectUri, code_verifier: verifier };
    return { code, verifier, callback, form };
  }

  const exchange = (form: Record<string, string>, as: ClientCredential = client, origin = app.issuer) =>
    postAs(`${origin}/token`, as, form);

  it('answers with iss, and with tokens that nobody may keep in a cache', async () => {
    const { callback, form } = await obtainCode();
    assert.equal(callback.searchParams.get('iss'), app.issuer);
    const answer = await exchange(form);
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get('cache-control'), 'no-store');
    assert.equal(answer.body.token_type, 'Bearer');
    assert.equal(answer.body.scope, 'openid profile email');
    assert.ok(answer.body.expires_in <= 600);
  });

  it('works on another process than the one that gave the code', async () => {
    const { form } = await obtainCode();
    const answer = await exchange(form, client, other);
    assert.equal(answer.status, 200);
    assert.equal(await userinfoStatus(app.issuer, answer.body.access_token), 200);
  });

  it('refuses a wrong, a missing and a foreign verifier', async () => {
    const { form } = await obtainCode();
    const { code_verifier: _, ...without } = form;
    assert.equal((await exchange(without)).body.error, 'invalid_grant');
    const wrong = await exchange({ ...form, code_verifier: openid.randomPKCECodeVerifier() });
    assert.equal(wrong.status, 400);
    assert.equal(wrong.body.error, 'invalid_grant');
    const challenge = await openid.calculatePKCECodeChallenge(form.code_verifier as string);
    assert.equal((await exchange({ ...form, code_verifier: challenge })).body.error, 'invalid_grant');
    // A guess does not use the code up.
    assert.equal((await exchange(form)).status, 200);
  });

  it('refuses a verifier where the request had no challenge (RFC 9700 section 2.1.1)', async () => {
    const lax = await app.relyingParty({ metadata: { require_pkce: false } });
    const { config } = await discover(app, lax);
    const address = openid.buildAuthorizationUrl(config, { redirect_uri: redirectUri, scope: 'openid', state: 's' });
    const codeOf = async () => {
      const browser = new Browserless();
      const reply = await enterPassword(browser, await browser.open(address.href), person);
      return new URL(reply.location as string).searchParams.get('code') as string;
    };
    const form = async () => ({ grant_type: 'authorization_code', code: await codeOf(), redirect_uri: redirectUri });
    assert.equal((await exchange(await form(), lax)).status, 200);
    const downgraded = { ...(await form()), code_verifier: openid.randomPKCECodeVerifier() };
    assert.equal((await exchange(downgraded, lax)).body.error, 'invalid_grant');
  });

  it('refuses another redirect_uri, and none', async () => {
    const { form } = await obtainCode();
    assert.equal((await exchange({ ...form, redirect_uri: `${redirectUri}/` })).body.error, 'invalid_grant');
    const { redirect_uri: _, ...without } = form;
    assert.equal((await exchange(without)).body.error, 'invalid_request');
  });

  it('uses nothing up where the request is refused for something else', async () => {
    const { form } = await obtainCode();
    const refused = await exchange({ ...form, resource: 'https://nowhere.example/' });
    assert.equal(refused.body.error, 'invalid_target');
    assert.equal((await exchange(form)).status, 200);
  });

  it('refuses the code of another client', async () => {
    const stranger = await app.relyingParty();
    const { form } = await obtainCode();
    const refused = await exchange(form, stranger);
    assert.equal(refused.body.error, 'invalid_grant');
    assert.equal((await exchange(form)).status, 200);
  });

  it('refuses a client that does not prove itself', async () => {
    const { form } = await obtainCode();
    const wrong = await exchange(form, { ...client, clientSecret: 'ghs_wrong' });
    assert.equal(wrong.status, 401);
    assert.equal(wrong.body.error, 'invalid_client');
    assert.match(wrong.headers.get('www-authenticate') as string, /^Basic /);
    const none = await exchange(form, { ...client, clientSecret: '' });
    assert.equal(none.body.error, 'invalid_client');
  });

  it('refuses parameters that are given twice', async () => {
    const { form } = await obtainCode();
    for (const name of Object.keys(form)) {
      const twice = new URLSearchParams(form);
      twice.append(name, form[name] as string);
      const pair = Buffer.from(`${client.clientId}:${client.clientSecret}`).toString('base64');
      const answer = await fetch(`${app.issuer}/token`, {
        method: 'POST',
        headers: { authorization: `Basic ${pair}` },
        body: twice,
      });
      assert.equal(((await answer.json()) as { error: string }).error, 'invalid_request', name);
    }
    assert.equal((await exchange(form)).status, 200);
  });

  it('refuses a code after sixty seconds', async () => {
    const { form } = await obtainCode();
    const [row] = await app
      .db('oidcPayloads')
      .where({ model: 'AuthorizationCode', clientId: client.clientId })
      .orderBy('createdAt', 'desc')
      .limit(1)
      .select('expiresAt', 'createdAt', 'idHash');
    assert.ok(Math.abs(row.expiresAt - row.createdAt - 60_000) < 30_000);
    await app.db('oidcPayloads').where({ idHash: row.idHash }).update({ expiresAt: new Date() });
    assert.equal((await exchange(form)).body.error, 'invalid_grant');
  });

  it('revokes what a code gave out when it comes a second time', async () => {
    const { form } = await obtainCode();
    const { body: tokens } = await exchange(form);
    assert.equal(await userinfoStatus(app.issuer, tokens.access_token), 200);
    assert.equal((await exchange(form, client, other)).body.error, 'invalid_grant');
    assert.equal(await userinfoStatus(app.issuer, tokens.access_token), 401);
    assert.equal((await introspect(other, client, tokens.access_token)).body.active, false);
    assert.equal((await refresh(app.issuer, client, tokens.refresh_token)).body.error, 'invalid_grant');
  });

  it('gives one success for fifty exchanges at once on two processes, and what it gave is dead', async () => {
    const { form } = await obtainCode();
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, n) => exchange(form, client, n % 2 ? app.issuer : other)),
    );
    const won = answers.filter(({ status }) => status === 200);
    assert.equal(won.length, 1);
    for (const { status, body } of answers) if (status !== 200) assert.equal(body.error, 'invalid_grant');
    const tokens = won[0]?.body;
    assert.equal(await userinfoStatus(app.issuer, tokens.access_token), 401);
    assert.equal((await introspect(app.issuer, client, tokens.access_token)).body.active, false);
    assert.equal((await refresh(other, client, tokens.refresh_token)).body.error, 'invalid_grant');
  });

  it('revokes also where the second exchange comes before the first has answered', async () => {
    for (let round = 0; round < 5; round++) {
      const { form } = await obtainCode();
      const pair = await Promise.all([exchange(form), exchange(form, client, other)]);
      assert.deepEqual(pair.map(({ status }) => status).sort(), [200, 400]);
      const tokens = pair.find(({ status }) => status === 200)?.body;
      assert.equal(await userinfoStatus(app.issuer, tokens.access_token), 401, `round ${round}`);
      assert.equal((await refresh(other, client, tokens.refresh_token)).body.error, 'invalid_grant');
    }
  });

  it('refuses the code of somebody who was deactivated meanwhile', async () => {
    const leaver = await app.person();
    const { address, checks } = await startSignIn(party);
    const browser = new Browserless();
    const reply = await enterPassword(browser, await browser.open(address.href), leaver);
    await deactivateUser(app.db, { tenantId: leaver.tenantId, userId: leaver.id }, systemCaller);
    const code = new URL(reply.location as string).searchParams.get('code') as string;
    const code_verifier = checks.pkceCodeVerifier as string;
    const answer = await exchange({ grant_type: 'authorization_code', code, redirect_uri: redirectUri, code_verifier });
    assert.equal(answer.body.error, 'invalid_grant');
  });

  it('refuses a code whose session has ended, offline access or not', async () => {
    const leaver = await app.person();
    for (const scope of ['openid', 'openid offline_access']) {
      const { address, checks } = await startSignIn(party, { scope, prompt: 'login consent' });
      const browser = new Browserless();
      const consent = await enterPassword(browser, await browser.open(address.href), leaver);
      const reply = await browser.submit(consent, { decision: 'allow' }, { until: redirectUri });
      const code = new URL(reply.location as string).searchParams.get('code') as string;
      const [session] = await listLiveSessions(app.db, leaver.tenantId, leaver.id);
      const ended = { tenantId: leaver.tenantId, userId: leaver.id, sessionId: session?.id as string };
      // What was still on its way while the session ended is not there yet to be deleted.
      const kept = await app.db('oidcPayloads').where({ accountId: leaver.id }).whereNot({ model: 'Session' });
      await revokeSession(app.db, ended, systemCaller);
      await app.db('oidcPayloads').insert(kept).onConflict().ignore();
      const form = { grant_type: 'authorization_code', code, redirect_uri: redirectUri };
      const answer = await exchange({ ...form, code_verifier: checks.pkceCodeVerifier as string });
      assert.equal(answer.body.error, 'invalid_grant', scope);
    }
  });

  it('keeps both when one person signs in to two applications at the same moment', async () => {
    const parties = await Promise.all([1, 2, 3].map(async () => discover(app, await app.relyingParty())));
    const { browser } = await signIn(party, person);
    const signedIn = await Promise.all(
      parties.map((each) => signIn(each, person, { browser, parameters: { prompt: 'none' } })),
    );
    for (const [n, { tokens }] of signedIn.entries()) {
      const each = parties[n] as RelyingParty;
      assert.equal(await userinfoStatus(app.issuer, tokens.access_token), 200, `application ${n}`);
      assert.ok(tokens.refresh_token);
      await openid.refreshTokenGrant(each.config, tokens.refresh_token);
    }
  });

  it('keeps both when one person opens one application in two tabs at the same moment', async () => {
    const fresh = await discover(app, await app.relyingParty());
    const { browser } = await signIn(party, person);
    const tabs = await Promise.all(
      [1, 2, 3].map(() => signIn(fresh, person, { browser, parameters: { prompt: 'none' } })),
    );
    for (const { tokens } of tabs) assert.equal(await userinfoStatus(app.issuer, tokens.access_token), 200);
  });
});
