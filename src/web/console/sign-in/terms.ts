/**
 * What a tenant asks of an identity provider, its own or one of all tenants: whose accounts it takes, and for which domains the
 * provider's word links an account.
 */
import type Router from '@koa/router';
import { ask } from '../ask.ts';
import { mountForm } from '../form.ts';
import { readSettings } from '../settings/groups.ts';
import type { ConsoleDependencies, Visit } from '../visit.ts';

export interface ProviderTerms {
  required_hosted_domain: string | null;
  trusted_email_domains: string[];
}

/** A way to sign in that the settings may name. */
export interface NamableMethod {
  method: string;
  /** The name of a provider of all tenants; null: a way of the program's own. */
  provider: string | null;
  is_active: boolean;
}

export async function readNamableMethods(visit: Visit): Promise<NamableMethod[]> {
  return (await ask<{ items: NamableMethod[] }>(visit, 'tenants.sign_in_methods')).body.items;
}

/** What is asked of a provider now, and the version of the settings. */
export async function readTerms(visit: Visit, key: string): Promise<{ terms: ProviderTerms; etag?: string }> {
  const { body, etag } = await readSettings(visit);
  const found = (body.federation as Record<string, ProviderTerms>)[key];
  return { terms: found ?? { required_hosted_domain: null, trusted_email_domains: [] }, etag };
}

/** Its name, where it is the tenant's or everybody's. @throws DomainError not_found NOT_FOUND */
async function nameOf(visit: Visit, key: string): Promise<string> {
  const shared = (await readNamableMethods(visit)).find(({ method, provider }) => method === key && provider !== null);
  if (shared?.provider) return shared.provider;
  return (await ask<{ name: string }>(visit, 'identity_providers.get', { params: { key } })).body.name;
}

const keyOf = ({ params }: Visit) => params.key ?? '';

/** Mounts `/sign-in/terms/<key>`. */
export function mountTerms(router: Router, deps: ConsoleDependencies): void {
  mountForm(router, deps, {
    path: '/sign-in/terms/:key',
    section: 'sign-in',
    operation: 'tenants.settings.update',
    words: 'console.sign_in.terms',
    fields: () => [
      { name: 'required_hosted_domain', kind: 'text', optional: true, empty: 'null', maxLength: 253 },
      { name: 'trusted_email_domains', kind: 'lines', optional: true },
    ],
    read: async (visit) => {
      const subject = await nameOf(visit, keyOf(visit));
      const { terms, etag } = await readTerms(visit, keyOf(visit));
      return { stored: terms, etag, subject };
    },
    complete: (body, visit) => ({ federation: { [keyOf(visit)]: body } }),
    back: () => '/sign-in/providers',
    notice: 'saved',
  });
}
