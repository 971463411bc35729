/**
 * Authorization details (RFC 9396) as the library asks about them: what a request may ask for, what a code and a token get of it,
 * and what is told of it later. A detail is given by a person alone, for this time alone, and holds what they may do there at each
 * moment: a token never says more than is true when it is made, and introspection never more than is true when it is asked.
 */
import { errors, type KoaContextWithOIDC, type RichAuthorizationRequestsActiveConfiguration } from 'oidc-provider';
import {
  areWithin,
  faultOfDetail,
  longestDetails,
  mostDetails,
  normalDetail,
  type PlaceAccess,
  permittedDetails,
  placeAccess,
} from '../../domain/clients/authorization-details.ts';
import type { Database } from '../../platform/database.ts';
import type { AccountWithProfile } from '../account.ts';
import { createFindAccount } from '../account.ts';
import { findApiFor } from '../tokens/resources.ts';

type Feature = Required<RichAuthorizationRequestsActiveConfiguration>;

const invalid = (why: string) => new errors.InvalidAuthorizationDetails(why);

/** Where a person is asked on a page that tells them. */
const routes = new Set(['authorization', 'pushed_authorization_request', 'resume', 'token']);
const grants = new Set(['authorization_code', 'refresh_token']);

function resourceOf({ oidc }: KoaContextWithOIDC): string {
  const [identifier, ...more] = [oidc.params?.resource ?? []].flat();
  if (typeof identifier !== 'string' || more.length > 0)
    throw new errors.InvalidTarget('name the one API that it is for');
  return identifier;
}

function parsed(ctx: KoaContextWithOIDC): Record<string, unknown>[] | undefined {
  const text = ctx.oidc.params?.authorization_details;
  return typeof text === 'string' ? JSON.parse(text) : undefined;
}

/** The person of the request, as they are now. */
function personOf(account: AccountWithProfile | undefined): { tenantId: string; userId: string } | undefined {
  return account && { tenantId: account.profile.tenantId, userId: account.accountId };
}

async function validate(db: Database, ctx: KoaContextWithOIDC, detail: Record<string, unknown>): Promise<void> {
  const { client, params, route } = ctx.oidc;
  if (!routes.has(route as string)) throw invalid('they are asked for at the authorization endpoint');
  if (route === 'token' && !grants.has(String(params?.grant_type))) throw invalid('a person gives them, and no other');
  const text = String(params?.authorization_details);
  if (text.length > longestDetails || (parsed(ctx)?.length ?? 0) > mostDetails)
    throw invalid(`there are ${mostDetails} of them at the most, in ${longestDetails} characters`);
  const api = await findApiFor(db, client, resourceOf(ctx));
  const fault = faultOfDetail(detail, api);
  if (fault !== undefined) throw invalid(fault);
}

/** What was asked for, in the form in which it is kept; undefined: nothing. */
async function askedFor(db: Database, ctx: KoaContextWithOIDC): Promise<PlaceAccess[] | undefined> {
  const details = parsed(ctx);
  if (!details?.length) return undefined;
  const { identifier } = await findApiFor(db, ctx.oidc.client, resourceOf(ctx));
  return details.map((detail) => normalDetail(detail, identifier));
}

const held = (details: readonly PlaceAccess[]) => details.filter(({ actions }) => actions.length > 0);

interface Source {
  rar?: PlaceAccess[];
}

/** `features.richAuthorizationRequests`. */
export function createAuthorizationDetails(db: Database): Feature {
  const findAccount = createFindAccount(db);

  async function ofToken(ctx: KoaContextWithOIDC, token: object, source: Source | undefined) {
    const given = source?.rar;
    const wanted = (await askedFor(db, ctx)) ?? given;
    if (!wanted) return undefined;
    if (!given || !areWithin(wanted, given)) throw invalid('the person has not given this');
    const { audience } = ((token as { resourceServer?: { audience?: string } }).resourceServer ?? {}) as {
      audience?: string;
    };
    const here = wanted.filter(({ locations }) => locations[0] === audience);
    if (here.length === 0) return undefined;
    const person = personOf(ctx.oidc.account as AccountWithProfile | undefined);
    const now = person ? held(await permittedDetails(db, person, here)) : [];
    if (now.length === 0) throw new errors.InvalidGrant('the person may do none of it any more');
    return now;
  }

  return {
    enabled: true,
    types: { [placeAccess]: { validate: (ctx, detail) => validate(db, ctx, detail as Record<string, unknown>) } },
    async authorizationDetailsForGrantSource(ctx) {
      const asked = await askedFor(db, ctx);
      const person = personOf(ctx.oidc.account as AccountWithProfile | undefined);
      if (!asked || !person) return undefined;
      const permitted = await permittedDetails(db, person, asked);
      if (permitted.some(({ actions }) => actions.length === 0))
        throw new errors.AccessDenied('the person may not do this there');
      return permitted as never;
    },
    authorizationDetailsForAccessToken: async (ctx, token, source) =>
      (await ofToken(ctx, token, source as Source | undefined)) as never,
    async authorizationDetailsForIntrospection(ctx, token) {
      const { rar = [], accountId } = token as Source & { accountId?: string };
      const account = accountId === undefined ? undefined : await findAccount(ctx, accountId, token as never);
      const person = personOf(account as AccountWithProfile | undefined);
      return (person ? held(await permittedDetails(db, person, rar)) : []) as never;
    },
  };
}
