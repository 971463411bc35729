/** Forked by seal-events.test.ts: a process that seals, and is gone (kill -9) right after the answer to a statement, or to all of them. */
import { sealAudit } from '../../src/domain/seals/seal-events.ts';
import { createDatabase } from '../../src/platform/database.ts';
import { createSecrets } from '../../src/platform/secrets.ts';

const {
  SEAL_DATABASE_URL = '',
  SEAL_SECRET = '',
  SEAL_NOW = '',
  KILLED_AFTER = 'nothing',
  KILLED_AT = '1',
} = process.env;

let left = Number(KILLED_AT);
const db = createDatabase({ url: SEAL_DATABASE_URL, acquireTimeoutMs: 60_000 });
db.on('query-response', (_response, { sql }: { sql: string }) => {
  if (sql.trimStart().toLowerCase().startsWith(KILLED_AFTER) && --left === 0) process.kill(process.pid, 'SIGKILL');
});
await sealAudit(db, createSecrets([SEAL_SECRET]), { now: new Date(SEAL_NOW) });
process.kill(process.pid, 'SIGKILL');
