/** Identity providers in the configuration file, by their keys, with which of their assertions count. A secret is referred to. */
import { z } from 'zod';
import { clientSecretOf, listIdentityProviders } from '../../../domain/methods/federation/identity-providers.ts';
import { crossAppTerms } from '../../cross-app-terms.ts';
import { identityProviders } from '../../identity-providers.ts';
import { text } from '../../shapes.ts';
import {
  changedOf,
  type Entry,
  everyPage,
  type Found,
  type Scope,
  type SecretReference,
  type Section,
} from '../section.ts';
import { membersOf, requiredBodyOf, secretReference } from '../shapes-of-operations.ts';

const members = membersOf(identityProviders, 'identity_providers.update', { without: ['client_secret'] });
const terms = requiredBodyOf(crossAppTerms, 'identity_providers.cross_app.set');

export const providersSection: Section = {
  key: 'identity_providers',
  noun: 'identity provider',
  of: ['server', 'tenant'],
  name: text(32),
  entry: z.strictObject({
    issuer: text(500).optional().meta({ description: 'As its discovery document has it; it stays as it was made' }),
    ...members,
    client_secret: secretReference.optional(),
    state: z.enum(['active', 'disabled']).optional(),
    cross_app: terms
      .nullable()
      .optional()
      .meta({ description: 'Which of its assertions about people count; null: none' }),
  }),
  sets: ['scopes'],
  fixed: ['issuer'],
  secrets: ['client_secret'],
  async read({ db, deps, tenantId, isServer }) {
    const all = await everyPage((page) => listIdentityProviders(db, { tenantId, shared: isServer, ...page }));
    return new Map(
      all
        .filter((provider) => (provider.tenantId === null) === isServer)
        .map((provider): [string, Found] => {
          const { key, name, issuer, clientId, scopes, responseMode, claimMapping, state, crossApp } = provider;
          const entry: Entry = {
            name,
            issuer,
            client_id: clientId,
            scopes: [...scopes],
            response_mode: responseMode,
            claim_mapping: claimMapping as Entry,
            state,
            cross_app: crossApp && termsEntry(crossApp),
          };
          return [
            key,
            { id: key, entry, hasSecret: (_member, secret) => clientSecretOf(provider, deps.secrets) === secret },
          ];
        }),
    );
  },
  async add(scope, key, { client_secret: reference, state, cross_app: crossApp, ...entry }) {
    const body = { key, ...entry, ...secretBody(scope, reference), ...(scope.isServer && { all_tenants: true }) };
    await scope.perform('identity_providers.create', { body });
    await setTerms(scope, key, crossApp);
    if (state === 'disabled') await scope.perform('identity_providers.disable', { params: { key } });
    return key;
  },
  async change(scope, key, _found, wanted) {
    const { entry, changed } = wanted;
    const secret = changed.has('client_secret') ? secretBody(scope, entry.client_secret) : {};
    const body = { ...changedOf(wanted, Object.keys(members)), ...secret };
    if (Object.keys(body).length > 0) await scope.perform('identity_providers.update', { params: { key }, body });
    if (changed.has('cross_app')) await setTerms(scope, key, entry.cross_app ?? null);
    if (changed.has('state'))
      await scope.perform(entry.state === 'disabled' ? 'identity_providers.disable' : 'identity_providers.enable', {
        params: { key },
      });
  },
  async remove(scope, key) {
    await scope.perform('identity_providers.delete', { params: { key } });
  },
};

function termsEntry({
  clientIds,
  scopes,
  theirTenant,
}: {
  clientIds: readonly string[];
  scopes: readonly string[];
  theirTenant: string | null;
}): Entry {
  return {
    client_ids: [...clientIds],
    scopes: [...scopes],
    ...(theirTenant !== null && { their_tenant: theirTenant }),
  };
}

function secretBody({ secretOf }: Scope, reference: unknown): { client_secret?: string } {
  return reference === undefined ? {} : { client_secret: secretOf(reference as SecretReference) };
}

async function setTerms(scope: Scope, key: string, crossApp: unknown): Promise<void> {
  if (crossApp === undefined) return;
  if (crossApp === null) await scope.perform('identity_providers.cross_app.remove', { params: { key } });
  else await scope.perform('identity_providers.cross_app.set', { params: { key }, body: crossApp });
}
