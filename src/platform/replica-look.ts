/** One look at each replica: whether it is one of this database, and how long it takes to have what the primary has. Reads alone. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Database, firstRow } from './database.ts';
import { hostUrls } from './database-hosts.ts';
import { clusterQuestion, primaryPosition, type ReplicaAnswer, replicaQuestion } from './replicas.ts';
import { ServerProbe } from './server-probe.ts';

export interface ReplicaState {
  /** Its host and port. */
  place: string;
  state: 'follows' | 'behind' | 'no_standby' | 'elsewhere' | 'away';
  /** Until it had what the primary had; where it follows. */
  ms?: number;
  /** What the driver said; where it is away. */
  why?: string;
}

/** @param maxLagMs after which a replica counts as behind */
export async function lookAtReplicas(
  primary: Database,
  { url, ssl, maxLagMs }: { url: string; ssl?: boolean | { ca: string } | undefined; maxLagMs: number },
): Promise<ReplicaState[]> {
  const own = (await firstRow<{ cluster: string }>(primary, clusterQuestion))?.cluster;
  const target = (await firstRow<{ position: number }>(primary, primaryPosition))?.position ?? 0;
  const begun = performance.now();

  async function look(probe: ServerProbe<ReplicaAnswer>): Promise<ReplicaState> {
    const { place } = probe;
    for (;;) {
      const { is_standby: isStandby, position, cluster } = await probe.ask();
      const ms = Math.round(performance.now() - begun);
      if (cluster !== own) return { place, state: 'elsewhere' };
      if (!isStandby || position === null) return { place, state: 'no_standby' };
      if (position >= target) return { place, state: 'follows', ms };
      if (ms > maxLagMs) return { place, state: 'behind' };
      await sleep(10);
    }
  }

  const probes = hostUrls(url, 'any').map((one) => new ServerProbe<ReplicaAnswer>(one, ssl, replicaQuestion));
  return Promise.all(
    probes.map((probe) =>
      look(probe)
        .catch((error: Error): ReplicaState => ({ place: probe.place, state: 'away', why: error.message }))
        .finally(() => probe.close()),
    ),
  );
}
