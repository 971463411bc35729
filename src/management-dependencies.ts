/** What the operations of management work with: the same for the server and the command line. */
import type { Config } from './config.ts';
import { configuredChannels, providersOf } from './domain/messages/available-channels.ts';
import type { MailReach } from './domain/messages/mail-policy.ts';
import type { PasswordHasher } from './domain/methods/password/password-hash.ts';
import type { ManagementDependencies } from './management/operation.ts';
import { createClientRegistration } from './oidc/client-registration.ts';
import { createEventSigner } from './oidc/event-signer.ts';
import { verifySecondsOf } from './oidc/keys.ts';
import { createProviderCheck } from './oidc/provider-check.ts';
import type { PreviewTokens } from './oidc/token-preview.ts';
import type { Database } from './platform/database.ts';
import { createListeners, type Listeners } from './platform/listeners.ts';
import { createOutboundFetch } from './platform/network/outbound.ts';
import { createReads, type Reads } from './platform/replicas.ts';
import type { Secrets } from './platform/secrets.ts';

/** A look connects to the mail server, and to Twilio. */
const lookKeptMs = 15_000;

/** Asks one after the other, and answers what was found not longer ago than that, or is being looked for. */
function keptFor<T>(milliseconds: number, look: () => Promise<T>): () => Promise<T> {
  let kept: { since: number; found: Promise<T> } | undefined;
  return () => {
    if (!kept || performance.now() - kept.since >= milliseconds) {
      const found = look();
      const asked = { since: Number.POSITIVE_INFINITY, found };
      kept = asked;
      const ended = () => {
        asked.since = performance.now();
      };
      found.then(ended, () => {
        if (kept === asked) kept = undefined;
      });
    }
    return kept.found;
  };
}

/** A call to a provider that is looked at; somebody waits for several of them. */
const checkCall = { timeoutMs: 2_500, maxBytes: 64 * 1024 };

export function managementDependencies({
  config,
  db,
  secrets,
  passwords,
  takesUnicodeMail,
  listeners = createListeners(),
  reads = createReads({ url: undefined, maxLagMs: 0, primary: db }),
}: MailReach & {
  config: Config;
  db: Database;
  secrets: Secrets;
  passwords: PasswordHasher;
  listeners?: Listeners;
  reads?: Reads;
}): ManagementDependencies {
  let preview: Promise<PreviewTokens> | undefined;
  const installation = { config, db, secrets, source: { embedded: config.database.url === undefined } };
  return {
    db,
    reads,
    secrets,
    passwords,
    issuer: config.issuer,
    channels: configuredChannels(config),
    providers: providersOf(config),
    takesUnicodeMail,
    phoneCountries: config.phone.countries,
    budgets: { email: config.mail.dailyBudget, phone: config.phone.dailyBudget },
    async previewTokens(question) {
      // Loaded for who asks: the library and all of its configuration hang on it, and a command is short.
      preview ??= import('./oidc/token-preview.ts').then((found) => found.createTokenPreview({ config, db, secrets }));
      return (await preview)(question);
    },
    registration: createClientRegistration({ config, db, secrets }),
    checkProvider: createProviderCheck({
      fetch: createOutboundFetch({ allowedNetworks: [...config.outboundAllowedNetworks], ...checkCall }),
      secrets,
      issuer: config.issuer,
    }),
    signEvent: createEventSigner({ db, secrets }),
    allowHttp: !config.isProduction,
    verifySeconds: verifySecondsOf(config),
    rotationDays: config.signingKeyRotationDays,
    retentionDays: config.auditRetentionDays,
    listeners,
    lookAtInstallation: keptFor(lookKeptMs, async () => {
      // For who asks, as above.
      const { lookAtInstallation } = await import('./checks/installation-checks.ts');
      return lookAtInstallation(installation);
    }),
  };
}
