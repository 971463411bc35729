import assert from 'node:assert/strict';
import * as openid from 'openid-client';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { disableClient } from '../../src/domain/lifecycle/end-client.ts';
import { deactivateUser } from '../../src/domain/lifecycle/end-person.ts';
import { refreshSuccessor } from '../../src/oidc/storage/refresh-rotation.ts';
import { openPayload, sealPayload } from '../../src/oidc/storage/sealing.ts';
import { randomToken, sha256 } from '../../src/platform/secrets.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { type ClientCredential, introspect, refresh, userinfoStatus } from '../support/endpoints.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { discover, type RelyingParty, signIn } from '../support/relying-party.ts';
import { environmentOf, type ServerProcess, startServerProcess } from '../support/server-process.ts';

type Person = Awaited<ReturnType<TestApp['person']>>;

describe('refreshing tokens', () => {
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

  interface Line {
    access: string;
    refresh: string;
  }

  async function newLine(parameters: Record<string, string> = {}): Promise<Line> {
    const { tokens } = await signIn(party, person, { parameters });
    return { access: tokens.access_token, refresh: tokens.refresh_token as string };
  }

  async function refreshed(token: string, origin = app.issuer): Promise<Line & { scope: string }> {
    const { status, body } = await refresh(origin, client, token);
    assert.equal(status, 200, JSON.stringify(body));
    return { access: body.access_token, refresh: body.refresh_token, scope: body.scope };
  }

  async function assertRefused(token: string, as: ClientCredential = client, origin = app.issuer): Promise<void> {
    const { status, body } = await refresh(origin, as, token);
    assert.equal(status, 400);
    assert.equal(body.error, 'invalid_grant');
  }

  const secretKey = () => app.config.secretKeys[0] as string;

  /** Another node on the same database, with keys of its own. */
  async function startNode(env: Record<string, string>): Promise<ServerProcess> {
    const node = startServerProcess({ ...environmentOf(app, await freePort()), ...env });
    await node.ready();
    return node;
  }

  const row = (token: string) => app.db('oidcPayloads').where({ model: 'RefreshToken', idHash: sha256(token) });

  /** Moves the use of a token into the past. */
  async function usedSecondsAgo(token: string, seconds: number): Promise<void> {
    const moved = await row(token).update({ consumedAt: new Date(Date.now() - seconds * 1000) });
    assert.equal(moved, 1);
  }

  /** Moves the beginning of a token's line into the past. */
  async function begunDaysAgo(token: string, days: number): Promise<void> {
    const stored = await row(token).first('idHash', 'payload', 'expiresAt');
    const payload = openPayload(app.secrets, 'RefreshToken', { ...stored, consumed: false });
    assert.ok(payload);
    Object.assign(payload, { iiat: (payload.iiat as number) - days * 86_400 });
    await row(token).update({ payload: sealPayload(app.secrets, 'RefreshToken', stored.idHash, payload) });
  }

  async function liveTokens(): Promise<number> {
    const [counted] = await app
      .db('oidcPayloads')
      .where({ model: 'RefreshToken', clientId: client.clientId })
      .whereNull('consumedAt')
      .count();
    return Number(counted?.count);
  }

  it('gives a new token each time, on either process, and the id_token stays the person’s', async () => {
    const line = await newLine();
    const second = await openid.refreshTokenGrant(party.config, line.refresh);
    assert.equal(second.claims()?.sub, person.id);
    assert.ok(second.refresh_token && second.refresh_token !== line.refresh);
    const third = await refreshed(second.refresh_token, other);
    assert.notEqual(third.refresh, second.refresh_token);
    assert.equal(await userinfoStatus(other, third.access), 200);
    await refreshed(third.refresh);
  });

  it('gives a retry the same successor while that is unused, and it works', async () => {
    const line = await newLine();
    const first = await refreshed(line.refresh);
    // Long ago, and long before the ten seconds are over on a machine that takes its time.
    await usedSecondsAgo(line.refresh, 4);
    const retried = await refreshed(line.refresh, other);
    assert.equal(retried.refresh, first.refresh);
    assert.notEqual(retried.access, first.access);
    const next = await refreshed(first.refresh);
    assert.equal(await userinfoStatus(app.issuer, next.access), 200);
    assert.equal(await userinfoStatus(app.issuer, first.access), 200);
  });

  it('ends the family, access tokens too, when a token comes again after ten seconds', async () => {
    const line = await newLine();
    const next = await refreshed(line.refresh);
    await usedSecondsAgo(line.refresh, 11);
    await assertRefused(line.refresh, client, other);
    await assertRefused(next.refresh);
    for (const token of [line.access, next.access]) {
      assert.equal(await userinfoStatus(app.issuer, token), 401);
      assert.equal((await introspect(app.issuer, client, token)).body.active, false);
    }
  });

  it('leads a second tab along the line to the newest token, though others were used meanwhile', async () => {
    const line = await newLine();
    const second = await refreshed(line.refresh);
    const third = await refreshed(second.refresh);
    const before = await liveTokens();
    assert.equal((await refreshed(line.refresh)).refresh, third.refresh);
    assert.equal((await refreshed(second.refresh, other)).refresh, third.refresh);
    assert.equal(await liveTokens(), before);
    const fourth = await refreshed(third.refresh, other);
    assert.equal((await refreshed(line.refresh, other)).refresh, fourth.refresh);
    assert.equal(await userinfoStatus(app.issuer, fourth.access), 200);
  });

  it('ends the whole line when a token of it comes again after ten seconds', async () => {
    const line = await newLine();
    const second = await refreshed(line.refresh);
    const third = await refreshed(second.refresh);
    await usedSecondsAgo(line.refresh, 11);
    await assertRefused(line.refresh);
    for (const token of [second.refresh, third.refresh]) await assertRefused(token, client, other);
    assert.equal(await userinfoStatus(app.issuer, third.access), 401);
    // It is written beside the answer.
    const refused = { action: 'token.refused', entityId: client.clientId };
    await eventually(async () => (await app.db('auditEvents').where(refused)).length > 0, 'it is told');
  });

  it('knows reuse of a token that was given back while another request went on with its successor', async () => {
    const line = await newLine();
    const second = await refreshed(line.refresh);
    await row(line.refresh).update({ consumedAt: null });
    const third = await refreshed(second.refresh);
    assert.equal((await refreshed(line.refresh)).refresh, third.refresh);
    await row(line.refresh).update({ consumedAt: null });
    await usedSecondsAgo(second.refresh, 11);
    await assertRefused(line.refresh);
    await assertRefused(third.refresh, client, other);
  });

  it('keeps one live token through tabs that refresh at will, and signs none of them out', async () => {
    const line = await newLine();
    const before = await liveTokens();
    async function tab(origin: string): Promise<void> {
      let token = line.refresh;
      for (let turn = 0; turn < 6; turn++) token = (await refreshed(token, origin)).refresh;
    }
    await Promise.all([app.issuer, other, app.issuer, other].map(tab));
    assert.equal(await liveTokens(), before);
  });

  it('answers eight refreshes at once on two processes alike, and one line goes on', async () => {
    const line = await newLine();
    const before = await liveTokens();
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, n) => refresh(n % 2 ? app.issuer : other, client, line.refresh)),
    );
    assert.deepEqual(
      answers.map(({ status }) => status),
      Array(8).fill(200),
    );
    assert.equal(new Set(answers.map(({ body }) => body.refresh_token)).size, 1);
    assert.equal(await liveTokens(), before);
    for (const { body } of answers) assert.equal(await userinfoStatus(app.issuer, body.access_token), 200);
    await refreshed(answers[0]?.body.refresh_token, other);
  });

  it('holds up when that happens again and again', async () => {
    let { refresh: token } = await newLine();
    for (let round = 0; round < 10; round++) {
      const answers = await Promise.all(
        [app.issuer, other, app.issuer, other].map((origin) => refresh(origin, client, token)),
      );
      assert.deepEqual(
        answers.map(({ status }) => status),
        [200, 200, 200, 200],
        `round ${round}`,
      );
      token = answers[0]?.body.refresh_token;
    }
  });

  it('loses nothing when a process dies between using a token and storing its successor', async () => {
    const line = await newLine();
    assert.equal(await row(line.refresh).update({ consumedAt: new Date() }), 1);
    const retried = await refreshed(line.refresh, other);
    assert.equal(retried.refresh, refreshSuccessor(app.secrets, line.refresh));
    await refreshed(retried.refresh);
  });

  it('goes on in one line while a new SECRET_KEY is rolled out node by node', async () => {
    const renewed = await startNode({ SECRET_KEY: randomToken(36), SECRET_KEY_PREVIOUS: secretKey() });
    try {
      const line = await newLine();
      const before = await liveTokens();
      const second = await refreshed(line.refresh);
      assert.equal((await refreshed(line.refresh, renewed.origin)).refresh, second.refresh);
      const third = await refreshed(second.refresh, renewed.origin);
      assert.equal((await refreshed(line.refresh, renewed.origin)).refresh, third.refresh);
      // A node that has never heard of the new key cannot read on, and begins nothing of its own.
      const { status, body, headers } = await refresh(app.issuer, client, line.refresh);
      assert.equal(status, 503, JSON.stringify(body));
      assert.equal(body.error, 'temporarily_unavailable');
      assert.ok(headers.get('retry-after'));
      assert.equal(await liveTokens(), before);
      await refreshed(third.refresh, renewed.origin);
      await usedSecondsAgo(second.refresh, 11);
      await assertRefused(second.refresh, client, renewed.origin);
      assert.equal(await liveTokens(), before - 1);
    } finally {
      await renewed.stop();
    }
  });

  it('stores no token, only its hash', async () => {
    const line = await newLine();
    const next = await refreshed(line.refresh);
    const { rows } = await app.db.raw('select t::text as text from oidc_payloads t');
    for (const { text } of rows) for (const token of [line.refresh, next.refresh]) assert.ok(!text.includes(token));
    assert.equal(Buffer.from(next.refresh, 'base64url').length, 32);
  });

  it('narrows the scope where asked, and widens it never', async () => {
    const line = await newLine({ scope: 'openid profile email' });
    const narrow = await refresh(app.issuer, client, line.refresh, { scope: 'openid email' });
    assert.equal(narrow.body.scope, 'openid email');
    const again = await refreshed(narrow.body.refresh_token);
    assert.equal(again.scope, 'openid profile email');
    const wide = await refresh(app.issuer, client, again.refresh, { scope: 'openid phone' });
    assert.equal(wide.body.error, 'invalid_scope');
    await refreshed(again.refresh);
  });

  it('uses nothing up where the request is refused for something else', async () => {
    const line = await newLine();
    for (const more of [{ resource: 'https://nowhere.example/' }, { org_node_id: 'nonsense' }] as Record<
      string,
      string
    >[]) {
      const { body } = await refresh(app.issuer, client, line.refresh, more);
      assert.match(body.error, /^invalid_(target|request)$/);
      await eventually(async () => (await row(line.refresh).first('consumedAt')).consumedAt === null, 'it is unused');
    }
    const next = await refreshed(line.refresh);
    // A retry that is refused leaves the use of the first, whose answer may have arrived.
    await refresh(app.issuer, client, line.refresh, { resource: 'https://nowhere.example/' });
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.ok((await row(line.refresh).first('consumedAt')).consumedAt);
    await refreshed(next.refresh);
  });

  it('refuses the token of another client, and lets it live', async () => {
    const stranger = await app.relyingParty();
    const line = await newLine();
    await assertRefused(line.refresh, stranger);
    await assertRefused(line.refresh, await app.relyingParty({ kind: 'spa' }));
    await refreshed(line.refresh);
  });

  it('refuses a client that does not prove itself', async () => {
    const line = await newLine();
    const { body } = await refresh(app.issuer, { ...client, clientSecret: 'ghs_wrong' }, line.refresh);
    assert.equal(body.error, 'invalid_client');
    await refreshed(line.refresh);
  });

  it('refuses what is no refresh token', async () => {
    const line = await newLine();
    for (const token of ['nonsense', line.access, 'a\0b', 'x'.repeat(5000), sha256(line.refresh).toString('base64url')])
      await assertRefused(token);
  });

  it('ends a token that was idle for two weeks', async () => {
    const line = await newLine();
    const { expiresAt } = await row(line.refresh).first('expiresAt');
    assert.ok(Math.abs(expiresAt - Date.now() - 14 * 86_400_000) < 60_000);
    await row(line.refresh).update({ expiresAt: new Date() });
    await assertRefused(line.refresh);
  });

  it('ends a line after ninety days, however often it is used', async () => {
    const line = await newLine();
    await begunDaysAgo(line.refresh, 80);
    const next = await refreshed(line.refresh);
    const { expiresAt } = await row(next.refresh).first('expiresAt');
    assert.ok(Math.abs(expiresAt - Date.now() - 10 * 86_400_000) < 60_000);
    await begunDaysAgo(next.refresh, 10);
    const last = await refreshed(next.refresh);
    const end = (await row(last.refresh).first('expiresAt')).expiresAt.getTime();
    assert.ok(end < Date.now() + 2_000, 'it was given a moment to live');
    await eventually(() => Date.now() > end, 'it is over');
    await assertRefused(last.refresh);
  });

  it('is not cut short by the grant, which lives as long as any line that can begin under it', async () => {
    const { tokens } = await signIn(party, person);
    const { grantId } = await row(tokens.refresh_token as string).first('grantId');
    const { expiresAt } = await app.db('oidcPayloads').where({ model: 'Grant', grantId }).first('expiresAt');
    const { sessionSeconds, refreshTokenAbsoluteSeconds } = app.config.lifetimes;
    assert.ok((expiresAt - Date.now()) / 1000 > sessionSeconds + refreshTokenAbsoluteSeconds - 60);
  });

  it('refuses somebody who was deactivated, and a client that was disabled', async () => {
    const leaver = await app.person();
    const { tokens } = await signIn(party, leaver);
    await deactivateUser(app.db, { tenantId: leaver.tenantId, userId: leaver.id }, systemCaller);
    await assertRefused(tokens.refresh_token as string, client, other);
    assert.equal(await userinfoStatus(other, tokens.access_token), 401);

    const closing = await app.relyingParty();
    const line = await signIn(await discover(app, closing), person);
    await disableClient(app.db, closing.clientId, systemCaller);
    const refused = await refresh(other, closing, line.tokens.refresh_token as string);
    assert.equal(refused.status, 401);
    assert.equal(refused.body.error, 'invalid_client');
  });

  it('ends with the session, unless offline_access was granted', async () => {
    const bound = await signIn(party, person);
    const offline = await signIn(party, person, {
      browser: bound.browser,
      parameters: { scope: 'openid offline_access', prompt: 'consent' },
    });
    const page = await bound.browser.open(`${app.issuer}/logout`);
    await bound.browser.submit(page, { logout: 'yes' });
    await assertRefused(bound.tokens.refresh_token as string);
    await refreshed(offline.tokens.refresh_token as string);
  });
});
