/**
 * What stands in `Authorization: Basic` (RFC 6749 section 2.3.1). A public client that sends its id there, with an empty
 * password, is served as one that sends `client_id`. Credentials that nobody can have, such as a secret beyond ASCII, are
 * wrong credentials, and answered as such (section 5.2).
 */
import { randomBytes } from 'node:crypto';
import type { Context, Next } from 'koa';
import type { Provider } from 'oidc-provider';
import { changeForm, formEndpoints } from '../request-form.ts';
import type { Override } from './override.ts';

interface Credentials {
  /** Undefined where the bytes stand for nothing that a client could be registered with. */
  id: string | undefined;
  secret: string | undefined;
}

/** Of no client: nobody else knows them. */
const noId = randomBytes(16).toString('base64url');
const noSecret = randomBytes(32).toString('base64url');

/** A part as RFC 6749 appendix B writes it, of the characters that ids and secrets have (VSCHAR). */
function decoded(part: string): string | undefined {
  try {
    const text = decodeURIComponent(part.replaceAll('+', '%20'));
    return /^[\x20-\x7e]*$/.test(text) ? text : undefined;
  } catch {
    return undefined;
  }
}

/** An id and a secret, in characters that stand for themselves: the library has nothing else to say of them than we. */
const ordinary = /^[\w.~-]+:[\w.~-]+$/;

/** Undefined where there is nothing to correct: the header is another one, or ordinary, or malformed, which the library says. */
function credentialsOf(authorization: string): Credentials | undefined {
  const [, base64 = ''] = /^basic ([A-Za-z0-9+/]+={0,2})$/i.exec(authorization) ?? [];
  const text = Buffer.from(base64, 'base64').toString('utf8');
  if (ordinary.test(text)) return undefined;
  const [, id, secret] = /^([^:]*):(.*)$/s.exec(text) ?? [];
  if (id === undefined || secret === undefined) return undefined;
  return { id: decoded(id), secret: decoded(secret) };
}

function refuse(ctx: Context, id: string | undefined): void {
  const wrong = `${encodeURIComponent(id || noId)}:${noSecret}`;
  ctx.req.headers.authorization = `Basic ${Buffer.from(wrong).toString('base64')}`;
}

async function isPublic(provider: Provider, id: string): Promise<boolean> {
  return (await provider.Client.find(id))?.clientAuthMethod === 'none';
}

export const basicCredentials: Override = {
  name: 'basic-credentials',
  why: 'The library answers an empty password and a secret beyond ASCII with 400 invalid_request.',
  apply({ provider }) {
    const paths = new Set(formEndpoints.map((name) => provider.pathFor(name, { mountPath: '' })));
    async function correct(ctx: Context, next: Next, { id, secret }: Credentials): Promise<unknown> {
      if (!id || secret === undefined || !(await isPublic(provider, id))) {
        refuse(ctx, id);
        return next();
      }
      return changeForm(ctx, next, (form) => {
        const named = form.getAll('client_id');
        const isAnother = named.length > 1 || (named[0] ?? id) !== id;
        // Two clients, or two proofs: the library has words for that.
        if (isAnother || form.has('client_secret') || form.has('client_assertion')) return refuse(ctx, id);
        delete ctx.req.headers.authorization;
        form.set('client_id', id);
      });
    }
    provider.use((ctx, next) => {
      const credentials = paths.has(ctx.path) ? credentialsOf(ctx.get('authorization')) : undefined;
      if (!credentials || (credentials.id && credentials.secret)) return next();
      return correct(ctx, next, credentials);
    });
  },
};
