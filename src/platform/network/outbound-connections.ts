/**
 * The connections of outbound calls. Each leads to addresses that the call itself has resolved and checked, and is encrypted for the
 * host of its URL. A connection is taken once more only by a call that was led to the very same addresses, and within a moment.
 */
import type { LookupFunction } from 'node:net';
import type { Agent } from 'undici';

export type Undici = typeof import('undici');

/** An address that may be called. */
export interface Target {
  address: string;
  family: 4 | 6;
}

export interface Connection {
  dispatcher: Agent;
  /** The call is over. */
  release(): void;
}

export type Connections = (undici: Undici, url: URL, targets: readonly Target[]) => Connection;

// How long everything may take is told by the signal of the call.
const timeouts = { headersTimeout: 0, bodyTimeout: 0 };

/** For one call alone. */
export function singleConnections(ca: string[] | undefined): Connections {
  return (undici, _url, targets) => {
    const connect = { lookup: checkedAddresses(targets), ca, timeout: 0 };
    const dispatcher = new undici.Agent({ ...timeouts, pipelining: 0, connect });
    return { dispatcher, release: () => void dispatcher.destroy().catch(() => undefined) };
  };
}

/** @param idleMs after that long without a call a connection is closed: sooner than a server would do it */
export function keptConnections(ca: string[] | undefined, idleMs: number): Connections {
  const agents = new Map<string, { agent: Agent; calls: number; usedAt: number }>();

  function closeUnused(now: number): void {
    for (const [key, { agent, calls, usedAt }] of agents) {
      if (calls > 0 || now - usedAt < 2 * idleMs) continue;
      agents.delete(key);
      void agent.destroy().catch(() => undefined);
    }
  }

  return (undici, url, targets) => {
    const key = [url.origin, ...targets.map(({ address }) => address).sort()].join(' ');
    closeUnused(performance.now());
    let kept = agents.get(key);
    if (!kept) {
      const connect = { lookup: checkedAddresses(targets), ca, timeout: 0 };
      const keepAlive = { keepAliveTimeout: idleMs, keepAliveMaxTimeout: idleMs };
      kept = { agent: new undici.Agent({ ...timeouts, ...keepAlive, connect }), calls: 0, usedAt: 0 };
      agents.set(key, kept);
    }
    const { agent } = kept;
    kept.calls += 1;
    return {
      dispatcher: agent,
      release() {
        kept.calls -= 1;
        kept.usedAt = performance.now();
      },
    };
  };
}

/** In place of the name server: what was resolved and checked before. */
function checkedAddresses(targets: readonly Target[]): LookupFunction {
  return (_hostname, { all }, callback) => {
    const [first] = targets;
    if (all) callback(null, [...targets]);
    else callback(null, first?.address ?? '', first?.family);
  };
}
