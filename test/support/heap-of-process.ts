/** The heap of another Node.js process, by the protocol of its inspector (`--inspect=127.0.0.1:0`), after a forced collection. */
import { eventually } from './eventually.ts';
import type { ServerProcess } from './server-process.ts';

export interface HeapOfProcess {
  /** Bytes in use after everything that nobody holds is gone. */
  used(): Promise<number>;
  /** Bytes of what outlives quick collections, whether anybody holds it or not. */
  aged(): Promise<number>;
  close(): void;
}

interface Result {
  usedSize?: number;
  result?: { value?: unknown };
}

/** Two quick collections: what outlives both is old. */
const agedBytes = `(() => {
  const v8 = process.getBuiltinModule('node:v8');
  v8.setFlagsFromString('--expose-gc');
  const collect = process.getBuiltinModule('node:vm').runInNewContext('gc');
  for (let n = 0; n < 2; n++) collect({ type: 'minor' });
  return v8.getHeapSpaceStatistics().find((space) => space.space_name === 'old_space').space_used_size;
})()`;

export async function openHeapOf(server: ServerProcess): Promise<HeapOfProcess> {
  const address = await eventually(
    () => /Debugger listening on (ws:\S+)/.exec(server.errors())?.[1] ?? false,
    'its inspector listens',
  );
  return openHeapAt(address as string);
}

/** @param address of the inspector: `ws://127.0.0.1:...` */
export async function openHeapAt(address: string): Promise<HeapOfProcess> {
  const socket = new WebSocket(address);
  const waiting = new Map<number, (answer: { result?: Result; error?: { message: string } }) => void>();
  socket.addEventListener('message', ({ data }) => {
    const answer = JSON.parse(String(data));
    waiting.get(answer.id)?.(answer);
    waiting.delete(answer.id);
  });
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve);
    socket.addEventListener('error', reject);
  });
  let count = 0;
  const ask = (method: string, params: object = {}) =>
    new Promise<Result>((resolve, reject) => {
      const id = ++count;
      waiting.set(id, ({ result, error }) => (error ? reject(new Error(error.message)) : resolve(result ?? {})));
      socket.send(JSON.stringify({ id, method, params }));
    });
  return {
    async used() {
      // What is finalised by one collection is gone with the next.
      for (let n = 0; n < 3; n++) await ask('HeapProfiler.collectGarbage');
      return (await ask('Runtime.getHeapUsage')).usedSize ?? Number.NaN;
    },
    async aged() {
      const { result } = await ask('Runtime.evaluate', { expression: agedBytes });
      return Number(result?.value);
    },
    close: () => socket.close(),
  };
}
