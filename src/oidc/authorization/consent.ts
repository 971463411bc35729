/**
 * Grants: what a person lets a client have. A first-party client is granted what it asks for without a question; for
 * anybody else the consent page says what is new, and the grant keeps it until it is revoked or runs out.
 */
import type { Grant, Interaction, KoaContextWithOIDC, Provider } from 'oidc-provider';
import type { Caller } from '../../domain/audit/audit-events.ts';
import type { DocumentClient } from '../../domain/clients/document-clients.ts';
import { toldMembers } from '../../domain/registration/asked-metadata.ts';
import { documentHostOf, keepDocumentClient } from '../../domain/registration/client-documents.ts';
import { noteRegistrationUse } from '../../domain/registration/registrations.ts';
import { findResourceServer } from '../../domain/resource-servers/resource-servers.ts';
import type { Database } from '../../platform/database.ts';
import { randomToken } from '../../platform/secrets.ts';
import type { AdapterDependencies } from '../storage/sealing.ts';
import { claimSessionGrant } from '../storage/session-adapter.ts';

/** Adds all that the request asks for, but what an API wants people to be asked about; saves where that, or the grant, is new. */
async function grantRequest(db: Database, ctx: KoaContextWithOIDC, grant: Grant): Promise<void> {
  const before = JSON.stringify([grant.openid, grant.resources]);
  const scopes = [...ctx.oidc.requestParamOIDCScopes].join(' ');
  if (scopes) grant.addOIDCScope(scopes);
  if (ctx.oidc.requestParamClaims.size > 0) grant.addOIDCClaims([...ctx.oidc.requestParamClaims]);
  for (const [identifier, server] of Object.entries(ctx.oidc.resourceServers ?? {})) {
    if ((await findResourceServer(db, identifier))?.skipConsent === false) continue;
    const wanted = [...ctx.oidc.requestParamScopes].filter((scope) => server.scopes.has(scope)).join(' ');
    if (wanted) grant.addResourceScope(identifier, wanted);
  }
  if (!grant.jti || JSON.stringify([grant.openid, grant.resources]) !== before) await grant.save();
}

/** `loadExistingGrant`: the grant of this session and client; made on the spot for a first-party client. */
export function createLoadGrant(dependencies: Pick<AdapterDependencies, 'db' | 'secrets'>) {
  return async function loadGrant(ctx: KoaContextWithOIDC): Promise<Grant | undefined> {
    const { client, session, provider, result, account } = ctx.oidc;
    if (!client || !account || !session) return undefined;
    const { clientId } = client;
    const replaces = session.grantIdFor(clientId);
    const grantId = (result?.consent as { grantId?: string } | undefined)?.grantId ?? replaces;
    let grant = grantId ? await provider.Grant.find(grantId) : undefined;
    if (grant && (grant.accountId !== account.accountId || grant.clientId !== clientId)) grant = undefined;
    if (client.first_party !== true) return grant;

    if (grant) {
      await grantRequest(dependencies.db, ctx, grant);
      return grant;
    }
    const made = new provider.Grant({ accountId: account.accountId, clientId });
    await grantRequest(dependencies.db, ctx, made);
    const ours = { sid: session.sidFor(clientId) ?? randomToken(), grantId: made.jti };
    const agreed = await claimSessionGrant(dependencies, { sessionUid: session.uid, clientId, replaces, ...ours });
    // Another tab was faster: its grant is the session's, and ours is nobody's.
    const theirs = agreed.grantId === made.jti ? undefined : await provider.Grant.find(agreed.grantId);
    session.sidFor(clientId, theirs ? agreed.sid : ours.sid);
    if (!theirs) return made;
    await made.destroy();
    await grantRequest(dependencies.db, ctx, theirs);
    return theirs;
  };
}

interface MissingFromGrant {
  missingOIDCScope?: string[];
  missingOIDCClaims?: string[];
  missingResourceScopes?: Record<string, string[]>;
}

/** What the consent prompt asks about. */
export function missingFromGrant(interaction: Interaction): MissingFromGrant {
  return interaction.prompt.details as MissingFromGrant;
}

/**
 * Stores a person's yes to all that was asked. Answers the grant's id for the interaction's result.
 * @param days how long it lasts from now on; undefined: as long as any
 */
export async function grantWhatWasAsked(
  provider: Provider,
  interaction: Interaction,
  days: number | undefined,
): Promise<string> {
  const accountId = interaction.session?.accountId as string;
  const clientId = interaction.params.client_id as string;
  const existing = interaction.grantId ? await provider.Grant.find(interaction.grantId) : undefined;
  const grant =
    existing && existing.accountId === accountId && existing.clientId === clientId
      ? existing
      : new provider.Grant({ accountId, clientId });
  const missing = missingFromGrant(interaction);
  if (missing.missingOIDCScope) grant.addOIDCScope(missing.missingOIDCScope.join(' '));
  if (missing.missingOIDCClaims) grant.addOIDCClaims(missing.missingOIDCClaims);
  for (const [identifier, scopes] of Object.entries(missing.missingResourceScopes ?? {}))
    grant.addResourceScope(identifier, scopes.join(' '));
  if (days !== undefined) grant.exp = Math.floor(Date.now() / 1000) + days * 86_400;
  return grant.save();
}

/**
 * Says of an application that a person let it have something: one that registered itself stays from here on, and one that is
 * known by a document alone has a row, as it was at that moment.
 */
export async function noteConsent(
  db: Database,
  provider: Provider,
  { clientId, tenantId }: { clientId: string; tenantId: string },
  caller: Caller,
): Promise<void> {
  if (documentHostOf(clientId) === undefined) return noteRegistrationUse(db, clientId);
  const client = await provider.Client.find(clientId);
  if (!client) return;
  const told = client.metadata() as Record<string, unknown>;
  const members = toldMembers.filter((name) => told[name] !== undefined).map((name) => [name, told[name]]);
  const metadata = Object.fromEntries(members) as DocumentClient['metadata'];
  const { client_name: name, kind } = told as unknown as { client_name: string; kind: DocumentClient['kind'] };
  await keepDocumentClient(db, { tenantId, clientId, kind, name, metadata }, caller);
}
