/**
 * An account at a provider, and an account here under the same email address: who has both proves the one here first, by
 * its password or a code to that address, and then they are linked. Refuses a proof of any other account.
 */
import type Router from '@koa/router';
import type { Context } from 'koa';
import type { Channel } from '../../domain/messages/outgoing-message.ts';
import { signInWithCode } from '../../domain/methods/code/code-sign-in.ts';
import { refusedAccount } from '../../domain/methods/federation/identities.ts';
import { findIdentityProvider, type IdentityProvider } from '../../domain/methods/federation/identity-providers.ts';
import { linkProvedAccount } from '../../domain/methods/federation/linking.ts';
import { passwordLimits, signInWithPassword } from '../../domain/methods/password/password-sign-in.ts';
import { findTenantById, type Tenant } from '../../domain/tenants/tenants.ts';
import { DomainError } from '../../platform/errors.ts';
import { consume } from '../../platform/rate-limits.ts';
import { mountCodeFlow } from '../interaction/code-flow.ts';
import {
  callerOf,
  type InteractionContext,
  interactionContext,
  toStep,
  type WebDependencies,
} from '../interaction/context.ts';
import { isShownOnForm, refusal } from '../interaction/form-refusal.ts';
import { acceptProof } from '../interaction/proof.ts';
import { allowsMethod, codeChannels } from '../interaction/sign-in-options.ts';
import { readForm } from '../middleware/body.ts';
import { type Arrival, arrivalOf, keepArrival, showFailure } from './federation.ts';
import { isProviderFailure } from './federation-failure.ts';

/** Everything that the step is about; the account's own tenant, which the interaction may not know. */
interface Linking {
  provider: IdentityProvider;
  arrival: Arrival & { account: NonNullable<Arrival['account']> };
  tenant: Tenant;
}

const step = 'link-account';

export function mountLinkAccount(router: Router, web: WebDependencies): void {
  async function linkingOf({ interaction }: InteractionContext): Promise<Linking | undefined> {
    const arrival = arrivalOf(interaction);
    if (!arrival?.account || interaction.prompt.name === 'consent') return undefined;
    const provider = await findIdentityProvider(web.db, arrival.providerKey);
    const tenant = await findTenantById(web.db, arrival.account.tenantId);
    return provider && tenant && { provider, arrival: { ...arrival, account: arrival.account }, tenant };
  }

  /** A code to the address: where codes sign people in, and the address leads into the account. */
  function channelsFor({ arrival, tenant }: Linking): Channel[] {
    return arrival.account.codeProves ? codeChannels(web, tenant).filter((channel) => channel === 'email') : [];
  }

  function offersPassword({ arrival, tenant }: Linking): boolean {
    return arrival.account.hasPassword && allowsMethod(tenant, 'password');
  }

  function show(ctx: Context, found: InteractionContext, linking: Linking, refused?: DomainError): void {
    const { provider, arrival, tenant } = linking;
    const base = `/interaction/${found.interaction.uid}`;
    const { error, status } = refusal(ctx, refused, 'password');
    web.pages.render(
      ctx,
      'interaction/link-account',
      {
        providerName: provider.name,
        providerKey: provider.key,
        email: arrival.account.email,
        hasPassword: offersPassword(linking),
        action: `${base}/${step}`,
        codeHref: channelsFor(linking).length > 0 ? `${base}/${step}/code` : undefined,
        cancelHref: `${base}/${step}/cancel`,
        error,
      },
      { ...found.surroundings, tenant, status },
    );
  }

  /** Both accounts are proved. */
  async function link(ctx: Context, found: InteractionContext, linking: Linking, proof: string): Promise<void> {
    const { provider, arrival } = linking;
    const { person, account } = arrival;
    try {
      const deps = { secrets: web.secrets, issuer: web.issuer, caller: callerOf(ctx) };
      const linked = await linkProvedAccount(web.db, { provider, person, account }, deps);
      web.metrics.countSignIn('federation', 'succeeded');
      await acceptProof(ctx, web, found.interaction, { accounts: [linked], amr: ['fed', proof] });
    } catch (error) {
      if (!isProviderFailure(error)) throw error;
      await keepArrival(found.interaction, undefined);
      showFailure(ctx, web, found, provider, error);
    }
  }

  router.get(`/${step}`, async (ctx) => {
    const found = await interactionContext(ctx, web);
    const linking = await linkingOf(found);
    if (!linking) return toStep(ctx, found.interaction.uid);
    if (offersPassword(linking) || channelsFor(linking).length > 0) return show(ctx, found, linking);
    // Nothing to prove the account by.
    await keepArrival(found.interaction, undefined);
    showFailure(ctx, web, found, linking.provider, refusedAccount(linking.provider));
  });

  router.get(`/${step}/cancel`, async (ctx) => {
    const { interaction } = await interactionContext(ctx, web);
    await keepArrival(interaction, undefined);
    toStep(ctx, interaction.uid);
  });

  router.post(`/${step}`, async (ctx) => {
    const form = await readForm(ctx);
    const found = await interactionContext(ctx, web);
    const linking = await linkingOf(found);
    if (!linking || !offersPassword(linking)) return toStep(ctx, found.interaction.uid);
    const { email, tenantId, userId } = linking.arrival.account;
    try {
      if (!form.password) throw new DomainError('invalid', 'FIELD_REQUIRED', { field: 'password' });
      await consume(web.db, passwordLimits.signInPerIp, ctx.ip);
      const { accounts } = await signInWithPassword(
        web.db,
        { address: email, password: form.password, tenantId },
        { passwords: web.passwords, secrets: web.secrets, caller: callerOf(ctx) },
      );
      if (!accounts.some((account) => account.userId === userId))
        throw new DomainError('unauthenticated', 'INVALID_CREDENTIALS');
    } catch (error) {
      if (!isShownOnForm(error)) throw error;
      web.metrics.countSignIn('password', 'refused');
      return show(ctx, found, linking, error);
    }
    await link(ctx, found, linking, 'pwd');
  });

  mountCodeFlow(router, web, {
    purpose: 'link_identity',
    page: 'link',
    steps: { ask: `${step}/code`, enter: `${step}/code/enter`, resend: `${step}/code/resend`, back: step },
    async channels(found) {
      const linking = await linkingOf(found);
      return linking ? channelsFor(linking) : [];
    },
    async fixedAddress(found) {
      const account = (await linkingOf(found))?.arrival.account;
      return account && { address: account.email };
    },
    async accept(ctx, found, { challenge, destination }, code) {
      const linking = await linkingOf(found);
      if (!linking || destination !== linking.arrival.account.email) throw new DomainError('expired', 'CODE_EXPIRED');
      const { accounts } = await signInWithCode(
        web.db,
        { challenge, purpose: 'link_identity', tenantId: found.tenant?.id ?? null, destination, code },
        { ...web, caller: callerOf(ctx) },
      );
      if (!accounts.some(({ userId }) => userId === linking.arrival.account.userId))
        throw new DomainError('unauthenticated', 'CODE_INVALID');
      await link(ctx, found, linking, 'otp');
    },
    refused: () => web.metrics.countSignIn('otp', 'refused'),
  });
}
