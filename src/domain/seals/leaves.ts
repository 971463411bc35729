/** The leaves of a seal, packed some at a time into rows: how they are written into bytes, and read out of them. */
import { randomBytes } from 'node:crypto';
import { commitmentOf, type EncodedEvent, eventIdOf, eventLeaf } from './event-encoding.ts';
import { type SealKey, tagOf } from './seal-keys.ts';

/** Leaves of one row. */
export const leavesOfRow = 256;

const idBytes = 16;
const dash = '-'.charCodeAt(0);
const hashBytes = 32;
const tagBytes = 16;
const saltBytes = 16;

/** A row of `audit_leaves`. */
export interface PackedLeaves {
  firstIndex: number;
  ids: Buffer;
  hashes: Buffer;
  tags: Buffer;
  /** null: the events are gone. */
  commitments: Buffer | null;
  salts: Buffer | null;
}

export interface Leaf {
  eventId: string;
  hash: Buffer;
  commitments: { origin: string; content: string };
  salts: { origin: Buffer; content: Buffer };
}

/** With a new salt for each of the two parts that erasure may take. */
export function makeLeaf(event: EncodedEvent): Leaf {
  const random = randomBytes(2 * saltBytes);
  const salts = { origin: random.subarray(0, saltBytes), content: random.subarray(saltBytes) };
  const commitments = {
    origin: commitmentOf(salts.origin.toString('hex'), event.origin),
    content: commitmentOf(salts.content.toString('hex'), event.content),
  };
  const hash = Buffer.from(eventLeaf(event.plain, commitments), 'hex');
  return { eventId: eventIdOf(event), hash, commitments, salts };
}

export function packLeaves(
  leaves: readonly Leaf[],
  { key, sealId, firstIndex }: { key: SealKey; sealId: string; firstIndex: number },
): PackedLeaves {
  const joined = (bytesOf: (leaf: Leaf, n: number) => Buffer) => Buffer.concat(leaves.map(bytesOf));
  return {
    firstIndex,
    ids: joined(({ eventId }) => idAsBytes(eventId)),
    hashes: joined(({ hash }) => hash),
    tags: joined(({ hash }, n) => tagOf(key, sealId, firstIndex + n, hash)),
    commitments: joined(({ commitments: { origin, content } }) => Buffer.from(origin + content, 'hex')),
    salts: joined(({ salts: { origin, content } }) => Buffer.concat([origin, content])),
  };
}

export function idAsBytes(id: string): Buffer {
  return Buffer.from(id.replaceAll('-', ''), 'hex');
}

function idFromHex(hex: string): string {
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

const noSalt = '0'.repeat(2 * saltBytes);

/** A row of leaves to be read one by one, as hex: cutting texts is cheap. */
export class ReadLeaves {
  readonly firstIndex: number;
  readonly count: number;
  readonly #packed: PackedLeaves;
  readonly #ids: string;
  readonly #hashes: string;
  readonly #salts: string;

  constructor(packed: PackedLeaves) {
    this.#packed = packed;
    this.firstIndex = packed.firstIndex;
    this.count = Math.floor(packed.ids.length / idBytes);
    this.#ids = packed.ids.toString('hex');
    this.#hashes = packed.hashes.toString('hex');
    this.#salts = packed.salts?.toString('hex') ?? '';
  }

  idAt(n: number): string {
    return idFromHex(this.#ids.slice(2 * idBytes * n, 2 * idBytes * (n + 1)));
  }

  /** Whether the leaf is of this event, by its id. */
  isOf(n: number, { plain }: Pick<EncodedEvent, 'plain'>): boolean {
    // As `idAt(n) === eventIdOf(event)`, without the texts.
    let at = 2 * idBytes * n;
    for (let place = 2; place < 38; place++) {
      const code = plain.charCodeAt(place);
      if (code !== dash && code !== this.#ids.charCodeAt(at++)) return false;
    }
    return at === 2 * idBytes * (n + 1);
  }

  /** In hex. */
  hashAt(n: number): string {
    return this.#hashes.slice(2 * hashBytes * n, 2 * hashBytes * (n + 1));
  }

  /** A view of the row's own bytes. */
  hashBytesAt(n: number): Buffer {
    return this.#packed.hashes.subarray(hashBytes * n, hashBytes * (n + 1));
  }

  tagAt(n: number): Buffer {
    return this.#packed.tags.subarray(tagBytes * n, tagBytes * (n + 1));
  }

  /** In hex; undefined where erasure has taken it. */
  saltAt(n: number, part: 'origin' | 'content'): string | undefined {
    const from = 4 * saltBytes * n + (part === 'origin' ? 0 : 2 * saltBytes);
    const salt = this.#salts.slice(from, from + 2 * saltBytes);
    return salt === '' || salt === noSalt ? undefined : salt;
  }

  /** In hex; empty where the events are gone. */
  commitmentAt(n: number, part: 'origin' | 'content'): string {
    const from = 2 * hashBytes * n + (part === 'origin' ? 0 : hashBytes);
    return this.#packed.commitments?.subarray(from, from + hashBytes).toString('hex') ?? '';
  }

  /** Where the leaf of an event is; -1: not here. */
  indexOf(eventId: string): number {
    const wanted = eventId.replaceAll('-', '');
    let at = this.#ids.indexOf(wanted);
    while (at !== -1 && at % (2 * idBytes) !== 0) at = this.#ids.indexOf(wanted, at + 1);
    return at === -1 ? -1 : at / (2 * idBytes);
  }
}

/** The salts of a row without some of them. @param at places in the row, by part */
export function withoutSalts(salts: Buffer, at: readonly { n: number; part: 'origin' | 'content' }[]): Buffer {
  const left = Buffer.from(salts);
  for (const { n, part } of at) {
    const from = 2 * saltBytes * n + (part === 'origin' ? 0 : saltBytes);
    left.fill(0, from, from + saltBytes);
  }
  return left;
}
