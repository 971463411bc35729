/** `gatehouse users`: the people of a tenant. */
import { type Command, Option } from 'commander';
import { findRoleAtNode, type RoleAtNode } from '../domain/access/role-at-node.ts';
import { systemCaller } from '../domain/audit/audit-events.ts';
import { deactivateUser } from '../domain/lifecycle/end-person.ts';
import { createPasswordHasher } from '../domain/methods/password/password-hash.ts';
import { setPassword } from '../domain/methods/password/set-password.ts';
import { createUserWithRoles } from '../domain/organisation/user-with-roles.ts';
import { unlockAccount } from '../domain/sign-in/unlock-account.ts';
import { canonicalEmail, canonicalPhone } from '../domain/users/canonical-address.ts';
import { type ListedUser, listUsers } from '../domain/users/list-users.ts';
import { operations } from '../management/operations.ts';
import { type CommandResult, collect, performs } from './frame/command-action.ts';
import { addListOptions, collectPages, type ListOptions, moreOf } from './frame/list-options.ts';
import { tenantOf, userOf } from './frame/named.ts';
import { addOperations } from './frame/operation-commands.ts';
import { randomPassword, readPassword } from './frame/password-input.ts';
import { parseRoleOption } from './frame/role-option.ts';
import { fields, printable, table } from './frame/terminal-text.ts';
import { type CommandContext, withDatabase } from './frame/with-database.ts';
import { addUserImport } from './user-import.ts';

const createHelp = `
Without --password-stdin a password is made and shown once. A role is held at the root of the tenant, or at a node
that is named by the path of names below the root, or by its id.

Examples:
  gatehouse users create --tenant northwind --email ada@example.com --name "Ada Lovelace" --role owner
  gatehouse users create --tenant northwind --email bo@example.com --role "Teacher@North Region/Lakeside School"
  gatehouse users create --tenant northwind --email di@example.com --given-name Di --family-name Doe --locale fr --zone Europe/Paris
  gatehouse users create --tenant northwind --email cy@example.com --password-stdin < password.txt`;

interface CreateOptions {
  tenant: string;
  email?: string;
  phone?: string;
  name?: string;
  givenName?: string;
  familyName?: string;
  picture?: string;
  locale?: string;
  zone?: string;
  role?: string[];
  emailVerified?: boolean;
  passwordStdin?: boolean;
}

async function create(options: CreateOptions): Promise<CommandResult> {
  const email = options.email === undefined ? null : canonicalEmail(options.email);
  const phone = options.phone === undefined ? null : canonicalPhone(options.phone);
  const wantedRoles = (options.role ?? []).map(parseRoleOption);
  const password = options.passwordStdin ? await readPassword() : randomPassword();
  return withDatabase(async ({ db, config }) => {
    const tenant = await tenantOf(db, options.tenant);
    const found: RoleAtNode[] = [];
    for (const wanted of wantedRoles) found.push(await findRoleAtNode(db, tenant.id, wanted));
    const passwords = createPasswordHasher(config.argon2);
    const names = { fullName: options.name, givenName: options.givenName, familyName: options.familyName };
    const personal = { email, phone, ...names, tenantName: tenant.name, tenantSlug: tenant.slug };
    const passwordHash = await passwords.hashNew(password, personal);
    const user = await createUserWithRoles(
      db,
      {
        tenantId: tenant.id,
        email,
        phone,
        ...names,
        pictureUrl: options.picture,
        locale: options.locale,
        zoneinfo: options.zone,
        emailVerified: options.emailVerified === true,
        passwordHash,
        roles: found.map(({ role, node }) => ({ roleId: role.id, orgNodeId: node.id })),
      },
      { passwords, caller: systemCaller },
    );
    const roles = found.map(({ role, node }) => ({ role: role.name, node: node.name, node_id: node.id }));
    const shown = options.passwordStdin ? undefined : password;
    return {
      data: {
        id: user.id,
        tenant: tenant.slug,
        email: user.email,
        email_verified: user.emailVerifiedAt !== null,
        phone: user.phone,
        name: user.fullName,
        state: user.state,
        roles,
        password: shown,
      },
      text: [
        `${printable(user.fullName ?? user.email ?? user.phone)} can sign in to ${printable(tenant.name)}.\n`,
        fields({
          id: user.id,
          email: user.email ?? undefined,
          phone: user.phone ?? undefined,
          roles: roles.map(({ role, node }) => `${role} at ${node}`).join(', ') || undefined,
          password: shown && `${shown}   (shown this once)`,
        }),
      ].join('\n'),
    };
  });
}

interface UserListOptions extends ListOptions {
  tenant: string;
  state?: ListedUser['state'];
}

async function list(options: UserListOptions): Promise<CommandResult> {
  return withDatabase(async ({ db }) => {
    const { id: tenantId } = await tenantOf(db, options.tenant);
    const { state } = options;
    const { items: found, next } = await collectPages(options, (page) => listUsers(db, { tenantId, state, ...page }));
    const lines = found.map((user) => [user.email, user.phone, user.name, user.state, user.lastLoginAt, user.id]);
    return {
      data: {
        users: found.map(({ emailVerified, lastLoginAt, createdAt, ...user }) => ({
          ...user,
          email_verified: emailVerified,
          last_login_at: lastLoginAt,
          created_at: createdAt,
        })),
        next,
      },
      text: table(['email', 'phone', 'name', 'state', 'last sign-in', 'id'], lines, 'Nobody.') + moreOf(next),
    };
  });
}

/** `unlock` and `deactivate`: one person of a tenant, and what is said afterwards. */
async function changeUser(
  named: string,
  slug: string,
  change: (context: CommandContext, user: { tenantId: string; userId: string }) => Promise<void>,
  done: { state?: string; text: string },
): Promise<CommandResult> {
  return withDatabase(async (context) => {
    const tenant = await tenantOf(context.db, slug);
    const user = await userOf(context.db, tenant.id, named);
    await change(context, { tenantId: tenant.id, userId: user.id });
    const state = done.state === undefined ? {} : { state: done.state };
    return {
      data: { id: user.id, tenant: tenant.slug, email: user.email, ...state },
      text: `${printable(user.email ?? named)}: ${done.text}`,
    };
  });
}

export function addUsers(program: Command, description: string): void {
  const users = program.command('users').description(description);
  const ofTenant = ['--tenant <slug>', 'the tenant they are in'] as const;
  performs(
    users
      .command('create')
      .description('make a person who can sign in')
      .requiredOption(...ofTenant)
      .option('--email <address>', 'their email address')
      .option('--phone <number>', 'their phone number, with its country code')
      .option('--name <name>', 'their full name')
      .option('--given-name <name>', 'their given name')
      .option('--family-name <name>', 'their family name')
      .option('--picture <url>', 'where their picture is, by https')
      .option('--locale <tag>', 'the language they read, such as fr-CH')
      .option('--zone <name>', 'their time zone, such as Europe/Zurich')
      .option('--role <role[@node]>', 'a role, at a node of the organisation tree (repeatable)', collect)
      .option('--email-verified', 'the address is known to be theirs')
      .option('--password-stdin', 'read the password from standard input')
      .addHelpText('after', createHelp),
    create,
  );
  performs(
    addListOptions(
      users
        .command('list')
        .description('list the people of a tenant')
        .requiredOption(...ofTenant)
        .addOption(new Option('--state <state>', 'only these').choices(['active', 'inactive'])),
    ),
    list,
  );
  addChanges(users, ofTenant);
  addUserImport(users);
  addOperations(users, operations);
}

/** What is done to one person who is named by an address. */
function addChanges(users: Command, ofTenant: readonly [string, string]): void {
  performs<{ tenant: string }>(
    users
      .command('unlock')
      .description('forget the failed attempts that slow or lock an account')
      .argument('<user>', 'email address, phone number or id')
      .requiredOption(...ofTenant)
      .addHelpText('after', '\nExample:\n  gatehouse users unlock ada@example.com --tenant northwind'),
    ({ tenant }, user = '') =>
      changeUser(user, tenant, ({ db, secrets }, who) => unlockAccount(db, who, { secrets, caller: systemCaller }), {
        text: 'can try again at once.',
      }),
  );
  performs<{ tenant: string }>(
    users
      .command('deactivate')
      .description('stop a person from signing in, and end all their sessions and tokens')
      .argument('<user>', 'email address, phone number or id')
      .requiredOption(...ofTenant)
      .addHelpText('after', '\nExample:\n  gatehouse users deactivate ada@example.com --tenant northwind'),
    ({ tenant }, user = '') =>
      changeUser(user, tenant, ({ db }, who) => deactivateUser(db, who, systemCaller), {
        state: 'inactive',
        text: 'cannot sign in any more; sessions and tokens have ended.',
      }),
  );
  performs<{ tenant: string }>(
    users
      .command('set-password')
      .description('give a person the password that standard input holds, and end what they are signed in to')
      .argument('<user>', 'email address, phone number or id')
      .requiredOption(...ofTenant)
      .addHelpText(
        'after',
        '\nExample:\n  gatehouse users set-password ada@example.com --tenant northwind < password.txt',
      ),
    ({ tenant }, user = '') =>
      changeUser(
        user,
        tenant,
        async ({ config, db, secrets }, who) => {
          const passwords = createPasswordHasher(config.argon2);
          const password = await readPassword();
          await setPassword(db, { ...who, password }, { passwords, secrets, caller: systemCaller });
        },
        { text: 'has the new password; sessions and tokens have ended.' },
      ),
  );
}
