/**
 * The guided registration: what are you building? Each kind asks what it needs and nothing else, and ends with the client_id,
 * the secret this once, and snippets that are filled in. A service is registered in the section of services.
 */
import type Router from '@koa/router';
import { ask, mayAsk } from '../ask.ts';
import type { FieldSpec, Values } from '../fields.ts';
import { type FormPage, mountForm } from '../form.ts';
import type { ConsoleFrame } from '../frame.ts';
import { draw, page } from '../page.ts';
import { type ConsoleDependencies, hrefTo, type Visit } from '../visit.ts';
import { type Application, deviceGrant, pathOfApplication } from './application-page.ts';
import { apiOptions, mayBeFirstParty, none } from './changes.ts';
import { snippetsFor } from './connect.ts';
import { registerApi } from './register-api.ts';
import type { BuiltKind, FilledSnippet } from './snippets.ts';
import { mayTry } from './try.ts';

declare module '../../pages/view-models.ts' {
  interface ViewModels {
    'console/applications/kinds': {
      frame: ConsoleFrame;
      listHref: string;
      kinds: { kind: BuiltKind | 'service'; href: string }[];
    };
    'console/applications/registered': {
      frame: ConsoleFrame;
      kind: BuiltKind;
      name: string;
      listHref: string;
      /** Of an API: its identifier. */
      clientId: string;
      /** Shown this once; absent where it keeps none. */
      secret?: string;
      snippets: FilledSnippet[];
      /** The page of what was registered; absent where there is none. */
      pageHref?: string;
      tryHref?: string;
      /** Of an API: why its scope could not be made, as a code. */
      fault?: string;
    };
  }
}

/** Each kind, what one has to be allowed, and where it is registered if not here. */
const kinds: readonly { kind: BuiltKind | 'service'; operations: readonly string[]; path?: string }[] = [
  { kind: 'web', operations: ['clients.create'] },
  { kind: 'spa', operations: ['clients.create'] },
  { kind: 'native', operations: ['clients.create'] },
  { kind: 'device', operations: ['clients.create'] },
  { kind: 'service', operations: ['services.create'], path: '/services/new' },
  { kind: 'mcp', operations: ['resource_servers.create', 'capabilities.define'] },
];

async function showKinds(visit: Visit): Promise<void> {
  const shown = [];
  for (const { kind, operations, path = `/applications/_new/${kind}` } of kinds) {
    const may = await Promise.all(
      operations.map((operation) => mayAsk(visit, operation, { body: { capabilities: [] } })),
    );
    if (may.every((one) => one)) shown.push({ kind, href: hrefTo(visit, path) });
  }
  draw(visit, 'console/applications/kinds', { listHref: hrefTo(visit, '/applications'), kinds: shown });
}

type ApplicationBuilt = 'web' | 'spa' | 'native' | 'device';

const redirects: FieldSpec = { name: 'redirect_uris', kind: 'lines' };
const afterSignOut: FieldSpec = { name: 'post_logout_redirect_uris', kind: 'lines', optional: true };

const ownFields: Record<ApplicationBuilt, readonly FieldSpec[]> = {
  web: [
    redirects,
    afterSignOut,
    {
      name: 'token_endpoint_auth_method',
      kind: 'select',
      options: [{ value: 'client_secret_basic' }, { value: 'client_secret_post' }],
    },
  ],
  spa: [redirects, afterSignOut],
  native: [redirects, afterSignOut],
  device: [],
};

async function fieldsOf(visit: Visit, kind: ApplicationBuilt): Promise<FieldSpec[]> {
  const apis = await apiOptions(visit);
  return [
    { name: 'name', kind: 'text', maxLength: 200 },
    ...ownFields[kind],
    ...(apis.length > 0
      ? ([{ name: 'default_resource', kind: 'select', options: [{ value: none }, ...apis] }] as const)
      : []),
    ...((await mayBeFirstParty(visit)) ? ([{ name: 'first_party', kind: 'check' }] as const) : []),
  ];
}

function bodyOfKind(kind: ApplicationBuilt, body: Record<string, unknown>): Record<string, unknown> {
  const { token_endpoint_auth_method: method, default_resource: api, first_party: isOurs, ...rest } = body;
  return {
    ...rest,
    kind: kind === 'device' ? 'native' : kind,
    ...(isOurs === true && { first_party: true }),
    ...(api !== none && { default_resource: api }),
    ...(method !== undefined && { metadata: { token_endpoint_auth_method: method } }),
    ...(kind === 'device' && { metadata: { grant_types: [deviceGrant, 'refresh_token'] } }),
  };
}

async function drawRegistered(visit: Visit, answer: Record<string, unknown>, kind: ApplicationBuilt): Promise<void> {
  const secret = typeof answer.client_secret === 'string' ? answer.client_secret : undefined;
  const { body: application } = await ask<Application>(visit, 'clients.get', {
    params: { client_id: String(answer.client_id) },
  });
  const path = pathOfApplication(application.client_id);
  draw(visit, 'console/applications/registered', {
    kind,
    name: application.name,
    listHref: hrefTo(visit, '/applications'),
    clientId: application.client_id,
    secret,
    snippets: snippetsFor(visit, application, secret),
    pageHref: hrefTo(visit, path),
    tryHref: mayTry(visit, application) ? hrefTo(visit, `${path}/try`) : undefined,
  });
}

const forApplication = (kind: ApplicationBuilt): FormPage => ({
  path: `/applications/_new/${kind}`,
  section: 'applications',
  operation: 'clients.create',
  words: `console.applications.new_${kind}`,
  fields: (visit) => fieldsOf(visit, kind),
  initial: (): Values => ({ default_resource: none, token_endpoint_auth_method: 'client_secret_basic' }),
  complete: (body) => bodyOfKind(kind, body),
  // What answers at its addresses gets people's sign-ins: who finds a browser open registers none.
  fresh: true,
  back: () => '/applications/_new',
  drawOnce: (visit, answer) => drawRegistered(visit, answer, kind),
});

/** Mounts `/applications/_new`, and a form for each kind. */
export function mountRegister(router: Router, deps: ConsoleDependencies): void {
  router.get('/applications/_new', page(deps, 'applications', showKinds));
  for (const kind of ['web', 'spa', 'native', 'device'] as const) mountForm(router, deps, forApplication(kind));
  mountForm(router, deps, registerApi);
}
