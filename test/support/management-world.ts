/**
 * One tenant with a thing of every kind at a place, and the people who try what they may not do with it. `samples` says for
 * each operation what a valid request about these things looks like; a new operation adds a line.
 */
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { deactivateUser } from '../../src/domain/lifecycle/end-person.ts';
import { grantVisibility } from '../../src/domain/organisation/visibility-grants.ts';
import { managementAudience } from '../../src/oidc/tokens/management-tokens.ts';
import type { TestApp } from './app.ts';
import * as make from './factories.ts';
import { askAsService, asking, give, managementCapabilities } from './management.ts';
import { discover, signIn } from './relying-party.ts';

export interface World {
  tenantId: string;
  rootId: string;
  /** The place of the things, and a leaf below it. */
  northId: string;
  leafId: string;
  /** Another place beside it. */
  southId: string;
  /** A role that is held nowhere, and one that carries every capability. */
  roleId: string;
  delegateRoleId: string;
  personId: string;
  assignmentId: string;
  grantId: string;
  clientId: string;
  clientSecretId: string;
  serviceId: string;
  serviceSecretId: string;
  invitationId: string;
  /** Another tenant, for who manages tenants. */
  otherTenantId: string;
}

export async function makeWorld(app: TestApp): Promise<World> {
  const { db } = app;
  const { id: tenantId, rootNodeId: rootId } = await app.tenant();
  const add = async (parentId: string, name: string) => (await make.createNode(db, { tenantId, parentId, name })).id;
  const northId = await add(rootId, 'Secret North');
  const leafId = await add(northId, 'Secret Leaf');
  const southId = await add(rootId, 'Secret South');
  const delegate = await make.createRole(db, {
    tenantId,
    name: 'Secret Delegate',
    capabilities: [...managementCapabilities],
  });
  const { id: roleId } = await make.createRole(db, { tenantId, name: 'Secret Role' });
  const { id: personId } = await app.person({ tenantId, fullName: 'Secret Person' });
  const heldRole = await make.createRole(db, { tenantId, name: 'Secret Held' });
  const held = await make.assign(db, { tenantId, userId: personId, roleId: heldRole.id, orgNodeId: northId });
  const seen = await grantVisibility(
    db,
    { tenantId, userId: personId, orgNodeId: northId, accessScope: 'read' },
    systemCaller,
  );
  return {
    tenantId,
    rootId,
    northId,
    leafId,
    southId,
    roleId,
    delegateRoleId: delegate.id,
    personId,
    assignmentId: held.id,
    grantId: seen.id,
    otherTenantId: (await app.tenant()).id,
    ...(await makeClients(app, tenantId)),
    invitationId: await invite(app, { tenantId, roleId: heldRole.id, orgNodeId: northId }),
  };
}

async function makeClients(app: TestApp, tenantId: string) {
  const { clientId } = await app.relyingParty({ tenantId, name: 'Secret Application' });
  const { clientId: serviceId } = await app.service({ tenantId, name: 'Secret Service' });
  const secretOf = async (id: string): Promise<string> =>
    (
      await app
        .db('client_secrets')
        .join('clients', 'clients.id', 'client_secrets.clientId')
        .where({ 'clients.clientId': id })
        .first('client_secrets.id')
    ).id;
  return { clientId, clientSecretId: await secretOf(clientId), serviceId, serviceSecretId: await secretOf(serviceId) };
}

async function invite(
  app: TestApp,
  { tenantId, roleId, orgNodeId }: { tenantId: string; roleId: string; orgNodeId: string },
): Promise<string> {
  const ask = await askAsService(app, { tenantId, capabilities: managementCapabilities });
  const { status, body } = await ask('POST', '/invitations', {
    email: 'secret@example.test',
    role_id: roleId,
    org_node_id: orgNodeId,
  });
  if (status !== 201) throw new Error(`not invited: ${JSON.stringify(body)}`);
  // What was sent a moment ago is not sent again.
  await app
    .db('invitations')
    .where({ id: body.id })
    .update({ sentAt: new Date(Date.now() - 3_600_000) });
  return body.id;
}

export interface Sample {
  params?: Record<string, string>;
  query?: Record<string, string>;
  body?: object;
}

const node = ({ leafId }: World) => ({ org_node_id: leafId });
const person = ({ personId }: World) => ({ user_id: personId });
const role = ({ roleId }: World) => ({ role_id: roleId });
const assignment = ({ assignmentId }: World) => ({ assignment_id: assignmentId });
const grant = ({ grantId }: World) => ({ visibility_grant_id: grantId });
const tenant = ({ otherTenantId }: World) => ({ tenant: otherTenantId });
const client = ({ clientId }: World) => ({ client_id: clientId });
const service = ({ serviceId }: World) => ({ client_id: serviceId });
const invitation = ({ invitationId }: World) => ({ invitation_id: invitationId });
const nothing = (): Sample => ({});

/** By operation: a request that who may do it can make. */
export const samples: Record<string, (world: World) => Sample> = {
  'org_nodes.list': (w) => ({ query: { below: w.northId } }),
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
  'tenants.settings.get': nothing,
  'tenants.settings.update': () => ({ body: {} }),
  'audit_events.list': nothing,
  'audit_events.list_server': nothing,
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
  'services.capabilities.list': (w) => ({ params: service(w) }),
  'services.capabilities.add': (w) => ({ params: { ...service(w), capability: 'roles.read' } }),
  'services.capabilities.remove': (w) => ({ params: { ...service(w), capability: 'roles.read' } }),
  'invitations.list': nothing,
  'invitations.create': (w) => ({
    body: { email: 'new@example.test', role_id: w.roleId, org_node_id: w.northId },
  }),
  'invitations.get': (w) => ({ params: invitation(w) }),
  'invitations.resend': (w) => ({ params: invitation(w), body: {} }),
  'invitations.revoke': (w) => ({ params: invitation(w) }),
  'users.list': () => ({ query: { q: 'Secret Person' } }),
  'users.create': (w) => ({
    body: {
      email: 'newcomer@example.test',
      full_name: 'Newcomer',
      assignments: [{ role_id: w.roleId, org_node_id: w.northId }],
    },
  }),
  'users.get': (w) => ({ params: person(w) }),
  'users.update': (w) => ({ params: person(w), body: { full_name: 'Renamed Person' } }),
  'users.settings.get': (w) => ({ params: person(w) }),
  'users.settings.update': (w) => ({ params: person(w), body: { theme: 'dark' } }),
  'users.deactivate': (w) => ({ params: person(w) }),
  'users.activate': (w) => ({ params: person(w) }),
  'users.delete': (w) => ({ params: person(w) }),
  'users.unlock': (w) => ({ params: person(w) }),
  'users.set_password': (w) => ({ params: person(w), body: { password: 'a long phrase of many words' } }),
  'users.send_recovery': (w) => ({ params: person(w), body: {} }),
  'sessions.list': (w) => ({ params: person(w) }),
  'sessions.end_all': (w) => ({ params: person(w) }),
  'service_sessions.list': nothing,
};

/**
 * Operations that the matrix does not walk yet. A new operation adds a sample and not a line here: the list only gets shorter.
 */
export const waitingForSamples: readonly string[] = [
  'resource_servers.list',
  'resource_servers.create',
  'resource_servers.get',
  'resource_servers.update',
  'resource_servers.delete',
  'capabilities.list',
  'capabilities.get',
  'capabilities.define',
  'capabilities.delete',
  'identity_providers.list',
  'identity_providers.create',
  'identity_providers.get',
  'identity_providers.update',
  'identity_providers.disable',
  'identity_providers.enable',
  'identity_providers.delete',
  'referrals.list',
  'referrals.settle',
  'referrals.codes',
  'signing_keys.list',
  'signing_keys.rotate',
  'messages.unsent',
  'sessions.end',
  'service_sessions.end',
  'companies.create',
  'companies.activate',
  'companies.deactivate',
  'companies.members.list',
  'companies.members.join',
  'companies.members.leave',
];

/** The same request about things that are nowhere: every id of the world becomes one that nobody has. */
export function aboutNothing(sample: Sample, world: World): Sample {
  const others = new Map(Object.values(world).map((id) => [id as string, crypto.randomUUID() as string]));
  return JSON.parse(JSON.stringify(sample), (_key, value) => others.get(value) ?? value);
}

/** A person's access token for the management API by a real sign-in: authorization code, PKCE, `resource`. */
export async function personToken(
  app: TestApp,
  person: { email: string; password: string },
  { scopes = managementCapabilities, audience }: { scopes?: readonly string[]; audience?: string | null } = {},
): Promise<string> {
  const party = await discover(app, await app.relyingParty());
  const resource: Record<string, string> =
    audience === null ? {} : { resource: audience ?? managementAudience(app.issuer) };
  const scope = ['openid', ...scopes].join(' ');
  const { tokens } = await signIn(party, person, { parameters: { ...resource, scope }, tokenParameters: resource });
  return tokens.access_token;
}

/** Who asks, by a name for the test's report. */
export async function makeStrangers(app: TestApp, world: World) {
  const { tenantId } = world;
  const signedIn = async (role?: string, orgNodeId?: string, home = tenantId) => {
    const person = await app.person({ tenantId: home });
    if (role === 'Secret Delegate')
      await make.assign(app.db, { tenantId, userId: person.id, roleId: world.delegateRoleId, orgNodeId });
    else if (role) await give(app, { tenantId: home, userId: person.id, role, orgNodeId });
    return { person, token: await personToken(app, person) };
  };
  const elsewhere = (await app.tenant()).id;
  const owner = await signedIn('owner');
  const gone = await signedIn('owner');
  await deactivateUser(app.db, { tenantId, userId: gone.person.id }, systemCaller);
  const late = await signedIn('owner');
  await app
    .db('oidc_payloads')
    .where({ model: 'AccessToken', accountId: late.person.id })
    .update({ expiresAt: new Date(Date.now() - 1000) });
  const foreign = await personToken(app, owner.person, { audience: null, scopes: [] });
  const capable = (token: string | undefined) => asking(app, token);
  return {
    owner: capable(owner.token),
    inside: capable((await signedIn('Secret Delegate', world.northId)).token),
    outside: capable((await signedIn('Secret Delegate', world.southId)).token),
    member: capable((await signedIn('member')).token),
    anotherOwner: capable((await signedIn('owner', undefined, elsewhere)).token),
    anotherService: await askAsService(app, { tenantId: elsewhere, capabilities: managementCapabilities }),
    // A service without any capability gets no token at all.
    serviceOfAll: await askAsService(app, { tenantId: null, capabilities: managementCapabilities }),
    service: await askAsService(app, { tenantId, capabilities: ['roles.read'] }),
    otherService: await askAsService(app, { tenantId, capabilities: ['org.read'] }),
    deactivated: capable(gone.token),
    expired: capable(late.token),
    foreign: capable(foreign),
    nobody: capable(undefined),
  };
}
