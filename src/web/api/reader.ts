/**
 * The management API for readers, at `/api/v1/docs`: the OpenAPI document as a page of ours, under the policy of our pages and
 * without a script. Owns what of the document is shown, and the search through it.
 */
import Router from '@koa/router';
import { openApiDocument } from '../../management/openapi.ts';
import { operations } from '../../management/operations.ts';
import type { Pages } from '../pages/pages.ts';

interface ReaderField {
  name: string;
  /** As JSON Schema has it, in one line. */
  type: string;
  required: boolean;
  description: string;
}

interface ReaderOperation {
  id: string;
  method: string;
  path: string;
  summary: string;
  /** Paragraphs. */
  notes: string[];
  parameters: (ReaderField & { place: string })[];
  body: ReaderField[];
}

export interface ReaderModel {
  query: string;
  address: string;
  documentHref: string;
  groups: { name: string; operations: ReaderOperation[] }[];
}

type Json = Record<string, unknown>;

interface DescribedOperation {
  operationId: string;
  tags: string[];
  summary: string;
  description: string;
  parameters: { name: string; in: string; required: boolean; description: string; schema: Json }[];
  /** Of one type. */
  requestBody?: { content: Record<string, { schema: Json }> };
}

interface Document {
  paths: Record<string, Record<string, DescribedOperation>>;
  components: { schemas: Record<string, Json> };
}

/** `#/components/schemas/Name` as what it stands for. */
function resolved(schema: Json, { components }: Document): Json {
  const name = typeof schema.$ref === 'string' ? schema.$ref.split('/').at(-1) : undefined;
  return name === undefined ? schema : (components.schemas[name] ?? {});
}

/** `string`, `"active" | "suspended"`, `Role[]`, `string | null`. */
function typeOf(schema: Json): string {
  if (typeof schema.$ref === 'string') return schema.$ref.split('/').at(-1) as string;
  if ('const' in schema) return JSON.stringify(schema.const);
  if (Array.isArray(schema.enum)) return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
  const choices = (schema.anyOf ?? schema.oneOf) as Json[] | undefined;
  if (choices) return [...new Set(choices.map(typeOf))].join(' | ');
  if (schema.type === 'array') return `${typeOf((schema.items ?? {}) as Json)}[]`;
  const type = [schema.type].flat().filter((name) => name !== undefined);
  return type.length > 0 ? type.join(' | ') : 'any';
}

function fieldsOf(schema: Json, document: Document): ReaderField[] {
  const { properties = {}, required = [] } = resolved(schema, document) as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, field]) => ({
    name,
    type: typeOf(field),
    required: required.includes(name),
    description: typeof field.description === 'string' ? field.description : '',
  }));
}

function readOperations(document: Document): (ReaderOperation & { group: string })[] {
  return Object.entries(document.paths).flatMap(([path, byMethod]) =>
    Object.entries(byMethod).map(([method, described]) => ({
      group: described.tags[0] as string,
      id: described.operationId,
      method: method.toUpperCase(),
      path,
      summary: described.summary,
      notes: described.description.replaceAll('`', '').split('\n\n'),
      parameters: described.parameters.map(({ name, in: place, required, description, schema }) => ({
        name,
        place,
        required,
        description: description.replaceAll('`', ''),
        type: typeOf(schema),
      })),
      body: Object.values(described.requestBody?.content ?? {}).flatMap(({ schema }) => fieldsOf(schema, document)),
    })),
  );
}

/** Every word of the query is somewhere in what the operation says of itself. */
function fits(operation: ReaderOperation, query: string): boolean {
  const text = JSON.stringify(operation).toLowerCase();
  return query
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

export function readerRoutes({ pages, issuer }: { pages: Pages; issuer: string }): Router {
  const router = new Router();
  const all = readOperations(openApiDocument(operations, issuer) as unknown as Document);
  const names = [...new Set(all.map(({ group }) => group))].sort();
  router.get('/api/v1/docs', (ctx) => {
    const query = [ctx.query.q ?? ''].flat()[0]?.slice(0, 100).trim() ?? '';
    const found = all.filter((operation) => fits(operation, query));
    const groups = names
      .map((name) => ({ name, operations: found.filter(({ group }) => group === name) }))
      .filter((group) => group.operations.length > 0);
    pages.render(ctx, 'api/reader', {
      query,
      address: `${issuer}/api/v1`,
      documentHref: '/api/v1/openapi.json',
      groups,
    });
  });
  return router;
}
