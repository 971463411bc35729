/** Consent: a client that is not the operator's own says what it wants; the person decides, and the grant keeps it. */
import type Router from '@koa/router';
import { findCapability } from '../../domain/access/capabilities.ts';
import { recordEvent } from '../../domain/audit/audit-events.ts';
import { consentScopes } from '../../domain/claims/claims.ts';
import { findResourceServer } from '../../domain/resource-servers/resource-servers.ts';
import { findAccount } from '../../domain/users/users.ts';
import { grantWhatWasAsked, missingFromGrant } from '../../oidc/authorization/consent.ts';
import { DomainError } from '../../platform/errors.ts';
import { readForm } from '../middleware/body.ts';
import { callerOf, finishInteraction, interactionContext, toStep, type WebDependencies } from './context.ts';

function hostOf(uri: unknown): string {
  try {
    const url = new URL(String(uri));
    return url.host || url.protocol.replace(/:$/, '');
  } catch {
    return '';
  }
}

export function mountConsent(router: Router, web: WebDependencies): void {
  async function resourcesAsked(missing: Record<string, string[]>) {
    return Promise.all(
      Object.entries(missing).map(async ([identifier, scopes]) => ({
        name: (await findResourceServer(web.db, identifier))?.name ?? identifier,
        identifier,
        scopes: await Promise.all(
          scopes.map(async (name) => ({ name, title: (await findCapability(web.db, name))?.description ?? undefined })),
        ),
      })),
    );
  }

  router.get('/consent', async (ctx) => {
    const { interaction, surroundings } = await interactionContext(ctx, web);
    if (interaction.prompt.name !== 'consent') return toStep(ctx, interaction.uid);
    const profile = await findAccount(web.db, interaction.session?.accountId as string);
    if (!profile) throw new DomainError('expired', 'INTERACTION_EXPIRED');
    const missing = missingFromGrant(interaction);
    const fresh = new Set(missing.missingOIDCScope ?? []);
    const requested = String(interaction.params.scope ?? '').split(' ');
    const shown = requested.filter((scope) => consentScopes.has(scope));
    // Where everything is new, nothing needs to be marked so.
    const asksForMore = shown.some((scope) => !fresh.has(scope));
    web.pages.render(
      ctx,
      'interaction/consent',
      {
        action: `/interaction/${interaction.uid}/consent`,
        account: {
          name: profile.fullName ?? profile.email ?? profile.phone ?? '',
          email: profile.email ?? profile.phone ?? '',
        },
        scopes: shown.map((name) => ({ name, isNew: asksForMore && fresh.has(name) })),
        claims: (missing.missingOIDCClaims ?? []).map((name) => ({ name })),
        resources: await resourcesAsked(missing.missingResourceScopes ?? {}),
        offlineAccess: requested.includes('offline_access'),
        redirectHost: hostOf(interaction.params.redirect_uri),
      },
      { ...surroundings, tenant: surroundings.tenant ?? profile.tenant },
    );
  });

  router.post('/consent', async (ctx) => {
    const form = await readForm(ctx);
    const { interaction, tenant } = await interactionContext(ctx, web);
    if (interaction.prompt.name !== 'consent') return toStep(ctx, interaction.uid);
    const accountId = interaction.session?.accountId as string;
    const allowed = form.decision === 'allow';
    if (!allowed && form.decision !== 'deny') throw new DomainError('invalid', 'INVALID_INPUT', { field: 'decision' });
    if (!allowed) {
      await recordEvent(
        web.db,
        {
          tenantId: tenant?.id,
          action: 'consent.refused',
          entityType: 'client',
          entityId: String(interaction.params.client_id),
        },
        callerOf(ctx, accountId),
      );
      return finishInteraction(ctx, web.provider(), {
        error: 'access_denied',
        error_description: 'the person refused the request',
      });
    }
    const grantId = await grantWhatWasAsked(web.provider(), interaction);
    await finishInteraction(ctx, web.provider(), { consent: { grantId } });
  });
}
