/** What is wrong with a sealed trail. */

/**
 * `changed`, `removed`, `added`, `reordered`: an event is not as, or where, it was sealed, or was never sealed.
 * `seal_changed`, `seal_removed`, `seal_forged`: the same of a seal; forged is what no key of the server signed.
 */
export type FaultKind = 'changed' | 'removed' | 'added' | 'reordered' | 'seal_changed' | 'seal_removed' | 'seal_forged';

export interface Fault {
  kind: FaultKind;
  /** null: of the server. */
  tenantId: string | null;
  /** In the chain of the tenant or the server; null: where it is in none. */
  sealNumber: number | null;
  /** The hour of the seal, or that the event says. */
  at: Date | null;
  eventId: string | null;
  /** For people, in English. */
  detail: string;
}

/** Gathers faults, so many at the most: what comes after the first ones mostly follows from them. */
export class Faults {
  readonly found: Fault[] = [];
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  get isFull(): boolean {
    return this.found.length >= this.#most;
  }

  add(fault: Fault): void {
    if (!this.isFull) this.found.push(fault);
  }
}
