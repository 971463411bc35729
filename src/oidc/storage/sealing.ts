/**
 * oidc-provider's storage interface over PostgreSQL. Ids are bearer values: only their SHA-256 is stored (user codes,
 * being short, as HMAC), and payloads are sealed with the id's hash bound in. Refuses a second use of anything that is
 * used once, whatever runs in parallel.
 */
import Provider, { type Adapter, type AdapterFactory, type AdapterPayload, errors } from 'oidc-provider';
import { auditEventRow } from '../../domain/audit/audit-events.ts';
import { type Database, inTransaction } from '../../platform/database.ts';
import { newId } from '../../platform/ids.ts';
import { type Secrets, sha256 } from '../../platform/secrets.ts';
import { currentCaller } from '../caller.ts';
import { isAdmitted, serviceJti } from '../tokens/access-token-records.ts';
import { createClientAdapter } from './client-adapter.ts';
import {
  consumePayload,
  consumeRefreshToken,
  destroyByGrantId,
  destroyPayload,
  findPayload,
  findPayloadByUserCode,
  findRefreshToken,
  type PayloadRow,
  recordServiceSession,
  revokeReplayedCode,
  type StoredPayload,
  upsertPayload,
} from './payload-store.ts';
import { refreshSuccessor, rememberFirstUse } from './refresh-rotation.ts';
import { createSessionAdapter, onceSessionIsStored } from './session-adapter.ts';

export interface AdapterDependencies {
  db: Database;
  secrets: Secrets;
  issuer: string;
}

// Found by another key than their id, these need it back from the row; inside the seal it is no use to a thief.
const idSealedInside = new Set(['DeviceCode', 'Session']);

/** The payload as it is stored: without the id where the reader has it anyway. */
export function sealPayload(secrets: Secrets, model: string, idHash: Buffer, payload: AdapterPayload): Buffer {
  const { jti, ...rest } = payload;
  const kept = idSealedInside.has(model) ? payload : rest;
  return secrets.seal('payloads', JSON.stringify(kept), `${model}:${idHash.toString('hex')}`);
}

/** The payload of a row, or undefined where it was sealed under a key we no longer have. */
export function openPayload(
  secrets: Secrets,
  model: string,
  stored: StoredPayload | undefined,
): AdapterPayload | undefined {
  if (!stored) return undefined;
  const text = secrets.open('payloads', stored.payload, `${model}:${stored.idHash.toString('hex')}`);
  if (text === undefined) return undefined;
  const payload = JSON.parse(text) as AdapterPayload;
  return stored.consumed ? { ...payload, consumed: true } : payload;
}

/** When a row with this payload dies; undefined lifetime means never. */
export function expiryOf(expiresIn: number | undefined): Date | null {
  return expiresIn ? new Date(Date.now() + expiresIn * 1000) : null;
}

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

function auditRow(action: string | undefined, model: string, payload?: AdapterPayload): Record<string, unknown> | null {
  if (!action) return null;
  const { caller, tenantId } = currentCaller();
  const row = auditEventRow(
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
      },
    },
    caller,
  );
  return snakeCaseRow(row);
}

/** The token endpoint destroys a refresh token for one reason: it was used before. */
function isReuse(model: string): boolean {
  return model === 'RefreshToken' && Provider.ctx?.oidc?.route === 'token';
}

/**
 * Whom an interaction has proved. Ending everything of a person (domain/sessions) then ends a sign-in that stands between
 * its proof and its session too.
 */
function provedAccountId(payload: AdapterPayload): string | undefined {
  return (payload.result as { login?: { accountId?: string } } | undefined)?.login?.accountId;
}

/** Column names for `jsonb_to_record`. */
function snakeCaseRow(row: Record<string, unknown>): Record<string, unknown> {
  const { payload, ...rest } = row;
  const columns = Object.fromEntries(
    Object.entries(rest).map(([name, value]) => [
      name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      value,
    ]),
  );
  return { ...columns, payload: JSON.parse(payload as string) };
}

function createPayloadAdapter(model: string, { db, secrets }: AdapterDependencies): Adapter {
  const isRefreshToken = model === 'RefreshToken';

  function successorHash(id: string): Buffer {
    return sha256(refreshSuccessor(secrets, id));
  }

  function read(id: string, stored: StoredPayload | undefined): AdapterPayload | undefined {
    const payload = openPayload(secrets, model, stored);
    return payload ? { ...payload, jti: id } : undefined;
  }

  async function store(id: string, payload: AdapterPayload, expiresIn: number | undefined): Promise<void> {
    const idHash = sha256(id);
    const row: PayloadRow = {
      model,
      idHash,
      payload: sealPayload(secrets, model, idHash, payload),
      grantId: model === 'Grant' ? id : (payload.grantId ?? null),
      uidHash: null,
      userCodeHash: payload.userCode ? secrets.mac('user-codes', payload.userCode) : null,
      sessionUidHash: payload.sessionUid ? sha256(payload.sessionUid) : null,
      accountId: payload.accountId ?? provedAccountId(payload) ?? null,
      clientId: payload.clientId ?? null,
      expiresAt: expiryOf(expiresIn),
    };
    const created = auditRow(auditedOnCreation[model], model, payload);
    const event = created && { ...created, changed_action: auditedOnChange[model] };
    const written =
      model === 'ClientCredentials'
        ? await inTransaction(db, async (trx) => {
            const { caller } = currentCaller();
            await recordServiceSession(trx, {
              id: newId(),
              clientId: payload.clientId as string,
              jti: serviceJti(id),
              ip: caller.ip ?? null,
              expiresAt: row.expiresAt as Date,
            });
            return upsertPayload(trx, row, event);
          })
        : await upsertPayload(db, row, event);
    // Only a refresh token's successor can be there and used already: the line went on without this request.
    if (!written && isRefreshToken) throw new errors.InvalidGrant('refresh token already used');
  }

  return {
    async upsert(id, payload, expiresIn) {
      const work = () => store(id, payload, expiresIn);
      // A device that asks between the two would find its code bound to a session that is not there yet, and give up.
      if (model === 'DeviceCode' && payload.accountId) await onceSessionIsStored(work);
      else await work();
    },

    async find(id) {
      if (!isAdmitted(id)) return undefined;
      const idHash = sha256(id);
      return read(
        id,
        isRefreshToken ? await findRefreshToken(db, idHash, successorHash(id)) : await findPayload(db, model, idHash),
      );
    },

    async findByUserCode(userCode) {
      return openPayload(secrets, model, await findPayloadByUserCode(db, secrets.mac('user-codes', userCode)));
    },

    async findByUid() {
      return undefined;
    },

    async consume(id) {
      const idHash = sha256(id);
      if (isRefreshToken) {
        const use = await consumeRefreshToken(db, idHash, successorHash(id));
        if (use === 'first') rememberFirstUse(id);
        if (use) return;
        await destroyPayload(db, model, idHash, null, auditRow('token.reused', model));
        throw new errors.InvalidGrant('refresh token already used');
      }
      if (await consumePayload(db, model, idHash)) return;
      if (model === 'PushedAuthorizationRequest')
        throw new errors.InvalidRequestUri('request_uri is invalid, expired, or was already used');
      await revokeReplayedCode(db, model, idHash, auditRow('code.reused', model));
      throw new errors.InvalidGrant(`${model} already consumed`);
    },

    async destroy(id) {
      await destroyPayload(
        db,
        model,
        sha256(id),
        model === 'ClientCredentials' ? serviceJti(id) : null,
        auditRow(isReuse(model) ? 'token.reused' : auditedOnDestruction[model], model),
      );
    },

    async revokeByGrantId(grantId) {
      await destroyByGrantId(db, grantId, auditRow('grant.tokens_revoked', model) ?? {});
    },
  };
}

/** One adapter for each of the library's models. */
export function createAdapterFactory(dependencies: AdapterDependencies): AdapterFactory {
  return (model) => {
    if (model === 'Client') return createClientAdapter(dependencies);
    if (model === 'Session') return createSessionAdapter(dependencies);
    return createPayloadAdapter(model, dependencies);
  };
}
