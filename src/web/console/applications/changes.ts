/** The forms that change what is registered of an application: its name, its addresses, and what it asks of a sign-in. */
import type Router from '@koa/router';
import { placeAccess } from '../../../domain/clients/authorization-details.ts';
import { securityProfiles } from '../../../domain/clients/security-profile.ts';
import { acr } from '../../../domain/factors/requirement.ts';
import { askList, mayAsk } from '../ask.ts';
import type { FieldSpec } from '../fields.ts';
import { type FormPage, mountForm } from '../form.ts';
import { type ConsoleDependencies, queryValue, type Visit } from '../visit.ts';
import { type ApplicationKind, clientParams, clientPath, readApplication } from './application-page.ts';
import { isSafeToAdd } from './redirects.ts';

/** What stands for no API in a form. */
export const none = 'none';

/** The APIs that tokens can be for; empty for who may not see them. */
export async function apiOptions(visit: Visit): Promise<{ value: string; label: string }[]> {
  if (!(await mayAsk(visit, 'resource_servers.list'))) return [];
  const { items } = await askList<{ identifier: string; name: string }>(visit, 'resource_servers.list', {
    query: { limit: 200 },
  });
  return items.map(({ identifier, name }) => ({ value: identifier, label: `${name} (${identifier})` }));
}

/** Only who runs the server says that people are not asked for their consent. */
export async function mayBeFirstParty(visit: Visit): Promise<boolean> {
  return mayAsk(visit, 'clients.create', { body: { first_party: true } });
}

const shared = {
  section: 'applications',
  operation: 'clients.update',
  params: clientParams,
  back: clientPath,
  notice: 'saved',
} as const;

/** What is stored, with the members of the metadata that forms show under names of their own. */
async function readForForm(visit: Visit) {
  const { application, etag } = await readApplication(visit);
  const { metadata } = application;
  const acrs = Array.isArray(metadata.default_acr_values) ? metadata.default_acr_values : [];
  const stored = {
    ...metadata,
    ...application,
    two_factors: acrs.length > 0,
    default_resource: metadata.default_resource ?? none,
    require_pkce: metadata.require_pkce !== false,
    place_access: [metadata.authorization_details_types ?? []].flat().includes(placeAccess),
    max_age_minutes: typeof metadata.default_max_age === 'number' ? metadata.default_max_age / 60 : null,
  };
  return { stored, etag, subject: application.name, kind: application.kind };
}

const edit: FormPage = {
  ...shared,
  path: '/applications/:clientId/edit',
  words: 'console.applications.edit',
  fields: async (visit) => [
    { name: 'name', kind: 'text', maxLength: 200 },
    ...((await mayBeFirstParty(visit)) ? ([{ name: 'first_party', kind: 'check' }] as const) : []),
  ],
  read: readForForm,
};

/** An address that the application sent, and that the page of its refusals led here with. */
function addressToAdd(visit: Visit, registered: readonly string[], kind: ApplicationKind): string | undefined {
  const sent = queryValue(visit, 'add');
  // Whoever wrote the address of this page gets no more into the form than the page of refusals would.
  return sent !== undefined && isSafeToAdd(sent, registered, kind) ? sent : undefined;
}

const addresses: FormPage = {
  ...shared,
  path: '/applications/:clientId/addresses',
  words: 'console.applications.addresses',
  // What answers there gets people's sign-ins: who finds a browser open adds none.
  fresh: true,
  fields: () => [
    { name: 'redirect_uris', kind: 'lines', optional: true },
    { name: 'post_logout_redirect_uris', kind: 'lines', optional: true, group: 'sign_out' },
    { name: 'backchannel_logout_uri', kind: 'url', optional: true, empty: 'null', maxLength: 2000 },
  ],
  read: readForForm,
  suggest: async (visit, values) => {
    const { kind } = await readForForm(visit);
    const registered = (values.redirect_uris ?? '').split('\n').filter((line) => line !== '');
    const sent = addressToAdd(visit, registered, kind);
    return sent === undefined ? values : { ...values, redirect_uris: [...registered, sent].join('\n') };
  },
  complete: ({ backchannel_logout_uri: uri, ...body }) => {
    if (uri === undefined) return body;
    // One that is told of a session's end is told which one it was.
    return { ...body, metadata: { backchannel_logout_uri: uri, backchannel_logout_session_required: uri && true } };
  },
};

const signInFields = async (visit: Visit): Promise<FieldSpec[]> => {
  const { kind, stored } = await readForForm(visit);
  const apis = await apiOptions(visit);
  const keeps = stored.token_endpoint_auth_method !== 'none';
  return [
    { name: 'two_factors', kind: 'check', group: 'people' },
    { name: 'max_age_minutes', kind: 'number', optional: true, empty: 'null' },
    { name: 'agent', kind: 'check' },
    { name: 'consent_days', kind: 'number', optional: true, empty: 'null' },
    {
      name: 'id_token_claims',
      kind: 'select',
      options: [{ value: 'all' }, { value: 'lean' }],
      group: 'tokens',
    },
    ...(apis.length > 0
      ? ([
          {
            name: 'default_resource',
            kind: 'select',
            options: [{ value: none }, ...apis],
          },
        ] as const)
      : []),
    { name: 'allowed_scopes', kind: 'lines', optional: true },
    { name: 'place_access', kind: 'check' },
    ...(kind === 'web' && keeps
      ? ([
          {
            name: 'token_endpoint_auth_method',
            kind: 'select',
            options: [{ value: 'client_secret_basic' }, { value: 'client_secret_post' }],
            group: 'protocol',
          },
          { name: 'require_pkce', kind: 'check' },
        ] as const)
      : []),
    ...(kind === 'web' && keeps && stored.tenant_id !== null ? ([{ name: 'ciba', kind: 'check' }] as const) : []),
  ];
};

/** By the names of the registered metadata. */
function asMetadata(body: Record<string, unknown>): Record<string, unknown> {
  const {
    two_factors,
    max_age_minutes: minutes,
    token_endpoint_auth_method: method,
    require_pkce,
    place_access,
    ...others
  } = body;
  const { allowed_scopes: scopes, consent_days: days, ...rest } = others;
  const metadata = {
    ...(two_factors !== undefined && { default_acr_values: two_factors ? [acr.aal2] : null }),
    ...(minutes !== undefined && { default_max_age: typeof minutes === 'number' ? Math.round(minutes * 60) : minutes }),
    ...(days !== undefined && { consent_days: days }),
    // None: whatever it asks for, within what people may.
    ...(Array.isArray(scopes) && { allowed_scopes: scopes.length > 0 ? scopes : null }),
    ...(method !== undefined && { token_endpoint_auth_method: method }),
    ...(place_access !== undefined && { authorization_details_types: place_access ? [placeAccess] : null }),
    ...(require_pkce !== undefined && { require_pkce: require_pkce ? null : false }),
  };
  if (rest.default_resource === none) rest.default_resource = null;
  return Object.keys(metadata).length > 0 ? { ...rest, metadata } : rest;
}

const signIn: FormPage = {
  ...shared,
  path: '/applications/:clientId/sign-in',
  words: 'console.applications.sign_in',
  fields: signInFields,
  read: readForForm,
  complete: asMetadata,
};

const profile: FormPage = {
  ...shared,
  operation: 'clients.set_security_profile',
  path: '/applications/:clientId/security-profile',
  words: 'console.applications.profile',
  fields: () => [{ name: 'security_profile', kind: 'select', options: securityProfiles.map((value) => ({ value })) }],
  read: async (visit) => {
    const { stored, subject } = await readForForm(visit);
    return { stored, subject };
  },
  notice: 'profile',
};

/** Mounts a page for each. */
export function mountChanges(router: Router, deps: ConsoleDependencies): void {
  for (const form of [edit, addresses, signIn, profile]) mountForm(router, deps, form);
}
