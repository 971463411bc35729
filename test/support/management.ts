/** Asks the management API as somebody: tokens by real flows, requests over real HTTP. */

import { findRoleByName } from '../../src/domain/access/roles.ts';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { assignRole } from '../../src/domain/organisation/org-assignments.ts';
import { findRootNode } from '../../src/domain/organisation/org-nodes.ts';
import type { Actor } from '../../src/management/actor.ts';
import type { ManagementDependencies } from '../../src/management/operation.ts';
import { operationOf, operations } from '../../src/management/operations.ts';
import { type ManagementAnswer, perform } from '../../src/management/perform.ts';
import { managementDependencies } from '../../src/management-dependencies.ts';
import type { TestApp } from './app.ts';

export interface ApiAnswer {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: answers are read by tests, which say what they expect
  body: any;
}

export type Ask = (
  method: string,
  path: string,
  body?: unknown,
  headers?: Record<string, string>,
) => Promise<ApiAnswer>;

/** Every capability of the management API. */
export const managementCapabilities: readonly string[] = [
  ...new Set(operations.map(({ needs }) => needs.capability)),
].sort();

/** A requester with a bearer token; undefined sends none. */
export function asking(app: TestApp, token: string | undefined): Ask {
  return async (method, path, body, headers = {}) => {
    const response = await fetch(`${app.issuer}/api/v1${path}`, {
      method,
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    const isJson = /^application\/json\b/.test(response.headers.get('content-type') ?? '');
    const read = () => (isJson ? JSON.parse(text) : text);
    return { status: response.status, headers: response.headers, body: text === '' ? undefined : read() };
  };
}

interface ServiceOf {
  tenantId: string | null;
  capabilities: readonly string[];
}

/** A service of a tenant that asks with its own token. */
export async function askAsService(app: TestApp, service: ServiceOf): Promise<Ask> {
  return asking(app, await serviceToken(app, service));
}

/** The token of a new service, by client credentials. */
export async function serviceToken(app: TestApp, { tenantId, capabilities }: ServiceOf): Promise<string> {
  const { clientId, clientSecret } = await app.service({ tenantId, capabilities: [...capabilities] });
  const response = await fetch(`${app.issuer}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', resource: `${app.issuer}/api/v1` }),
  });
  const { access_token: token, error_description: why } = (await response.json()) as Record<string, string>;
  if (!response.ok) throw new Error(`no token: ${why}`);
  return token as string;
}

/** Gives a person a role by its name, at the root or at a node. */
export async function give(
  app: TestApp,
  { tenantId, userId, role, orgNodeId }: { tenantId: string; userId: string; role: string; orgNodeId?: string },
): Promise<void> {
  const found = await findRoleByName(app.db, tenantId, role);
  const root = await findRootNode(app.db, tenantId);
  if (!found || !root) throw new Error(`no role ${role}`);
  await assignRole(app.db, { tenantId, userId, roleId: found.id, orgNodeId: orgNodeId ?? root.id }, systemCaller);
}

/** Performs operations as a person who has just signed in, as the API would; in another tenant than their own by `actsIn`. */
export function performAs(
  app: TestApp,
  {
    tenantId,
    userId,
    actsIn = tenantId,
    authTime = new Date(),
  }: { tenantId: string; userId: string; actsIn?: string; authTime?: Date },
) {
  const actor: Actor = {
    kind: 'person',
    id: userId,
    tenantId,
    scopes: null,
    authTime,
    caller: { type: 'user', id: userId },
    standingOf: { person: userId },
  };
  // What is sent waits in the queue; nothing leaves.
  const deps: ManagementDependencies = { ...managementDependencies(app), channels: ['email', 'sms', 'whatsapp'] };
  return (id: string, input: { params?: object; query?: object; body?: object } = {}): Promise<ManagementAnswer> => {
    const raw = { params: {}, query: {}, body: undefined, ...(input as Record<string, never>) };
    return perform(operationOf(id), { actor, tenantId: actsIn, ...raw, ifMatch: '*' }, deps, operations);
  };
}
