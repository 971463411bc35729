/**
 * Trying an application out: who registers it signs in to it for once, and a page of the console stands in the application's
 * place. Owns which authorization request may ask for that page, so that no way opens to anybody else's code:
 * docs/decisions/0044-an-application-is-tried-out-at-our-own-page.md.
 */
import Provider from 'oidc-provider';
import { defineSecretPurpose, equalInConstantTime, randomToken, type Secrets, sha256 } from '../platform/secrets.ts';

/** What the browser that began a trial keeps, sealed: it can neither read nor write it. */
export interface Trial {
  clientId: string;
  /** Of the console, and of this trial alone. */
  redirectUri: string;
  /** Who began it, and for whom alone it ends. */
  userId: string;
  state: string;
  nonce: string;
  /** Of PKCE (RFC 7636): the code is worth nothing without it, and nobody outside has it. */
  verifier: string;
  /** What the person had let the application have before, in this session. */
  heldGrantId?: string;
  /** In epoch milliseconds. */
  begunAt: number;
}

const trials = defineSecretPurpose('client-trials');
const lifeMs = 10 * 60_000;

const isSecure = (issuer: string) => issuer.startsWith('https:');
const cookieName = (issuer: string) => (isSecure(issuer) ? '__Host-gh_trial' : 'gh_trial');

interface Cookies {
  cookies: {
    get(name: string, options?: object): string | undefined;
    set(name: string, value: string | null, options?: object): unknown;
  };
}

function cookieOptions(issuer: string) {
  return {
    httpOnly: true,
    sameSite: 'lax',
    secure: isSecure(issuer),
    path: '/',
    overwrite: true,
    signed: false,
  } as const;
}

const challengeOf = ({ verifier }: Trial) => sha256(verifier).toString('base64url');

/** Begins one in this browser. Answers where it goes on: the path of an authorization request (RFC 6749 section 4.1.1). */
export function beginTrial(
  ctx: Cookies,
  { secrets, issuer }: { secrets: Secrets; issuer: string },
  {
    scope,
    ...asked
  }: Pick<Trial, 'clientId' | 'redirectUri' | 'userId' | 'heldGrantId'> & { scope: string; loginHint?: string },
): string {
  const { loginHint, ...about } = asked;
  const trial: Trial = {
    ...about,
    state: randomToken(24),
    nonce: randomToken(16),
    verifier: randomToken(32),
    begunAt: Date.now(),
  };
  const sealed = secrets.seal(trials, JSON.stringify(trial), issuer).toString('base64url');
  ctx.cookies.set(cookieName(issuer), sealed, { ...cookieOptions(issuer), maxAge: lifeMs });
  const query = new URLSearchParams({
    client_id: trial.clientId,
    response_type: 'code',
    redirect_uri: trial.redirectUri,
    scope,
    state: trial.state,
    nonce: trial.nonce,
    code_challenge: challengeOf(trial),
    code_challenge_method: 'S256',
    // As people meet it who are not signed in yet.
    prompt: 'login',
    ...(loginHint !== undefined && { login_hint: loginHint }),
  });
  return `/authorize?${query}`;
}

/** The trial that this browser is at; undefined where it is at none, or for too long. */
export function findTrial(ctx: Cookies, { secrets, issuer }: { secrets: Secrets; issuer: string }): Trial | undefined {
  const sealed = ctx.cookies.get(cookieName(issuer), { signed: false });
  if (!sealed || sealed.length > 2_000) return undefined;
  const text = secrets.open(trials, Buffer.from(sealed, 'base64url'), issuer);
  if (text === undefined) return undefined;
  const trial = JSON.parse(text) as Trial;
  return Date.now() - trial.begunAt < lifeMs ? trial : undefined;
}

/** A trial ends once, however it ends. */
export function forgetTrial(ctx: Cookies, issuer: string): void {
  ctx.cookies.set(cookieName(issuer), null, cookieOptions(issuer));
}

/** Whether an answer that came to the page is that to the request of this trial. */
export function isAnswerTo(trial: Trial, state: unknown): boolean {
  return typeof state === 'string' && equalInConstantTime(trial.state, state);
}

/**
 * Whether the authorization request that the library is handling is that of a trial which this very browser began, and asks for
 * the address of that trial. Everything that decides who gets the code has to be as it was sealed.
 */
export function isRedirectOfTrial(
  dependencies: { secrets: Secrets; issuer: string },
  { clientId, redirectUri }: { clientId: string; redirectUri: unknown },
): boolean {
  const { ctx } = Provider;
  const { route, params } = ctx?.oidc ?? {};
  if (!ctx || !params || (route !== 'authorization' && route !== 'resume')) return false;
  const trial = findTrial(ctx as unknown as Cookies, dependencies);
  return (
    trial !== undefined &&
    trial.clientId === clientId &&
    trial.redirectUri === redirectUri &&
    isAnswerTo(trial, params.state) &&
    params.response_type === 'code' &&
    (params.response_mode === undefined || params.response_mode === 'query') &&
    params.code_challenge_method === 'S256' &&
    params.code_challenge === challengeOf(trial)
  );
}
