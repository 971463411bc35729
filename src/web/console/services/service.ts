/** One service: what is registered of it and what it may ask for, and how that is changed and ended. */
import type Router from '@koa/router';
import { ask, mayAsk } from '../ask.ts';
import { type Deed, type Effect, mountDeed } from '../deed.ts';
import type { FieldSpec } from '../fields.ts';
import { mountForm } from '../form.ts';
import type { ConsoleFrame } from '../frame.ts';
import { draw, page } from '../page.ts';
import { type ConsoleDependencies, hrefTo, type Visit } from '../visit.ts';
import { byApi, readScopes, type ScopesOfApi, scopesField } from './capabilities.ts';
import { type ExchangeModel, exchangeOf } from './exchange.ts';
import { proofFields, storedProof, withChangedProof } from './proof.ts';
import {
  headOf,
  nameOfCertificate,
  proofOf,
  readService,
  type Service,
  type ServiceHead,
  type ServiceProof,
  serviceParams,
  servicePath,
} from './service-page.ts';
import { apiField } from './services.ts';
import { type WorkloadsModel, workloadsOf } from './workloads.ts';

/** What may be done to the service by who looks; absent: not by them. */
interface ServiceActions {
  editHref?: string;
  capabilitiesHref?: string;
  profileHref?: string;
  disableHref?: string;
  enableHref?: string;
  deleteHref?: string;
}

declare module '../../pages/view-models.ts' {
  interface ViewModels {
    'console/services/service': {
      frame: ConsoleFrame;
      head: ServiceHead;
      service: Service;
      proof: ServiceProof;
      /** The name by which a certificate of an authority counts. */
      certificate?: { kind: string; name: string };
      /** Absent where it proves itself in another way than by tokens of its platform. */
      workloads?: WorkloadsModel;
      /** What it may get for people; absent where it is no API. */
      exchange?: ExchangeModel;
      /** What it may ask for, by API. */
      groups: ScopesOfApi[];
      /** The API that it is. */
      api?: { name: string; href: string };
      actions: ServiceActions;
    };
  }
}

async function groupsOf(visit: Visit, { capabilities }: Service): Promise<ScopesOfApi[]> {
  const scopes = await readScopes(visit);
  if (scopes) return byApi(scopes.filter(({ key }) => capabilities.includes(key)));
  const named = capabilities.map((key) => ({ key, description: null }));
  return named.length === 0 ? [] : [{ api: null, identifier: null, scopes: named }];
}

async function apiOf(visit: Visit, { resource_server_id: id }: Service) {
  if (id === null) return undefined;
  const params = { resource_server_id: id };
  if (!(await mayAsk(visit, 'resource_servers.get', { params }))) return { name: id, href: '' };
  const { body } = await ask<{ name: string }>(visit, 'resource_servers.get', { params });
  return { name: body.name, href: hrefTo(visit, `/apis/${id}`) };
}

async function actionsOn(visit: Visit, { state }: Service): Promise<ServiceActions> {
  const params = serviceParams(visit);
  const href = async (operation: string, path: string, body: object = {}) =>
    (await mayAsk(visit, operation, { params, body })) ? hrefTo(visit, `${servicePath(visit)}/${path}`) : undefined;
  const isActive = state === 'active';
  const [editHref, capabilitiesHref, profileHref, disableHref, enableHref, deleteHref] = await Promise.all([
    href('services.update', 'edit'),
    href('services.capabilities.replace', 'capabilities'),
    href('services.set_security_profile', 'security-profile', { security_profile: 'none' }),
    isActive ? href('services.disable', 'disable') : undefined,
    isActive ? undefined : href('services.enable', 'enable'),
    href('services.delete', 'delete'),
  ]);
  return { editHref, capabilitiesHref, profileHref, disableHref, enableHref, deleteHref };
}

async function show(visit: Visit): Promise<void> {
  const { service } = await readService(visit);
  const [groups, api, actions, workloads, exchange] = await Promise.all([
    groupsOf(visit, service),
    apiOf(visit, service),
    actionsOn(visit, service),
    workloadsOf(visit, service),
    exchangeOf(visit, service),
  ]);
  draw(visit, 'console/services/service', {
    head: headOf(visit, service, 'details'),
    service,
    proof: proofOf(service),
    certificate: nameOfCertificate(service.metadata),
    workloads,
    exchange,
    groups,
    api,
    actions,
  });
}

async function editFields(visit: Visit): Promise<FieldSpec[]> {
  const { service } = await readService(visit);
  const answers: FieldSpec = {
    name: 'introspection_signed_response_alg',
    kind: 'select',
    optional: true,
    empty: 'null',
    options: [{ value: '' }, { value: 'RS256' }, { value: 'ES256' }],
  };
  return [
    { name: 'name', kind: 'text', maxLength: 200 },
    ...(await apiField(visit, 'default_resource', 'identifier', { empty: 'null' })),
    ...(service.resource_server_id === null ? [] : [answers]),
    ...proofFields(service),
  ];
}

async function readForEdit(visit: Visit) {
  const { service, etag } = await readService(visit);
  const { name, metadata } = service;
  return { stored: { name, ...metadata, ...storedProof(service) }, etag, subject: name };
}

async function readCarried(visit: Visit) {
  const [{ service }, { body, etag }] = await Promise.all([
    readService(visit),
    ask<{ items: string[] }>(visit, 'services.capabilities.list', { params: serviceParams(visit) }),
  ]);
  return { stored: body, etag, subject: service.name };
}

async function tokensEnd(visit: Visit): Promise<Effect[]> {
  const { body } = await ask<{ service_tokens: number }>(visit, 'services.effects', { params: serviceParams(visit) });
  return [{ key: 'tokens', params: { count: body.service_tokens } }];
}

const shared = {
  section: 'services',
  input: (visit: Visit) => ({ params: serviceParams(visit) }),
  subject: async (visit: Visit) => (await readService(visit)).service.name,
  back: servicePath,
} as const;

const deeds: Deed[] = [
  {
    ...shared,
    path: '/services/:clientId/disable',
    operation: 'services.disable',
    words: 'console.services.disable',
    effects: async (visit) => [...(await tokensEnd(visit)), { key: 'refused' }, { key: 'undo' }],
    isDangerous: true,
    notice: 'disabled',
  },
  {
    ...shared,
    path: '/services/:clientId/enable',
    operation: 'services.enable',
    words: 'console.services.enable',
    effects: async () => [{ key: 'asks' }],
    notice: 'enabled',
  },
  {
    ...shared,
    path: '/services/:clientId/delete',
    operation: 'services.delete',
    words: 'console.services.delete',
    effects: async (visit) => [...(await tokensEnd(visit)), { key: 'secrets' }, { key: 'for_good' }],
    isDangerous: true,
    typed: true,
    after: () => '/services',
    notice: 'deleted',
  },
];

/** Mounts `/services/<client_id>`, its forms and what is done to it. */
export function mountService(router: Router, deps: ConsoleDependencies): void {
  const form = { section: 'services', params: serviceParams, back: servicePath } as const;
  mountForm(router, deps, {
    ...form,
    path: '/services/:clientId/edit',
    operation: 'services.update',
    words: 'console.services.edit',
    fields: editFields,
    read: readForEdit,
    complete: withChangedProof,
    fresh: true,
    notice: 'saved',
  });
  mountForm(router, deps, {
    ...form,
    path: '/services/:clientId/capabilities',
    operation: 'services.capabilities.replace',
    words: 'console.services.capabilities',
    fields: async (visit) => [await scopesField(visit, 'items', (await readService(visit)).service.capabilities)],
    read: readCarried,
    notice: 'capabilities',
  });
  mountForm(router, deps, {
    ...form,
    path: '/services/:clientId/security-profile',
    operation: 'services.set_security_profile',
    words: 'console.services.profile',
    fields: () => [{ name: 'security_profile', kind: 'select', options: [{ value: 'none' }, { value: 'fapi2' }] }],
    read: async (visit) => {
      const { service } = await readService(visit);
      return { stored: service, subject: service.name };
    },
    notice: 'profile',
  });
  for (const deed of deeds) mountDeed(router, deps, deed);
  router.get('/services/:clientId', page(deps, 'services', show));
}
