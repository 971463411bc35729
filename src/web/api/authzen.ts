/**
 * The OpenID AuthZEN Authorization API 1.0: a policy decision point for APIs. An action is a capability, by its key or by what
 * the API calls it. Refuses callers that are no registered API; tells nothing of tenants and capabilities that are not the
 * asker's.
 */
import Router from '@koa/router';
import type { Context, Middleware } from 'koa';
import {
  type Asker,
  isPermitted,
  permittedActions,
  permittedNodes,
  permittedUsers,
} from '../../domain/access/decisions.ts';
import { DomainError } from '../../platform/errors.ts';
import { isId } from '../../platform/ids.ts';
import {
  boundedLimit,
  type CursorScope,
  emptyPage,
  openCursor,
  type Page,
  type PageRequest,
  sealCursor,
} from '../../platform/paging.ts';
import type { Reads } from '../../platform/replicas.ts';
import type { Secrets } from '../../platform/secrets.ts';
import { readJson } from '../middleware/body.ts';
import { statusOf } from '../middleware/errors.ts';
import { type AskerDependencies, authenticateAsker } from './authzen-asker.ts';
import {
  type AskedPage,
  actionSearch,
  askedAction,
  askedNode,
  askedTenant,
  askedType,
  type Evaluation,
  evaluation,
  evaluations,
  isAboutPeople,
  nodeType,
  parseQuestion,
  resourceSearch,
  subjectSearch,
  userType,
} from './authzen-questions.ts';
import { RequestFault } from './request-fault.ts';

/** Paths of the HTTPS binding, with their metadata parameters. */
const endpoints = {
  access_evaluation_endpoint: '/access/v1/evaluation',
  access_evaluations_endpoint: '/access/v1/evaluations',
  search_subject_endpoint: '/access/v1/search/subject',
  search_resource_endpoint: '/access/v1/search/resource',
  search_action_endpoint: '/access/v1/search/action',
} as const;

interface AuthzenDependencies extends AskerDependencies {
  reads: Reads;
  secrets: Secrets;
  issuer: string;
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
  { list, asker, question }: { list: string; asker: Asker; question: { page?: AskedPage } },
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

/**
 * By which id something is told: who asks about nodes by the type that they have here knows people and nodes by the ids of
 * another system, where they have one. One that looks like an id of ours could be taken for another's.
 */
function toldId({ id, externalId }: { id: string; externalId: string | null }, type: string): string {
  return type === nodeType || externalId === null || isId(externalId) ? id : externalId;
}

async function decide({ db }: AuthzenDependencies, asker: Asker, asked: Evaluation): Promise<{ decision: boolean }> {
  if (!isAboutPeople(asked)) return { decision: false };
  const question = { tenant: askedTenant(asked), person: asked.subject.id, node: askedNode(asked) };
  return { decision: await isPermitted(db, asker, { ...question, action: askedAction(asked) }) };
}

interface Decision {
  decision: boolean;
  context?: { error: { status: number; message: string } };
}

/** An item that is wrong is not permitted, and says why (section 7.2.1); the others are answered. */
async function decideItem(deps: AuthzenDependencies, asker: Asker, item: object): Promise<Decision> {
  try {
    return await decide(deps, asker, parseQuestion(evaluation, item));
  } catch (error) {
    if (!(error instanceof RequestFault)) throw error;
    const { status, message } = error;
    return { decision: false, context: { error: { status, message } } };
  }
}

/** Answers the question of one endpoint. @throws RequestFault, DomainError */
type Answer = (deps: AuthzenDependencies, asker: Asker, body: unknown) => Promise<object>;

const evaluateOne: Answer = (deps, asker, body) => decide(deps, asker, parseQuestion(evaluation, body));

const evaluateAll: Answer = async (deps, asker, body) => {
  const { evaluations: listed, options, ...defaults } = parseQuestion(evaluations, body);
  if (!listed?.length) return evaluateOne(deps, asker, body);
  const stopAt = { execute_all: undefined, deny_on_first_deny: false, permit_on_first_permit: true }[
    options?.evaluations_semantic ?? 'execute_all'
  ];
  const decisions: Decision[] = [];
  for (const one of listed) {
    // What is no object has nothing to add to the defaults, and must not pass for them.
    const isItem = typeof one === 'object' && one !== null && !Array.isArray(one);
    const made = await decideItem(deps, asker, isItem ? { ...defaults, ...one } : {});
    decisions.push(made);
    if (made.decision === stopAt) break;
  }
  return { evaluations: decisions };
};

const searchSubjects: Answer = async ({ reads, secrets }, asker, body) => {
  const question = parseQuestion(subjectSearch, body);
  const asked = { tenant: askedTenant(question), node: askedNode(question), action: askedAction(question) };
  return search(
    secrets,
    { list: 'authzen.subject', asker, question },
    async (page) =>
      isAboutPeople(question)
        ? reads.recent('authzen_search', (db) => permittedUsers(db, asker, { ...asked, ...page }))
        : emptyPage(),
    (user) => ({ type: userType, id: toldId(user, question.resource.type) }),
  );
};

const searchResources: Answer = async ({ reads, secrets }, asker, body) => {
  const question = parseQuestion(resourceSearch, body);
  const { type } = question.resource;
  const asked = { tenant: askedTenant(question), person: question.subject.id, action: askedAction(question) };
  return search(
    secrets,
    { list: 'authzen.resource', asker, question },
    async (page) =>
      isAboutPeople(question)
        ? reads.recent('authzen_search', (db) =>
            permittedNodes(db, asker, { ...asked, type: askedType(question.resource), ...page }),
          )
        : emptyPage(),
    (node) => ({
      type,
      id: toldId(node, type),
      properties: { name: node.name, type: node.type, parent_id: node.parentId },
    }),
  );
};

const searchActions: Answer = async ({ reads, secrets }, asker, body) => {
  const question = parseQuestion(actionSearch, body);
  const asked = { tenant: askedTenant(question), person: question.subject.id, node: askedNode(question) };
  return search(
    secrets,
    { list: 'authzen.action', asker, question },
    async (page) =>
      isAboutPeople(question)
        ? reads.recent('authzen_search', (db) => permittedActions(db, asker, { ...asked, ...page }))
        : emptyPage(),
    ({ name, properties }) => ({ name, ...(properties && { properties }) }),
  );
};

function showFault(ctx: Context, { status, message }: RequestFault, issuer: string): void {
  ctx.status = status;
  const error = status === 401 && /^(?:Bearer|DPoP) /i.test(ctx.get('authorization')) ? ', error="invalid_token"' : '';
  if (status === 401)
    ctx.set('WWW-Authenticate', [`Basic realm="${issuer}", charset="UTF-8"`, `Bearer realm="${issuer}"${error}`]);
  ctx.body = JSON.stringify(message);
  ctx.type = 'json';
}

/** The statuses of section 10.1.3: a body of another type is a bad request like any other. */
function faultOf(error: unknown): unknown {
  if (!(error instanceof DomainError)) return error;
  return new RequestFault(error.code === 'UNSUPPORTED_MEDIA_TYPE' ? 400 : statusOf(error), error.code);
}

function handler(deps: AuthzenDependencies, answer: Answer): Middleware {
  return async (ctx) => {
    const requestId = ctx.get('x-request-id');
    if (/^[\x20-\x7e]{1,200}$/.test(requestId)) ctx.set('X-Request-ID', requestId);
    try {
      const asker = await authenticateAsker(ctx, deps);
      ctx.body = await answer(deps, asker, await readJson(ctx));
    } catch (thrown) {
      const error = faultOf(thrown);
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
