/**
 * Bodies of any number of lines (NDJSON), each a JSON document. Owns how many of them a process holds at once. A body is read to
 * its end before the first line is worked on: many clients read no answer before they have sent all, and each would wait for
 * the other. What is answered is told as fast as it is read.
 */
import type { Context } from 'koa';
import type { ReadLine } from '../../management/operation.ts';
import { importLineBytes, mostImportRows, unreadableLine } from '../../management/user-import.ts';
import { DomainError } from '../../platform/errors.ts';
import { readBytes } from '../middleware/body.ts';

const ndjson = /^application\/(?:x-ndjson|jsonl) *(?:; *charset="?utf-?8"? *)?$/i;

/** Each may be as long as an import may be. */
const mostAtOnce = 2;
let held = 0;

/**
 * @throws DomainError UNSUPPORTED_MEDIA_TYPE, BODY_TOO_LARGE (also for too many lines), INVALID_INPUT, rate_limited
 *   IMPORT_RUNNING
 */
export async function readLines(
  ctx: Context,
  { limitBytes }: { limitBytes?: number },
): Promise<AsyncIterable<ReadLine>> {
  if (held >= mostAtOnce) throw new DomainError('rate_limited', 'IMPORT_RUNNING', { seconds: 30 });
  held += 1;
  // Also where nothing comes of it: the answer is over, or nobody waits for one any more.
  ctx.res.once('close', () => {
    held -= 1;
  });
  const bytes = await readBytes(ctx, ndjson, { limitBytes, timeoutMs: 30_000 });
  if (linesIn(bytes) > mostImportRows) throw new DomainError('invalid', 'BODY_TOO_LARGE');
  return linesOf(bytes);
}

const lineEnd = 0x0a;

function linesIn(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(lineEnd); at >= 0; at = bytes.indexOf(lineEnd, at + 1)) count += 1;
  return bytes.at(-1) === lineEnd ? count : count + 1;
}

async function* linesOf(bytes: Buffer): AsyncGenerator<ReadLine> {
  let line = 0;
  for (let from = 0; from < bytes.length; ) {
    const at = bytes.indexOf(lineEnd, from);
    const end = at < 0 ? bytes.length : at;
    line += 1;
    const found = readLine(bytes.subarray(from, end), line);
    if (found) yield found;
    from = end + 1;
  }
}

/** Undefined for a line of space. */
function readLine(bytes: Buffer, line: number): ReadLine | undefined {
  if (bytes.length > importLineBytes) return unreadableLine(line);
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    if (text.trim() === '') return undefined;
    return { line, value: JSON.parse(text) as unknown };
  } catch {
    return unreadableLine(line);
  }
}
