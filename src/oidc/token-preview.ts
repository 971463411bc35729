/**
 * What the tokens of a person would say: the whole way from a code to id_token, access token and userinfo, gone by a provider
 * that is configured as the server's and stands apart. Owns that nothing comes of it: what it stores is kept in memory and
 * forgotten, what it signs is signed by keys that are published nowhere, and no token leaves; its claims and its size do. The
 * person is taken to have come in by a password, whatever second factor is asked of them, and to have allowed what is asked for.
 */
import { type AdapterFactory, errors, type Provider } from 'oidc-provider';
import type { Config } from '../config.ts';
import type { Moment } from '../domain/access/access-history.ts';
import { scopes as knownScopes } from '../domain/claims/claims.ts';
import { acr } from '../domain/factors/requirement.ts';
import { type Database, isConnectionError } from '../platform/database.ts';
import { randomToken, type Secrets, sha256 } from '../platform/secrets.ts';
import { closed } from './closed-provider.ts';
import { createThrowawayKeys, type SigningKeySet } from './keys.ts';
import { createProvider } from './provider.ts';
import { askRehearsal, memoryAdapter, type RehearsedAnswer, type Said, saidByJwt, withoutSecret } from './rehearsal.ts';
import { createClientAdapter } from './storage/client-adapter.ts';
import { createResourceIndicators } from './tokens/resources.ts';

export interface PreviewQuestion extends Moment {
  userId: string;
  clientId: string;
  scopes: readonly string[];
  /** The identifier of an API. */
  resource?: string;
  orgNodeId?: string;
  nonce?: string;
}

export interface TokenPreview {
  /** What would be granted of the scopes that were asked for. */
  scopes: string[];
  idToken: Said | null;
  userinfo: Said | null;
  /** For the API. Of an opaque one: what introspection answers. */
  accessToken: (Said & { format: 'jwt' | 'opaque' }) | null;
  /** As the token endpoint would say it (RFC 6749 section 5.2); then there is nothing else. */
  refused: { error: string; errorDescription: string | null } | null;
}

export type PreviewTokens = (question: PreviewQuestion) => Promise<TokenPreview>;

interface PreviewDependencies {
  config: Config;
  db: Database;
  secrets: Secrets;
}

/** The first question makes the keys. */
export function createTokenPreview(dependencies: PreviewDependencies): PreviewTokens {
  let keys: Promise<SigningKeySet> | undefined;
  return async (question) => {
    keys ??= createThrowawayKeys();
    return new Rehearsal(dependencies, await keys, question).run();
  };
}

const redirectUri = 'https://rehearsal.invalid/callback';
const verifier = 'the-code-verifier-of-a-rehearsal-that-nobody-else-sees';

/** The library's storage for one rehearsal. Clients are the real ones; nobody has their secrets here, and nobody needs one. */
function inMemory({ db, secrets, config }: PreviewDependencies): AdapterFactory {
  const clients = createClientAdapter({ db, secrets, issuer: config.issuer });
  return (model) => (model === 'Client' ? withoutSecret(clients, redirectUri) : memoryAdapter());
}

interface TokenResponse {
  access_token: string;
  id_token?: string;
  scope?: string;
}

/** All that is asked for: the API, the scopes of OpenID Connect, and those of the API. */
interface Granted {
  resource: string | undefined;
  oidc: string[];
  ofApi: string[];
  /** All of them. */
  scopes: string[];
}

/** Carries the token endpoint's refusal out. */
class Refused extends Error {
  readonly error: string;
  readonly errorDescription: string | null;

  constructor({ error, error_description: why }: { error: string; error_description?: string }) {
    super(error);
    this.error = error;
    this.errorDescription = why ?? null;
  }
}

class Rehearsal {
  readonly #indicators: ReturnType<typeof createResourceIndicators>;
  readonly #question: PreviewQuestion;
  readonly #provider: Provider;
  /** The moment that is asked about, in seconds; undefined: now. */
  readonly #asOf: number | undefined;
  /** What the library answered `server_error` for: its answer says nothing of it. */
  #fault: unknown;

  constructor(dependencies: PreviewDependencies, keys: SigningKeySet, question: PreviewQuestion) {
    const { at, past } = question;
    const moment = past ?? at;
    const rehearsal = { adapter: inMemory(dependencies), at, past };
    const { config, db, secrets } = dependencies;
    this.#indicators = createResourceIndicators({ db, issuer: config.issuer });
    this.#question = question;
    this.#provider = createProvider({ config, db, secrets, ...closed(), keys, rehearsal });
    this.#provider.on('server_error', (_ctx, error) => {
      this.#fault = error;
    });
    this.#asOf = moment && Math.floor(moment.getTime() / 1000);
  }

  async run(): Promise<TokenPreview> {
    try {
      return await this.#rehearse();
    } catch (error) {
      const refused =
        error instanceof errors.OIDCProviderError
          ? new Refused({ error: error.error, error_description: error.error_description })
          : error;
      if (!(refused instanceof Refused)) throw refused;
      const { error: code, errorDescription } = refused;
      return {
        scopes: [],
        idToken: null,
        userinfo: null,
        accessToken: null,
        refused: { error: code, errorDescription },
      };
    }
  }

  async #rehearse(): Promise<TokenPreview> {
    const client = await this.#provider.Client.find(this.#question.clientId);
    if (!client) throw new errors.InvalidClient('the client is unknown, disabled, or of a suspended tenant');
    const { defaultResource } = this.#indicators;
    const registered = await defaultResource(undefined as never, client as never);
    const resource = this.#question.resource ?? (typeof registered === 'string' ? registered : undefined);
    const granted = await this.#granted(client as never, resource);
    // A client with an API of its registration gets tokens for that alone: none of them opens userinfo.
    const forUserinfo = registered === undefined ? await this.#exchange(granted) : undefined;
    const forApi = resource === undefined ? undefined : await this.#exchange(granted, this.#question.resource);
    const idToken = (forApi ?? forUserinfo)?.id_token;
    return {
      scopes: granted.scopes,
      idToken: idToken === undefined ? null : this.#ofJwt(idToken),
      userinfo:
        forUserinfo && granted.scopes.includes('openid') ? await this.#userinfo(forUserinfo.access_token) : null,
      accessToken: forApi ? await this.#accessToken(forApi.access_token) : null,
      refused: null,
    };
  }

  /** What a person's consent to all that is asked for comes to; as `grantRequest` of authorization/consent.ts. */
  async #granted(client: object, resource: string | undefined): Promise<Granted> {
    const { scopes } = this.#question;
    const { getResourceServerInfo } = this.#indicators;
    const atAuthorization = { oidc: { route: 'authorization' } } as never;
    const api =
      resource === undefined ? undefined : await getResourceServerInfo(atAuthorization, resource, client as never);
    const apiScopes = new Set(api?.scope.split(' '));
    const oidc = [...new Set(scopes)].filter((scope) => Object.hasOwn(knownScopes, scope));
    const ofApi = [...new Set(scopes)].filter((scope) => apiScopes.has(scope));
    return { resource, oidc, ofApi, scopes: [...new Set([...oidc, ...ofApi])] };
  }

  /** A code, and the token endpoint's answer to it. @param named the `resource` of the token request */
  async #exchange({ resource, ...granted }: Granted, named?: string): Promise<TokenResponse> {
    const { userId: accountId, clientId, orgNodeId, nonce } = this.#question;
    const grant = new this.#provider.Grant({ accountId, clientId });
    if (granted.oidc.length > 0) grant.addOIDCScope(granted.oidc.join(' '));
    if (resource !== undefined && granted.ofApi.length > 0) grant.addResourceScope(resource, granted.ofApi.join(' '));
    const grantId = await grant.save();
    const client = await this.#provider.Client.find(clientId);
    const includeSid = (client as unknown as { includeSid(): boolean }).includeSid();
    const AuthorizationCode = this.#provider.AuthorizationCode as unknown as new (
      values: object,
    ) => { save(): Promise<string> };
    const code = new AuthorizationCode({
      accountId,
      client,
      grantId,
      redirectUri,
      acr: acr.aal1,
      amr: ['pwd'],
      authTime: Math.floor(Date.now() / 1000),
      codeChallenge: sha256(verifier).toString('base64url'),
      codeChallengeMethod: 'S256',
      scope: granted.scopes.join(' '),
      ...(resource !== undefined && { resource }),
      ...(nonce !== undefined && { nonce }),
      ...(includeSid && { sid: randomToken() }),
      ...(orgNodeId !== undefined && { orgNodeId }),
    });
    const form = {
      grant_type: 'authorization_code',
      client_id: clientId,
      code: await code.save(),
      code_verifier: verifier,
      redirect_uri: redirectUri,
      ...(named !== undefined && { resource: named }),
    };
    return this.#asked<TokenResponse>(await askRehearsal(this.#provider, 'POST', 'token', { form }));
  }

  async #userinfo(token: string): Promise<Said> {
    const said = this.#asked(await askRehearsal(this.#provider, 'GET', 'userinfo', { token }));
    if (typeof said === 'string') return this.#ofJwt(said);
    return { claims: said as Record<string, unknown>, bytes: Buffer.byteLength(JSON.stringify(said)) };
  }

  async #accessToken(token: string): Promise<Said & { format: 'jwt' | 'opaque' }> {
    if (token.includes('.')) return { format: 'jwt', ...this.#ofJwt(token) };
    const form = { token, client_id: this.#question.clientId };
    const { active: _, ...claims } = this.#asked<Record<string, unknown>>(
      await askRehearsal(this.#provider, 'POST', 'introspection', { form }),
    );
    return { format: 'opaque', claims: this.#shifted(claims), bytes: token.length };
  }

  #ofJwt(token: string): Said {
    const said = saidByJwt(token);
    return { ...said, claims: this.#shifted(said.claims) };
  }

  #shifted(claims: Record<string, unknown>): Record<string, unknown> {
    const moved = { ...claims };
    // From when this one was made: a rehearsal may last over the end of a second.
    const shift = this.#asOf === undefined ? 0 : this.#asOf - Number(claims.iat ?? Math.floor(Date.now() / 1000));
    for (const name of ['iat', 'exp', 'auth_time'])
      if (typeof moved[name] === 'number') moved[name] = (moved[name] as number) + shift;
    return moved;
  }

  /** @throws Refused */
  #asked<T>({ status, body }: RehearsedAnswer): T {
    if (status === 200) return body as T;
    const { error, error_description } = (body ?? {}) as { error?: string; error_description?: string };
    // The database does not answer: said as everywhere.
    if (isConnectionError(this.#fault)) throw this.#fault;
    if (status >= 500 || error === undefined)
      throw new Error(`a rehearsal was answered with ${status} ${error}`, { cause: this.#fault });
    throw new Refused({ error, error_description });
  }
}
