/**
 * Where applications register themselves (RFC 7591) and look after what they registered (RFC 7592). Answers in the words of
 * the two documents. Refuses whoever has no initial access token; counts by address before anything is looked up, and by
 * token before anything is made.
 */
import Router from '@koa/router';
import type { Context, Middleware } from 'koa';
import compose from 'koa-compose';
import type { Caller } from '../../domain/audit/audit-events.ts';
import { deleteClient } from '../../domain/lifecycle/end-client.ts';
import { toldMembers } from '../../domain/registration/asked-metadata.ts';
import { openInitialAccessToken } from '../../domain/registration/initial-access-tokens.ts';
import { registrationLimits } from '../../domain/registration/registration-rules.ts';
import {
  changeRegistered,
  findRegistered,
  type RegisteredClient,
  registerByToken,
  type TakesClients,
} from '../../domain/registration/registrations.ts';
import { registrationPath } from '../../oidc/provider.ts';
import type { AddressLimits } from '../../platform/address-limits.ts';
import type { Database } from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';
import { consume } from '../../platform/rate-limits.ts';
import { readJson } from '../middleware/body.ts';
import { statusOf } from '../middleware/errors.ts';
import { allowScripts } from './cross-origin.ts';

interface RegisterDependencies {
  db: Database;
  issuer: string;
  limits: AddressLimits;
  registration: TakesClients;
}

/** Metadata is short; a set of keys is the longest of it. */
const limitBytes = 16 * 1024;

function originOf(ctx: Context): Pick<Caller, 'ip' | 'userAgent' | 'requestId'> {
  return { ip: ctx.ip, userAgent: ctx.get('user-agent') || undefined, requestId: ctx.state.requestId };
}

function bearerOf(ctx: Context): string {
  return /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i.exec(ctx.get('authorization'))?.[1] ?? '';
}

const tokenRefused = () => new DomainError('unauthenticated', 'REGISTRATION_TOKEN_INVALID');

/** RFC 7591 section 3.2.1, RFC 7592 section 3. */
function told({ client, createdAt, clientSecret }: RegisteredClient, { issuer }: RegisterDependencies, token: string) {
  const { metadata, clientId, name } = client;
  const members = Object.fromEntries(toldMembers.map((member) => [member, metadata[member]]));
  return {
    client_id: clientId,
    client_id_issued_at: Math.floor(createdAt.getTime() / 1000),
    ...(clientSecret !== undefined && { client_secret: clientSecret, client_secret_expires_at: 0 }),
    client_name: name,
    ...members,
    scope: (metadata.allowed_scopes as string[]).join(' '),
    registration_access_token: token,
    registration_client_uri: `${issuer}${registrationPath}/${clientId}`,
  };
}

/** RFC 7591 section 3.2.2; RFC 6750 section 3.1 for the tokens. */
function errorOf({ code, params }: DomainError): { error: string; error_description: string } {
  if (code === 'REGISTRATION_TOKEN_INVALID')
    return { error: 'invalid_token', error_description: 'the token is missing, has ended, or is not for this' };
  if (code === 'ACCESS_DENIED')
    return { error: 'access_denied', error_description: 'the tenant lets no application register' };
  if (code === 'TOO_MANY_ATTEMPTS')
    return { error: 'temporarily_unavailable', error_description: `try again in ${params.seconds} seconds` };
  const { field, reason, value } = params;
  const description = [field, reason ?? 'it cannot be used', value].filter((part) => part !== undefined).join(': ');
  const isRedirect = field === 'redirect_uris' || field === 'post_logout_redirect_uris';
  // RFC 6749 section 5.2 has the characters.
  const text = description.replace(/[^\x20\x21\x23-\x5b\x5d-\x7e]/g, '?').slice(0, 300);
  return { error: isRedirect ? 'invalid_redirect_uri' : 'invalid_client_metadata', error_description: text };
}

/** Refusals that are told in the words of the protocol; others are the server's. */
const ownCodes = new Set<string>([
  'REGISTRATION_TOKEN_INVALID',
  'ACCESS_DENIED',
  'TOO_MANY_ATTEMPTS',
  'INVALID_INPUT',
  'FIELD_REQUIRED',
]);

const answerInTheirWords: Middleware = async (ctx, next) => {
  try {
    await next();
  } catch (error) {
    if (!(error instanceof DomainError) || !ownCodes.has(error.code)) throw error;
    ctx.status = statusOf(error);
    if (error.kind === 'invalid') ctx.status = 400;
    if (ctx.status === 429) ctx.set('Retry-After', String(error.params.seconds));
    const body = errorOf(error);
    if (ctx.status === 401) ctx.set('WWW-Authenticate', `Bearer error="${body.error}"`);
    ctx.body = body;
  }
};

async function register(ctx: Context, deps: RegisterDependencies): Promise<void> {
  const { db, limits } = deps;
  await limits.consume(db, registrationLimits.registrationsPerIp, ctx.ip);
  const token = await openInitialAccessToken(db, bearerOf(ctx));
  if (!token) throw tokenRefused();
  await consume(db, registrationLimits.registrationsPerToken, token.id);
  const asked = await readJson(ctx, { limitBytes });
  const { registrationToken, ...made } = await registerByToken(db, { token, asked }, deps.registration, originOf(ctx));
  ctx.status = 201;
  ctx.body = told(made, deps, registrationToken);
}

/** Counts a look, and reads what is presented. */
async function presented(ctx: Context, { db, limits }: RegisterDependencies) {
  await limits.consume(db, registrationLimits.registrationLooksPerIp, ctx.ip);
  return { clientId: String(ctx.params.clientId), registrationToken: bearerOf(ctx) };
}

async function read(ctx: Context, deps: RegisterDependencies): Promise<void> {
  const what = await presented(ctx, deps);
  const found = await findRegistered(deps.db, what);
  if (!found) throw tokenRefused();
  ctx.body = told(found, deps, what.registrationToken);
}

async function change(ctx: Context, deps: RegisterDependencies): Promise<void> {
  const what = await presented(ctx, deps);
  if (!(await findRegistered(deps.db, what))) throw tokenRefused();
  const asked = await readJson(ctx, { limitBytes });
  const changed = await changeRegistered(deps.db, { ...what, asked }, deps.registration, originOf(ctx));
  if (!changed) throw tokenRefused();
  ctx.body = told(changed, deps, what.registrationToken);
}

async function remove(ctx: Context, deps: RegisterDependencies): Promise<void> {
  const what = await presented(ctx, deps);
  const found = await findRegistered(deps.db, what);
  if (!found) throw tokenRefused();
  const { clientId } = found.client;
  await deleteClient(deps.db, clientId, { type: 'client', id: clientId, ...originOf(ctx) });
  ctx.status = 204;
}

/** `/register`, and what is below it. */
export function registerRoutes(deps: RegisterDependencies): Middleware {
  const router = new Router({ sensitive: true });
  router.post(registrationPath, (ctx) => register(ctx as Context, deps));
  router.get(`${registrationPath}/:clientId`, (ctx) => read(ctx as Context, deps));
  router.put(`${registrationPath}/:clientId`, (ctx) => change(ctx as Context, deps));
  router.delete(`${registrationPath}/:clientId`, (ctx) => remove(ctx as Context, deps));
  const routes = compose([answerInTheirWords, router.routes() as Middleware, router.allowedMethods() as Middleware]);
  return (ctx, next) => {
    if (ctx.path !== registrationPath && !ctx.path.startsWith(`${registrationPath}/`)) return next();
    // Nothing that a browser sends by itself counts here, so any page may ask.
    return allowScripts(ctx, 'GET,POST,PUT,DELETE') ? undefined : routes(ctx, next);
  };
}
