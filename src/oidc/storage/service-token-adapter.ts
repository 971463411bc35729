/**
 * Access tokens of services (client credentials). Owns that each leaves its row of `service_sessions` in the transaction
 * that stores it, and that the session ends with the token.
 */
import type { Adapter } from 'oidc-provider';
import { destroyPayload, upsertPayload } from '../../domain/sessions/payload-store.ts';
import { recordServiceSession } from '../../domain/sessions/service-session-store.ts';
import { inTransaction } from '../../platform/database.ts';
import { newId } from '../../platform/ids.ts';
import { sha256 } from '../../platform/secrets.ts';
import { currentCaller } from '../caller.ts';
import { serviceJti } from './jwt-record-ids.ts';
import { createPayloadAdapter } from './payload-adapter.ts';
import { destroyedEvent, storedEvent } from './payload-audit.ts';
import { type AdapterDependencies, payloadRow } from './sealing.ts';

const model = 'ClientCredentials';

export function createServiceTokenAdapter({ db, secrets, limits }: AdapterDependencies): Adapter {
  return {
    ...createPayloadAdapter(model, { db, secrets, limits }),

    async upsert(id, payload, expiresIn) {
      const row = payloadRow(secrets, model, id, payload, expiresIn);
      const event = storedEvent(model, payload);
      const session = {
        id: newId(),
        clientId: payload.clientId as string,
        jti: serviceJti(id),
        ip: currentCaller().caller.ip ?? null,
        expiresAt: row.expiresAt as Date,
      };
      await inTransaction(db, async (trx) => {
        await recordServiceSession(trx, session);
        await upsertPayload(trx, row, event);
      });
    },

    async destroy(id) {
      await destroyPayload(db, model, sha256(id), serviceJti(id), destroyedEvent(model));
    },
  };
}
