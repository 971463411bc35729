/** What a kind of receiver is to who sends: a way to speak to it, and what to do where one of it is given up. */
import type { Database } from '../../platform/database.ts';
import type { HeldDelivery } from './lane-store.ts';

export type { HeldDelivery };

/** What came of speaking to a receiver. `gone`: it wants nothing any more. */
export type Outcome =
  | { result: 'delivered'; status: number }
  | {
      result: 'failed' | 'gone';
      status?: number;
      reason: string;
      /** For so long it wants to be left alone; what it says is bounded. */
      retryAfterSeconds?: number;
    };

/** How one kind of receiver is told. */
export interface ReceiverKind {
  /** Never throws for what the receiver does. The signal says that another tells it instead. */
  deliver(delivery: HeldDelivery, signal: AbortSignal): Promise<Outcome>;
  /** A receiver is given up; in the transaction of the attempt that decided it. */
  giveUp(trx: Database, receiver: { id: string; tenantId: string }, why: 'failing' | 'gone'): Promise<void>;
}

export type ReceiverKinds = Readonly<Record<string, ReceiverKind>>;
