/**
 * Takes the events of one chain, a tenant's or the server's, against its seals: both come in the same order, so that each is
 * looked at once. What is not at its place is asked for alone.
 */
import type { Database } from '../../platform/database.ts';
import { type EncodedEvent, eventIdOf, timeOf } from './event-encoding.ts';
import { compareWithLeaf, isUntouched, type LeafPlace } from './event-faults.ts';
import type { FaultKind, Faults } from './faults.ts';
import { findLeafFault } from './leaf-faults.ts';
import { type PackedLeaves, ReadLeaves } from './leaves.ts';
import { GrowingTree } from './merkle-tree.ts';
import type { SealKey } from './seal-keys.ts';
import { type Seal, sealLeaf } from './seal-statement.ts';
import { selectEncodedEvents } from './seal-store.ts';
import type { Cursor, LeavesOfSeal } from './trail-cursor.ts';
import { selectEventAnywhere, selectIsErased, selectLateIds, selectSealHolding } from './verify-store.ts';

export interface Counts {
  seals: number;
  events: number;
  late: number;
  /** The first hundred of them. */
  lateEvents: string[];
  erased: number;
  pruned: number;
}

interface ChainOptions {
  tenantId: string | null;
  from: Date;
  until: Date;
  /** Before it, events may be gone. */
  keptSince: Date;
  /** From then on, events that came along with the tenant wait for a seal. */
  waitingSince?: Date;
  keys: ReadonlyMap<string, SealKey>;
  events: Cursor<EncodedEvent>;
  leaves: Cursor<LeavesOfSeal>;
  faults: Faults;
  counts: Counts;
  onEvents(): void;
}

export class ChainCheck {
  readonly #trx: Database;
  readonly #options: ChainOptions;
  /** Those that were sealed late, by id; undefined: gone. */
  #late = new Map<string, EncodedEvent | undefined>();
  /** Events that were told of already, and come again where they are now. */
  #told = new Set<string>();
  #erased = new Map<string, boolean>();

  constructor(trx: Database, options: ChainOptions) {
    this.#trx = trx;
    this.#options = options;
  }

  async begin(): Promise<void> {
    const { tenantId, counts } = this.#options;
    for (const { firstIndex, late, ids } of await selectLateIds(this.#trx, this.#options)) {
      const row = new ReadLeaves({ firstIndex, ids, hashes: ids, tags: ids, commitments: null, salts: null });
      for (let n = 0; n < row.count && firstIndex + n < late; n++) this.#late.set(row.idAt(n), undefined);
    }
    for (const id of this.#late.keys()) if (counts.lateEvents.length < 100) counts.lateEvents.push(id);
    if (this.#late.size === 0) return;
    for (const event of await selectEncodedEvents(this.#trx, { tenantId, ids: [...this.#late.keys()] }))
      this.#late.set(eventIdOf(event), event);
  }

  /**
   * @param seals of tenants, which are leaves of the server's seal behind its events
   * @returns whether its leaves make its root
   */
  async checkSeal(seal: Seal, seals: readonly Seal[]): Promise<boolean> {
    const { faults, counts, keptSince, events } = this.#options;
    counts.seals += 1;
    counts.late += seal.late;
    await this.#skipTo(seal.startsAt);
    const rows = await this.#rowsOf(seal);
    const tree = new GrowingTree();
    for (const { hashes } of rows) for (let at = 0; at < hashes.length; at += 32) tree.add(hashes, at);
    const leaves = tree.size;
    for (const one of seals) tree.add(Buffer.from(sealLeaf(one), 'hex'));
    if (leaves !== seal.events || seals.length !== seal.seals || !tree.root().equals(seal.root)) {
      this.#tellOfLeaves(seal, rows, seals);
      await this.dropUntil(seal.endsAt);
      return false;
    }
    const mayBeGone = seal.startsAt < keptSince;
    for (const packed of rows) {
      const row = new ReadLeaves(packed);
      for (let n = 0; n < row.count; n++) {
        // The way that nearly all go, without waiting.
        const head = row.firstIndex + n < seal.late ? undefined : events.head();
        if (head && row.isOf(n, head) && isUntouched(head, { row, n })) {
          events.take();
          this.#count();
          continue;
        }
        if (faults.isFull) return true;
        await this.#checkLeaf(seal, { row, n }, mayBeGone);
      }
    }
    await this.#skipTo(seal.endsAt);
    return true;
  }

  /** What is left of the time that is sealed. */
  async end(): Promise<void> {
    await this.#skipTo(this.#options.until);
  }

  async #rowsOf(seal: Seal): Promise<PackedLeaves[]> {
    const { leaves } = this.#options;
    const found: PackedLeaves[] = [];
    for (;;) {
      if (!leaves.isFilled) await leaves.fill();
      const head = leaves.head();
      if (!head || head.number > seal.number) return found;
      if (head.number === seal.number) found.push(head);
      leaves.take();
    }
  }

  #tellOfLeaves(seal: Seal, rows: readonly PackedLeaves[], seals: readonly Seal[]): void {
    const { keys } = this.#options;
    const key = keys.get(seal.kid);
    const fault = key && findLeafFault(seal, key, rows);
    if (fault) this.#tell(fault.kind, seal, fault.eventId, fault.detail);
    else if (seals.length !== seal.seals) {
      const detail = `it holds the seals of ${seal.seals} tenants, and ${seals.length} are there`;
      this.#tell(seals.length < seal.seals ? 'seal_removed' : 'seal_forged', seal, null, detail);
    } else this.#tell('seal_changed', seal, null, 'its leaves, or the seals that it holds, do not make its root');
  }

  async #checkLeaf(seal: Seal, place: LeafPlace, mayBeGone: boolean): Promise<void> {
    const { events } = this.#options;
    const index = place.row.firstIndex + place.n;
    const eventId = place.row.idAt(place.n);
    if (index < seal.late) return this.#checkEvent(seal, place, eventId, this.#late.get(eventId), mayBeGone);
    if (!events.isFilled) await events.fill();
    let head = events.head();
    while (head && this.#isToldElsewhere(head)) {
      events.take();
      if (!events.isFilled) await events.fill();
      head = events.head();
    }
    if (head && eventIdOf(head) === eventId) {
      events.take();
      return this.#checkEvent(seal, place, eventId, head, mayBeGone);
    }
    if (mayBeGone && (!head || timeOf(head) >= micros(seal.endsAt)))
      return this.#checkEvent(seal, place, eventId, undefined, true);
    await this.#findOut(seal, place, eventId, mayBeGone);
  }

  #isToldElsewhere(event: EncodedEvent): boolean {
    if (this.#late.size === 0 && this.#told.size === 0) return false;
    const id = eventIdOf(event);
    return this.#late.has(id) || this.#told.has(id);
  }

  /** The event of a leaf is not the one that comes now. */
  async #findOut(seal: Seal, place: LeafPlace, eventId: string, mayBeGone: boolean): Promise<void> {
    if (this.#told.has(eventId)) return;
    const found = await selectEventAnywhere(this.#trx, eventId);
    if (!found) return this.#checkEvent(seal, place, eventId, undefined, mayBeGone);
    if (found.tenantId !== this.#options.tenantId) {
      this.#tell('changed', seal, eventId, 'the event is of another tenant now');
      return;
    }
    if (this.#options.events.head() && compareWithLeaf(found, place).is !== 'different') {
      // It is as it was: something stands before it that was not sealed.
      await this.#tellOfExtra();
      return this.#checkLeaf(seal, place, mayBeGone);
    }
    this.#told.add(eventId);
    const time = new Date(timeOf(found) / 1000).toISOString();
    this.#tell('reordered', seal, eventId, `its time was changed, to ${time}`);
  }

  async #checkEvent(
    seal: Seal,
    place: LeafPlace,
    eventId: string,
    event: EncodedEvent | undefined,
    mayBeGone: boolean,
  ): Promise<void> {
    const { counts } = this.#options;
    if (!event) {
      if (mayBeGone) counts.pruned += 1;
      else this.#tell('removed', seal, eventId, 'the event is gone, and is kept for longer than that');
      return;
    }
    this.#count();
    if (isUntouched(event, place)) return;
    const compared = compareWithLeaf(event, place);
    if (compared.is === 'different') this.#tell('changed', seal, eventId, compared.detail);
    if (compared.is !== 'erased') return;
    counts.erased += 1;
    for (const person of compared.people) if (await this.#isErased(person)) return;
    this.#tell(
      'changed',
      seal,
      eventId,
      'it is blank as if somebody had been erased, and the trail tells of no erasure',
    );
  }

  #count(): void {
    const { counts, onEvents } = this.#options;
    counts.events += 1;
    if (counts.events % 50_000 === 0) onEvents();
  }

  async #isErased(person: string): Promise<boolean> {
    let erased = this.#erased.get(person);
    if (erased === undefined) {
      erased = await selectIsErased(this.#trx, person);
      this.#erased.set(person, erased);
    }
    return erased;
  }

  /** Events up to a moment that no leaf has taken were never sealed, or are not where they were. */
  async #skipTo(at: Date): Promise<void> {
    const { events, faults } = this.#options;
    const until = micros(at);
    for (;;) {
      if (!events.isFilled) await events.fill();
      const head = events.head();
      if (!head || timeOf(head) >= until || faults.isFull) return;
      if (this.#isToldElsewhere(head)) events.take();
      else await this.#tellOfExtra();
    }
  }

  /** What comes up to a moment is not judged: its seal cannot be believed. */
  async dropUntil(at: Date): Promise<void> {
    const { events } = this.#options;
    const until = micros(at);
    for (;;) {
      if (!events.isFilled) await events.fill();
      const head = events.head();
      if (!head || timeOf(head) >= until) return;
      events.take();
    }
  }

  /** The event that comes now is of no leaf here. */
  async #tellOfExtra(): Promise<void> {
    const { events, tenantId, waitingSince } = this.#options;
    const head = events.head();
    if (!head) return;
    if (waitingSince && timeOf(head) >= micros(waitingSince)) return events.take();
    const eventId = eventIdOf(head);
    const at = new Date(timeOf(head) / 1000);
    const seal = await selectSealHolding(this.#trx, { tenantId, eventId });
    this.#told.add(eventId);
    events.take();
    const where = { tenantId, sealNumber: seal?.number ?? null, at: seal?.startsAt ?? at, eventId };
    const time = at.toISOString();
    this.#options.faults.add(
      seal
        ? { kind: 'reordered', ...where, detail: `its time was changed, to ${time}` }
        : {
            kind: 'added',
            ...where,
            detail: `it says ${time}, which was sealed already, and is not among what was sealed`,
          },
    );
  }

  #tell(kind: FaultKind, seal: Seal, eventId: string | null, detail: string): void {
    const { tenantId, faults } = this.#options;
    faults.add({ kind, tenantId, sealNumber: seal.number, at: seal.startsAt, eventId, detail });
  }
}

function micros(at: Date): number {
  return at.getTime() * 1000;
}
