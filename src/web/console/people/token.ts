/**
 * What the tokens of a person would say, now or then, for an application, scopes and a place; how large they are; and why each role is
 * in them. Made by what issues tokens; nothing is issued.
 */
import type Router from '@koa/router';
import { DomainError } from '../../../platform/errors.ts';
import { ask, askList, mayAsk } from '../ask.ts';
import type { ConsoleFrame } from '../frame.ts';
import { draw, page } from '../page.ts';
import { askThen, type ThenModel } from '../then.ts';
import { type ConsoleDependencies, hrefTo, queryValue, type Visit } from '../visit.ts';
import { headOf, type PersonHead, personParams, personPath, readPerson } from './person-page.ts';

interface Said {
  claims: Record<string, unknown>;
  bytes: number;
}

interface Preview {
  scopes: string[];
  id_token: Said | null;
  userinfo: Said | null;
  access_token: (Said & { format: 'jwt' | 'opaque' }) | null;
  refused: { error: string; error_description: string | null } | null;
}

interface Chain {
  assignment_id: string;
  role: { id: string; name: string };
  org_node: { id: string; name: string; type: string };
  starts_at: string;
  ends_at: string | null;
  given_at: string;
  given_by: { type: string; id: string | null } | null;
  capabilities: { key: string }[];
}

interface Option {
  value: string;
  label: string;
}

declare module '../../pages/view-models.ts' {
  interface ViewModels {
    'console/people/token': {
      frame: ConsoleFrame;
      head: PersonHead;
      action: string;
      /** Of the form; `at` goes along. */
      asked: { client_id: string; scope: string; resource: string };
      at?: string;
      clients: Option[];
      apis: Option[];
      placeHref?: string;
      tokens: { kind: 'access_token' | 'id_token' | 'userinfo'; bytes: number; claims: string }[];
      scopes: string[];
      /** Why there would be no token, in the words of the token endpoint; or a code of ours. */
      refused?: { error?: string; detail?: string; code?: string };
      moment: ThenModel;
      why: (Omit<Chain, 'capabilities'> & {
        capabilities: string[];
        giver: string;
        givenHref?: string;
        /** Absent: it is over. */
        mendHref?: string;
      })[];
    };
  }
}

const usualScopes = 'openid profile email roles';

async function optionsOf(
  visit: Visit,
  operation: string,
  capability: string,
  by: 'client_id' | 'identifier',
): Promise<Option[]> {
  if (!visit.holdings.everywhere(capability)) return [];
  const { items } = await askList<Record<'client_id' | 'identifier' | 'name', string>>(visit, operation, {
    query: { limit: 200 },
  });
  return items.map((item) => ({ value: item[by], label: item.name }));
}

/** What would be issued; undefined where nothing is asked yet. */
async function previewOf(
  visit: Visit,
  asked: { client_id: string; scope: string; resource: string },
  at: string | undefined,
) {
  if (asked.client_id === '') return undefined;
  const query = { ...asked, resource: asked.resource || undefined, org_node_id: visit.at?.id, at };
  try {
    return (await ask<Preview>(visit, 'users.token_preview', { params: personParams(visit), query })).body;
  } catch (error) {
    if (!(error instanceof DomainError) || ['unavailable', 'rate_limited'].includes(error.kind)) throw error;
    if (error.code === 'BEFORE_HISTORY') throw error;
    return { code: error.code };
  }
}

type Previewed = Awaited<ReturnType<typeof previewOf>>;

function tokensOf(preview: Previewed) {
  if (!preview || 'code' in preview) return [];
  return (['access_token', 'id_token', 'userinfo'] as const).flatMap((kind) => {
    const said = preview[kind];
    return said ? [{ kind, bytes: said.bytes, claims: JSON.stringify(said.claims, null, 2) }] : [];
  });
}

function refusedOf(preview: Previewed) {
  if (!preview) return undefined;
  if ('code' in preview) return { code: preview.code };
  return preview.refused
    ? { error: preview.refused.error, detail: preview.refused.error_description ?? '' }
    : undefined;
}

async function giverOf(visit: Visit, { given_by }: Chain): Promise<{ giver: string; givenHref?: string }> {
  if (!given_by?.id || given_by.type !== 'user')
    return { giver: given_by?.type === 'client' ? (given_by.id ?? '') : '' };
  const params = { user_id: given_by.id };
  if (!(await mayAsk(visit, 'users.get', { params }))) return { giver: given_by.id };
  const { body } = await ask<{ full_name: string | null; email: string | null }>(visit, 'users.get', { params });
  return { giver: body.full_name ?? body.email ?? given_by.id, givenHref: hrefTo(visit, `/people/${given_by.id}`) };
}

async function whyOf(visit: Visit, at: string | undefined) {
  const query = { limit: 50, org_node_id: visit.at?.id, at };
  const { items } = await askList<Chain>(visit, 'users.why', { params: personParams(visit), query });
  const givers = await Promise.all(items.map((chain) => giverOf(visit, chain)));
  return items.map((chain, index) => ({
    ...chain,
    capabilities: chain.capabilities.map(({ key }) => key),
    giver: '',
    ...givers[index],
    mendHref: at === undefined ? hrefTo(visit, `${personPath(visit)}/access`) : undefined,
  }));
}

async function show(visit: Visit): Promise<void> {
  const { person } = await readPerson(visit);
  const path = `${personPath(visit)}/token`;
  const [clients, apis] = await Promise.all([
    optionsOf(visit, 'clients.list', 'clients.manage', 'client_id'),
    optionsOf(visit, 'resource_servers.list', 'apis.manage', 'identifier'),
  ]);
  const asked = {
    client_id: queryValue(visit, 'client_id') ?? clients[0]?.value ?? '',
    scope: queryValue(visit, 'scope') ?? usualScopes,
    resource: queryValue(visit, 'resource') ?? '',
  };
  const { moment, answer } = await askThen(visit, hrefTo(visit, path, asked), (at) =>
    Promise.all([previewOf(visit, asked, at), whyOf(visit, at)]),
  );
  const [preview, why] = answer ?? [undefined, []];
  draw(visit, 'console/people/token', {
    head: headOf(visit, person, 'token'),
    action: hrefTo({ ...visit, at: undefined }, path),
    asked,
    at: visit.at?.id,
    clients,
    apis,
    tokens: tokensOf(preview),
    scopes: preview && 'scopes' in preview ? preview.scopes : [],
    refused: refusedOf(preview),
    moment,
    why,
  });
}

/** Mounts the tab. */
export function mountToken(router: Router, deps: ConsoleDependencies): void {
  router.get('/people/:userId/token', page(deps, 'people', show));
}
