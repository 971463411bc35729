/** A receiver of webhooks: verifies that a message is Gatehouse's, new and whole, and takes each once. No package is needed. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { text } from 'node:stream/consumers';

/** How old a message may be: one that was caught on the way is no good later. */
const toleranceSeconds = 300;

/** Whether one of its signatures is made with the secret (`whsec_…`); while a secret is changed there are two. */
export function isGenuine(
  secret: string,
  headers: IncomingMessage['headers'],
  body: string,
  now = Date.now(),
): boolean {
  const [id, timestamp, signatures] = ['id', 'timestamp', 'signature'].map((name) =>
    String(headers[`webhook-${name}`]),
  );
  if (!(Math.abs(now / 1000 - Number(timestamp)) <= toleranceSeconds)) return false;
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
  const wanted = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest();
  return (signatures ?? '').split(' ').some((signature) => {
    const given = Buffer.from(signature.replace('v1,', ''), 'base64');
    return given.length === wanted.length && timingSafeEqual(given, wanted);
  });
}

/** Answers as soon as an event is kept: what takes longer happens afterwards. A message may come twice, under one id. */
export function webhookReceiver(
  secret: string,
  handle: (event: { id: string; type: string; data: object }) => void,
): Server {
  const taken = new Set<string>();
  return createServer(async (req, res) => {
    const body = await text(req);
    if (!isGenuine(secret, req.headers, body)) return res.writeHead(401).end();
    const id = String(req.headers['webhook-id']);
    if (!taken.has(id)) handle({ id, ...JSON.parse(body) });
    taken.add(id);
    return res.writeHead(204).end();
  });
}
