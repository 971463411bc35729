/**
 * Every action that the trail knows: about what it is, and which members its payload may have. `docs/audit.md`, the filters of
 * the console and the words of both languages are held against this list, and so is every event that the program writes
 * (test/declarations.test.ts). Refuses nothing itself: events of earlier versions stay in the trail.
 */

export interface AuditAction {
  /** `entity_type` of its events; null: of none. */
  entity: string | null;
  /** What its payload may hold, by the names of `payloadMembers`. */
  payload: readonly PayloadMember[];
  /** What the IT-centre schema calls it; a filter finds it by this name as well. */
  counterpart?: string;
}

/** What the members of payloads mean, wherever they stand. */
export const payloadMembers = {
  accessScope: 'what a grant of visibility lets see: `read` or `analyze`',
  accountId: 'the person it is about, by id',
  acr: 'what was proved, as an authentication context class',
  act: 'who acts for the person, as the token says it',
  action: 'what the capability is called in questions of access',
  actionProperties: 'which properties a question of access must have',
  alg: 'the signing algorithm',
  amr: 'by what the person proved themselves (RFC 8176)',
  application: 'for which application the first token was, by its `client_id`',
  aud: 'for whom the token is',
  capabilities: 'the capabilities that it carries',
  capability: 'the key of the capability',
  changed: 'the names of what was changed; values that look like a credential are left out',
  channel: '`email`, `sms` or `whatsapp`',
  claimMapping: 'which claim of the provider is read as which',
  clientId: 'the application, by its `client_id`',
  count: 'how many',
  created: 'whether the account was made by it',
  credential: 'the id of the secret',
  days: 'for how many days',
  description: 'what it is for',
  detail: 'what the protocol said of it',
  devices: 'how many remembered browsers were forgotten',
  displayName: 'what a directory calls the group',
  dueAt: 'when it will happen',
  emailVerified: 'whether the address counts as proved',
  endsAt: 'the first moment at which it no longer holds',
  error: 'the OAuth error code',
  expiresAt: 'until when it is good',
  externalId: 'what a directory knows it by',
  filter: 'what narrowed it',
  firstParty: 'whether it is one of our own',
  format: '`ndjson` or `csv`',
  from: 'what it was',
  grantId: 'the consent, by id',
  gty: 'the grant type',
  hint: 'the end of the secret',
  host: 'the host of the address',
  identifier: 'the audience',
  initialAccess: 'the initial access token, by id',
  invitations: 'how many invitations were accepted or ended with it',
  isSystem: 'it comes with every tenant',
  issuer: 'the issuer identifier',
  key: 'the key of the provider',
  keys: 'how many API keys were ended',
  kind: 'which kind',
  kinds: 'which kinds',
  linked: 'how many people were linked',
  method: 'by which way in: `pwd`, `otp`, `fed`, `passkey`, or a second factor',
  methods: 'which ways in',
  model: 'what was stored: `AccessToken`, `RefreshToken`, `Grant`',
  module: 'the group of the capability',
  mostUses: 'how often it may be used',
  name: 'the name',
  orgNodeId: 'the place, by id',
  overlapSeconds: 'how long the secret before goes on working',
  parentId: 'the place above, by id',
  passkey: 'the passkey, by id',
  prefix: 'the beginning of the API key',
  provider: 'the key of the identity provider',
  purpose: 'what the code was for',
  reason: 'why',
  redirectHosts: 'the hosts that sign-ins may lead back to',
  redirectUris: 'where sign-ins lead back to',
  referralId: 'the referral, by id',
  referredUserId: 'who came, by id',
  referrerUserId: 'by whose code, by id',
  refusals: 'which refusals, and how often',
  removed: 'what was taken away',
  replacedBy: 'the invitation that took its place, by id',
  resourceServerId: 'the API, by id',
  responseMode: 'how the provider answers',
  retired: 'how many secrets were given an end',
  roleId: 'the role, by id',
  scope: 'the scopes',
  scopes: 'the scopes',
  sentCount: 'how often it was sent',
  serviceSessionId: 'the session of the service, by id',
  sessionId: 'the session, by id',
  sessions: 'how many sessions were ended',
  settings: 'the settings',
  since: 'since when it was counted',
  slug: 'the name in addresses',
  startsAt: 'from when on it holds',
  state: 'the state',
  synced: 'whether the passkey can be on several devices',
  template: 'which message',
  to: 'what it is now',
  type: 'the type of the place',
  types: 'the types of events; none: all',
  userId: 'the person, by id',
  uses: 'how often it was used',
  withdrawn: 'it was still to come, and was taken away',
  workload: 'by which workload of a platform the service is proved: issuer, subject',
} as const;

export type PayloadMember = keyof typeof payloadMembers;

/** What any payload may hold besides. */
export const commonMembers = {
  cause: 'the operation of the management API that did it: `roles.create`',
  actorTenantId: 'where the one who acts belongs, where that is another tenant',
  keyId: 'the API key by which a person acted',
  client: 'the application by which a person acted, where it is not the operator’s own: an agent',
} as const;

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
    'identity.linked': about('user', 'provider', 'reason'),
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
    'user.created': about('user', 'methods', 'emailVerified'),
    'user.signed_up': about('user', 'channel', 'method', 'provider', 'invitations', 'referralId'),
    'user.activated': about('user', 'invitations', 'keys'),
    'user.deactivated': about('user', 'invitations', 'keys'),
    'user.unlocked': about('user'),
    'user.deleted': about('user', 'invitations', 'keys'),
    'user.exported': about('user'),
    'user.erased': about('user'),
    'profile.updated': counterpart('PROFILE_UPDATED', about('user', 'changed', ...change)),
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
    'identity_provider.credentials_replaced': about('identity_provider', 'key'),
    'identity_provider.enabled': about('identity_provider', 'key'),
    'identity_provider.disabled': about('identity_provider', 'key'),
    'identity_provider.removed': about('identity_provider', 'key', 'linked'),
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
    'setup_link.created': about('setup_link'),
    'setup_link.used': about('setup_link', 'userId'),
    'signing_key.created': about('signing_key', 'alg', 'state'),
    'signing_key.rotated': about('signing_key', 'alg'),
    'signing_key.withdrawn': about('signing_key'),
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
