/** `gatehouse tenants`: making and listing tenants, and what they decide for themselves. */
import type { Command } from 'commander';
import { systemCaller } from '../domain/audit/audit-events.ts';
import { createTenant } from '../domain/setup/create-tenant.ts';
import { listTenants } from '../domain/tenants/list-tenants.ts';
import { setPlatformTenant } from '../domain/tenants/platform-tenant.ts';
import { operations } from '../management/operations.ts';
import { type CommandResult, performs } from './frame/command-action.ts';
import { addListOptions, collectPages, type ListOptions, moreOf } from './frame/list-options.ts';
import { tenantOf } from './frame/named.ts';
import { addOperations } from './frame/operation-commands.ts';
import { fields, printable, table } from './frame/terminal-text.ts';
import { withDatabase } from './frame/with-database.ts';
import { addTenantMoves } from './tenant-moves.ts';
import { addTenantSettings } from './tenant-settings.ts';

const createHelp = `
A tenant comes with the root of its organisation tree and the roles owner, admin and member. Give it an owner with
\`gatehouse admin invite --tenant <slug>\` or \`gatehouse users create --role owner\`.

Example:
  gatehouse tenants create --slug northwind --name "Northwind Schools"`;

async function create({ slug, name }: { slug: string; name: string }): Promise<CommandResult> {
  return withDatabase(async ({ db }) => {
    const tenant = await createTenant(db, { slug, name }, systemCaller);
    const { id, state, rootNodeId, createdAt } = tenant;
    return {
      data: { id, slug: tenant.slug, name: tenant.name, state, root_node_id: rootNodeId, created_at: createdAt },
      text: `The tenant ${printable(tenant.name)} is there.\n\n${fields({ slug: tenant.slug, id, 'root node': rootNodeId })}\n\nInvite its owner: gatehouse admin invite --tenant ${tenant.slug}`,
    };
  });
}

async function list(options: ListOptions): Promise<CommandResult> {
  return withDatabase(async ({ db }) => {
    const { items: found, next } = await collectPages(options, (page) => listTenants(db, page));
    const lines = found.map(({ slug, name, state, users, id }) => [slug, name, state, users, id]);
    return {
      data: {
        tenants: found.map(({ id, slug, name, state, users, isPlatform, createdAt }) => ({
          id,
          slug,
          name,
          state,
          users,
          is_platform: isPlatform,
          created_at: createdAt,
        })),
        next,
      },
      text: table(['slug', 'name', 'state', 'users', 'id'], lines, 'There is no tenant yet.') + moreOf(next),
    };
  });
}

async function setPlatform(_options: object, slug = ''): Promise<CommandResult> {
  return withDatabase(async ({ db }) => {
    const { id, name } = await tenantOf(db, slug);
    await setPlatformTenant(db, id, systemCaller);
    return {
      data: { id, slug, name, is_platform: true },
      text: `The owners of ${printable(name)} run the server now, and may act in every tenant.`,
    };
  });
}

export function addTenants(program: Command, description: string): void {
  const tenants = program.command('tenants').description(description);
  performs(
    tenants
      .command('create')
      .description('make a tenant')
      .requiredOption('--slug <slug>', 'its short name: lower-case letters, digits and hyphens')
      .requiredOption('--name <name>', 'its name')
      .addHelpText('after', createHelp),
    create,
  );
  addTenantSettings(tenants);
  performs(addListOptions(tenants.command('list').description('list the tenants')), list);
  performs(
    tenants
      .command('set-platform')
      .description('let the owners of a tenant run the server, in the place of those before')
      .argument('<slug>', 'its short name'),
    setPlatform,
  );
  addTenantMoves(tenants);
  addOperations(tenants, operations);
}
