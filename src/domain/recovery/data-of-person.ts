/** Recovery links for a person that were not sent yet: erased. Where they were asked for from is sealed in the job. */
import type { Database } from '../../platform/database.ts';
import { forgetJobs } from '../../platform/jobs/forget-jobs.ts';
import type { Secrets } from '../../platform/secrets.ts';
import { openedJob } from '../messages/data-of-person.ts';
import { deliverRecoveryJob, type RecoveryToDeliver } from './recovery.ts';

/** @param codeIds of the links whose rows are gone */
export async function eraseRecoveriesOf(trx: Database, codeIds: readonly string[], secrets: Secrets): Promise<void> {
  await forgetJobs(trx, deliverRecoveryJob, (payload) => {
    const link = openedJob(secrets, deliverRecoveryJob, payload) as RecoveryToDeliver | undefined;
    return link !== undefined && codeIds.includes(link.codeId);
  });
}
