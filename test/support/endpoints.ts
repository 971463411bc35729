/**
 * The endpoints of machines as they are on the wire, for what no honest client library would send, and an API with
 * capabilities for tokens to be about. `origin` says which process of the server is asked.
 */
import { defineCapability } from '../../src/domain/access/capabilities.ts';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { createResourceServer, type ResourceServer } from '../../src/domain/resource-servers/resource-servers.ts';
import type { TestApp } from './app.ts';

export interface ClientCredential {
  clientId: string;
  clientSecret: string;
}

export interface EndpointAnswer {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: JSON of an answer that a test looks into
  body: any;
}

/** `Authorization: Basic` (RFC 6749 section 2.3.1). */
export function basic({ clientId, clientSecret }: ClientCredential): Record<string, string> {
  const pair = `${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`;
  return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
}

/** Posts a form; answers status, headers and the JSON body (or the text, where it is none). */
export async function post(
  address: string,
  form: Record<string, string> | string,
  headers: Record<string, string> = {},
): Promise<EndpointAnswer> {
  const answer = await fetch(address, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json', ...headers },
    body: typeof form === 'string' ? form : new URLSearchParams(form).toString(),
    redirect: 'manual',
  });
  const text = await answer.text();
  let body: unknown = text;
  if (/json/.test(answer.headers.get('content-type') ?? '')) body = JSON.parse(text);
  return { status: answer.status, headers: answer.headers, body };
}

/** Posts a form as a client: a confidential one by its secret, a public one by its name alone. */
export function postAs(
  address: string,
  client: ClientCredential,
  form: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<EndpointAnswer> {
  if (client.clientSecret) return post(address, form, { ...basic(client), ...headers });
  return post(address, { client_id: client.clientId, ...form }, headers);
}

/** The same JWT by its bytes, with another last letter: it holds bits that decoders drop. */
export function otherSpelling(jwt: string): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const other = letters[letters.indexOf(jwt.at(-1) as string) ^ 1];
  return `${jwt.slice(0, -1)}${other}`;
}

/** RFC 7662. */
export function introspect(origin: string, client: ClientCredential, token: string): Promise<EndpointAnswer> {
  return postAs(`${origin}/introspect`, client, { token });
}

/** One refresh, with whatever else the request says. */
export function refresh(
  origin: string,
  client: ClientCredential,
  refreshToken: string,
  more: Record<string, string> = {},
): Promise<EndpointAnswer> {
  return postAs(`${origin}/token`, client, { grant_type: 'refresh_token', refresh_token: refreshToken, ...more });
}

/** The status that userinfo answers to an access token. */
export async function userinfoStatus(origin: string, accessToken: string, scheme = 'Bearer'): Promise<number> {
  const answer = await fetch(`${origin}/userinfo`, { headers: { authorization: `${scheme} ${accessToken}` } });
  await answer.arrayBuffer();
  return answer.status;
}

let count = 0;

/** An API and its capabilities, whose keys begin with a name of its own. */
export async function createApi(
  app: TestApp,
  overrides: Partial<ResourceServer> = {},
  actions: string[] = ['read', 'write'],
): Promise<ResourceServer & { capabilities: string[] }> {
  count += 1;
  const api = await createResourceServer(
    app.db,
    { tenantId: null, identifier: `https://api-${count}.example.test/`, name: `API ${count}`, ...overrides },
    systemCaller,
  );
  const capabilities = actions.map((action) => `api${count}.${action}`);
  for (const key of capabilities) await defineCapability(app.db, { key, resourceServerId: api.id }, systemCaller);
  return { ...api, capabilities };
}
