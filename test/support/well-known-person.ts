/**
 * A person who has done all that leaves something behind, and about whom others have. Whatever is theirs has `zaphod` in
 * it, or is their number; nothing else in a database has.
 */
import * as openid from 'openid-client';
import { recordEvent } from '../../src/domain/audit/audit-events.ts';
import { createInvitation } from '../../src/domain/invitations/send-invitation.ts';
import { startFederationRequest } from '../../src/domain/methods/federation/federation-requests.ts';
import { addIdentityProvider } from '../../src/domain/methods/federation/identity-providers.ts';
import { grantVisibility } from '../../src/domain/organisation/visibility-grants.ts';
import { ensureReferralCode, recordReferral } from '../../src/domain/referrals/referrals.ts';
import type { NewTenant } from '../../src/domain/setup/create-tenant.ts';
import { createSetupLink } from '../../src/domain/setup/setup-links.ts';
import type { TestApp } from './app.ts';
import { Browserless } from './browserless.ts';
import { assign } from './factories.ts';
import type { Ask } from './management.ts';
import { discover, type RelyingParty, redirectUri, signIn, startSignIn } from './relying-party.ts';

export const theirs = /zaphod|791234599/i;

export const body = {
  email: 'zaphod@canary.example',
  email_verified: true,
  phone: '+41791234599',
  phone_verified: true,
  username: 'zaphodb',
  external_id: 'ext-zaphod',
  full_name: 'Zaphod Beeblebrox',
  given_name: 'Zaphod',
  family_name: 'B-zaphod',
  picture_url: 'https://pictures.example/zaphod.png',
  metadata: { room: 'room of zaphod' },
  locale: 'fr-CH',
  password: 'a walk by two heads',
};

const browser = () => new Browserless({ 'user-agent': 'ZaphodBrowser/1.0' });

export interface WellKnown {
  id: string;
  tenant: NewTenant;
  party: RelyingParty;
  tokens: openid.TokenEndpointResponse;
  /** Repeats the request that made the person. */
  makeAgain(): ReturnType<Ask>;
}

/** @param ask who may manage people, identities, invitations */
export async function makeWellKnown(app: TestApp, tenant: NewTenant, ask: Ask): Promise<WellKnown> {
  const { db } = app;
  const tenantId = tenant.id;
  const makeAgain = () => ask('POST', '/users', body, { 'idempotency-key': `make-${tenantId}` });
  const { id } = (await makeAgain()).body;
  const caller = { type: 'user', id, ip: '192.0.2.42', userAgent: 'ZaphodBrowser/1.0' } as const;
  await assign(db, { tenantId, userId: id, orgNodeId: tenant.rootNodeId });
  const seen = { tenantId, userId: id, orgNodeId: tenant.rootNodeId, accessScope: 'read' } as const;
  await grantVisibility(db, seen, caller);
  await refer(app, { tenantId, id });
  const party = await discover(
    app,
    await app.relyingParty({ metadata: { backchannel_logout_uri: 'https://a.example' } }),
  );
  const { tokens } = await signIn(party, body, { browser: browser() });
  await leaveUnderWay(app, { party, tenant });
  await elsewhere(app, { tenantId, id }, ask);
  await invite(app, { tenant, id });
  await createSetupLink(db, { email: body.email }, caller);
  await createSetupLink(db, { email: body.email, tenantId }, caller);
  // By convention no event names anybody; a mistake would.
  const about = { tenantId, entityType: 'user', entityId: id, action: 'user.noted' };
  await recordEvent(db, { ...about, payload: { noted: `spoke to ${body.email}` } }, caller);
  await recordEvent(db, { ...about, payload: { by: ['Zaphod Beeblebrox'] } }, { type: 'system', ip: '192.0.2.42' });
  return { id, tenant, party, tokens, makeAgain };
}

async function refer(app: TestApp, { tenantId, id }: { tenantId: string; id: string }): Promise<void> {
  const { code } = await ensureReferralCode(app.db, { tenantId, userId: id }, { type: 'user', id });
  const { id: other } = await app.person({ tenantId });
  await recordReferral(app.db, { tenantId, userId: other, code }, { type: 'user', id: other });
}

/** A wrong password, a code and a recovery link that wait, a sign-in with a hint, one that was pushed. */
async function leaveUnderWay(
  app: TestApp,
  { party, tenant }: { party: RelyingParty; tenant: NewTenant },
): Promise<void> {
  const local = await discover(app, await app.relyingParty({ tenantId: tenant.id }));
  const begin = async (at: RelyingParty, parameters = {}) => {
    const visitor = browser();
    return { visitor, page: await visitor.open((await startSignIn(at, parameters)).address.href, redirectUri) };
  };
  for (const at of [party, local]) {
    const wrong = await begin(at);
    await wrong.visitor.submit(wrong.page, { login: body.email, password: 'not the right one' });
  }
  await begin(party, { login_hint: body.email });
  await begin(party, { login_hint: ` ${body.phone}` });
  for (const [at, step] of [
    [local, 'code'],
    [party, 'code'],
    [local, 'recovery'],
  ] as const) {
    const { visitor, page } = await begin(at);
    const asked = await visitor.open(page.url.replace('/sign-in', `/${step}?channel=email`));
    await visitor.submit(asked, { address: body.email });
    // Another may be asked for after a while.
    const destination = { destination: body.email };
    await app
      .db('otp_codes')
      .where(destination)
      .update({ createdAt: new Date(Date.now() - 600_000) });
  }
  const { address } = await startSignIn(party, { login_hint: body.email });
  await openid.buildAuthorizationUrlWithPAR(party.config, address.searchParams);
}

/** An account at a provider, and one that is being linked. */
async function elsewhere(app: TestApp, { tenantId, id }: { tenantId: string; id: string }, ask: Ask): Promise<void> {
  const { db, secrets } = app;
  const known = await db('identity_providers').where({ key: 'elsewhere' }).first('id');
  const provider =
    known ??
    (await addIdentityProvider(
      db,
      { key: 'elsewhere', name: 'Elsewhere', issuer: 'https://elsewhere.example', clientId: 'us' },
      { secrets, caller: { type: 'system' }, allowHttp: false },
    ));
  await ask('POST', `/users/${id}/identities`, { provider: 'elsewhere', subject: `zaphod-at-elsewhere-${tenantId}` });
  await db('user_identities')
    .where({ userId: id, provider: 'elsewhere' })
    .update({ email: 'zaphod@elsewhere.example' });
  const details = { nonce: 'n', codeVerifier: 'v', startedAt: 1, reauthenticate: false, countedAs: [] };
  const purpose = { kind: 'link' as const, userId: id, sessionHash: 'h' };
  await startFederationRequest(db, { providerId: provider.id, details: { ...details, purpose } }, secrets);
}

/** One to them, one from them. */
async function invite(app: TestApp, { tenant, id }: { tenant: NewTenant; id: string }): Promise<void> {
  const send = (email: string, caller: Parameters<typeof createInvitation>[2]['caller']) =>
    createInvitation(
      app.db,
      { tenantId: tenant.id, email, roleId: tenant.systemRoleIds.member, orgNodeId: tenant.rootNodeId, locale: 'en' },
      {
        secrets: app.secrets,
        caller,
        issuer: app.issuer,
        channels: ['email'],
        phoneCountries: [],
        budgets: { email: 100, phone: 0 },
      },
    );
  await send(body.email, { type: 'system' });
  await assign(app.db, { tenantId: tenant.id, userId: id, roleId: tenant.systemRoleIds.admin });
  await send(`trillian-${tenant.id}@example.test`, { type: 'user', id });
}
