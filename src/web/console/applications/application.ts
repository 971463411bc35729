/** One application: what is registered of it, and how many people let it have something. */
import type Router from '@koa/router';
import { consentDaysOf } from '../../../domain/clients/client-metadata.ts';
import { ask, askList, mayAsk } from '../ask.ts';
import type { ConsoleFrame } from '../frame.ts';
import { draw, page } from '../page.ts';
import { type ConsoleDependencies, hrefTo, type Visit } from '../visit.ts';
import {
  type Application,
  type ApplicationHead,
  clientParams,
  clientPath,
  headOfApplication,
  mayChange,
  readApplication,
} from './application-page.ts';
import { type CrossAppModel, crossAppOf } from './cross-app.ts';

/** As `clients.effects` answers, as far as pages of applications show it. */
export interface ClientEffects {
  people: number;
  sessions: number;
  grants: number;
}

declare module '../../pages/view-models.ts' {
  interface ViewModels {
    'console/applications/application': {
      frame: ConsoleFrame;
      head: ApplicationHead;
      application: Application;
      /** The API that its tokens are for, by name where it is seen. */
      api: string | null;
      /** Two factors are asked of everybody who signs in to it. */
      asksForTwoFactors: boolean;
      /** How long the last sign-in may lie back, in seconds. */
      maxAge: number | null;
      /** How long a person's consent lasts at the most, in days; null: until it is withdrawn. */
      consentDays: number | null;
      connected: ClientEffects;
      /** Undefined for one that cannot prove itself. */
      crossApp?: CrossAppModel;
      actions: Partial<Record<`${Action}Href`, string>>;
    };
  }
}

const actions = [
  { action: 'edit', operation: 'clients.update' },
  { action: 'addresses', operation: 'clients.update' },
  { action: 'signIn', operation: 'clients.update', path: 'sign-in' },
  { action: 'profile', operation: 'clients.set_security_profile', path: 'security-profile' },
  { action: 'disable', operation: 'clients.disable', state: 'active' },
  { action: 'enable', operation: 'clients.enable', state: 'disabled' },
  { action: 'delete', operation: 'clients.delete' },
] as const;
type Action = (typeof actions)[number]['action'];

/** What a document says is changed there. */
const byDocument: readonly Action[] = ['disable', 'enable', 'delete'];

async function actionsOn(
  visit: Visit,
  { state, origin }: Application,
): Promise<Partial<Record<`${Action}Href`, string>>> {
  if (!(await mayChange(visit))) return {};
  const shown = actions
    .filter((one) => !('state' in one) || one.state === state)
    .filter(({ action }) => origin !== 'document' || byDocument.includes(action));
  const entries = shown.map((one) => [
    `${one.action}Href`,
    hrefTo(visit, `${clientPath(visit)}/${'path' in one ? one.path : one.action}`),
  ]);
  return Object.fromEntries(entries);
}

/** The name of the API that tokens are for where nothing else is asked; its identifier for who may not see APIs. */
async function apiOf(visit: Visit, { metadata }: Application): Promise<string | null> {
  const { default_resource: identifier } = metadata;
  if (typeof identifier !== 'string') return null;
  if (!(await mayAsk(visit, 'resource_servers.list'))) return identifier;
  const { items } = await askList<{ identifier: string; name: string }>(visit, 'resource_servers.list', {
    query: { limit: 200 },
  });
  return items.find((api) => api.identifier === identifier)?.name ?? identifier;
}

async function show(visit: Visit): Promise<void> {
  const { application } = await readApplication(visit);
  const { metadata } = application;
  const { body: connected } = await ask<ClientEffects>(visit, 'clients.effects', { params: clientParams(visit) });
  const acrs = Array.isArray(metadata.default_acr_values) ? metadata.default_acr_values : [];
  draw(visit, 'console/applications/application', {
    head: headOfApplication(visit, application, 'details'),
    application,
    api: await apiOf(visit, application),
    asksForTwoFactors: acrs.length > 0,
    maxAge: typeof metadata.default_max_age === 'number' ? metadata.default_max_age : null,
    consentDays: consentDaysOf(metadata) ?? null,
    connected,
    crossApp: await crossAppOf(visit, application),
    actions: await actionsOn(visit, application),
  });
}

/** Mounts `/applications/<client_id>`. */
export function mountApplication(router: Router, deps: ConsoleDependencies): void {
  router.get('/applications/:clientId', page(deps, 'applications', show));
}
