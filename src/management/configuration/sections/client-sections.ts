/** Applications and services in the configuration file, by their `client_id`. Their secrets are made by Gatehouse, and told once. */
import { z } from 'zod';
import { findWholeClients, type WholeClient } from '../../../domain/clients/whole-clients.ts';
import { clientId } from '../../client-answers.ts';
import { clients } from '../../clients.ts';
import { crossAppAudiences } from '../../cross-app-audiences.ts';
import { services } from '../../services.ts';
import { capabilityKey, text } from '../../shapes.ts';
import { workloadIdentities } from '../../workload-identities.ts';
import { certificateText, metadataOf, serviceMembersOf } from '../client-members.ts';
import {
  changedOf,
  type Entry,
  type Found,
  isChanged,
  type Scope,
  type Section,
  type Value,
  type Wanted,
} from '../section.ts';
import { membersOf, requiredBodyOf } from '../shapes-of-operations.ts';
import { apiIdOf } from './access-sections.ts';

const state = z.enum(['active', 'disabled']).optional();
/** A day in which a new secret is brought to all who have the old one. */
const overlap_seconds = 86_400;

/** What has operations of its own, of both. */
async function changeStanding(scope: Scope, noun: 'clients' | 'services', id: string, wanted: Wanted): Promise<void> {
  const { entry, changed } = wanted;
  const params = { client_id: id };
  if (changed.has('security_profile'))
    await scope.perform(`${noun}.set_security_profile`, { params, body: { security_profile: entry.security_profile } });
  if (changed.has('state'))
    await scope.perform(entry.state === 'disabled' ? `${noun}.disable` : `${noun}.enable`, { params });
}

async function rotate(scope: Scope, noun: 'clients' | 'services', section: string, id: string): Promise<void> {
  const made = await scope.perform(`${noun}.rotate_secret`, { params: { client_id: id }, body: { overlap_seconds } });
  tellSecret(scope, section, id, made);
}

function tellSecret(
  scope: Scope,
  section: string,
  name: string,
  { client_secret: secret }: Record<string, unknown>,
): void {
  if (typeof secret === 'string') scope.tell({ section, name, member: 'client_secret', secret });
}

const hasSecret = ({ metadata }: WholeClient) =>
  String(metadata.token_endpoint_auth_method).startsWith('client_secret_');
const ownerOf = ({ isServer, tenantId }: Scope) => (isServer ? null : tenantId);

/** Brings a list of things that are added and removed one by one to what is wanted. */
async function bringList(
  from: readonly (Entry & { id?: string })[],
  to: readonly Entry[],
  { add, remove }: { add(item: Entry): Promise<unknown>; remove(id: string): Promise<unknown> },
): Promise<void> {
  const text = ({ id: _, ...item }: Entry) => JSON.stringify(Object.entries(item).sort());
  const wanted = new Set(to.map(text));
  const there = new Set(from.map(text));
  for (const item of from) if (!wanted.has(text(item))) await remove(String(item.id));
  for (const item of to) if (!there.has(text(item))) await add(item);
}

const applicationMembers = membersOf(clients, 'clients.update');
const { kind } = membersOf(clients, 'clients.create');
const audience = requiredBodyOf(crossAppAudiences, 'clients.cross_app.add');

export const applicationsSection: Section = {
  key: 'applications',
  noun: 'application',
  of: ['server', 'tenant'],
  name: clientId,
  entry: z.strictObject({
    kind: kind as z.ZodType,
    ...applicationMembers,
    state,
    security_profile: membersOf(clients, 'clients.create').security_profile as z.ZodType,
    cross_app_audiences: z
      .array(audience)
      .max(50)
      .optional()
      .meta({ description: 'Servers for which it may get assertions about its people' }),
  }),
  merged: { metadata: 1 },
  fixed: ['kind'],
  async read(scope) {
    const all = await findWholeClients(scope.db, { tenantId: ownerOf(scope), services: false });
    return new Map(
      all.map((client): [string, Found] => [
        client.clientId,
        {
          id: client.clientId,
          hasMadeSecret: hasSecret(client),
          parts: { cross_app_audiences: client.crossAppAudiences.map(audienceEntry) },
          entry: {
            kind: client.kind,
            name: client.name,
            first_party: client.firstParty,
            state: client.state,
            security_profile: client.securityProfile,
            ...metadataOf(client.metadata, Object.keys(applicationMembers)),
            cross_app_audiences: client.crossAppAudiences.map((one) => withoutId(audienceEntry(one))),
          },
        },
      ]),
    );
  },
  async add(scope, id, { state: wantedState, cross_app_audiences: audiences, ...entry }) {
    const body = { client_id: id, ...entry, name: entry.name ?? id, ...(scope.isServer && { all_tenants: true }) };
    const made = await scope.perform('clients.create', { body });
    tellSecret(scope, 'applications', id, made);
    await bringAudiences(scope, id, [], audiences);
    if (wantedState === 'disabled') await scope.perform('clients.disable', { params: { client_id: id } });
    return id;
  },
  async change(scope, id, found, wanted) {
    const body = changedOf(wanted, Object.keys(applicationMembers));
    if (Object.keys(body).length > 0) await scope.perform('clients.update', { params: { client_id: id }, body });
    if (isChanged(wanted, 'cross_app_audiences'))
      await bringAudiences(scope, id, found.parts?.cross_app_audiences ?? [], wanted.entry.cross_app_audiences);
    await changeStanding(scope, 'clients', id, wanted);
  },
  async remove(scope, id) {
    await scope.perform('clients.delete', { params: { client_id: id } });
  },
  rotate: (scope, id) => rotate(scope, 'clients', 'applications', id),
};

function audienceEntry({ id, audience, audienceClientId, scopes }: WholeClient['crossAppAudiences'][number]): Entry {
  return { id, audience, audience_client_id: audienceClientId, scopes };
}

function withoutId({ id: _, ...entry }: Entry): Entry {
  return entry;
}

async function bringAudiences(scope: Scope, id: string, from: readonly Entry[], to: Value = []): Promise<void> {
  const params = { client_id: id };
  await bringList(from as (Entry & { id?: string })[], to as Entry[], {
    add: (body) => scope.perform('clients.cross_app.add', { params, body }),
    remove: (audienceId) =>
      scope.perform('clients.cross_app.remove', { params: { ...params, cross_app_audience_id: audienceId } }),
  });
}

const serviceMembers = membersOf(services, 'services.update');
const workload = requiredBodyOf(workloadIdentities, 'services.workload_identities.add');

export const servicesSection: Section = {
  key: 'services',
  noun: 'service',
  of: ['server', 'tenant'],
  name: clientId,
  entry: z.strictObject({
    ...serviceMembers,
    state,
    security_profile: membersOf(services, 'services.create').security_profile as z.ZodType,
    api: text(500).nullable().optional().meta({ description: 'The identifier of the API that it is' }),
    capabilities: z.array(capabilityKey).max(200).optional().meta({ description: 'What it may ask for' }),
    exchange_capabilities: z
      .array(capabilityKey)
      .max(200)
      .optional()
      .meta({ description: 'What it may get for people by token exchange' }),
    workload_identities: z
      .array(workload)
      .max(20)
      .optional()
      .meta({ description: 'Tokens of its platform that prove it' }),
  }),
  sets: ['capabilities', 'exchange_capabilities'],
  fixed: ['api'],
  normal: {
    certificates: (value) => (Array.isArray(value) ? value.map((pem) => certificateText(String(pem))) : value),
  },
  async read(scope) {
    const all = await findWholeClients(scope.db, { tenantId: ownerOf(scope), services: true });
    return new Map(
      all.map((service): [string, Found] => {
        const workloads = service.workloadIdentities.map(workloadEntry);
        return [
          service.clientId,
          {
            id: service.clientId,
            hasMadeSecret: hasSecret(service),
            parts: { workload_identities: workloads },
            entry: {
              name: service.name,
              state: service.state,
              security_profile: service.securityProfile,
              api: service.api,
              ...serviceMembersOf(service.metadata),
              capabilities: service.capabilities,
              exchange_capabilities: service.exchangeCapabilities,
              workload_identities: workloads.map(withoutId),
            },
          },
        ];
      }),
    );
  },
  async add(scope, id, entry) {
    const { state: wantedState, api, exchange_capabilities: exchange, workload_identities: workloads, ...rest } = entry;
    const [first, ...others] = (workloads ?? []) as Entry[];
    const made = await scope.perform('services.create', {
      body: {
        client_id: id,
        ...rest,
        name: rest.name ?? id,
        ...(scope.isServer && { all_tenants: true }),
        ...(api !== undefined && api !== null && { resource_server_id: await apiIdOf(scope.db, String(api)) }),
        ...(first && { workload_identity: first }),
      },
    });
    tellSecret(scope, 'services', id, made);
    const params = { client_id: id };
    for (const body of others) await scope.perform('services.workload_identities.add', { params, body });
    await bringExchange(scope, id, [], exchange);
    if (wantedState === 'disabled') await scope.perform('services.disable', { params });
    return id;
  },
  async change(scope, id, found, wanted) {
    const params = { client_id: id };
    const { entry } = wanted;
    const body = changedOf(wanted, Object.keys(serviceMembers));
    if (Object.keys(body).length > 0) await scope.perform('services.update', { params, body });
    const { capabilities: items } = changedOf(wanted, ['capabilities']);
    if (items !== undefined) await scope.perform('services.capabilities.replace', { params, body: { items } });
    if (isChanged(wanted, 'exchange_capabilities'))
      await bringExchange(scope, id, found.entry.exchange_capabilities as string[], entry.exchange_capabilities);
    if (isChanged(wanted, 'workload_identities'))
      await bringWorkloads(scope, id, found.parts?.workload_identities ?? [], entry.workload_identities);
    await changeStanding(scope, 'services', id, wanted);
  },
  async remove(scope, id) {
    await scope.perform('services.delete', { params: { client_id: id } });
  },
  rotate: (scope, id) => rotate(scope, 'services', 'services', id),
};

function workloadEntry({ id, ...one }: WholeClient['workloadIdentities'][number]): Entry {
  const { issuer, audience, subject, jwksUri, singleUse } = one;
  return { id, issuer, audience, subject, ...(jwksUri !== null && { jwks_uri: jwksUri }), single_use: singleUse };
}

async function bringWorkloads(scope: Scope, id: string, from: readonly Entry[], to: Value = []): Promise<void> {
  const params = { client_id: id };
  await bringList(from as (Entry & { id?: string })[], to as Entry[], {
    add: (body) => scope.perform('services.workload_identities.add', { params, body }),
    remove: (workloadId) =>
      scope.perform('services.workload_identities.remove', { params: { ...params, workload_identity_id: workloadId } }),
  });
}

async function bringExchange(scope: Scope, id: string, from: readonly string[], to: Value = []): Promise<void> {
  const wanted = to as string[];
  const each = async (verb: 'add' | 'remove', keys: readonly string[]) => {
    for (const capability of keys)
      await scope.perform(`services.exchange_capabilities.${verb}`, { params: { client_id: id, capability } });
  };
  await each(
    'add',
    wanted.filter((key) => !from.includes(key)),
  );
  await each(
    'remove',
    from.filter((key) => !wanted.includes(key)),
  );
}
