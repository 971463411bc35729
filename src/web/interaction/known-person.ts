/**
 * Who is asked to prove themselves once more (`prompt=login`, `max_age`): the person who is signed in here, unless somebody
 * else may be meant. Their address is shown to the browser that holds their session.
 */
import type { Interaction } from 'oidc-provider';
import { parseAddress } from '../../domain/users/canonical-address.ts';
import { findAccount } from '../../domain/users/users.ts';
import { secondFactorReason } from '../../oidc/authorization/prompts.ts';
import type { InteractionContext, WebDependencies } from './context.ts';

/** Why the library asks for a sign-in of a person whom it knows. Every other reason may mean another person. */
const onceMore = new Set(['login_prompt', 'max_age', secondFactorReason]);

function isHintedAt({ params }: Interaction, addresses: readonly (string | null)[]): boolean {
  const { login_hint: hint } = params;
  if (typeof hint !== 'string') return true;
  const hinted = parseAddress(hint);
  return hinted !== undefined && addresses.includes('email' in hinted ? hinted.email : hinted.phone);
}

/** Their email address or phone number; undefined where anybody may sign in. */
export async function addressToConfirm(
  { db }: Pick<WebDependencies, 'db'>,
  { interaction, tenant }: InteractionContext,
): Promise<string | undefined> {
  const { name, reasons } = interaction.prompt;
  const accountId = interaction.session?.accountId;
  if (name !== 'login' || accountId === undefined || !reasons.every((reason) => onceMore.has(reason))) return undefined;
  const profile = await findAccount(db, accountId);
  if (!profile || (tenant && tenant.id !== profile.tenantId)) return undefined;
  const { email, phone } = profile;
  return isHintedAt(interaction, [email, phone]) ? (email ?? phone ?? undefined) : undefined;
}
