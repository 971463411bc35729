/** Passkeys as a way to sign in. Owns where they are offered, and to whom they open. */
import type { SignInMethod, Way } from '../../sign-in/method.ts';
import { checksOf } from '../../sign-in/rules.ts';
import { allowsPasskeys, passkeyRules } from './passkey-rules.ts';
import { deletePasskeysOf, hasPasskey } from './passkey-store.ts';

const name = 'passkey';
const way: Way = { method: name, by: name };

export const passkeyMethod: SignInMethod = {
  id: name,
  settingNames: [name],
  offers: (settings) => (allowsPasskeys(settings) ? [way] : []),
  opens: (_way, { credentials }) => credentials.some((credential) => credential.name === name),
  async explain(db, person) {
    const { tenantId, userId } = person;
    const hasOne = await hasPasskey(db, { tenantId, userId });
    const checks = [...checksOf(passkeyRules, person), { refusal: 'no_passkey', passes: hasOne, seconds: null }];
    return [{ ...way, checks }];
  },
  credentialsOf: async (db, user) => ((await hasPasskey(db, user)) ? [{ name }] : []),
  takeAway: async (trx, user) => ((await deletePasskeysOf(trx, user)) > 0 ? [name] : []),
};
