/** `gatehouse referrals`: by whose code people came. */
import type { Command } from 'commander';
import { systemCaller } from '../domain/audit/audit-events.ts';
import { listReferrals } from '../domain/referrals/listed-referrals.ts';
import { ensureReferralCode } from '../domain/referrals/referrals.ts';
import { operations } from '../management/operations.ts';
import { type CommandResult, performs } from './frame/command-action.ts';
import { addListOptions, collectPages, type ListOptions, moreOf } from './frame/list-options.ts';
import { tenantOf, userOf } from './frame/named.ts';
import { addOperations } from './frame/operation-commands.ts';
import { fields, table } from './frame/terminal-text.ts';
import { withDatabase } from './frame/with-database.ts';

const codeHelp = `
A person who signs up with the code is remembered as referred by this person, and counts when they sign in for the first
time. Applications pass it on as the parameter referral_code of the authorization request.

Example:
  gatehouse referrals code ada@example.com --tenant northwind`;

async function code({ tenant }: { tenant: string }, named = ''): Promise<CommandResult> {
  return withDatabase(async ({ db }) => {
    const { id: tenantId, slug } = await tenantOf(db, tenant);
    const user = await userOf(db, tenantId, named);
    const found = await ensureReferralCode(db, { tenantId, userId: user.id }, systemCaller);
    const { isActive, expiresAt } = found;
    return {
      data: { code: found.code, tenant: slug, user_id: user.id, active: isActive, expires_at: expiresAt },
      text: fields({ code: found.code, active: isActive, 'works until': expiresAt ?? undefined }),
    };
  });
}

interface ReferralListOptions extends ListOptions {
  tenant: string;
  by?: string;
}

async function list(options: ReferralListOptions): Promise<CommandResult> {
  return withDatabase(async ({ db }) => {
    const { id: tenantId } = await tenantOf(db, options.tenant);
    const referrerUserId = options.by === undefined ? undefined : (await userOf(db, tenantId, options.by)).id;
    const { items: found, next } = await collectPages(options, (page) =>
      listReferrals(db, { tenantId, referrerUserId, ...page }),
    );
    const lines = found.map((one) => [
      one.referrerUserId,
      one.referredUserId,
      one.status,
      one.createdAt,
      one.convertedAt,
      one.id,
    ]);
    return {
      data: {
        referrals: found.map((one) => ({
          id: one.id,
          referrer_user_id: one.referrerUserId,
          referred_user_id: one.referredUserId,
          status: one.status,
          created_at: one.createdAt,
          converted_at: one.convertedAt,
        })),
        next,
      },
      text: table(['by', 'who', 'status', 'signed up', 'counted', 'id'], lines, 'Nobody was referred.') + moreOf(next),
    };
  });
}

export function addReferrals(program: Command, description: string): void {
  const referrals = program.command('referrals').description(description);
  const ofTenant = ['--tenant <slug>', 'the tenant they are in'] as const;
  performs(
    referrals
      .command('code')
      .description('show the code of a person; it is made the first time')
      .argument('<user>', 'email address, phone number or id')
      .requiredOption(...ofTenant)
      .addHelpText('after', codeHelp),
    code,
  );
  performs(
    addListOptions(
      referrals
        .command('list')
        .description('list who came by whose code')
        .requiredOption(...ofTenant)
        .option('--by <user>', 'only those who came by the code of this person'),
    ),
    list,
  );
  addOperations(referrals, operations);
}
