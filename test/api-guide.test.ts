/** The examples of docs/api.md, in their order, by curl, against a server: what a reader types does what the page says. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { startTestApp, type TestApp } from './support/app.ts';

const guide = readFileSync(new URL('../docs/api.md', import.meta.url), 'utf8');
const examples = [...guide.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, text]) => text as string);

/** What comes after `# `: a status, and what the answer has in it. */
function promiseOf(example: string): { status: string; part: string } | undefined {
  const [, status, part = ''] = /^# (\d{3})(?: (.*))?$/m.exec(example) ?? [];
  return status === undefined ? undefined : { status, part };
}

describe('the guide to the management API', () => {
  let app: TestApp;
  let credentials: { clientId: string; clientSecret: string };
  before(async function () {
    if (spawnSync('curl', ['--version']).error) this.skip();
    app = await startTestApp();
    const tenant = await app.tenant();
    credentials = await app.service({ tenantId: tenant.id, capabilities: ['roles.read', 'roles.manage'] });
  });
  after(() => app?.stop());

  it('shows examples that do what they say', async () => {
    assert.ok(examples.length >= 8);
    // One shell for all, as the reader has; each answer ends with its status.
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
      env: {
        PATH: process.env.PATH,
        ISSUER: app.issuer,
        CLIENT_ID: credentials.clientId,
        CLIENT_SECRET: credentials.clientSecret,
      },
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
  });
});
