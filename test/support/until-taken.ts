/** Asking a server that may be too busy to take a request: on a slow machine fifty at once are more than its connections. */
import { eventually } from './eventually.ts';

/** Asks again while the answer is 503, which says that nothing was done. */
export function untilTaken<Answer extends { status: number }>(ask: () => Promise<Answer>): Promise<Answer> {
  return eventually(async () => {
    const answer = await ask();
    return answer.status === 503 ? undefined : answer;
  }, 'the server takes the request');
}
