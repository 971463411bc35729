/**
 * Which applications may ask a person for their approval without a browser (OpenID Connect Client-Initiated Backchannel
 * Authentication Core 1.0). Off by default. Owns the member `ciba`, from which the grant type follows. Refuses what proves
 * itself by nothing, what serves people of every tenant, and what is held to a security profile that has no such flow.
 */
import type { Database } from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';
import { type ClientRow, findLiveClient } from './client-store.ts';

export const cibaGrant = 'urn:openid:params:grant-type:ciba';

/** Why an application cannot be let ask so, in a sentence that says what to change; undefined where it can. */
function faultOf({ kind, tenantId, metadata, securityProfile }: ClientRow): string | undefined {
  if (kind !== 'web') return 'it keeps no secret: a web application alone can ask for approvals';
  if (metadata.token_endpoint_auth_method === 'none') return 'it does not authenticate: let it have a secret or a key';
  if (tenantId === null) return 'it serves all tenants: whom a hint means is known within one alone';
  if (securityProfile !== 'none') return 'its security profile has no such flow: take the profile away first';
  return undefined;
}

/**
 * Whether the registration lets the application ask for approvals, and may.
 * @throws DomainError invalid INVALID_INPUT (ciba, grant_types) with the reason in words
 */
export function checkBackchannel(client: ClientRow): void {
  const { ciba, grant_types: grants, ...others } = client.metadata;
  if (Array.isArray(grants) && grants.includes(cibaGrant))
    throw refusal('grant_types', 'say it by ciba, from which the grant type follows');
  const named = Object.keys(others).find((name) => /^backchannel_(?:token|authentication|user_code)_/.test(name));
  if (named !== undefined) throw refusal(named, 'an approval is polled for, and nothing else can be chosen');
  if (ciba === undefined || ciba === false) return;
  if (ciba !== true) throw refusal('ciba', 'it is true or false');
  const reason = faultOf(client);
  if (reason !== undefined) throw refusal('ciba', reason);
}

/** The name of an application that may ask now; undefined where it may not. */
export async function findAskingClient(db: Database, clientId: string): Promise<string | undefined> {
  const client = await findLiveClient(db, clientId);
  return client?.metadata.ciba === true ? client.name : undefined;
}

function refusal(field: string, reason: string): DomainError {
  return new DomainError('invalid', 'INVALID_INPUT', { field, reason });
}
