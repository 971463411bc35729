/**
 * What an application asks for of how a person signs in (`acr`): by `acr_values`, by an essential claim of `claims`, by its
 * registration (`default_acr_values`), or by an API that it names and that asks for it (`required_acr`). Two factors do for whoever asks for one: the stronger context is reported as what it is.
 * What is asked for by registration holds whatever a request says, which goes through the person's browser.
 */
import { errors, type KoaContextWithOIDC } from 'oidc-provider';
import { acr, isTooLittle } from '../../domain/factors/requirement.ts';
import { findResourceServer } from '../../domain/resource-servers/resource-servers.ts';
import type { Database } from '../../platform/database.ts';
import type { AccountWithProfile } from '../account.ts';

/** What of a client matters here. */
interface AskingClient {
  /** The API that its tokens are for where a request names none. */
  default_resource?: unknown;
  defaultAcrValues?: readonly string[];
}

/** Parameters of an authorization request, as the library and an interaction keep them. */
type Params = Readonly<Record<string, unknown>>;

interface AcrClaim {
  essential?: boolean;
  value?: unknown;
  values?: unknown;
}

function essentialAcr({ claims }: Params): AcrClaim | undefined {
  try {
    const parsed = typeof claims === 'string' ? JSON.parse(claims) : claims;
    const wanted = (parsed as { id_token?: { acr?: AcrClaim } } | undefined)?.id_token?.acr;
    return wanted?.essential ? wanted : undefined;
  } catch {
    // No JSON: the library refuses the request.
    return undefined;
  }
}

/** Those of ours that an essential claim takes; undefined where there is none. @throws InvalidRequest */
function acceptable(params: Params): string[] | undefined {
  const wanted = essentialAcr(params);
  if (!wanted) return undefined;
  const { value, values } = wanted;
  if (values !== undefined && !Array.isArray(values))
    throw new errors.InvalidRequest('invalid claims.id_token.acr.values type');
  return Object.values(acr).filter(
    (ours) => (values?.includes(ours) ?? true) && (value === undefined || value === ours),
  );
}

/** Two factors, and one will not do. */
function namesTwo(values: readonly unknown[] = []): boolean {
  return values.includes(acr.aal2) && !values.includes(acr.aal1);
}

/** Whether one of the APIs that tokens are asked for takes none of a sign-in by one factor. */
async function namesStrictApi(db: Database, { resource }: Params, client: AskingClient | undefined): Promise<boolean> {
  const named = [resource ?? client?.default_resource ?? []].flat();
  const apis = await Promise.all(
    named.map((one) => (typeof one === 'string' && !one.includes('\0') ? findResourceServer(db, one) : undefined)),
  );
  return apis.some((api) => api?.requiredAcr === acr.aal2);
}

/** Whether an authorization request asks for two factors, or an API that it names does (RFC 9470 section 4, OpenID Connect Core section 5.5.1.1). */
export async function asksForTwoFactors(
  db: Database,
  params: Params,
  client: AskingClient | undefined,
): Promise<boolean> {
  const { acr_values: asked } = params;
  return (
    namesTwo(client?.defaultAcrValues) ||
    namesTwo(typeof asked === 'string' ? asked.split(' ') : []) ||
    namesTwo(acceptable(params)) ||
    (await namesStrictApi(db, params, client))
  );
}

/** Whether an essential claim takes none of the contexts that we give. @throws InvalidRequest where it makes no sense */
export function demandsUnknownContext(params: Params): boolean {
  return acceptable(params)?.length === 0;
}

/** Whether the session of an authorization request lacks the second factor that is needed for it. */
export function createFactorCheck(db: Database) {
  return async ({ oidc }: KoaContextWithOIDC, { profile }: AccountWithProfile): Promise<boolean> => {
    const isAsked = await asksForTwoFactors(db, { ...oidc.params, claims: oidc.claims }, oidc.client);
    return isTooLittle(db, profile, { proved: oidc.session?.acr, isAsked });
  };
}
