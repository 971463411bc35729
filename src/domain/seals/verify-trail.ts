/**
 * Verifies the trail against its seals: that the seals are the server's own and follow each other without a gap, and that each
 * event is the one that was sealed, at its place. Names what is not. Reads one moment of the database, with keys that are not in
 * it; changes nothing.
 */
import { type Database, firstRow } from '../../platform/database.ts';
import type { Secrets } from '../../platform/secrets.ts';
import { type Fault, Faults } from './faults.ts';
import { isSigned, openSealKeys, type SealKey, sealedHere } from './seal-keys.ts';
import { noSeal, type Seal, statementHash, statementOf } from './seal-statement.ts';
import { selectNewestSeal } from './seal-store.ts';
import { atOneMoment, closeCursors, type Moment, openEvents, openLeaves } from './trail-cursor.ts';
import { findWaitingSince } from './travelling.ts';
import { ChainCheck, type Counts } from './verify-chain.ts';
import { selectKeptSince, selectSealedTenants, selectSealsAfter, selectSealsOfTenants } from './verify-store.ts';
import { compareWitnessed, type WitnessedSeal } from './witnessed-seals.ts';

export interface VerifyOptions {
  /** Events of these hours alone; the chains are followed whole. */
  from?: Date;
  until?: Date;
  /** This tenant alone, without what the server's seals say of it. */
  tenantId?: string;
  /** How long events are kept where a tenant says nothing else. */
  retentionDays: number;
  /** Seals that somebody has kept elsewhere. */
  witnessed?: readonly WitnessedSeal[];
  /** Faults at the most; default 20. */
  most?: number;
  onProgress?(events: number): void;
}

export interface Verification extends Counts {
  /** In the order of the chains, the server's first; empty: all is well. */
  faults: Fault[];
  /** Up to when; null: nothing is sealed. */
  sealedUntil: Date | null;
  /** The server's newest seal, for somebody to keep. */
  newest: Seal | null;
}

const sealsAtOnce = 500;

export async function verifyTrail(db: Database, secrets: Secrets, options: VerifyOptions): Promise<Verification> {
  return atOneMoment(db, (moment) => verifyMoment(moment, secrets, options));
}

async function verifyMoment(moment: Moment, secrets: Secrets, options: VerifyOptions): Promise<Verification> {
  const { main: trx } = moment;
  const { tenantId, witnessed = [], most = 20, onProgress } = options;
  const faults = new Faults(most);
  const counts: Counts = { seals: 0, events: 0, late: 0, lateEvents: [], erased: 0, pruned: 0 };
  const newest = (await selectNewestSeal(trx, null)) ?? null;
  await compareWitnessed(trx, witnessed, faults);
  const keys = await openSealKeys(trx, secrets);
  const span = newest && (await sealedSpan(trx, newest, options));
  const onEvents = () => onProgress?.(counts.events);
  const chains = tenantId === undefined ? [null, ...(await selectSealedTenants(trx))] : [tenantId];
  for (const chain of span ? chains : []) {
    if (faults.isFull) break;
    const common = { ...(span as Span), secrets, keys, faults, counts, onEvents };
    await verifyChain(moment, chain, { ...common, isAlone: tenantId !== undefined, options });
  }
  return { ...counts, faults: faults.found, sealedUntil: newest?.endsAt ?? null, newest };
}

interface Span {
  from: Date;
  until: Date;
}

/** The sealed hours that are asked for. */
async function sealedSpan(trx: Database, newest: Seal, { from, until }: VerifyOptions): Promise<Span | null> {
  const [first] = await selectSealsAfter(trx, { tenantId: null, number: 0, limit: 1 });
  const start = first?.startsAt ?? newest.startsAt;
  const wanted = {
    from: from && from > start ? hourOf(from) : start,
    until:
      until && until < newest.endsAt
        ? new Date(hourOf(new Date(until.getTime() - 1)).getTime() + 3_600_000)
        : newest.endsAt,
  };
  return wanted.from < wanted.until ? wanted : null;
}

function hourOf(at: Date): Date {
  return new Date(Math.floor(at.getTime() / 3_600_000) * 3_600_000);
}

interface ChainOf extends Span {
  keys: ReadonlyMap<string, SealKey>;
  faults: Faults;
  counts: Counts;
  onEvents(): void;
  /** Without the server's chain, which answers for the seals of tenants. */
  isAlone: boolean;
  options: VerifyOptions;
  secrets: Secrets;
}

async function verifyChain(moment: Moment, tenantId: string | null, chain: ChainOf): Promise<void> {
  const { main: trx } = moment;
  const { until, options, keys, faults } = chain;
  const isWhole = options.from === undefined;
  const from = isWhole ? await beginOf(trx, tenantId, chain.from) : chain.from;
  const span = { tenantId, from, until };
  const now = ((await firstRow<{ now: Date }>(trx, 'select clock_timestamp() as now')) as { now: Date }).now;
  const keptSince = await selectKeptSince(trx, { tenantId, serverDays: options.retentionDays, now });
  const waitingSince = tenantId === null ? undefined : await findWaitingSince(trx, tenantId, chain.secrets);
  const [events, leaves] = [await openEvents(moment, eventsFrom(span, isWhole)), await openLeaves(moment, span)];
  const check = new ChainCheck(trx, { ...chain, from, tenantId, waitingSince, keptSince, events, leaves });
  await check.begin();
  for await (const { seal, before } of chainOf(trx, tenantId)) {
    if (faults.isFull) break;
    const fault = faultOfSeal(seal, before, { keys, isHeld: tenantId !== null && !chain.isAlone });
    if (fault) faults.add({ ...fault, tenantId, sealNumber: seal.number, at: seal.startsAt, eventId: null });
    if (seal.endsAt <= from || seal.endsAt > until) continue;
    // What no key of ours has signed says nothing of its events; nor does a seal that is gone.
    if (fault) await check.dropUntil(fault.kind === 'seal_removed' ? seal.startsAt : seal.endsAt);
    if (fault && fault.kind !== 'seal_removed') continue;
    const held = tenantId === null ? sealedHere(await selectSealsOfTenants(trx, seal.endsAt), keys) : [];
    if (!(await check.checkSeal(seal, held))) tellOfHeld(held, { keys, faults });
  }
  if (!faults.isFull) await check.end();
  await events.drain();
  await closeCursors(moment);
}

/** A tenant that came from another server may have been sealed before there was this one. */
async function beginOf(trx: Database, tenantId: string | null, from: Date): Promise<Date> {
  const [first] = await selectSealsAfter(trx, { tenantId, number: 0, limit: 1 });
  return first && first.startsAt < from ? first.startsAt : from;
}

/** What is dated before all seals was never sealed. */
function eventsFrom<T extends Span>(span: T, isWhole: boolean): T {
  return isWhole ? { ...span, from: new Date(0) } : span;
}

async function* chainOf(
  trx: Database,
  tenantId: string | null,
): AsyncGenerator<{ seal: Seal; before: Seal | undefined }> {
  let before: Seal | undefined;
  let found: Seal[];
  do {
    found = await selectSealsAfter(trx, { tenantId, number: before?.number ?? 0, limit: sealsAtOnce });
    for (const seal of found) {
      yield { seal, before };
      before = seal;
    }
  } while (found.length === sealsAtOnce);
}

type SealFault = Pick<Fault, 'kind' | 'detail'>;

/** @param isHeld the seal and its signature are a leaf of the server's, which is verified: a signature less to compute */
function faultOfSeal(
  seal: Seal,
  before: Seal | undefined,
  { keys, isHeld }: { keys: ReadonlyMap<string, SealKey>; isHeld: boolean },
): SealFault | undefined {
  const text = statementOf(seal);
  const key = keys.get(seal.kid);
  if (!key || (key.isFormer && !mayBeFormer(seal, before, keys)))
    return { kind: 'seal_forged', detail: 'it is signed by a key that is not the server’s' };
  if (!statementHash(text).equals(seal.hash) || ((key.isFormer || !isHeld) && !isSigned(key, text, seal.signature)))
    return { kind: 'seal_changed', detail: 'its signature is not of what it says' };
  if (seal.number !== (before?.number ?? 0) + 1)
    return { kind: 'seal_removed', detail: `the seal before it, number ${seal.number - 1}, is gone` };
  if (!seal.previous.equals(before?.hash ?? noSeal))
    return { kind: 'seal_removed', detail: 'it does not follow the seal before it: that is another one' };
  if (before && before.endsAt > seal.startsAt)
    return { kind: 'seal_forged', detail: 'its hour is not after that of the seal before it' };
  return undefined;
}

/** Another server signed what a tenant brought along: the first seals of its chain, before any of ours. */
function mayBeFormer(seal: Seal, before: Seal | undefined, keys: ReadonlyMap<string, SealKey>): boolean {
  return seal.tenantId !== null && (!before || keys.get(before.kid)?.isFormer === true);
}

/** Which of the seals that the server's holds is not the server's own, where its root does not fit. */
function tellOfHeld(
  held: readonly Seal[],
  { keys, faults }: { keys: ReadonlyMap<string, SealKey>; faults: Faults },
): void {
  for (const seal of held) {
    const { tenantId, number, startsAt } = seal;
    const key = keys.get(seal.kid);
    if (key && isSigned(key, statementOf(seal), seal.signature)) continue;
    const detail = key ? 'its signature is not of what it says' : 'it is signed by a key that is not the server’s';
    const kind = key ? 'seal_changed' : 'seal_forged';
    faults.add({ kind, tenantId, sealNumber: number, at: startsAt, eventId: null, detail });
  }
}
