/**
 * The documents that are made from code: `npm run docs` writes them, test/generated-docs.test.ts says when one of them is
 * not what the code makes. Owns the words around the tables; what stands in the tables comes from the declarations.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { managementTypes } from '../examples/management-client/generate.ts';
import { nounOf, verbOf } from '../src/commands/frame/operation-commands.ts';
import { type AuditAction, auditActions, auditAreas } from '../src/domain/audit/actions.ts';
import { commonMembers, payloadMembers } from '../src/domain/audit/payload-members.ts';
import { eventMembers, eventTypes } from '../src/domain/events/event-types.ts';
import { documentShape } from '../src/management/configuration/document.ts';
import { openApiDocument } from '../src/management/openapi.ts';
import { operations } from '../src/management/operations.ts';
import type { CodeDeclaration, ErrorCode, ErrorKind } from '../src/platform/errors.ts';
import { statusOf } from '../src/web/middleware/errors.ts';
import { declared, root } from './support/declared.ts';

/** Makes a document; its text ends with a newline. */
type Maker = () => Promise<string>;

export const generatedDocs: Record<string, Maker> = {
  'docs/audit.md': auditDocument,
  'docs/configuration-schema.json': configurationSchema,
  'docs/errors.md': errorCodesDocument,
  'docs/operations.md': operationsDocument,
  'docs/request-lifecycle.md': requestLifecycleDocument,
  'docs/webhook-events.md': webhookEventsDocument,
  'examples/management-client/management-api.ts': () =>
    managementTypes(openApiDocument(operations, 'https://id.example.org')),
};

/** The shape of the configuration file, for editors: they complete names and show what is wrong. */
async function configurationSchema(): Promise<string> {
  const schema = z.toJSONSchema(documentShape, { io: 'input', unrepresentable: 'any' });
  return `${JSON.stringify({ title: 'A configuration of Gatehouse', ...schema }, null, 2)}\n`;
}

/** What a function of src/routes.ts puts on its stack, in order: the names that are imported from other files. */
function stackOf(name: string, source: string, homes: ReadonlyMap<string, string>): string[] {
  const whole = new RegExp(`^(?:export )?function ${name}\\([\\s\\S]*?\\n\\}`, 'm').exec(source)?.[0] ?? '';
  const names = [...whole.matchAll(/\b([a-zA-Z]+)\b/g)].map(([, word]) => word as string);
  return [...new Set(names)].filter((word) => homes.has(word));
}

/** The first sentence of a file's header. */
function purposeOf(file: string): string {
  const [, header = ''] = /\/\*\*([\s\S]*?)\*\//.exec(readFileSync(join(root, file), 'utf8')) ?? [];
  const text = header.replace(/\n \*/g, ' ').replace(/\s+/g, ' ').trim();
  return (/^.*?[.](?= |$)/.exec(text)?.[0] ?? text).replaceAll('|', '\\|');
}

async function requestLifecycleDocument(): Promise<string> {
  const source = readFileSync(join(root, 'src/routes.ts'), 'utf8');
  const homes = new Map(
    [...source.matchAll(/^import \{([^}]*)\} from '(\.\/web\/[^']+)';/gm)].flatMap(([, names = '', path = '']) =>
      names
        .split(',')
        .map((name) => name.trim())
        .filter((name) => name !== '' && !name.startsWith('type '))
        .map((name): [string, string] => [name, normalize(join('src', path)).split('\\').join('/')]),
    ),
  );
  const lines = (name: string) =>
    stackOf(name, source, homes).map((step, n) => {
      const file = homes.get(step) as string;
      return [String(n + 1), `[\`${step}\`](../${file})`, purposeOf(file)];
    });
  const head = ['', 'step', 'what its file says of itself'];
  return `# The life of a request

<!-- Made from code by \`npm run docs\`. Change src/routes.ts and the headers of files, not this page. -->

A request meets first what all requests meet, and then one of two stacks: people's pages, or machines' endpoints. The last step
of both is the protocol (\`src/oidc/live-provider.ts\`). An answer goes back the same way.

## Every request

${table(head, lines('mountRoutes'))}

## People's pages

${table(head, lines('people'))}

## Machines' endpoints

${table(head, lines('machines'))}
`;
}

function table(head: readonly string[], lines: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...lines.map(line)].join('\n');
}

/** A parameter of a path as the command line names it. */
function operandsOf({ path }: { path: string }): string {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ` ${name.toUpperCase()}`).join('');
}

async function webhookEventsDocument(): Promise<string> {
  const types = Object.entries(eventTypes).map(([name, { means, subject, data }]) => [
    `\`${name}\``,
    means,
    `\`${subject}\``,
    data.map((member) => `\`${member}\``).join(', '),
  ]);
  const members = Object.entries(eventMembers).map(([name, means]) => [`\`${name}\``, means]);
  return `# Events that webhooks are told

<!-- Made from code by \`npm run docs\`. Change src/domain/events/event-types.ts, not this page. -->

How they are sent is in [webhooks.md](webhooks.md). Types and members are added, and none goes. All ids are opaque; what they are called is
read by the API.

${table(['type', 'what happened', 'about', 'members of `data`'], types)}

## Members

${table(['member', 'what it is'], members)}
`;
}

async function operationsDocument(): Promise<string> {
  const nouns = [...new Set(operations.map(nounOf))].sort();
  const sections = nouns.map((noun) => {
    const lines = operations
      .filter((operation) => nounOf(operation) === noun)
      .map((operation) => [
        `\`${verbOf(operation)}${operandsOf(operation)}\``,
        `\`${operation.method} ${operation.path}\``,
        operation.summary,
      ]);
    return `## ${noun}\n\n${table([`\`gatehouse ${noun}\``, 'HTTP, below `/api/v1`', 'what it does'], lines)}\n`;
  });
  return `# Operations

<!-- Made from code by \`npm run docs\`. Change the operation (src/management), not this page. -->

What can be administered, and how it is asked for: by a command, or over HTTP. Both are made from the same operation and refuse the
same. The options of a command are the members of the query and the body, with hyphens: \`--help\` lists them. Where
[command-line.md](command-line.md) describes a command of that name, its options are those. \`--dry-run\` says what a change would
do, \`--as USER\` acts as a person and within what they may do, \`--tenant\` says where.

${sections.join('\n')}`;
}

function kindsOf({ kind }: CodeDeclaration): readonly (ErrorKind | 'internal' | 'page')[] {
  return typeof kind === 'string' ? [kind] : kind;
}

function statusesOf(code: ErrorCode, declaration: CodeDeclaration): string {
  return kindsOf(declaration)
    .map((kind) => (kind === 'internal' ? 500 : kind === 'page' ? '' : statusOf({ kind, code })))
    .join(', ');
}

async function errorCodesDocument(): Promise<string> {
  const codes = (await declared<Record<string, CodeDeclaration>>('defineCodes'))
    .flatMap(({ file, values }) => Object.entries(values).map(([code, declaration]) => ({ file, code, declaration })))
    .sort((left, right) => (left.code < right.code ? -1 : 1));
  const lines = codes.map(({ file, code, declaration }) => [
    `\`${code}\``,
    statusesOf(code as ErrorCode, declaration),
    kindsOf(declaration).join(', '),
    (declaration.params ?? []).map((name) => `\`${name}\``).join(', '),
    declaration.means,
    `[${dirname(file).replace('src/', '')}](../${file})`,
  ]);
  return `# Error codes

<!-- Made from code by \`npm run docs\`. Change the declaration, not this table. -->

A refusal of Gatehouse has a stable code. Programs compare the code. The message is for people: it is the text
\`errors.<CODE>\` of the reader's language, and may change. An HTTP client that does not ask for HTML gets

    {"statusCode":409,"error":"Conflict","message":"...","code":"DUPLICATE_EMAIL","requestId":"..."}

The command line ends with 3 and the same code ([command-line.md](command-line.md)). A status of 429 or 503 comes with
\`Retry-After\`. The params are told to the reader inside of the message. What has the kind \`page\` is shown by a page for people
alone.

The endpoints of the protocols answer as their specifications say: \`error\` and \`error_description\` (RFC 6749 section 5.2).

${table(['code', 'status', 'kind', 'params', 'what happened', 'declared in'], lines)}
`;
}

type AuditWords = { options: { action: Record<string, Record<string, string>> }; groups: Record<string, string> };

/** What the console says of it. */
function wordsOfAudit(): AuditWords {
  return JSON.parse(readFileSync(join(root, 'views/locales/en/console-audit.json'), 'utf8')) as AuditWords;
}

async function auditDocument(): Promise<string> {
  const { options, groups } = wordsOfAudit();
  const code = (names: readonly string[]) => names.map((name) => `\`${name}\``).join(', ');
  const sections = Object.entries(auditAreas).map(([area, actions]) => {
    const lines = Object.entries(actions as Record<string, AuditAction>).map(([action, { entity, payload }]) => {
      const [first = '', second = ''] = action.split('.');
      return [`\`${action}\``, options.action[first]?.[second] ?? '', entity ? `\`${entity}\`` : '', code(payload)];
    });
    return `### ${groups[area]}\n\n${table(['action', 'what happened', 'about', 'payload'], lines)}\n`;
  });
  const counterparts = Object.entries(auditActions).flatMap(([action, { counterpart }]) =>
    counterpart === undefined ? [] : [[`\`${counterpart}\``, `\`${action}\``]],
  );
  const members = Object.entries({ ...payloadMembers, ...commonMembers }).map(([name, means]) => [
    `\`${name}\``,
    means,
  ]);
  return `# The audit trail

<!-- Made from code by \`npm run docs\`. Change src/domain/audit/actions.ts, not this page. -->

Every sign-in, refusal, grant, revocation and change writes an event in the transaction of the change: there is no change without
its event, and no event without its change. Events are added and never changed. A payload holds no credential: what has a name that looks like
one is left out before it is written.

An event says who did it (\`actor_type\`, \`actor_id\`), what (\`action\`), to what (\`entity_type\`, \`entity_id\`), from where (\`ip\`,
\`user_agent\`), by which request (\`request_id\`, which pages of errors show) and when (\`occurred_at\`). Names beside the ids are those
of today.

## Reading it

It takes the capability \`audit.read\` in the whole tenant. The console has it as **Audit**. By command, and over HTTP with the same
names ([operations.md](operations.md#audit)):

    npx gatehouse audit list --tenant northwind --action role. --from 2027-01-01T00:00:00Z

\`--action\` takes an action, the beginning of one up to a dot, or a counterpart of below. Other filters: \`--user-id\` and \`--client-id\` (what they
did, and what was done to them), \`--actor-id\`, \`--actor-type\`, \`--entity-type\`, \`--entity-id\`, \`--request-id\`, \`--until\`.

As a file of any length, the oldest event first, which asks a person for a fresh sign-in and is an event itself:

    npx gatehouse audit export --tenant northwind --format csv --from 2027-01-01T00:00:00Z > audit.csv

\`ndjson\` has one event a line; in \`csv\` no cell is a formula. A file that was cut in the middle ends with an error of the connection.

As it happens, over HTTP as server-sent events, by command as one event a line:

    npx gatehouse audit tail --tenant northwind --action login.

Events of every process come within two seconds. \`Last-Event-ID\` goes on after an event. It ends within a second when the token, the session
or the capability does ([decision 47](decisions/0047-the-trail-is-followed-by-asking.md)).

It is sealed each hour, so that a change is found whoever made it, and one event can be proved:
[audit-seals.md](audit-seals.md).

## How long it is kept

For \`AUDIT_RETENTION_DAYS\`, or a tenant's own time (\`tenants set --audit-retention-days\`), shorter or longer: at least 30 days, whoever asks. What is
older goes in the night, to the day; a month that is over for everybody goes at once. Where the tables belong to another role than the server's, the server
can neither change nor delete an event otherwise, and \`gatehouse doctor\` says whether it is so
([decision 57](decisions/0057-the-trail-belongs-to-another-role.md)). The erasure of a person takes their addresses and names out of the events, and is an event that stays.

## Counterparts

The event types of the IT-centre schema are found by their own names, too.

${table(['the IT-centre schema', 'here'], counterparts)}

## Actions

${sections.join('\n')}
## What payloads hold

${table(['member', 'what it means'], members)}
`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [file, make] of Object.entries(generatedDocs)) writeFileSync(join(root, file), await make());
}
