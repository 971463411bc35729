/** APIs that are services too, and people's tokens for them, for tests of token exchange. */

import type { AuthorizationCodeGrantOptions } from 'openid-client';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { addExchangeCapability } from '../../src/domain/clients/exchange-capabilities.ts';
import { updateResourceServer } from '../../src/domain/resource-servers/change-resource-server.ts';
import type { ResourceServer } from '../../src/domain/resource-servers/resource-servers.ts';
import { tokenExchangeGrant } from '../../src/oidc/grant-types.ts';
import { managementAudience } from '../../src/oidc/tokens/management-audience.ts';
import type { TestApp } from './app.ts';
import type { Browserless } from './browserless.ts';
import { basic, type ClientCredential, createApi, type EndpointAnswer, post, postAs } from './endpoints.ts';
import { assign, createRole } from './factories.ts';
import { discover, type RelyingParty, signIn } from './relying-party.ts';

type Person = Awaited<ReturnType<TestApp['person']>>;

/** An API, and the service that it is. */
export interface Step {
  api: Awaited<ReturnType<typeof createApi>>;
  service: ClientCredential;
}

interface Wanted {
  /** The APIs that the application asks for; the token is for one of them. */
  apis: Step[];
  /** What it asks for; default: all of theirs. */
  asked?: string[];
  /** Of the token request. */
  scope?: string;
  person?: { email: string; password: string };
  orgNodeId?: string;
  browser?: Browserless;
  /** Default true: it outlives the browser session. */
  offline?: boolean;
  options?: AuthorizationCodeGrantOptions;
}

export class ExchangeStage {
  readonly #app: TestApp;
  readonly person: Person;
  readonly party: RelyingParty;

  private constructor(app: TestApp, person: Person, party: RelyingParty) {
    this.#app = app;
    this.person = person;
    this.party = party;
  }

  static async create(app: TestApp): Promise<ExchangeStage> {
    const tenant = await app.tenant();
    return new ExchangeStage(
      app,
      await app.person({ tenantId: tenant.id }),
      await discover(app, await app.relyingParty()),
    );
  }

  get tenantId(): string {
    return this.person.tenantId;
  }

  /** An API that takes exchanged tokens, and its service. */
  async step(api: Partial<ResourceServer> = {}): Promise<Step> {
    const made = await createApi(this.#app, { tokenExchange: true, ...api });
    return {
      api: made,
      service: await this.#app.service({ resourceServerId: made.id, tenantId: made.tenantId }),
    };
  }

  /** Lets a service get all of an API for people. */
  async allow(from: Pick<Step, 'service'>, { api }: Pick<Step, 'api'>): Promise<void> {
    await updateResourceServer(this.#app.db, { id: api.id, tokenExchange: true }, systemCaller);
    for (const capability of api.capabilities)
      await addExchangeCapability(this.#app.db, { clientId: from.service.clientId, capability }, systemCaller);
  }

  /** Gives a person all of these APIs, at the root. */
  async holds(person: { id: string; tenantId: string }, steps: Step[]): Promise<void> {
    const { tenantId } = person;
    const capabilities = steps.flatMap(({ api }) => api.capabilities);
    const role = await createRole(this.#app.db, { tenantId, capabilities });
    await assign(this.#app.db, { tenantId, userId: person.id, roleId: role.id });
  }

  /** Signs the person in to the application. */
  async tokensFor(
    step: Step,
    { apis, asked, scope, person = this.person, orgNodeId, browser, options, offline = true }: Wanted,
  ) {
    const scopes = asked ?? apis.flatMap(({ api }) => api.capabilities);
    const parameters: Record<string, string> = {
      scope: ['openid', ...(offline ? ['offline_access'] : []), ...scopes].join(' '),
      ...(offline && { prompt: 'consent' }),
      ...(orgNodeId && { org_node_id: orgNodeId }),
    };
    const { tokens } = await signIn(this.party, person, {
      parameters,
      resources: apis.map(({ api }) => api.identifier),
      tokenParameters: { resource: step.api.identifier },
      ...(browser && { browser }),
      ...(options && { options }),
    });
    if (scope === undefined) return tokens;
    const form = {
      grant_type: 'refresh_token',
      refresh_token: tokens.refresh_token as string,
      scope,
      resource: step.api.identifier,
    };
    const { body } = await postAs(`${this.#app.issuer}/token`, this.party, form);
    return { ...tokens, access_token: body.access_token as string };
  }

  async tokenFor(step: Step, wanted: Wanted): Promise<string> {
    return (await this.tokensFor(step, wanted)).access_token;
  }

  async userinfoToken(): Promise<string> {
    return (await signIn(this.party, this.person)).tokens.access_token;
  }

  async managementToken(): Promise<string> {
    const resource = { resource: managementAudience(this.#app.issuer) };
    const parameters = { ...resource, scope: 'openid users.read' };
    return (await signIn(this.party, this.person, { parameters, tokenParameters: resource })).tokens.access_token;
  }

  form(
    subject: string,
    { api }: Pick<Step, 'api'>,
    more: Record<string, string | undefined> = {},
  ): Record<string, string> {
    const form = {
      grant_type: tokenExchangeGrant,
      subject_token: subject,
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      resource: api.identifier,
      ...more,
    };
    return Object.fromEntries(
      Object.entries(form).filter((entry): entry is [string, string] => entry[1] !== undefined),
    );
  }

  exchange(
    by: Pick<Step, 'service'>,
    subject: string,
    to: Pick<Step, 'api'>,
    more: Record<string, string | undefined> = {},
    headers: Record<string, string> = {},
  ): Promise<EndpointAnswer> {
    return postAs(`${this.#app.issuer}/token`, by.service, this.form(subject, to, more), headers);
  }

  postForm(by: Pick<Step, 'service'>, form: string): Promise<EndpointAnswer> {
    return post(`${this.#app.issuer}/token`, form, basic(by.service));
  }
}
