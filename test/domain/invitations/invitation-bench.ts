/** A database with a tenant that may write to Swiss phones, and the messages that wait in its queue. */
import { type Caller, systemCaller } from '../../../src/domain/audit/audit-events.ts';
import type { AcceptanceDependencies, Invitation } from '../../../src/domain/invitations/invitations.ts';
import { createInvitation, type InvitationDependencies } from '../../../src/domain/invitations/send-invitation.ts';
import {
  type OutgoingMessage,
  openPayload,
  revivedMessage,
  sendMessageJob,
} from '../../../src/domain/messages/outgoing-message.ts';
import { signInMethods } from '../../../src/domain/methods/methods.ts';
import { createPasswordHasher } from '../../../src/domain/methods/password/password-hash.ts';
import { assignRole } from '../../../src/domain/organisation/org-assignments.ts';
import type { NewTenant } from '../../../src/domain/setup/create-tenant.ts';
import type { SignInServer } from '../../../src/domain/sign-in/method.ts';
import { createDatabase, type Database } from '../../../src/platform/database.ts';
import { createSecrets, randomToken } from '../../../src/platform/secrets.ts';
import { installFaults } from '../../support/audit.ts';
import { createTestDatabase } from '../../support/database.ts';
import { createRole, createTenant } from '../../support/factories.ts';

export const issuer = 'https://id.example.test';
/** A Swiss mobile number, which `countryList` of the bench's tenants lets through. */
export const somePhone = '+41791234567';

const secrets = createSecrets([randomToken(48)]);
const passwords = createPasswordHasher({ memoryKiB: 64, iterations: 1 });
const server: SignInServer = { methods: signInMethods, channels: ['email', 'sms', 'whatsapp'], phoneCountries: [] };

export interface InvitationBench {
  db: Database;
  tenant: NewTenant;
  /** A role of the tenant that carries nothing. */
  roleId: string;
  dependencies(overrides?: Partial<InvitationDependencies>): InvitationDependencies;
  /** With every channel. */
  server: SignInServer;
  accepting(caller?: Caller): AcceptanceDependencies & { passwords: typeof passwords };
  /** To the role at the tenant's root, by email unless told otherwise. */
  invite(overrides?: Partial<Parameters<typeof createInvitation>[1]>, caller?: Caller): Promise<Invitation>;
  newTenant(): Promise<NewTenant>;
  /** Makes a person an owner of the bench's tenant, or of another: they may give everything there. Answers the assignment. */
  own(userId: string, of?: NewTenant): Promise<string>;
  /** What was enqueued for an address, oldest first. */
  messagesTo(to: string): Promise<OutgoingMessage[]>;
  /** The token of the last link that was sent to the person who is invited. */
  tokenOf(invitation: Invitation): Promise<string>;
  close(): Promise<void>;
}

let count = 0;

/** An address that nobody has. */
export function someEmail(): string {
  return `invited-${++count}@example.test`;
}

export async function createInvitationBench(): Promise<InvitationBench> {
  const database = await createTestDatabase();
  const db = createDatabase({ url: database.url, poolMax: 10 });
  await installFaults(db);
  const newTenant = () => createTenant(db, { settings: { countryList: ['CH'] } });
  const tenant = await newTenant();
  const { id: roleId } = await createRole(db, { tenantId: tenant.id });

  const dependencies: InvitationBench['dependencies'] = (overrides) => ({
    secrets,
    caller: systemCaller,
    issuer,
    channels: server.channels,
    phoneCountries: server.phoneCountries,
    budgets: { email: 1000, phone: 1000 },
    ...overrides,
  });

  async function messagesTo(to: string): Promise<OutgoingMessage[]> {
    const { rows } = await db.raw(
      `select j.payload
         from graphile_worker._private_jobs j
         join graphile_worker._private_tasks t on t.id = j.task_id
        where t.identifier = ?
        order by j.id`,
      [sendMessageJob],
    );
    return (rows as { payload: unknown }[])
      .map(({ payload }) => revivedMessage(openPayload(secrets, sendMessageJob, payload).value))
      .filter((message) => message.to === to);
  }

  return {
    db,
    tenant,
    roleId,
    dependencies,
    server,
    accepting: (caller = systemCaller) => ({ ...server, passwords, secrets, caller, issuer }),
    async invite(overrides = {}, caller = systemCaller) {
      const address = overrides.phone === undefined ? { email: someEmail() } : {};
      const wanted = {
        tenantId: tenant.id,
        roleId,
        orgNodeId: tenant.rootNodeId,
        locale: 'en',
        ...address,
        ...overrides,
      };
      return createInvitation(db, wanted, dependencies({ caller }));
    },
    newTenant,
    async own(userId, { id: tenantId, systemRoleIds, rootNodeId } = tenant) {
      const role = { roleId: systemRoleIds.owner, orgNodeId: rootNodeId };
      return (await assignRole(db, { tenantId, userId, ...role }, systemCaller)).id;
    },
    messagesTo,
    async tokenOf({ email, phone }) {
      const links = (await messagesTo((email ?? phone) as string)).filter(({ template }) => template === 'invitation');
      const last = links.at(-1);
      if (!last) throw new Error('no link was sent');
      return (last.model as { href: string }).href.slice(`${issuer}/invitations/`.length);
    },
    async close() {
      await db.destroy();
      await database.drop();
    },
  };
}
