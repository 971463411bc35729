/** Forked by killed-sender.test.ts and bench/outbox.ts: a process that tells webhooks, to be killed at any moment. Ends with its parent. */
import { receiverCall } from '../../src/domain/events/call-receiver.ts';
import { startSender } from '../../src/domain/events/sender.ts';
import { tellEndsByTime } from '../../src/domain/lifecycle/ends-by-time.ts';
import { webhookKind } from '../../src/domain/webhooks/deliver-webhook.ts';
import { createDatabase } from '../../src/platform/database.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { createOutboundFetch } from '../../src/platform/network/outbound.ts';
import { createSecrets } from '../../src/platform/secrets.ts';

const { SENDER_DATABASE_URL = '', SENDER_SECRET = '', SENDER_OPTIONS = '{}' } = process.env;

process.once('disconnect', () => process.exit(0));
const db = createDatabase({ url: SENDER_DATABASE_URL, poolMax: 4, acquireTimeoutMs: 60_000 });
const fetch = createOutboundFetch({ ...receiverCall, timeoutMs: 60_000, allowedNetworks: ['127.0.0.0/8'] });
const kinds = { webhook: webhookKind({ db, secrets: createSecrets([SENDER_SECRET]), fetch }) };
const logger = createLogger({ level: 'silent' });
startSender({ db, kinds, tellEnds: tellEndsByTime, logger, ...JSON.parse(SENDER_OPTIONS) });
process.send?.('sending');
