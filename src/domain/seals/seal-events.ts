/**
 * Sealing: the events of each hour that is over become the leaves of a tree for each tenant, whose signed root is chained to the
 * tenant's seal before. The seal of the server holds the events of no tenant and the seals of the tenants, so that its newest one
 * answers for the whole trail. Owns that an hour is sealed when nothing of before is still being written, by one process, whole or
 * not at all; that what comes later all the same is a leaf of the next seal and named as late; and that nothing older than some
 * hours comes in by itself (docs/decisions/0058-seals-by-tenant-and-hour.md).
 */
import { type Database, inTransaction } from '../../platform/database.ts';
import { newId } from '../../platform/ids.ts';
import type { Secrets } from '../../platform/secrets.ts';
import { systemCaller } from '../audit/audit-events.ts';
import { auditClock } from '../audit/list-audit-events.ts';
import { canonicalEvent } from './event-encoding.ts';
import { idAsBytes, type Leaf, leavesOfRow, makeLeaf, packLeaves } from './leaves.ts';
import { GrowingTree } from './merkle-tree.ts';
import { lockSealing, type SealKey, signingSealKey, signStatement } from './seal-keys.ts';
import { noSeal, type Seal, type SealStatement, sealLeaf, statementHash, statementOf } from './seal-statement.ts';
import {
  insertLeaves,
  insertSeal,
  lateMs,
  type Place,
  selectBegin,
  selectEncodedEvents,
  selectEventsToSeal,
  selectHoursToCompare,
  selectIdsSince,
  selectIsOlderOpen,
  selectNewestSeal,
  selectTenantsBetween,
} from './seal-store.ts';
import { takeArrivals } from './travelling.ts';

const hourMs = 3_600_000;
/** After an hour is over: no transaction of the server takes so long. */
const settledMs = 2 * 60_000;
/** So long it is waited for one that does. */
const patienceMs = 15 * 60_000;

const eventsAtOnce = 2_000;

export interface SealOptions {
  /** The clock of the database unless told. */
  now?: Date;
  /** No hour is begun after that; the rest is for the next time. Default two minutes. */
  milliseconds?: number;
}

/** Seals every hour that is over and not sealed yet. Safe to call at any time, by many at once. @returns the server's seals */
export async function sealAudit(
  db: Database,
  secrets: Secrets,
  { now, milliseconds = 120_000 }: SealOptions = {},
): Promise<Seal[]> {
  const until = performance.now() + milliseconds;
  const sealed: Seal[] = [];
  let seal: Seal | undefined;
  do {
    seal = await sealNextHour(db, secrets, now);
    if (seal) sealed.push(seal);
  } while (seal && performance.now() < until);
  return sealed;
}

/** The next hour to seal; undefined where there is no event yet. */
async function nextHour(trx: Database): Promise<{ startsAt: Date; endsAt: Date } | undefined> {
  const startsAt = (await selectNewestSeal(trx, null))?.endsAt ?? (await selectBegin(trx));
  return startsAt && { startsAt, endsAt: new Date(startsAt.getTime() + hourMs) };
}

async function isOver(trx: Database, { endsAt }: { endsAt: Date }, now: Date): Promise<boolean> {
  const since = now.getTime() - endsAt.getTime();
  if (since < settledMs) return false;
  return since > patienceMs || !(await selectIsOlderOpen(trx, endsAt));
}

async function sealNextHour(db: Database, secrets: Secrets, givenNow: Date | undefined): Promise<Seal | undefined> {
  return inTransaction(db, async (trx) => {
    await lockSealing(trx);
    const now = givenNow ?? (await auditClock(trx));
    const hour = await nextHour(trx);
    if (!hour || !(await isOver(trx, hour, now))) return undefined;
    const key = await signingSealKey(trx, secrets, systemCaller);
    const late = await findLateEvents(trx, hour.startsAt, secrets);
    const tenants = new Set(await selectTenantsBetween(trx, { from: hour.startsAt, until: hour.endsAt }));
    for (const tenantId of late.keys()) tenants.add(tenantId);
    const round = { ...hour, sealedAt: now, key };
    const seals: Seal[] = [];
    for (const tenantId of [...tenants].filter((id) => id !== null).sort()) {
      // Another server, from which the tenant came, was further on.
      const newest = await selectNewestSeal(trx, tenantId);
      if (newest && newest.endsAt > hour.startsAt) continue;
      seals.push(await sealTenant(trx, round, { tenantId, late: late.get(tenantId) ?? [], seals: [] }));
    }
    return sealTenant(trx, round, { tenantId: null, late: late.get(null) ?? [], seals });
  });
}

/** Events of sealed hours that committed after their seal, by tenant. */
async function findLateEvents(trx: Database, until: Date, secrets: Secrets): Promise<Map<string | null, string[]>> {
  const late = new Map<string | null, string[]>();
  const from = new Date(until.getTime() - lateMs);
  for (const { tenantId, startsAt, endsAt } of await selectHoursToCompare(trx, { from, until })) {
    const found = await findUnsealed(trx, { tenantId, from: startsAt, until: endsAt });
    if (found.length > 0) late.set(tenantId, [...(late.get(tenantId) ?? []), ...found]);
  }
  for (const { tenantId, since } of await takeArrivals(trx, until, secrets)) {
    const found = await findUnsealed(trx, { tenantId, from: since, until });
    if (found.length > 0) late.set(tenantId, found);
  }
  return late;
}

/** Events of a tenant within a time that no seal holds. */
async function findUnsealed(trx: Database, within: Within & { tenantId: string | null }): Promise<string[]> {
  const sealed = new Set<string>();
  for (const ids of await selectIdsSince(trx, { tenantId: within.tenantId, since: within.from }))
    for (let at = 0; at < ids.length; at += 16) sealed.add(ids.toString('hex', at, at + 16));
  const found: string[] = [];
  await eachEvent(trx, within, ({ id }) => {
    if (!sealed.has(idAsBytes(id).toString('hex'))) found.push(id);
  });
  return found;
}

interface Within {
  tenantId: string | null;
  from: Date;
  until: Date;
}

type Found = Awaited<ReturnType<typeof selectEventsToSeal>>[number];

async function eachEvent(trx: Database, within: Within, take: (event: Found) => void | Promise<void>): Promise<void> {
  let after: Place | undefined;
  let found: Found[];
  do {
    found = await selectEventsToSeal(trx, { ...within, after, limit: eventsAtOnce });
    for (const event of found) await take(event);
    after = found.at(-1);
  } while (found.length === eventsAtOnce);
}

/** Packs leaves as they come, and grows the tree. */
class LeafWriter {
  readonly tree = new GrowingTree();
  first: string | null = null;
  last: string | null = null;
  #waiting: Leaf[] = [];
  #written = 0;
  readonly #trx: Database;
  readonly #to: { key: SealKey; sealId: string };

  constructor(trx: Database, to: { key: SealKey; sealId: string }) {
    this.#trx = trx;
    this.#to = to;
  }

  async add(leaf: Leaf): Promise<void> {
    this.tree.add(leaf.hash);
    this.first ??= leaf.eventId;
    this.last = leaf.eventId;
    if (this.#waiting.push(leaf) === leavesOfRow) await this.flush();
  }

  async flush(): Promise<void> {
    if (this.#waiting.length === 0) return;
    const packed = packLeaves(this.#waiting, { ...this.#to, firstIndex: this.#written });
    await insertLeaves(this.#trx, this.#to.sealId, packed);
    this.#written += this.#waiting.length;
    this.#waiting = [];
  }
}

interface Round {
  startsAt: Date;
  endsAt: Date;
  sealedAt: Date;
  key: SealKey;
}

async function sealTenant(
  trx: Database,
  { startsAt, endsAt, sealedAt, key }: Round,
  { tenantId, late, seals }: { tenantId: string | null; late: readonly string[]; seals: readonly Seal[] },
): Promise<Seal> {
  const id = newId();
  const before = await selectNewestSeal(trx, tenantId);
  const writer = new LeafWriter(trx, { key, sealId: id });
  for (const event of await selectEncodedEvents(trx, { tenantId, ids: late }))
    await writer.add(makeLeaf(canonicalEvent(event)));
  const lateLeaves = writer.tree.size;
  await eachEvent(trx, { tenantId, from: startsAt, until: endsAt }, (event) =>
    writer.add(makeLeaf(canonicalEvent(event))),
  );
  await writer.flush();
  const events = writer.tree.size;
  for (const seal of seals) writer.tree.add(Buffer.from(sealLeaf(seal), 'hex'));
  const statement: SealStatement = {
    tenantId,
    number: (before?.number ?? 0) + 1,
    startsAt,
    endsAt,
    sealedAt,
    events,
    late: lateLeaves,
    seals: seals.length,
    firstEvent: writer.first,
    lastEvent: writer.last,
    root: writer.tree.root(),
    previous: before?.hash ?? noSeal,
    kid: key.kid,
  };
  const text = statementOf(statement);
  const seal = { ...statement, id, hash: statementHash(text), signature: signStatement(key, text) };
  await insertSeal(trx, seal);
  return seal;
}

/** How far the seals are: behind where more than the hours that are just over wait. */
export async function findSealState(db: Database): Promise<{ until: Date | null; behindMs: number }> {
  const now = await auditClock(db);
  const until = (await selectNewestSeal(db, null))?.endsAt ?? (await selectBegin(db));
  if (!until) return { until: null, behindMs: 0 };
  // An hour is sealed when it is over and settled.
  return { until, behindMs: Math.max(0, now.getTime() - until.getTime() - hourMs - patienceMs) };
}
