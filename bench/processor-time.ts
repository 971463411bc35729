/**
 * Processor time of a process and of all that it has started, from /proc (Linux): it holds on a busy machine, where
 * requests a second do not.
 */
import { readdirSync, readFileSync } from 'node:fs';

// USER_HZ of Linux, on every architecture that Node.js runs on.
const ticksPerSecond = 100;

interface Stat {
  parent: number;
  seconds: number;
}

/** Undefined for a process that has ended. */
function statOf(pid: number): Stat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name stands in parentheses and may hold anything.
    const fields = text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const [, parent = 0] = fields;
    // utime, stime, and those of children that have ended (proc_pid_stat(5), fields 14 to 17).
    const ticks = fields.slice(11, 15).reduce((sum, part) => sum + part, 0);
    return { parent, seconds: ticks / ticksPerSecond };
  } catch {
    return undefined;
  }
}

/** The process that started another; 0 for one that has ended. */
export function parentOf(pid: number): number {
  return statOf(pid)?.parent ?? 0;
}

/** Seconds that the process and its descendants have spent so far. */
export function processorSeconds(pid: number): number {
  const all = new Map<number, Stat>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = statOf(Number(name));
    if (stat) all.set(Number(name), stat);
  }
  const belongs = (candidate: number): boolean => {
    for (let at = candidate; at > 1; at = all.get(at)?.parent ?? 0) if (at === pid) return true;
    return false;
  };
  let sum = 0;
  for (const [candidate, stat] of all) if (belongs(candidate)) sum += stat.seconds;
  return sum;
}

/** Milliseconds that the one thread of a process has run so far, to the nanosecond (proc_pid_schedstat). */
export function millisecondsRun(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
}

/** Memory that the process holds, in MiB (VmRSS). */
export function residentMebibytes(pid: number): number {
  const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(line?.[1] ?? 0) / 1024;
}
