/**
 * Telling relying parties that a session ended (OpenID Connect Back-Channel Logout 1.0) is a job with retries, so a slow
 * relying party slows nobody and a sleeping one is told when it wakes. See docs/decisions/0005-logout-tokens-are-jobs.md.
 */
import type { Provider } from 'oidc-provider';
import { backchannelLogoutJob } from '../../domain/sessions/sessions.ts';
import { enqueueJob } from '../../platform/jobs/enqueue-job.ts';
import { type Override, replaceMethod } from './override.ts';

interface BackchannelClient {
  clientId: string;
  backchannelLogoutUri?: string;
  backchannelLogout(sub: string, sid: string): Promise<void>;
}

const sendLogout = Symbol('sendLogout');

type SendingClient = BackchannelClient & { [sendLogout]?: BackchannelClient['backchannelLogout'] };

export const backchannelLogout: Override = {
  name: 'backchannel-logout',
  why: 'The library would call relying parties while the person waits, and once.',
  apply({ provider }, { db }) {
    const prototype = provider.Client.prototype as unknown as SendingClient;
    replaceMethod(prototype, 'backchannelLogout', (original) => {
      prototype[sendLogout] = original;
      return async function backchannelLogout(this: BackchannelClient, sub, sid) {
        await enqueueJob(db, backchannelLogoutJob, { clientId: this.clientId, sub, sid });
      };
    });
  },
};

/** The job: sends the logout token. A client that is gone or takes no logout tokens is done. */
export async function sendBackchannelLogout(
  provider: Provider,
  job: { clientId: string; sub: string; sid: string },
): Promise<void> {
  const client = (await provider.Client.find(job.clientId)) as unknown as SendingClient | undefined;
  if (!client?.backchannelLogoutUri) return;
  await client[sendLogout]?.(job.sub, job.sid);
}
