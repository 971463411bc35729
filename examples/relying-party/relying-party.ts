/**
 * A web application that leaves signing in to Gatehouse: authorization code flow with PKCE, state and nonce, refresh,
 * an API called for the person, sign-out at both ends, and sign-out that begins elsewhere. One function a route; each
 * shows one step of the protocol and can be copied. Refuses requests of other sites, and answers of other servers.
 */
import { createServer, type Server } from 'node:http';
import { errors as joseErrors } from 'jose';
import * as openid from 'openid-client';
import { type Handler, handleRequest, type Reply, redirectTo } from './http.ts';
import { createLogoutTokenVerifier } from './logout-token.ts';
import { errorPage, signedInPage, signedOutPage, stylesheet } from './pages.ts';
import { type ApiPath, createSessions, type Session, type SignedIn } from './sessions.ts';
import type { Settings } from './settings.ts';

/** Discovery over plain http is for a server on the same machine; everything else speaks TLS. */
export function discoveryOptions(issuer: string): openid.DiscoveryRequestOptions {
  const { protocol, hostname } = new URL(issuer);
  const isLocal = protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
  // The second checks the id_token's signature too, although it came straight from the server.
  return { execute: [...(isLocal ? [openid.allowInsecureRequests] : []), openid.enableNonRepudiationChecks] };
}

/**
 * Asks Gatehouse where its endpoints are and builds the application. It does not listen yet.
 * @throws where the issuer cannot be reached or is another one
 */
export async function createRelyingParty(settings: Settings): Promise<Server> {
  const { name, issuer, clientId, clientSecret, baseUrl, scope, api } = settings;
  const config = await openid.discovery(
    new URL(issuer),
    clientId,
    undefined,
    openid.ClientSecretBasic(clientSecret),
    discoveryOptions(issuer),
  );
  const verifyLogoutToken = createLogoutTokenVerifier({
    issuer: config.serverMetadata().issuer,
    clientId,
    jwksUri: config.serverMetadata().jwks_uri as string,
  });
  const sessions = createSessions();
  const redirectUri = `${baseUrl}/callback`;

  /** Tokens to what is kept of them. A refresh answers what it renewed; the rest stays. */
  async function keep(
    tokens: openid.TokenEndpointResponse & openid.TokenEndpointResponseHelpers,
    before?: SignedIn,
  ): Promise<SignedIn> {
    const claims = tokens.claims() ?? before?.claims;
    const idToken = tokens.id_token ?? before?.idToken;
    if (!claims || idToken === undefined) throw new Error('the answer has no id_token');
    return {
      idToken,
      claims,
      // The subject is compared, so that nobody else's answer is taken for this person's.
      userinfo: await openid.fetchUserInfo(config, tokens.access_token, claims.sub),
      refreshToken: tokens.refresh_token ?? before?.refreshToken,
      refreshedAt: before && new Date(),
      apiToken: before?.apiToken,
    };
  }

  const home: Handler = async ({ session }) => {
    const html = session?.signedIn ? signedInPage(name, session, session.signedIn) : signedOutPage(name, session);
    if (session) session.notice = undefined;
    return { status: 200, html };
  };

  const signIn: Handler = async ({ session }) => redirectToSignIn(session);

  /** @param stepUp the `acr_values` that an API asks for, and what is asked of it again afterwards */
  async function redirectToSignIn(session: Session | undefined, stepUp?: { acrValues: string; path: ApiPath }) {
    const pending = {
      state: openid.randomState(),
      nonce: openid.randomNonce(),
      codeVerifier: openid.randomPKCECodeVerifier(),
      thenAsk: stepUp?.path,
    };
    const own = session ?? sessions.start();
    own.pending = pending;
    const address = openid.buildAuthorizationUrl(config, {
      redirect_uri: redirectUri,
      scope,
      // Tokens for this API may be asked for later, with the refresh token (RFC 8707).
      resource: api.identifier,
      state: pending.state,
      nonce: pending.nonce,
      code_challenge: await openid.calculatePKCECodeChallenge(pending.codeVerifier),
      code_challenge_method: 'S256',
      ...(stepUp && { acr_values: stepUp.acrValues }),
    });
    return redirectTo(address.href, own);
  }

  const callback: Handler = async ({ url, session }) => {
    const { pending } = session ?? {};
    if (!session || !pending) {
      return {
        status: 400,
        html: errorPage(name, 'This sign-in is over', 'It was begun in another browser, or used before.'),
      };
    }
    // Once: a second callback finds nothing to be compared with.
    session.pending = undefined;
    let signedIn: SignedIn;
    try {
      const tokens = await openid.authorizationCodeGrant(config, new URL(`${redirectUri}${url.search}`), {
        pkceCodeVerifier: pending.codeVerifier,
        expectedState: pending.state,
        expectedNonce: pending.nonce,
        idTokenExpected: true,
      });
      signedIn = await keep(tokens);
    } catch (error) {
      return { status: 400, html: errorPage(name, 'Signing in did not work', reasonOf(error)) };
    }
    // Another session id than before the sign-in: an attacker who planted the old one has nothing now.
    sessions.end(session.id);
    const fresh = sessions.start();
    fresh.signedIn = signedIn;
    // Whatever the API says now is shown: a second step-up would lead nowhere else.
    try {
      if (pending.thenAsk) await askApi(fresh, signedIn, pending.thenAsk);
    } catch (error) {
      return endedElsewhere(fresh, error);
    }
    return redirectTo('/', fresh);
  };

  /** A refresh token that is no longer good means that the session at Gatehouse is over: so is this one. */
  function endedElsewhere(session: Session, error: unknown): Reply {
    if (!(error instanceof openid.ResponseBodyError) || error.error !== 'invalid_grant') throw error;
    sessions.end(session.id);
    const fresh = sessions.start();
    fresh.notice = { title: 'Your session has ended', detail: 'Please sign in again.', failed: true };
    return redirectTo('/', fresh);
  }

  const refresh: Handler = async ({ session }) => {
    const { signedIn } = session ?? {};
    if (!session || !signedIn?.refreshToken) return redirectTo('/');
    try {
      session.signedIn = await keep(await openid.refreshTokenGrant(config, signedIn.refreshToken), signedIn);
      return redirectTo('/');
    } catch (error) {
      return endedElsewhere(session, error);
    }
  };

  /** An access token for the API alone: a JWT with its audience, which userinfo would not take, nor another API. */
  async function apiToken(signedIn: SignedIn): Promise<string> {
    const now = Date.now() / 1000;
    if (!signedIn.apiToken || signedIn.apiToken.expiresAt < now + 30) {
      const tokens = await openid.refreshTokenGrant(config, signedIn.refreshToken as string, {
        resource: api.identifier,
      });
      // The refresh token rotates: the old one is used up.
      signedIn.refreshToken = tokens.refresh_token ?? signedIn.refreshToken;
      signedIn.apiToken = { value: tokens.access_token, expiresAt: now + (tokens.expires_in ?? 60) };
    }
    return signedIn.apiToken.value;
  }

  /**
   * Asks the API in the person's name, and keeps what it says for the next page.
   * @returns the `acr_values` that it asks for, where the person has to prove more (RFC 9470)
   */
  async function askApi(session: Session, signedIn: SignedIn, path: ApiPath): Promise<string | undefined> {
    const token = await apiToken(signedIn);
    const url = api.url + path;
    try {
      const answer = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
      const challenge = answer.headers.get('www-authenticate');
      session.notice = {
        title: answer.ok ? 'The API answered' : `The API refused: ${answer.status}`,
        detail: challenge ?? url,
        content: await answer.json(),
        failed: !answer.ok,
      };
      return stepUpOf(challenge);
    } catch {
      session.notice = { title: 'The API does not answer', detail: url, failed: true };
      return undefined;
    }
  }

  const callApi =
    (path: ApiPath): Handler =>
    async ({ session }) => {
      const { signedIn } = session ?? {};
      if (!session || !signedIn?.refreshToken) return redirectTo('/');
      let acrValues: string | undefined;
      try {
        acrValues = await askApi(session, signedIn, path);
      } catch (error) {
        return endedElsewhere(session, error);
      }
      if (acrValues === undefined) return redirectTo('/');
      session.notice = undefined;
      return redirectToSignIn(session, { acrValues, path });
    };

  const signOut: Handler = async ({ session }) => {
    if (!session?.signedIn) return redirectTo('/');
    const { idToken } = session.signedIn;
    // Here first, so that nothing is left if the person stops half-way.
    sessions.end(session.id);
    const address = openid.buildEndSessionUrl(config, {
      id_token_hint: idToken,
      post_logout_redirect_uri: `${baseUrl}/`,
    });
    return redirectTo(address.href, 'none');
  };

  /** Gatehouse calls this, no browser does. */
  const backchannelLogout: Handler = async ({ form }) => {
    try {
      sessions.endAtGatehouse(await verifyLogoutToken(form.get('logout_token') ?? ''));
      return { status: 200 };
    } catch (error) {
      if (!(error instanceof joseErrors.JOSEError)) throw error;
      return {
        status: 400,
        json: { error: 'invalid_request', error_description: 'the logout token is not acceptable' },
      };
    }
  };

  const routes: Record<string, Handler> = {
    'GET /': home,
    'GET /sign-in': signIn,
    'GET /callback': callback,
    'POST /refresh': refresh,
    'POST /call-api': callApi(''),
    'POST /call-costs': callApi('/costs'),
    'POST /sign-out': signOut,
    'POST /backchannel-logout': backchannelLogout,
    'GET /style.css': async () => ({ status: 200, css: stylesheet }),
  };
  return createServer(
    handleRequest({
      routes,
      baseUrl,
      // The redirect that answers "Sign out" leads there.
      formTargets: [new URL(issuer).origin],
      fromMachines: new Set(['POST /backchannel-logout']),
      findSession: (id) => sessions.find(id),
    }),
  );
}

/** What an API asks for that wants the person to prove more (RFC 9470 section 3); undefined where that is not it. */
function stepUpOf(challenge: string | null): string | undefined {
  if (!/\berror="insufficient_user_authentication"/.test(challenge ?? '')) return undefined;
  return /\bacr_values="([^"]+)"/.exec(challenge ?? '')?.[1];
}

/** What may be told of an error: the OAuth error, never more. */
function reasonOf(error: unknown): string {
  if (error instanceof openid.AuthorizationResponseError || error instanceof openid.ResponseBodyError)
    return error.error_description ? `${error.error}: ${error.error_description}` : error.error;
  return 'The answer was not the one we asked for.';
}
