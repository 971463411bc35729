/** How far the trail is sealed, for an alert where it falls behind, and for who witnesses the number of the newest seal. */
import { Gauge, type Registry } from 'prom-client';
import type { Seal } from './seal-statement.ts';

export interface SealMetrics {
  showSeal(seal: Pick<Seal, 'number' | 'endsAt'>): void;
}

export function createSealMetrics(registry: Registry): SealMetrics {
  // The process that sealed last knows it.
  const common = { registers: [registry], aggregator: 'max' as const };
  const until = new Gauge({
    name: 'gatehouse_audit_sealed_until_seconds',
    help: 'Up to when the audit trail is sealed, in seconds since 1970.',
    ...common,
  });
  const number = new Gauge({
    name: 'gatehouse_audit_seal_number',
    help: 'The number of the newest seal of the server.',
    ...common,
  });
  return {
    showSeal(seal) {
      until.set(seal.endsAt.getTime() / 1000);
      number.set(seal.number);
    },
  };
}
