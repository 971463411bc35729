/**
 * /healthz says that the process lives, /readyz that it can serve: for supervisors and proxies. Tells
 * which part is missing and nothing about it: the log has the rest.
 */
import type { Context, Middleware } from 'koa';
import { type Database, firstRow } from '../../platform/database.ts';
import type { Logger } from '../../platform/logger.ts';
import { migrationStatus } from '../../platform/migrations.ts';
import { proveWritable } from '../../platform/rate-limits.ts';

export type Problem = 'stopping' | 'database' | 'migrations' | 'signing_key';

export interface HealthOptions {
  db: Database;
  logger: Logger;
  /** True from the moment the process has been told to stop: traffic goes elsewhere while it finishes. */
  isStopping?: () => boolean;
  /** How long an answer waits for the database; default 1 s. */
  answerWithinMs?: number;
}

/** Answers `GET /healthz` and `GET /readyz`; everything else goes on. 200, or 503 with `{"status","problems"}`. */
export function createHealth(options: HealthOptions): Middleware {
  const { db, logger, isStopping = () => false, answerWithinMs = 1_000 } = options;
  let running: Promise<Problem[]> | undefined;

  /** One check at a time, however many ask: a slow database must not be asked more often for being slow. */
  function check(): Promise<Problem[]> {
    running ??= findProblems(db)
      .catch((err): Problem[] => {
        logger.warn({ err }, 'Not ready: the database does not answer or takes no writes');
        return ['database'];
      })
      .finally(() => {
        running = undefined;
      });
    return running;
  }

  const answer = async (ctx: Context): Promise<void> => {
    ctx.set('Cache-Control', 'no-store');
    if (ctx.method !== 'GET' && ctx.method !== 'HEAD') {
      ctx.status = 405;
      ctx.set('Allow', 'GET, HEAD');
      return;
    }
    const problems: Problem[] =
      ctx.path === '/healthz'
        ? []
        : isStopping()
          ? ['stopping']
          : await withinTime(check(), answerWithinMs, ['database']);
    ctx.status = problems.length === 0 ? 200 : 503;
    ctx.body = problems.length === 0 ? { status: 'ok' } : { status: 'unavailable', problems };
  };
  return (ctx, next) => (ctx.path === '/healthz' || ctx.path === '/readyz' ? answer(ctx) : next());
}

async function findProblems(db: Database): Promise<Problem[]> {
  const { pending } = await migrationStatus(db);
  // Without its tables there is no key to ask for. A schema that is newer is one that this version goes on with until it is
  // replaced (migrations/README.md): would it say no, all processes would at once, before the first new one stands.
  if (pending.length > 0) return ['migrations'];
  // A primary that was demoted, or whose disk is full, answers every question and can sign nobody in.
  await proveWritable(db);
  const key = await firstRow(db, `select 1 from signing_keys where state = 'current' limit 1`);
  return key ? [] : ['signing_key'];
}

async function withinTime(check: Promise<Problem[]>, answerWithinMs: number, late: Problem[]): Promise<Problem[]> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<Problem[]>((resolve) => {
    timer = setTimeout(resolve, answerWithinMs, late);
  });
  try {
    return await Promise.race([check, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
