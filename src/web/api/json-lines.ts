/** Text of any length as JSON documents, one a line (NDJSON), read as it comes: no more than one line is held. */
import type { ReadLine } from '../../management/operation.ts';
import { importLineBytes, unreadableLine } from '../../management/user-import.ts';

const lineEnd = 0x0a;

/** Counted from 1. A line that is too long, or no JSON, has a fault and keeps no other back; an empty one is left out. */
export async function* jsonLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<ReadLine> {
  const waiting = new Line();
  let line = 0;
  for await (const chunk of chunks) {
    let from = 0;
    for (let end = chunk.indexOf(lineEnd); end >= 0; end = chunk.indexOf(lineEnd, from)) {
      waiting.add(chunk.subarray(from, end));
      from = end + 1;
      line += 1;
      const found = waiting.read(line);
      if (found) yield found;
    }
    waiting.add(chunk.subarray(from));
  }
  const last = waiting.read(line + 1);
  if (last) yield last;
}

/** What came of a line. Of one that is too long nothing is kept. */
class Line {
  #parts: Buffer[] = [];
  #length = 0;

  add(part: Buffer): void {
    this.#length += part.length;
    if (this.#length > importLineBytes) this.#parts = [];
    else if (part.length > 0) this.#parts.push(part);
  }

  /** Undefined for a line of space. */
  read(line: number): ReadLine | undefined {
    const bytes = Buffer.concat(this.#parts);
    const isTooLong = this.#length > importLineBytes;
    this.#parts = [];
    this.#length = 0;
    if (isTooLong) return unreadableLine(line);
    try {
      const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
      if (text.trim() === '') return undefined;
      return { line, value: JSON.parse(text) as unknown };
    } catch {
      return unreadableLine(line);
    }
  }
}
