/** A webhook's receiver on loopback: verifies what it gets as Standard Webhooks says, in words of its own, and keeps it. */
import { createHmac } from 'node:crypto';
import { eventually } from './eventually.ts';
import { listen } from './loopback.ts';

export interface ReceivedWebhook {
  id: string;
  type: string;
  timestamp: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests say what they expect
  data: any;
  /** When it came, by `Date.now()`. */
  at: number;
  signatures: string[];
  signedAt: string;
  /** As it came. */
  text: string;
  path: string;
  status: number;
}

export interface WebhookReceiver {
  url: string;
  received: ReceivedWebhook[];
  /** Answers by what came; default 204. A promise holds the answer up. */
  answer: (one: ReceivedWebhook) => number | Promise<number>;
  /** Of each answer. */
  headers: Record<string, string>;
  /** Waits for one that fits. */
  next(type: string, fits?: (one: ReceivedWebhook) => boolean): Promise<ReceivedWebhook>;
  close(): Promise<void>;
}

/** Whether one of the signatures is made by this secret. */
export function isSignedBy(secret: string, { id, signedAt, text, signatures }: ReceivedWebhook): boolean {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const wanted = `v1,${createHmac('sha256', key).update(`${id}.${signedAt}.${text}`).digest('base64')}`;
  return signatures.includes(wanted);
}

export async function startWebhookReceiver(): Promise<WebhookReceiver> {
  const received: ReceivedWebhook[] = [];
  const server = await listen(async (req, res) => {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const one: ReceivedWebhook = {
      ...JSON.parse(text),
      id: String(req.headers['webhook-id']),
      at: Date.now(),
      signatures: String(req.headers['webhook-signature']).split(' '),
      signedAt: String(req.headers['webhook-timestamp']),
      text,
      path: req.url ?? '',
      status: 0,
    };
    received.push(one);
    one.status = await receiver.answer(one);
    res
      .writeHead(one.status, one.status >= 300 && one.status < 400 ? { location: '/elsewhere' } : receiver.headers)
      .end();
  });
  const receiver: WebhookReceiver = {
    url: server.url,
    received,
    headers: {},
    answer: () => 204,
    next: (type, fits = () => true) =>
      eventually(() => received.find((one) => one.type === type && fits(one)), `${type} is told`),
    close: server.close,
  };
  return receiver;
}
