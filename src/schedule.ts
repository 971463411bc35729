/** What the server does on its own, as jobs: each runs on one node, at the times of the crontab (UTC). */
import type { Provider } from 'oidc-provider';
import { z } from 'zod';
import type { Config } from './config.ts';
import { sweepAccessHistory } from './domain/access/access-history.ts';
import { tellOfApproval, tellOfApprovalJob } from './domain/approvals/tell-of-approval.ts';
import { countActivity } from './domain/audit/activity.ts';
import { systemCaller } from './domain/audit/audit-events.ts';
import { ensureAuditPartitions, purgeAuditEvents } from './domain/audit/audit-upkeep.ts';
import { tellOfRepeatedRefusals } from './domain/audit/repeated-refusals.ts';
import { sweepRedirectMistakes } from './domain/clients/redirect-mistakes.ts';
import { deliverCode, deliverCodeJob } from './domain/codes/deliver-code.ts';
import { sweepCodes } from './domain/codes/one-time-codes.ts';
import { sweepOutbox } from './domain/events/outbox.ts';
import { sweepRemovedFactors } from './domain/factors/factors.ts';
import { sweepImports, workOnImportJob } from './domain/imports/kept-imports.ts';
import { endUnusedClients } from './domain/lifecycle/end-client.ts';
import { eraseInactivePeople } from './domain/lifecycle/erase-inactive.ts';
import { eraseDuePeople } from './domain/lifecycle/own-deletion.ts';
import { configuredChannels } from './domain/messages/available-channels.ts';
import { type Messenger, sendMessageTask } from './domain/messages/deliver-message.ts';
import { sweepMessageDays } from './domain/messages/message-days.ts';
import { sendMessageJob } from './domain/messages/outgoing-message.ts';
import { sweepFederationRequests } from './domain/methods/federation/federation-requests.ts';
import { deliverRecovery } from './domain/recovery/deliver-recovery.ts';
import { deliverRecoveryJob } from './domain/recovery/recovery.ts';
import { sweepSafetyLinks } from './domain/safety/safety-links.ts';
import { sealAudit } from './domain/seals/seal-events.ts';
import { resealKeys } from './domain/seals/seal-keys.ts';
import type { SealMetrics } from './domain/seals/seal-metrics.ts';
import { forgetUselessSalts } from './domain/seals/useless-salts.ts';
import { approvalRequestModel } from './domain/sessions/approval-requests.ts';
import { sweepPayloads } from './domain/sessions/payload-store.ts';
import { backchannelLogoutJob, sweepSessions } from './domain/sessions/sessions.ts';
import { sweepSignInFailures } from './domain/sign-in/sign-in-failures.ts';
import { sweepPasskeyChallenges } from './domain/webauthn/challenge-store.ts';
import { importTask } from './management/import-work.ts';
import { sweepRepeatedRequests } from './management/repeated-requests.ts';
import { sealedAbove } from './management/sealed-about-people.ts';
import { rotateSigningKeys, sweepSigningKeys, verifySecondsOf } from './oidc/keys.ts';
import { sendBackchannelLogout } from './oidc/overrides/backchannel-logout.ts';
import type { Database } from './platform/database.ts';
import type { JobTask } from './platform/jobs/jobs.ts';
import { sweepRateLimits } from './platform/rate-limits.ts';
import type { Secrets } from './platform/secrets.ts';

export const crontab = `
* * * * * sweep-short-lived
* * * * * tell-of-refusals
* * * * * count-activity
*/10 * * * * sweep
*/10 * * * * erase-leaving
*/10 * * * * erase-inactive
17 3 * * * keep-audit
*/10 * * * * seal-audit
27 3 * * * rotate-keys
`;

const logoutPayload = z.object({ clientId: z.string(), sub: z.string(), sid: z.string() });

interface ScheduleDependencies {
  config: Config;
  db: Database;
  secrets: Secrets;
  messenger: Messenger;
  metrics: SealMetrics;
  provider: () => Provider;
}

export function scheduledTasks(dependencies: ScheduleDependencies): Record<string, JobTask> {
  const { config, db, secrets, messenger, provider } = dependencies;
  const { issuer } = config;
  const phoneCountries = config.phone.countries;
  return {
    // Expiry is decided when a row is read; this only keeps the tables small. Not device codes and requests for an
    // approval by the minute: who polls is told that they have expired for as long as the row is there.
    async 'sweep-short-lived'() {
      await sweepPayloads(db, { except: ['DeviceCode', approvalRequestModel] });
    },
    'tell-of-refusals': () => tellOfRepeatedRefusals(db),
    'count-activity': () => countActivity(db),
    async sweep() {
      await sweepPayloads(db);
      await sweepRateLimits(db);
      await sweepSessions(db);
      await sweepSignInFailures(db);
      await sweepFederationRequests(db);
      await sweepPasskeyChallenges(db);
      await sweepCodes(db);
      await sweepSafetyLinks(db);
      await sweepRemovedFactors(db);
      await sweepRepeatedRequests(db);
      await sweepSigningKeys(db);
      await sweepMessageDays(db);
      await sweepRedirectMistakes(db);
      await sweepOutbox(db);
      await sweepImports(db);
      await endUnusedClients(db);
    },
    'erase-leaving': () => eraseDuePeople(db, { secrets, sealedAbove }),
    ...trailTasks(dependencies),
    'erase-inactive': () => eraseInactivePeople(db, { secrets, sealedAbove }),
    async 'rotate-keys'() {
      await rotateSigningKeys(
        db,
        secrets,
        { verifySeconds: verifySecondsOf(config), olderThanDays: config.signingKeyRotationDays },
        systemCaller,
      );
      await resealKeys(db, secrets);
    },
    async [backchannelLogoutJob](payload) {
      await sendBackchannelLogout(provider(), logoutPayload.parse(payload));
    },
    // Each in one of the queues of domain/messages: a mail server that hangs holds up other mail alone.
    [sendMessageJob]: sendMessageTask(messenger, { secrets }),
    [deliverCodeJob]: (payload, { signal, attempt, maxAttempts }) => {
      const isLastAttempt = attempt >= maxAttempts;
      return deliverCode(payload, { db, secrets, messenger, issuer, phoneCountries, signal, isLastAttempt });
    },
    [workOnImportJob]: importTask({ db, secrets }),
    [tellOfApprovalJob]: (payload) =>
      tellOfApproval(payload, { db, secrets, issuer, channels: configuredChannels(config) }),
    [deliverRecoveryJob]: (payload, { signal }) => deliverRecovery(payload, { db, secrets, messenger, issuer, signal }),
  };
}

/** The upkeep of the audit trail. */
function trailTasks({ config, db, secrets, metrics }: ScheduleDependencies): Record<string, JobTask> {
  return {
    async 'keep-audit'() {
      await ensureAuditPartitions(db);
      await purgeAuditEvents(db, config.auditRetentionDays);
      await sweepAccessHistory(db, config.auditRetentionDays);
      await forgetUselessSalts(db, config.auditRetentionDays);
    },
    // An hour is due once; the rest of the time there is nothing to do. The line is for who keeps hashes elsewhere.
    async 'seal-audit'(_payload, { log }) {
      for (const seal of await sealAudit(db, secrets)) {
        const { number, endsAt, events, seals, late } = seal;
        const told = { number, until: endsAt, events, seals, late, hash: seal.hash.toString('hex') };
        log.info({ seal: told }, 'The audit trail is sealed');
        metrics.showSeal(seal);
      }
    },
  };
}
