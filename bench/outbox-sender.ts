/** Forked by bench/outbox.ts: a process that tells webhooks, to be killed at any moment. Ends with its parent. */
import { startSender } from '../src/domain/events/sender.ts';
import { tellEndsByTime } from '../src/domain/lifecycle/ends-by-time.ts';
import { webhookKind } from '../src/domain/webhooks/deliver-webhook.ts';
import { createDatabase } from '../src/platform/database.ts';
import { createLogger } from '../src/platform/logger.ts';
import { createOutboundFetch } from '../src/platform/network/outbound.ts';
import { createSecrets } from '../src/platform/secrets.ts';

process.once('disconnect', () => process.exit(0));
const db = createDatabase({ url: String(process.env.OUTBOX_DATABASE_URL), poolMax: 4 });
const fetch = createOutboundFetch({ allowedNetworks: ['127.0.0.0/8'], timeoutMs: 10_000, maxBytes: 65_536 });
const kinds = { webhook: webhookKind({ db, secrets: createSecrets([String(process.env.OUTBOX_SECRET)]), fetch }) };
startSender({ db, kinds, tellEnds: tellEndsByTime, logger: createLogger({ level: 'silent' }) });
