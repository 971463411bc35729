/** Why a message did not go, in plain words: our own reasons by their names, and what providers and the network answer by kinds. */
import type { Channel } from '../../../domain/messages/outgoing-message.ts';

/** Each has its words: what it means, and what can be done. */
const own = new Set([
  'budget_used_up',
  'channel_unavailable',
  'number_not_supported',
  'tenant_suspended',
  'tenant_unknown',
  'EAUTH',
  'EENVELOPE',
  'SMTPUTF8',
]);

/** What Twilio's numbers of errors mean that are met most. */
const ofTwilio = new Map([
  ['401', 'credentials'],
  ['20003', 'credentials'],
  ['20429', 'too_many'],
  ['429', 'too_many'],
  ['21211', 'number_invalid'],
  ['21214', 'number_invalid'],
  ['21217', 'number_invalid'],
  ['21408', 'country_off'],
  ['21610', 'unsubscribed'],
  ['21612', 'number_unreachable'],
  ['21614', 'number_unreachable'],
  ['21608', 'trial'],
  ['63003', 'number_unreachable'],
  ['63016', 'template_needed'],
]);

/** @returns the name that its words stand under in `console.messages.reasons` */
export function wordsOfReason(channel: Channel | null, reason: string): string {
  if (own.has(reason)) return reason.toLowerCase();
  if (/^E[A-Z_0-9]+$/.test(reason)) return 'unreachable';
  if (channel === 'email' && /^4\d\d$/.test(reason)) return 'put_off';
  if (channel === 'email' && /^5\d\d$/.test(reason)) return 'refused';
  if (channel !== 'email' && /^5\d\d$/.test(reason)) return 'unreachable';
  if (channel !== 'email') return ofTwilio.get(reason) ?? 'provider_refused';
  return 'provider_refused';
}
