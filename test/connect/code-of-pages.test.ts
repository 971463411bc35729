import assert from 'node:assert/strict';
import { decodeJwt } from 'jose';
import * as openid from 'openid-client';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { createResourceServer } from '../../src/domain/resource-servers/resource-servers.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { Browserless } from '../support/browserless.ts';
import { codeOf, commandsOf, runPageCode } from '../support/connect-pages.ts';
import { createApi } from '../support/endpoints.ts';
import { assign, createRole } from '../support/factories.ts';
import { discover, signIn } from '../support/relying-party.ts';

interface SinglePageApp {
  beginSignIn(): Promise<URL>;
  endSignIn(address: string): Promise<{ person: openid.IDToken; accessToken: string; refreshToken: string }>;
  renew(refreshToken: string): Promise<{ accessToken: string; refreshToken: string }>;
}

interface McpServer {
  resourceMetadata: { resource: string; authorization_servers: string[] };
  authenticate(authorization?: string): Promise<{ status: number; challenge?: string; person?: string }>;
}

const optionOf = (words: string[], name: string) => words[words.indexOf(name) + 1] as string;

describe('the code of docs/connect', () => {
  let app: TestApp;
  let person: Awaited<ReturnType<TestApp['person']>>;
  const stored = new Map<string, string>();
  const { sessionStorage: original } = globalThis as { sessionStorage?: unknown };

  before(async () => {
    app = await startTestApp();
    person = await app.person();
    const storage = {
      getItem: (name: string) => stored.get(name) ?? null,
      setItem: (name: string, value: string) => void stored.set(name, value),
      removeItem: (name: string) => void stored.delete(name),
    };
    Object.defineProperty(globalThis, 'sessionStorage', { value: storage, configurable: true });
  });
  after(async () => {
    Object.defineProperty(globalThis, 'sessionStorage', { value: original, configurable: true });
    await app?.stop();
  });

  it('of a single-page application signs in, and gets tokens for its API also when it renews', async () => {
    const [words = []] = commandsOf('single-page-app.md');
    const redirectUri = optionOf(words, '--redirect-uri');
    const identifier = optionOf(words, '--default-api');
    const scope = { key: 'inventory.read' };
    const api = { identifier, name: 'Stock API', tenantId: null, scopes: [scope] };
    await createResourceServer(app.db, api, systemCaller);
    const metadata = { default_resource: identifier };
    const { clientId } = await app.relyingParty({ kind: 'spa', redirectUris: [redirectUri], metadata });
    const [code = ''] = codeOf('single-page-app.md', 'js');
    const page = await runPageCode<SinglePageApp>(code, {
      'https://id.example.org': app.issuer,
      CLIENT_ID: clientId,
      // Plain http is for this machine alone.
      'openid.None())': 'openid.None(), { execute: [openid.allowInsecureRequests] })',
    });

    const browser = new Browserless();
    const form = await browser.open((await page.beginSignIn()).href);
    const login = { login: person.email, password: person.password };
    const reply = await browser.submit(form, login, { until: redirectUri });
    const signedIn = await page.endSignIn(reply.location as string);
    assert.equal(signedIn.person.sub, person.id);
    assert.equal(signedIn.person.email, person.email);
    const renewed = await page.renew(signedIn.refreshToken);
    for (const token of [signedIn.accessToken, renewed.accessToken])
      assert.deepEqual([decodeJwt(token).aud, decodeJwt(token).scope], [identifier, 'inventory.read']);
  });

  it('of an MCP server lets in a person who may, with a token for it alone', async () => {
    const [api, other] = [await createApi(app), await createApi(app)];
    const [capability = ''] = api.capabilities;
    const [code = ''] = codeOf('mcp-server.md', 'js');
    const server = await runPageCode<McpServer>(code, {
      'https://id.example.org': app.issuer,
      "'https://mcp.example.org/mcp'": `'${api.identifier}'`,
      'stock.read': capability,
    });
    assert.deepEqual(server.resourceMetadata.authorization_servers, [app.issuer]);
    const role = await createRole(app.db, { tenantId: person.tenantId, capabilities: [capability] });
    await assign(app.db, { tenantId: person.tenantId, userId: person.id, roleId: role.id });
    const party = await discover(app, await app.relyingParty({ kind: 'native' }), openid.None());
    const ask = async (resource: string, scope: string, whose = person) => {
      const { tokens } = await signIn(party, whose, { parameters: { resource, scope }, tokenParameters: { resource } });
      return server.authenticate(`Bearer ${tokens.access_token}`);
    };
    const scope = `openid ${capability} capabilities`;
    assert.deepEqual(await ask(api.identifier, scope), { status: 200, person: person.id });
    assert.match((await server.authenticate()).challenge as string, /resource_metadata="https:/);
    assert.equal((await ask(api.identifier, 'openid capabilities')).status, 403);
    assert.equal((await ask(api.identifier, scope, await app.person())).status, 403);
    assert.equal((await ask(other.identifier, `openid ${other.capabilities[0]}`)).status, 401);
    const metadata = (await (await fetch(`${app.issuer}/.well-known/oauth-authorization-server`)).json()) as {
      issuer: string;
      code_challenge_methods_supported: string[];
    };
    assert.deepEqual([metadata.issuer, metadata.code_challenge_methods_supported], [app.issuer, ['S256']]);
  });
});
