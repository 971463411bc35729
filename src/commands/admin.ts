/** `gatehouse admin invite`: a one-time link by which a person becomes an owner. Nobody is one by default. */
import type { Command } from 'commander';
import { systemCaller } from '../domain/audit/audit-events.ts';
import { createSetupLink } from '../domain/setup/setup-links.ts';
import { canonicalEmail } from '../domain/users/canonical-address.ts';
import { type CommandResult, performs } from './frame/command-action.ts';
import { tenantOf } from './frame/named.ts';
import { fields, printable } from './frame/terminal-text.ts';
import { withDatabase } from './frame/with-database.ts';

const help = `
The link works once, for a day. The person who opens it chooses a password and becomes an owner: of the tenant that is
named, or of a new one. An earlier link for the same tenant and address that nobody used stops working.

Examples:
  gatehouse admin invite
  gatehouse admin invite --email ada@example.com
  gatehouse admin invite --tenant northwind --email ada@example.com`;

async function invite(options: { email?: string; tenant?: string }): Promise<CommandResult> {
  const email = options.email === undefined ? null : canonicalEmail(options.email);
  return withDatabase(async ({ db, config }) => {
    const tenant = options.tenant === undefined ? undefined : await tenantOf(db, options.tenant);
    const { token, expiresAt } = await createSetupLink(db, { tenantId: tenant?.id ?? null, email }, systemCaller);
    const url = `${config.issuer}/set-up/${token}`;
    const end = tenant ? `an owner of ${printable(tenant.name)}` : 'the owner of a new tenant';
    return {
      data: { url, expires_at: expiresAt, email, tenant: tenant?.slug ?? null },
      text: `The person who opens this link first becomes ${end}:\n\n  ${url}\n\n${fields({ 'works until': expiresAt, 'for the address': email ?? 'whichever they give' })}`,
    };
  });
}

export function addAdmin(program: Command, description: string): void {
  const admin = program.command('admin').description(description);
  const command = admin
    .command('invite')
    .description('make a one-time link for the first administrator, or for one more')
    .option('--email <address>', 'the only address it is for')
    .option('--tenant <slug>', 'an existing tenant; without it, a new one is made')
    .addHelpText('after', help);
  performs(command, invite);
}
