/**
 * The program as an operator starts it: `node bin/gatehouse.js start` in a process of its own. For what only a real
 * process can show: how it comes up, what it prints, and how it goes.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, request as httpRequest } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { TestApp } from './app.ts';
import { eventually } from './eventually.ts';
import { processEnvironment } from './process-environment.ts';

const program = fileURLToPath(new URL('../../bin/gatehouse.js', import.meta.url));

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface ServerProcess {
  child: ChildProcess;
  pid: number;
  port: number;
  /** Where it listens, whatever its issuer is. */
  origin: string;
  /** All that it printed so far. */
  output(): string;
  errors(): string;
  ended: Promise<Ended>;
  /** Waits for it to print something. */
  said(pattern: RegExp): Promise<RegExpExecArray>;
  /** Resolves when `/readyz` says so. @throws with its output where it ends before */
  ready(): Promise<void>;
  /** Sends a signal (default SIGTERM) and waits for the end, however it has ended. */
  stop(signal?: NodeJS.Signals): Promise<Ended>;
}

/** Starts a server on `env.PORT` with these variables and no others. */
export function startServerProcess(env: Record<string, string> & { PORT: string }): ServerProcess {
  const child = spawn(process.execPath, [program, 'start'], {
    env: { ...processEnvironment(), METRICS_PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let errors = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal }) as Ended);
  const port = Number(env.PORT);
  const origin = `http://localhost:${port}`;
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;

  return {
    child,
    pid: child.pid as number,
    port,
    origin,
    output: () => output,
    errors: () => errors,
    ended,
    async said(pattern) {
      const found = await eventually(() => pattern.exec(output) ?? hasEnded(), `it says ${pattern}`);
      if (found === true) throw new Error(`it never said ${pattern}: ${output}${errors}`);
      return found;
    },
    async ready() {
      const isReady = async () => {
        const answer = await fetch(`${origin}/readyz`);
        if (!answer.ok) throw new Error(`not ready: ${answer.status} ${await answer.text()}\n${output}${errors}`);
        return true;
      };
      // Starting is work for a processor, of which a crowded machine has little.
      await eventually(() => hasEnded() || isReady(), 'it is ready', 240_000);
      if (hasEnded()) throw new Error(`the process ended: ${output}${errors}`);
    },
    async stop(signal = 'SIGTERM') {
      if (!hasEnded()) child.kill(signal);
      return ended;
    },
  };
}

/** The processes that a process has started (Linux). */
export function childPids(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
}

/**
 * A connection on which nothing is sent but what the test writes.
 * @returns the socket's answer so far, and its end
 */
export function openSocket(port: number): {
  write(text: string): void;
  received(): string;
  /** When the other end has closed it. */
  closed: Promise<void>;
  destroy(): void;
} {
  const socket = connect({ host: 'localhost', port });
  let text = '';
  socket.setEncoding('latin1');
  socket.on('data', (chunk: string) => {
    text += chunk;
  });
  // A reset is one way of being closed.
  socket.on('error', () => undefined);
  const closed = once(socket, 'close').then(() => undefined);
  return {
    write: (written) => void (socket.writable && socket.write(written)),
    received: () => text,
    closed,
    destroy: () => void socket.destroy(),
  };
}

/** The environment of a process beside the application's own, on the same database and with the same keys. */
export function environmentOf(app: TestApp, port: number): Record<string, string> & { PORT: string } {
  return {
    NODE_ENV: 'test',
    HOST: '127.0.0.1',
    PORT: String(port),
    ISSUER: app.issuer,
    DATA_DIR: app.config.dataDirectory,
    ...databaseOf(app),
    SECRET_KEY: app.config.secretKeys[0] as string,
    ARGON2_MEMORY_KIB: '1024',
    ARGON2_ITERATIONS: '1',
    LOG_LEVEL: 'warn',
  };
}

/** As the application's own process reaches it. */
function databaseOf({ config: { database } }: TestApp): Record<string, string> {
  return {
    DATABASE_URL: database.url as string,
    DATABASE_POOLER: database.pooler,
    ...(database.directUrl !== undefined && { DATABASE_DIRECT_URL: database.directUrl }),
  };
}

/** In front of several processes, as a load balancer is: sends every request to the one that is chosen at the moment, or to each in turn. */
export async function startBalancer(): Promise<{ port: number; use(...ports: number[]): void; stop(): Promise<void> }> {
  let targets: number[] = [];
  let requests = 0;
  const server = createServer((incoming, outgoing) => {
    const forwarded = httpRequest(
      {
        host: '127.0.0.1',
        port: targets[requests++ % targets.length],
        method: incoming.method,
        path: incoming.url,
        headers: incoming.headers,
      },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      },
    );
    forwarded.on('error', () => outgoing.headersSent || outgoing.writeHead(502).end());
    incoming.pipe(forwarded);
  });
  // Longer than who asks keeps a connection: what is sent while it closes is lost.
  server.keepAliveTimeout = 120_000;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    use(...ports) {
      targets = ports;
    },
    async stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}
