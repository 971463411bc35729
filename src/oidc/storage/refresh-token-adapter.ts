/**
 * Refresh tokens. Owns that a token is used once, that a retry or another tab is told from reuse in one statement and led
 * to the newest token of the line, and that reuse ends the whole family. See docs/decisions/0003-refresh-token-rotation.md.
 */
import Provider, { type Adapter, errors } from 'oidc-provider';
import { findPayload } from '../../domain/sessions/find-payload.ts';
import { destroyPayload, upsertPayload } from '../../domain/sessions/payload-store.ts';
import { consumeRefreshToken } from '../../domain/sessions/refresh-store.ts';
import { sha256 } from '../../platform/secrets.ts';
import { requestMemory } from '../request-memory.ts';
import { findExchanged, storeInExchange, useInExchange } from './exchange.ts';
import { createPayloadAdapter } from './payload-adapter.ts';
import { destroyedEvent, payloadEvent } from './payload-audit.ts';
import { newestOfLine, refreshSuccessor } from './refresh-rotation.ts';
import { type AdapterDependencies, openPayloadOf, payloadRow } from './sealing.ts';

const model = 'RefreshToken';

/** The token that was to be handed out was used since the line was read. */
export class SuccessorUsed extends errors.InvalidGrant {
  constructor() {
    super('refresh token already used');
  }
}

export function createRefreshTokenAdapter({ db, secrets, limits }: AdapterDependencies): Adapter {
  return {
    ...createPayloadAdapter(model, { db, secrets, limits }),

    async upsert(id, payload, expiresIn) {
      const row = payloadRow(secrets, model, id, payload, expiresIn);
      if (storeInExchange({ row, auditRow: null })) return;
      const written = await upsertPayload(db, row, null);
      if (!written) throw new SuccessorUsed();
    },

    async find(id) {
      const known = await findExchanged(db, model, id);
      const { stored } = known ?? { stored: await findPayload(db, model, sha256(id)) };
      return openPayloadOf(secrets, model, id, stored);
    },

    async consume(id) {
      const idHash = sha256(id);
      const successor = refreshSuccessor(secrets, id);
      const memory = requestMemory();
      // Where it is not the first use after all, the line is read as it is then.
      if (memory && useInExchange({ model, idHash, successorHash: sha256(successor) })) {
        memory.newestRefreshToken = successor;
        return;
      }
      const used = await consumeRefreshToken(db, idHash, sha256(successor));
      if (used) {
        if (!memory) return;
        if (used.use === 'first') memory.firstUsedRefreshToken = id;
        memory.newestRefreshToken = used.newest ? successor : await newestOfLine(db, secrets, id);
        return;
      }
      await destroyPayload(db, model, idHash, null, payloadEvent('token.reused', model));
      throw new errors.InvalidGrant('refresh token already used');
    },

    async destroy(id) {
      // The token endpoint destroys a refresh token for one reason: it was used before.
      const isReuse = Provider.ctx?.oidc?.route === 'token';
      const event = isReuse ? payloadEvent('token.reused', model) : destroyedEvent(model);
      await destroyPayload(db, model, sha256(id), null, event);
    },
  };
}
