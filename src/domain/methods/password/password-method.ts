/** The password as a way to sign in. Owns where it is offered, and who is asked to choose one. */

import type { Provable, SignInMethod, SignInServer, Way } from '../../sign-in/method.ts';
import { checksOf, waitCheck } from '../../sign-in/rules.ts';
import { findHeldUp } from '../../sign-in/sign-in-failures.ts';
import { waysIn } from '../../sign-in/ways-in.ts';
import type { TenantSettings } from '../../tenants/tenant-settings.ts';
import { deletePasswordOf } from '../../users/identities.ts';
import { passwordRules } from './password-rules.ts';
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
  async explain(db, person, { secrets }) {
    const { tenantId, userId, email, phone } = person;
    const addresses = [email, phone].filter((address) => address !== null);
    const held = await findHeldUp(db, secrets, name, { tenantId, userId, addresses });
    const hasOne = await hasPassword(db, { tenantId, userId });
    const checks = [
      // It is typed beside an address; nobody is found by none.
      { refusal: 'unknown_account', passes: addresses.length > 0, seconds: null },
      ...checksOf(passwordRules, { ...person, hasPassword: hasOne }),
      { refusal: 'account_locked', passes: !held.locked, seconds: null },
      waitCheck('account_slowed', held.seconds),
    ];
    return [{ ...way, checks }];
  },
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
