/**
 * Sessions of people whom nobody knows yet. The library stores one where a page with a form is asked for, and not where
 * such a page is the answer to a form that came without a session: its cookie had run out, or it was sent again later.
 * That ended in an error of the server; here the session is stored then too, so that the form shown with the error works.
 */
import Provider, { type Provider as ProviderInstance } from 'oidc-provider';

/** How long a session without a person lives. */
export const anonymousSessionSeconds = 3600;

interface Session {
  id: string;
  exp?: number;
  persist(): Promise<unknown>;
  save(ttlSeconds: number): Promise<unknown>;
}

/** To be called for each provider that is built. `cookie`: the options of the session's cookie. */
export function storeAnonymousSessions(provider: ProviderInstance, cookie: object): void {
  const prototype = provider.Session.prototype as unknown as Session;
  const { persist } = prototype;
  prototype.persist = async function persistOrStore() {
    if (this.exp !== undefined) return persist.call(this);
    const oidc = Provider.ctx?.oidc as unknown as
      | { cookies: { set(name: string, value: string, options: object): void } }
      | undefined;
    oidc?.cookies.set(provider.cookieName('session'), this.id, cookie);
    return this.save(anonymousSessionSeconds);
  };
}
