/**
 * What an application asks to be registered as (RFC 7591 section 2), read against what its initial access token allows. Owns
 * that it is sent back to, fetched from and pictured by hosts of the policy alone, and gets no grant that acts without a
 * person. Members that are not known here are left away (section 3.2.1), and what is registered is told.
 */
import { z } from 'zod';
import { DomainError } from '../../platform/errors.ts';
import type { NewClient } from '../clients/clients.ts';

export interface RegistrationPolicy {
  redirectHosts: readonly string[];
  scopes: readonly string[];
}

type Kind = NewClient['kind'];

export interface AskedClient {
  kind: Kind;
  name: string;
  /** In the registered names, `redirect_uris` among them. */
  metadata: Record<string, unknown> & { redirect_uris: string[] };
}

const uri = z.string().min(1).max(2000);
const uris = z.array(uri).max(20);
const document = z.object({
  client_name: z
    .string()
    .trim()
    .min(1)
    .max(100)
    .regex(/^\P{C}*$/u)
    .optional(),
  redirect_uris: uris.min(1),
  post_logout_redirect_uris: uris.optional(),
  application_type: z.enum(['web', 'native']).optional(),
  grant_types: z.array(z.enum(['authorization_code', 'refresh_token'])).optional(),
  response_types: z.array(z.literal('code')).optional(),
  token_endpoint_auth_method: z
    .enum(['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'])
    .optional(),
  token_endpoint_auth_signing_alg: z.string().max(20).optional(),
  scope: z.string().max(2000).optional(),
  client_uri: uri.optional(),
  logo_uri: uri.optional(),
  policy_uri: uri.optional(),
  tos_uri: uri.optional(),
  backchannel_logout_uri: uri.optional(),
  jwks_uri: uri.optional(),
  jwks: z.looseObject({}).optional(),
  dpop_bound_access_tokens: z.boolean().optional(),
  // Our own: it says of itself that it acts while the person is away, and is held to more for it.
  agent: z.boolean().optional(),
});
export type AskedMembers = z.output<typeof document>;

/** Members that hold one address, at a host of the policy, by https. */
const addresses = ['client_uri', 'logo_uri', 'policy_uri', 'tos_uri', 'backchannel_logout_uri', 'jwks_uri'] as const;

/** What a registration is told of, beside who it is and its credentials. */
export const toldMembers: readonly string[] = Object.keys(document.shape).filter(
  (name) => name !== 'client_name' && name !== 'scope',
);

const loopbackNames = new Set(['localhost', '127.0.0.1', '[::1]']);

function refusal(field: string, reason: string, value?: string): DomainError {
  return new DomainError('invalid', 'INVALID_INPUT', { field, ...(value !== undefined && { value }), reason });
}

/** A name of the person's own machine (RFC 8252 section 7.3). */
export function isLoopback(hostname: string): boolean {
  return loopbackNames.has(hostname);
}

/** Whether an address is at one of these hosts; `localhost` is the person's own machine by any of its names. */
function isAtHost(address: string, hosts: readonly string[]): boolean {
  const url = URL.parse(address);
  if (!url || url.hostname === '' || (url.protocol !== 'https:' && url.protocol !== 'http:')) return false;
  const { hostname } = url;
  return hosts.includes(hostname) || (loopbackNames.has(hostname) && hosts.includes('localhost'));
}

/** A native application is one that says so, or that has no address but on the person's own machine. */
export function kindOf(asked: AskedMembers): Kind {
  const { application_type: type, token_endpoint_auth_method: method, redirect_uris: redirects } = asked;
  const isLocal = redirects.every((address) => loopbackNames.has(URL.parse(address)?.hostname ?? ''));
  if (type === 'native' || (type === undefined && isLocal && method === 'none')) return 'native';
  return method === 'none' ? 'spa' : 'web';
}

function checkAddresses(asked: AskedMembers, hosts: readonly string[]): void {
  for (const field of ['redirect_uris', 'post_logout_redirect_uris'] as const)
    for (const address of asked[field] ?? [])
      if (!isAtHost(address, hosts)) throw refusal(field, 'the initial access token allows no such host', address);
  for (const field of addresses) {
    const address = asked[field];
    if (address !== undefined && !(address.startsWith('https://') && isAtHost(address, hosts)))
      throw refusal(field, 'it is no https address at a host that the initial access token allows', address);
  }
}

/** What it may ask people for: all that the policy has, or the part that it names. */
function scopesOf({ scope }: AskedMembers, policy: RegistrationPolicy): string[] {
  if (scope === undefined || scope === '') return [...policy.scopes];
  const wanted = [...new Set(scope.split(' '))];
  const beyond = wanted.find((name) => !policy.scopes.includes(name));
  if (beyond !== undefined) throw refusal('scope', 'the initial access token does not allow it', beyond);
  return wanted;
}

/** The members that are known, by their forms. @throws DomainError invalid INVALID_INPUT with the member's name */
export function readMembers(asked: unknown): AskedMembers {
  const read = document.safeParse(asked);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw refusal(String(issue?.path[0] ?? 'body'), issue?.message ?? 'it cannot be read');
}

/**
 * @param asked the parsed JSON
 * @param kind of what is registered already: it stays
 * @throws DomainError invalid INVALID_INPUT with the member's name
 */
export function readAskedClient(asked: unknown, policy: RegistrationPolicy, kind?: Kind): AskedClient {
  const read = readMembers(asked);
  const { client_name: name, scope: _, ...members } = read;
  const allowed = scopesOf(read, policy);
  checkAddresses(read, policy.redirectHosts);
  const grants = members.grant_types ?? ['authorization_code'];
  if (!grants.includes('authorization_code'))
    throw refusal('grant_types', 'people sign in by authorization_code, and it is the only beginning');
  const asKind = kind ?? kindOf(read);
  return {
    kind: asKind,
    name: name ?? (URL.parse(members.redirect_uris[0] as string)?.hostname as string),
    metadata: {
      ...members,
      ...(asKind !== 'web' &&
        members.token_endpoint_auth_method === undefined && { token_endpoint_auth_method: 'none' }),
      grant_types: [...new Set(grants)],
      allowed_scopes: allowed,
    },
  };
}
