/** The examples of a page of docs/, in their order, by curl: what a reader types does what the page says. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** The blocks of shell of a page. */
export function examplesOf(page: string): string[] {
  const guide = readFileSync(new URL(`../../docs/${page}`, import.meta.url), 'utf8');
  return [...guide.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, text]) => text as string);
}

/** What comes after `# `: a status, and what the answer has in it. */
function promiseOf(example: string): { status: string; part: string } | undefined {
  const [, status, part = ''] = /^# (\d{3})(?: (.*))?$/m.exec(example) ?? [];
  return status === undefined ? undefined : { status, part };
}

/** Runs them in one shell, as the reader has, and holds each answer to what its example promises. */
export async function runExamples(examples: readonly string[], variables: Record<string, string>): Promise<void> {
  // Each answer ends with its status.
  const script = examples
    .map((example) => {
      const lines = example.trimEnd().split('\n');
      const asked = lines.filter((line) => !line.startsWith('# ')).join('\n');
      const told = promiseOf(example)
        ? asked.replace(/(?:^|\n)curl -s (?![\s\S]*\ncurl -s )/, (start) => `${start}-w '\\n%{http_code}' `)
        : asked;
      return `${told}\necho; echo '--- next'`;
    })
    .join('\n');
  const child = spawn('bash', ['-eu', '-c', script], {
    env: { PATH: process.env.PATH, ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  assert.equal(code, 0, `${output}\n${errors}`);
  const answers = output.split('--- next\n');
  for (const [index, example] of examples.entries()) {
    const promised = promiseOf(example);
    if (!promised) continue;
    const answer = (answers[index] ?? '').trimEnd();
    assert.ok(answer.endsWith(promised.status), `${example}\n${answer}`);
    assert.ok(answer.includes(promised.part), `${example}\n${answer}`);
  }
}
