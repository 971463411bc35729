/**
 * Refresh tokens. Owns that a token is used once, that an honest retry is told from reuse in one statement, and that
 * reuse ends the whole family. See docs/decisions/0003-refresh-token-rotation.md.
 */
import Provider, { type Adapter, errors } from 'oidc-provider';
import {
  consumeRefreshToken,
  destroyPayload,
  findRefreshToken,
  upsertPayload,
} from '../../domain/sessions/payload-store.ts';
import { sha256 } from '../../platform/secrets.ts';
import { requestMemory } from '../request-memory.ts';
import { createPayloadAdapter } from './payload-adapter.ts';
import { destroyedEvent, payloadEvent } from './payload-audit.ts';
import { refreshSuccessor } from './refresh-rotation.ts';
import { type AdapterDependencies, openPayloadOf, payloadRow } from './sealing.ts';

const model = 'RefreshToken';

export function createRefreshTokenAdapter({ db, secrets }: AdapterDependencies): Adapter {
  function hashesOf(id: string): [idHash: Buffer, successorHash: Buffer] {
    return [sha256(id), sha256(refreshSuccessor(secrets, id))];
  }

  return {
    ...createPayloadAdapter(model, { db, secrets }),

    async upsert(id, payload, expiresIn) {
      const written = await upsertPayload(db, payloadRow(secrets, model, id, payload, expiresIn), null);
      // Only a successor can be there and used already: the line went on without this request.
      if (!written) throw new errors.InvalidGrant('refresh token already used');
    },

    async find(id) {
      return openPayloadOf(secrets, model, id, await findRefreshToken(db, ...hashesOf(id)));
    },

    async consume(id) {
      const [idHash, successorHash] = hashesOf(id);
      const use = await consumeRefreshToken(db, idHash, successorHash);
      const memory = requestMemory();
      if (use === 'first' && memory) memory.firstUsedRefreshToken = id;
      if (use) return;
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
