/**
 * The requests of the OpenID AuthZEN Authorization API 1.0 (sections 5 to 8) as questions to the domain: subjects are people
 * (`user`), resources are organisation nodes, by our own `org_node` or by the type that they have here. Owns what a body has to
 * look like; ignores what is unknown, and what is said of people and nodes (`properties`), which the server knows better.
 */
import { z } from 'zod';
import type { AskedAction, NamedNode } from '../../domain/access/decisions.ts';
import { RequestFault } from './request-fault.ts';

export const userType = 'user';
export const nodeType = 'org_node';
const mostEvaluations = 100;

const key = z.string().min(1).max(500);
const properties = z.record(z.string(), z.unknown()).optional();
const entity = z.object({ type: key, id: key, properties });
/** What is searched for; its id, if there is one, counts for nothing. */
const wanted = z.object({ type: key, properties });
const action = z.object({ name: key, properties });
const context = properties;
const page = z.object({ token: z.string().max(4096).optional(), limit: z.int().min(0).optional() }).optional();

export const evaluation = z.object({ subject: entity, action, resource: entity, context });
/** Each item is judged by itself (`evaluation`): one that is wrong spoils no other. */
export const evaluations = z.object({
  subject: entity.optional(),
  action: action.optional(),
  resource: entity.optional(),
  context,
  evaluations: z.array(z.unknown()).max(mostEvaluations).optional(),
  options: z
    .object({
      evaluations_semantic: z.enum(['execute_all', 'deny_on_first_deny', 'permit_on_first_permit']).optional(),
    })
    .optional(),
});
export const subjectSearch = z.object({ subject: wanted, action, resource: entity, context, page });
export const resourceSearch = z.object({ subject: entity, action, resource: wanted, context, page });
export const actionSearch = z.object({ subject: entity, resource: entity, context, page });

export type Evaluation = z.output<typeof evaluation>;
export type AskedPage = z.output<typeof page>;

/** @throws RequestFault 400 */
export function parseQuestion<T extends z.ZodType>(schema: T, body: unknown): z.output<T> {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new RequestFault(400, `${issue?.path.join('.') || 'body'}: ${issue?.message ?? 'invalid'}`);
}

/** Whether we know anything of what is asked about: people, at places. */
export function isAboutPeople({ subject }: { subject: { type: string } }): boolean {
  return subject.type === userType;
}

export function askedAction({ action: { name, properties = {} } }: Pick<Evaluation, 'action'>): AskedAction {
  return { name, properties };
}

/** Null: a node of any type. */
export function askedType({ type }: { type: string }): string | null {
  return type === nodeType ? null : type;
}

export function askedNode({ resource }: Pick<Evaluation, 'resource'>): NamedNode {
  return { name: resource.id, type: askedType(resource) };
}

/** The tenant that an API of all tenants asks in. An API of one is in its own, whatever it says. */
export function askedTenant({ context }: { context?: Record<string, unknown> }): string | undefined {
  return typeof context?.tenant === 'string' ? context.tenant : undefined;
}
