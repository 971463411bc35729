/**
 * The command line of the management API: a verb for each operation, below the noun of its resource. Names, options, what is
 * required and what is refused come from the operation's own schemas; nothing is said here that an operation says. The
 * command line acts as the server itself, or with `--as` as a person, within what that person may do.
 */
import { type Command, Option } from 'commander';
import { z } from 'zod';
import type { Actor } from '../../management/actor.ts';
import type { AnyOperation } from '../../management/operation.ts';
import type { ManagementAnswer, ManagementRequest } from '../../management/perform.ts';
import type { RawInput } from '../../management/validate.ts';
import { type CommandResult, performs } from './command-action.ts';
import { UsageError } from './failures.ts';
import { tenantOf, userOf } from './named.ts';
import { fields, table } from './terminal-text.ts';
import { type CommandContext, withDatabase } from './with-database.ts';
import { writeStream } from './write-stream.ts';

/** How a resource is called on the command line, where that differs from its id. */
export const nouns: Record<string, string> = {
  org_nodes: 'orgs',
  visibility_grants: 'visibility',
  audit_events: 'audit',
  signing_keys: 'keys',
  resource_servers: 'apis',
};

/** The noun of an operation: `orgs` of `org_nodes.move`. */
export function nounOf({ id }: Pick<AnyOperation, 'id'>): string {
  const [resource = ''] = id.split('.');
  return nouns[resource] ?? resource.replaceAll('_', '-');
}

/** Its verb: `move` of `org_nodes.move`, `capabilities-add` of `roles.capabilities.add`. */
export function verbOf({ id }: Pick<AnyOperation, 'id'>): string {
  return id.split('.').slice(1).join('-').replaceAll('_', '-');
}

interface Field {
  name: string;
  /** `query` or `body`. */
  part: 'query' | 'body';
  required: boolean;
  description: string;
  choices?: string[];
  /** Given as JSON: objects, lists, and what may be null. */
  json: boolean;
  isBoolean: boolean;
}

interface JsonSchema {
  type?: string | string[];
  enum?: string[];
  anyOf?: JsonSchema[];
  description?: string;
  properties?: Record<string, JsonSchema>;
  required?: string[];
}

function fieldsOf(operation: AnyOperation): Field[] {
  return (['query', 'body'] as const).flatMap((part) => {
    const schema = operation[part];
    if (!(schema instanceof z.ZodObject)) return [];
    const json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
    return Object.entries(json.properties ?? {}).map(([name, member]) => {
      const plain = member.anyOf?.find(({ type }) => type !== 'null') ?? member;
      return {
        name,
        part,
        required: json.required?.includes(name) === true && part === 'body',
        description: member.description ?? plain.description ?? name.replaceAll('_', ' '),
        choices: plain.enum,
        json: plain.type === 'object' || plain.type === 'array' || plain.type === undefined,
        isBoolean: plain.type === 'boolean',
      };
    });
  });
}

const optionName = (name: string) => name.replaceAll('_', '-');
const isNumber = (operation: AnyOperation, { part, name }: Field) => {
  const schema = operation[part];
  const member = schema instanceof z.ZodObject ? (schema.shape[name] as z.ZodType | undefined) : undefined;
  return member !== undefined && !member.safeParse('1').success && member.safeParse(1).success;
};

/** What was typed, as JSON has it; `null` takes a value away. */
function typedValue(operation: AnyOperation, field: Field, text: string | boolean): unknown {
  if (typeof text === 'boolean') return text;
  if (text === 'null') return null;
  if (field.isBoolean) return text === 'true' ? true : text === 'false' ? false : text;
  if (isNumber(operation, field)) return Number(text);
  if (!field.json) return text;
  try {
    return JSON.parse(text);
  } catch {
    throw new UsageError(`--${optionName(field.name)}: give JSON`);
  }
}

/** Adds the operations of a noun that has no command of its own by that name yet. */
export function addOperations(noun: Command, operations: readonly AnyOperation[]): Command {
  const taken = new Set(noun.commands.map((command) => command.name()));
  for (const operation of operations) {
    // A file of lines has a command of its own.
    if (nounOf(operation) !== noun.name() || taken.has(verbOf(operation)) || operation.lines) continue;
    addOperation(noun, operation, operations);
  }
  return noun;
}

function addOperation(noun: Command, operation: AnyOperation, operations: readonly AnyOperation[]): void {
  const command = noun.command(verbOf(operation)).description(lowered(operation.summary));
  for (const [, name] of operation.path.matchAll(/\{(\w+)\}/g)) command.argument(`<${optionName(name as string)}>`);
  command.option('--tenant <slug>', 'the tenant it is about; not needed where there is one alone');
  const options = fieldsOf(operation);
  for (const field of options) command.addOption(optionOf(field));
  if (operation.method !== 'GET') command.option('--dry-run', 'say what would happen, and do nothing');
  command.option('--as <user>', 'act as this person: an id, an address or a phone number');
  performs<Record<string, string | boolean>>(command, (typed, ...operands) =>
    run(operation, operations, { typed, operands, options }),
  );
}

function optionOf({ name, description, required, choices, json }: Field): Option {
  const option = new Option(`--${optionName(name)} <${json ? 'json' : 'value'}>`, lowered(description));
  if (choices) option.choices([...choices, ...(required ? [] : ['null'])]);
  return required ? option.makeOptionMandatory() : option;
}

function lowered(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

interface Typed {
  typed: Record<string, string | boolean>;
  operands: readonly string[];
  options: readonly Field[];
}

const camelCase = (name: string) => name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

async function run(
  operation: AnyOperation,
  operations: readonly AnyOperation[],
  { typed, operands, options }: Typed,
): Promise<CommandResult> {
  const names = [...operation.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name as string);
  const part = (wanted: Field['part']) =>
    Object.fromEntries(
      options
        .filter((field) => field.part === wanted && typed[camelCase(field.name)] !== undefined)
        .map((field) => [field.name, typedValue(operation, field, typed[camelCase(field.name)] as string)]),
    );
  return withDatabase(async (context) => {
    const answer = await performTyped(context, operation, operations, {
      params: Object.fromEntries(names.map((name, n) => [name, operands[n]])),
      query: part('query'),
      body: operation.body ? part('body') : undefined,
      tenant: typed.tenant as string | undefined,
      as: typed.as as string | undefined,
      dryRun: typed.dryRun === true,
    });
    if (answer.stream) {
      await writeStream(answer.stream);
      return { data: {}, text: '', isWritten: true };
    }
    return { data: (answer.body as object | undefined) ?? { done: true }, text: textOf(answer) };
  });
}

/** Performs an operation for the command line: in the tenant of a slug, as the server itself or as a person. */
export async function performTyped(
  context: CommandContext,
  operation: AnyOperation,
  operations: readonly AnyOperation[],
  {
    tenant,
    as,
    ...input
  }: RawInput & { tenant?: string; as?: string; dryRun?: boolean; lines?: ManagementRequest['lines'] },
): Promise<ManagementAnswer> {
  const tenantId = await tenantIdOf(context, operation, tenant);
  const { perform } = await import('../../management/perform.ts');
  return perform(
    operation,
    {
      ...input,
      actor: await actorOf(context, tenantId, as),
      tenantId,
      // What is typed here is meant for what is there now.
      ifMatch: operation.guards ? '*' : undefined,
    },
    await dependenciesOf(context),
    operations,
  );
}

/** The named tenant, or the only one; for what is the server's, the tenant that runs it. */
async function tenantIdOf({ db }: CommandContext, { needs }: AnyOperation, slug: string | undefined): Promise<string> {
  if (slug !== undefined) return (await tenantOf(db, slug)).id;
  if ('at' in needs && needs.at === 'platform') {
    const { findPlatformTenantId } = await import('../../domain/tenants/platform-tenant.ts');
    const platform = await findPlatformTenantId(db);
    if (platform !== undefined) return platform;
  }
  const { listTenants } = await import('../../domain/tenants/list-tenants.ts');
  const { items } = await listTenants(db, { limit: 2 });
  const [first] = items;
  // What is the server's is in none of them: where nobody runs it yet, any will do.
  if (first && (items.length === 1 || ('at' in needs && needs.at === 'platform'))) return first.id;
  throw new UsageError('say of which tenant: --tenant <slug>');
}

async function actorOf({ db }: CommandContext, tenantId: string, named: string | undefined): Promise<Actor> {
  const [{ systemActor }, { systemCaller }] = await Promise.all([
    import('../../management/actor.ts'),
    import('../../domain/audit/audit-events.ts'),
  ]);
  if (named === undefined) return systemActor(systemCaller);
  const { id } = await userOf(db, tenantId, named);
  // An operator with the database and the keys vouches for the person: no password is asked for.
  const caller = { type: 'user', id } as const;
  return { kind: 'person', id, tenantId, scopes: null, authTime: new Date(), caller, standingOf: { person: id } };
}

/** What operations work with at the command line. */
export async function dependenciesOf({ config, db, secrets }: CommandContext) {
  const [{ createPasswordHasher }, { managementDependencies }] = await Promise.all([
    import('../../domain/methods/password/password-hash.ts'),
    import('../../management-dependencies.ts'),
  ]);
  return managementDependencies({ config, db, secrets, passwords: createPasswordHasher(config.argon2) });
}

type Row = Record<string, unknown>;

function textOf({ body, next }: ManagementAnswer): string {
  if (body === undefined) return 'Done.';
  const { items } = body as { items?: unknown[] };
  if (!items)
    return fields(Object.fromEntries(Object.entries(body as Row).map(([name, value]) => [name, cell(value)])));
  if (items.every((item) => typeof item !== 'object')) return items.join('\n') || 'Nothing.';
  const rows = items as Row[];
  const names = Object.keys(rows[0] ?? {});
  const text = table(
    names.map((name) => name.replaceAll('_', ' ')),
    rows.map((row) => names.map((name) => cell(row[name]))),
    'Nothing.',
  );
  return next ? `${text}\n\nThere may be more: --after ${next}` : text;
}

function cell(value: unknown): string | number | boolean | null | undefined {
  if (typeof value === 'object' && value !== null) return JSON.stringify(value);
  return value as string | number | boolean | null | undefined;
}
