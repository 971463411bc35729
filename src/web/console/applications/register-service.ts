/** A service, by the guide: a program that acts for itself. It may ask for nothing that who registers it could not give. */
import { ask, mayAsk } from '../ask.ts';
import type { FieldSpec } from '../fields.ts';
import type { FormPage } from '../form.ts';
import { draw } from '../page.ts';
import { readCapabilities } from '../roles/capabilities.ts';
import { hrefTo, type Visit } from '../visit.ts';
import { snippetsOf } from './snippets.ts';

interface Service {
  client_id: string;
  name: string;
  client_secret?: string;
  capabilities: string[];
}

async function fieldsOf(visit: Visit): Promise<FieldSpec[]> {
  const name: FieldSpec = { name: 'name', kind: 'text', maxLength: 200 };
  if (!(await mayAsk(visit, 'capabilities.list')))
    return [name, { name: 'capabilities', kind: 'lines', optional: true }];
  const options = (await readCapabilities(visit)).map(({ key, description }) => ({
    value: key,
    label: description === null ? key : `${key}: ${description}`,
  }));
  return [name, { name: 'capabilities', kind: 'checks', options, optional: true }];
}

/** The API that its first token would be for: that of its first capability; the server's own where none is known. */
async function resourceOf(visit: Visit, [first]: readonly string[]): Promise<string> {
  const own = `${visit.web.issuer}/api/v1`;
  if (first === undefined || !(await mayAsk(visit, 'capabilities.get', { params: { capability: first } }))) return own;
  const { body } = await ask<{ resource_server_id: string | null }>(visit, 'capabilities.get', {
    params: { capability: first },
  });
  const params = { resource_server_id: body.resource_server_id ?? '' };
  if (body.resource_server_id === null || !(await mayAsk(visit, 'resource_servers.get', { params }))) return own;
  return (await ask<{ identifier: string }>(visit, 'resource_servers.get', { params })).body.identifier;
}

export const registerService: FormPage = {
  path: '/applications/_new/service',
  section: 'applications',
  operation: 'services.create',
  words: 'console.applications.new_service',
  fields: fieldsOf,
  back: () => '/applications/_new',
  drawOnce: async (visit, answer) => {
    const service = answer as unknown as Service;
    const { client_id, client_secret } = service;
    const resource = await resourceOf(visit, service.capabilities);
    draw(visit, 'console/applications/registered', {
      kind: 'service',
      name: service.name,
      listHref: hrefTo(visit, '/applications'),
      clientId: client_id,
      secret: client_secret,
      snippets: snippetsOf('service', { issuer: visit.web.issuer, client_id, client_secret, resource }),
      pageHref: visit.mounted.has('services') ? hrefTo(visit, `/services/${client_id}`) : undefined,
    });
  },
};
