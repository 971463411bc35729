/**
 * One tenant with a thing of every kind at a place, and those who try what they may not do with it. What is secret here is
 * called so, and every member of a world is an id that nobody else should be told.
 */
import { defineCapability } from '../../src/domain/access/capabilities.ts';
import { createApiKey } from '../../src/domain/api-keys/api-keys.ts';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { createStream } from '../../src/domain/event-streams/streams.ts';
import { putInOrder } from '../../src/domain/events/sender.ts';
import { receiveImport } from '../../src/domain/imports/kept-imports.ts';
import { deactivateUser } from '../../src/domain/lifecycle/end-person.ts';
import { addIdentity } from '../../src/domain/methods/federation/administer-identities.ts';
import { grantVisibility } from '../../src/domain/organisation/visibility-grants.ts';
import { completeReferral, ensureReferralCode, recordReferral } from '../../src/domain/referrals/referrals.ts';
import { createInitialAccessToken } from '../../src/domain/registration/initial-access-tokens.ts';
import { createResourceServer, findResourceServer } from '../../src/domain/resource-servers/resource-servers.ts';
import { sealAudit } from '../../src/domain/seals/seal-events.ts';
import { listDeliveries } from '../../src/domain/webhooks/deliveries.ts';
import { createWebhook, pingWebhook } from '../../src/domain/webhooks/webhooks.ts';
import { systemActor } from '../../src/management/actor.ts';
import { keptActor } from '../../src/management/import-work.ts';
import { managementAudience } from '../../src/oidc/tokens/management-audience.ts';
import { inTransaction } from '../../src/platform/database.ts';
import type { TestApp } from './app.ts';
import { makePasskey } from './authenticator.ts';
import * as make from './factories.ts';
import { askAsService, asking, give, managementCapabilities } from './management.ts';
import { discover, signIn } from './relying-party.ts';
import { addEvent, hourMs } from './trail.ts';

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
  workloadClientId: string;
  invitationId: string;
  apiId: string;
  providerKey: string;
  /** A provider that the person has an account at. */
  linkedProviderKey: string;
  /** Of the person. */
  passkeyId: string;
  companyId: string;
  /** A member of the company. */
  memberId: string;
  sessionId: string;
  /** What the person has granted an application. */
  tokenGrantId: string;
  serviceSessionId: string;
  referralId: string;
  /** Of the trail, and the seal that holds it. */
  eventId: string;
  sealId: string;
  /** A group of a directory that stands for the held role there. */
  groupId: string;
  /** A key of the place. */
  apiKeyId: string;
  initialAccessTokenId: string;
  webhookId: string;
  streamId: string;
  /** An import that waits to be begun. */
  importId: string;
  deliveryId: string;
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
  const person = await app.person({ tenantId, fullName: 'Secret Person' });
  const personId = person.id;
  const heldRole = await make.createRole(db, { tenantId, name: 'Secret Held' });
  const held = await make.assign(db, { tenantId, userId: personId, roleId: heldRole.id, orgNodeId: northId });
  const seen = await grantVisibility(
    db,
    { tenantId, userId: personId, orgNodeId: northId, accessScope: 'read' },
    systemCaller,
  );
  const byRequest = await makeByRequest(app, { tenantId, roleId: heldRole.id, orgNodeId: northId });
  await addIdentity(
    db,
    { tenantId, userId: personId, provider: byRequest.linkedProviderKey, subject: 'Secret Subject' },
    { secrets: app.secrets, issuer: app.issuer, caller: systemCaller },
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
    passkeyId: await makePasskey(db, { tenantId, userId: personId, name: 'Secret Passkey' }),
    assignmentId: held.id,
    grantId: seen.id,
    otherTenantId: (await app.tenant()).id,
    ...(await makeClients(app, tenantId)),
    ...byRequest,
    ...(await signedIn(app, person)),
    apiKeyId: await makeKey(app, { tenantId, orgNodeId: northId }),
    initialAccessTokenId: await makeInitialAccess(app, tenantId),
    ...(await makeWebhook(app, tenantId)),
    streamId: await makeStream(app, tenantId),
    importId: await makeImport(app, tenantId),
    referralId: await refer(app, { tenantId, userId: personId }),
    ...(await makeSealed(app, tenantId)),
  };
}

async function makeImport({ db, secrets }: TestApp, tenantId: string): Promise<string> {
  async function* rows() {
    yield { line: 1, value: { full_name: 'Secret Newcomer', email: 'newcomer@world.example' } };
  }
  const by = { actor: keptActor(systemActor(systemCaller)), broughtBy: 'system:' };
  const wanted = { tenantId, fileName: 'Secret File.csv', format: 'csv', weakHashes: false, ...by };
  const { id } = await receiveImport(db, wanted, rows(), { secrets, caller: systemCaller });
  await db('imports').where({ id }).update({ state: 'ready' });
  return id;
}

/** An event, and its hour sealed as if it were over. */
async function makeSealed({ db, secrets }: TestApp, tenantId: string): Promise<{ eventId: string; sealId: string }> {
  const { endsAt } = (await db('audit_seals').max({ endsAt: 'endsAt' }).first()) as { endsAt: Date | null };
  const at = new Date(Math.max(endsAt?.getTime() ?? 0, Date.now()));
  const eventId = await addEvent(db, { tenantId, at });
  await sealAudit(db, secrets, { now: new Date(at.getTime() + 2 * hourMs) });
  const { id: sealId } = await db('audit_seals').where({ tenantId, lastEvent: eventId }).first('id');
  return { eventId, sealId };
}

async function signedIn(app: TestApp, person: { id: string; email: string; password: string }) {
  await personToken(app, person, { audience: null, scopes: [] });
  const { id: sessionId } = await app.db('user_sessions').where({ userId: person.id }).first('id');
  const { grantId } = await app.db('oidc_payloads').where({ model: 'Grant', accountId: person.id }).first('grantId');
  return { sessionId: sessionId as string, tokenGrantId: grantId as string };
}

async function refer(app: TestApp, { tenantId, userId }: { tenantId: string; userId: string }): Promise<string> {
  const { code } = await ensureReferralCode(app.db, { tenantId, userId }, systemCaller);
  const { id } = await app.person({ tenantId });
  const made = await recordReferral(app.db, { tenantId, userId: id, code }, systemCaller);
  await completeReferral(app.db, { tenantId, userId: id }, systemCaller);
  if (!made) throw new Error('not referred');
  return made.id;
}

async function makeKey(app: TestApp, place: { tenantId: string; orgNodeId: string }): Promise<string> {
  const wanted = { ...place, userId: null, name: 'Secret Key', capabilities: ['roles.read'] };
  return (await createApiKey(app.db, wanted, systemCaller)).id;
}

async function makeClients(app: TestApp, tenantId: string) {
  const { clientId } = await app.relyingParty({ tenantId, name: 'Secret Application' });
  const { clientId: serviceId, clientSecret } = await app.service({
    tenantId,
    name: 'Secret Service',
    capabilities: ['org.read'],
  });
  await fetch(`${app.issuer}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${serviceId}:${clientSecret}`).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', resource: managementAudience(app.issuer) }),
  });
  const session = await app
    .db('service_sessions')
    .join('clients', 'clients.id', 'service_sessions.clientId')
    .where({ 'clients.clientId': serviceId })
    .first('service_sessions.id');
  const secretOf = async (id: string): Promise<string> =>
    (
      await app
        .db('client_secrets')
        .join('clients', 'clients.id', 'client_secrets.clientId')
        .where({ 'clients.clientId': id })
        .first('client_secrets.id')
    ).id;
  const [clientSecretId, serviceSecretId] = [await secretOf(clientId), await secretOf(serviceId)];
  const { clientId: workloadClientId } = await app.service({ tenantId, name: 'Secret Workload', workload: true });
  return {
    clientId,
    clientSecretId,
    serviceId,
    workloadClientId,
    serviceSecretId,
    serviceSessionId: session.id as string,
  };
}

/** What the API itself makes. */
async function makeByRequest(
  app: TestApp,
  { tenantId, roleId, orgNodeId }: { tenantId: string; roleId: string; orgNodeId: string },
) {
  const ask = await askAsService(app, { tenantId, capabilities: managementCapabilities });
  const make = async (path: string, wanted: object): Promise<string> => {
    const { status, body } = await ask('POST', path, wanted);
    if (status !== 201) throw new Error(`nothing made at ${path}: ${JSON.stringify(body)}`);
    return body.id;
  };
  const invited = { email: 'secret@example.test', role_id: roleId, org_node_id: orgNodeId };
  const invitationId = await make('/invitations', invited);
  // What was sent a moment ago is not sent again.
  const anHourAgo = new Date(Date.now() - 3_600_000);
  await app.db('invitations').where({ id: invitationId }).update({ sentAt: anHourAgo });
  const groupId = await make('/groups', {
    display_name: 'Secret Group',
    role_id: roleId,
    org_node_id: orgNodeId,
  });
  const companyId = await make('/companies', { name: 'Secret Company', parent_id: orgNodeId });
  const { id: memberId } = await app.person({ tenantId, fullName: 'Secret Member' });
  await ask('POST', `/companies/${companyId}/members`, { user_id: memberId });
  const providerKey = 'hidden-provider';
  const provider = { key: providerKey, name: 'Secret Provider', issuer: 'https://login.example', client_id: 'us' };
  await make('/identity-providers', { ...provider, client_secret: 'Secret' });
  const linkedProviderKey = 'hidden-linked-one';
  await make('/identity-providers', { ...provider, key: linkedProviderKey });
  const apiId = await make('/resource-servers', { identifier: 'https://secret.example/api', name: 'Secret API' });
  await defineCapability(app.db, { key: 'things.read' }, systemCaller);
  const goods = {
    tenantId: null,
    identifier: 'https://goods.example/',
    name: 'Goods',
    scopes: [{ key: 'goods.read' }],
  };
  if (!(await findResourceServer(app.db, goods.identifier))) await createResourceServer(app.db, goods, systemCaller);
  return { invitationId, groupId, companyId, memberId, providerKey, linkedProviderKey, apiId };
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

/**
 * No sign-in until now grows old: some operations ask for one of the last five minutes, however long a busy machine takes to ask
 * for each operation.
 */
async function stopTheClock({ db }: TestApp): Promise<void> {
  await db('user_sessions').update({ loginAt: new Date(Date.now() + 86_400_000) });
}

/** Delegates of either half of the tree. */
export async function makeDelegates(app: TestApp, { tenantId, delegateRoleId: roleId, northId, southId }: World) {
  const delegateOf = async (orgNodeId: string) => {
    const person = await app.person({ tenantId });
    await make.assign(app.db, { tenantId, userId: person.id, roleId, orgNodeId });
    return asking(app, await personToken(app, person));
  };
  const delegates = { inside: await delegateOf(northId), outside: await delegateOf(southId) };
  await stopTheClock(app);
  return delegates;
}

/** Who asks, by a name for the test's report. */
export async function makeStrangers(app: TestApp, world: World) {
  const { tenantId } = world;
  const signedIn = async (role?: string, home = tenantId) => {
    const person = await app.person({ tenantId: home });
    if (role) await give(app, { tenantId: home, userId: person.id, role });
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
  const strangers = {
    owner: capable(owner.token),
    member: capable((await signedIn('member')).token),
    anotherOwner: capable((await signedIn('owner', elsewhere)).token),
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
  await stopTheClock(app);
  return strangers;
}

async function makeInitialAccess(app: TestApp, tenantId: string): Promise<string> {
  const policy = { redirectHosts: ['secret.example.test'], scopes: ['openid'], mostUses: 1 };
  return (await createInitialAccessToken(app.db, { tenantId, name: 'Secret Token', ...policy }, systemCaller)).id;
}

async function makeStream(app: TestApp, tenantId: string): Promise<string> {
  const wish = { method: 'poll', endpointUrl: null, eventsRequested: [], description: 'Secret Stream' } as const;
  const how = { secrets: app.secrets, allowHttp: false, caller: systemCaller };
  return (await createStream(app.db, { tenantId, clientId: null, ...wish }, how)).id;
}

async function makeWebhook(app: TestApp, tenantId: string): Promise<{ webhookId: string; deliveryId: string }> {
  const wanted = { tenantId, name: 'Secret Webhook', url: 'https://secret.example.test/', types: [] };
  const how = { secrets: app.secrets, allowHttp: false, caller: systemCaller };
  const { id: webhookId } = await createWebhook(app.db, wanted, how);
  await pingWebhook(app.db, { tenantId, webhookId }, systemCaller);
  await inTransaction(app.db, (trx) => putInOrder(trx));
  const [delivery] = (await listDeliveries(app.db, { tenantId, webhookId })).items;
  return { webhookId, deliveryId: delivery?.id ?? '' };
}
