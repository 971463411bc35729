/** The tenant of an interaction: the application's, else the one of its request, else the one that the person has named. */
import type { Interaction } from 'oidc-provider';
import { findTenantById, findTenantBySlug, type Tenant } from '../../domain/tenants/tenants.ts';
import type { Database } from '../../platform/database.ts';

/** What the person has named in this interaction; the application cannot be spoken for. */
function namedTenantId(interaction: Interaction): string | undefined {
  return (interaction.lastSubmission as { organisation?: string } | undefined)?.organisation;
}

/** Whether a tenant that the interaction has is not of the person's own naming. */
export function isTenantGiven(interaction: Interaction): boolean {
  return namedTenantId(interaction) === undefined;
}

/** @param clientTenantId the tenant of the application */
export async function tenantOf(
  db: Database,
  interaction: Interaction,
  clientTenantId: unknown,
): Promise<Tenant | null> {
  const { tenant: slug } = interaction.params;
  if (typeof clientTenantId === 'string') return (await findTenantById(db, clientTenantId)) ?? null;
  if (typeof slug === 'string') return (await findTenantBySlug(db, slug)) ?? null;
  const named = namedTenantId(interaction);
  const tenant = named === undefined ? undefined : await findTenantById(db, named);
  return tenant?.state === 'active' ? tenant : null;
}
