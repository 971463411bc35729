/**
 * What an application asks for of how a person signs in (`acr`): by `acr_values`, by an essential claim of `claims`, or by its
 * registration (`default_acr_values`). Two factors do for whoever asks for one: the stronger context is reported as what it is.
 * What is asked for by registration holds whatever a request says, which goes through the person's browser.
 */
import { acr } from '../../domain/factors/requirement.ts';

/** What of a client matters here. */
interface AskingClient {
  defaultAcrValues?: readonly string[];
}

/** Parameters of an authorization request, as the library and an interaction keep them. */
type Params = Readonly<Record<string, unknown>>;

interface AcrClaim {
  essential?: boolean;
  value?: unknown;
  values?: unknown;
}

function essentialAcr({ claims }: Params): unknown[] | undefined {
  try {
    const parsed = typeof claims === 'string' ? JSON.parse(claims) : claims;
    const wanted = (parsed as { id_token?: { acr?: AcrClaim } } | undefined)?.id_token?.acr;
    if (!wanted?.essential) return undefined;
    const values = Array.isArray(wanted.values) ? wanted.values : [];
    return wanted.value === undefined ? values : [wanted.value];
  } catch {
    // No JSON: the library refuses the request.
    return undefined;
  }
}

/** Two factors, and one will not do. */
function namesTwo(values: readonly unknown[] | undefined): boolean {
  return values !== undefined && values.includes(acr.aal2) && !values.includes(acr.aal1);
}

/** Whether an authorization request asks for two factors (RFC 9470 section 4, OpenID Connect Core section 5.5.1.1). */
export function asksForTwoFactors(params: Params, client: AskingClient | undefined): boolean {
  const { acr_values: asked } = params;
  return (
    namesTwo(client?.defaultAcrValues) ||
    namesTwo(typeof asked === 'string' ? asked.split(' ') : undefined) ||
    namesTwo(essentialAcr(params))
  );
}

/** Whether an essential claim names contexts, and none that we give. */
export function demandsUnknownContext(params: Params): boolean {
  const values = essentialAcr(params);
  return values !== undefined && values.length > 0 && !Object.values(acr).some((ours) => values.includes(ours));
}
