/**
 * Notices a worker of graphile-worker that lives and will never take a job again; it is then started anew. Two ways lead
 * there, both where connections break. The library looks up the ids of its tasks once, and keeps a failure of that for
 * good. And after it shut itself down, because the end of a job could not be written, it may wait for ever for its listening
 * connection, with its promise open.
 */
import type { WorkerEvents } from 'graphile-worker';

/** Calls `startAnew` once, when so many attempts of all workers have failed without one between them that succeeded. */
export function onLastingFailure(events: WorkerEvents, inARow: number, startAnew: () => void): void {
  let failures = 0;
  const succeeded = () => {
    failures = 0;
  };
  events.on('worker:getJob:error', () => {
    failures += 1;
    if (failures === inARow) startAnew();
  });
  events.on('worker:getJob:empty', succeeded);
  events.on('job:start', succeeded);
}

/** Resolves some time after the workers have ended, which the promise of a runner in order does at once. */
export function workersAreGone(events: WorkerEvents, graceMs = 3_000): Promise<void> {
  return new Promise((resolve) => {
    const soon = () => void setTimeout(resolve, graceMs).unref();
    events.on('pool:gracefulShutdown:complete', soon);
    events.on('pool:forcefulShutdown:complete', soon);
    events.on('pool:forcefulShutdown:error', soon);
  });
}
