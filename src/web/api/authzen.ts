/**
 * The OpenID AuthZEN Authorization API 1.0: a policy decision point for APIs. Subjects are users, actions are capability
 * keys, resources are organisation nodes (`org_node`). Refuses callers that are no registered API; tells nothing of tenants and
 * capabilities that are not the asker's.
 */
import Router from '@koa/router';
import type { Context, Middleware } from 'koa';
import { z } from 'zod';
import {
  type Asker,
  isPermitted,
  permittedActions,
  permittedNodes,
  permittedUsers,
} from '../../domain/access/decisions.ts';
import { findLiveClient } from '../../domain/clients/client-store.ts';
import { verifyClientSecret } from '../../domain/clients/clients.ts';
import type { Database } from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';
import {
  boundedLimit,
  type CursorScope,
  emptyPage,
  openCursor,
  type Page,
  type PageRequest,
  sealCursor,
} from '../../platform/paging.ts';
import type { Secrets } from '../../platform/secrets.ts';
import { readJson } from '../middleware/body.ts';
import { statusOf } from '../middleware/errors.ts';

/** Paths of the HTTPS binding, with their metadata parameters. */
const endpoints = {
  access_evaluation_endpoint: '/access/v1/evaluation',
  access_evaluations_endpoint: '/access/v1/evaluations',
  search_subject_endpoint: '/access/v1/search/subject',
  search_resource_endpoint: '/access/v1/search/resource',
  search_action_endpoint: '/access/v1/search/action',
} as const;

const userType = 'user';
const nodeType = 'org_node';
const mostEvaluations = 100;

const key = z.string().min(1).max(500);
const entity = z.object({ type: key, id: key });
const typed = z.object({ type: key });
const action = z.object({ name: key });
const page = z.object({ token: z.string().max(2000).optional(), limit: z.int().min(0).optional() }).optional();

const evaluation = z.object({ subject: entity, action, resource: entity });
const evaluations = z.object({
  subject: entity.optional(),
  action: action.optional(),
  resource: entity.optional(),
  evaluations: z
    .array(z.object({ subject: entity.optional(), action: action.optional(), resource: entity.optional() }))
    .max(mostEvaluations)
    .optional(),
  options: z
    .object({
      evaluations_semantic: z.enum(['execute_all', 'deny_on_first_deny', 'permit_on_first_permit']).optional(),
    })
    .optional(),
});
const subjectSearch = z.object({ subject: typed, action, resource: entity, page });
const resourceSearch = z.object({ subject: entity, action, resource: typed, page });
const actionSearch = z.object({ subject: entity, resource: entity, page });

type Evaluation = z.output<typeof evaluation>;

interface AuthzenDependencies {
  db: Database;
  secrets: Secrets;
  issuer: string;
}

/** The body's message where the request is at fault; the status says which. */
class RequestFault extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

function parse<T extends z.ZodType>(schema: T, body: unknown): z.output<T> {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new RequestFault(400, `${issue?.path.join('.') || 'body'}: ${issue?.message ?? 'invalid'}`);
}

/** RFC 6749 section 2.3.1: id and secret are form-encoded before they go into the Basic header. */
function basicCredentials(header: string): { clientId: string; clientSecret: string } | undefined {
  const [, encoded] = /^Basic +([A-Za-z0-9+/]+=*)$/i.exec(header) ?? [];
  if (!encoded) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon < 1) return undefined;
  try {
    const decode = (part: string) => decodeURIComponent(part.replaceAll('+', ' '));
    return { clientId: decode(text.slice(0, colon)), clientSecret: decode(text.slice(colon + 1)) };
  } catch {
    return undefined;
  }
}

async function authenticate(db: Database, header: string): Promise<Asker> {
  const credentials = basicCredentials(header);
  const wellFormed = credentials && /^[\x21-\x7e]{1,100}$/.test(credentials.clientId);
  const client = wellFormed ? await findLiveClient(db, credentials.clientId) : undefined;
  if (!client || !credentials || !(await verifyClientSecret(db, client.clientId, credentials.clientSecret)))
    throw new RequestFault(401, 'authenticate as a registered API by client_id and client_secret');
  if (client.resourceServerId === null) throw new RequestFault(403, 'the client is no registered API');
  return { tenantId: client.tenantId, resourceServerId: client.resourceServerId };
}

function opened(secrets: Secrets, scope: CursorScope, token: string): { after: string; limit: number } {
  try {
    return openCursor(secrets, scope, token);
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    throw new RequestFault(400, 'page.token: does not belong to this search, or is too old');
  }
}

/** A page token goes on with this search of this asker, at the page size it began with, and with nothing else. */
async function search<T>(
  secrets: Secrets,
  { list, asker, question }: { list: string; asker: Asker; question: { page?: z.output<typeof page> } },
  find: (page: PageRequest) => Promise<Page<T>>,
  result: (found: T) => object,
): Promise<object> {
  const { page: asked, ...entities } = question;
  const { tenantId, resourceServerId } = asker;
  const scope: CursorScope = { list, within: tenantId, filter: { resourceServerId, entities } };
  const from = asked?.token ? opened(secrets, scope, asked.token) : undefined;
  const limit = from?.limit ?? boundedLimit(asked?.limit || undefined);
  if (from && asked?.limit !== undefined && asked.limit !== limit)
    throw new RequestFault(400, 'page.limit: differs from the search that gave the token');
  const { items, next } = await find({ limit, after: from?.after });
  const token = next === null ? '' : sealCursor(secrets, scope, { after: next, limit });
  return { page: { next_token: token, count: items.length }, results: items.map(result) };
}

/** Whether we know anything of what is asked about: people, at places. */
function isOurs({ subject, resource }: { subject: { type: string }; resource: { type: string } }): boolean {
  return subject.type === userType && resource.type === nodeType;
}

async function decide(
  db: Database,
  asker: Asker,
  { subject, action, resource }: Evaluation,
): Promise<{ decision: boolean }> {
  if (!isOurs({ subject, resource })) return { decision: false };
  return {
    decision: await isPermitted(db, asker, { userId: subject.id, capability: action.name, orgNodeId: resource.id }),
  };
}

/** Answers the question of one endpoint. @throws RequestFault, DomainError */
type Answer = (deps: AuthzenDependencies, asker: Asker, body: unknown) => Promise<object>;

const evaluateOne: Answer = ({ db }, asker, body) => decide(db, asker, parse(evaluation, body));

const evaluateAll: Answer = async ({ db }, asker, body) => {
  const { evaluations: listed, options, ...defaults } = parse(evaluations, body);
  if (!listed?.length) return decide(db, asker, parse(evaluation, body));
  const stopAt = { execute_all: undefined, deny_on_first_deny: false, permit_on_first_permit: true }[
    options?.evaluations_semantic ?? 'execute_all'
  ];
  const decisions: { decision: boolean }[] = [];
  for (const one of listed) {
    const made = await decide(db, asker, parse(evaluation, { ...defaults, ...one }));
    decisions.push(made);
    if (made.decision === stopAt) break;
  }
  return { evaluations: decisions };
};

const searchSubjects: Answer = async ({ db, secrets }, asker, body) => {
  const question = parse(subjectSearch, body);
  const asked = { orgNodeId: question.resource.id, capability: question.action.name };
  return search(
    secrets,
    { list: 'authzen.subject', asker, question },
    async (page) => (isOurs(question) ? permittedUsers(db, asker, { ...asked, ...page }) : emptyPage()),
    (user) => ({ type: userType, id: user.id }),
  );
};

const searchResources: Answer = async ({ db, secrets }, asker, body) => {
  const question = parse(resourceSearch, body);
  const asked = { userId: question.subject.id, capability: question.action.name };
  return search(
    secrets,
    { list: 'authzen.resource', asker, question },
    async (page) => (isOurs(question) ? permittedNodes(db, asker, { ...asked, ...page }) : emptyPage()),
    ({ id, name, type, parentId }) => ({ type: nodeType, id, properties: { name, type, parent_id: parentId } }),
  );
};

const searchActions: Answer = async ({ db, secrets }, asker, body) => {
  const question = parse(actionSearch, body);
  const asked = { userId: question.subject.id, orgNodeId: question.resource.id };
  return search(
    secrets,
    { list: 'authzen.action', asker, question },
    async (page) => (isOurs(question) ? permittedActions(db, asker, { ...asked, ...page }) : emptyPage()),
    (capability) => ({ name: capability }),
  );
};

function showFault(ctx: Context, { status, message }: RequestFault, issuer: string): void {
  ctx.status = status;
  if (status === 401) ctx.set('WWW-Authenticate', `Basic realm="${issuer}", charset="UTF-8"`);
  ctx.body = JSON.stringify(message);
  ctx.type = 'json';
}

function handler(deps: AuthzenDependencies, answer: Answer): Middleware {
  return async (ctx) => {
    const requestId = ctx.get('x-request-id');
    if (/^[\x21-\x7e]{1,200}$/.test(requestId)) ctx.set('X-Request-ID', requestId);
    try {
      const asker = await authenticate(deps.db, ctx.get('authorization'));
      ctx.body = await answer(deps, asker, await readJson(ctx));
    } catch (thrown) {
      const error = thrown instanceof DomainError ? new RequestFault(statusOf(thrown), thrown.code) : thrown;
      if (!(error instanceof RequestFault)) throw error;
      showFault(ctx, error, deps.issuer);
    }
  };
}

const answers: Record<keyof typeof endpoints, Answer> = {
  access_evaluation_endpoint: evaluateOne,
  access_evaluations_endpoint: evaluateAll,
  search_subject_endpoint: searchSubjects,
  search_resource_endpoint: searchResources,
  search_action_endpoint: searchActions,
};

export function authzenRoutes(deps: AuthzenDependencies): Router {
  const { issuer } = deps;
  const router = new Router();
  const addresses = Object.entries(endpoints) as [keyof typeof endpoints, string][];
  router.get('/.well-known/authzen-configuration', (ctx) => {
    ctx.body = {
      policy_decision_point: issuer,
      ...Object.fromEntries(addresses.map(([name, path]) => [name, `${issuer}${path}`])),
    };
  });
  for (const [name, path] of addresses) router.post(path, handler(deps, answers[name]));
  return router;
}
