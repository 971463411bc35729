/**
 * Has people's requests begin a few in each turn of the event loop. What comes of hundreds at one moment would else be read and
 * begun in one go, some hundred milliseconds in which nobody is answered: no `/healthz`, and no service that asks for a token.
 */
import type { Middleware } from 'koa';

/** @param atOnce begin in one turn; each takes about a millisecond until it first waits for something */
export function takeTurns(atOnce = 8): Middleware {
  const waiting: (() => void)[] = [];
  let begun = 0;
  let isNextTurnSet = false;

  function setNextTurn(): void {
    if (isNextTurnSet) return;
    isNextTurnSet = true;
    setImmediate(() => {
      isNextTurnSet = false;
      const next = waiting.splice(0, atOnce);
      begun = next.length;
      if (begun > 0) setNextTurn();
      for (const begin of next) begin();
    });
  }

  return async (_ctx, next) => {
    setNextTurn();
    if (begun >= atOnce) await new Promise<void>((resolve) => waiting.push(resolve));
    else begun++;
    return next();
  };
}
