/**
 * One address, several tenants: after the person has proved themselves they choose where to go; before that nobody
 * learns that there is a choice. The proof waits in the interaction (sealed, this browser alone) for ten minutes.
 */
import type Router from '@koa/router';
import type { Interaction } from 'oidc-provider';
import type { ProvedAccount } from '../../domain/password/password-sign-in.ts';
import { DomainError } from '../../platform/errors.ts';
import { readForm } from '../middleware/body.ts';
import { finishInteraction, interactionContext, toStep, type WebDependencies } from './context.ts';
import { passwordLogin } from './password.ts';

const proofLifeMs = 10 * 60_000;

interface Proof {
  provedAt: number;
  accounts: ProvedAccount[];
}

/** The accounts that were proved in this interaction and wait for the choice. */
export function provedAccounts(interaction: Interaction): ProvedAccount[] {
  const proof = (interaction.lastSubmission as { proof?: Proof } | undefined)?.proof;
  return proof && Date.now() - proof.provedAt < proofLifeMs ? proof.accounts : [];
}

export async function rememberProof(interaction: Interaction, accounts: ProvedAccount[]): Promise<void> {
  const proof: Proof = { provedAt: Date.now(), accounts };
  Object.assign(interaction, { lastSubmission: { ...interaction.lastSubmission, proof } });
  await interaction.persist();
}

export function mountTenantChoice(router: Router, web: WebDependencies): void {
  router.get('/tenant', async (ctx) => {
    const { interaction, surroundings } = await interactionContext(ctx, web);
    const accounts = provedAccounts(interaction);
    if (accounts.length < 2) return toStep(ctx, interaction.uid);
    web.pages.render(
      ctx,
      'interaction/choose-tenant',
      {
        action: `/interaction/${interaction.uid}/tenant`,
        choices: accounts.map((account) => ({
          value: account.userId,
          tenantName: account.tenantName,
          accountName: account.name ?? account.email ?? '',
        })),
      },
      surroundings,
    );
  });

  router.post('/tenant', async (ctx) => {
    const form = await readForm(ctx);
    const { interaction } = await interactionContext(ctx, web);
    const accounts = provedAccounts(interaction);
    if (accounts.length === 0) return toStep(ctx, interaction.uid);
    const chosen = accounts.find((account) => account.userId === form.account);
    if (!chosen) throw new DomainError('forbidden', 'ACCESS_DENIED');
    await finishInteraction(ctx, web.provider(), passwordLogin(chosen.userId, true));
  });
}
