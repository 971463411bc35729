/** Each channel as a tenant has it: who provides it, how its messages went, and how much of the day's budget is used. Reads alone. */
import type { Database } from '../../platform/database.ts';
import { budgetLeft } from '../../platform/rate-limits.ts';
import type { Tenant } from '../tenants/tenants.ts';
import { availableChannels, type MessageProvider } from './available-channels.ts';
import { type ChannelHealth, findChannelHealth } from './message-days.ts';
import { type Channel, kindOf } from './outgoing-message.ts';
import { budgetSubject, dailyBudget, type MessageBudgets } from './phone-policy.ts';

export interface ChannelStatus extends ChannelHealth {
  /** null: this server sends nothing by it. */
  provider: MessageProvider | null;
  /** Whether codes of the tenant may go by it. */
  isAllowed: boolean;
  /** Messages a day; SMS and WhatsApp share one budget. */
  dailyBudget: number;
  usedToday: number;
}

export const channels = ['email', 'sms', 'whatsapp'] as const satisfies readonly Channel[];

const untouched = { sent: 0, notSent: 0, lastSentAt: null, lastFailedAt: null, lastFailure: null, tookLast: null };

/** All of them, also one by which nothing goes. */
export async function findChannelStatus(
  db: Database,
  tenant: Tenant,
  server: { providers: ReadonlyMap<Channel, MessageProvider>; countries: readonly string[]; budgets: MessageBudgets },
): Promise<ChannelStatus[]> {
  const { providers, countries, budgets } = server;
  const allowed = availableChannels([...providers.keys()], tenant.settings, countries);
  const health = await findChannelHealth(db, tenant.id);
  const found: ChannelStatus[] = [];
  for (const channel of channels) {
    const kind = kindOf(channel);
    const daily = dailyBudget(kind, tenant, budgets);
    found.push({
      ...(health.find((one) => one.channel === channel) ?? { channel, ...untouched }),
      provider: providers.get(channel) ?? null,
      isAllowed: allowed.includes(channel),
      dailyBudget: daily,
      usedToday: daily - (await budgetLeft(db, budgetSubject(kind, tenant.id), daily)),
    });
  }
  return found;
}
