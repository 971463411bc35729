/**
 * A tenant as there are, for looking at the console's pages: some two hundred people at sixty places, with roles that were, are
 * and will be, applications, services, APIs, invitations, a provider, and a month of events. The people are invented.
 */
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { deactivateUser } from '../../src/domain/lifecycle/end-person.ts';
import { grantVisibility } from '../../src/domain/organisation/visibility-grants.ts';
import {
  changeReferralCode,
  completeReferral,
  ensureReferralCode,
  recordReferral,
  settleReferral,
} from '../../src/domain/referrals/referrals.ts';
import { createResourceServer } from '../../src/domain/resource-servers/resource-servers.ts';
import type { NewTenant } from '../../src/domain/setup/create-tenant.ts';
import { setFirstPlatformTenant } from '../../src/domain/tenants/platform-tenant.ts';
import { newId } from '../../src/platform/ids.ts';
import type { TestApp } from './app.ts';
import * as make from './factories.ts';
import { give, performAs } from './management.ts';

export interface ConsoleWorld {
  tenant: NewTenant;
  /** One of those beside it. */
  otherTenantId: string;
  /** Who looks: an owner, of the tenant that runs the server. */
  owner: Awaited<ReturnType<TestApp['person']>>;
  /** Who sees one region alone. */
  delegate: Awaited<ReturnType<TestApp['person']>>;
  /** One person with a bit of everything, and others. */
  annaId: string;
  personIds: string[];
  /** The regions first, then what is below them. */
  nodeIds: string[];
  /** By the name of the role. */
  roleIds: Record<string, string>;
  clientIds: string[];
  serviceIds: string[];
  apiId: string;
  invitationIds: string[];
  /** Those who have a referral code: of the first, people came. */
  referrerIds: string[];
}

const day = 86_400_000;
const inDays = (days: number) => new Date(Date.now() + days * day);
const given =
  'Anna Erik Nora Lars Ingrid Omar Sofia Jonas Leila Magnus Elin Karim Astrid Henrik Maja Amira Oskar Hanna'.split(' ');
const family = 'Larsson Lind Berg Falk Nyström Haddad Holm Ekström Sandberg Åkesson Ahmed Virtanen Öberg Dahl'.split(
  ' ',
);
const regions = ['North Region', 'South Region', 'West Region', 'East Region', 'Islands'];
const kinds = ['Harbour', 'Depot', 'School', 'Clinic'];
const towns = 'Kiruna Luleå Umeå Sundsvall Gävle Uppsala Örebro Malmö Lund Ystad Kalmar Visby Mora'.split(' ');

/** Of the parts in turn, so that two runs are alike. */
const nth = <T>(list: readonly T[], index: number): T => list[index % list.length] as T;

async function makePlaces(app: TestApp, tenantId: string): Promise<string[]> {
  const { db } = app;
  const top: string[] = [];
  for (const name of regions) top.push((await make.createNode(db, { tenantId, type: 'region', name })).id);
  const below: string[] = [];
  for (let index = 0; index < 55; index += 1) {
    const kind = nth(kinds, Math.floor(index / 5));
    const name = `${nth(towns, index)} ${kind}`;
    const external = { externalId: `SITE-${1000 + index}` };
    const parentId = index < 40 ? nth(top, index) : nth(below, index);
    below.push((await make.createNode(db, { tenantId, parentId, type: kind.toLowerCase(), name, ...external })).id);
  }
  return [...top, ...below];
}

const roles: Record<string, string[]> = {
  'Regional lead': [
    'users.read',
    'users.manage',
    'org.read',
    'org.manage',
    'roles.read',
    'roles.assign',
    'sessions.manage',
  ],
  Coordinator: ['users.read', 'org.read', 'roles.read', 'invitations.manage', 'roles.assign'],
  Teacher: ['grades.read', 'grades.write'],
  'Stock keeper': ['inventory.read', 'inventory.write'],
  Auditor: ['users.read', 'audit.read', 'org.read', 'inventory.read', 'grades.read'],
};

async function makeRoles(app: TestApp, tenantId: string): Promise<Record<string, string>> {
  const made: Record<string, string> = {};
  for (const [name, capabilities] of Object.entries(roles))
    made[name] = (await make.createRole(app.db, { tenantId, name, capabilities })).id;
  return made;
}

async function makePeople(app: TestApp, tenantId: string): Promise<string[]> {
  const people = [];
  for (let index = 0; index < 200; index += 1) {
    const [first, last] = [nth(given, index), nth(family, index * 5 + Math.floor(index / 18))];
    const address = `${first}.${last}${index}@northwind.example`
      .toLowerCase()
      .normalize('NFD')
      .replace(/[^a-z0-9.@]/g, '');
    const fullName = `${first} ${last}`;
    const phone = index % 3 === 0 ? `+4670${String(1_740_605 + index).padStart(7, '0')}` : undefined;
    const { id } = await make.createUser(app.db, {
      tenantId,
      fullName,
      givenName: first,
      familyName: last,
      email: address,
      emailVerified: index % 7 !== 0,
      phone,
      externalId: index % 2 === 0 ? `HR-${20_000 + index}` : undefined,
    });
    people.push(id);
    const seen = index % 5 === 4 ? null : inDays(-((index * 7) % 60) - 0.1);
    await app.db('users').where({ id }).update({ lastLoginAt: seen });
  }
  return people;
}

async function makeHoldings(
  app: TestApp,
  {
    tenantId,
    people,
    nodes,
    roleIds,
  }: { tenantId: string; people: string[]; nodes: string[]; roleIds: Record<string, string> },
): Promise<void> {
  const names = Object.keys(roleIds);
  for (const [index, userId] of people.entries()) {
    if (index % 9 === 8) continue;
    const roleId = roleIds[nth(names, index * 3 + 2)] as string;
    const endsAt = index % 4 === 0 ? inDays(3 + (index % 90)) : undefined;
    await make.assign(app.db, { tenantId, userId, roleId, orgNodeId: nth(nodes, index * 7 + 5), endsAt });
  }
  const [annaId = ''] = people;
  const held: [string, number, number | undefined, number | undefined][] = [
    ['Teacher', 8, -400, -120],
    ['Coordinator', 6, -120, 45],
    ['Auditor', 12, 30, 200],
    ['Regional lead', 0, -30, undefined],
  ];
  for (const [role, node, from, to] of held)
    await make.assign(app.db, {
      tenantId,
      userId: annaId,
      roleId: roleIds[role],
      orgNodeId: nodes[node],
      startsAt: from === undefined ? undefined : inDays(from),
      endsAt: to === undefined ? undefined : inDays(to),
    });
  const sees = { tenantId, userId: annaId, orgNodeId: nodes[2] as string, accessScope: 'analyze' } as const;
  await grantVisibility(app.db, { ...sees, endsAt: inDays(60) }, systemCaller);
}

async function makeClients(app: TestApp, tenantId: string) {
  const server = { tenantId, identifier: 'https://api.northwind.example/', name: 'Northwind API' };
  const { id: apiId } = await createResourceServer(app.db, server, systemCaller);
  const clientIds = [];
  for (const [name, kind] of [
    ['Northwind Portal', 'web'],
    ['Gradebook', 'spa'],
    ['Harbour Tablet', 'native'],
    ['Partner Exchange', 'web'],
  ] as const) {
    const redirectUris = [
      kind === 'native'
        ? 'com.northwind.tablet:/signed-in'
        : `https://${name.toLowerCase().replace(/ /g, '-')}.northwind.example/callback`,
    ];
    const postLogoutRedirectUris: string[] = [];
    const firstParty = name !== 'Partner Exchange';
    clientIds.push(
      (await app.relyingParty({ tenantId, name, kind, redirectUris, postLogoutRedirectUris, firstParty })).clientId,
    );
  }
  const serviceIds = [];
  for (const [name, capabilities] of [
    ['Payroll export', ['users.read', 'org.read']],
    ['Nightly stock sync', ['inventory.read', 'inventory.write']],
    ['Badge printer', ['users.read']],
  ] as const)
    serviceIds.push((await app.service({ tenantId, name, capabilities: [...capabilities] })).clientId);
  return { apiId, clientIds, serviceIds };
}

/** What a month leaves in the trail; written as it would be, because no clock can be turned. */
async function makeEvents(app: TestApp, tenantId: string, people: string[]): Promise<void> {
  const events = [];
  for (let index = 0; index < 600; index += 1) {
    const action = nth(
      ['login.succeeded', 'login.succeeded', 'login.succeeded', 'login.failed', 'user.updated'],
      index * 3,
    );
    const userId = nth(people, index * 11);
    const failed = action === 'login.failed' ? { reason: nth(['wrong_password', 'no_account', 'locked'], index) } : {};
    events.push({
      id: newId(),
      tenantId,
      actorType: 'user',
      actorId: userId,
      action,
      entityType: 'user',
      entityId: userId,
      ip: `192.0.2.${index % 250}`,
      userAgent: 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) Gecko/20100101 Firefox/140.0',
      payload: JSON.stringify(failed),
      occurredAt: inDays(-((index * 13) % 300) / 10),
    });
  }
  await app.db('audit_events').insert(events);
}

/** A month of messages by each channel, and some that did not go. */
async function makeMessages(app: TestApp, tenantId: string): Promise<void> {
  const days = Array.from({ length: 30 }, (_, index) =>
    (['email', 'sms'] as const).flatMap((channel, at) => {
      const told = { tenantId, channel, day: inDays(-index).toISOString().slice(0, 10), lastAt: inDays(-index - 0.01) };
      const sent = { ...told, outcome: 'sent', count: 200 / (at + 1) + ((index * 53) % 70), lastReason: null };
      const failed = { ...told, outcome: 'failed', count: index % 4, lastReason: nth(['550', '21610'], at) };
      return failed.count > 0 ? [sent, failed] : [sent];
    }),
  ).flat();
  await app.db('message_days').insert(days);
  const unsent = ['email 550', 'sms 21610', 'sms budget_used_up', 'email ETIMEDOUT', 'sms number_not_supported'];
  const events = Array.from({ length: 18 }, (_, index) => {
    const [channel, reason] = nth(unsent, index).split(' ');
    return {
      id: newId(),
      tenantId,
      actorType: 'system',
      action: 'message.failed',
      entityType: 'message',
      entityId: newId(),
      payload: JSON.stringify({ channel, template: nth(['code', 'invitation', 'recovery'], index), reason }),
      occurredAt: inDays(-index / 2 - 0.02),
    };
  });
  await app.db('audit_events').insert(events);
}

async function makeInvitations(
  app: TestApp,
  inviter: { tenantId: string; userId: string },
  { roleIds, nodeIds }: Pick<ConsoleWorld, 'roleIds' | 'nodeIds'>,
): Promise<string[]> {
  const perform = performAs(app, inviter);
  const made: string[] = [];
  for (const [index, name] of ['kim', 'sasha', 'lou', 'robin', 'toni'].entries()) {
    const roleId = roleIds[nth(['Teacher', 'Stock keeper', 'Coordinator'], index)];
    const body = { email: `${name}@northwind.example`, role_id: roleId, org_node_id: nodeIds[index + 3] };
    made.push(((await perform('invitations.create', { body })).body as { id: string }).id);
  }
  const issuer = 'https://login.contoso.example';
  await perform('identity_providers.create', {
    body: { key: 'contoso', name: 'Contoso', issuer, client_id: 'northwind' },
  });
  return made;
}

/** Of twelve who came by the first code, some are on their way still. */
async function makeReferrals(app: TestApp, tenantId: string, people: readonly string[]): Promise<string[]> {
  const referrerIds = people.slice(0, 5);
  for (const [index, userId] of referrerIds.entries()) {
    const { code } = await ensureReferralCode(app.db, { tenantId, userId }, systemCaller);
    const came = people.slice(20 + index * 12, 32 + index * 7);
    for (const [nth, referred] of came.entries()) {
      const one = { tenantId, userId: referred };
      const made = await recordReferral(app.db, { ...one, code }, systemCaller);
      if (!made || nth % 3 === 0) continue;
      await completeReferral(app.db, one, systemCaller);
      if (nth % 4 === 0) await settleReferral(app.db, { tenantId, referralId: made.id }, systemCaller);
    }
  }
  const [, , stopped = '', expired = ''] = referrerIds;
  await changeReferralCode(app.db, { tenantId, userId: stopped, isActive: false }, systemCaller);
  await changeReferralCode(app.db, { tenantId, userId: expired, expiresAt: inDays(-3) }, systemCaller);
  return referrerIds;
}

/** Takes some ten seconds. */
export async function makeConsoleWorld(app: TestApp): Promise<ConsoleWorld> {
  const branding = { accentColor: '#2a5bd7' };
  const tenant = await app.tenant({ slug: 'northwind', name: 'Northwind Logistics', settings: { branding } });
  const tenantId = tenant.id;
  const { id: otherTenantId } = await app.tenant({ slug: 'fjord-schools', name: 'Fjord Schools' });
  await app.tenant({ slug: 'harbour-trust', name: 'Harbour Trust' });
  await app.db.transaction((trx) => setFirstPlatformTenant(trx, tenantId, systemCaller));
  const owner = await app.person({ tenantId, fullName: 'Ingrid Falk', email: 'ingrid.falk@northwind.example' });
  await give(app, { tenantId, userId: owner.id, role: 'owner' });
  const nodeIds = await makePlaces(app, tenantId);
  const roleIds = await makeRoles(app, tenantId);
  const personIds = await makePeople(app, tenantId);
  await makeHoldings(app, { tenantId, people: personIds, nodes: nodeIds, roleIds });
  for (const userId of personIds.filter((_, index) => index % 17 === 16))
    await deactivateUser(app.db, { tenantId, userId }, systemCaller);
  const delegate = await app.person({ tenantId, fullName: 'Dag Delegate', email: 'dag@northwind.example' });
  await make.assign(app.db, { tenantId, userId: delegate.id, roleId: roleIds['Regional lead'], orgNodeId: nodeIds[0] });
  const applications = await makeClients(app, tenantId);
  await makeEvents(app, tenantId, personIds);
  await makeMessages(app, tenantId);
  const perform = performAs(app, { tenantId, userId: owner.id });
  for (const body of [
    {
      branding: { accent_color: '#0b7285' },
      sign_in_methods: ['password', 'otp'],
    },
    {
      branding: { accent_color: '#2a5bd7' },
      session_hours: 12,
    },
  ])
    await perform('tenants.settings.update', { body });
  const invitationIds = await makeInvitations(app, { tenantId, userId: owner.id }, { roleIds, nodeIds });
  const referrerIds = await makeReferrals(app, tenantId, personIds);
  const annaId = personIds[0] as string;
  return {
    tenant,
    otherTenantId,
    owner,
    delegate,
    annaId,
    personIds,
    nodeIds,
    roleIds,
    invitationIds,
    referrerIds,
    ...applications,
  };
}
