/**
 * Has people's requests begin a few in each turn of the event loop, so that hundreds at one moment hold up no `/healthz`, and no
 * service that asks for a token.
 */
import type { Middleware } from 'koa';
import { createTurns } from '../../platform/turns.ts';

/**
 * @param atOnce begin in one turn; each takes about a millisecond until it first waits for something. Two keep the turns short: with
 *   eight, of 500 who signed in at one moment a third fewer came through, and services waited longer (docs/performance.md)
 */
export function takeTurns(atOnce = 2): Middleware {
  const turn = createTurns(atOnce);
  return async (_ctx, next) => {
    const waiting = turn();
    if (waiting) await waiting;
    return next();
  };
}
