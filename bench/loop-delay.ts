/**
 * Loaded into a server (`--import`): says at its end for how long its event loop was held up, by the clock, which on a busy machine
 * tells of others as well, and by the processor time of its thread, which is its own.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';

const delay = monitorEventLoopDelay({ resolution: 5 });
delay.enable();
const spent = () => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
};
let last = spent();
const turns: number[] = [];
setInterval(() => {
  const now = spent();
  turns.push(now - last);
  last = now;
}, 1).unref();
// The start itself is one long piece of work.
setTimeout(() => {
  delay.reset();
  turns.length = 0;
}, 10_000).unref();
process.on('exit', () => {
  turns.sort((a, b) => a - b);
  const at = (share: number) => (turns[Math.min(turns.length - 1, Math.floor(turns.length * share))] ?? 0).toFixed(1);
  const ms = (nanoseconds: number) => (nanoseconds / 1e6).toFixed(1);
  process.stderr.write(
    `event loop held up: by the clock p50 ${ms(delay.percentile(50))} ms, p99 ${ms(delay.percentile(99))} ms, most ${ms(delay.max)} ms; by its own processor time p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, most ${at(1)} ms\n`,
  );
});
