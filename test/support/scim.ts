/** Asks the door of directories as one of them would: the credential of a service as a bearer, requests over real HTTP. */
import type { TestApp } from './app.ts';
import type { ApiAnswer } from './management.ts';

export type AskScim = (
  method: string,
  path: string,
  body?: unknown,
  headers?: Record<string, string>,
) => Promise<ApiAnswer>;

/** What a directory is given that fills people and groups. */
export const provisioningCapabilities = ['users.read', 'users.manage', 'roles.read', 'roles.assign', 'org.read'];

/** A requester; undefined sends no credential. */
export function askingScim(app: Pick<TestApp, 'issuer'>, bearer: string | undefined): AskScim {
  return async (method, path, body, headers = {}) => {
    const response = await fetch(`${app.issuer}/scim/v2${path}`, {
      method,
      headers: {
        ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }),
        ...(body !== undefined && { 'content-type': 'application/scim+json' }),
        ...headers,
      },
      body: body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) };
  };
}

/** The credential of a new service of a tenant, as it is configured at a directory. */
export async function scimBearer(
  app: TestApp,
  { tenantId, capabilities = provisioningCapabilities }: { tenantId: string; capabilities?: readonly string[] },
): Promise<string> {
  const { clientId, clientSecret } = await app.service({ tenantId, capabilities: [...capabilities] });
  return `${clientId}.${clientSecret}`;
}

export const userSchemas = ['urn:ietf:params:scim:schemas:core:2.0:User'];
export const groupSchemas = ['urn:ietf:params:scim:schemas:core:2.0:Group'];
export const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const patchSchemas = ['urn:ietf:params:scim:api:messages:2.0:PatchOp'];

/** The body of a PATCH. */
export function patchOf(...operations: object[]): object {
  return { schemas: patchSchemas, Operations: operations };
}
