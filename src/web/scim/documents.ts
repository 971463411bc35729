/** What this door says of itself (RFC 7643 sections 5 to 7): the same for everybody, so that nobody has to be known to read it. */
import { listBody, mostResults } from './door.ts';
import { type Json, type ResourceType, resourceTypes, type Schema } from './schemas.ts';

export const mostBulkOperations = 500;
export const scimBodyBytes = 1024 * 1024;

export function serviceProviderConfig(baseUrl: string): Json {
  return {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig'],
    patch: { supported: true },
    bulk: { supported: true, maxOperations: mostBulkOperations, maxPayloadSize: scimBodyBytes },
    filter: { supported: true, maxResults: mostResults },
    changePassword: { supported: false },
    sort: { supported: false },
    etag: { supported: true },
    authenticationSchemes: [
      {
        type: 'oauthbearertoken',
        name: 'OAuth Bearer Token',
        description: 'The credential of a service, or an access token of client credentials',
        specUri: 'https://www.rfc-editor.org/info/rfc6750',
        primary: true,
      },
    ],
    meta: { resourceType: 'ServiceProviderConfig', location: `${baseUrl}/ServiceProviderConfig` },
  };
}

const resourceTypeSchema = 'urn:ietf:params:scim:schemas:core:2.0:ResourceType';

function describedType({ name, endpoint, description, core, extension }: ResourceType, baseUrl: string): Json {
  return {
    schemas: [resourceTypeSchema],
    id: name,
    name,
    endpoint,
    description,
    schema: core.id,
    schemaExtensions: [{ schema: extension.id, required: false }],
    meta: { resourceType: 'ResourceType', location: `${baseUrl}/ResourceTypes/${name}` },
  };
}

function describedSchema({ id, name, description, attributes }: Schema, baseUrl: string): Json {
  return {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:Schema'],
    id,
    name,
    description,
    attributes,
    meta: { resourceType: 'Schema', location: `${baseUrl}/Schemas/${id}` },
  };
}

const schemas = resourceTypes.flatMap(({ core, extension }) => [core, extension]);

/** Those of a kind as a list; one of them by its id, undefined where there is none. */
function collection<T>(all: readonly T[], idOf: (one: T) => string, described: (one: T, baseUrl: string) => Json) {
  return {
    list: (baseUrl: string) =>
      listBody(
        all.length,
        1,
        all.map((one) => described(one, baseUrl)),
      ),
    one: (id: string, baseUrl: string) => {
      const found = all.find((one) => idOf(one).toLowerCase() === id.toLowerCase());
      return found && described(found, baseUrl);
    },
  };
}

export const typeDocuments = collection(resourceTypes, ({ name }) => name, describedType);
export const schemaDocuments = collection(schemas, ({ id }) => id, describedSchema);
