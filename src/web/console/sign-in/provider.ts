/** One identity provider: what is registered of it, what this tenant asks of it, whether it answers, and what is done to it. */
import type Router from '@koa/router';
import { ask, mayAsk } from '../ask.ts';
import { type Deed, type Effect, mountDeed } from '../deed.ts';
import { mountForm } from '../form.ts';
import type { ConsoleFrame } from '../frame.ts';
import { draw, page } from '../page.ts';
import { type ConsoleDependencies, hrefTo, type Visit } from '../visit.ts';
import { callbackAddress } from './add-provider.ts';
import { type TrustModel, trustOf } from './cross-app.ts';
import { providerForms } from './provider-forms.ts';
import { type Provider, providerParams, providerPath, readProvider } from './provider-page.ts';
import { type ProviderTerms, readTerms } from './terms.ts';

interface ProviderCheck {
  check: string;
  passes: boolean;
  reason: string | null;
}

interface ProviderHead {
  provider: Provider;
  listHref: string;
}

declare module '../../pages/view-models.ts' {
  interface ViewModels {
    'console/sign-in/provider': {
      frame: ConsoleFrame;
      head: ProviderHead;
      callback: string;
      /** By our names for the claims. */
      claims: { claim: string; theirs: string }[];
      /** Undefined for who may not see settings. */
      terms?: ProviderTerms;
      /** Undefined for a provider of all tenants. */
      trust?: TrustModel;
      actions: Partial<
        Record<
          | 'editHref'
          | 'claimsHref'
          | 'secretHref'
          | 'termsHref'
          | 'checkHref'
          | 'disableHref'
          | 'enableHref'
          | 'deleteHref',
          string
        >
      >;
    };
    'console/sign-in/check': {
      frame: ConsoleFrame;
      head: ProviderHead;
      works: boolean;
      checks: ProviderCheck[];
      callback: string;
      providerHref: string;
    };
  }
}

async function headOf(visit: Visit): Promise<ProviderHead> {
  const { body: provider } = await readProvider(visit);
  return { provider, listHref: hrefTo(visit, '/sign-in/providers') };
}

/** The claims that are called something else there, or as everywhere. */
function claimsOf({ claim_mapping: mapping }: Provider): { claim: string; theirs: string }[] {
  return Object.entries(mapping).map(([claim, theirs]) => ({
    claim,
    theirs: Array.isArray(theirs) ? theirs.map((one) => JSON.stringify(one)).join(', ') : String(theirs),
  }));
}

async function show(visit: Visit): Promise<void> {
  const head = await headOf(visit);
  const params = providerParams(visit);
  const path = providerPath(visit);
  const seesTerms = visit.holdings.everywhere('tenant.manage');
  const mayChange = await mayAsk(visit, 'identity_providers.update', { params });
  const href = (isShown: boolean, to: string) => (isShown ? hrefTo(visit, `${path}/${to}`) : undefined);
  const isActive = head.provider.state === 'active';
  draw(visit, 'console/sign-in/provider', {
    head,
    callback: callbackAddress(visit, head.provider.key),
    claims: claimsOf(head.provider),
    trust: await trustOf(visit, head.provider),
    terms: seesTerms ? (await readTerms(visit, params.key)).terms : undefined,
    actions: {
      editHref: href(mayChange, 'edit'),
      claimsHref: href(mayChange, 'claims'),
      secretHref: href(mayChange, 'secret'),
      termsHref: seesTerms ? hrefTo(visit, `/sign-in/terms/${params.key}`) : undefined,
      checkHref: href(await mayAsk(visit, 'identity_providers.check', { params }), 'check'),
      disableHref: href(isActive && mayChange, 'disable'),
      enableHref: href(!isActive && mayChange, 'enable'),
      deleteHref: href(await mayAsk(visit, 'identity_providers.delete', { params }), 'delete'),
    },
  });
}

async function check(visit: Visit): Promise<void> {
  const head = await headOf(visit);
  const params = providerParams(visit);
  const { body } = await ask<{ works: boolean; checks: ProviderCheck[] }>(visit, 'identity_providers.check', {
    params,
  });
  const callback = callbackAddress(visit, head.provider.key);
  draw(visit, 'console/sign-in/check', { head, ...body, callback, providerHref: hrefTo(visit, providerPath(visit)) });
}

async function linked(visit: Visit): Promise<Effect> {
  const { body } = await ask<{ people: number }>(visit, 'identity_providers.effects', {
    params: providerParams(visit),
  });
  return { key: 'people', params: { count: body.people } };
}

const shared = {
  section: 'sign-in',
  input: (visit: Visit) => ({ params: providerParams(visit) }),
  subject: async (visit: Visit) => (await readProvider(visit)).body.name,
  back: providerPath,
} as const;

const deeds: Deed[] = [
  {
    ...shared,
    path: '/sign-in/providers/:key/disable',
    operation: 'identity_providers.disable',
    words: 'console.sign_in.disable',
    effects: async (visit) => [await linked(visit), { key: 'on_the_way' }, { key: 'sessions' }, { key: 'undo' }],
    isDangerous: true,
    notice: 'disabled',
  },
  {
    ...shared,
    path: '/sign-in/providers/:key/enable',
    operation: 'identity_providers.enable',
    words: 'console.sign_in.enable',
    effects: async (visit) => [await linked(visit), { key: 'at_once' }],
    notice: 'enabled',
  },
  {
    ...shared,
    path: '/sign-in/providers/:key/delete',
    operation: 'identity_providers.delete',
    words: 'console.sign_in.delete',
    input: (visit) => ({ params: providerParams(visit), query: { with_identities: 'true' } }),
    effects: async (visit) => [await linked(visit), { key: 'others' }, { key: 'sessions' }, { key: 'for_good' }],
    isDangerous: true,
    typed: true,
    after: () => '/sign-in/providers',
    notice: 'deleted',
  },
];

/** Mounts a provider's page, its check, its forms and what is done to it. */
export function mountProvider(router: Router, deps: ConsoleDependencies): void {
  router.get('/sign-in/providers/:key', page(deps, 'sign-in', show));
  router.get('/sign-in/providers/:key/check', page(deps, 'sign-in', check));
  for (const form of providerForms) mountForm(router, deps, form);
  for (const deed of deeds) mountDeed(router, deps, deed);
}
