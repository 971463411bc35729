/**
 * The migrations, and which of them a database has. The list is explicit, so that the sources and the compiled build, whose files
 * end differently, agree on the names recorded in the database.
 */
import type { Knex } from 'knex';
import * as tenantsAndUsers from '../../migrations/0001-tenants-and-users.ts';
import * as organisation from '../../migrations/0002-organisation.ts';
import * as clientsAndTokens from '../../migrations/0003-clients-and-tokens.ts';
import * as audit from '../../migrations/0004-audit.ts';
import * as codesAndInvitations from '../../migrations/0005-codes-and-invitations.ts';
import * as identityProviders from '../../migrations/0006-identity-providers.ts';
import * as management from '../../migrations/0007-management.ts';
import * as refreshLines from '../../migrations/0008-refresh-lines.ts';
import * as inviters from '../../migrations/0009-inviters.ts';
import * as knownDevices from '../../migrations/0010-known-devices.ts';
import * as limitsByAddress from '../../migrations/0011-limits-by-address.ts';
import * as clientMetadata from '../../migrations/0012-client-metadata.ts';
import * as answersAndActions from '../../migrations/0013-answers-and-actions.ts';
import * as recoveryWayBack from '../../migrations/0014-recovery-way-back.ts';
import * as grantsAndErasure from '../../migrations/0015-grants-and-erasure.ts';
import * as configurationVersion from '../../migrations/0016-configuration-version.ts';
import * as apiKeys from '../../migrations/0017-api-keys.ts';
import * as secondFactors from '../../migrations/0018-second-factors.ts';
import * as safetyLinks from '../../migrations/0019-safety-links.ts';
import * as passkeys from '../../migrations/0020-passkeys.ts';
import * as listsAndSearches from '../../migrations/0021-lists-and-searches.ts';
import * as profileMoments from '../../migrations/0022-profile-moments.ts';
import * as codesByUsername from '../../migrations/0023-codes-by-username.ts';
import * as keysAndCodesAsFactors from '../../migrations/0024-keys-and-codes-as-factors.ts';
import * as rememberedDevices from '../../migrations/0025-remembered-devices.ts';
import * as largeTenants from '../../migrations/0027-large-tenants.ts';
import * as auditInBatches from '../../migrations/0028-audit-in-batches.ts';
import * as removedFactors from '../../migrations/0029-removed-factors.ts';
import * as ownDeletions from '../../migrations/0030-own-deletions.ts';
import * as overview from '../../migrations/0031-overview.ts';
import * as redirectMistakes from '../../migrations/0032-redirect-mistakes.ts';
import * as readingTheTrail from '../../migrations/0037-reading-the-trail.ts';
import * as tokenExchange from '../../migrations/0039-token-exchange.ts';
import * as workloadIdentities from '../../migrations/0040-workload-identities.ts';
import * as clientRegistration from '../../migrations/0042-client-registration.ts';
import * as clientDocuments from '../../migrations/0043-client-documents.ts';
import * as securityProfile from '../../migrations/0044-security-profile.ts';
import * as approvalRequests from '../../migrations/0045-approval-requests.ts';
import * as apiDemands from '../../migrations/0046-api-demands.ts';
import * as crossAppAccess from '../../migrations/0047-cross-app-access.ts';
import * as trailOutOfReach from '../../migrations/0049-trail-out-of-reach.ts';
import * as auditRetention from '../../migrations/0050-audit-retention.ts';
import * as auditSeals from '../../migrations/0051-audit-seals.ts';
import * as accessHistory from '../../migrations/0053-access-history.ts';
import * as outbox from '../../migrations/0055-outbox.ts';
import * as endsByTime from '../../migrations/0056-ends-by-time.ts';
import * as foreignHashes from '../../migrations/0057-foreign-hashes.ts';
import * as deactivatedAt from '../../migrations/0058-deactivated-at.ts';
import * as provisionedGroups from '../../migrations/0059-provisioned-groups.ts';
import * as provisioningRequests from '../../migrations/0060-provisioning-requests.ts';
import * as usedWorkloads from '../../migrations/0063-used-workloads.ts';
import * as eventStreams from '../../migrations/0065-event-streams.ts';
import * as imports from '../../migrations/0068-imports.ts';
import * as jobWorkers from '../../migrations/0069-job-workers.ts';
import * as tenantsThatMove from '../../migrations/0074-tenants-that-move.ts';
import * as arrivedTrails from '../../migrations/0075-arrived-trails.ts';
import * as movedState from '../../migrations/0078-moved-state.ts';
import * as trailByTime from '../../migrations/0079-trail-by-time.ts';
import type { Database } from './database.ts';

export interface NamedMigration {
  name: string;
  migration: Knex.Migration;
}

export const migrations: readonly NamedMigration[] = [
  { name: '0001-tenants-and-users', migration: tenantsAndUsers },
  { name: '0002-organisation', migration: organisation },
  { name: '0003-clients-and-tokens', migration: clientsAndTokens },
  { name: '0004-audit', migration: audit },
  { name: '0005-codes-and-invitations', migration: codesAndInvitations },
  { name: '0006-identity-providers', migration: identityProviders },
  { name: '0007-management', migration: management },
  { name: '0008-refresh-lines', migration: refreshLines },
  { name: '0009-inviters', migration: inviters },
  { name: '0010-known-devices', migration: knownDevices },
  { name: '0011-limits-by-address', migration: limitsByAddress },
  { name: '0012-client-metadata', migration: clientMetadata },
  { name: '0013-answers-and-actions', migration: answersAndActions },
  { name: '0014-recovery-way-back', migration: recoveryWayBack },
  { name: '0015-grants-and-erasure', migration: grantsAndErasure },
  { name: '0016-configuration-version', migration: configurationVersion },
  { name: '0017-api-keys', migration: apiKeys },
  { name: '0018-second-factors', migration: secondFactors },
  { name: '0019-safety-links', migration: safetyLinks },
  { name: '0020-passkeys', migration: passkeys },
  { name: '0021-lists-and-searches', migration: listsAndSearches },
  { name: '0022-profile-moments', migration: profileMoments },
  { name: '0023-codes-by-username', migration: codesByUsername },
  { name: '0024-keys-and-codes-as-factors', migration: keysAndCodesAsFactors },
  { name: '0025-remembered-devices', migration: rememberedDevices },
  { name: '0027-large-tenants', migration: largeTenants },
  { name: '0028-audit-in-batches', migration: auditInBatches },
  { name: '0029-removed-factors', migration: removedFactors },
  { name: '0030-own-deletions', migration: ownDeletions },
  { name: '0031-overview', migration: overview },
  { name: '0032-redirect-mistakes', migration: redirectMistakes },
  { name: '0037-reading-the-trail', migration: readingTheTrail },
  { name: '0039-token-exchange', migration: tokenExchange },
  { name: '0040-workload-identities', migration: workloadIdentities },
  { name: '0042-client-registration', migration: clientRegistration },
  { name: '0043-client-documents', migration: clientDocuments },
  { name: '0044-security-profile', migration: securityProfile },
  { name: '0045-approval-requests', migration: approvalRequests },
  { name: '0046-api-demands', migration: apiDemands },
  { name: '0047-cross-app-access', migration: crossAppAccess },
  { name: '0049-trail-out-of-reach', migration: trailOutOfReach },
  { name: '0050-audit-retention', migration: auditRetention },
  { name: '0051-audit-seals', migration: auditSeals },
  { name: '0053-access-history', migration: accessHistory },
  { name: '0055-outbox', migration: outbox },
  { name: '0056-ends-by-time', migration: endsByTime },
  { name: '0057-foreign-hashes', migration: foreignHashes },
  { name: '0058-deactivated-at', migration: deactivatedAt },
  { name: '0059-provisioned-groups', migration: provisionedGroups },
  { name: '0060-provisioning-requests', migration: provisioningRequests },
  { name: '0063-used-workloads', migration: usedWorkloads },
  { name: '0065-event-streams', migration: eventStreams },
  { name: '0068-imports', migration: imports },
  { name: '0069-job-workers', migration: jobWorkers },
  { name: '0074-tenants-that-move', migration: tenantsThatMove },
  { name: '0075-arrived-trails', migration: arrivedTrails },
  { name: '0078-moved-state', migration: movedState },
  { name: '0079-trail-by-time', migration: trailByTime },
];

/** The schema that this program works on. */
export const latestMigration = migrations.at(-1)?.name as string;

const tableName = 'schema_migrations';

/** As Knex wants it. The types of Knex leave out `config`, by which a migration opts out of a transaction. */
type Configured = Knex.Migration & { config?: { transaction?: boolean } };

export function isInTransaction(migration: Knex.Migration): boolean {
  return (migration as Configured).config?.transaction !== false;
}

/** For `knexfile.js` and for apply-migrations.ts: Knex's migrator over the explicit list. */
export function migrationConfig(list: readonly NamedMigration[] = migrations): Knex.MigratorConfig {
  return {
    tableName,
    migrationSource: {
      getMigrations: async () => [...list],
      getMigrationName: (entry: NamedMigration) => entry.name,
      getMigration: async (entry: NamedMigration) => entry.migration,
    },
  };
}

/** `pending`: not applied yet; `unknown`: applied by a newer version of the program. */
export interface MigrationStatus {
  current: boolean;
  pending: string[];
  unknown: string[];
  /** How many are; 0: there is no schema yet. */
  appliedCount: number;
}

/** Compares the database with the code without changing either. Where this role may not see what was applied, nothing was. */
export async function migrationStatus(db: Database, list = migrations): Promise<MigrationStatus> {
  const known = list.map((entry) => entry.name);
  const found = await db.raw(`select coalesce(has_table_privilege(to_regclass(?), 'select'), false) as readable`, [
    tableName,
  ]);
  const applied: string[] = found.rows[0].readable
    ? (await db.raw(`select name from ${tableName} order by id`)).rows.map((row: { name: string }) => row.name)
    : [];
  const pending = known.filter((name) => !applied.includes(name));
  const unknown = applied.filter((name) => !known.includes(name));
  return { current: pending.length === 0 && unknown.length === 0, pending, unknown, appliedCount: applied.length };
}
