/**
 * Answers that are told piece by piece, over HTTP: files, and server-sent events (HTML Living Standard, section 9.2). Owns that
 * they end where the reader goes away, and that nothing on the way keeps them.
 */
import { pipeline, Transform } from 'node:stream';
import type { Context } from 'koa';
import type { StreamedAnswer, StreamMessage } from '../../management/streamed.ts';

/** One message as an event stream has it. JSON has no line ends of its own. */
function serverSentEvent({ kind, id, data }: StreamMessage, name: string): string {
  if (kind === 'quiet') return ': nothing new\n\n';
  const event = kind === 'event' ? name : kind;
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data ?? {})}\n\n`;
}

/**
 * Sends it as the answer of a request.
 * @param shown what is told of an event in place of its data
 */
export function sendStream(
  ctx: Context,
  stream: StreamedAnswer,
  { name = 'audit', shown = (data) => data }: { name?: string; shown?: (data: object) => object } = {},
): void {
  // A proxy that gathers answers would hold what is told as it happens.
  ctx.set('X-Accel-Buffering', 'no');
  if (stream.type !== 'text/event-stream') {
    ctx.type = stream.type === 'text/csv' ? 'text/csv; charset=utf-8; header=present' : stream.type;
    ctx.set('Content-Disposition', `attachment; filename="${stream.fileName}"`);
    ctx.body = stream.chunks;
    return;
  }
  ctx.type = 'text/event-stream';
  const lines = new Transform({
    writableObjectMode: true,
    writableHighWaterMark: 1,
    transform(message: StreamMessage, _encoding, done) {
      done(null, serverSentEvent(message.data ? { ...message, data: shown(message.data) } : message, name));
    },
  });
  // Said at once, so that the reader knows that it is listened to.
  lines.push(': listening\n\n');
  // Where the reader goes away `lines` is destroyed, and with it what is read from.
  pipeline(stream.messages, lines, () => undefined);
  ctx.body = lines;
}
