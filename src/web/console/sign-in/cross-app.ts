/** Which assertions of an identity provider count (cross-app access): shown on its page, set and taken away as a whole. */
import type Router from '@koa/router';
import { askList, mayAsk } from '../ask.ts';
import { mountDeed } from '../deed.ts';
import type { FieldSpec } from '../fields.ts';
import { mountForm } from '../form.ts';
import { scopesField } from '../services/capabilities.ts';
import { type ConsoleDependencies, hrefTo, type Visit } from '../visit.ts';
import { type CrossAppTerms, type Provider, providerParams, providerPath, readProvider } from './provider-page.ts';

export interface TrustModel {
  /** Undefined: none count. */
  terms?: CrossAppTerms;
  /** Absent for who may not. */
  setHref?: string;
  removeHref?: string;
}

/** Undefined for a provider of all tenants, which vouches for nobody. */
export async function trustOf(
  visit: Visit,
  { tenant_id: tenantId, cross_app: terms }: Provider,
): Promise<TrustModel | undefined> {
  if (tenantId === null) return undefined;
  const params = providerParams(visit);
  const href = async (operation: string, path: string, body: object = {}) =>
    (await mayAsk(visit, operation, { params, body })) ? hrefTo(visit, `${providerPath(visit)}/${path}`) : undefined;
  return {
    ...(terms && { terms, removeHref: await href('identity_providers.cross_app.remove', 'cross-app/remove') }),
    setHref: await href('identity_providers.cross_app.set', 'cross-app', { scopes: [] }),
  };
}

/** Applications of the tenant that prove themselves are chosen; who may not read them names them, one a line. */
async function clientsField(visit: Visit): Promise<FieldSpec> {
  const name = 'client_ids';
  if (!(await mayAsk(visit, 'clients.list'))) return { name, kind: 'lines' };
  const query = { kind: 'web', limit: 200 };
  const { items } = await askList<{ client_id: string; name: string; tenant: string | null; secrets: number }>(
    visit,
    'clients.list',
    { query },
  );
  const options = items
    .filter(({ tenant }) => tenant !== null)
    .map(({ client_id: value, name: label }) => ({ value, label: `${label} (${value})` }));
  return { name, kind: 'checks', options, optional: true };
}

async function stored(visit: Visit) {
  const { body } = await readProvider(visit);
  const { cross_app: terms, name: subject } = body;
  return { stored: terms ?? { client_ids: [], scopes: [], their_tenant: null }, subject };
}

/** Mounts the form and the deed. */
export function mountTrust(router: Router, deps: ConsoleDependencies): void {
  const shared = { section: 'sign-in', back: providerPath } as const;
  mountForm(router, deps, {
    ...shared,
    path: '/sign-in/providers/:key/cross-app',
    operation: 'identity_providers.cross_app.set',
    words: 'console.sign_in.cross_app.set',
    fields: async (visit) => [
      await clientsField(visit),
      await scopesField(visit, 'scopes', (await readProvider(visit)).body.cross_app?.scopes),
      { name: 'their_tenant', kind: 'text', optional: true, empty: 'null', maxLength: 255 },
    ],
    params: providerParams,
    read: stored,
    // The terms go as a whole.
    complete: async (body, visit) => ({ ...(await stored(visit)).stored, ...body }),
    fresh: true,
    notice: 'cross_app_set',
  });
  mountDeed(router, deps, {
    ...shared,
    path: '/sign-in/providers/:key/cross-app/remove',
    operation: 'identity_providers.cross_app.remove',
    words: 'console.sign_in.cross_app.remove',
    input: (visit) => ({ params: providerParams(visit) }),
    subject: async (visit) => (await readProvider(visit)).body.name,
    effects: async () => [{ key: 'refused' }, { key: 'tokens' }, { key: 'links' }],
    isDangerous: true,
    notice: 'cross_app_removed',
  });
}
