/**
 * What a valid request of each operation looks like, about the things of a world (management-world.ts). A new operation adds a
 * line: the isolation matrix fails where one is missing.
 */
import { isId } from '../../src/platform/ids.ts';
import type { World } from './management-world.ts';

export interface Sample {
  params?: Record<string, string>;
  query?: Record<string, string>;
  body?: object;
}

const node = ({ leafId }: World) => ({ org_node_id: leafId });
const role = ({ roleId }: World) => ({ role_id: roleId });
const assignment = ({ assignmentId }: World) => ({ assignment_id: assignmentId });
const grant = ({ grantId }: World) => ({ visibility_grant_id: grantId });
const tenant = ({ otherTenantId }: World) => ({ tenant: otherTenantId });
const client = ({ clientId }: World) => ({ client_id: clientId });
const service = ({ serviceId }: World) => ({ client_id: serviceId });
const invitation = ({ invitationId }: World) => ({ invitation_id: invitationId });
const person = ({ personId }: World) => ({ user_id: personId });
const company = ({ companyId }: World) => ({ company_id: companyId });
const api = ({ apiId }: World) => ({ resource_server_id: apiId });
const provider = ({ providerKey }: World) => ({ key: providerKey });
/** Capabilities are nobody's: the same in every tenant. */
const capability = () => ({ capability: 'things.read' });
const webhook = ({ webhookId }: World) => ({ webhook_id: webhookId });
const delivery = ({ webhookId, deliveryId }: World) => ({ webhook_id: webhookId, delivery_id: deliveryId });
const nothing = (): Sample => ({});

/** By operation: a request that who may do it can make. */
export const samples: Record<string, (world: World) => Sample> = {
  'org_nodes.list': (w) => ({ query: { below: w.northId, counts: 'true', path: 'true' } }),
  'org_nodes.create': (w) => ({ body: { parent_id: w.northId, type: 'school', name: 'New' } }),
  'org_nodes.get': (w) => ({ params: node(w) }),
  'org_nodes.ancestors': (w) => ({ params: node(w) }),
  'org_nodes.update': (w) => ({ params: node(w), body: { name: 'Renamed' } }),
  'org_nodes.move': (w) => ({ params: node(w), body: { parent_id: w.northId } }),
  'org_nodes.deactivate': (w) => ({ params: node(w) }),
  'org_nodes.activate': (w) => ({ params: node(w) }),
  'org_nodes.delete': (w) => ({ params: node(w) }),
  'roles.list': nothing,
  'roles.create': () => ({ body: { name: 'New role' } }),
  'roles.get': (w) => ({ params: role(w) }),
  'roles.update': (w) => ({ params: role(w), body: { description: 'Changed' } }),
  'roles.delete': (w) => ({ params: role(w) }),
  'roles.capabilities.list': (w) => ({ params: role(w) }),
  'roles.capabilities.replace': (w) => ({ params: role(w), body: { items: ['roles.read'] } }),
  'roles.capabilities.add': (w) => ({ params: { ...role(w), capability: 'roles.read' } }),
  'roles.capabilities.remove': (w) => ({ params: { ...role(w), capability: 'roles.read' } }),
  'assignments.list': (w) => ({ query: { user_id: w.personId } }),
  'assignments.create': (w) => ({ body: { user_id: w.personId, role_id: w.roleId, org_node_id: w.northId } }),
  'assignments.get': (w) => ({ params: assignment(w) }),
  'assignments.update': (w) => ({ params: assignment(w), body: { ends_at: '2090-01-01T00:00:00Z' } }),
  'assignments.end': (w) => ({ params: assignment(w), body: {} }),
  'visibility_grants.list': (w) => ({ query: { user_id: w.personId } }),
  'visibility_grants.create': (w) => ({
    body: { user_id: w.personId, org_node_id: w.leafId, access_scope: 'read' },
  }),
  'visibility_grants.get': (w) => ({ params: grant(w) }),
  'visibility_grants.end': (w) => ({ params: grant(w), body: {} }),
  'tenants.list': nothing,
  'tenants.create': () => ({ body: { slug: 'a-new-tenant', name: 'New tenant' } }),
  'tenants.get': (w) => ({ params: tenant(w) }),
  'tenants.suspend': (w) => ({ params: tenant(w) }),
  'tenants.resume': (w) => ({ params: tenant(w) }),
  'tenants.current': nothing,
  'tenants.rename': () => ({ body: { name: 'Renamed tenant' } }),
  'tenants.sign_in_methods': nothing,
  'tenants.settings.get': nothing,
  'tenants.settings.update': () => ({ body: {} }),
  'overview.get': nothing,
  'messages.channels': nothing,
  'org_nodes.preview': (w) => ({ params: node(w), query: { active: 'false' } }),
  'users.effects': (w) => ({ params: person(w) }),
  'clients.refusals': (w) => ({ params: client(w) }),
  'services.refusals': (w) => ({ params: service(w) }),
  'clients.effects': (w) => ({ params: client(w) }),
  'services.effects': (w) => ({ params: service(w) }),
  'roles.effects': (w) => ({ params: role(w) }),
  'tenants.effects': (w) => ({ params: tenant(w) }),
  'audit_events.list': nothing,
  'audit_events.export': () => ({ body: { format: 'csv' } }),
  'audit_events.tail': () => ({ query: { seconds: '1' } }),
  'audit_events.get': (w) => ({ params: { audit_event_id: w.eventId } }),
  'audit_events.list_server': nothing,
  'audit_events.proof': (w) => ({ params: { audit_event_id: w.eventId } }),
  'audit_seals.list': nothing,
  'audit_seals.list_server': nothing,
  'audit_seals.state': nothing,
  'audit_seals.keys': nothing,
  'audit_seals.rotate_key': () => ({ body: {} }),
  'audit_seals.get': (w) => ({ params: { audit_seal_id: w.sealId } }),
  'clients.list': nothing,
  'clients.create': () => ({
    body: { name: 'New application', kind: 'web', redirect_uris: ['https://app.example/callback'] },
  }),
  'clients.get': (w) => ({ params: client(w) }),
  'clients.update': (w) => ({ params: client(w), body: { name: 'Renamed' } }),
  'clients.delete': (w) => ({ params: client(w) }),
  'clients.disable': (w) => ({ params: client(w) }),
  'clients.enable': (w) => ({ params: client(w) }),
  'clients.rotate_secret': (w) => ({ params: client(w), body: {} }),
  'clients.secrets.list': (w) => ({ params: client(w) }),
  'clients.secrets.revoke': (w) => ({ params: { ...client(w), secret_id: w.clientSecretId } }),
  'clients.set_security_profile': (w) => ({ params: client(w), body: { security_profile: 'none' } }),
  'clients.cross_app.list': (w) => ({ params: client(w) }),
  'clients.cross_app.add': (w) => ({
    params: client(w),
    body: { audience: 'https://other.example', audience_client_id: 'us-there', scopes: ['things.read'] },
  }),
  'clients.cross_app.remove': (w) => ({ params: { ...client(w), cross_app_audience_id: w.roleId } }),
  'services.set_security_profile': (w) => ({ params: service(w), body: { security_profile: 'none' } }),
  'services.list': nothing,
  'services.create': () => ({ body: { name: 'New service' } }),
  'services.get': (w) => ({ params: service(w) }),
  'services.update': (w) => ({ params: service(w), body: { name: 'Renamed' } }),
  'services.delete': (w) => ({ params: service(w) }),
  'services.disable': (w) => ({ params: service(w) }),
  'services.enable': (w) => ({ params: service(w) }),
  'services.rotate_secret': (w) => ({ params: service(w), body: {} }),
  'services.secrets.list': (w) => ({ params: service(w) }),
  'services.secrets.revoke': (w) => ({ params: { ...service(w), secret_id: w.serviceSecretId } }),
  'services.tokens.list': (w) => ({ params: service(w) }),
  'services.tokens.revoke': (w) => ({ params: { ...service(w), token_id: w.serviceSessionId } }),
  'services.tokens.revoke_all': (w) => ({ params: service(w) }),
  'services.capabilities.list': (w) => ({ params: service(w) }),
  'services.capabilities.replace': (w) => ({ params: service(w), body: { items: ['roles.read'] } }),
  'services.capabilities.add': (w) => ({ params: { ...service(w), capability: 'roles.read' } }),
  'services.capabilities.remove': (w) => ({ params: { ...service(w), capability: 'roles.read' } }),
  'services.exchange_capabilities.list': (w) => ({ params: service(w) }),
  'services.exchange_capabilities.add': (w) => ({ params: { ...service(w), capability: 'goods.read' } }),
  'services.exchange_capabilities.remove': (w) => ({ params: { ...service(w), capability: 'goods.read' } }),
  'services.workload_identities.list': (w) => ({ params: service(w) }),
  'services.workload_identities.add': (w) => ({
    params: { client_id: w.workloadClientId },
    body: { issuer: 'https://platform.example', audience: 'us', subject: 'repo:acme/app' },
  }),
  'services.workload_identities.remove': (w) => ({ params: { ...service(w), workload_identity_id: w.roleId } }),
  'resource_servers.list': nothing,
  'resource_servers.create': () => ({ body: { identifier: 'https://new.example/api', name: 'New API' } }),
  'resource_servers.get': (w) => ({ params: api(w) }),
  'resource_servers.update': (w) => ({ params: api(w), body: { name: 'Renamed' } }),
  'resource_servers.delete': (w) => ({ params: api(w) }),
  'capabilities.list': nothing,
  'capabilities.get': () => ({ params: capability() }),
  'capabilities.define': () => ({ params: capability(), body: { description: 'Read things' } }),
  'capabilities.move': () => ({ params: capability(), body: { resource_server_id: null } }),
  'capabilities.delete': () => ({ params: capability() }),
  'identity_providers.list': nothing,
  'identity_providers.create': () => ({
    body: { key: 'new-one', name: 'New', issuer: 'https://idp.example', client_id: 'us', client_secret: 'of ours' },
  }),
  'identity_providers.get': (w) => ({ params: provider(w) }),
  'identity_providers.effects': (w) => ({ params: provider(w) }),
  'identity_providers.check': (w) => ({ params: provider(w) }),
  'identity_providers.update': (w) => ({ params: provider(w), body: { name: 'Renamed' } }),
  'identity_providers.disable': (w) => ({ params: provider(w) }),
  'identity_providers.enable': (w) => ({ params: provider(w) }),
  'identity_providers.cross_app.set': (w) => ({
    params: provider(w),
    body: { client_ids: [w.clientId], scopes: ['roles.read'], their_tenant: 'theirs' },
  }),
  'identity_providers.cross_app.remove': (w) => ({ params: provider(w) }),
  'identity_providers.delete': (w) => ({ params: provider(w) }),
  'users.list': nothing,
  'users.create': (w) => ({
    body: { email: 'hired@example.test', assignments: [{ role_id: w.roleId, org_node_id: w.northId }] },
  }),
  'users.get': (w) => ({ params: person(w) }),
  'users.update': (w) => ({ params: person(w), body: { full_name: 'Renamed' } }),
  'users.settings.get': (w) => ({ params: person(w) }),
  'users.settings.update': (w) => ({ params: person(w), body: { locale: 'fr' } }),
  'users.deactivate': (w) => ({ params: person(w) }),
  'users.activate': (w) => ({ params: person(w) }),
  'users.delete': (w) => ({ params: person(w) }),
  'users.unlock': (w) => ({ params: person(w) }),
  'users.set_password': (w) => ({ params: person(w), body: { password: 'a walk along the river' } }),
  'users.send_recovery': (w) => ({ params: person(w), body: {} }),
  'users.identities.list': (w) => ({ params: person(w) }),
  'users.identities.add': (w) => ({
    params: { user_id: w.memberId },
    body: { provider: w.providerKey, subject: 'what they call them' },
  }),
  'users.identities.remove': (w) => ({ params: { ...person(w), provider: w.linkedProviderKey } }),
  'users.deletion.get': (w) => ({ params: person(w) }),
  'users.deletion.cancel': (w) => ({ params: person(w) }),
  'users.factors.list': (w) => ({ params: person(w) }),
  'users.factors.reset': (w) => ({ params: person(w) }),
  'users.remembered_devices.list': (w) => ({ params: person(w) }),
  'users.remembered_devices.forget': (w) => ({ params: person(w) }),
  'users.passkeys.list': (w) => ({ params: person(w) }),
  'users.passkeys.remove': (w) => ({ params: { ...person(w), passkey_id: w.passkeyId } }),
  'users.grants.list': (w) => ({ params: person(w) }),
  'users.grants.withdraw': (w) => ({ params: { ...person(w), grant_id: w.tokenGrantId } }),
  'users.access': (w) => ({ params: person(w) }),
  'users.why': (w) => ({ params: person(w) }),
  'users.token_preview': (w) => ({ params: person(w), query: { client_id: w.clientId } }),
  'users.sign_in_checks': (w) => ({ params: person(w) }),
  'org_nodes.holders': (w) => ({ params: node(w), query: { capability: 'users.read' } }),
  'users.import': nothing,
  'users.export': (w) => ({ params: person(w) }),
  'users.erase': (w) => ({ params: person(w) }),
  'sessions.list': (w) => ({ params: person(w) }),
  'sessions.end': (w) => ({ params: { session_id: w.sessionId } }),
  'sessions.end_all': (w) => ({ params: person(w) }),
  'service_sessions.list': nothing,
  'service_sessions.end': (w) => ({ params: { service_session_id: w.serviceSessionId } }),
  'companies.create': (w) => ({ body: { name: 'New company', parent_id: w.northId } }),
  'companies.activate': (w) => ({ params: company(w) }),
  'companies.deactivate': (w) => ({ params: company(w) }),
  'companies.members.list': (w) => ({ params: company(w) }),
  'companies.members.join': (w) => ({ params: company(w), body: person(w) }),
  'companies.members.leave': (w) => ({ params: { ...company(w), user_id: w.memberId } }),
  'referrals.list': nothing,
  'referrals.get': (w) => ({ params: { referral_id: w.referralId } }),
  'referrals.settle': (w) => ({ params: { referral_id: w.referralId } }),
  'referrals.codes': nothing,
  'referrals.get_code': (w) => ({ params: person(w) }),
  'referrals.ensure_code': (w) => ({ params: person(w) }),
  'referrals.change_code': (w) => ({ params: person(w), body: { is_active: false } }),
  'signing_keys.list': nothing,
  'signing_keys.rotate': () => ({ body: {} }),
  'api_keys.list': nothing,
  'api_keys.create': (w) => ({ body: { name: 'New key', org_node_id: w.northId, capabilities: ['roles.read'] } }),
  'users.search': () => ({ query: { filter: 'displayName co "secret"' } }),
  'groups.list': nothing,
  'groups.search': () => ({ query: { filter: 'displayName co "secret"' } }),
  'groups.create': (w) => ({
    body: { display_name: 'New group', role_id: w.roleId, org_node_id: w.northId },
  }),
  'groups.get': (w) => ({ params: { group_id: w.groupId } }),
  'groups.members.list': (w) => ({ params: { group_id: w.groupId } }),
  'groups.update': (w) => ({ params: { group_id: w.groupId }, body: { display_name: 'Renamed group' } }),
  'groups.delete': (w) => ({ params: { group_id: w.groupId } }),
  'provisioning.requests': nothing,
  'api_keys.get': (w) => ({ params: { api_key_id: w.apiKeyId } }),
  'api_keys.update': (w) => ({ params: { api_key_id: w.apiKeyId }, body: { name: 'Renamed' } }),
  'api_keys.revoke': (w) => ({ params: { api_key_id: w.apiKeyId } }),
  'webhooks.list': nothing,
  'webhooks.create': () => ({ body: { name: 'A webhook', url: 'https://hooks.example.test/' } }),
  'webhooks.get': (w) => ({ params: webhook(w) }),
  'webhooks.update': (w) => ({ params: webhook(w), body: { name: 'Renamed' } }),
  'webhooks.delete': (w) => ({ params: webhook(w) }),
  'webhooks.enable': (w) => ({ params: webhook(w) }),
  'webhooks.pause': (w) => ({ params: webhook(w) }),
  'webhooks.disable': (w) => ({ params: webhook(w) }),
  'webhooks.rotate': (w) => ({ params: webhook(w), body: {} }),
  'webhooks.ping': (w) => ({ params: webhook(w) }),
  'webhooks.replay': (w) => ({ params: webhook(w), body: { since: '2020-01-01T00:00:00Z' } }),
  'webhooks.deliveries.list': (w) => ({ params: webhook(w) }),
  'webhooks.deliveries.get': (w) => ({ params: delivery(w) }),
  'webhooks.deliveries.replay': (w) => ({ params: delivery(w) }),
  'initial_access_tokens.list': nothing,
  'initial_access_tokens.create': () => ({
    body: { name: 'New token', redirect_hosts: ['app.example.test'], scopes: ['openid'] },
  }),
  'initial_access_tokens.get': (w) => ({ params: { initial_access_token_id: w.initialAccessTokenId } }),
  'initial_access_tokens.revoke': (w) => ({ params: { initial_access_token_id: w.initialAccessTokenId } }),
  'messages.unsent': () => ({ query: { channel: 'sms', reason: 'budget_used_up' } }),
  'invitations.list': nothing,
  'invitations.create': (w) => ({
    body: { email: 'new@example.test', role_id: w.roleId, org_node_id: w.northId },
  }),
  'invitations.get': (w) => ({ params: invitation(w) }),
  'invitations.resend': (w) => ({ params: invitation(w), body: {} }),
  'invitations.revoke': (w) => ({ params: invitation(w) }),
};

/** One row of a bulk operation is a request of the operation itself. */
for (const one of [
  'users.create',
  'users.update',
  'org_nodes.create',
  'org_nodes.update',
  'assignments.create',
  'assignments.update',
  'visibility_grants.create',
  'invitations.create',
])
  samples[one.replace('.', '.bulk_')] = (world) => ({ body: { items: [samples[one]?.(world)] } });

/** The same request about things that are nowhere: every id of the world becomes one that nobody has. */
export function aboutNothing(sample: Sample, world: World): Sample {
  const another = (id: string) => (isId(id) ? crypto.randomUUID() : `x${crypto.randomUUID().slice(0, 13)}`);
  const others = new Map(Object.values(world).map((id: string) => [id, another(id)]));
  return JSON.parse(JSON.stringify(sample), (_key, value) => others.get(value) ?? value);
}
