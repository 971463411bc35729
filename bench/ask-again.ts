/**
 * A thread that asks for what it is given again and again, 20 ms after each answer, and tells how long each answer took. Its event
 * loop is its own: in that of a program that sends hundreds of requests, an answer would wait until they are all sent.
 */
import { parentPort, Worker, workerData } from 'node:worker_threads';

export interface Asked {
  url: string;
  method?: 'GET' | 'POST';
  headers?: Record<string, string>;
  body?: string;
}

interface Answered {
  at: number;
  ms: number;
}

/** @returns how to end it: with the milliseconds of each answer that was asked for since a time (`Date.now()`). Refuses an answer that is not 200. */
export function askAgain(asked: Asked): { stop(since: number): Promise<number[]> } {
  const worker = new Worker(new URL(import.meta.url), { workerData: asked });
  const failed = new Promise<never>((_, reject) => worker.once('error', reject));
  failed.catch(() => {});
  const times = new Promise<Answered[]>((resolve) => worker.once('message', resolve));
  return {
    async stop(since) {
      worker.postMessage('stop');
      return (await Promise.race([times, failed])).filter(({ at }) => at >= since).map(({ ms }) => ms);
    },
  };
}

async function ask({ url, ...request }: Asked): Promise<void> {
  const answer = await fetch(url, request);
  const text = await answer.text();
  if (answer.status !== 200) throw new Error(`${url} answered ${answer.status}: ${text.slice(0, 300)}`);
}

if (parentPort && workerData) {
  const parent = parentPort;
  const times: Answered[] = [];
  let isOver = false;
  parent.once('message', () => {
    isOver = true;
  });
  while (!isOver) {
    const at = Date.now();
    const begun = performance.now();
    await ask(workerData as Asked);
    times.push({ at, ms: performance.now() - begun });
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  parent.postMessage(times);
}
