/** Device codes: found by their user code too, and bound to a person only when that person's session is stored. */
import type { Adapter } from 'oidc-provider';
import { findPayloadByUserCode } from '../../domain/sessions/payload-store.ts';
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

    async findByUserCode(userCode) {
      const found = await findPayloadByUserCode(db, secrets.macs(hashedUserCodes, userCode));
      const memory = requestMemory();
      if (memory && found) memory.foundUserCode = true;
      return openPayload(secrets, model, found);
    },
  };
}
