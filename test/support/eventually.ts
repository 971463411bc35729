/**
 * Waiting for what comes about by itself. Polls, because a test has no other way to know; patient, because how long it
 * takes says something about the machine and nothing about the program.
 */
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Calls `check` until it neither throws nor answers false or undefined, and answers with what it answered.
 * @param what for the message of a failure
 * @param withinMs how long a failing test takes; a passing one goes on at once
 * @throws what `check` threw the last time
 */
export async function eventually<T>(
  check: () => T | Promise<T>,
  what = String(check),
  withinMs = 90_000,
): Promise<Exclude<T, false | undefined>> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    let reason: unknown;
    try {
      const found = await check();
      if (found !== false && found !== undefined) return found as Exclude<T, false | undefined>;
      reason = new Error(`not within ${withinMs} ms: ${what}`);
    } catch (error) {
      reason = error;
    }
    if (performance.now() > deadline) throw reason;
    await sleep(20);
  }
}
