/** What may be done, and who by which role: APIs, the capabilities that are their scopes, and roles. */
import { z } from 'zod';
import { listCapabilities } from '../../../domain/access/capabilities.ts';
import { listCapabilitiesOfRoles, listRoles } from '../../../domain/access/roles.ts';
import { listResourceServers } from '../../../domain/resource-servers/list-resource-servers.ts';
import { findSystemApiIdentifier } from '../../../domain/resource-servers/resource-servers.ts';
import type { Database } from '../../../platform/database.ts';
import { DomainError } from '../../../platform/errors.ts';
import { capabilities } from '../../capabilities.ts';
import { resourceServers } from '../../resource-servers.ts';
import { roles } from '../../roles.ts';
import { capabilityKey, name as displayName, text } from '../../shapes.ts';
import { changedOf, type Entry, everyPage, type Found, type Scope, type Section } from '../section.ts';
import { membersOf } from '../shapes-of-operations.ts';

const apiMembers = membersOf(resourceServers, 'resource_servers.update');

export const apisSection: Section = {
  key: 'apis',
  noun: 'API',
  of: ['server', 'tenant'],
  name: text(500),
  entry: z.strictObject(apiMembers),
  async read({ db, tenant, tenantId, isServer }) {
    const [all, ours] = await Promise.all([
      everyPage((page) => listResourceServers(db, { ...page, tenantId: isServer ? null : tenantId })),
      findSystemApiIdentifier(db),
    ]);
    return new Map(
      all
        .filter((api) => api.tenant === tenant && api.identifier !== ours)
        .map((api): [string, Found] => [
          api.identifier,
          {
            id: api.id,
            entry: {
              name: api.name,
              token_format: api.tokenFormat,
              signing_alg: api.signingAlg,
              access_token_ttl: api.accessTokenTtl,
              token_exchange: api.tokenExchange,
              required_acr: api.requiredAcr,
              skip_consent: api.skipConsent,
            },
          },
        ]),
    );
  },
  async add(scope, identifier, entry) {
    const body = { identifier, ...entry, name: entry.name ?? identifier, ...(scope.isServer && { all_tenants: true }) };
    return String((await scope.perform('resource_servers.create', { body })).id);
  },
  async change(scope, _identifier, { id }, wanted) {
    const body = changedOf(wanted, Object.keys(apiMembers));
    await scope.perform('resource_servers.update', { params: { resource_server_id: id }, body });
  },
  async remove(scope, _identifier, { id }) {
    await scope.perform('resource_servers.delete', { params: { resource_server_id: id } });
  },
};

/** The API of any tenant that has this identifier. @throws DomainError not_found NOT_FOUND */
export async function apiIdOf(db: Database, identifier: string): Promise<string> {
  const all = await everyPage((page) => listResourceServers(db, page));
  const api = all.find((one) => one.identifier === identifier);
  if (!api) throw new DomainError('not_found', 'NOT_FOUND', { entity: 'resource_server', value: identifier });
  return api.id;
}

const capabilityMembers = membersOf(capabilities, 'capabilities.define', { without: ['resource_server_id'] });

/** Of all tenants: their keys are the same in each. Those of Gatehouse's own API are fixed and in no file. */
export const capabilitiesSection: Section = {
  key: 'capabilities',
  noun: 'capability',
  of: ['server'],
  name: capabilityKey,
  entry: z.strictObject({
    ...capabilityMembers,
    api: text(500).nullable().optional().meta({ description: 'The identifier of the API whose scope it is' }),
  }),
  async read({ db }) {
    const [all, apis] = await Promise.all([
      everyPage((page) => listCapabilities(db, page)),
      everyPage((page) => listResourceServers(db, page)),
    ]);
    const identifiers = new Map(apis.map(({ id, identifier }) => [id, identifier]));
    return new Map(
      all
        .filter(({ isSystem }) => !isSystem)
        .map(({ id, key, description, module, resourceServerId, action, actionProperties }): [string, Found] => [
          key,
          {
            id,
            entry: {
              description,
              module,
              api: resourceServerId === null ? null : (identifiers.get(resourceServerId) ?? null),
              action,
              action_properties: actionProperties as Entry | null,
            },
          },
        ]),
    );
  },
  async add(scope, key, { api, ...entry }) {
    await define(scope, key, api === undefined || api === null ? entry : { ...entry, ...(await apiOf(scope, api)) });
    return key;
  },
  async change(scope, key, { entry: before }, wanted) {
    const { api } = wanted.entry;
    const rest = changedOf(wanted, Object.keys(capabilityMembers));
    if (wanted.changed.has('api') && api !== undefined) {
      const target = api === null ? { resource_server_id: null } : await apiOf(scope, api);
      // One that is a scope already is moved, which says whom it breaks; one that is none yet becomes one.
      if (before.api !== null) await scope.perform('capabilities.move', { params: { capability: key }, body: target });
      else await define(scope, key, target);
    }
    if (Object.keys(rest).length > 0) await define(scope, key, rest);
  },
  async remove(scope, key) {
    await scope.perform('capabilities.delete', { params: { capability: key } });
  },
};

async function apiOf({ db }: Scope, identifier: unknown): Promise<{ resource_server_id: string }> {
  return { resource_server_id: await apiIdOf(db, String(identifier)) };
}

async function define(scope: Scope, key: string, body: object): Promise<void> {
  await scope.perform('capabilities.define', { params: { capability: key }, body });
}

const roleMembers = membersOf(roles, 'roles.update', { without: ['name'] });

export const rolesSection: Section = {
  key: 'roles',
  noun: 'role',
  of: ['tenant'],
  name: displayName,
  entry: z.strictObject({ ...roleMembers, capabilities: z.array(capabilityKey).max(1_000).optional() }),
  sets: ['capabilities'],
  async read({ db, tenantId }) {
    const all = await everyPage((page) => listRoles(db, { tenantId, ...page }));
    const ids = all.map(({ id }) => id);
    const carried = await listCapabilitiesOfRoles(db, tenantId, ids);
    const ours = await ownCapabilities(db);
    return new Map(
      all.map(({ id, name, description, isSystem }): [string, Found] => {
        const keys = carried.get(id) ?? [];
        const capabilities = isAdministrative(name, isSystem) ? keys.filter((key) => !ours.has(key)) : keys;
        // What a role that comes with the tenant is called is fixed.
        const entry: Entry = isSystem ? { capabilities } : { description, capabilities };
        return [name, { id, entry, isFixed: isSystem }];
      }),
    );
  },
  async add(scope, name, { capabilities: items, ...entry }) {
    const { id } = await scope.perform('roles.create', { body: { name, ...entry } });
    if (Array.isArray(items) && items.length > 0) await carry(scope, String(id), items);
    return String(id);
  },
  async change(scope, name, { id, isFixed = false }, wanted) {
    const rest = changedOf(wanted, Object.keys(roleMembers));
    if (Object.keys(rest).length > 0) await scope.perform('roles.update', { params: { role_id: id }, body: rest });
    const { capabilities: given } = changedOf(wanted, ['capabilities']);
    if (!Array.isArray(given)) return;
    const kept = isAdministrative(name, isFixed) ? await ownCapabilitiesOf(scope, id) : [];
    await carry(scope, id, [...kept, ...given]);
  },
  async remove(scope, _name, { id }) {
    await scope.perform('roles.delete', { params: { role_id: id } });
  },
};

/** What owner and admin may do with Gatehouse itself comes with each version of it: it is in no file. */
function isAdministrative(name: string, isSystem: boolean): boolean {
  return isSystem && (name === 'owner' || name === 'admin');
}

async function ownCapabilities(db: Database): Promise<Set<string>> {
  const all = await everyPage((page) => listCapabilities(db, page));
  return new Set(all.filter(({ isSystem }) => isSystem).map(({ key }) => key));
}

async function ownCapabilitiesOf({ db, tenantId }: Scope, roleId: string): Promise<string[]> {
  const [ours, carried] = [await ownCapabilities(db), await listCapabilitiesOfRoles(db, tenantId, [roleId])];
  return (carried.get(roleId) ?? []).filter((key) => ours.has(key));
}

async function carry(scope: Scope, roleId: string, items: unknown[]): Promise<void> {
  await scope.perform('roles.capabilities.replace', { params: { role_id: roleId }, body: { items } });
}
