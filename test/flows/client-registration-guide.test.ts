/** What docs/client-registration.md shows does what it says: the commands, the request, and the lines with openid-client. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { defineCapability } from '../../src/domain/access/capabilities.ts';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { createServerBench, type ServerBench } from '../commands/run-gatehouse.ts';

const page = readFileSync(new URL('../../docs/client-registration.md', import.meta.url), 'utf8');
const block = (language: string) => new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\`$`, 'm').exec(page)?.[1] ?? '';

/** The words of each indented command, as a shell takes them. */
function commands(): string[][] {
  const found = [...page.matchAll(/^ {4}npx gatehouse ((?:.*\\\n)*.*)$/gm)].map(([, text]) => text as string);
  return found.map((text) =>
    [...text.replaceAll(/\\\n\s*/g, ' ').matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(
      ([, single, double, bare]) => single ?? double ?? (bare as string),
    ),
  );
}

describe('the page about applications that register themselves', function () {
  this.timeout(120_000);
  let bench: ServerBench;
  let token: string;
  before(async () => {
    bench = await createServerBench();
    await defineCapability(bench.app.db, { key: 'stock.read' }, systemCaller);
  });
  after(() => bench?.close());

  it('shows commands that switch it on and make a token', async () => {
    const shown = commands();
    assert.ok(shown.length >= 2);
    for (const words of shown) {
      const run = await bench.run(...words.map((word) => (word === 'northwind' ? 'acme' : word)), '--json');
      assert.equal(run.code, 0, `${words.join(' ')}: ${run.stderr}`);
      token = run.json.token ?? token;
    }
    assert.match(token, /^ghi_/);
  });

  it('shows a request that registers an application', async () => {
    const [head = '', body = ''] = block('http').split('\n\n');
    const [start = '', ...lines] = head.split('\n');
    const [method, path] = start.split(' ');
    const headers = Object.fromEntries(lines.map((line) => line.split(': ') as [string, string]));
    assert.equal(headers.Host, 'id.example.org');
    delete headers.Host;
    headers.Authorization = headers.Authorization?.replace('ghi_…', token) ?? '';
    const response = await fetch(`${bench.app.issuer}${path}`, { method, headers, body });
    const answer = (await response.json()) as Record<string, string>;
    assert.equal(response.status, 201, JSON.stringify(answer));
    assert.match(answer.registration_access_token ?? '', /^ghr_/);
    assert.ok(answer.client_secret && answer.registration_client_uri);
  });

  it('shows lines that do the same with openid-client', async () => {
    const source = block('js').replace("'openid-client'", `'${import.meta.resolve('openid-client')}'`);
    // The server of a test is reached by http, which the library has to be told.
    const allowed = source.replace(
      '{ initialAccessToken },',
      '{ initialAccessToken, execute: [client.allowInsecureRequests] },',
    );
    assert.notEqual(allowed, source);
    const { register } = await import(`data:text/javascript,${encodeURIComponent(allowed)}`);
    const metadata = await register(bench.app.issuer, token);
    assert.equal(metadata.client_name, 'Partner portal');
    assert.ok(metadata.client_id && metadata.client_secret);
  });
});
