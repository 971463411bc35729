/**
 * Seals that somebody has kept elsewhere: what the database says of itself cannot show that its newest seals were cut off, for
 * what is left is a whole chain. Who has kept one of those sees it.
 */
import { type Database, firstRow } from '../../platform/database.ts';
import { isId } from '../../platform/ids.ts';
import type { Faults } from './faults.ts';
import { ofTenant } from './seal-store.ts';

export interface WitnessedSeal {
  tenantId: string | null;
  number: number;
  /** The hash of its statement, in hex. */
  hash: string;
}

export async function compareWitnessed(
  db: Database,
  witnessed: readonly WitnessedSeal[],
  faults: Faults,
): Promise<void> {
  for (const { tenantId, number, hash } of witnessed) {
    const found = await firstRow<{ hash: Buffer; startsAt: Date }>(
      db,
      `select s.hash, s.starts_at from audit_seals s where ${ofTenant('s', tenantId)} and s.number = :number`,
      { ...(tenantId !== null && { tenantId }), number },
    );
    const where = { tenantId, sealNumber: number, at: found?.startsAt ?? null, eventId: null };
    if (!found) faults.add({ kind: 'seal_removed', ...where, detail: 'the seal was witnessed, and is gone' });
    else if (found.hash.toString('hex') !== hash)
      faults.add({ kind: 'seal_forged', ...where, detail: 'another seal of this number was witnessed' });
  }
}

/**
 * Seals in a text, however they were kept: the lines of the log that tell of one, the JSON of a list or of one seal, what `verify`
 * printed as JSON, or one JSON a line.
 * @returns undefined: there is none in it
 */
export function readWitnessedSeals(text: string): WitnessedSeal[] | undefined {
  const whole = parsed(text);
  const values = whole === undefined ? text.split('\n').map(parsed) : [whole];
  const found = values.flatMap(sealsWithin);
  return found.length > 0 ? found : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function sealsWithin(value: unknown): WitnessedSeal[] {
  if (Array.isArray(value)) return value.flatMap(sealsWithin);
  if (typeof value !== 'object' || value === null) return [];
  const { items, seal, newest_seal, number, hash, tenant_id: tenantId = null } = value as Record<string, unknown>;
  const within = [items, seal, newest_seal].flatMap(sealsWithin);
  if (typeof number !== 'number' || typeof hash !== 'string' || !/^[0-9a-f]{64}$/.test(hash)) return within;
  return tenantId === null || isId(tenantId) ? [...within, { tenantId, number, hash }] : within;
}
