/**
 * An account at a provider, and an account here under the same email address: who has both proves the one here first, by
 * its password or a code to that address, and then they are linked. Refuses a proof of any other account.
 */
import type { Context } from 'koa';
import type { Channel } from '../../domain/messages/outgoing-message.ts';
import { signInWithCode } from '../../domain/methods/code/code-sign-in.ts';
import { refusedAccount } from '../../domain/methods/federation/identities.ts';
import { findIdentityProvider, type IdentityProvider } from '../../domain/methods/federation/identity-providers.ts';
import { linkProvedAccount } from '../../domain/methods/federation/linking.ts';
import { signInWithPassword } from '../../domain/methods/password/password-sign-in.ts';
import { findTenantById, type Tenant } from '../../domain/tenants/tenants.ts';
import { DomainError } from '../../platform/errors.ts';
import type { SentCode } from '../interaction/code-journey.ts';
import { type CodeVisit, codeSteps } from '../interaction/code-steps.ts';
import { callerOf, toDispatcher, type WebDependencies } from '../interaction/context.ts';
import { isShownOnForm, refusal } from '../interaction/form-refusal.ts';
import { allowsMethod, codeChannels } from '../interaction/offered-channels.ts';
import { acceptProof } from '../interaction/proof.ts';
import type { Handlers, Visit } from '../interaction/visit.ts';
import type { FormModel } from '../pages/form-model.ts';
import { type Arrival, arrivalOf, keepArrival, showFailure } from './federation-arrival.ts';
import { isProviderFailure } from './federation-failure.ts';

declare module '../pages/view-models.ts' {
  interface ViewModels {
    /** Proof of the local account before an identity is linked to it. Posts `password`. */
    'interaction/link-account': FormModel & {
      providerName: string;
      /** The provider's key: chooses its mark. */
      providerKey?: string;
      /** The address that the provider gave, by which the account was found. */
      email: string;
      hasPassword: boolean;
      action: string;
      /** Where a code can be asked for instead. */
      codeHref?: string;
      cancelHref: string;
    };
  }
}

/** Everything that the step is about; the account's own tenant, which the interaction may not know. */
interface Linking {
  provider: IdentityProvider;
  arrival: Arrival & { account: NonNullable<Arrival['account']> };
  tenant: Tenant;
}

type LinkVisit = Visit<'code' | 'cancel'>;

async function linkingOf({ web, interaction }: Visit): Promise<Linking | undefined> {
  const arrival = arrivalOf(interaction);
  if (!arrival?.account) return undefined;
  const provider = await findIdentityProvider(web.db, arrival.providerKey);
  const tenant = await findTenantById(web.db, arrival.account.tenantId);
  return provider && tenant && { provider, arrival: { ...arrival, account: arrival.account }, tenant };
}

/** A code to the address: where codes sign people in, and the address leads into the account. */
function channelsFor(web: WebDependencies, { arrival, tenant }: Linking): Channel[] {
  return arrival.account.codeProves ? codeChannels(web, tenant).filter((channel) => channel === 'email') : [];
}

function offersPassword({ arrival, tenant }: Linking): boolean {
  return arrival.account.hasPassword && allowsMethod(tenant, 'password');
}

function draw(ctx: Context, visit: LinkVisit, linking: Linking, refused?: DomainError): void {
  const { web, href, links, surroundings } = visit;
  const { provider, arrival, tenant } = linking;
  const { error, status } = refusal(ctx, refused, 'password');
  web.pages.render(
    ctx,
    'interaction/link-account',
    {
      providerName: provider.name,
      providerKey: provider.key,
      email: arrival.account.email,
      hasPassword: offersPassword(linking),
      action: href,
      codeHref: channelsFor(web, linking).length > 0 ? links.code : undefined,
      cancelHref: links.cancel,
      error,
    },
    { ...surroundings, tenant, status },
  );
}

/** Both accounts are proved. `proof`: of the one here (RFC 8176). */
async function link(ctx: Context, visit: Visit, linking: Linking, proof: string): Promise<void> {
  const { web, interaction } = visit;
  const { provider, arrival } = linking;
  const { person, account } = arrival;
  try {
    const deps = { secrets: web.secrets, issuer: web.issuer, caller: callerOf(ctx) };
    const linked = await linkProvedAccount(web.db, { provider, person, account }, deps);
    web.metrics.countSignIn('federation', 'succeeded');
    await acceptProof(ctx, web, interaction, { accounts: [linked], amr: ['fed', proof] });
  } catch (error) {
    if (!isProviderFailure(error)) throw error;
    await keepArrival(interaction, undefined);
    showFailure(ctx, web, visit, provider, error);
  }
}

async function show(ctx: Context, visit: LinkVisit): Promise<void> {
  const { web, interaction } = visit;
  const linking = await linkingOf(visit);
  if (!linking) return toDispatcher(ctx, interaction.uid);
  if (offersPassword(linking) || channelsFor(web, linking).length > 0) return draw(ctx, visit, linking);
  // Nothing to prove the account by.
  await keepArrival(interaction, undefined);
  showFailure(ctx, web, visit, linking.provider, refusedAccount(linking.provider));
}

async function cancel(ctx: Context, { interaction }: Visit): Promise<void> {
  await keepArrival(interaction, undefined);
  toDispatcher(ctx, interaction.uid);
}

async function provePassword(ctx: Context, { web, form }: Visit, { arrival }: Linking): Promise<void> {
  const { email, tenantId, userId } = arrival.account;
  if (!form.password) throw new DomainError('invalid', 'FIELD_REQUIRED', { field: 'password' });
  const { accounts } = await signInWithPassword(
    web.db,
    { address: email, password: form.password, tenantId },
    { ...web, caller: callerOf(ctx) },
  );
  if (!accounts.some((account) => account.userId === userId))
    throw new DomainError('unauthenticated', 'INVALID_CREDENTIALS');
}

async function submit(ctx: Context, visit: LinkVisit): Promise<void> {
  const linking = await linkingOf(visit);
  if (!linking || !offersPassword(linking)) return toDispatcher(ctx, visit.interaction.uid);
  try {
    await provePassword(ctx, visit, linking);
  } catch (error) {
    if (!isShownOnForm(error)) throw error;
    visit.web.metrics.countSignIn('password', 'refused');
    return draw(ctx, visit, linking, error);
  }
  await link(ctx, visit, linking, 'pwd');
}

async function acceptCode(
  ctx: Context,
  visit: CodeVisit,
  { challenge, destination }: SentCode,
  code: string,
): Promise<void> {
  const { web, tenant } = visit;
  const linking = await linkingOf(visit);
  if (!linking || destination !== linking.arrival.account.email) throw new DomainError('expired', 'CODE_EXPIRED');
  const { accounts } = await signInWithCode(
    web.db,
    { challenge, purpose: 'link_identity', tenantId: tenant?.id ?? null, destination, code },
    { ...web, caller: callerOf(ctx) },
  );
  if (!accounts.some(({ userId }) => userId === linking.arrival.account.userId))
    throw new DomainError('unauthenticated', 'CODE_INVALID');
  await link(ctx, visit, linking, 'otp');
}

const { ask, entry, resend } = codeSteps({
  purpose: 'link_identity',
  page: 'link',
  async channels(visit) {
    const linking = await linkingOf(visit);
    return linking ? channelsFor(visit.web, linking) : [];
  },
  async fixedAddress(visit) {
    const account = (await linkingOf(visit))?.arrival.account;
    return account && { address: account.email };
  },
  accept: acceptCode,
  refused: ({ web }) => web.metrics.countSignIn('otp', 'refused'),
});

export const linkAccount = {
  'link-account': { show, submit },
  'link-account-cancel': { show: cancel },
  'link-account-code': ask,
  'link-account-code-entry': entry,
  'link-account-code-resend': resend,
} satisfies Partial<Handlers>;
