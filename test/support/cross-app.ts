/** Two tenants, on one server or on two, of which one vouches to the other for its people, for tests of cross-app access. */
import { randomUUID } from 'node:crypto';
import { importJWK, type JWK, SignJWT } from 'jose';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { addCrossAppAudience } from '../../src/domain/clients/cross-app-audiences.ts';
import { addIdentity } from '../../src/domain/methods/federation/administer-identities.ts';
import { setCrossAppTerms } from '../../src/domain/methods/federation/cross-app.ts';
import type { CrossAppTerms } from '../../src/domain/methods/federation/identity-providers.ts';
import type { ResourceServer } from '../../src/domain/resource-servers/resource-servers.ts';
import { assertionType, tokenType } from '../../src/oidc/cross-app/assertion.ts';
import { jwtBearerGrant, tokenExchangeGrant } from '../../src/oidc/grant-types.ts';
import { loadSigningKeys } from '../../src/oidc/keys.ts';
import type { TestApp } from './app.ts';
import type { Browserless } from './browserless.ts';
import { type ClientCredential, createApi, type EndpointAnswer, postAs } from './endpoints.ts';
import { assign, createRole } from './factories.ts';
import { addProvider } from './federation.ts';
import { discover, type RelyingParty, signIn } from './relying-party.ts';

type Person = Awaited<ReturnType<TestApp['person']>>;
export type More = Record<string, string | undefined>;

const idTokenType = 'urn:ietf:params:oauth:token-type:id_token';

let count = 0;

/** The side that vouches: an application that people are signed in to. */
interface Home {
  app: TestApp;
  tenantId: string;
  party: RelyingParty;
}

/** The side that trusts: the same application's registration there, an API, and the provider that is the other side. */
interface Away {
  app: TestApp;
  tenantId: string;
  client: ClientCredential;
  api: ResourceServer & { capabilities: string[] };
  service: ClientCredential;
  providerKey: string;
}

/** Somebody with an account on each side, linked. */
export interface Traveller {
  here: Person;
  there: Person;
}

/** A JWT that a server's own key has signed. */
export async function signedBy(app: TestApp, claims: object, header: Record<string, unknown> = {}): Promise<string> {
  const { privateJwks } = await loadSigningKeys(app.db, app.secrets);
  const jwk = privateJwks.find(({ alg }) => alg === 'RS256') as JWK;
  return new SignJWT({ ...claims })
    .setProtectedHeader({ alg: 'RS256', kid: jwk.kid as string, ...header })
    .sign(await importJWK(jwk, 'RS256'));
}

const withoutAbsent = (form: More) =>
  Object.fromEntries(Object.entries(form).filter((entry): entry is [string, string] => entry[1] !== undefined));

export class CrossAppStage {
  readonly home: Home;
  readonly away: Away;

  private constructor(home: Home, away: Away) {
    this.home = home;
    this.away = away;
  }

  /** @param there the server of the tenant that trusts; default: the same */
  static async create(here: TestApp, there: TestApp = here): Promise<CrossAppStage> {
    count += 1;
    const [home, away] = [await here.tenant(), await there.tenant()];
    const party = await discover(here, await here.relyingParty({ tenantId: home.id }));
    const client = await there.relyingParty({ tenantId: away.id });
    const api = await createApi(there);
    const service = await there.service({ resourceServerId: api.id });
    const providerKey = `other-${count}`;
    await addProvider(there, {
      key: providerKey,
      name: 'The other side',
      issuer: here.issuer,
      clientId: 'us',
      tenantId: away.id,
    });
    const stage = new CrossAppStage(
      { app: here, tenantId: home.id, party },
      { app: there, tenantId: away.id, client, api, service, providerKey },
    );
    await stage.allow();
    await stage.trust();
    return stage;
  }

  /** Lets the application get assertions. */
  async allow(
    scopes = [...this.away.api.capabilities, 'something.else'],
    audience = this.away.app.issuer,
  ): Promise<string> {
    const { app, party } = this.home;
    const wanted = { audience, audienceClientId: this.away.client.clientId, scopes };
    return addCrossAppAudience(app.db, party.clientId, wanted, systemCaller);
  }

  /** Lets them count. */
  async trust(terms: Partial<CrossAppTerms> | null = {}): Promise<void> {
    const { app, client, api, providerKey } = this.away;
    const usual = { clientIds: [client.clientId], scopes: api.capabilities, theirTenant: this.home.tenantId };
    const wanted = { key: providerKey, terms: terms && { ...usual, ...terms } };
    await setCrossAppTerms(app.db, wanted, { issuer: app.issuer, caller: systemCaller });
  }

  /** @param options.holds whether they may use the API there */
  async traveller({ holds = true } = {}): Promise<Traveller> {
    const here = await this.home.app.person({ tenantId: this.home.tenantId });
    const { app, tenantId, api, providerKey } = this.away;
    const there = await app.person({ tenantId });
    await addIdentity(
      app.db,
      { tenantId, userId: there.id, provider: providerKey, subject: here.id },
      { secrets: app.secrets, issuer: app.issuer, caller: systemCaller },
    );
    if (holds) {
      const role = await createRole(app.db, { tenantId, capabilities: api.capabilities });
      await assign(app.db, { tenantId, userId: there.id, roleId: role.id });
    }
    return { here, there };
  }

  async signIn(
    { here }: Pick<Traveller, 'here'>,
    { browser, offline }: { browser?: Browserless; offline?: boolean } = {},
  ) {
    const parameters = offline ? { scope: 'openid offline_access', prompt: 'consent' } : undefined;
    const { tokens } = await signIn(this.home.party, here, {
      ...(browser && { browser }),
      ...(parameters && { parameters }),
    });
    return tokens;
  }

  /** Trades an id_token, or another token, for an assertion. */
  exchange(subject: string, more: More = {}, client: ClientCredential = this.home.party): Promise<EndpointAnswer> {
    const form = withoutAbsent({
      grant_type: tokenExchangeGrant,
      requested_token_type: tokenType,
      subject_token: subject,
      subject_token_type: idTokenType,
      audience: this.away.app.issuer,
      resource: this.away.api.identifier,
      ...more,
    });
    return postAs(`${this.home.app.issuer}/token`, client, form);
  }

  async assertionFor(traveller: Pick<Traveller, 'here'>, more: More = {}): Promise<string> {
    const { id_token: idToken = '' } = await this.signIn(traveller);
    const { status, body } = await this.exchange(idToken, more);
    if (status !== 200) throw new Error(JSON.stringify(body));
    return body.access_token;
  }

  /** Brings an assertion to the other side. */
  bring(
    assertion: string,
    more: More = {},
    { client = this.away.client, origin = this.away.app.issuer, headers = {} as Record<string, string> } = {},
  ): Promise<EndpointAnswer> {
    const form = withoutAbsent({ grant_type: jwtBearerGrant, assertion, ...more });
    return postAs(`${origin}/token`, client, form, headers);
  }

  /** An assertion as the other side would have signed it, with other claims and another header. @param by whose keys sign */
  async forge(
    { here }: Pick<Traveller, 'here'>,
    claims: Record<string, unknown> = {},
    { by = this.home.app, header = {} }: { by?: TestApp; header?: Record<string, unknown> } = {},
  ): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    const { api, client, app } = this.away;
    const usual = {
      ...{
        iss: this.home.app.issuer,
        sub: here.id,
        aud: app.issuer,
        client_id: client.clientId,
        tenant: this.home.tenantId,
      },
      ...{ jti: randomUUID(), iat: now, exp: now + 120, scope: api.capabilities.join(' '), resource: api.identifier },
    };
    return signedBy(by, { ...usual, ...claims }, { typ: assertionType, ...header });
  }

  async tokenFor(traveller: Traveller): Promise<string> {
    const { status, body } = await this.bring(await this.assertionFor(traveller));
    if (status !== 200) throw new Error(JSON.stringify(body));
    return body.access_token;
  }
}
