/** Consent: a client that is not the operator's own says what it wants; the person decides, and the grant keeps it. */
import type { Context } from 'koa';
import type { Interaction } from 'oidc-provider';
import { findCapability } from '../../domain/access/capabilities.ts';
import { recordEvent } from '../../domain/audit/audit-events.ts';
import { consentScopes } from '../../domain/claims/claims.ts';
import { normalDetail, permittedDetails } from '../../domain/clients/authorization-details.ts';
import { consentDaysOf } from '../../domain/clients/client-metadata.ts';
import { findOrgNode } from '../../domain/organisation/org-nodes.ts';
import { documentHostOf } from '../../domain/registration/client-documents.ts';
import { findResourceServer } from '../../domain/resource-servers/resource-servers.ts';
import { type AccountProfile, findAccount } from '../../domain/users/users.ts';
import { grantWhatWasAsked, missingFromGrant, noteConsent } from '../../oidc/authorization/consent.ts';
import type { Database } from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';
import type { ViewModels } from '../pages/view-models.ts';
import { callerOf, finishInteraction } from './context.ts';
import type { Handlers, Visit } from './visit.ts';

function hostOf(uri: unknown): string {
  try {
    const url = new URL(String(uri));
    return url.host || url.protocol.replace(/:$/, '');
  } catch {
    return '';
  }
}

type ConsentModel = ViewModels['interaction/consent'];

/** In the words of the consent page, by the identifiers of the APIs. */
export function resourcesAsked(db: Database, missing: Record<string, string[]>): Promise<ConsentModel['resources']> {
  return Promise.all(
    Object.entries(missing).map(async ([identifier, scopes]) => ({
      name: (await findResourceServer(db, identifier))?.name ?? identifier,
      identifier,
      scopes: await Promise.all(
        scopes.map(async (name) => ({ name, title: (await findCapability(db, name))?.description ?? undefined })),
      ),
    })),
  );
}

/** What the application asks for and has not been granted yet. */
async function askedOf(
  db: Database,
  interaction: Interaction,
): Promise<Pick<ConsentModel, 'scopes' | 'claims' | 'resources' | 'offlineAccess'>> {
  const missing = missingFromGrant(interaction);
  const fresh = new Set(missing.missingOIDCScope ?? []);
  const requested = String(interaction.params.scope ?? '').split(' ');
  const shown = requested.filter((scope) => consentScopes.has(scope));
  // Where everything is new, nothing needs to be marked so.
  const asksForMore = shown.some((scope) => !fresh.has(scope));
  return {
    scopes: shown.map((name) => ({ name, isNew: asksForMore && fresh.has(name) })),
    claims: (missing.missingOIDCClaims ?? []).map((name) => ({ name })),
    resources: await resourcesAsked(db, missing.missingResourceScopes ?? {}),
    offlineAccess: requested.includes('offline_access'),
  };
}

function accountModel({ fullName, email, phone }: AccountProfile): ConsentModel['account'] {
  return { name: fullName ?? email ?? phone ?? '', email: email ?? phone ?? '' };
}

const offeredDays = [1, 7, 30, 90];

/** Whether the application is an agent, and how long a consent to it may last, longest last; nothing: as long as any. */
async function lastingOf(
  { provider }: Pick<Visit['web'], 'provider'>,
  interaction: Interaction,
): Promise<{ agent: boolean; days: number[] }> {
  const client = await provider().Client.find(String(interaction.params.client_id));
  const agent = client?.agent === true;
  const most = client && consentDaysOf({ agent, consent_days: client.consent_days });
  if (most === undefined) return { agent, days: [] };
  return { agent, days: agent ? [...offeredDays.filter((days) => days < most), most] : [most] };
}

/** The shorter of a month and what there is. */
const proposedOf = (days: readonly number[]) => days.filter((one) => one <= 30).at(-1) ?? days[0];

/** @throws DomainError invalid INVALID_INPUT (days) */
function chosenDays(days: readonly number[], chosen: string | undefined): number | undefined {
  if (days.length < 2) return days[0];
  const found = days.find((one) => String(one) === chosen);
  if (found === undefined) throw new DomainError('invalid', 'INVALID_INPUT', { field: 'days' });
  return found;
}

/** The places that are asked for, in words; undefined where the person may do at one of them nothing of what is asked. */
async function placesAsked(
  db: Database,
  interaction: Interaction,
  { tenantId, userId }: AccountProfile,
): Promise<ConsentModel['places'] | undefined> {
  const { rar = [] } = interaction.prompt.details as { rar?: Record<string, unknown>[] };
  const identifier = String([interaction.params.resource ?? ''].flat()[0]);
  const asked = rar.map((detail) => normalDetail(detail, identifier));
  const permitted = await permittedDetails(db, { tenantId, userId }, asked);
  if (permitted.some(({ actions }) => actions.length === 0)) return undefined;
  const resource = (await findResourceServer(db, identifier))?.name ?? identifier;
  return Promise.all(
    permitted.map(async ({ identifier: orgNodeId, actions }) => ({
      name: (await findOrgNode(db, { tenantId, orgNodeId }))?.name ?? orgNodeId,
      resource,
      actions: await Promise.all(
        actions.map(async (name) => ({ name, title: (await findCapability(db, name))?.description ?? undefined })),
      ),
    })),
  );
}

async function showConsent(ctx: Context, visit: Visit): Promise<void> {
  const { web, interaction, surroundings, href } = visit;
  const { agent, days } = await lastingOf(web, interaction);
  const profile = await findAccount(web.db, interaction.session?.accountId as string);
  if (!profile) throw new DomainError('expired', 'INTERACTION_EXPIRED');
  const places = await placesAsked(web.db, interaction, profile);
  if (!places) {
    const error_description = 'the person may not do this there';
    return finishInteraction(ctx, web, interaction, { error: 'access_denied', error_description });
  }
  web.pages.render(
    ctx,
    'interaction/consent',
    {
      action: href,
      account: accountModel(profile),
      ...(await askedOf(web.db, interaction)),
      places,
      redirectHost: hostOf(interaction.params.redirect_uri),
      agent,
      days,
      proposedDays: proposedOf(days),
      documentHost: documentHostOf(String(interaction.params.client_id)),
    },
    { ...surroundings, tenant: surroundings.tenant ?? profile.tenant },
  );
}

async function refuse(ctx: Context, { web, interaction, tenant }: Visit): Promise<void> {
  const refused = {
    tenantId: tenant?.id,
    action: 'consent.refused',
    entityType: 'client',
    entityId: String(interaction.params.client_id),
  } as const;
  await recordEvent(web.db, refused, callerOf(ctx, interaction.session?.accountId as string));
  await finishInteraction(ctx, web, interaction, {
    error: 'access_denied',
    error_description: 'the person refused the request',
  });
}

async function decide(ctx: Context, visit: Visit): Promise<void> {
  const { web, interaction, form } = visit;
  if (form.decision === 'deny') return refuse(ctx, visit);
  if (form.decision !== 'allow') throw new DomainError('invalid', 'INVALID_INPUT', { field: 'decision' });
  const { days } = await lastingOf(web, interaction);
  const grantId = await grantWhatWasAsked(web.provider(), interaction, chosenDays(days, form.days));
  const accountId = interaction.session?.accountId as string;
  const profile = await findAccount(web.db, accountId);
  if (profile)
    await noteConsent(
      web.db,
      web.provider(),
      { clientId: String(interaction.params.client_id), tenantId: profile.tenantId },
      callerOf(ctx, accountId),
    );
  await finishInteraction(ctx, web, interaction, { consent: { grantId } });
}

export const consent = { consent: { show: showConsent, submit: decide } } satisfies Partial<Handlers>;
