/**
 * The OpenAPI 3.1 document, made of the operations and of the very schemas that check their input and their answers. Owns
 * nothing that an operation does not say.
 */
import { STATUS_CODES } from 'node:http';
import { z } from 'zod';
import { routes } from '../oidc/provider.ts';
import type { AnyOperation } from './operation.ts';
import { isChange } from './operation.ts';

type Json = Record<string, unknown>;

/** What every operation may answer. */
const common = ['VALIDATION_FAILED', 'ACCESS_TOKEN_INVALID', 'FORBIDDEN', 'NOT_FOUND', 'TOO_MANY_ATTEMPTS'] as const;

const statuses = {
  400: 'The request is malformed',
  401: 'No valid access token, or an authentication that is too old',
  403: 'A capability is missing',
  404: 'There is no such thing, or it is out of reach',
  409: 'It conflicts with what is there',
  412: 'It has changed since it was read',
  422: 'A field is wrong',
  428: 'If-Match is missing',
  429: 'Too many requests',
  503: 'Not available for the moment',
} as const;

const failure: Json = {
  type: 'object',
  required: ['statusCode', 'error', 'message', 'code'],
  properties: {
    statusCode: { type: 'integer' },
    error: { type: 'string', examples: ['Conflict'] },
    message: { type: 'string', examples: ['Email already in use'] },
    code: { type: 'string', description: 'What programs read', examples: ['DUPLICATE_EMAIL'] },
    requestId: { type: 'string' },
    fields: {
      type: 'array',
      items: {
        type: 'object',
        required: ['field', 'message'],
        properties: { field: { type: 'string' }, message: { type: 'string' } },
      },
    },
  },
};

/** @param issuer ours; the address of the API begins with it */
export function openApiDocument(operations: readonly AnyOperation[], issuer: string): Json {
  const schemas: Json = { Failure: failure };
  const paths: Record<string, Json> = {};
  for (const operation of operations) {
    const { path, method } = operation;
    paths[path] = { ...paths[path], [method.toLowerCase()]: describe(operation, schemas) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Gatehouse management API',
      version: '1',
      description: 'People, places, roles and applications of a tenant. Administration follows the organisation tree.',
      license: { name: 'Proprietary', identifier: 'LicenseRef-Proprietary' },
      contact: { url: issuer },
    },
    servers: [{ url: `${issuer}/api/v1` }],
    security: [{ oauth2: [] }],
    tags: [...new Set(operations.map(tagOf))].sort().map((name) => ({ name, description: `Operations on ${name}` })),
    paths,
    components: {
      schemas,
      responses: refusals(),
      securitySchemes: { oauth2: oauth2(operations, issuer) },
    },
  };
}

/** `PreconditionFailed` of 412. */
function nameOf(status: string): string {
  return (STATUS_CODES[status] as string).replaceAll(' ', '');
}

/** What all operations refuse in one form, said once. */
function refusals(): Json {
  const content = { 'application/json': { schema: { $ref: '#/components/schemas/Failure' } } };
  const answers = Object.entries(statuses).map(([status, description]) => [nameOf(status), { description, content }]);
  return Object.fromEntries(answers);
}

/** How a token is had: people by a browser, services by their own credentials. The scopes are the capabilities. */
function oauth2(operations: readonly AnyOperation[], issuer: string): Json {
  const keys = [...new Set(operations.map(({ needs }) => needs.capability))].sort();
  const scopes = Object.fromEntries(keys.map((key) => [key, `What needs the capability ${key}`]));
  const tokenUrl = `${issuer}${routes.token}`;
  return {
    type: 'oauth2',
    description: `For the resource ${issuer}/api/v1. A token gives what it and the one who acts both hold.`,
    flows: {
      authorizationCode: {
        authorizationUrl: `${issuer}${routes.authorization}`,
        tokenUrl,
        refreshUrl: tokenUrl,
        scopes,
      },
      clientCredentials: { tokenUrl, scopes },
    },
  };
}

/** The resource: what stands before the first dot of the id. */
export function tagOf({ id }: AnyOperation): string {
  return id.split('.')[0] as string;
}

function describe(operation: AnyOperation, schemas: Json): Json {
  const { id, summary, description, needs, body, lines, errors = [] } = operation;
  const codes = [...new Set([...common, ...errors])];
  return {
    operationId: id,
    tags: [tagOf(operation)],
    summary,
    description: [description, `Needs \`${needs.capability}\`. Refuses with: ${codes.join(', ')}.`]
      .filter((part) => part !== undefined)
      .join('\n\n'),
    security: [{ oauth2: [needs.capability] }],
    parameters: parametersOf(operation),
    ...(body && {
      requestBody: { required: true, content: { 'application/json': { schema: schemaOf(body, 'input', schemas) } } },
    }),
    ...(lines && {
      requestBody: {
        required: true,
        content: { 'application/x-ndjson': { schema: schemaOf(lines, 'input', schemas) } },
      },
    }),
    responses: responsesOf(operation, schemas),
  };
}

function parametersOf(operation: AnyOperation): Json[] {
  const own = (['path', 'query'] as const).flatMap((place) => {
    const schema = place === 'path' ? operation.params : operation.query;
    if (!schema) return [];
    const { properties = {}, required = [] } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as {
      properties?: Record<string, Json>;
      required?: string[];
    };
    return Object.entries(properties).map(([name, { description = wordsOf(name), ...member }]) => ({
      name,
      in: place,
      required: place === 'path' || required.includes(name),
      description,
      schema: member,
    }));
  });
  const header = (name: string, description: string, required = false) => ({
    name,
    in: 'header',
    required,
    description,
    schema: { type: 'string' },
  });
  return [
    ...own,
    {
      name: 'tenant',
      in: 'query',
      required: false,
      description: 'Another tenant than your own',
      schema: { type: 'string' },
    },
    ...(isChange(operation)
      ? [
          {
            name: 'dry_run',
            in: 'query',
            required: false,
            description: 'Say what would happen',
            schema: { type: 'boolean' },
          },
        ]
      : []),
    ...(operation.idempotent ? [header('Idempotency-Key', 'The same key gets the same answer for 24 hours')] : []),
    ...(operation.guards
      ? [header('If-Match', 'The ETag that you have seen', operation.guards.ifMatch === 'required')]
      : []),
  ];
}

/** What a parameter is that says no more than its name. */
function wordsOf(name: string): string {
  const words = name.replaceAll('_', ' ');
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}`;
}

function responsesOf(operation: AnyOperation, schemas: Json): Json {
  const { answer, list, idempotent } = operation;
  const refused = Object.keys(statuses)
    .filter((status) => operation.guards || !['412', '428'].includes(status))
    .map((status) => [status, { $ref: `#/components/responses/${nameOf(status)}` }]);
  if (!answer) return { 204: { description: 'Done' }, ...Object.fromEntries(refused) };
  const item = schemaOf(answer, 'output', schemas);
  const schema = list
    ? {
        type: 'object',
        required: ['items', 'next'],
        properties: { items: { type: 'array', items: item }, next: { type: ['string', 'null'] } },
      }
    : item;
  const status = operation.status ?? (idempotent ? 201 : 200);
  const description = idempotent ? 'Made' : 'Done';
  const { streams } = operation;
  // A schema of one item: no document describes the whole.
  const streamed = Object.fromEntries(
    (streams ?? []).map((type) => [type, { schema: type === 'text/csv' ? { type: 'string' } : item }]),
  );
  return {
    [status]: { description, content: streams ? streamed : { 'application/json': { schema } } },
    ...(streams && isChange(operation) && !operation.lines && { 204: { description: 'Nothing is told in a dry run' } }),
    ...Object.fromEntries(refused),
  };
}

/** A named schema goes to the components once, also one inside of another; others stay where they are. */
function schemaOf(schema: z.ZodType, io: 'input' | 'output', schemas: Json): Json {
  const { $schema: _, $defs: inner, ...json } = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as Json;
  for (const [name, one] of Object.entries((inner ?? {}) as Record<string, Json>)) schemas[name] = component(one);
  const { id, ...rest } = json as Json & { id?: string };
  if (id === undefined) return component(rest);
  schemas[id] = component(rest);
  return { $ref: `#/components/schemas/${id}` };
}

/** The same with references to where named schemas stand in the document. */
function component({ id: _, ...schema }: Json): Json {
  return JSON.parse(JSON.stringify(schema), (key, value) =>
    key === '$ref' && typeof value === 'string' ? value.replace('#/$defs/', '#/components/schemas/') : value,
  );
}
