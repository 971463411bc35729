/** What an application gets no identity assertion for (cross-app access): who is vouched for, by what, and to whom. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { decodeJwt, UnsecuredJWT } from 'jose';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import {
  addCrossAppAudience,
  findCrossAppAudiences,
  removeCrossAppAudience,
} from '../../src/domain/clients/cross-app-audiences.ts';
import { deactivateUser } from '../../src/domain/lifecycle/end-person.ts';
import { withdrawGrant } from '../../src/domain/sessions/grants.ts';
import { revokeAllSessions } from '../../src/domain/sessions/sessions.ts';
import { DomainError } from '../../src/platform/errors.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { CrossAppStage, type More, signedBy, type Traveller } from '../support/cross-app.ts';
import { type EndpointAnswer, otherSpelling, refresh } from '../support/endpoints.ts';
import { eventually } from '../support/eventually.ts';
import { discover, signIn } from '../support/relying-party.ts';

const refreshTokenType = 'urn:ietf:params:oauth:token-type:refresh_token';

describe('asking for an identity assertion', () => {
  let app: TestApp;
  let stage: CrossAppStage;
  let traveller: Traveller;
  before(async () => {
    app = await startTestApp();
    stage = await CrossAppStage.create(app);
    traveller = await stage.traveller();
  });
  after(() => app?.stop());

  const idTokenOf = async (someone = traveller) => (await stage.signIn(someone)).id_token as string;

  function assertRefused({ status, body }: EndpointAnswer, error: string, why?: RegExp): void {
    assert.deepEqual([status, body.error], [400, error], JSON.stringify(body));
    if (why) assert.match(body.error_description, why);
  }

  /** What repeats within a minute is told once, with its first reason. */
  const forgetRepeats = () => app.db('repeated_refusals').delete();

  async function assertInTrail(clientId: string, error: string, reason: RegExp): Promise<void> {
    await eventually(async () => {
      const events = await app.db('audit_events').where({ action: 'token.refused', actorId: clientId });
      return events.some(({ payload }) => payload.error === error && reason.test(payload.detail ?? ''));
    }, `the trail says ${reason}`);
  }

  it('is for applications that may, and off for all others', async () => {
    const party = await discover(app, await app.relyingParty({ tenantId: stage.home.tenantId }));
    const { tokens } = await signIn(party, traveller.here);
    assertRefused(
      await stage.exchange(tokens.id_token as string, {}, party),
      'invalid_request',
      /grant type is not allowed/,
    );
  });

  it('is for the audiences that an administrator named, each by itself', async () => {
    const idToken = await idTokenOf();
    for (const audience of [undefined, 'https://elsewhere.example', `${app.issuer}/`, app.issuer.toUpperCase()])
      assertRefused(await stage.exchange(idToken, { audience }), 'invalid_target');
    await stage.allow(['other.read'], 'https://elsewhere.example');
    const { body } = await stage.exchange(idToken, { audience: 'https://elsewhere.example', resource: undefined });
    const { aud, scope, resource } = decodeJwt(body.access_token);
    assert.deepEqual([aud, scope, resource], ['https://elsewhere.example', 'other.read', undefined]);
    const [, second] = await findCrossAppAudiences(app.db, stage.home.party.clientId);
    const which = { clientId: stage.home.party.clientId, audienceId: second?.id ?? '' };
    await removeCrossAppAudience(app.db, which, systemCaller);
    await forgetRepeats();
    assertRefused(await stage.exchange(idToken, { audience: 'https://elsewhere.example' }), 'invalid_target');
    await assertInTrail(stage.home.party.clientId, 'invalid_target', /no assertion for this audience/);
  });

  it('is for the scopes that an administrator named, or fewer', async () => {
    const idToken = await idTokenOf();
    assertRefused(await stage.exchange(idToken, { scope: 'something.else more' }), 'invalid_scope');
    const { body } = await stage.exchange(idToken, { scope: 'something.else' });
    assert.equal(decodeJwt(body.access_token).scope, 'something.else');
    for (const resource of ['no-uri', 'https://a.example/#part', `https://a.example/${'x'.repeat(600)}`])
      assertRefused(await stage.exchange(idToken, { resource }), 'invalid_target');
  });

  it('takes id_tokens of the application itself alone', async () => {
    const credential = await app.relyingParty({ tenantId: stage.home.tenantId });
    const wanted = { audience: app.issuer, audienceClientId: 'x', scopes: ['a'] };
    await addCrossAppAudience(app.db, credential.clientId, wanted, systemCaller);
    const party = await discover(app, credential);
    const theirs = (await signIn(party, traveller.here)).tokens.id_token as string;
    assertRefused(await stage.exchange(theirs), 'invalid_request', /no id_token of this application/);
    assertRefused(await stage.exchange(await idTokenOf(), {}, party), 'invalid_request');
    assert.equal((await stage.exchange(theirs, { resource: undefined }, party)).status, 200);
  });

  it('takes no other JWT, signed by us or by nobody', async () => {
    const idToken = await idTokenOf();
    const claims = decodeJwt(idToken);
    const past = Math.floor(Date.now() / 1000) - 10;
    const [head, body] = idToken.split('.');
    const keys = await (await fetch(`${app.issuer}/jwks`)).text();
    const hs256 = Buffer.from(JSON.stringify({ alg: 'HS256' })).toString('base64url');
    const signature = (key: string) => createHmac('sha256', key).update(`${hs256}.${body}`).digest('base64url');
    const { sid: _, ...withoutSession } = claims;
    const strange: Record<string, string> = {
      expired: await signedBy(app, { ...claims, exp: past }),
      'of a type of its own': await signedBy(app, claims, { typ: 'logout+jwt' }),
      'an access token': await signedBy(app, claims, { typ: 'at+jwt' }),
      'an assertion': await stage.assertionFor(traveller),
      'for several': await signedBy(app, { ...claims, aud: [claims.aud, 'other'] }),
      'of another issuer': await signedBy(app, { ...claims, iss: 'https://elsewhere.example' }),
      'without a session': await signedBy(app, withoutSession),
      'of a session that is not there': await signedBy(app, { ...claims, sid: 'not-there' }),
      "of another person's session": await signedBy(app, { ...claims, sub: (await stage.traveller()).here.id }),
      'about nobody': await signedBy(app, { ...claims, sub: 'nobody' }),
      unsigned: new UnsecuredJWT(claims).encode(),
      'signed with our public keys': `${hs256}.${body}.${signature(keys)}`,
      'signed with its secret': `${hs256}.${body}.${signature(stage.home.party.clientSecret)}`,
      'with another signature': `${head}.${body}.${'A'.repeat(342)}`,
      'spelled otherwise': otherSpelling(idToken),
      'no JWT': 'x',
      long: `${idToken}${'A'.repeat(20_000)}`,
    };
    for (const [what, token] of Object.entries(strange))
      assert.equal((await stage.exchange(token)).body.error, 'invalid_request', what);
    assert.equal((await stage.exchange(await signedBy(app, claims))).status, 200, 'as it is signed here');
    await assertInTrail(stage.home.party.clientId, 'invalid_request', /no id_token of this application/);
    for (const more of [
      { subject_token_type: 'urn:ietf:params:oauth:token-type:access_token' },
      { subject_token_type: undefined },
      { subject_token: undefined },
      { actor_token: idToken, actor_token_type: 'urn:ietf:params:oauth:token-type:id_token' },
    ] as More[])
      assertRefused(await stage.exchange(idToken, more), 'invalid_request');
  });

  const whose = ({ here }: Traveller) => ({ tenantId: here.tenantId, userId: here.id });
  const ends: Record<string, (someone: Traveller) => Promise<unknown>> = {
    'the session': (someone) => revokeAllSessions(app.db, whose(someone), systemCaller),
    'the browser session alone': ({ here }) =>
      app.db('oidc_payloads').where({ model: 'Session', accountId: here.id }).delete(),
    'the grant': async (someone) => {
      const { grantId } = await app.db('oidc_payloads').where({ model: 'Grant', accountId: someone.here.id }).first();
      await withdrawGrant(app.db, { ...whose(someone), grantId }, systemCaller);
    },
    'the person': (someone) => deactivateUser(app.db, whose(someone), systemCaller),
  };
  for (const [what, end] of Object.entries(ends))
    it(`takes no id_token once ${what} has ended`, async () => {
      const someone = await stage.traveller();
      const idToken = await idTokenOf(someone);
      assert.equal((await stage.exchange(idToken)).status, 200);
      await end(someone);
      assertRefused(await stage.exchange(idToken), 'invalid_request');
    });

  it('takes a refresh token while its grant lives, also after the session', async () => {
    const someone = await stage.traveller();
    const { refresh_token: token = '', id_token: idToken = '' } = await stage.signIn(someone, { offline: true });
    const byRefresh = { subject_token_type: refreshTokenType };
    const { body } = await stage.exchange(token, byRefresh);
    const [said, first] = [decodeJwt(body.access_token), decodeJwt(idToken)];
    assert.deepEqual(
      [said.sub, said.auth_time, said.acr, said.amr],
      [someone.here.id, first.auth_time, first.acr, first.amr],
    );
    await app.db('oidc_payloads').where({ model: 'Session', accountId: someone.here.id }).delete();
    assertRefused(await stage.exchange(idToken), 'invalid_request');
    assert.equal((await stage.exchange(token, byRefresh)).status, 200, 'it outlives the browser session');
    const other = await app.relyingParty({ tenantId: stage.home.tenantId });
    const wanted = { audience: app.issuer, audienceClientId: 'x', scopes: ['a'] };
    await addCrossAppAudience(app.db, other.clientId, wanted, systemCaller);
    assertRefused(await stage.exchange(token, byRefresh, other), 'invalid_request');
    const { body: next } = await refresh(app.issuer, stage.home.party, token);
    await app
      .db('oidc_payloads')
      .where({ model: 'RefreshToken', accountId: someone.here.id })
      .whereNotNull('consumedAt')
      .update({ consumedAt: new Date(Date.now() - 60_000) });
    assertRefused(await stage.exchange(token, byRefresh), 'invalid_request');
    assert.equal((await stage.exchange(next.refresh_token, byRefresh)).status, 200, 'and its use there ended nothing');
    const { grantId } = await app.db('oidc_payloads').where({ model: 'Grant', accountId: someone.here.id }).first();
    await withdrawGrant(app.db, { ...whose(someone), grantId }, systemCaller);
    assertRefused(await stage.exchange(next.refresh_token, byRefresh), 'invalid_request');
  });

  it('takes no id_token from before the application might', async () => {
    const credential = await app.relyingParty({ tenantId: stage.home.tenantId });
    const party = await discover(app, credential);
    const idToken = (await signIn(party, traveller.here)).tokens.id_token as string;
    assert.equal(decodeJwt(idToken).sid, undefined);
    const wanted = { audience: app.issuer, audienceClientId: 'x', scopes: ['a'] };
    await addCrossAppAudience(app.db, credential.clientId, wanted, systemCaller);
    assertRefused(await stage.exchange(idToken, { resource: undefined }, party), 'invalid_request', /says no session/);
  });

  it('is not for public clients, services, and what no server is', async () => {
    const add = (clientId: string, more: object = {}) =>
      addCrossAppAudience(
        app.db,
        clientId,
        { audience: app.issuer, audienceClientId: 'x', scopes: ['a'], ...more },
        systemCaller,
      );
    const code = (kind: string) => (error: unknown) => error instanceof DomainError && error.code === kind;
    const spa = await app.relyingParty({ tenantId: stage.home.tenantId, kind: 'spa' });
    await assert.rejects(add(spa.clientId), code('INVALID_INPUT'));
    const service = await app.service({ tenantId: stage.home.tenantId });
    await assert.rejects(add(service.clientId), code('NOT_FOUND'));
    const { clientId } = stage.home.party;
    await assert.rejects(add(clientId), code('DUPLICATE'));
    for (const more of [
      { audience: 'no-url' },
      { audience: 'https://a.example/?q' },
      { audience: 'https://user@a.example' },
      { audience: 'javascript:alert(1)' },
      { audienceClientId: 'a b' },
      { scopes: [] },
      { scopes: ['a b'] },
    ])
      await assert.rejects(add(clientId, more), code('INVALID_INPUT'), JSON.stringify(more));
  });
});
