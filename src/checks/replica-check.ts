/** Whether the replicas that reads may go to are read. Without them everything works, on the primary. */
import type { Check } from '../management/check.ts';
import { tlsBy } from '../platform/database-hosts.ts';
import { lookAtReplicas, type ReplicaState } from '../platform/replica-look.ts';
import type { Installation } from './installation.ts';

const words: Record<ReplicaState['state'], (state: ReplicaState) => string> = {
  follows: ({ place, ms }) => `${place} follows within ${ms} ms`,
  behind: ({ place }) => `${place} is further behind than DATABASE_REPLICA_MAX_LAG_MS`,
  no_standby: ({ place }) => `${place} is no standby`,
  elsewhere: ({ place }) => `${place} is of another cluster or database`,
  away: ({ place, why }) => `${place} does not answer: ${why}`,
};

export async function checkReplicas({ db, config }: Pick<Installation, 'db' | 'config'>): Promise<Check[]> {
  const { replicaUrl: url, replicaMaxLagMs: maxLagMs } = config.database;
  if (url === undefined) return [];
  const name = 'replicas';
  const asked = { url, ssl: tlsBy(config.database.ca, url), maxLagMs };
  const states = await lookAtReplicas(db, asked).catch((error: Error) => error.message);
  // A server that takes no writes does not say where it is.
  if (typeof states === 'string')
    return [{ name, status: 'fail', detail: states, advice: 'DATABASE_URL does not lead to a primary.' }];
  const detail = states.map((one) => words[one.state](one)).join('; ');
  if (states.every(({ state }) => state === 'follows')) return [{ name, status: 'ok', detail }];
  const advice = states.some(({ state }) => state === 'no_standby' || state === 'elsewhere')
    ? 'Let DATABASE_REPLICA_URL name standbys of DATABASE_URL. What is asked of others is read from the primary.'
    : 'What is asked of it is read from the primary meanwhile. pg_stat_replication there says more.';
  return [{ name, status: 'warn', detail, advice }];
}
