/**
 * `gatehouse invitations`: inviting people to a role. The link goes to the invited address through the queue of the running
 * server, and is never printed: its holder has proved the address.
 */
import { type Command, Option } from 'commander';
import { findRoleAtNode } from '../domain/access/role-at-node.ts';
import { systemCaller } from '../domain/audit/audit-events.ts';
import { type Invitation, revokeInvitation } from '../domain/invitations/invitations.ts';
import { listInvitations } from '../domain/invitations/listed-invitations.ts';
import {
  createInvitation,
  type InvitationDependencies,
  resendInvitation,
} from '../domain/invitations/send-invitation.ts';
import { configuredChannels } from '../domain/messages/available-channels.ts';
import { operations } from '../management/operations.ts';
import { type CommandResult, performs } from './frame/command-action.ts';
import { UsageError } from './frame/failures.ts';
import { addListOptions, collectPages, type ListOptions, moreOf, wholeNumber } from './frame/list-options.ts';
import { tenantOf } from './frame/named.ts';
import { addOperations } from './frame/operation-commands.ts';
import { parseRoleOption } from './frame/role-option.ts';
import { fields, printable, table } from './frame/terminal-text.ts';
import { type CommandContext, withDatabase } from './frame/with-database.ts';

const createHelp = `
The person who has the address gets a link and accepts the role with it: by a new account, or with the one they have. The
message is sent by the running server. An earlier invitation of the address to the same role and place is replaced.

Examples:
  gatehouse invitations create --tenant northwind --email ada@example.com --role member
  gatehouse invitations create --tenant northwind --phone +41791234567 --role "Teacher@North Region/Lakeside School"`;

const states = ['open', 'expired', 'accepted', 'revoked'] as const;

function dependenciesOf({ config, secrets }: CommandContext): InvitationDependencies {
  return {
    secrets,
    caller: systemCaller,
    issuer: config.issuer,
    channels: configuredChannels(config),
    phoneCountries: config.phone.countries,
    budgets: { email: config.mail.dailyBudget, phone: config.phone.dailyBudget },
  };
}

function daysAhead(days: number | undefined): Date | undefined {
  return days === undefined ? undefined : new Date(Date.now() + days * 86_400_000);
}

/** What is told of an invitation; the names for `--json`. */
function dataOf({ id, email, phone, channel, state, sentCount, sentAt, expiresAt, createdAt }: Invitation) {
  return {
    id,
    email,
    phone,
    channel,
    state,
    sent_count: sentCount,
    sent_at: sentAt,
    expires_at: expiresAt,
    created_at: createdAt,
  };
}

interface CreateOptions {
  tenant: string;
  email?: string;
  phone?: string;
  channel?: 'sms' | 'whatsapp';
  role: string;
  days?: number;
  locale: string;
}

async function create(options: CreateOptions): Promise<CommandResult> {
  const { email, phone, channel, days, locale } = options;
  if ((email === undefined) === (phone === undefined)) throw new UsageError('give either --email or --phone');
  if (email !== undefined && channel !== undefined) throw new UsageError('--channel is for --phone');
  return withDatabase(async (context) => {
    const { db } = context;
    const { id: tenantId, slug } = await tenantOf(db, options.tenant);
    const { role, node } = await findRoleAtNode(db, tenantId, parseRoleOption(options.role));
    const invitation = await createInvitation(
      db,
      { tenantId, email, phone, channel, roleId: role.id, orgNodeId: node.id, expiresAt: daysAhead(days), locale },
      dependenciesOf(context),
    );
    const { id, expiresAt } = invitation;
    return {
      data: { ...dataOf(invitation), tenant: slug, role: role.name, node: node.name, node_id: node.id },
      text: [
        `${printable(invitation.email ?? invitation.phone)} is invited; the running server sends the link.\n`,
        fields({ id, role: `${role.name} at ${node.name}`, by: invitation.channel, 'works until': expiresAt }),
      ].join('\n'),
    };
  });
}

async function resend(
  { tenant, days, locale }: { tenant: string; days?: number; locale: string },
  invitationId = '',
): Promise<CommandResult> {
  return withDatabase(async (context) => {
    const { id: tenantId, slug } = await tenantOf(context.db, tenant);
    const invitation = await resendInvitation(
      context.db,
      { tenantId, invitationId, expiresAt: daysAhead(days), locale },
      dependenciesOf(context),
    );
    const { id, expiresAt } = invitation;
    return {
      data: { ...dataOf(invitation), tenant: slug },
      text: [
        `${printable(invitation.email ?? invitation.phone)} gets a new link; the one before works no more.\n`,
        fields({ id, by: invitation.channel, 'works until': expiresAt }),
      ].join('\n'),
    };
  });
}

async function revoke({ tenant }: { tenant: string }, invitationId = ''): Promise<CommandResult> {
  return withDatabase(async ({ db }) => {
    const { id: tenantId, slug } = await tenantOf(db, tenant);
    await revokeInvitation(db, { tenantId, invitationId }, systemCaller);
    return {
      data: { id: invitationId, tenant: slug, state: 'revoked' },
      text: 'The invitation is withdrawn; its link works no more.',
    };
  });
}

interface InvitationListOptions extends ListOptions {
  tenant: string;
  state?: Invitation['state'];
}

async function list(options: InvitationListOptions): Promise<CommandResult> {
  return withDatabase(async ({ db }) => {
    const { id: tenantId } = await tenantOf(db, options.tenant);
    const { items: found, next } = await collectPages(options, (page) =>
      listInvitations(db, { tenantId, state: options.state, ...page }),
    );
    const lines = found.map((one) => [
      one.email ?? one.phone,
      one.roleName,
      one.nodeName,
      one.state,
      one.expiresAt,
      one.id,
    ]);
    return {
      data: {
        invitations: found.map((one) => ({
          ...dataOf(one),
          role: one.roleName,
          node: one.nodeName,
          node_id: one.orgNodeId,
          invited_by: one.invitedBy,
          accepted_at: one.acceptedAt,
          accepted_by: one.acceptedBy,
          revoked_at: one.revokedAt,
        })),
        next,
      },
      text: table(['address', 'role', 'place', 'state', 'until', 'id'], lines, 'No invitations.') + moreOf(next),
    };
  });
}

export function addInvitations(program: Command, description: string): void {
  const invitations = program.command('invitations').description(description);
  const ofTenant = ['--tenant <slug>', 'the tenant that they are to'] as const;
  const days = ['--days <number>', 'how long the link works; 7 unless told', wholeNumber(1, 30)] as const;
  const locale = ['--locale <language>', 'the language of the message', 'en'] as const;
  const id = ['<id>', 'as `invitations list` shows it'] as const;
  performs(
    invitations
      .command('create')
      .description('invite somebody to a role')
      .requiredOption(...ofTenant)
      .requiredOption('--role <role[@node]>', 'the role, at a node of the organisation tree')
      .option('--email <address>', 'where the link goes')
      .option('--phone <number>', 'where the link goes')
      .addOption(new Option('--channel <channel>', 'how it goes to a phone').choices(['sms', 'whatsapp']))
      .option(...days)
      .option(...locale)
      .addHelpText('after', createHelp),
    create,
  );
  performs(
    invitations
      .command('resend')
      .description('send a new link, also for an invitation that has expired')
      .argument(...id)
      .requiredOption(...ofTenant)
      .option(...days)
      .option(...locale),
    resend,
  );
  performs(
    invitations
      .command('revoke')
      .description('withdraw an invitation')
      .argument(...id)
      .requiredOption(...ofTenant),
    revoke,
  );
  performs(
    addListOptions(
      invitations
        .command('list')
        .description('list the invitations of a tenant')
        .requiredOption(...ofTenant)
        .addOption(new Option('--state <state>', 'only these').choices([...states])),
    ),
    list,
  );
  addOperations(invitations, operations);
}
