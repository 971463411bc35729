/**
 * What malformed requests are made of: a running server, a person and clients to know about, credentials of every kind,
 * and interactions that cannot be gone on with.
 */
import type { OutgoingHttpHeaders } from 'node:http';
import * as jose from 'jose';
import { systemCaller } from '../../../src/domain/audit/audit-events.ts';
import { createInvitation } from '../../../src/domain/invitations/send-invitation.ts';
import { openPayload } from '../../../src/domain/messages/outgoing-message.ts';
import { startTestApp, type TestApp } from '../app.ts';
import { Browserless } from '../browserless.ts';
import { basic, createApi } from '../endpoints.ts';
import { discover, enterPassword, type RelyingParty, redirectUri, signIn, startSignIn } from '../relying-party.ts';

export interface MalformedRequest {
  what: string;
  method?: string;
  path: string;
  headers?: OutgoingHttpHeaders;
  body?: string | Buffer;
  /** Without a length, in pieces. */
  chunked?: boolean;
  /**
   * `refused`: 400, or an OAuth error sent back to the client; `begun`: as if what is malformed were not there, a
   * sign-in begins.
   */
  expected: number | readonly number[] | 'refused' | 'begun' | 'refused or begun';
  /** In the body, such as an OAuth error code. */
  says?: RegExp;
}

/** An address of an interaction, with the cookies of the browser that comes. */
interface Visit {
  path: string;
  cookie: string;
}

export interface Stage {
  app: TestApp;
  party: RelyingParty;
  person: Awaited<ReturnType<TestApp['person']>>;
  /** The client's credentials in a header. */
  basic: Record<string, string>;
  tokens: Awaited<ReturnType<typeof signIn>>['tokens'];
  jwtAccessToken: string;
  live: Visit;
  expired: Visit;
  finished: Visit;
  /** Of a browser in which the person is signed in. */
  sessionCookie: string;
  /** Where codes and links are asked for and used. `path` is the interaction's, without a step. */
  codes: {
    /** Nothing was asked for yet. */
    asking: Visit;
    /** A code to sign in by was sent, to an address that nobody has. */
    entering: Visit;
    signingUp: Visit;
    recoveryPath: string;
    invitationPath: string;
    /** Cookies of a person whose address is not verified. */
    unverifiedCookie: string;
  };
  /** A client assertion, signed by a service's own key. */
  assertion(claims: Record<string, unknown>, header?: Record<string, unknown>): Promise<string>;
  serviceId: string;
}

export const form = { 'content-type': 'application/x-www-form-urlencoded' };
export const page = { accept: 'text/html' };
export const twoMegabytes = 'x'.repeat(2_000_000);
// RFC 7636 appendix B.
export const challenge = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';

/** A JWT that nobody signed. */
export function unsigned(payload: object, header: object = { alg: 'none' }): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part(header)}.${part(payload)}.`;
}

function cookiesOf(browser: Browserless): string {
  return browser.cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
}

export async function setStage(): Promise<Stage> {
  // Each request comes from an address of its own: limits are another test's.
  const env = { TRUSTED_PROXIES: '127.0.0.0/8', PHONE_COUNTRIES: 'CH,FR' };
  const app = await startTestApp({ env, mailbox: true, twilio: true, runJobs: false });
  const person = await app.person();
  const party = await discover(app, await app.relyingParty());
  const api = await createApi(app);
  const signedIn = await signIn(party, person, { parameters: { scope: 'openid email' } });
  const forApi = await signIn(party, person, {
    parameters: { scope: `openid ${api.capabilities.join(' ')}`, resource: api.identifier },
    tokenParameters: { resource: api.identifier },
  });

  async function visit(browser: Browserless): Promise<Visit> {
    const reply = await browser.open((await startSignIn(party)).address.href, redirectUri);
    return { path: new URL(reply.url).pathname, cookie: cookiesOf(browser) };
  }
  const live = await visit(new Browserless());
  const expired = await visit(new Browserless());
  await app.db.raw(
    `update oidc_payloads set expires_at = now() - interval '1 second'
      where model = 'Interaction' and created_at = (select max(created_at) from oidc_payloads where model = 'Interaction')`,
  );
  const done = new Browserless();
  const left = await done.open((await startSignIn(party)).address.href, redirectUri);
  const finished = { path: new URL(left.url).pathname, cookie: cookiesOf(done) };
  await enterPassword(done, left, person);

  const { publicKey, privateKey } = await jose.generateKeyPair('ES256', { extractable: true });
  const jwk = { ...(await jose.exportJWK(publicKey)), alg: 'ES256', kid: 'k' };
  const service = await app.service({ capabilities: api.capabilities, jwks: { keys: [jwk] } });

  return {
    app,
    party,
    person,
    basic: basic(party),
    tokens: signedIn.tokens,
    jwtAccessToken: forApi.tokens.access_token,
    live,
    expired,
    finished,
    sessionCookie: cookiesOf(signedIn.browser),
    codes: await setCodes(app),
    serviceId: service.clientId,
    async assertion(claims, header = {}) {
      const now = Math.floor(Date.now() / 1000);
      const id = service.clientId;
      const text = JSON.stringify({ iss: id, sub: id, aud: app.issuer, iat: now, exp: now + 60, ...claims });
      const signer = new jose.CompactSign(Buffer.from(text));
      return signer.setProtectedHeader({ alg: 'ES256', kid: 'k', ...header } as never).sign(privateKey);
    },
  };
}

/** What a message would have brought: the job that waits to send it, opened. */
async function queued<T>(app: TestApp, job: string, isWanted: (payload: T) => boolean = () => true): Promise<T> {
  const { rows } = await app.db.raw(
    `select j.payload
       from graphile_worker._private_jobs j
       join graphile_worker._private_tasks t on t.id = j.task_id
      where t.identifier = ?`,
    [job],
  );
  const payloads = (rows as { payload: unknown }[]).map(
    ({ payload }) => openPayload(app.secrets, job, payload).value as T,
  );
  const wanted = payloads.find(isWanted);
  if (!wanted) throw new Error(`no such job: ${job}`);
  return wanted;
}

async function setCodes(app: TestApp): Promise<Stage['codes']> {
  const tenant = await app.tenant({ settings: { selfSignUp: true, countryList: ['CH'] } });
  const party = await discover(app, await app.relyingParty({ tenantId: tenant.id }));
  const { email } = await app.person({ tenantId: tenant.id });

  async function ask(step: string | undefined, address = ''): Promise<Visit> {
    const browser = new Browserless({ 'x-forwarded-for': '192.0.2.7' });
    const { url } = await browser.open((await startSignIn(party)).address.href, redirectUri);
    const base = url.replace(/\/sign-in$/, '');
    if (step) await browser.send(`${base}/${step}`, { channel: 'email', address });
    return { path: new URL(base).pathname, cookie: cookiesOf(browser) };
  }
  await ask('recovery', email);
  const { token } = await queued<{ token: string }>(app, 'deliver-recovery');
  await createInvitation(
    app.db,
    {
      tenantId: tenant.id,
      email: 'invited@example.test',
      roleId: tenant.systemRoleIds.member,
      orgNodeId: tenant.rootNodeId,
      locale: 'en',
    },
    {
      secrets: app.secrets,
      caller: systemCaller,
      issuer: app.issuer,
      channels: ['email'],
      phoneCountries: [],
      budgets: { email: 100, phone: 0 },
    },
  );
  const { model } = await queued<{ template: string; model: { href: string } }>(
    app,
    'send-message',
    ({ template }) => template === 'invitation',
  );
  const unverified = await app.person({ tenantId: tenant.id, emailVerified: false });
  return {
    asking: await ask(undefined),
    entering: await ask('code', 'entering@example.test'),
    signingUp: await ask('sign-up', 'signing.up@example.test'),
    recoveryPath: `/recovery/${token}`,
    invitationPath: new URL(model.href).pathname,
    unverifiedCookie: cookiesOf((await signIn(party, unverified)).browser),
  };
}
