/** Signatures as Standard Webhooks has them (standardwebhooks.com, symmetric): `v1,` and HMAC-SHA-256 in base64. */
import { createHmac, randomBytes } from 'node:crypto';

const prefix = 'whsec_';

/** 32 bytes; the specification has 24 to 64. */
export function newWebhookSecret(): string {
  return `${prefix}${randomBytes(32).toString('base64')}`;
}

/** Of the length that is made here: a short key could be tried. */
export function isWebhookSecret(text: string): boolean {
  return text.startsWith(prefix) && Buffer.from(text.slice(prefix.length), 'base64').length >= 24;
}

/**
 * The headers of a message.
 * @param message.at of this attempt; receivers refuse what is some minutes old
 * @param secrets several while one takes the place of another: a signature of each
 */
export function webhookHeaders(
  message: { id: string; at: Date; body: string },
  secrets: readonly string[],
): Record<'webhook-id' | 'webhook-timestamp' | 'webhook-signature', string> {
  const timestamp = String(Math.floor(message.at.getTime() / 1000));
  const signed = `${message.id}.${timestamp}.${message.body}`;
  const signatures = secrets.map((secret) => {
    const key = Buffer.from(secret.slice(prefix.length), 'base64');
    return `v1,${createHmac('sha256', key).update(signed).digest('base64')}`;
  });
  return { 'webhook-id': message.id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') };
}
