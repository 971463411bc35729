/**
 * Every action that the trail knows: about what it is, and which members its payload may have. `docs/audit.md`, the filters of
 * the console and the words of both languages are held against this list, and so is every event that the program writes
 * (test/declarations.test.ts). Refuses nothing itself: events of earlier versions stay in the trail.
 */

import type { PayloadMember } from './payload-members.ts';

export interface AuditAction {
  /** `entity_type` of its events; null: of none. */
  entity: string | null;
  /** What its payload may hold, by the names of `payloadMembers`. */
  payload: readonly PayloadMember[];
  /** What the IT-centre schema calls it; a filter finds it by this name as well. */
  counterpart?: string;
}

function about(entity: string | null, ...payload: PayloadMember[]): AuditAction {
  return { entity, payload };
}

function counterpart(name: string, action: AuditAction): AuditAction {
  return { ...action, counterpart: name };
}

const period = ['startsAt', 'endsAt'] as const;
const change = ['from', 'to'] as const;
const refusal = about('client', 'error', 'detail', 'accountId');
const stored = about('client', 'model', 'scope', 'gty', 'aud', 'accountId', 'workload');

/** By what they are about, in the order in which people read them. */
export const auditAreas = {
  sign_in: {
    'login.succeeded': counterpart('LOGIN_SUCCESS', about('user', 'sessionId', 'amr', 'acr', 'clientId')),
    'login.failed': counterpart('LOGIN_FAILURE', about('user', 'method', 'reason', 'channel', 'provider', 'passkey')),
    'session.ended': about('user', 'sessionId'),
    'session.revoked': about('user', 'sessionId'),
    'session.others_revoked': about('user', 'sessions', 'devices'),
    'session.all_revoked': about('user', 'sessions', 'devices'),
    'service_session.revoked': about('client', 'serviceSessionId'),
    'service_session.all_revoked': about('client', 'count'),
    'device.remembered': about('user', 'days'),
    'device.forgotten': about('user', 'devices'),
  },
  ways_in: {
    'code.sent': about('user', 'purpose', 'channel'),
    'code.refused': about('user', 'purpose', 'channel', 'reason'),
    'recovery.sent': about('user', 'channel'),
    'password.changed': about('user'),
    'password.recovered': about('user', 'channel'),
    'address.verified': about('user', 'kind'),
    'credentials.removed': about('user', 'kind', 'methods'),
    'identity.linked': about('user', 'provider', 'reason', 'importId'),
    'identity.unlinked': about('user', 'provider', 'reason'),
    'passkey.added': about('user', 'passkey', 'name', 'synced'),
    'passkey.renamed': about('user', 'passkey', 'name'),
    'passkey.removed': about('user', 'passkey', 'name'),
    'factor.enrolled': about('user', 'kind', 'name'),
    'factor.removed': about('user', 'kind'),
    'factors.reset': about('user', 'kinds'),
    'factors.reset_requested': about('user', 'kinds', 'endsAt'),
    'factors.reset_cancelled': about('user'),
    'recovery_code.used': about('user'),
    'recovery_codes.renewed': about('user'),
    'account.secured': about('user', 'reason', 'removed'),
    'account.deletion_requested': about('user', 'dueAt', 'invitations', 'keys'),
    'account.deletion_cancelled': about('user'),
  },
  people: {
    'user.created': about('user', 'methods', 'emailVerified', 'importId'),
    'user.import_begun': about(null, 'importId', 'format'),
    'user.imported': about(null, 'importId', 'outcomes'),
    'user.import_stopped': about(null, 'importId', 'reason', 'outcomes'),
    'user.all_exported': about(null),
    'user.signed_up': about('user', 'channel', 'method', 'provider', 'invitations', 'referralId'),
    'user.activated': about('user', 'invitations', 'keys'),
    'user.deactivated': about('user', 'invitations', 'keys'),
    'user.unlocked': about('user'),
    'user.deleted': about('user', 'invitations', 'keys'),
    'user.exported': about('user'),
    'user.erased': about('user'),
    'profile.updated': counterpart('PROFILE_UPDATED', about('user', 'changed', 'importId', ...change)),
    'settings.updated': about('user', 'changed'),
    'sign_up.refused': about('user', 'purpose', 'channel'),
  },
  access: {
    'role.assigned': counterpart('ROLE_ASSIGNED', about('org_assignment', 'userId', 'roleId', 'orgNodeId', ...period)),
    'role.rescheduled': about('org_assignment', 'userId', 'roleId', 'orgNodeId', ...change),
    'role.removed': counterpart(
      'ROLE_REMOVED',
      about('org_assignment', 'userId', 'roleId', 'orgNodeId', ...period, 'withdrawn'),
    ),
    'visibility.granted': about('visibility_grant', 'userId', 'orgNodeId', 'accessScope', ...period),
    'visibility.ended': about('visibility_grant', 'userId', 'orgNodeId', 'accessScope', ...period, 'withdrawn'),
    'role.created': about('role', 'name', 'description', 'isSystem'),
    'role.renamed': about('role', ...change),
    'role.changed': about('role', ...change),
    'role.deleted': about('role', 'name'),
    'role.capability_granted': about('role', 'capability'),
    'role.capability_revoked': about('role', 'capability'),
    'provisioned_group.created': about('provisioned_group', 'displayName', 'externalId', 'roleId', 'orgNodeId'),
    'provisioned_group.updated': about('provisioned_group', ...change),
    'provisioned_group.deleted': about('provisioned_group', 'displayName', 'externalId', 'roleId', 'orgNodeId'),
  },
  organisation: {
    'org_node.created': about('org_node', 'name', 'type', 'parentId'),
    'org_node.renamed': about('org_node', ...change),
    'org_node.changed': about('org_node', ...change),
    'org_node.moved': about('org_node', ...change),
    'org_node.activated': about('org_node'),
    'org_node.deactivated': about('org_node'),
    'org_node.deleted': about('org_node', 'name', 'parentId'),
    'company.joined': about('org_node', 'userId', 'roleId'),
    'company.left': about('org_node', 'userId'),
  },
  invitations: {
    'invitation.created': about('invitation', 'roleId', 'orgNodeId', 'channel', 'expiresAt'),
    'invitation.resent': about('invitation', 'channel', 'expiresAt', 'sentCount'),
    'invitation.accepted': about('invitation', 'userId', 'roleId', 'orgNodeId', 'created'),
    'invitation.revoked': about('invitation', 'replacedBy'),
    'referral_code.created': about('referral_code', 'userId'),
    'referral_code.changed': about('referral_code', 'userId', ...change),
    'referral.recorded': about('referral', 'referrerUserId', 'referredUserId'),
    'referral.completed': about('referral', 'referrerUserId', 'referredUserId'),
    'referral.settled': about('referral', 'referrerUserId', 'referredUserId'),
    'message.refused': about('message', 'channel', 'template', 'reason'),
    'message.failed': about('message', 'channel', 'template', 'reason'),
  },
  consent: {
    'grant.created': stored,
    'grant.changed': stored,
    'grant.revoked': stored,
    'grant.tokens_revoked': stored,
    'grant.withdrawn': about('user', 'grantId', 'clientId'),
    'consent.refused': about('client'),
    'approval.requested': about('client', 'scope', 'accountId'),
    'approval.given': about('user', 'clientId', 'scope', 'acr', 'grantId'),
    'approval.denied': about('user', 'clientId', 'scope'),
    'token.issued': stored,
    'token.exchanged': about('client', 'model', 'scope', 'aud', 'accountId', 'act', 'application'),
    'cross_app.issued': about('client', 'aud', 'audienceClientId', 'scope', 'resource', 'accountId', 'jti'),
    'cross_app.accepted': about('client', 'provider', 'issuer', 'scope', 'aud', 'accountId', 'jti'),
    'token.revoked': stored,
    'token.reused': stored,
    'code.reused': stored,
    'authorization.refused': refusal,
    'token.refused': refusal,
    'introspection.refused': refusal,
    'revocation.refused': refusal,
    'refusal.repeated': about('client', 'count', 'refusals', 'since'),
  },
  applications: {
    'client.created': about('client', 'kind', 'name', 'firstParty', 'redirectUris'),
    'client.registered': about('client', 'initialAccess', 'name', 'redirectUris', 'scopes'),
    'client.met': about('client', 'kind', 'name', 'redirectUris'),
    'client.changed': about('client', 'changed', ...change),
    'client.enabled': about('client'),
    'client.disabled': about('client'),
    'client.deleted': about('client', 'kind', 'name'),
    'client.security_profile_changed': about('client', ...change),
    'client.rotated': about('client', 'retired', 'overlapSeconds'),
    'client.secret_revoked': about('client', 'credential', 'hint'),
    'client.capability_granted': about('client', 'capability'),
    'client.capability_revoked': about('client', 'capability'),
    'client.exchange_capability_granted': about('client', 'capability'),
    'client.exchange_capability_revoked': about('client', 'capability'),
    'client.workload_added': about('client', 'workload'),
    'client.workload_removed': about('client', 'workload'),
    'client.cross_app_audience_added': about('client', 'audience', 'audienceClientId', 'scopes'),
    'client.cross_app_audience_removed': about('client', 'audience', 'audienceClientId', 'scopes'),
    'initial_access.created': about('initial_access', 'name', 'redirectHosts', 'scopes', 'mostUses', 'expiresAt'),
    'initial_access.revoked': about('initial_access', 'name', 'uses'),
    'api_key.created': about('api_key', 'name', 'prefix', 'orgNodeId', 'userId', 'capabilities', 'expiresAt'),
    'api_key.updated': about('api_key', ...change),
    'api_key.revoked': about('api_key', 'name', 'prefix', 'orgNodeId', 'userId'),
    'resource_server.created': about('resource_server', 'identifier'),
    'resource_server.changed': about('resource_server', ...change),
    'resource_server.deleted': about('resource_server', 'identifier', 'name'),
    'capability.defined': about(
      'capability',
      ...(['capability', 'description', 'module', 'resourceServerId', 'action', 'actionProperties'] as const),
    ),
    'capability.changed': about(
      'capability',
      ...(['capability', 'description', 'module', 'resourceServerId', 'action', 'actionProperties'] as const),
    ),
    'capability.moved': about('capability', 'capability', ...change),
    'capability.deleted': about('capability', 'capability'),
    'identity_provider.added': about(
      'identity_provider',
      ...(['key', 'issuer', 'clientId', 'scopes', 'responseMode', 'claimMapping'] as const),
    ),
    'identity_provider.changed': about('identity_provider', 'key', ...change),
    'identity_provider.cross_app_changed': about('identity_provider', 'key', ...change),
    'identity_provider.credentials_replaced': about('identity_provider', 'key'),
    'identity_provider.enabled': about('identity_provider', 'key'),
    'identity_provider.disabled': about('identity_provider', 'key'),
    'identity_provider.removed': about('identity_provider', 'key', 'linked'),
    'event_stream.created': about('event_stream', 'method', 'host', 'clientId'),
    'event_stream.changed': about('event_stream', ...change),
    'event_stream.enabled': about('event_stream'),
    'event_stream.paused': about('event_stream'),
    'event_stream.disabled': about('event_stream', 'reason'),
    'event_stream.deleted': about('event_stream', 'description'),
    'webhook.created': about('webhook', 'name', 'host', 'types'),
    'webhook.changed': about('webhook', ...change),
    'webhook.enabled': about('webhook'),
    'webhook.paused': about('webhook'),
    'webhook.disabled': about('webhook', 'reason'),
    'webhook.rotated': about('webhook', 'overlapSeconds'),
    'webhook.pinged': about('webhook'),
    'webhook.replayed': about('webhook', 'count', 'since'),
    'webhook.deleted': about('webhook', 'name'),
  },
  server: {
    'tenant.created': about('tenant', 'slug', 'name', 'settings'),
    'tenant.renamed': about('tenant', ...change),
    'tenant.settings_changed': about('tenant', ...change),
    'tenant.activated': about('tenant'),
    'tenant.suspended': about('tenant', 'sessions', 'invitations', 'keys'),
    'tenant.made_platform': about('tenant', 'from'),
    'tenant.exported': about('tenant', 'exportId', 'credentials'),
    'tenant.moved': about('tenant', 'issuer'),
    'tenant.returned': about('tenant', 'issuer'),
    'tenant.arrived': about('tenant', 'exportId', 'issuer', 'seal'),
    'setup_link.created': about('setup_link'),
    'setup_link.used': about('setup_link', 'userId'),
    'signing_key.created': about('signing_key', 'alg', 'state'),
    'signing_key.rotated': about('signing_key', 'alg'),
    'signing_key.withdrawn': about('signing_key'),
    'audit_seal_key.created': about('audit_seal_key'),
    'audit_seal_key.rotated': about('audit_seal_key'),
    'audit.exported': about(null, 'format', 'filter'),
  },
} as const satisfies Record<string, Record<string, AuditAction>>;

/** Every action by its name. */
export const auditActions: Readonly<Record<string, AuditAction>> = Object.assign({}, ...Object.values(auditAreas));

const byCounterpart = new Map(
  Object.entries(auditActions).flatMap(([name, action]) =>
    action.counterpart === undefined ? [] : [[action.counterpart, name] as const],
  ),
);

/** The action that a filter means: by our name, or by its counterpart (`LOGIN_SUCCESS`). */
export function actionNamed(name: string): string {
  return byCounterpart.get(name) ?? name;
}
