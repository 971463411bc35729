/**
 * Requests for a person's approval (CIBA) as the person sees and answers them. Owns that an approval is the person's consent to
 * exactly what the request asks for, under a grant of its own, and that it is taken once. Refuses what an authorization request
 * would be refused for at this moment: an application that may not ask any more, scopes that it may not have, an API that is not there.
 */
import type { Client, Grant, Provider } from 'oidc-provider';
import { auditEventRow, type Caller, recordEvent } from '../../domain/audit/audit-events.ts';
import { scopes as knownScopes } from '../../domain/claims/claims.ts';
import { cibaGrant } from '../../domain/clients/backchannel.ts';
import { consentDaysOf } from '../../domain/clients/client-metadata.ts';
import { isTooLittle } from '../../domain/factors/requirement.ts';
import {
  answerRequest,
  approvalRequestModel as model,
  selectWaitingRequests,
  type WaitingRequest,
} from '../../domain/sessions/approval-requests.ts';
import { upsertPayload } from '../../domain/sessions/payload-store.ts';
import { lockForSignIn } from '../../domain/users/user-state.ts';
import type { AccountProfile } from '../../domain/users/users.ts';
import { type Database, inTransaction } from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';
import type { Secrets } from '../../platform/secrets.ts';
import { openPayload, payloadRow, sealPayload } from '../storage/sealing.ts';
import { findApiFor } from '../tokens/resources.ts';
import { asksForTwoFactors } from './authentication-context.ts';

export interface ApprovalRequest {
  /** Of the request, for forms; nothing that tokens are given for. */
  id: string;
  clientId: string;
  clientName: string;
  firstParty: boolean;
  agent: boolean;
  bindingMessage?: string;
  /** What is asked for of OpenID Connect. */
  scopes: string[];
  /** Claims that are asked for one by one. */
  claims: string[];
  resources: { identifier: string; name: string; scopes: string[] }[];
  /** How long the consent lasts at the most, in days; absent: as long as any. */
  days?: number;
  createdAt: Date;
  expiresAt: Date;
}

interface RequestPayload {
  clientId: string;
  scope?: string;
  claims?: Record<string, Record<string, unknown> | undefined>;
  resource?: string | string[];
  params?: Record<string, unknown>;
  [member: string]: unknown;
}

/** A request that can be answered, with what its answer is made of. */
interface Answerable extends ApprovalRequest {
  idHash: Buffer;
  payload: RequestPayload;
  client: Client;
}

export interface ApprovalDependencies {
  db: Database;
  secrets: Secrets;
  provider: Provider;
}

const words = (text: unknown): string[] =>
  typeof text === 'string' ? text.split(' ').filter((word) => word !== '') : [];

/** Who is granted for as long as an agent is without a choice, in days. */
const usualDays = 30;

function daysOf(client: Client): number | undefined {
  const { agent, consent_days } = client as unknown as Record<string, unknown>;
  const most = consentDaysOf({ agent, consent_days });
  return agent === true && most !== undefined ? Math.min(most, usualDays) : most;
}

/** The APIs of a request with what it asks for there; undefined where one is none of the client's any more. */
async function resourcesOf(
  db: Database,
  client: Client,
  { resource, scope }: RequestPayload,
): Promise<ApprovalRequest['resources'] | undefined> {
  const asked = words(scope);
  const allowed = client.allowed_scopes as string[] | undefined;
  const found: ApprovalRequest['resources'] = [];
  for (const identifier of resource === undefined ? [] : [resource].flat()) {
    const api = await findApiFor(db, client, identifier).catch(() => undefined);
    if (!api) return undefined;
    const scopes = asked.filter((one) => api.scopes.includes(one) && (allowed?.includes(one) ?? true));
    found.push({ identifier: api.identifier, name: api.name, scopes });
  }
  return found;
}

/** Undefined where it can be answered no more: what it rests on has changed. */
async function opened(
  { db, secrets, provider }: ApprovalDependencies,
  row: WaitingRequest,
  { tenantId }: Pick<AccountProfile, 'tenantId'>,
): Promise<Answerable | undefined> {
  const payload = openPayload(secrets, model, { ...row, consumed: false }) as RequestPayload | undefined;
  const client = payload && (await provider.Client.find(row.clientId));
  if (!payload || !client || client.tenant_id !== tenantId || !client.grantTypeAllowed(cibaGrant)) return undefined;
  const resources = await resourcesOf(db, client, payload);
  if (!resources) return undefined;
  const allowed = client.allowed_scopes as string[] | undefined;
  const scopes = words(payload.scope).filter((scope) => Object.hasOwn(knownScopes, scope));
  if (allowed && scopes.some((scope) => !allowed.includes(scope))) return undefined;
  const claims = Object.entries(payload.claims ?? {}).flatMap(([, members]) => Object.keys(members ?? {}));
  return {
    id: row.idHash.toString('base64url'),
    idHash: row.idHash,
    payload,
    client,
    clientId: row.clientId,
    clientName: String(client.clientName ?? row.clientId),
    firstParty: client.first_party === true,
    agent: client.agent === true,
    bindingMessage: payload.params?.binding_message as string | undefined,
    scopes,
    claims: [...new Set(claims)].filter((name) => !['acr', 'auth_time', 'sub', 'sid'].includes(name)),
    resources,
    days: client.first_party === true ? undefined : daysOf(client),
    createdAt: row.createdAt,
    expiresAt: row.expiresAt,
  };
}

async function answerable(deps: ApprovalDependencies, person: AccountProfile): Promise<Answerable[]> {
  const found: Answerable[] = [];
  for (const row of await selectWaitingRequests(deps.db, person.userId)) {
    const request = await opened(deps, row, person);
    if (request) found.push(request);
  }
  return found;
}

/** What waits for a person and can be answered, the newest first. */
export async function listApprovalRequests(
  deps: ApprovalDependencies,
  person: AccountProfile,
): Promise<ApprovalRequest[]> {
  return (await answerable(deps, person)).map(
    ({ idHash: _hash, payload: _payload, client: _client, ...shown }) => shown,
  );
}

/** @throws DomainError expired APPROVAL_EXPIRED: answered, expired, of somebody else, or of an application that may not ask any more */
async function requestOf(deps: ApprovalDependencies, person: AccountProfile, id: string): Promise<Answerable> {
  const request = (await answerable(deps, person)).find((one) => one.id === id);
  if (!request) throw new DomainError('expired', 'APPROVAL_EXPIRED');
  return request;
}

/** How the person has proved themselves in the session that answers. */
export interface ApprovalProof {
  acr: string | undefined;
  amr: readonly string[] | undefined;
  /** Epoch seconds. */
  authTime: number;
}

/**
 * Approves: what the request asks for is granted, and the application gets its tokens at its next poll.
 * @returns false where what was proved is too little for what is asked
 * @throws DomainError expired APPROVAL_EXPIRED
 */
export async function approve(
  deps: ApprovalDependencies,
  { person, id, proof }: { person: AccountProfile; id: string; proof: ApprovalProof },
  caller: Caller,
): Promise<boolean> {
  const { db } = deps;
  const request = await requestOf(deps, person, id);
  const { params, claims, resource } = request.payload;
  const isAsked = await asksForTwoFactors(db, { ...params, claims, resource }, request.client);
  if (await isTooLittle(db, person, { proved: proof.acr, isAsked })) return false;
  const grant = await grantOf(deps, request, person);
  const payload = { ...request.payload, ...proof, grantId: grant.id };
  await answer(deps, { person, request, payload, grant }, caller);
  return true;
}

/** Denies: the application is told so at its next poll. @throws DomainError expired APPROVAL_EXPIRED */
export async function deny(
  deps: ApprovalDependencies,
  { person, id }: { person: AccountProfile; id: string },
  caller: Caller,
): Promise<void> {
  const request = await requestOf(deps, person, id);
  const refused = { error: 'access_denied', errorDescription: 'the person refused the request' };
  await answer(deps, { person, request, payload: { ...request.payload, ...refused }, grant: undefined }, caller);
}

interface NewGrant {
  id: string;
  row: ReturnType<typeof payloadRow>;
  acr?: string;
}

/** Of this request alone; nothing that was granted before is made wider by it. */
async function grantOf(
  { secrets, provider }: ApprovalDependencies,
  { client, clientId, scopes, resources, payload, days }: Answerable,
  { userId }: AccountProfile,
): Promise<NewGrant> {
  const grant = new provider.Grant({ accountId: userId, clientId });
  if (scopes.length > 0) grant.addOIDCScope(scopes.join(' '));
  const claims = Object.values(payload.claims ?? {}).flatMap((members) => Object.keys(members ?? {}));
  if (claims.length > 0) grant.addOIDCClaims(claims);
  for (const { identifier, scopes: wanted } of resources)
    if (wanted.length > 0) grant.addResourceScope(identifier, wanted.join(' '));
  const seconds = lifeOf(client, payload, days);
  const made = grant as Grant & {
    generateTokenId(): string;
    expiresIn?: number;
    getValueAndPayload(): Promise<Stored>;
  };
  made.jti = made.generateTokenId();
  if (seconds !== undefined) made.expiresIn = seconds;
  const { payload: stored } = await made.getValueAndPayload();
  const expiresIn = Number(stored.exp) - Math.floor(Date.now() / 1000);
  return { id: made.jti, row: payloadRow(secrets, 'Grant', made.jti, stored, expiresIn) };
}

type Stored = { value: string; payload: Record<string, unknown> };

/** No longer than what can come of it: without a refresh token, the longest life of an access token. Undefined: as any grant. */
function lifeOf(client: Client, { scope }: RequestPayload, days: number | undefined): number | undefined {
  const refreshes =
    client.grantTypeAllowed('refresh_token') &&
    (client.first_party === true || words(scope).includes('offline_access'));
  if (!refreshes) return 86_400 + 600;
  return days === undefined ? undefined : days * 86_400;
}

async function answer(
  { db, secrets }: ApprovalDependencies,
  given: { person: AccountProfile; request: Answerable; payload: RequestPayload; grant: NewGrant | undefined },
  caller: Caller,
): Promise<void> {
  const { person, request, payload, grant } = given;
  const { tenantId, userId } = person;
  const sealed = sealPayload(secrets, model, request.idHash, payload);
  await inTransaction(db, async (trx) => {
    // The person first, as what stops one does: who was stopped meanwhile approves nothing.
    const held = await lockForSignIn(trx, userId);
    if (!held || held.isLeaving) throw new DomainError('expired', 'APPROVAL_EXPIRED');
    const taken = { payload: sealed, grantId: grant?.id ?? null };
    if (!(await answerRequest(trx, { userId, idHash: request.idHash }, taken)))
      throw new DomainError('expired', 'APPROVAL_EXPIRED');
    const about = { clientId: request.clientId, scope: payload.scope };
    const event = { tenantId, entityType: 'user', entityId: userId } as const;
    if (!grant) return recordEvent(trx, { ...event, action: 'approval.denied', payload: about }, caller);
    const created = { tenantId, action: 'grant.created', entityType: 'client', entityId: request.clientId } as const;
    const stored = { model: 'Grant', scope: request.scopes.join(' '), accountId: userId };
    await upsertPayload(trx, grant.row, auditEventRow({ ...created, payload: stored }, caller));
    const said = { ...about, acr: payload.acr as string | undefined, grantId: grant.id };
    await recordEvent(trx, { ...event, action: 'approval.given', payload: said }, caller);
  });
}
