/**
 * Work that begins a few in each turn of the event loop. What comes of hundreds at one moment would else be done in one go, some
 * hundred milliseconds in which nobody is answered.
 */

/**
 * Turns of one kind of work.
 * @param atOnce begin in one turn of the event loop: at once, in the order in which they came
 * @returns to be waited for before each piece; undefined where it is its turn already
 */
export function createTurns(atOnce: number): () => Promise<void> | undefined {
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

  return () => {
    setNextTurn();
    if (begun >= atOnce) return new Promise<void>((resolve) => waiting.push(resolve));
    begun++;
    return undefined;
  };
}
