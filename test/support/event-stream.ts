/** Listens to server-sent events as a client does, and gathers what comes. */
import { eventually } from './eventually.ts';

export interface HeardEvent {
  event: string;
  id?: string;
  // biome-ignore lint/suspicious/noExplicitAny: read by tests, which say what they expect
  data: any;
}

export interface Listening {
  status: number;
  headers: Headers;
  /** So far. */
  heard: HeardEvent[];
  /** Whether the other end has ended it, properly or not. */
  isOver(): boolean;
  /** Waits until it is listened to. */
  begun(): Promise<void>;
  /** Waits for an event. */
  hears(fits: (event: HeardEvent) => boolean, what: string): Promise<HeardEvent>;
  leave(): void;
}

function eventOf(block: string): HeardEvent | undefined {
  const fields = new Map(
    block.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.replace(/^\w*: ?/, '')]),
  );
  const event = fields.get('event');
  return event === undefined
    ? undefined
    : { event, id: fields.get('id'), data: JSON.parse(fields.get('data') ?? '{}') };
}

export async function listen(address: string, headers: Record<string, string>): Promise<Listening> {
  const leaving = new AbortController();
  const response = await fetch(address, { headers, signal: leaving.signal, redirect: 'manual' });
  const heard: HeardEvent[] = [];
  let [isOver, text] = [false, ''];
  const read = async () => {
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk, { stream: true });
      const blocks = text.split('\n\n');
      text = blocks.pop() ?? '';
      for (const block of blocks) heard.push(...[eventOf(block)].filter((event) => event !== undefined));
      if (blocks.length > 0) begun = true;
    }
  };
  let begun = false;
  read()
    .catch(() => undefined)
    .finally(() => {
      isOver = true;
    });
  return {
    status: response.status,
    headers: response.headers,
    heard,
    isOver: () => isOver,
    async begun() {
      await eventually(() => begun, 'it is listened to');
    },
    hears: (fits, what) => eventually(() => heard.find(fits), what) as Promise<HeardEvent>,
    leave: () => leaving.abort(),
  };
}
