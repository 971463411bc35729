/** Accounts at other OpenID providers as a way to sign in: each provider that a tenant's people are offered is one. */
import type { SignInMethod, SignInServer } from '../../sign-in/method.ts';
import { checksOf } from '../../sign-in/rules.ts';
import { deleteIdentitiesOf } from '../../users/identities.ts';
import { isIssuerOf } from './entra-issuers.ts';
import { federationRules } from './federation-rules.ts';
import { listIdentityProviders } from './identity-providers.ts';
import { selectIdentities } from './identity-store.ts';

const id = 'federation';

type OfferedProvider = NonNullable<SignInServer['providers']>[number];

/** A provider that was made anew under an old key is another one. */
function isAt({ name, issuer = '' }: { name: string; issuer?: string }, provider: OfferedProvider): boolean {
  return name === provider.key && isIssuerOf(provider.issuer, issuer);
}

export const federationMethod: SignInMethod = {
  id,
  settingNames: [],
  // Which of them the tenant allows is in `providers` already (`offeredProviders`).
  offers: (_settings, { providers = [] }) => providers.map(({ key }) => ({ method: id, by: key })),
  opens: ({ by }, { credentials }, { server }) =>
    (server.providers ?? []).some(
      (provider) => provider.key === by && credentials.some((credential) => isAt(credential, provider)),
    ),
  async explain(db, person, { settings }) {
    const { tenantId, userId } = person;
    const { items } = await listIdentityProviders(db, { tenantId, shared: true, limit: 200 });
    const linked = await selectIdentities(db, { tenantId, userId });
    return items.map((provider) => ({
      method: id,
      by: provider.key,
      checks: [
        ...checksOf(federationRules, { ...person, settings, provider }),
        {
          refusal: 'not_linked',
          passes: linked.some(({ provider: name, issuer }) => isAt({ name, issuer }, provider)),
          seconds: null,
        },
      ],
    }));
  },
  async credentialsOf(db, user) {
    return (await selectIdentities(db, user)).map(({ provider, issuer }) => ({ name: provider, issuer }));
  },
  takeAway: deleteIdentitiesOf,
};
