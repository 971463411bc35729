/** A relying party made of openid-client, and a person's whole sign-in in one call. */
import * as openid from 'openid-client';
import type { TestApp } from './app.ts';
import { Browserless, type Reply } from './browserless.ts';

export const redirectUri = 'http://localhost:1/callback';

export interface RelyingParty {
  config: openid.Configuration;
  clientId: string;
  clientSecret: string;
}

/** Discovers the server as a registered client. `origin` is another process of the same server. */
export async function discover(
  app: TestApp,
  client: { clientId: string; clientSecret: string },
  auth?: openid.ClientAuth,
): Promise<RelyingParty> {
  const config = await openid.discovery(new URL(app.issuer), client.clientId, client.clientSecret, auth, {
    execute: [openid.allowInsecureRequests],
  });
  return { config, ...client };
}

export interface StartedSignIn {
  address: URL;
  checks: openid.AuthorizationCodeGrantChecks;
}

/** The authorization request with PKCE, state and nonce. `resources`: APIs, where there are several. */
export async function startSignIn(
  party: RelyingParty,
  parameters: Record<string, string> = {},
  resources: readonly string[] = [],
): Promise<StartedSignIn> {
  const pkceCodeVerifier = openid.randomPKCECodeVerifier();
  const expectedState = openid.randomState();
  const expectedNonce = openid.randomNonce();
  const address = openid.buildAuthorizationUrl(party.config, {
    redirect_uri: redirectUri,
    scope: 'openid profile email',
    code_challenge: await openid.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    state: expectedState,
    nonce: expectedNonce,
    ...parameters,
  });
  for (const resource of resources) address.searchParams.append('resource', resource);
  return { address, checks: { pkceCodeVerifier, expectedState, expectedNonce } };
}

/** Fills in the password page. */
export async function enterPassword(
  browser: Browserless,
  page: Reply,
  person: { email: string; password: string },
): Promise<Reply> {
  return browser.submit(page, { login: person.email, password: person.password }, { until: redirectUri });
}

/** A right password, followed by hand to the address at which the library goes on with what was proved. */
export async function provePassword(
  party: RelyingParty,
  person: { email: string; password: string },
  { browser, parameters = {} }: { browser: Browserless; parameters?: Record<string, string> },
): Promise<string> {
  const { address } = await startSignIn(party, parameters);
  const page = await browser.open(address.href, redirectUri);
  const isWayOn = (location: string) => new URL(location, page.url).pathname.startsWith('/authorize/');
  const fields = { login: person.email, password: person.password };
  let reply = await browser.submit(page, fields, { until: `${new URL(page.url).origin}/authorize/` });
  while (reply.location && !isWayOn(reply.location)) reply = await browser.send(reply.location);
  if (!reply.location) throw new Error(`not proved: ${reply.status} ${reply.body}`);
  return reply.location;
}

/** From the authorization request to the tokens, consent given where it is asked for. */
export async function signIn(
  party: RelyingParty,
  person: { email: string; password: string },
  {
    parameters = {},
    resources,
    browser = new Browserless(),
    tokenParameters = {},
    options,
  }: {
    parameters?: Record<string, string>;
    resources?: readonly string[];
    browser?: Browserless;
    tokenParameters?: Record<string, string>;
    options?: openid.AuthorizationCodeGrantOptions;
  } = {},
) {
  const { address, checks } = await startSignIn(party, parameters, resources);
  let reply = await browser.open(address.href, redirectUri);
  if (!reply.location && /name="password"/.test(reply.body)) reply = await enterPassword(browser, reply, person);
  if (!reply.location && /name="decision"/.test(reply.body))
    reply = await browser.submit(reply, { decision: 'allow' }, { until: redirectUri });
  if (!reply.location) throw new Error(`not signed in: ${reply.status} ${reply.body}`);
  const callback = new URL(reply.location);
  const tokens = await openid.authorizationCodeGrant(party.config, callback, checks, tokenParameters, options);
  return { tokens, browser, callback, checks };
}
