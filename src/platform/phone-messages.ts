/**
 * SMS and WhatsApp through Twilio. Owns the request and what the answers mean. The SDK makes the request and reads the
 * answer; the way there is our own: to the configured address alone, bounded in time and size, following no redirect.
 * Twilio knows no idempotent sending: a lost answer may mean a second message.
 */
import type twilio from 'twilio';
import { DeliveryError } from './delivery-error.ts';
import { traced } from './tracing.ts';

export type PhoneChannel = 'sms' | 'whatsapp';

export interface PhoneMessage {
  channel: PhoneChannel;
  /** E.164. */
  to: string;
  text: string;
  /** What an approved WhatsApp template for codes has in its place. */
  code?: string;
  /** Not delivered later than this by the network. */
  validForSeconds?: number;
}

export interface PhoneMessages {
  /**
   * Resolves when Twilio has taken the message.
   * @throws DeliveryError
   */
  send(message: PhoneMessage, signal?: AbortSignal): Promise<void>;
  /**
   * What Twilio says of the account when it is asked with its credentials; nothing is sent.
   * @throws DeliveryError
   */
  findAccount(signal?: AbortSignal): Promise<TwilioAccount>;
}

export interface TwilioAccount {
  name: string;
  /** `active`, `suspended` or `closed`. */
  status: string;
  /** A trial account sends to numbers alone that were verified there. */
  isTrial: boolean;
}

export interface TwilioOptions {
  accountSid: string;
  authToken: string;
  /** A number, or the id of a messaging service (`MG…`). */
  smsFrom: string | undefined;
  whatsappFrom: string | undefined;
  /** An approved template (`HX…`) whose variable 1 is the code. */
  whatsappContentSid: string | undefined;
  baseUrl: string;
  /** For one answer; default 10 s. */
  timeoutMs?: number;
}

type RequestOptions = Parameters<InstanceType<typeof twilio.RequestClient>['request']>[0];
type MessageOptions = Parameters<ReturnType<typeof twilio>['messages']['create']>[0];

const maxAnswerBytes = 64 * 1024;
/** Twilio keeps a message in its queue for so long at the most. */
const longestValiditySeconds = 14_400;

/** Wrong credentials (401) are put right by an operator, and then the message goes; the others say so themselves. */
const temporaryStatuses = new Set([401, 408, 425, 429]);

/** Contacts nobody yet. */
export function createPhoneMessages(options: TwilioOptions): PhoneMessages {
  const { accountSid, authToken, timeoutMs = 10_000 } = options;

  /** Does `work` with a client of the SDK whose requests end in time. */
  async function ask<T>(
    work: (client: ReturnType<typeof twilio>) => Promise<T>,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    signal?.throwIfAborted();
    // Half a second of a start, for those alone who send messages.
    const { default: createClient } = await import('twilio');
    const timeout = AbortSignal.timeout(timeoutMs);
    const ended = signal ? AbortSignal.any([signal, timeout]) : timeout;
    const client = createClient(accountSid, authToken, {
      env: {},
      httpClient: { request: (request: RequestOptions) => exchange(options.baseUrl, request, ended) } as InstanceType<
        typeof twilio.RequestClient
      >,
    });
    try {
      return await work(client);
    } catch (error) {
      throw deliveryError(error);
    }
  }

  return {
    async send(message, signal) {
      const { channel } = message;
      await traced(channel, { kind: 'client' }, () =>
        ask((client) => client.messages.create(asTwilioHasIt(message, options)), signal),
      );
    },
    async findAccount(signal) {
      const { friendlyName, status, type } = await ask(
        (client) => client.api.v2010.accounts(accountSid).fetch(),
        signal,
      );
      if (typeof friendlyName !== 'string' || typeof status !== 'string')
        throw new DeliveryError('This is not Twilio', { permanent: false, notSent: true, reason: 'EANSWER' });
      return { name: friendlyName, status, isTrial: type === 'Trial' };
    },
  };
}

function asTwilioHasIt(message: PhoneMessage, options: TwilioOptions): MessageOptions {
  const { channel, to, text, code, validForSeconds } = message;
  if (channel === 'whatsapp') {
    const addresses = { from: `whatsapp:${options.whatsappFrom}`, to: `whatsapp:${to}` };
    return code !== undefined && options.whatsappContentSid !== undefined
      ? { ...addresses, contentSid: options.whatsappContentSid, contentVariables: JSON.stringify({ 1: code }) }
      : { ...addresses, body: text };
  }
  const { smsFrom = '' } = options;
  return {
    to,
    body: text,
    ...(/^MG[0-9a-f]{32}$/i.test(smsFrom) ? { messagingServiceSid: smsFrom } : { from: smsFrom }),
    ...(validForSeconds === undefined
      ? {}
      : { validityPeriod: Math.min(longestValiditySeconds, Math.max(1, Math.floor(validForSeconds))) }),
  };
}

/** One request of the SDK to the configured address, as the SDK wants it answered. */
async function exchange(
  baseUrl: string,
  { method, uri = '', headers, username, password, data }: RequestOptions,
  signal: AbortSignal,
): Promise<{ statusCode: number; body: string; headers: Record<string, string> }> {
  const { pathname, search } = new URL(uri);
  const verb = method?.toUpperCase();
  const body = new URLSearchParams();
  for (const [name, value] of Object.entries(data ?? {})) if (value !== undefined) body.append(name, String(value));
  const answer = await fetch(`${baseUrl}${pathname}${search}`, {
    method: verb,
    headers: {
      ...(headers as Record<string, string>),
      Authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
    },
    body: verb === 'GET' ? undefined : body,
    redirect: 'manual',
    signal,
  });
  return {
    statusCode: answer.status,
    body: await boundedText(answer),
    headers: Object.fromEntries(answer.headers),
  };
}

async function boundedText(answer: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of answer.body ?? []) {
    bytes += chunk.length;
    if (bytes > maxAnswerBytes) throw new Error('the answer is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

const neverConnected = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN']);

function deliveryError(error: unknown): DeliveryError {
  const { status, code, name, cause } = error as { status?: number; code?: unknown; name?: string; cause?: unknown };
  if (typeof status === 'number') {
    const reason = typeof code === 'number' && code > 0 ? String(code) : String(status);
    return new DeliveryError(`Twilio did not take a message: status ${status}, error ${reason}`, {
      permanent: status >= 400 && status < 500 && !temporaryStatuses.has(status),
      // A gateway may answer 5xx for a request that went through.
      notSent: status >= 400 && status < 500,
      reason,
    });
  }
  const systemCode = String((cause as { code?: unknown } | undefined)?.code ?? '');
  const reason = systemCode || (name === 'TimeoutError' ? 'ETIMEDOUT' : name === 'AbortError' ? 'EABORT' : 'ERROR');
  return new DeliveryError(`Twilio could not be reached: ${reason}`, {
    permanent: false,
    notSent: neverConnected.has(systemCode),
    reason,
  });
}
