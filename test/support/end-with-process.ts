/** Servers in a temporary folder end with the process that started them, also where that one is killed and has no time for it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';

/**
 * A shell that waits for the end of its input, which comes when this process ends, kills every process that was started in the
 * folder, and removes it. The answer does the same at once, and waits for it.
 */
export function endWithProcess(directory: string): () => Promise<void> {
  const script = `
    cat >/dev/null
    tries=0
    while [ "$tries" -lt 50 ]; do
      found=
      for cwd in /proc/[0-9]*/cwd; do
        case "$(readlink "$cwd" 2>/dev/null)" in
          "$1"|"$1"/*) pid=\${cwd#/proc/}; kill -KILL "\${pid%/cwd}" 2>/dev/null && found=1 ;;
        esac
      done
      [ -n "$found" ] || break
      tries=$((tries + 1)); sleep 0.1
    done
    rm -rf "$1"`;
  const watchdog = spawn('/bin/sh', ['-c', script, 'watchdog', directory], {
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  watchdog.unref();
  (watchdog.stdin as unknown as { unref(): void }).unref();
  return async () => {
    const gone = once(watchdog, 'exit');
    watchdog.ref();
    watchdog.stdin?.end();
    await gone;
  };
}
