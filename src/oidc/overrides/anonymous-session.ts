/**
 * Sessions of people whom nobody knows yet. Such a session is stored also where a page with a form is the answer to a form
 * that came without a session: its cookie had run out, or it was sent again later. So the form shown with the error works.
 */
import Provider from 'oidc-provider';
import { anonymousSessionSeconds } from '../lifetimes.ts';
import { type Override, replaceMethod } from './override.ts';

interface Session {
  id: string;
  exp?: number;
  persist(): Promise<unknown>;
  save(ttlSeconds: number): Promise<unknown>;
}

export const anonymousSession: Override = {
  name: 'anonymous-session',
  why: 'The library stores a session where a page with a form is asked for, and ends in an error where one is the answer.',
  apply({ provider }, { sessionCookie }) {
    replaceMethod(
      provider.Session.prototype as unknown as Session,
      'persist',
      (persist) =>
        async function persistOrStore(this: Session) {
          if (this.exp !== undefined) return persist.call(this);
          const oidc = Provider.ctx?.oidc as unknown as
            | { cookies: { set(name: string, value: string, options: object): void } }
            | undefined;
          oidc?.cookies.set(provider.cookieName('session'), this.id, sessionCookie);
          return this.save(anonymousSessionSeconds);
        },
    );
  },
};
