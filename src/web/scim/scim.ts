/**
 * The door for directories that fill this one: SCIM 2.0 (RFC 7643, RFC 7644) at `/scim/v2`. Translates, and calls the operations of
 * management; so authority, reach, limits and the trail are those of the management API. Owns its routes, its form of answers and
 * refusals, and that what became of a request is noted for who set it up.
 */
import Router from '@koa/router';
import type { Context, Middleware } from 'koa';
import compose from 'koa-compose';
import { noteProvisioningRequest } from '../../domain/provisioning/requests.ts';
import { isConnectionError } from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';
import type { I18n } from '../../platform/i18n.ts';
import type { Logger } from '../../platform/logger.ts';
import { readJson } from '../middleware/body.ts';
import { statusOf } from '../middleware/errors.ts';
import { acceptedLanguages } from '../pages/locale.ts';
import { performBulk } from './bulk.ts';
import { schemaDocuments, scimBodyBytes, serviceProviderConfig, typeDocuments } from './documents.ts';
import {
  type Door,
  type ListRequest,
  listRequest,
  objectOf,
  openDoor,
  type ScimDependencies,
  scimPath,
} from './door.ts';
import { createGroup, deleteGroup, listGroups, patchGroup, replaceGroup, showGroup } from './groups.ts';
import type { Json } from './schemas.ts';
import { errorBody, ScimError, type ScimType, scimStatusOf, scimTypeOf } from './scim-error.ts';
import { type Answered, createUser, deleteUser, listUsers, patchUser, replaceUser, showUser } from './users.ts';

type Dependencies = ScimDependencies & { i18n: I18n; logger: Logger };

interface Refusal {
  status: number;
  detail: string;
  scimType?: ScimType;
  /** Until it may be tried again. */
  seconds?: number;
}

/** Undefined for a bug, of which nothing is told. */
function refusalOf(ctx: Context, error: unknown, { i18n }: Dependencies): Refusal | undefined {
  if (error instanceof ScimError) return { status: error.status, detail: error.message, scimType: error.scimType };
  const translate = i18n.translator(i18n.negotiate(acceptedLanguages(ctx.get('accept-language'))));
  if (error instanceof DomainError) {
    const { seconds = 5 } = error.params;
    const { field, reason } = error.params;
    const more = [field, reason].filter((part) => part !== undefined).join(': ');
    const text = translate(`errors.${error.code}`, { seconds, ...error.params });
    return {
      status: scimStatusOf(error, statusOf(error)),
      detail: more === '' ? text : `${text} (${more})`,
      scimType: scimTypeOf(error),
      seconds: Number(seconds),
    };
  }
  if (isConnectionError(error))
    return { status: 503, detail: translate('errors.SERVICE_UNAVAILABLE', { seconds: 5 }), seconds: 5 };
  return undefined;
}

function sendRefusal(ctx: Context, { status, detail, scimType, seconds }: Refusal): void {
  if (status === 429 || status === 503) ctx.set('Retry-After', String(seconds ?? 5));
  if (status === 401 && ctx.response.get('WWW-Authenticate') === '') ctx.set('WWW-Authenticate', 'Bearer realm="scim"');
  ctx.status = status;
  ctx.body = errorBody(status, detail, scimType);
}

/** Everything that is answered here has SCIM's own form, also what no route takes. */
function inScimForm(deps: Dependencies): Middleware {
  return async (ctx, next) => {
    try {
      await next();
      if (ctx.body == null && ctx.status === 404) sendRefusal(ctx, { status: 404, detail: 'there is nothing here' });
      if (ctx.body == null && (ctx.status === 405 || ctx.status === 501))
        sendRefusal(ctx, { status: 405, detail: 'this cannot be done here' });
    } catch (error) {
      const refusal = refusalOf(ctx, error, deps);
      if (!refusal) deps.logger.error({ err: error, requestId: ctx.state.requestId }, 'request failed');
      sendRefusal(ctx, refusal ?? { status: 500, detail: `request ${ctx.state.requestId}` });
    }
    if (ctx.body != null) ctx.type = 'application/scim+json; charset=utf-8';
  };
}

/** The kinds of resources that are counted apart. */
const counted = new Set(['Users', 'Groups', 'Bulk']);

interface Outcome {
  status: number;
  scimType?: ScimType;
}

async function note(
  ctx: Context,
  { db, logger }: Dependencies,
  door: Door,
  { status, scimType }: Outcome,
): Promise<void> {
  const [, kind = ''] = /^\/scim\/v2\/(\w+)/.exec(ctx.path) ?? [];
  if (!counted.has(kind)) return;
  const { tenantId, actor } = door;
  const answer = { method: ctx.method, resource: kind, status, reason: scimType ?? '' };
  await noteProvisioningRequest(db, { tenantId, caller: actor.caller, ...answer }).catch((err: unknown) =>
    logger.warn({ err }, 'a request of a directory could not be noted'),
  );
}

type Handler = (door: Door, ctx: Context) => Promise<Answered>;

/** With whoever asks let in, and what became of it noted; a refusal too. */
function handled(deps: Dependencies, handler: Handler): Middleware {
  return async (ctx) => {
    const door = await openDoor(ctx as Context, deps);
    try {
      const answer = await handler(door, ctx as Context);
      await note(ctx as Context, deps, door, answer);
      send(ctx as Context, answer);
    } catch (error) {
      const refusal = refusalOf(ctx as Context, error, deps);
      await note(ctx as Context, deps, door, refusal ?? { status: 500 });
      throw error;
    }
  };
}

function send(ctx: Context, { status, body, version, location }: Answered): void {
  ctx.status = status;
  if (version !== undefined) ctx.set('ETag', version);
  if (location !== undefined && status === 201) ctx.set('Location', location);
  const isSame = ctx.method === 'GET' && version !== undefined && ctx.get('if-none-match').includes(version);
  if (isSame) ctx.status = 304;
  else if (body !== undefined) ctx.body = body;
}

const asked = (ctx: Context): ListRequest => listRequest(ctx.query as Json);
const ifMatchOf = (ctx: Context) => ctx.get('if-match') || undefined;
const changing = (ctx: Context) => ({ ifMatch: ifMatchOf(ctx), request: asked(ctx) });
const idOf = (ctx: Context) => String(ctx.params.id);

async function bodyOf(ctx: Context): Promise<unknown> {
  return readJson(ctx, { limitBytes: scimBodyBytes, types: ['application/scim+json'] }).catch((error: unknown) => {
    if (error instanceof DomainError && error.code === 'INVALID_INPUT')
      throw new ScimError(400, 'the body is no JSON', 'invalidSyntax');
    throw error;
  });
}

const kinds = {
  Users: {
    list: listUsers,
    show: showUser,
    create: createUser,
    replace: replaceUser,
    patch: patchUser,
    remove: deleteUser,
  },
  Groups: {
    list: listGroups,
    show: showGroup,
    create: createGroup,
    replace: replaceGroup,
    patch: patchGroup,
    remove: deleteGroup,
  },
} as const;

function mountKind(router: Router, deps: Dependencies, kind: keyof typeof kinds): void {
  const { list, show, create, replace, patch, remove } = kinds[kind];
  const at = `/${kind}`;
  router.get(
    at,
    handled(deps, async (door, ctx) => list(door, asked(ctx))),
  );
  router.post(
    at,
    handled(deps, async (door, ctx) => create(door, await bodyOf(ctx), asked(ctx))),
  );
  const search = handled(deps, async (door, ctx) => list(door, listRequest(objectOf(await bodyOf(ctx)))));
  router.post(`${at}/.search`, search);
  router.get(
    `${at}/:id`,
    handled(deps, async (door, ctx) => show(door, idOf(ctx), asked(ctx))),
  );
  router.put(
    `${at}/:id`,
    handled(deps, async (door, ctx) => replace(door, idOf(ctx), await bodyOf(ctx), changing(ctx))),
  );
  router.patch(
    `${at}/:id`,
    handled(deps, async (door, ctx) => patch(door, idOf(ctx), await bodyOf(ctx), changing(ctx))),
  );
  router.delete(
    `${at}/:id`,
    handled(deps, async (door, ctx) => remove(door, idOf(ctx), ifMatchOf(ctx))),
  );
}

function mountDocuments(router: Router, baseUrl: string): void {
  router.get('/ServiceProviderConfig', (ctx) => {
    ctx.body = serviceProviderConfig(baseUrl);
  });
  for (const [at, { list, one }] of [
    ['/ResourceTypes', typeDocuments],
    ['/Schemas', schemaDocuments],
  ] as const) {
    router.get(at, (ctx) => {
      // A filter would be answered as if it had been looked at (RFC 7644 section 4).
      if (ctx.query.filter !== undefined) throw new ScimError(403, 'no filter is taken here');
      ctx.body = list(baseUrl);
    });
    router.get(`${at}/:id`, (ctx) => {
      const found = one(String(ctx.params.id), baseUrl);
      if (!found) throw new ScimError(404, 'there is nothing here');
      ctx.body = found;
    });
  }
}

/** What belongs to the standard and is not done here. */
function refused(): never {
  throw new ScimError(501, 'this is not supported');
}

/** The routes below `/scim/v2`. */
export function scimRoutes(deps: Dependencies): Middleware {
  const router = new Router({ prefix: scimPath, sensitive: true });
  mountDocuments(router, deps.issuer + scimPath);
  for (const kind of ['Users', 'Groups'] as const) mountKind(router, deps, kind);
  const tell = (ctx: Context) => (error: unknown) => {
    const refusal = refusalOf(ctx, error, deps);
    if (!refusal || refusal.status === 503) return undefined;
    return { status: refusal.status, body: errorBody(refusal.status, refusal.detail, refusal.scimType) };
  };
  router.post(
    '/Bulk',
    handled(deps, async (door, ctx) => performBulk(door, await bodyOf(ctx), tell(ctx))),
  );
  // Whoever provisions is a program, and no person here.
  router.all('/Me', refused);
  router.post('/.search', refused);
  const here = compose([inScimForm(deps), router.routes() as Middleware, router.allowedMethods() as Middleware]);
  return (ctx, next) =>
    ctx.path === scimPath || ctx.path.startsWith(`${scimPath}/`) ? here(ctx, async () => {}) : next();
}
