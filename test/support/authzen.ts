/**
 * The fixture of the AuthZEN certification scenario ("Authorization API 1.0 - Certification Scenario", section 3): alice and
 * bob, record-1 and record-2, and the eight decisions; once more in another tenant under the same names, the other way round.
 */
import assert from 'node:assert/strict';
import { defineCapability } from '../../src/domain/access/capabilities.ts';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { assignRole } from '../../src/domain/organisation/org-assignments.ts';
import { createOrgNode } from '../../src/domain/organisation/org-nodes.ts';
import { createResourceServer } from '../../src/domain/resource-servers/resource-servers.ts';
import type { TestApp } from './app.ts';
import { createRole, createUser } from './factories.ts';

export interface Credentials {
  clientId: string;
  clientSecret: string;
}

export interface Asked {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: what an endpoint answers is what a test looks at
  body: any;
}

/** Asks an endpoint under `/access/v1/`, or at a whole address; an object goes as JSON, text as it is. */
export type AskAuthzen = (
  path: string,
  body: unknown,
  options?: { headers?: Record<string, string>; authorization?: string | null },
) => Promise<Asked>;

export function basicOf({ clientId, clientSecret }: Credentials): string {
  const pair = [clientId, clientSecret].map(encodeURIComponent).join(':');
  return `Basic ${Buffer.from(pair).toString('base64')}`;
}

export function askAuthzen(app: TestApp, by: Credentials): AskAuthzen {
  return async (path, body, { headers = {}, authorization = basicOf(by) } = {}) => {
    const reply = await fetch(path.startsWith('http') ? path : `${app.issuer}/access/v1/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(authorization && { authorization }), ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    const text = await reply.text();
    assert.match(reply.headers.get('content-type') ?? '', /^application\/json/, `${reply.status} ${text}`);
    return { status: reply.status, headers: reply.headers, body: JSON.parse(text) };
  };
}

interface People {
  alice: string;
  bob: string;
}

export interface AuthzenScene {
  tenantId: string;
  /** The API of the tenant. */
  api: Credentials;
  ask: AskAuthzen;
  /** Our ids of what the fixture names. */
  ids: Record<'alice' | 'bob' | 'record-1' | 'record-2', string>;
}

export interface AuthzenFixture {
  resourceServerId: string;
  ours: AuthzenScene;
  /** The same names in another tenant, where alice may what bob may in ours. */
  theirs: AuthzenScene;
}

const capabilities = {
  'records.read': { action: 'read' },
  'records.write': { action: 'write' },
  'records.discard': { action: 'delete', actionProperties: { soft: true } },
  'records.destroy': { action: 'delete' },
} as const;

export async function createAuthzenFixture(app: TestApp): Promise<AuthzenFixture> {
  const { db } = app;
  const records = { tenantId: null, identifier: 'https://records.example/', name: 'Records' };
  const { id: resourceServerId } = await createResourceServer(db, records, systemCaller);
  for (const [key, action] of Object.entries(capabilities))
    await defineCapability(db, { key, resourceServerId, ...action }, systemCaller);

  async function scene(roleOf: { editor: keyof People; admin: keyof People }): Promise<AuthzenScene> {
    const tenant = await app.tenant();
    const tenantId = tenant.id;
    const person = async (externalId: string) => (await createUser(db, { tenantId, externalId })).id;
    const node = async (externalId: string) => {
      const wanted = { tenantId, parentId: tenant.rootNodeId, type: 'record', name: externalId, externalId };
      return (await createOrgNode(db, wanted, systemCaller)).id;
    };
    const ids = {
      alice: await person('alice'),
      bob: await person('bob'),
      'record-1': await node('record-1'),
      'record-2': await node('record-2'),
    };
    const holds = async (userId: string, orgNodeId: string, keys: (keyof typeof capabilities)[]) => {
      const role = await createRole(db, { tenantId, capabilities: keys });
      await assignRole(db, { tenantId, userId, roleId: role.id, orgNodeId }, systemCaller);
    };
    await holds(ids[roleOf.editor], ids['record-1'], ['records.read', 'records.write', 'records.discard']);
    await holds(ids[roleOf.admin], tenant.rootNodeId, ['records.read']);
    await holds(ids[roleOf.admin], ids['record-2'], ['records.write', 'records.destroy']);
    const api = await app.service({ tenantId, resourceServerId });
    return { tenantId, api, ask: askAuthzen(app, api), ids };
  }

  const ours = await scene({ editor: 'alice', admin: 'bob' });
  return { resourceServerId, ours, theirs: await scene({ editor: 'bob', admin: 'alice' }) };
}

export const user = (id: string, properties?: object) => ({ type: 'user', id, ...(properties && { properties }) });
export const record = (id: string, properties?: object) => ({ type: 'record', id, ...(properties && { properties }) });
export const action = (name: string, properties?: object) => ({ name, ...(properties && { properties }) });
