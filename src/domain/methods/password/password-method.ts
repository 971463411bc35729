/** The password as a way to sign in. Owns where it is offered, and who is asked to choose one. */

import type { Provable, SignInMethod, SignInServer, Way } from '../../sign-in/method.ts';
import { waysIn } from '../../sign-in/ways-in.ts';
import type { TenantSettings } from '../../tenants/tenant-settings.ts';
import { deletePasswordOf } from '../../users/identities.ts';
import { hasPassword } from './password-store.ts';

const name = 'password';
const way: Way = { method: name, by: name };

/** Whether the tenant signs people in by password; where it is not known yet: yes. */
export function allowsPasswords(settings: TenantSettings | null): boolean {
  return settings === null || settings.signInMethods.includes(name);
}

export const passwordMethod: SignInMethod = {
  id: name,
  settingNames: [name],
  offers: (settings) => (allowsPasswords(settings) ? [way] : []),
  opens: (_way, { credentials }) => credentials.some((credential) => credential.name === name),
  credentialsOf: async (db, user) => ((await hasPassword(db, user)) ? [{ name }] : []),
  takeAway: async (trx, user) => ((await deletePasswordOf(trx, user)) ? [name] : []),
};

/**
 * Whether a new person chooses a password: `optional` where they could come in again without, `none` where the tenant has no
 * passwords.
 */
export function passwordChoice(
  settings: TenantSettings,
  server: SignInServer,
  person: Provable,
): 'required' | 'optional' | 'none' {
  if (!allowsPasswords(settings)) return 'none';
  return waysIn(settings, server, person).length > 0 ? 'optional' : 'required';
}
