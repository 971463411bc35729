/**
 * What an operation answers that is told piece by piece: a file of any length, or messages as things happen. Owns the forms;
 * who carries it to a reader (the API, the console, the command line) pulls, and ends it where the reader goes away.
 */
import type { Readable } from 'node:stream';

export type StreamType = 'application/x-ndjson' | 'text/csv' | 'text/event-stream';

/** Of a stream of messages: an event by its schema, or a word about the stream itself. */
export interface StreamMessage {
  kind: 'event' | 'skipped' | 'quiet' | 'end';
  /** Of an event: where a later stream goes on. */
  id?: string;
  data?: object;
}

export type StreamedAnswer =
  /** Text. */
  | { type: 'application/x-ndjson' | 'text/csv'; fileName: string; chunks: Readable }
  /** StreamMessage objects. */
  | { type: 'text/event-stream'; messages: Readable };
