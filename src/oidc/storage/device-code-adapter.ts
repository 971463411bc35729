/**
 * Device codes: found by their user code too, and bound to a person only when that person's session is stored. A device that
 * asks too often while it waits for the person is told to slow down (RFC 8628 section 3.5); the library never says so.
 */
import Provider, { type Adapter, errors } from 'oidc-provider';
import { findPayloadByUserCode } from '../../domain/sessions/payload-store.ts';
import { notePoll } from '../../domain/sessions/poll-store.ts';
import { sha256 } from '../../platform/secrets.ts';
import { requestMemory } from '../request-memory.ts';
import { createPayloadAdapter } from './payload-adapter.ts';
import { type AdapterDependencies, hashedUserCodes, openPayload } from './sealing.ts';
import { onceSessionIsStored } from './session-adapter.ts';

const model = 'DeviceCode';

export function createDeviceCodeAdapter({ db, secrets, limits }: AdapterDependencies): Adapter {
  const shared = createPayloadAdapter(model, { db, secrets, limits });
  return {
    ...shared,

    async upsert(id, payload, expiresIn) {
      const work = async () => {
        await shared.upsert(id, payload, expiresIn);
      };
      // A device that asks between the two would find its code bound to a session that is not there yet, and give up.
      if (payload.accountId) await onceSessionIsStored(work);
      else await work();
    },

    async find(id) {
      const payload = await shared.find(id);
      const isPending = payload && !payload.accountId && !payload.error && (payload.exp ?? 0) * 1000 > Date.now();
      if (isPending && Provider.ctx?.oidc?.route === 'token' && (await notePoll(db, model, sha256(id))))
        throw new errors.SlowDown();
      return payload;
    },

    async findByUserCode(userCode) {
      const found = await findPayloadByUserCode(db, secrets.macs(hashedUserCodes, userCode));
      const memory = requestMemory();
      if (memory && found) memory.foundUserCode = true;
      return openPayload(secrets, model, found);
    },
  };
}
