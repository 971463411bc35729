/**
 * What every step of an interaction starts from: the interaction itself (only in the browser that began it), the client,
 * the tenant, the page's surroundings. Refuses an interaction that has ended, expired or belongs to another browser.
 */
import type { Context } from 'koa';
import type { Interaction, InteractionResults, Provider } from 'oidc-provider';
import type { Caller } from '../../domain/audit/audit-events.ts';
import type { MailReach } from '../../domain/messages/mail-policy.ts';
import type { Channel } from '../../domain/messages/outgoing-message.ts';
import type { MessageBudgets } from '../../domain/messages/phone-policy.ts';
import type { PasswordHasher } from '../../domain/methods/password/password-hash.ts';
import type { SignInMethod } from '../../domain/sign-in/method.ts';
import type { SignInMetrics } from '../../domain/sign-in/sign-in-metrics.ts';
import type { Tenant } from '../../domain/tenants/tenants.ts';
import type { FederationClient } from '../../oidc/federation-client.ts';
import type { FinishTrial } from '../../oidc/finish-trial.ts';
import { interactionFault } from '../../oidc/library-texts.ts';
import { storeInteractionResult } from '../../oidc/storage/interaction-results.ts';
import type { AddressLimits } from '../../platform/address-limits.ts';
import type { Database } from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';
import type { Secrets } from '../../platform/secrets.ts';
import { applyUiLocales, clientSurroundings, keepSurroundings, type Pages, type Surroundings } from '../pages/pages.ts';
import { tenantOf } from './named-tenant.ts';
import { hrefOf, nextStep, type Outcome, startHref } from './steps.ts';

export interface WebDependencies extends MailReach {
  db: Database;
  secrets: Secrets;
  limits: AddressLimits;
  passwords: PasswordHasher;
  pages: Pages;
  metrics: SignInMetrics;
  issuer: string;
  isDevelopment: boolean;
  /** The ways to sign in. */
  methods: readonly SignInMethod[];
  /** What this server can send messages by. */
  channels: readonly Channel[];
  /** Countries that messages to phones may go to; a tenant's own list narrows it. */
  phoneCountries: readonly string[];
  /** Messages a day for each tenant. */
  budgets: MessageBudgets;
  /** Other OpenID providers that people sign in with. */
  federation: FederationClient;
  /** The provider of the moment: it is rebuilt when the signing keys change. */
  provider: () => Provider;
  /** Ends the trial of an application (oidc/finish-trial.ts). */
  finishTrial: FinishTrial;
}

export interface InteractionContext {
  interaction: Interaction;
  tenant: Tenant | null;
  surroundings: Surroundings;
}

/** The address, agent and id of the request, acting as a person once one is known. */
export function callerOf(ctx: Context, userId?: string): Caller {
  return {
    type: userId === undefined ? 'system' : 'user',
    id: userId,
    ip: ctx.ip,
    userAgent: ctx.get('user-agent') || undefined,
    requestId: ctx.state.requestId,
    device: ctx.state.deviceFingerprint,
  };
}

async function findInteraction(ctx: Context, provider: Provider): Promise<Interaction> {
  try {
    const interaction = await provider.interactionDetails(ctx.req, ctx.res);
    if (interaction.uid === ctx.params.uid) return interaction;
  } catch (error) {
    const fault = interactionFault(error);
    if (!fault) throw error;
    // The cookie is bound to this path and lives as long as the interaction. With the cookie alone, the sign-in ended
    // here (the way back leads to its pages); with the interaction alone, another browser has the cookie.
    if (fault === 'ended') throw new DomainError('conflict', 'INTERACTION_NOT_FOUND');
    if (fault === 'no-cookie' && (await provider.Interaction.find(ctx.params.uid as string)))
      throw new DomainError('conflict', 'WRONG_BROWSER');
  }
  throw new DomainError('expired', 'INTERACTION_EXPIRED');
}

/** @throws DomainError INTERACTION_NOT_FOUND, INTERACTION_EXPIRED, WRONG_BROWSER */
export async function interactionContext(ctx: Context, web: WebDependencies): Promise<InteractionContext> {
  return contextOf(ctx, web, await findInteraction(ctx, web.provider()));
}

/** The same of an interaction that is known to be this browser's by other means. @throws DomainError INTERACTION_EXPIRED */
export async function contextOf(
  ctx: Context,
  { db, provider, pages }: WebDependencies,
  interaction: Interaction,
): Promise<InteractionContext> {
  const { client_id: clientId, redirect_uri: redirectUri, ui_locales: uiLocales } = interaction.params;
  const client = await provider().Client.find(clientId as string);
  if (!client) throw new DomainError('expired', 'INTERACTION_EXPIRED');
  applyUiLocales(ctx, pages.i18n, uiLocales);
  const tenant = await tenantOf(db, interaction, client.tenant_id);
  const surroundings = { tenant, ...clientSurroundings(client, redirectUri) };
  keepSurroundings(ctx, surroundings);
  return { interaction, tenant, surroundings };
}

/**
 * Ends the interaction: the library takes over at its resume address. 303, because a credential was posted.
 * @throws DomainError conflict INTERACTION_NOT_FOUND where it has ended since it was read
 */
export async function finishInteraction(
  ctx: Context,
  web: WebDependencies,
  interaction: Interaction,
  result: InteractionResults,
): Promise<void> {
  const returnTo = await storeInteractionResult(web, interaction, result);
  if (returnTo === undefined) throw new DomainError('conflict', 'INTERACTION_NOT_FOUND');
  ctx.status = 303;
  ctx.redirect(returnTo);
}

/**
 * Back to the dispatcher, which alone knows the steps.
 * @param outcome what has come of the step, where that says what is next; else the interaction is asked how it stands
 */
export function toDispatcher(ctx: Context, uid: string, outcome?: Outcome): void {
  ctx.status = 303;
  ctx.redirect(outcome === undefined ? startHref(uid) : hrefOf(uid, nextStep(outcome)));
}
