/**
 * Access tokens of services (client credentials). Owns that each leaves its row of `service_sessions` with the statement
 * that stores it, and that the session ends with the token.
 */
import { type Adapter, errors } from 'oidc-provider';
import { destroyPayload } from '../../domain/sessions/payload-store.ts';
import { storeServiceToken } from '../../domain/sessions/service-token-store.ts';
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
      const session = { id: newId(), jti: serviceJti(id), ip: currentCaller().caller.ip ?? null };
      const stored = await storeServiceToken(db, { row, session, auditRow: storedEvent(model, payload) });
      if (!stored) throw new errors.InvalidClientAuth('the client is not active');
    },

    async destroy(id) {
      await destroyPayload(db, model, sha256(id), serviceJti(id), destroyedEvent(model));
    },
  };
}
