/** Which changes of stored payloads the audit trail knows. Each event is written by the statement of its change. */
import Provider, { type AdapterPayload } from 'oidc-provider';
import { auditEventRow, type Caller } from '../../domain/audit/audit-events.ts';
import { currentCaller } from '../caller.ts';
import { keyClientId } from '../key-client.ts';
import { requestMemory } from '../request-memory.ts';
import type { TokenOrigin } from '../tokens/exchanged-tokens.ts';

const auditedOnCreation: Record<string, string> = {
  AccessToken: 'token.issued',
  ClientCredentials: 'token.issued',
  Grant: 'grant.created',
};
/** What is stored again with other content. */
const auditedOnChange: Record<string, string> = { Grant: 'grant.changed' };
const auditedOnDestruction: Record<string, string> = {
  AccessToken: 'token.revoked',
  ClientCredentials: 'token.revoked',
  RefreshToken: 'token.revoked',
  Grant: 'grant.revoked',
};

/** By which workload of its platform the service of this request is proved. */
function provedWorkload(): { workload?: { issuer: string; subject: string } } {
  const { judgement } = requestMemory()?.workload ?? {};
  return judgement && 'proved' in judgement ? { workload: judgement.proved } : {};
}

/** The event of an action on a payload of this model, by whom the request at hand is from. */
export function payloadEvent(action: string, model: string, payload?: AdapterPayload): Record<string, unknown> {
  const { caller, tenantId } = currentCaller();
  return auditEventRow(
    {
      tenantId,
      action,
      entityType: 'client',
      entityId: payload?.clientId ?? Provider.ctx?.oidc?.client?.clientId,
      payload: {
        model,
        scope: payload?.scope ?? (payload?.openid as { scope?: string } | undefined)?.scope,
        gty: payload?.gty,
        aud: payload?.aud,
        accountId: payload?.accountId,
        ...provedWorkload(),
      },
    },
    caller,
  );
}

/** For `upsertPayload`: the event of a new row, with the action that it has where the row was there; null for none. */
export function storedEvent(model: string, payload: AdapterPayload): Record<string, unknown> | null {
  const action = auditedOnCreation[model];
  if (payload.origin) return exchangedEvent(model, payload);
  return action ? { ...payloadEvent(action, model, payload), changed_action: auditedOnChange[model] } : null;
}

/**
 * Of a token that another one, or an API key, was exchanged for: done by the service that has it now, or by who holds the key.
 */
function exchangedEvent(model: string, payload: AdapterPayload): Record<string, unknown> {
  const { clientId, scope, aud, accountId } = payload;
  const { tenantId, clientId: application, keyId, link } = payload.origin as TokenOrigin;
  // Of a token for an assertion itself; what that one is exchanged for is for another client.
  if (link && application === clientId) {
    const { provider, issuer, jti } = link;
    const entity = { tenantId, entityType: 'client', entityId: clientId };
    const said = { scope, aud, accountId, provider, issuer, jti };
    return auditEventRow(
      { ...entity, action: 'cross_app.accepted', payload: said },
      { ...currentCaller().caller, type: 'client', id: clientId },
    );
  }
  const { act, sub, org_node_id: place } = (payload.extra ?? {}) as Record<string, unknown>;
  const { caller } = currentCaller();
  const by: Caller =
    clientId !== keyClientId
      ? { ...caller, type: 'client', id: clientId, keyId }
      : sub === place
        ? { ...caller, type: 'api_key', id: keyId }
        : { ...caller, type: 'user', id: sub as string, keyId };
  const said = { model, scope, aud, accountId, act, application };
  return auditEventRow(
    { tenantId, action: 'token.exchanged', entityType: 'client', entityId: clientId, payload: said },
    by,
  );
}

/** Of a request for an approval: by the application, whether there is such a person or not. */
export function approvalRequestedEvent(
  { clientId, scope }: AdapterPayload,
  accountId: string | undefined,
): Record<string, unknown> {
  const { caller, tenantId } = currentCaller();
  return auditEventRow(
    { tenantId, action: 'approval.requested', entityType: 'client', entityId: clientId, payload: { scope, accountId } },
    caller,
  );
}

/** For `destroyPayload`: null where the end of such a row is no event. */
export function destroyedEvent(model: string): Record<string, unknown> | null {
  const action = auditedOnDestruction[model];
  return action ? payloadEvent(action, model) : null;
}
