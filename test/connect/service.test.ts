/** The lines by which a service gets a token: those of the page are those of the console, and they get one. */
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';
import { exportJWK, generateKeyPair } from 'jose';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { createResourceServer } from '../../src/domain/resource-servers/resource-servers.ts';
import { type SnippetOf, snippetsOf } from '../../src/web/console/services/snippets.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { codeOf } from '../support/connect-pages.ts';

const run = promisify(execFile);
const resource = 'https://api.example.org/';

function hasRequests(): boolean {
  try {
    execFileSync('python3', ['-c', 'import requests'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

describe('the lines by which a service gets a token', () => {
  let app: TestApp;
  let of: SnippetOf;
  let secret: string;

  before(async () => {
    app = await startTestApp();
    const scopes = [{ key: 'inventory.read' }];
    await createResourceServer(app.db, { tenantId: null, identifier: resource, name: 'API', scopes }, systemCaller);
    // A colon and a tilde are written another way in the header.
    const wanted = { clientId: 'nightly:~sync', capabilities: ['inventory.read'] };
    secret = (await app.service(wanted)).clientSecret;
    of = { issuer: app.issuer, clientId: wanted.clientId, resource, scope: 'inventory.read' };
  });
  after(() => app?.stop());

  const codeNamed = (name: string, keys = false) =>
    snippetsOf(of, keys ? 'private_key_jwt' : 'client_secret_basic').find((one) => one.name === name)?.code ?? '';
  const env = (more: Record<string, string>) => ({ env: { ...process.env, ...more } });

  function assertToken(token: string): void {
    const claims = JSON.parse(Buffer.from(token.split('.')[1] as string, 'base64url').toString());
    assert.deepEqual([claims.aud, claims.scope], [resource, 'inventory.read']);
  }

  it('are those of the page', () => {
    const page = { ...of, issuer: 'https://id.example.org', clientId: 'nightly-sync' };
    const [curl, javascript, python, go] = snippetsOf(page, 'client_secret_basic');
    const [keys] = snippetsOf(page, 'private_key_jwt');
    assert.deepEqual(codeOf('service.md', 'sh'), [curl?.code]);
    assert.deepEqual(codeOf('service.md', 'js'), [javascript?.code, keys?.code]);
    assert.deepEqual(codeOf('service.md', 'python'), [python?.code]);
    assert.deepEqual(codeOf('service.md', 'go'), [go?.code]);
  });

  it('get one by curl', async () => {
    const { stdout } = await run('sh', ['-c', codeNamed('curl')], env({ CLIENT_SECRET: secret }));
    assertToken(JSON.parse(stdout).access_token);
  });

  it('get one by openid-client', async () => {
    const code = `${codeNamed('javascript')}\nconsole.log(access_token);`;
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', code], env({ CLIENT_SECRET: secret }));
    assertToken(stdout);
  });

  it('get one by a key and openid-client', async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
    const [jwk, publicJwk] = await Promise.all([exportJWK(privateKey), exportJWK(publicKey)]);
    const jwks = { keys: [{ ...publicJwk, kid: 'one', alg: 'ES256', use: 'sig' }] };
    await app.service({ clientId: 'by-key', capabilities: ['inventory.read'], jwks });
    of = { ...of, clientId: 'by-key' };
    const code = `${codeNamed('javascript', true)}\nconsole.log(access_token);`;
    const key = JSON.stringify({ ...jwk, kid: 'one' });
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', code], env({ CLIENT_KEY: key }));
    assertToken(stdout);
    of = { ...of, clientId: 'nightly:~sync' };
  });

  it('get one by requests, where Python has it', async function () {
    if (!hasRequests()) return this.skip();
    const code = `${codeNamed('python')}\nprint(access_token)`;
    const { stdout } = await run('python3', ['-c', code], env({ CLIENT_SECRET: secret, NO_PROXY: '*' }));
    assertToken(stdout);
  });
});
