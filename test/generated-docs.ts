/**
 * The documents that are made from code: `npm run docs` writes them, test/generated-docs.test.ts says when one of them is
 * not what the code makes. Owns the words around the tables; what stands in the tables comes from the declarations.
 */
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CodeDeclaration, ErrorCode, ErrorKind } from '../src/platform/errors.ts';
import { statusOf } from '../src/web/middleware/errors.ts';
import { declared, root } from './support/declared.ts';

/** Makes a document; its text ends with a newline. */
type Maker = () => Promise<string>;

export const generatedDocs: Record<string, Maker> = { 'docs/errors.md': errorCodesDocument };

function table(head: readonly string[], lines: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...lines.map(line)].join('\n');
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

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [file, make] of Object.entries(generatedDocs)) writeFileSync(join(root, file), await make());
}
