/**
 * The address that a form begins with: what was typed on the page before, else what the application knows (`login_hint`), else
 * that of the person signed in here.
 */
import type { Interaction } from 'oidc-provider';
import { parseUsername } from '../../domain/users/username.ts';
import { findAccount } from '../../domain/users/users.ts';
import type { WebDependencies } from './context.ts';
import { keepInInteraction } from './proof.ts';

const mostCharacters = 254;

function looksLike(kind: 'email' | 'phone', address: string): boolean {
  return address.includes('@') === (kind === 'email');
}

function typedAddress(interaction: Interaction): string | undefined {
  return (interaction.lastSubmission as { typedAddress?: string } | undefined)?.typedAddress;
}

/** Keeps what a person has typed, for the form that they go on to. Emptied, it counts no more. */
export async function keepTypedAddress(interaction: Interaction, typed = ''): Promise<void> {
  const address = typed.trim().slice(0, mostCharacters) || undefined;
  if (address !== typedAddress(interaction)) await keepInInteraction(interaction, { typedAddress: address });
}

/** The kind of address that was typed, where one was. */
export function typedKind(interaction: Interaction): 'email' | 'phone' | undefined {
  const typed = typedAddress(interaction);
  if (typed === undefined) return undefined;
  if (looksLike('email', typed)) return 'email';
  return /\d{4}/.test(typed.replace(/\D/g, '')) ? 'phone' : undefined;
}

/** @param wanted.kind of which kind it has to be; any by default. Or a username, where they will do */
export async function suggestedAddress(
  web: Pick<WebDependencies, 'db'>,
  interaction: Interaction,
  { kind, usernames = false }: { kind?: 'email' | 'phone'; usernames?: boolean } = {},
): Promise<string> {
  const fits = (text: string) => !kind || looksLike(kind, text) || (usernames && parseUsername(text) !== undefined);
  const typed = typedAddress(interaction);
  if (typed !== undefined && fits(typed)) return typed;
  const hint = interaction.params.login_hint;
  if (typeof hint === 'string') return fits(hint) ? hint.slice(0, mostCharacters) : '';
  const wantsOther = interaction.prompt.name === 'select_account' || interaction.prompt.name === 'create';
  const known = wantsOther ? undefined : interaction.session?.accountId;
  const profile = known ? await findAccount(web.db, known) : undefined;
  const address = kind === 'phone' ? profile?.phone : profile?.email;
  return address ?? '';
}
