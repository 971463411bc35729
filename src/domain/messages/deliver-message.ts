/**
 * Delivers messages, in jobs. Owns what is asked before each one: is it still good, does its tenant stand, may messages go
 * to this number, is there budget left. Refuses to send before it has counted: of many deliveries at once, on all nodes, no
 * more go out than the day's budget. Every refusal and every failure for good is in the audit trail, without the address.
 */
import type { Logger } from 'pino';
import { type Database, firstRow } from '../../platform/database.ts';
import { DeliveryError } from '../../platform/delivery-error.ts';
import { DomainError } from '../../platform/errors.ts';
import type { JobContext, JobTask } from '../../platform/jobs/jobs.ts';
import type { Mailer } from '../../platform/mailer.ts';
import type { PhoneMessages } from '../../platform/phone-messages.ts';
import { giveBack, type Spent, spendBudget } from '../../platform/rate-limits.ts';
import type { Secrets } from '../../platform/secrets.ts';
import { recordEvent, systemCaller } from '../audit/audit-events.ts';
import { brandOf } from '../tenants/tenant-settings.ts';
import { findTenantById, type Tenant } from '../tenants/tenants.ts';
import { type CountedMessage, countMessage } from './message-days.ts';
import type { MessageMetrics } from './message-metrics.ts';
import type { MessageReader, MessageViews } from './message-views.ts';
import {
  type Channel,
  kindOf,
  type OutgoingMessage,
  openPayload,
  revivedMessage,
  sendMessageJob,
} from './outgoing-message.ts';
import { budgetSubject, checkPhone, dailyBudget } from './phone-policy.ts';

/**
 * `failed`: the provider will never take it. `refused`: the budget is used up, or nothing may go to this number or from this
 * tenant. Both are in the audit trail, and neither is to be tried again.
 */
export type DeliveryOutcome = 'sent' | 'refused' | 'expired' | 'failed';

/** What a delivery is told of its job. */
export interface DeliveryJob {
  /** Names the message over every retry. */
  id: string;
  signal?: AbortSignal;
  /** No further attempt will follow: any failure is one for good. */
  isLastAttempt?: boolean;
}

export interface Messenger {
  /**
   * Sends a message now. Called in a job of one of the queues of `messageQueue`, never in a request nor a transaction.
   * @throws DeliveryError (not permanent) where the job should be tried again
   */
  deliver(message: OutgoingMessage, job: DeliveryJob): Promise<DeliveryOutcome>;
}

export interface MessengerDependencies {
  db: Database;
  config: {
    readonly mail: { readonly dailyBudget: number };
    readonly phone: { readonly dailyBudget: number; readonly countries: readonly string[] };
  };
  views: MessageViews;
  mailer: Mailer | undefined;
  phone: PhoneMessages | undefined;
  /** Those that have a provider on this server (`configuredChannels`). */
  channels: readonly Channel[];
  metrics?: MessageMetrics;
  logger: Logger;
}

type Refusal =
  | 'budget_used_up'
  | 'channel_unavailable'
  | 'number_not_supported'
  | 'tenant_suspended'
  | 'tenant_unknown';

function refusalOf(
  message: OutgoingMessage,
  tenant: Tenant | undefined,
  { channels, config }: MessengerDependencies,
): Refusal | undefined {
  if (!channels.includes(message.channel)) return 'channel_unavailable';
  if (message.tenantId !== null && !tenant) return 'tenant_unknown';
  if (tenant && tenant.state !== 'active') return 'tenant_suspended';
  if (kindOf(message.channel) === 'email') return undefined;
  try {
    // Again: the countries may have changed since it was asked for.
    checkPhone(message.to, { serverCountries: config.phone.countries, tenant: tenant?.settings ?? null });
    return undefined;
  } catch (error) {
    if (error instanceof DomainError) return 'number_not_supported';
    throw error;
  }
}

async function record(
  action: 'message.refused' | 'message.failed',
  { tenantId, channel, template }: OutgoingMessage,
  { id, reason }: { id: string; reason: string },
  { db, logger }: MessengerDependencies,
): Promise<void> {
  await recordEvent(
    db,
    { tenantId, action, entityType: 'message', entityId: id, payload: { channel, template, reason } },
    systemCaller,
  );
  logger.warn({ messageId: id, channel, template, reason }, action);
}

/** A message bears the look of the tenant that it names. One about accounts of several names none, and bears the server's. */
function readerOf({ model, timeZone }: OutgoingMessage, tenant: Tenant | undefined): MessageReader {
  const isOfTenant = tenant !== undefined && 'tenantName' in model && model.tenantName === tenant.name;
  return { brand: isOfTenant ? brandOf(tenant) : undefined, timeZone };
}

async function send(
  message: OutgoingMessage,
  { id, signal, secondsLeft, tenant }: DeliveryJob & { secondsLeft: number | undefined; tenant: Tenant | undefined },
  { mailer, phone, views }: MessengerDependencies,
): Promise<void> {
  const { channel, to, template, model, locale } = message;
  const reader = readerOf(message, tenant);
  if (channel === 'email') {
    await mailer?.send({ id, to, ...views.mail(template, model, locale, reader) }, signal);
    return;
  }
  const code = template === 'code' && 'code' in model ? model.code : undefined;
  const text = views.short(template, model, locale, reader);
  await phone?.send({ channel, to, text, code, validForSeconds: secondsLeft }, signal);
}

/** What came of an attempt, and why where it did not go. */
interface Attempted {
  outcome: DeliveryOutcome;
  reason?: string;
}

/** After a failed attempt: what was certainly not sent is not counted. Throws where it should be tried again. */
async function settle(
  error: unknown,
  { message, job, spent }: { message: OutgoingMessage; job: DeliveryJob; spent: Spent },
  carriers: MessengerDependencies,
): Promise<Attempted> {
  if (!(error instanceof DeliveryError)) {
    await giveBack(carriers.db, spent);
    throw error;
  }
  if (error.notSent) await giveBack(carriers.db, spent);
  if (!error.permanent && !job.isLastAttempt) throw error;
  const { reason } = error;
  await record('message.failed', message, { id: job.id, reason }, carriers);
  return { outcome: 'failed', reason };
}

async function attempt(
  message: OutgoingMessage,
  job: DeliveryJob,
  carriers: MessengerDependencies,
): Promise<Attempted> {
  const { db, config } = carriers;
  const kind = kindOf(message.channel);
  const secondsLeft = message.expiresAt && (await secondsUntil(db, message.expiresAt));
  if (secondsLeft !== undefined && secondsLeft <= 0) return { outcome: 'expired' };

  const tenant = message.tenantId === null ? undefined : await findTenantById(db, message.tenantId);
  const refuse = async (reason: Refusal): Promise<Attempted> => {
    await record('message.refused', message, { id: job.id, reason }, carriers);
    return { outcome: 'refused', reason };
  };
  const refusal = refusalOf(message, tenant, carriers);
  if (refusal) return refuse(refusal);

  const budgets = { email: config.mail.dailyBudget, phone: config.phone.dailyBudget };
  const daily = dailyBudget(kind, tenant ?? null, budgets);
  const spent = await spendBudget(db, budgetSubject(kind, message.tenantId), daily);
  if (!spent) return refuse('budget_used_up');
  try {
    await send(message, { ...job, secondsLeft, tenant }, carriers);
    return { outcome: 'sent' };
  } catch (error) {
    return settle(error, { message, job, spent }, carriers);
  }
}

/** A message that went must not go again because it could not be counted. */
async function count(
  { tenantId, channel }: OutgoingMessage,
  counted: Pick<CountedMessage, 'outcome' | 'reason'>,
  { db, logger }: MessengerDependencies,
): Promise<void> {
  if (tenantId === null) return;
  try {
    await countMessage(db, { tenantId, channel, ...counted });
  } catch (err) {
    logger.warn({ err }, 'a message could not be counted');
  }
}

/** @throws where a channel has nobody who carries it: its messages would be counted as sent and go nowhere */
export function createMessenger(dependencies: MessengerDependencies): Messenger {
  const { mailer, phone, channels, metrics } = dependencies;
  for (const channel of channels)
    if (!(kindOf(channel) === 'email' ? mailer : phone)) throw new Error(`nobody carries messages by ${channel}`);
  return {
    async deliver(message, job) {
      try {
        const attempted = await attempt(message, job, dependencies);
        const { outcome } = attempted;
        metrics?.countMessage(message.channel, outcome);
        if (outcome !== 'expired') await count(message, { ...attempted, outcome }, dependencies);
        return outcome;
      } catch (error) {
        metrics?.countMessage(message.channel, 'retried');
        const reason = error instanceof DeliveryError ? error.reason : undefined;
        await count(message, { outcome: 'retried', reason }, dependencies);
        throw error;
      }
    },
  };
}

async function secondsUntil(db: Database, moment: Date): Promise<number> {
  const row = await firstRow<{ seconds: number }>(
    db,
    'select extract(epoch from :moment::timestamptz - clock_timestamp())::float8 as seconds',
    { moment: moment.toISOString() },
  );
  return row?.seconds ?? 0;
}

/** What a job passes on to `deliver`. */
function deliveryJob(id: string, job: JobContext): DeliveryJob {
  return { id, signal: job.signal, isLastAttempt: job.attempt >= job.maxAttempts };
}

/** The task of the job `send-message`. */
export function sendMessageTask(messenger: Messenger, { secrets }: { secrets: Secrets }): JobTask {
  return async (payload, job) => {
    const { id, value } = openPayload(secrets, sendMessageJob, payload);
    await messenger.deliver(revivedMessage(value), deliveryJob(id, job));
  };
}
