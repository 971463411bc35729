/**
 * Requests for a person's approval (CIBA): stored with the job that tells the person, and given tokens for once. Owns that an
 * application which asks too often while it waits is told to slow down (CIBA Core section 11), that whom it named is not kept
 * as it was written, and that a second poll takes nothing back: two that a lost answer led to are one application's own.
 */
import Provider, { type Adapter, errors } from 'oidc-provider';
import { enqueueApprovalNotice } from '../../domain/approvals/tell-of-approval.ts';
import { approvalRequestModel as model } from '../../domain/sessions/approval-requests.ts';
import { consumePayload, upsertPayload } from '../../domain/sessions/payload-store.ts';
import { notePoll } from '../../domain/sessions/poll-store.ts';
import { inTransaction } from '../../platform/database.ts';
import { sha256 } from '../../platform/secrets.ts';
import { createPayloadAdapter } from './payload-adapter.ts';
import { approvalRequestedEvent } from './payload-audit.ts';
import { type AdapterDependencies, payloadRow } from './sealing.ts';
import { checkStoredSize } from './stored-requests.ts';

/** Stands for whom nobody is: a request that names nobody has it, and waits until it expires. */
export const nobody = 'nobody';

export function createApprovalRequestAdapter({ db, secrets, limits }: AdapterDependencies): Adapter {
  const shared = createPayloadAdapter(model, { db, secrets, limits });
  return {
    ...shared,

    async upsert(id, payload, expiresIn) {
      checkStoredSize(payload);
      const { login_hint, ...params } = (payload.params ?? {}) as Record<string, unknown>;
      const accountId = payload.accountId === nobody ? undefined : payload.accountId;
      const row = payloadRow(secrets, model, id, { ...payload, accountId, params }, expiresIn);
      await inTransaction(db, async (trx) => {
        await upsertPayload(trx, row, approvalRequestedEvent(payload, accountId));
        await enqueueApprovalNotice(trx, row.idHash);
      });
    },

    async find(id) {
      const payload = await shared.find(id);
      // The library would end what the first poll was given.
      if (!payload || payload.consumed) return undefined;
      const isPending = !payload.grantId && !payload.error && (payload.exp ?? 0) * 1000 > Date.now();
      if (isPending && Provider.ctx?.oidc?.route === 'token' && (await notePoll(db, model, sha256(id))))
        throw new errors.SlowDown();
      return payload;
    },

    async consume(id) {
      if (!(await consumePayload(db, model, sha256(id)))) throw new errors.InvalidGrant('already used');
    },
  };
}
