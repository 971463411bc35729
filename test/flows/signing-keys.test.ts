import assert from 'node:assert/strict';
import { createLocalJWKSet, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from 'jose';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import {
  ensureSigningKeys,
  listSigningKeys,
  loadSigningKeys,
  rotateSigningKeys,
  sweepSigningKeys,
} from '../../src/oidc/keys.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { createSecrets, randomToken } from '../../src/platform/secrets.ts';
import { createGatehouse } from '../../src/server.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { type ClientCredential, createApi, introspect, postAs, refresh, userinfoStatus } from '../support/endpoints.ts';
import { eventually } from '../support/eventually.ts';
import { discover, type RelyingParty, signIn } from '../support/relying-party.ts';

type Person = Awaited<ReturnType<TestApp['person']>>;

describe('signing keys', () => {
  let app: TestApp;
  let other: string;
  let person: Person;
  let service: ClientCredential;
  let party: RelyingParty;
  before(async () => {
    app = await startTestApp();
    other = await app.startProcess();
    person = await app.person();
    party = await discover(app, await app.relyingParty());
    service = await app.service({ capabilities: (await createApi(app)).capabilities });
  });
  after(() => app?.stop());

  async function published(origin: string): Promise<JSONWebKeySet> {
    return (await (await fetch(`${origin}/jwks`)).json()) as JSONWebKeySet;
  }

  const kids = async (origin: string) => (await published(origin)).keys.map(({ kid }) => kid as string).sort();

  async function serviceToken(origin: string): Promise<string> {
    const { body } = await postAs(`${origin}/token`, service, { grant_type: 'client_credentials' });
    return body.access_token;
  }

  const rotate = (verifySeconds = 3600, olderThanDays?: number) =>
    rotateSigningKeys(app.db, app.secrets, { verifySeconds, olderThanDays }, systemCaller);

  /** Waits until both processes publish the keys of the database. */
  async function followed(): Promise<void> {
    const { publicJwks } = await loadSigningKeys(app.db, app.secrets);
    const wanted = JSON.stringify(publicJwks.map(({ kid }) => kid).sort());
    const current = new Set((await listSigningKeys(app.db)).flatMap((key) => (key.state === 'current' ? key.kid : [])));
    for (const origin of [app.issuer, other]) {
      await eventually(async () => JSON.stringify(await kids(origin)) === wanted, `${origin} follows`);
      const kid = async () => decodeProtectedHeader(await serviceToken(origin)).kid as string;
      await eventually(async () => current.has(await kid()), `${origin} signs with it`);
    }
  }

  const verify = async (token: string, origin = app.issuer) =>
    jwtVerify(token, createLocalJWKSet(await published(origin)), { issuer: app.issuer });

  it('are taken up by running processes within seconds, and were published before they signed', async () => {
    const before = await kids(app.issuer);
    assert.deepEqual(await kids(other), before);
    await rotate();
    await followed();
    for (const origin of [app.issuer, other]) {
      const { kid } = decodeProtectedHeader(await serviceToken(origin));
      assert.ok(before.includes(kid as string), 'relying parties knew the key');
      const now = await kids(origin);
      for (const known of before) assert.ok(now.includes(known), 'no key vanishes');
      assert.equal(now.length, before.length + 2);
    }
  });

  it('go on verifying what they signed after they have retired, until their time is over', async () => {
    const { tokens, browser } = await signIn(party, person);
    const access = await serviceToken(other);
    const oldKids = [tokens.id_token as string, access].map((token) => decodeProtectedHeader(token).kid as string);
    await rotate(3600);
    await followed();
    for (const token of [tokens.id_token as string, access])
      for (const origin of [app.issuer, other]) await verify(token, origin);
    assert.equal((await introspect(other, service, access)).body.active, true);
    const again = await signIn(party, person, {
      browser,
      parameters: { prompt: 'none', id_token_hint: tokens.id_token as string },
    });
    assert.equal(oldKids.includes(decodeProtectedHeader(again.tokens.id_token as string).kid as string), false);

    await app.db('signingKeys').whereIn('kid', oldKids).update({ verifiesUntil: new Date() });
    await followed();
    const now = await kids(other);
    for (const kid of oldKids) assert.equal(now.includes(kid), false);
    await assert.rejects(verify(access));
    assert.equal((await introspect(other, service, access)).body.active, false);
    await sweepSigningKeys(app.db);
    assert.equal(
      (await listSigningKeys(app.db)).some(({ kid }) => oldKids.includes(kid)),
      false,
    );
  });

  it('change under nobody’s hands: sessions, refresh lines and opaque tokens go on', async () => {
    const { tokens, browser } = await signIn(party, person);
    await rotate();
    await followed();
    assert.equal(await userinfoStatus(other, tokens.access_token), 200);
    assert.equal((await refresh(other, party, tokens.refresh_token as string)).status, 200);
    assert.ok((await signIn(party, person, { browser, parameters: { prompt: 'none' } })).tokens.id_token);
  });

  it('serve every request while they change', async () => {
    let failures = 0;
    let stop = false;
    const asking = [app.issuer, other].map(async (origin) => {
      while (!stop) {
        const token = await serviceToken(origin);
        const { body } = await introspect(origin === other ? app.issuer : other, service, token);
        if (body.active !== true) failures += 1;
      }
    });
    await rotate();
    await followed();
    stop = true;
    await Promise.all(asking);
    assert.equal(failures, 0);
  });

  it('stay where they are young enough', async () => {
    assert.deepEqual(await rotate(3600, 90), []);
    await app
      .db('signingKeys')
      .where({ state: 'current', alg: 'ES256' })
      .update({ activatesAt: new Date(Date.now() - 91 * 86_400_000) });
    assert.deepEqual(await rotate(3600, 90), ['ES256']);
    assert.deepEqual(await rotate(3600, 90), []);
  });

  it('are one current and one next of each kind, however many nodes make them at once', async () => {
    await app.db('signingKeys').whereNot({ state: 'retired' }).delete();
    await Promise.all(Array.from({ length: 4 }, () => ensureSigningKeys(app.db, app.secrets, systemCaller)));
    await Promise.all([rotate(), rotate(), rotate()]);
    const states = (await listSigningKeys(app.db)).flatMap(({ alg, state }) =>
      state === 'retired' ? [] : `${alg} ${state}`,
    );
    assert.deepEqual(states.sort(), ['ES256 current', 'ES256 next', 'RS256 current', 'RS256 next']);
    await followed();
  });

  it('lie sealed in the database, and each change of theirs is written down', async () => {
    const { privateJwks } = await loadSigningKeys(app.db, app.secrets);
    const { rows } = await app.db.raw(
      `select encode(private_jwk_sealed, 'escape') || public_jwk::text as text from signing_keys`,
    );
    for (const { text } of rows) for (const { d } of privateJwks) assert.equal(text.includes(d), false);
    const events = await app.db('auditEvents').where({ action: 'signing_key.rotated' });
    assert.ok(events.length >= 2);
    assert.equal(JSON.stringify(events).includes('"d"'), false);
  });

  describe('under another SECRET_KEY', () => {
    const logger = createLogger({ level: 'silent' });
    const start = (secretKeys: string[]) =>
      createGatehouse({ config: { ...app.config, secretKeys }, databaseUrl: app.databaseUrl, logger, runJobs: false });

    it('stop the start, and say what to do', async () => {
      await assert.rejects(start([randomToken(36)]), /Signing key [\w-]+ cannot be decrypted.*SECRET_KEY_PREVIOUS/);
    });

    it('open with the earlier one beside it, and nobody is signed out', async () => {
      const { tokens, browser } = await signIn(party, person);
      const server = await start([randomToken(36), ...app.config.secretKeys]);
      try {
        const origin = `http://localhost:${await server.listen('127.0.0.1', 0)}`;
        assert.deepEqual(await kids(origin), await kids(app.issuer));
        assert.equal(await userinfoStatus(origin, tokens.access_token), 200);
        const line = await refresh(origin, party, tokens.refresh_token as string);
        assert.equal(line.status, 200, JSON.stringify(line.body));
        assert.equal((await refresh(origin, party, line.body.refresh_token)).status, 200);
        const page = await browser.send(`${origin}/account`, undefined, { host: new URL(app.issuer).host });
        assert.equal(page.status, 200);
        assert.match(page.body, new RegExp(person.fullName as string));
      } finally {
        await server.stop();
      }
    });

    it('are sealed anew under the newest key', async () => {
      const newest = randomToken(36);
      const both = createSecrets([newest, ...app.config.secretKeys]);
      await rotateSigningKeys(app.db, both, { verifySeconds: 0 }, systemCaller);
      await rotateSigningKeys(app.db, both, { verifySeconds: 0 }, systemCaller);
      await app.db('signingKeys').where({ state: 'retired' }).delete();
      const alone = await loadSigningKeys(app.db, createSecrets([newest]));
      assert.equal(alone.privateJwks.length, 4);
    });
  });
});
