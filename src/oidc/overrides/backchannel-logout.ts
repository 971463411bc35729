/**
 * Telling relying parties that a session ended (OpenID Connect Back-Channel Logout 1.0). The library would call them
 * while the person waits, once; here each call is a job with retries, so a slow relying party slows nobody and a
 * sleeping one is told when it wakes.
 */
import type { Provider } from 'oidc-provider';
import { backchannelLogoutJob } from '../../domain/sessions/sessions.ts';
import type { Database } from '../../platform/database.ts';
import { enqueueJob } from '../../platform/jobs/jobs.ts';

interface BackchannelClient {
  clientId: string;
  backchannelLogoutUri?: string;
  backchannelLogout(sub: string, sid: string): Promise<void>;
}

const sendLogout = Symbol('sendLogout');

/** Makes the library's own call a job. */
export function queueBackchannelLogout(provider: Provider, db: Database): void {
  const prototype = provider.Client.prototype as unknown as BackchannelClient & Record<symbol, unknown>;
  prototype[sendLogout] = prototype.backchannelLogout;
  prototype.backchannelLogout = async function backchannelLogout(sub, sid) {
    await enqueueJob(db, backchannelLogoutJob, { clientId: this.clientId, sub, sid });
  };
}

/** The job: sends the logout token. A client that is gone or takes no logout tokens is done. */
export async function sendBackchannelLogout(
  provider: Provider,
  job: { clientId: string; sub: string; sid: string },
): Promise<void> {
  const client = (await provider.Client.find(job.clientId)) as unknown as
    | (BackchannelClient & Record<symbol, (sub: string, sid: string) => Promise<void>>)
    | undefined;
  if (!client?.backchannelLogoutUri) return;
  await client[sendLogout]?.(job.sub, job.sid);
}
