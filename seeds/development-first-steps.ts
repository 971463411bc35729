/**
 * What the sample content has to try beside signing in: a tenant that takes people in, a referral code that counts when
 * somebody signs up with it, and an invitation, whose mail the server writes to a file when it starts. No invitation
 * where mail leaves for real: nobody sends strangers mail by trying a program out.
 */
import { join } from 'node:path';
import type { Config } from '../src/config.ts';
import { systemCaller } from '../src/domain/audit/audit-events.ts';
import { createInvitation } from '../src/domain/invitations/send-invitation.ts';
import { ensureReferralCode } from '../src/domain/referrals/referrals.ts';
import type { Database } from '../src/platform/database.ts';
import { createSecrets } from '../src/platform/secrets.ts';
import type { SampleTenant } from './development-content.ts';

/** Names and a code, no links: the issuer may be another at the next start. */
export interface FirstSteps {
  signUp: { tenant: string; tenantName: string; referralCode: string; referredBy: string };
  /** Absent where it was not sent to a file. */
  invitation?: { email: string; role: string };
}

interface LoadedTenant {
  id: string;
  userIds: ReadonlyMap<string, string>;
  roleIds: ReadonlyMap<string, string>;
  nodeIds: ReadonlyMap<string, string>;
}

/** Makes the referral code and the invitation of a tenant that was loaded in the same transaction. */
export async function loadFirstSteps(
  trx: Database,
  { name: tenantName, slug, people, referrer, invites }: SampleTenant,
  { id: tenantId, userIds, roleIds, nodeIds }: LoadedTenant,
  config: Config,
): Promise<FirstSteps | undefined> {
  const userId = referrer && userIds.get(referrer);
  if (!userId) return undefined;
  const { code } = await ensureReferralCode(trx, { tenantId, userId }, systemCaller);
  const referredBy = people.find(({ email }) => email === referrer)?.fullName ?? referrer;
  const signUp = { tenant: slug, tenantName, referralCode: code, referredBy };
  if (!config.mail.toFiles || !invites) return { signUp };
  const roleId = roleIds.get(invites.role) ?? '';
  const orgNodeId = nodeIds.get(invites.at ?? '') ?? '';
  await createInvitation(
    trx,
    { tenantId, email: invites.email, roleId, orgNodeId, expiresAt: inDays(30), locale: 'en' },
    {
      secrets: createSecrets(config.secretKeys),
      caller: systemCaller,
      issuer: config.issuer,
      channels: ['email'],
      phoneCountries: config.phone.countries,
      budgets: { email: config.mail.dailyBudget, phone: config.phone.dailyBudget },
    },
  );
  return { signUp, invitation: { email: invites.email, role: invites.role } };
}

function inDays(days: number): Date {
  return new Date(Date.now() + days * 86_400_000);
}

/** The lines of a start that say what there is to try, and where mail can be read. */
export function describeFirstSteps(steps: FirstSteps | undefined, { issuer, mail, dataDirectory }: Config): string[] {
  const lines: string[] = [];
  if (steps) {
    const { tenant, tenantName, referralCode, referredBy } = steps.signUp;
    const query = new URLSearchParams({ tenant, prompt: 'create', referral_code: referralCode });
    lines.push(`  Sign up at ${tenantName}, referred by ${referredBy}:`, '', `    ${issuer}/account?${query}`, '');
  }
  if (mail.toFiles) {
    lines.push('  Mail is written here, a file each, and the log tells of each one:', '');
    lines.push(`    ${join(dataDirectory, 'mail')}`, '');
    const { invitation } = steps ?? {};
    if (invitation) lines.push(`  The first of them invites ${invitation.email} to be a ${invitation.role}.`, '');
  }
  return lines;
}
