/** Every operation of the management API, by resource. */
import { access } from './access.ts';
import { apiKeys } from './api-keys.ts';
import { assignments } from './assignments.ts';
import { auditEvents } from './audit-events.ts';
import { auditSeals } from './audit-seals.ts';
import { auditStreams } from './audit-streams.ts';
import { bulkOf } from './bulk.ts';
import { capabilities } from './capabilities.ts';
import { clientRefusals } from './client-refusals.ts';
import { clients } from './clients.ts';
import { companies } from './companies.ts';
import { crossAppAudiences } from './cross-app-audiences.ts';
import { crossAppTerms } from './cross-app-terms.ts';
import { effects } from './effects.ts';
import { eventStreams } from './event-streams.ts';
import { identityProviders } from './identity-providers.ts';
import { imports } from './imports.ts';
import { initialAccessTokens } from './initial-access-tokens.ts';
import { installation } from './installation.ts';
import { invitations } from './invitations.ts';
import { messages } from './messages.ts';
import { nodePreview } from './node-preview.ts';
import type { AnyOperation } from './operation.ts';
import { orgNodes } from './org-nodes.ts';
import { overview } from './overview.ts';
import { peopleSearch, provisioning } from './provisioning.ts';
import { referrals } from './referrals.ts';
import { resourceServers } from './resource-servers.ts';
import { roles } from './roles.ts';
import { securityProfileOperations } from './security-profiles.ts';
import { serviceExchange } from './service-exchange.ts';
import { serviceTokens } from './service-tokens.ts';
import { services } from './services.ts';
import { signInChecks } from './sign-in-checks.ts';
import { signingKeys } from './signing-keys.ts';
import { tenants } from './tenants.ts';
import { tokenPreview } from './token-preview.ts';
import { userData } from './user-data.ts';
import { userDeletions } from './user-deletions.ts';
import { userExport } from './user-export.ts';
import { userFactors } from './user-factors.ts';
import { userGrants } from './user-grants.ts';
import { userIdentities } from './user-identities.ts';
import { userImport } from './user-import.ts';
import { userPasskeys } from './user-passkeys.ts';
import { sessions } from './user-sessions.ts';
import { users } from './users.ts';
import { visibilityGrants } from './visibility-grants.ts';
import { webhooks } from './webhooks.ts';
import { workloadIdentities } from './workload-identities.ts';

const single: readonly AnyOperation[] = [
  ...orgNodes,
  ...roles,
  ...assignments,
  ...visibilityGrants,
  ...tenants,
  ...clients,
  ...services,
  ...serviceTokens,
  ...crossAppAudiences,
  ...serviceExchange,
  ...workloadIdentities,
  ...securityProfileOperations,
  ...resourceServers,
  ...capabilities,
  ...invitations,
  ...identityProviders,
  ...crossAppTerms,
  // Before it: `tail` is no id.
  ...auditSeals,
  ...auditStreams,
  ...auditEvents,
  // Before it: `search` is no id.
  ...peopleSearch,
  ...users,
  ...userFactors,
  ...userGrants,
  ...access,
  ...tokenPreview,
  ...signInChecks,
  ...userIdentities,
  ...userPasskeys,
  ...userData,
  ...userImport,
  ...imports,
  ...userExport,
  ...userDeletions,
  ...referrals,
  ...signingKeys,
  ...messages,
  ...overview,
  ...installation,
  ...effects,
  ...nodePreview,
  ...clientRefusals,
  ...sessions,
  ...companies,
  ...apiKeys,
  ...initialAccessTokens,
  ...provisioning,
  ...webhooks,
  ...eventStreams,
];

/** What is done for many at once. */
const bulk = [
  'users.create',
  'users.update',
  'org_nodes.create',
  'org_nodes.update',
  'assignments.create',
  'assignments.update',
  'visibility_grants.create',
  'invitations.create',
];

export const operations: readonly AnyOperation[] = [
  ...single,
  ...single.filter(({ id }) => bulk.includes(id)).map(bulkOf),
];

/** @throws Error where there is no such operation */
export function operationOf(id: string): AnyOperation {
  const found = operations.find((operation) => operation.id === id);
  if (!found) throw new Error(`no operation ${id}`);
  return found;
}
