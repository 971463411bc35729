/**
 * The job that delivers a one-time code. Owns who gets a message at all: the request has looked nobody up, and nothing
 * here comes back to it. A code goes to a person who may use it; one that was asked for by a username is bound to them here. A person who signs up with an address that has an account is told
 * so instead, by that address; nobody hears of anything else. Retries carry the same code while it lives; one that was
 * replaced by a newer one is not sent. Refuses to write code or address into the queue's table.
 */
import { z } from 'zod';
import { type Database, inTransaction } from '../../platform/database.ts';
import { enqueueJob } from '../../platform/jobs/enqueue-job.ts';
import type { Secrets } from '../../platform/secrets.ts';
import { type Caller, recordEvent } from '../audit/audit-events.ts';
import type { Messenger } from '../messages/deliver-message.ts';
import {
  type Channel,
  kindOf,
  messageJobOptions,
  type OutgoingMessage,
  openPayload,
  sealPayload,
} from '../messages/outgoing-message.ts';
import { addressOf, findPeople, noWayIn, type Person } from '../sign-in/candidates.ts';
import { parseTenantSettings } from '../tenants/tenant-settings.ts';
import { findTenantById } from '../tenants/tenants.ts';
import { usernameOf } from '../users/username.ts';
import { findAccount } from '../users/users.ts';
import { hashCode } from './code-attempts.ts';
import { codeLimits } from './code-limits.ts';
import { mayReach } from './reach.ts';
import { type DeliverableRow, findDeliverable, settleSend } from './sent-codes.ts';

export const deliverCodeJob = 'deliver-code';

// At 0, 3, 10, 30, 85 and 233 s: all within the life of a code.
const maxAttempts = 6;

const payloadSchema = z.object({
  codeId: z.string(),
  code: z.string(),
  locale: z.string(),
  origin: z.object({ ip: z.string().optional(), userAgent: z.string().optional(), requestId: z.string().optional() }),
});

/** Enqueues the delivery of a code in the transaction that wrote its row. */
export async function enqueueDelivery(
  trx: Database,
  send: { id: string; destination: string; channel: Channel; code: string; locale: string },
  { secrets, caller }: { secrets: Secrets; caller: Caller },
): Promise<void> {
  const { ip, userAgent, requestId } = caller;
  const value: z.input<typeof payloadSchema> = {
    codeId: send.id,
    code: send.code,
    locale: send.locale,
    origin: { ip, userAgent: userAgent?.slice(0, 500), requestId },
  };
  await enqueueJob(trx, deliverCodeJob, sealPayload(secrets, deliverCodeJob, value), {
    ...messageJobOptions(send.channel, send.destination),
    maxAttempts,
  });
}

interface Delivery {
  message: OutgoingMessage;
  /** For the trail: what is written of whom once it went out. */
  action: 'code.sent' | 'sign_up.refused';
  told: { tenantId: string; userId: string }[];
  /** Of a username: whom the code is for alone. */
  personId?: string;
}

function codeMessage(
  row: DeliverableRow,
  {
    to = row.destination,
    code,
    locale,
    host,
    tenantId,
    tenantName,
  }: {
    to?: string;
    code: string;
    locale: string;
    host: string;
    tenantId: string | null;
    tenantName?: string;
  },
): OutgoingMessage {
  if (row.purpose === 'reset_password') throw new Error('a link is no code');
  return {
    channel: row.channel,
    to,
    template: 'code',
    model: { code, minutes: codeLimits.codeSeconds / 60, purpose: row.purpose, tenantName, host },
    locale,
    tenantId,
    expiresAt: row.expiresAt,
  };
}

interface Sending {
  code: string;
  locale: string;
  issuer: string;
  phoneCountries: readonly string[];
}

/** For a sign-up: the code to a new person; to the holder of an account, that there is one. */
async function signUpDelivery(
  db: Database,
  row: DeliverableRow,
  people: readonly Person[],
  sending: Sending,
): Promise<Delivery | undefined> {
  const tenant = row.tenantId === null ? undefined : await findTenantById(db, row.tenantId);
  if (tenant?.state !== 'active' || !tenant.settings.selfSignUp) return undefined;
  const [known] = people;
  const { issuer, locale, code } = sending;
  const { id: tenantId, name: tenantName } = tenant;
  if (!known) {
    const host = new URL(issuer).host;
    const message = codeMessage(row, { code, locale, host, tenantId, tenantName });
    return { message, action: 'code.sent', told: [] };
  }
  const message: OutgoingMessage<'account-exists'> = {
    channel: row.channel,
    to: row.destination,
    template: 'account-exists',
    model: { tenantName, signInHref: `${issuer}/account` },
    locale: known.locale ?? locale,
    tenantId,
    expiresAt: row.expiresAt,
  };
  return { message, action: 'sign_up.refused', told: [{ tenantId, userId: known.userId }] };
}

/** To an address that a person who is signed in wants to have: nobody's of their tenant yet, or another's, who is not told apart. */
async function newAddressDelivery(db: Database, row: DeliverableRow, sending: Sending): Promise<Delivery | undefined> {
  const person = row.userId === null ? undefined : await findAccount(db, row.userId);
  if (!person || person.tenantId !== row.tenantId) return undefined;
  const { tenantId, userId, tenant } = person;
  const { code, locale, issuer } = sending;
  const reader = { code, locale: person.locale ?? locale, host: new URL(issuer).host };
  const message = codeMessage(row, { ...reader, tenantId, tenantName: tenant.name });
  return { message, action: 'code.sent', told: [{ tenantId, userId }] };
}

/** Whether a code counts as this person's second factor still: they may not be signing in by codes at all. */
function isSecondFactor(person: Person, { userId, channel }: DeliverableRow): boolean {
  const { secondFactorChannels } = parseTenantSettings(person.tenantSettings);
  const isVerified = kindOf(channel) === 'email' ? person.emailVerified : person.phoneVerified;
  return (
    userId !== null && person.userActive && person.tenantActive && isVerified && secondFactorChannels.includes(channel)
  );
}

/** Who gets what; undefined where nobody gets anything. */
async function decide(db: Database, row: DeliverableRow, sending: Sending): Promise<Delivery | undefined> {
  const people = await findPeople(db, row);
  if (row.purpose === 'sign_up') return signUpDelivery(db, row, people, sending);
  const verifies = row.purpose === 'verify_email' || row.purpose === 'verify_phone';
  const reached = people.filter((person) => {
    if (row.userId !== null && row.userId !== person.userId) return false;
    // A person who is signed in verifies an address that need not lead into the account yet.
    if (verifies) return row.userId !== null && person.userActive && person.tenantActive;
    if (row.purpose === 'second_factor') return isSecondFactor(person, row);
    return noWayIn(person, { ...row, serverCountries: sending.phoneCountries }) === undefined;
  });
  const [first] = reached;
  if (!first) return verifies ? newAddressDelivery(db, row, sending) : undefined;
  const to = addressOf(first, row);
  if (!to) return undefined;
  const message = codeMessage(row, {
    to,
    code: sending.code,
    locale: first.locale ?? sending.locale,
    host: new URL(sending.issuer).host,
    // Asked for at the server's own sign-in, it still is some tenant's budget and countries that it goes by.
    tenantId: first.tenantId,
    tenantName: reached.length === 1 ? first.tenantName : undefined,
  });
  const personId = usernameOf(row.destination) === undefined ? undefined : first.userId;
  return { message, action: 'code.sent', told: reached, personId };
}

/**
 * Runs the job: at least once, so it may be repeated.
 * @param payload what `enqueueDelivery` sealed
 * @throws DeliveryError where it should be tried again
 */
export async function deliverCode(
  payload: unknown,
  deps: {
    db: Database;
    secrets: Secrets;
    messenger: Messenger;
    /** The configured issuer, for links and for the host that phones bind the code to. */
    issuer: string;
    /** `config.phone.countries` */
    phoneCountries: readonly string[];
    signal?: AbortSignal;
    /** No retry will follow. */
    isLastAttempt?: boolean;
  },
): Promise<void> {
  const { db, secrets, messenger, issuer, phoneCountries, signal, isLastAttempt } = deps;
  const { value } = openPayload(secrets, deliverCodeJob, payload);
  const { codeId, code, locale, origin } = payloadSchema.parse(value);
  const row = await findDeliverable(db, codeId);
  if (!row || row.settled || row.used || row.superseded) return;
  const delivery = row.expired ? undefined : await decide(db, row, { code, locale, issuer, phoneCountries });
  if (!delivery) {
    // Of an address that nobody has, nothing is kept: it neither went out nor failed.
    if (row.expired) await settleSend(db, row.id, false);
    return;
  }
  const { message, personId } = delivery;
  const codeHash = personId === undefined ? null : hashCode(secrets, row, code, personId);
  if (!(await mayReach(db, row, { address: message.to, codeHash }))) return;
  const outcome = await messenger.deliver(message, { id: row.id, signal, isLastAttempt });
  await inTransaction(db, async (trx) => {
    const caller: Caller = { type: 'system', ...origin };
    if (!(await settleSend(trx, row.id, outcome === 'sent')) || outcome !== 'sent') return;
    for (const { tenantId, userId } of delivery.told)
      await recordEvent(
        trx,
        {
          tenantId,
          action: delivery.action,
          entityType: 'user',
          entityId: userId,
          payload: { purpose: row.purpose, channel: row.channel },
        },
        caller,
      );
  });
}
