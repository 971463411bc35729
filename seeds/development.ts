/**
 * Sample content for development, loaded at the first start on an empty embedded database. Passwords and secrets are
 * made at random on the machine and kept in `<dataDirectory>/development-accounts.json`, for its owner alone, so that
 * every start can print them. Refuses production; leaves a database that holds anything as it is.
 */
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../src/config.ts';
import { defineCapability } from '../src/domain/access/capabilities.ts';
import { createRole, grantCapabilityToRole } from '../src/domain/access/roles.ts';
import { systemCaller } from '../src/domain/audit/audit-events.ts';
import { type CreatedClient, createClient, createService } from '../src/domain/clients/clients.ts';
import { assignRole } from '../src/domain/organisation/org-assignments.ts';
import { createOrgNode } from '../src/domain/organisation/org-nodes.ts';
import { grantVisibility } from '../src/domain/organisation/visibility-grants.ts';
import { createResourceServer } from '../src/domain/resource-servers/resource-servers.ts';
import { createTenant, type NewTenant } from '../src/domain/setup/create-tenant.ts';
import { setFirstPlatformTenant } from '../src/domain/tenants/platform-tenant.ts';
import { createUser, type NewPasswords } from '../src/domain/users/users.ts';
import { type Database, firstRow, inTransaction } from '../src/platform/database.ts';
import type { SampleNode, SamplePerson, SampleTenant } from './development-content.ts';
import * as content from './development-content.ts';
import { describeFirstSteps, type FirstSteps, loadFirstSteps } from './development-first-steps.ts';
import { readablePassword } from './development-passwords.ts';

interface SampleClient {
  name: string;
  clientId: string;
  clientSecret: string;
}

/** What `development-accounts.json` holds. The programs of examples/ read it too. */
export interface DevelopmentAccounts {
  issuer: string;
  people: { name: string; email: string; password: string; may: string[] }[];
  clients: {
    portal: SampleClient & { redirectUris: string[] };
    reports: SampleClient & { redirectUris: string[] };
  };
  service: SampleClient & { capabilities: string[] };
  api: { name: string; identifier: string };
  /** Absent where an earlier version loaded the content. */
  firstSteps?: FirstSteps;
}

function accountsFile(dataDirectory: string): string {
  return join(dataDirectory, 'development-accounts.json');
}

/**
 * Loads the sample content into an empty database; into any other it loads nothing.
 * @param dependencies.passwords hashes what people will sign in with
 * @returns whether it loaded
 * @throws in production
 */
export async function loadSeeds(
  db: Database,
  { config, passwords }: { config: Config; passwords: NewPasswords },
): Promise<boolean> {
  if (config.isProduction) throw new Error('sample content is never loaded in production');
  if (!(await isEmpty(db))) return false;
  // Hashed before the transaction: it lasts only as long as its statements.
  const passwordOf = new Map<string, { password: string; hash: string }>();
  for (const { slug, name, people } of content.tenants) {
    for (const { email, fullName } of people) {
      if (passwordOf.has(email)) continue;
      const password = readablePassword();
      const hash = await passwords.hashNew(password, { email, fullName, tenantName: name, tenantSlug: slug });
      passwordOf.set(email, { password, hash });
    }
  }
  return inTransaction(db, async (trx) => {
    // Of several processes that start at once, one loads.
    await trx.raw(`select pg_advisory_xact_lock(hashtextextended('gatehouse:development-seeds', 0))`);
    if (!(await isEmpty(trx))) return false;
    await loadApi(trx);
    const tenantIds = new Map<string, string>();
    let firstSteps: FirstSteps | undefined;
    for (const tenant of content.tenants) {
      const hashOf = (email: string) => passwordOf.get(email)?.hash ?? null;
      const loaded = await loadTenant(trx, tenant, hashOf, passwords);
      tenantIds.set(tenant.slug, loaded.id);
      // The first of the list runs the server.
      await setFirstPlatformTenant(trx, loaded.id, systemCaller);
      firstSteps ??= await loadFirstSteps(trx, tenant, loaded, config);
    }
    const clients = await loadClients(trx, tenantIds);
    const people = samplePeople((email) => passwordOf.get(email)?.password ?? '');
    // Before the commit: accounts without the passwords to them would be of no use to anybody.
    const { issuer, dataDirectory } = config;
    writeAccounts(dataDirectory, { issuer, people, ...clients, api: content.api, firstSteps });
    return true;
  });
}

/** But for what the program brings itself. */
async function isEmpty(db: Database): Promise<boolean> {
  const found = await firstRow<{ empty: boolean }>(
    db,
    `select not exists (select from tenants) and not exists (select from clients)
            and not exists (select from resource_servers where not is_system) as empty`,
  );
  return found?.empty === true;
}

async function loadApi(trx: Database): Promise<void> {
  const { id: resourceServerId } = await createResourceServer(trx, { tenantId: null, ...content.api }, systemCaller);
  for (const capability of content.capabilities)
    await defineCapability(trx, { ...capability, resourceServerId }, systemCaller);
}

async function loadTenant(
  trx: Database,
  sample: SampleTenant,
  hashOf: (email: string) => string | null,
  passwords: NewPasswords,
): Promise<{
  id: string;
  userIds: Map<string, string>;
  roleIds: Map<string, string>;
  nodeIds: Map<string, string>;
}> {
  const { slug, name, settings } = sample;
  const tenant = await createTenant(trx, { slug, name, settings }, systemCaller);
  const nodeIds = new Map([['', tenant.rootNodeId]]);
  await loadNodes(trx, tenant, sample.tree, '', nodeIds);

  const roleIds = new Map<string, string>(Object.entries(tenant.systemRoleIds));
  for (const [roleName, capabilities] of Object.entries(sample.roles)) {
    const role = await createRole(trx, { tenantId: tenant.id, name: roleName }, systemCaller);
    roleIds.set(roleName, role.id);
    for (const capability of capabilities)
      await grantCapabilityToRole(trx, { tenantId: tenant.id, roleId: role.id, capability }, systemCaller);
  }
  const userIds = new Map<string, string>();
  for (const person of sample.people) {
    const found = { person, hash: hashOf(person.email), nodeIds, roleIds };
    userIds.set(person.email, await loadPerson(trx, tenant.id, found, passwords));
  }
  return { id: tenant.id, userIds, roleIds, nodeIds };
}

async function loadNodes(
  trx: Database,
  tenant: NewTenant,
  nodes: readonly SampleNode[],
  above: string,
  nodeIds: Map<string, string>,
): Promise<void> {
  for (const { type, name, below = [] } of nodes) {
    const parentId = named(nodeIds, above);
    const node = await createOrgNode(trx, { tenantId: tenant.id, parentId, type, name }, systemCaller);
    const path = above === '' ? name : `${above}/${name}`;
    nodeIds.set(path, node.id);
    await loadNodes(trx, tenant, below, path, nodeIds);
  }
}

async function loadPerson(
  trx: Database,
  tenantId: string,
  sample: {
    person: SamplePerson;
    hash: string | null;
    nodeIds: Map<string, string>;
    roleIds: Map<string, string>;
  },
  passwords: NewPasswords,
): Promise<string> {
  const { person, hash, nodeIds, roleIds } = sample;
  const { email, fullName, phone, locale, holds, sees } = person;
  const user = await createUser(
    trx,
    {
      tenantId,
      email,
      emailVerified: true,
      phone,
      phoneVerified: phone !== undefined,
      fullName,
      locale,
      passwordHash: hash,
    },
    { passwords, caller: systemCaller },
  );
  for (const { role, at = '', startsInDays, endsInDays } of holds) {
    const period = {
      startsAt: startsInDays === undefined ? undefined : inDays(startsInDays),
      endsAt: endsInDays === undefined ? null : inDays(endsInDays),
    };
    const place = { roleId: named(roleIds, role), orgNodeId: named(nodeIds, at) };
    await assignRole(trx, { tenantId, userId: user.id, ...place, ...period }, systemCaller);
  }
  if (sees) {
    const { accessScope } = sees;
    const orgNodeId = named(nodeIds, sees.at);
    await grantVisibility(trx, { tenantId, userId: user.id, orgNodeId, accessScope }, systemCaller);
  }
  return user.id;
}

function named(ids: Map<string, string>, name: string): string {
  const id = ids.get(name);
  if (id === undefined) throw new Error(`the sample content has no "${name}"`);
  return id;
}

function inDays(days: number): Date {
  return new Date(Date.now() + days * 86_400_000);
}

async function loadClients(
  trx: Database,
  tenantIds: Map<string, string>,
): Promise<Pick<DevelopmentAccounts, 'clients' | 'service'>> {
  const { portal, reports, service } = content;
  const portalClient = await createClient(trx, { kind: 'web', tenantId: null, ...portal }, systemCaller);
  const reportsTenant = named(tenantIds, reports.tenant);
  const reportsClient = await createClient(trx, { kind: 'web', ...reports, tenantId: reportsTenant }, systemCaller);
  const serviceTenant = named(tenantIds, service.tenant);
  const serviceClient = await createService(trx, { ...service, tenantId: serviceTenant }, systemCaller);
  return {
    clients: {
      portal: { ...credentialsOf(portalClient), redirectUris: portal.redirectUris },
      reports: { ...credentialsOf(reportsClient), redirectUris: reports.redirectUris },
    },
    service: { ...credentialsOf(serviceClient), capabilities: service.capabilities },
  };
}

function credentialsOf({ client, clientSecret }: CreatedClient): SampleClient {
  if (clientSecret === undefined) throw new Error(`${client.name} got no secret`);
  return { name: client.name, clientId: client.clientId, clientSecret };
}

/** Each person once, with what they hold in every tenant. */
function samplePeople(passwordOf: (email: string) => string): DevelopmentAccounts['people'] {
  const people = new Map<string, DevelopmentAccounts['people'][number]>();
  for (const tenant of content.tenants) {
    for (const person of tenant.people) {
      const { email, fullName: name } = person;
      const known = people.get(email) ?? { name, email, password: passwordOf(email), may: [] };
      people.set(email, { ...known, may: [...known.may, ...sentencesOf(tenant, person)] });
    }
  }
  return [...people.values()];
}

function sentencesOf(tenant: SampleTenant, { holds, sees }: SamplePerson): string[] {
  const place = (at: string | undefined) => [...(at?.split('/').reverse() ?? []), tenant.name].join(', ');
  const held = holds.map(({ role, at, startsInDays = 0, endsInDays }) => {
    const what = `${role} at ${place(at)}`;
    if (endsInDays !== undefined && endsInDays < 0)
      return `was ${what} until ${-endsInDays} days before the first start`;
    if (startsInDays > 0) return `${what}, but only from ${startsInDays} days after the first start`;
    return endsInDays === undefined ? what : `${what}, for ${endsInDays} days`;
  });
  return sees ? [...held, `may look at ${place(sees.at)}`] : held;
}

/** Replaced as a whole: a reader sees all of it or none. */
function writeAccounts(dataDirectory: string, accounts: DevelopmentAccounts): void {
  mkdirSync(dataDirectory, { recursive: true });
  const file = accountsFile(dataDirectory);
  const draft = `${file}.${process.pid}`;
  rmSync(draft, { force: true });
  const descriptor = openSync(draft, 'wx', 0o600);
  try {
    writeSync(descriptor, `${JSON.stringify(accounts, null, 2)}\n`);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(draft, file);
}

/** Programs that read the file look for the server there: it follows the port of each start. */
export function updateIssuer({ dataDirectory, issuer }: Config): void {
  const accounts = readAccounts(dataDirectory);
  if (accounts && accounts.issuer !== issuer) writeAccounts(dataDirectory, { ...accounts, issuer });
}

function readAccounts(dataDirectory: string): DevelopmentAccounts | undefined {
  try {
    return JSON.parse(readFileSync(accountsFile(dataDirectory), 'utf8')) as DevelopmentAccounts;
  } catch {
    return undefined;
  }
}

/** What a start prints: where to go, as whom, with which application. Undefined where no sample content was loaded. */
export function describeSeeds(config: Config): string | undefined {
  if (config.isProduction) return undefined;
  const accounts = readAccounts(config.dataDirectory);
  if (!accounts) return undefined;
  const { people, clients, service, firstSteps } = accounts;
  const width = Math.max(...people.map(({ email }) => email.length));
  const lines = people.flatMap(({ name, email, password, may }) => [
    `    ${email.padEnd(width)}   ${password}`,
    ...[`${name}: ${may[0]}`, ...may.slice(1)].map((sentence) => `      ${sentence}`),
  ]);
  const credentials = ({ name, clientId, clientSecret }: SampleClient) =>
    `    ${name.padEnd(18)}   ${clientId.padEnd(18)}   ${clientSecret}`;
  return [
    `  Your account: ${config.issuer}/account`,
    `  The console, for those who run a tenant: ${config.issuer}/console`,
    '',
    '  Sign in as one of these people, with the password beside them (made on this machine, the first time)',
    config.mail.toFiles
      ? '  or with a one-time code by email, which is written to a file:'
      : '  or with a one-time code:',
    '',
    ...lines,
    '',
    ...describeFirstSteps(firstSteps, config),
    '  Applications, with client_id and client_secret:',
    '',
    credentials(clients.portal),
    `${credentials(clients.reports)}   (a third party: asks for consent)`,
    `${credentials(service)}   (a service: ${service.capabilities.join(', ')})`,
    '',
    '  See the portal and an API at work, in another terminal: npm run example',
    `  All of this again: ${accountsFile(config.dataDirectory)}`,
    '',
  ].join('\n');
}
