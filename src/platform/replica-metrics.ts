/** Where reads went that standbys may answer, and how far behind these are. */
import { Counter, Gauge, type Registry } from 'prom-client';
import type { ReadFrom } from './replicas.ts';

export interface ReplicaMetrics {
  countRead(what: string, from: ReadFrom): void;
  showLag(replica: string, seconds: number | undefined): void;
}

export function createReplicaMetrics(registry: Registry): ReplicaMetrics {
  const registers = [registry];
  const reads = new Counter({
    name: 'gatehouse_db_replica_reads_total',
    help: 'Reads that a replica may answer, by where they went: replica, primary_behind (none was near enough), primary_failed.',
    labelNames: ['read', 'from'],
    registers,
  });
  const lag = new Gauge({
    name: 'gatehouse_db_replica_lag_seconds',
    help: 'How far a replica is behind the primary at the most, with the time since it was last known.',
    labelNames: ['replica'],
    aggregator: 'max',
    registers,
  });
  return {
    countRead: (read, from) => reads.inc({ read, from }),
    showLag: (replica, seconds) => (seconds === undefined ? lag.remove({ replica }) : lag.set({ replica }, seconds)),
  };
}
