/** The operations that are measured, as data. Each prepares what one connection needs and answers its operation. */
import { createHash, randomBytes, randomInt } from 'node:crypto';
import { Agent as HttpAgent } from 'node:http';
import { Client } from 'undici';
import { Browserless } from '../test/support/browserless.ts';
import { redirectUri } from '../test/support/relying-party.ts';
import { apis, scopeOf, type TokenForm } from './apis.ts';
import type { Operation } from './load.ts';
import type { Target } from './targets.ts';

export interface BenchOperation {
  name: string;
  needsPerson?: boolean;
  /** A fraction of the usual connections: what hashes passwords queues. */
  connections?: number;
  prepare(target: Target, endpoints: Endpoints, connection: number): Promise<Operation>;
}

export interface Endpoints {
  token_endpoint: string;
  introspection_endpoint: string;
  userinfo_endpoint: string;
  jwks_uri: string;
  authorization_endpoint: string;
}

/** From discovery: where a target has each endpoint. */
export async function discoverEndpoints(target: Target): Promise<Endpoints> {
  const answer = await fetch(`${target.issuer}/.well-known/openid-configuration`);
  if (!answer.ok) throw new Error(`${target.name}: discovery answers ${answer.status}`);
  return (await answer.json()) as Endpoints;
}

type Credentials = { clientId: string; clientSecret: string };
type Request = { path: string; method: 'GET' | 'POST'; headers: Record<string, string>; body?: string };

const basic = ({ clientId, clientSecret }: Credentials) =>
  `Basic ${Buffer.from(`${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`).toString('base64')}`;

function form(address: string, client: Credentials, fields: Record<string, string>): Request {
  return {
    path: new URL(address).pathname,
    method: 'POST',
    headers: { authorization: basic(client), 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(fields).toString(),
  };
}

/**
 * A connection that is kept open, and what comes of a request on it. By the client's handlers: the streams of its answers cost
 * the load as much as an answer costs the server.
 */
function connectTo(issuer: string): (request: Request) => Promise<string> {
  const client = new Client(new URL(issuer).origin);
  return (request) =>
    new Promise((resolve, reject) => {
      let status = 0;
      let text = '';
      client.dispatch(request, {
        onRequestStart() {},
        onResponseStart(_controller, statusCode) {
          status = statusCode;
        },
        onResponseData(_controller, chunk) {
          text += chunk.toString('latin1');
        },
        onResponseEnd() {
          if (status === 200) resolve(text);
          else reject(new Error(`${request.path} answered ${status}: ${text.slice(0, 300)}`));
        },
        onResponseError: (_controller, error) => reject(error),
      });
    });
}

/** Asks for a token of the service. */
export function serviceTokenRequest(
  { service }: Pick<Target, 'service'>,
  { token_endpoint }: Pick<Endpoints, 'token_endpoint'>,
  tokenForm: TokenForm,
): Request {
  return form(token_endpoint, service, {
    grant_type: 'client_credentials',
    scope: scopeOf(tokenForm),
    resource: apis[tokenForm],
  });
}

function serviceToken(tokenForm: TokenForm): BenchOperation['prepare'] {
  return async (target, endpoints) => {
    const send = connectTo(target.issuer);
    const request = serviceTokenRequest(target, endpoints, tokenForm);
    return async () => void (await send(request));
  };
}

async function introspection(target: Target, endpoints: Endpoints): Promise<Operation> {
  const send = connectTo(target.issuer);
  const fields = { grant_type: 'client_credentials', scope: scopeOf('opaque'), resource: apis.opaque };
  const token = JSON.parse(await send(form(endpoints.token_endpoint, target.service, fields))).access_token;
  const request = form(endpoints.introspection_endpoint, target.service, { token });
  return async () => {
    if (!(await send(request)).includes('"active":true')) throw new Error('the token is not active');
  };
}

function document(address: (target: Target, endpoints: Endpoints) => string): BenchOperation['prepare'] {
  return async (target, endpoints) => {
    const send = connectTo(target.issuer);
    const request: Request = { path: new URL(address(target, endpoints)).pathname, method: 'GET', headers: {} };
    return async () => void (await send(request));
  };
}

interface Line {
  agent: HttpAgent;
  send: ReturnType<typeof connectTo>;
}

interface SignedIn {
  browser: Browserless;
  tokens: { access_token: string; refresh_token: string; id_token: string };
}

export function authorizationAddress(target: Target, endpoints: Endpoints, more: Record<string, string> = {}) {
  const verifier = randomBytes(32).toString('base64url');
  const address = new URL(endpoints.authorization_endpoint);
  const fields = {
    client_id: (target.application as Credentials).clientId,
    response_type: 'code',
    redirect_uri: redirectUri,
    scope: 'openid profile email',
    state: randomBytes(12).toString('base64url'),
    nonce: randomBytes(12).toString('base64url'),
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...more,
  };
  for (const [name, value] of Object.entries(fields)) address.searchParams.set(name, value);
  return { address: address.href, verifier };
}

/** Of the network that is set aside for benchmarks (RFC 2544): people come from many. */
function anyAddress(): string {
  return `198.18.${randomInt(256)}.${randomInt(1, 255)}`;
}

/** From the authorization request to the tokens, with a browser that has no cookies yet. */
async function signIn(target: Target, endpoints: Endpoints, connection: number, line: Line): Promise<SignedIn> {
  const { agent, send } = line;
  const browser = new Browserless({ 'x-forwarded-for': anyAddress() }, { agent });
  const { address, verifier } = authorizationAddress(target, endpoints);
  const page = await browser.open(address, redirectUri);
  const person = target.people?.[connection] as { email: string; password: string };
  const reply = await browser.submit(page, { login: person.email, password: person.password }, { until: redirectUri });
  const code = new URL(reply.location ?? 'none:').searchParams.get('code');
  if (!code) throw new Error(`not signed in: ${reply.status} ${reply.body.slice(0, 500)}`);
  const exchange = form(endpoints.token_endpoint, target.application as Credentials, {
    grant_type: 'authorization_code',
    code,
    redirect_uri: redirectUri,
    code_verifier: verifier,
  });
  return { browser, tokens: JSON.parse(await send(exchange)) };
}

/** One for the browser, one for the application. */
function openLine({ issuer }: Target): Line {
  return { agent: new HttpAgent({ keepAlive: true, maxSockets: 1 }), send: connectTo(issuer) };
}

async function userinfo(target: Target, endpoints: Endpoints, connection: number): Promise<Operation> {
  const { tokens } = await signIn(target, endpoints, connection, openLine(target));
  const send = connectTo(target.issuer);
  const request: Request = {
    path: new URL(endpoints.userinfo_endpoint).pathname,
    method: 'GET',
    headers: { authorization: `Bearer ${tokens.access_token}` },
  };
  return async () => void (await send(request));
}

async function refresh(target: Target, endpoints: Endpoints, connection: number): Promise<Operation> {
  const { tokens } = await signIn(target, endpoints, connection, openLine(target));
  const send = connectTo(target.issuer);
  let refreshToken = tokens.refresh_token;
  return async () => {
    const request = form(endpoints.token_endpoint, target.application as Credentials, {
      grant_type: 'refresh_token',
      refresh_token: refreshToken,
    });
    refreshToken = JSON.parse(await send(request)).refresh_token;
  };
}

async function sessionSignOn(target: Target, endpoints: Endpoints, connection: number): Promise<Operation> {
  const { browser } = await signIn(target, endpoints, connection, openLine(target));
  return async () => {
    const { address } = authorizationAddress(target, endpoints, { prompt: 'none' });
    const reply = await browser.send(address);
    if (!reply.location?.includes('code=')) throw new Error(`no code: ${reply.status} ${reply.location}`);
  };
}

async function wholeSignIn(target: Target, endpoints: Endpoints, connection: number): Promise<Operation> {
  const line = openLine(target);
  return async () => void (await signIn(target, endpoints, connection, line));
}

export const benchOperations: readonly BenchOperation[] = [
  { name: 'service token, JWT ES256', prepare: serviceToken('ES256') },
  { name: 'service token, JWT RS256', prepare: serviceToken('RS256') },
  { name: 'service token, opaque', prepare: serviceToken('opaque') },
  { name: 'introspection', prepare: introspection },
  { name: 'userinfo', prepare: userinfo, needsPerson: true },
  { name: 'JWKS', prepare: document((_target, { jwks_uri }) => jwks_uri) },
  {
    name: 'discovery',
    prepare: document(({ issuer }) => `${issuer}/.well-known/openid-configuration`),
  },
  { name: 'refresh with rotation', prepare: refresh, needsPerson: true },
  { name: 'session sign-on', prepare: sessionSignOn, needsPerson: true },
  { name: 'whole password sign-in', prepare: wholeSignIn, needsPerson: true, connections: 4 },
];
