/** How an application is connected: its settings, and snippets for the libraries of its kind. No secret is in them. */
import type Router from '@koa/router';
import type { ConsoleFrame } from '../frame.ts';
import { draw, page } from '../page.ts';
import { type ConsoleDependencies, hrefTo, type Visit } from '../visit.ts';
import {
  type Application,
  type ApplicationHead,
  clientPath,
  deviceGrant,
  hasSecret,
  headOfApplication,
  readApplication,
} from './application-page.ts';
import { type BuiltKind, type FilledSnippet, filledSnippets } from './snippets.ts';
import { mayTry } from './try.ts';

declare module '../../pages/view-models.ts' {
  interface ViewModels {
    'console/applications/connect': {
      frame: ConsoleFrame;
      head: ApplicationHead;
      kind: BuiltKind;
      issuer: string;
      discoveryUrl: string;
      snippets: FilledSnippet[];
      /** It has a secret, which is not shown here. */
      hasSecret: boolean;
      tryHref?: string;
    };
  }
}

/** What it was registered as. */
export function builtKindOf({ kind, metadata }: Pick<Application, 'kind' | 'metadata'>): BuiltKind {
  return metadata.grant_types.includes(deviceGrant) && metadata.redirect_uris.length === 0 ? 'device' : kind;
}

/** With everything of it that is known. @param secret where it is shown this once */
export function snippetsFor(visit: Visit, application: Application, secret?: string): FilledSnippet[] {
  const { metadata, client_id } = application;
  const values = {
    provider_name: visit.tenant.name,
    issuer: visit.web.issuer,
    client_id,
    client_secret: secret,
    redirect_uri: metadata.redirect_uris[0],
    groups: groupsOf(metadata.claim_mapping),
  };
  return filledSnippets(
    builtKindOf(application),
    values,
    hasSecret(application) ? metadata.token_endpoint_auth_method : undefined,
  );
}

/** The claim that roles come in: one of its own, where the application has one. */
function groupsOf(mapping: unknown): string {
  const entries = Object.entries((mapping ?? {}) as Record<string, { from?: string } | null>);
  return entries.find(([, source]) => source?.from === 'roles')?.[0] ?? 'roles';
}

async function show(visit: Visit): Promise<void> {
  const { application } = await readApplication(visit);
  const { issuer } = visit.web;
  draw(visit, 'console/applications/connect', {
    head: headOfApplication(visit, application, 'connect'),
    kind: builtKindOf(application),
    issuer,
    discoveryUrl: `${issuer}/.well-known/openid-configuration`,
    snippets: snippetsFor(visit, application),
    hasSecret: hasSecret(application),
    tryHref: mayTry(visit, application) ? hrefTo(visit, `${clientPath(visit)}/try`) : undefined,
  });
}

/** Mounts the tab. */
export function mountApplicationConnect(router: Router, deps: ConsoleDependencies): void {
  router.get('/applications/:clientId/connect', page(deps, 'applications', show));
}
