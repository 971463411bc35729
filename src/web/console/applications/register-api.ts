/** A server of the Model Context Protocol, by the guide: an API whose identifier is its address, with one scope to begin with. */
import { DomainError } from '../../../platform/errors.ts';
import { ask } from '../ask.ts';
import type { FormPage } from '../form.ts';
import { draw } from '../page.ts';
import { hrefTo, type Visit } from '../visit.ts';
import { filledSnippets, protectedResourceMetadataUrl } from './snippets.ts';

/** Why the scope could not be made; undefined where it was. */
async function defineScope(visit: Visit, capability: string, resourceServerId: string): Promise<string | undefined> {
  try {
    const body = { resource_server_id: resourceServerId };
    await ask(visit, 'capabilities.define', { params: { capability }, body });
    return undefined;
  } catch (error) {
    if (!(error instanceof DomainError) || error.kind === 'unavailable') throw error;
    return error.code;
  }
}

/** Clients send the address that they call (RFC 8707): one that is none would be asked for by nobody. */
function assertIsAddress(identifier: unknown): void {
  const isAddress = typeof identifier === 'string' && /^https?:\/\//.test(identifier) && URL.canParse(identifier);
  if (!isAddress) throw new DomainError('invalid', 'INVALID_INPUT', { field: 'identifier' });
}

export const registerApi: FormPage = {
  path: '/applications/_new/mcp',
  section: 'applications',
  operation: 'resource_servers.create',
  words: 'console.applications.new_mcp',
  fields: () => [
    { name: 'name', kind: 'text', maxLength: 200 },
    { name: 'identifier', kind: 'url', maxLength: 500 },
    { name: 'capability', kind: 'text', maxLength: 100 },
  ],
  initial: () => ({ capability: 'tools.use' }),
  complete: async ({ capability, ...body }, visit) => {
    assertIsAddress(body.identifier);
    if (typeof capability !== 'string') throw new DomainError('invalid', 'FIELD_REQUIRED', { field: 'capability' });
    // Before the API is made: a key that is none, or another API's, is told at its field.
    try {
      await ask(visit, 'capabilities.define', { params: { capability }, body: {}, dryRun: true });
    } catch (error) {
      if (!(error instanceof DomainError) || error.kind !== 'invalid') throw error;
      throw new DomainError('invalid', 'INVALID_INPUT', { field: 'capability' });
    }
    return body;
  },
  back: () => '/applications/_new',
  drawOnce: async (visit, answer, { capability = '' }) => {
    const api = answer as { id: string; identifier: string; name: string };
    const key = capability.trim();
    const fault = await defineScope(visit, key, api.id);
    const snippets = filledSnippets('mcp', {
      issuer: visit.web.issuer,
      resource: api.identifier,
      metadata_url: protectedResourceMetadataUrl(api.identifier),
      capability: key,
    });
    draw(visit, 'console/applications/registered', {
      kind: 'mcp',
      name: api.name,
      listHref: hrefTo(visit, '/applications'),
      clientId: api.identifier,
      snippets,
      pageHref: visit.mounted.has('apis') ? hrefTo(visit, `/apis/${api.id}`) : undefined,
      fault,
    });
  },
};
