/**
 * How identity providers answered: when one last did, when it last failed and why, and how often in a row. Written when
 * somebody goes there or comes back; a success beside others within a minute is not worth a row that all of them wait for.
 */
import { type Database, rows } from '../../../platform/database.ts';
import { type Glimpse, glimpse } from '../../../platform/glimpse.ts';

const failingAfter = 3;

/** `failure`: why, in words of the program; absent: it answered. */
export async function recordProviderUse(
  db: Database,
  { providerId, failure }: { providerId: string; failure?: string },
): Promise<void> {
  // Removed meanwhile: there is nothing to tell of it.
  await rows(
    db,
    failure === undefined
      ? `insert into identity_provider_uses as u (provider_id, last_success_at)
         select id, now() from identity_providers where id = :providerId
         on conflict (provider_id) do update set last_success_at = now(), failures = 0
          where u.failures > 0 or u.last_success_at is null or u.last_success_at < now() - interval '1 minute'`
      : `insert into identity_provider_uses as u (provider_id, last_failure_at, last_failure, failures)
         select id, now(), :failure, 1 from identity_providers where id = :providerId
         on conflict (provider_id) do update
            set last_failure_at = now(), last_failure = excluded.last_failure, failures = u.failures + 1`,
    { providerId, failure: failure?.slice(0, 200) ?? null },
  );
}

/** Active providers of a tenant, and those of all tenants, that failed within a day, several times in a row. Once may be anybody's doing. */
export async function findFailingProviders(db: Database, tenantId: string): Promise<Glimpse> {
  return glimpse(
    db,
    `select p.key as id, p.name, u.last_failure as detail, u.last_failure_at as at
       from identity_providers p
       join identity_provider_uses u on u.provider_id = p.id
      where p.state = 'active' and (p.tenant_id = :tenantId or p.tenant_id is null)
        and u.failures >= ${failingAfter} and u.last_failure_at > now() - interval '1 day'`,
    { tenantId },
  );
}
