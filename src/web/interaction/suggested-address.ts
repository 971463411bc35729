/** The address that a form begins with: what the application knows (`login_hint`), else that of the person signed in here. */
import type { Interaction } from 'oidc-provider';
import { findAccount } from '../../domain/users/users.ts';
import type { WebDependencies } from './context.ts';

const mostCharacters = 254;

function looksLike(kind: 'email' | 'phone', address: string): boolean {
  return address.includes('@') === (kind === 'email');
}

/** @param kind of which kind it has to be; any by default */
export async function suggestedAddress(
  web: Pick<WebDependencies, 'db'>,
  interaction: Interaction,
  kind?: 'email' | 'phone',
): Promise<string> {
  const hint = interaction.params.login_hint;
  if (typeof hint === 'string') return kind && !looksLike(kind, hint) ? '' : hint.slice(0, mostCharacters);
  const wantsOther = interaction.prompt.name === 'select_account' || interaction.prompt.name === 'create';
  const known = wantsOther ? undefined : interaction.session?.accountId;
  const profile = known ? await findAccount(web.db, known) : undefined;
  const address = kind === 'phone' ? profile?.phone : profile?.email;
  return address ?? '';
}
