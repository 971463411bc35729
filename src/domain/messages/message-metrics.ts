/** Counts attempts to deliver a message. Refuses nothing: its labels are the program's own words, never input. */
import { Counter, type Registry } from 'prom-client';

export interface MessageMetrics {
  /** `channel`: email, sms, whatsapp; `outcome`: sent, refused, expired, failed, or retried for an attempt that another follows. */
  countMessage(channel: string, outcome: string): void;
}

export function createMessageMetrics(registry: Registry): MessageMetrics {
  const messages = new Counter({
    name: 'gatehouse_messages_total',
    help: 'Attempts to deliver a message, by channel and outcome.',
    labelNames: ['channel', 'outcome'],
    registers: [registry],
  });
  return { countMessage: (channel, outcome) => messages.inc({ channel, outcome }) };
}
