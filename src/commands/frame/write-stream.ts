/** Writes what comes piece by piece to standard output: a file as it is, events as a line of JSON each (NDJSON). */
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { StreamedAnswer, StreamMessage } from '../../management/streamed.ts';

function asLines(): Transform {
  return new Transform({
    writableObjectMode: true,
    transform({ kind, data }: StreamMessage, _encoding, done) {
      if (kind === 'skipped') process.stderr.write('gatehouse: more happened than is told here\n');
      done(null, kind === 'event' ? `${JSON.stringify(data)}\n` : undefined);
    },
  });
}

/** Ends with the stream, or where nobody reads on (`| head`). */
export async function writeStream(stream: StreamedAnswer): Promise<void> {
  const out = { end: false };
  try {
    if (stream.type === 'text/event-stream') await pipeline(stream.messages, asLines(), process.stdout, out);
    else await pipeline(stream.chunks, process.stdout, out);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
  }
}
