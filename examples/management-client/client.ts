/**
 * A client of the management API in TypeScript: addresses, members and answers are checked by the compiler, against types that
 * are made from the OpenAPI document. Gets its own token by client credentials and keeps it while it is good.
 */
import createClient, { type Client } from 'openapi-fetch';
import { createTokenSource } from '../service/service.ts';
import type { components, paths } from './management-api.ts';

export type ManagementClient = Client<paths>;
export type Failure = components['schemas']['Failure'];

/**
 * @param options of a service of the tenant that is administered; it may do what its capabilities say
 * @throws where the issuer cannot be reached
 */
export async function createManagementClient(options: {
  issuer: string;
  clientId: string;
  clientSecret: string;
  /** Capabilities, with spaces between. Default: all that the service has. */
  scope?: string;
}): Promise<ManagementClient> {
  const { issuer, scope = '' } = options;
  const baseUrl = `${issuer}/api/v1`;
  const accessToken = await createTokenSource({ ...options, scope, resource: baseUrl });
  const client = createClient<paths>({ baseUrl });
  client.use({
    async onRequest({ request }) {
      request.headers.set('authorization', `Bearer ${await accessToken()}`);
      return request;
    },
  });
  return client;
}

/** What the API refuses, as an error that can be thrown: `code` is what programs compare. */
export class ManagementError extends Error {
  override name = 'ManagementError';
  readonly failure: Failure;
  constructor(failure: Failure) {
    super(`${failure.code}: ${failure.message}`);
    this.failure = failure;
  }
}

/** The answer, or the refusal thrown. @throws ManagementError */
export async function answerOf<T>(asked: Promise<{ data?: T; error?: unknown }>): Promise<T> {
  const { data, error } = await asked;
  if (error !== undefined) throw new ManagementError(error as Failure);
  return data as T;
}

interface Page<T> {
  items: T[];
  next: string | null;
}

/** All of a list, page by page. @throws ManagementError */
export async function* everyItem<T>(
  page: (after: string | undefined) => Promise<{ data?: Page<T>; error?: unknown }>,
): AsyncGenerator<T> {
  let after: string | undefined;
  do {
    const { items, next } = await answerOf(page(after));
    yield* items;
    after = next ?? undefined;
  } while (after !== undefined);
}
