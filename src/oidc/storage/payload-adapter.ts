/**
 * oidc-provider's storage interface over PostgreSQL, as far as all models are alike. Refuses a second use of anything that
 * is used once, whatever runs in parallel.
 */
import { type Adapter, errors } from 'oidc-provider';
import { findPayload } from '../../domain/sessions/find-payload.ts';
import { recordGrantUse } from '../../domain/sessions/grant-use.ts';
import {
  consumePayload,
  destroyByGrantId,
  destroyPayload,
  revokeReplayedCode,
  upsertCountedPayload,
  upsertPayload,
} from '../../domain/sessions/payload-store.ts';
import { sha256 } from '../../platform/secrets.ts';
import { requestMemory } from '../request-memory.ts';
import { findExchanged, grantOfExchange, storeInExchange, useInExchange } from './exchange.ts';
import { grantFoundAlong, keepAlong } from './found-along.ts';
import { isRecordId } from './jwt-record-ids.ts';
import { destroyedEvent, payloadEvent, storedEvent } from './payload-audit.ts';
import { type AdapterDependencies, openPayloadOf, payloadRow } from './sealing.ts';
import { giveBackStored, hitsOfStored, toldByLibrary } from './stored-requests.ts';
import { endInteraction, storeBesideSession } from './waiting-rows.ts';

const code = 'AuthorizationCode';

/** False for the id of a row that was given from outside. */
function isAdmitted(id: string): boolean {
  if (!isRecordId(id)) return true;
  const memory = requestMemory();
  return !memory || memory.admittedRecordId === id;
}

/** The adapter of one model; the models that differ take what they share with the others from it. */
export function createPayloadAdapter(
  model: string,
  { db, secrets, limits }: Pick<AdapterDependencies, 'db' | 'secrets' | 'limits'>,
): Adapter {
  return {
    async upsert(id, payload, expiresIn) {
      const hits = hitsOfStored(limits, model, payload);
      const row = { ...payloadRow(secrets, model, id, payload, expiresIn), countedAs: hits?.keys };
      const auditRow = storedEvent(model, payload);
      if (hits) return toldByLibrary(upsertCountedPayload(db, { row, auditRow }, hits));
      if (model === 'AccessToken' && storeInExchange({ row, auditRow })) return;
      if ((model === 'Grant' || model === code) && storeBesideSession({ row, auditRow })) return;
      // Whatever a grant is used for, an access token is stored.
      const used = model === 'AccessToken' && payload.grantId ? recordGrantUse(db, sha256(payload.grantId)) : undefined;
      await Promise.all([upsertPayload(db, row, auditRow), used]);
    },

    async find(id) {
      if (!isAdmitted(id)) return undefined;
      const known =
        model === 'Grant'
          ? (grantOfExchange(id) ?? grantFoundAlong(id))
          : model === code
            ? await findExchanged(db, model, id)
            : undefined;
      const { stored } = known ?? { stored: keepAlong(await findPayload(db, model, sha256(id))) };
      return openPayloadOf(secrets, model, id, stored);
    },

    async findByUserCode() {
      return undefined;
    },

    async findByUid() {
      return undefined;
    },

    async consume(id) {
      const idHash = sha256(id);
      if (model === code && useInExchange({ model, idHash, successorHash: null })) return;
      const used = await consumePayload(db, model, idHash);
      if (used) return giveBackStored(db, used);
      if (model === 'PushedAuthorizationRequest')
        throw new errors.InvalidRequestUri('request_uri is invalid, expired, or was already used');
      await revokeReplayedCode(db, model, idHash, payloadEvent('code.reused', model));
      throw new errors.InvalidGrant(`${model} already consumed`);
    },

    async destroy(id) {
      if (model === 'Interaction') await endInteraction(db, sha256(id));
      else await destroyPayload(db, model, sha256(id), null, destroyedEvent(model));
    },

    async revokeByGrantId(grantId) {
      await destroyByGrantId(db, grantId, payloadEvent('grant.tokens_revoked', model));
    },
  };
}
