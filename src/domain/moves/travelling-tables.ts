/**
 * What of the database is a tenant's, in the order in which it can be put: what refers to something comes after it. Each feature
 * says of its tables what travels (`travelling.ts`). A table that is in neither list fails a test.
 */
import type { Travelling } from '../../platform/travelling.ts';
import {
  travellingCapabilities,
  travellingPast,
  travellingRoleCapabilities,
  travellingRoles,
} from '../access/travelling.ts';
import { travellingApiKeyCapabilities, travellingApiKeys } from '../api-keys/travelling.ts';
import { travellingActivity, travellingEvents } from '../audit/travelling.ts';
import {
  travellingClientCapabilities,
  travellingClientSecrets,
  travellingClients,
  travellingCrossAppAudiences,
  travellingExchangeCapabilities,
  travellingWorkloadIdentities,
} from '../clients/travelling.ts';
import { travellingEventStreams } from '../event-streams/travelling.ts';
import { travellingReceivers } from '../events/travelling.ts';
import { travellingFactorGrace, travellingFactors } from '../factors/travelling.ts';
import { travellingInvitations } from '../invitations/travelling.ts';
import { travellingMessageDays } from '../messages/travelling.ts';
import { travellingIdentityProviders } from '../methods/federation/travelling.ts';
import { travellingPasskeyOffers, travellingPasskeys } from '../methods/passkey/travelling.ts';
import { checkArrivingIdentity, foreignHashSeal } from '../methods/password/travelling.ts';
import { travellingAssignments, travellingNodes, travellingVisibilityGrants } from '../organisation/travelling.ts';
import { travellingProvisionedGroups } from '../provisioning/travelling.ts';
import { travellingReferralCodes, travellingReferrals } from '../referrals/travelling.ts';
import { travellingClientRegistrations, travellingInitialAccessTokens } from '../registration/travelling.ts';
import { travellingResourceServers } from '../resource-servers/travelling.ts';
import { travellingLeaves, travellingSealKeys, travellingSeals } from '../seals/travelling.ts';
import { travellingTenants } from '../tenants/travelling.ts';
import { travellingIdentities, travellingUserSettings, travellingUsers } from '../users/travelling.ts';
import { travellingWebhooks } from '../webhooks/travelling.ts';

export const travellingTables: readonly Travelling[] = [
  travellingTenants,
  travellingUsers,
  { ...travellingIdentities, sealed: { foreign_password_hash: foreignHashSeal }, check: checkArrivingIdentity },
  travellingUserSettings,
  travellingNodes,
  travellingRoles,
  travellingResourceServers,
  travellingCapabilities,
  travellingRoleCapabilities,
  travellingAssignments,
  travellingVisibilityGrants,
  travellingClients,
  travellingClientSecrets,
  travellingClientCapabilities,
  travellingExchangeCapabilities,
  travellingInitialAccessTokens,
  travellingClientRegistrations,
  travellingCrossAppAudiences,
  travellingWorkloadIdentities,
  travellingIdentityProviders,
  travellingFactors,
  travellingFactorGrace,
  travellingPasskeys,
  travellingPasskeyOffers,
  travellingInvitations,
  travellingReferralCodes,
  travellingReferrals,
  travellingApiKeys,
  travellingApiKeyCapabilities,
  travellingProvisionedGroups,
  travellingReceivers,
  travellingWebhooks,
  travellingEventStreams,
  travellingMessageDays,
  travellingActivity,
  ...travellingPast,
  travellingEvents,
  travellingSealKeys,
  travellingSeals,
  travellingLeaves,
];

const atOldIssuer = 'bound to the issuer and to its browsers: it ended as the tenant was closed';
const ofServer = 'of the server, and of no tenant';
const oneImport = 'goes on at one server, and is over in a day; the trail tells what came of it';
const soonOver = 'counts for minutes or hours, at one server';

/** What no tenant takes along, and why. */
export const tablesThatStay: Readonly<Record<string, string>> = {
  activity_counted: ofServer,
  audit_arrivals: 'of the place that it came to',
  audit_upkeep: ofServer,
  configuration_version: ofServer,
  event_deliveries: 'delivered from where it happened',
  event_lanes: 'delivered from where it happened',
  federation_requests: soonOver,
  idempotency_keys: soonOver,
  identity_provider_uses: 'how a provider answered another server',
  import_rows: oneImport,
  imports: oneImport,
  job_workers: ofServer,
  oidc_payloads: atOldIssuer,
  org_node_paths: 'made of the tree by triggers',
  otp_codes: soonOver,
  outbox_events: 'delivered from where it happened',
  outbox_progress: ofServer,
  passkey_challenges: soonOver,
  provisioning_requests: 'what became of requests to another server',
  rate_limits: soonOver,
  recovery_codes: 'kept as what SECRET_KEY alone can compare; people make new ones',
  redirect_mistakes: 'what was asked of another server',
  remembered_devices: atOldIssuer,
  repeated_refusals: soonOver,
  safety_links: 'links of messages, good for 72 hours at the most',
  schema_migrations: ofServer,
  schema_migrations_lock: ofServer,
  service_sessions: atOldIssuer,
  session_clients: atOldIssuer,
  setup_links: soonOver,
  sign_in_failures: soonOver,
  signing_keys: ofServer,
  tenant_arrivals: 'of the place that it came to',
  user_last_logins: 'made of the people by a trigger',
  user_sessions: atOldIssuer,
};
