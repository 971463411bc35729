/** A sender of a test's own, on a database without a server: its calls, its pauses and its end are the test's. */
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { receiverCall } from '../../src/domain/events/call-receiver.ts';
import { type Sender, type SenderOptions, startSender } from '../../src/domain/events/sender.ts';
import { tellEndsByTime } from '../../src/domain/lifecycle/ends-by-time.ts';
import { webhookKind } from '../../src/domain/webhooks/deliver-webhook.ts';
import { createWebhook, type Webhook } from '../../src/domain/webhooks/webhooks.ts';
import { createDatabase, type Database } from '../../src/platform/database.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { createOutboundFetch, type OutboundOptions } from '../../src/platform/network/outbound.ts';
import { createSecrets } from '../../src/platform/secrets.ts';
import { createTestDatabase } from './database.ts';

export const secretKey = 'a key of nobody that is long enough to be one';
export const secrets = createSecrets([secretKey]);

/** Short pauses: no test waits for a real one. */
export const soon = { firstSeconds: 0.05, longestSeconds: 0.2, giveUpSeconds: 3600 };

export interface Telling {
  db: Database;
  databaseUrl: string;
  /** Another process, as it were. */
  startSender(options?: Partial<SenderOptions>, outbound?: Partial<OutboundOptions>): Sender;
  webhook(
    tenantId: string,
    url: string,
    more?: Partial<Parameters<typeof createWebhook>[1]>,
  ): Promise<Webhook & { secret: string }>;
  stop(): Promise<void>;
}

export async function startTelling(): Promise<Telling> {
  const database = await createTestDatabase();
  const db = createDatabase({ url: database.url, poolMax: 6, acquireTimeoutMs: 60_000 });
  const logger = createLogger({ level: 'silent' });
  const senders: Sender[] = [];
  return {
    db,
    databaseUrl: database.url,
    startSender(options = {}, outbound = {}) {
      const fetch = createOutboundFetch({
        ...receiverCall,
        ...{ allowedNetworks: ['127.0.0.0/8'], timeoutMs: 60_000 },
        ...outbound,
      });
      const kinds = { webhook: webhookKind({ db, secrets, fetch }) };
      const sender = startSender({
        db,
        logger,
        kinds,
        tellEnds: tellEndsByTime,
        retries: soon,
        idleMs: 20,
        ...options,
      });
      senders.push(sender);
      return sender;
    },
    webhook: (tenantId, url, more = {}) =>
      createWebhook(
        db,
        { tenantId, name: 'A webhook', url, types: [], ...more },
        { secrets, allowHttp: true, caller: systemCaller },
      ),
    async stop() {
      await Promise.all(senders.map((sender) => sender.stop()));
      await db.destroy();
      await database.drop();
    },
  };
}
