/**
 * Forked by deliver-message.test.ts: a worker that delivers mail and nothing else. Is killed, or ends with its parent.
 */
import { fileURLToPath } from 'node:url';
import { createMessenger, sendMessageTask } from '../../src/domain/messages/deliver-message.ts';
import { createMessageViews } from '../../src/domain/messages/message-views.ts';
import { sendMessageJob } from '../../src/domain/messages/outgoing-message.ts';
import { createDatabase } from '../../src/platform/database.ts';
import { createI18n } from '../../src/platform/i18n.ts';
import { startJobs } from '../../src/platform/jobs/jobs.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { createMailer } from '../../src/platform/mailer.ts';
import { createSecrets } from '../../src/platform/secrets.ts';

const { DATABASE_URL = '', SECRET_KEY = '', SMTP_URL = '', ISSUER = '' } = process.env;
const directory = fileURLToPath(new URL('../../views', import.meta.url));
const logger = createLogger({ level: 'silent' });

process.once('disconnect', () => process.exit(0));
const messenger = createMessenger({
  db: createDatabase({ url: DATABASE_URL, poolMax: 2 }),
  config: { mail: { dailyBudget: 1_000 }, phone: { dailyBudget: 1_000, countries: [] } },
  views: createMessageViews({
    directory,
    i18n: createI18n(`${directory}/locales`),
    issuer: ISSUER,
    brand: { name: 'Gatehouse' },
    cache: true,
  }),
  mailer: createMailer({
    smtpUrl: SMTP_URL,
    toFiles: false,
    from: `no-reply@${new URL(ISSUER).host}`,
    directory: '',
    log: () => {},
  }),
  phone: undefined,
  channels: ['email'],
  logger,
});
startJobs({
  databaseUrl: DATABASE_URL,
  logger,
  tasks: { [sendMessageJob]: sendMessageTask(messenger, { secrets: createSecrets([SECRET_KEY]) }) },
});
