import assert from 'node:assert/strict';
import type * as openid from 'openid-client';
import { systemCaller } from '../../../src/domain/audit/audit-events.ts';
import { verifyClientSecret } from '../../../src/domain/clients/clients.ts';
import type { NewTenant } from '../../../src/domain/setup/create-tenant.ts';
import { setFirstPlatformTenant } from '../../../src/domain/tenants/platform-tenant.ts';
import { type BuiltKind, filledSnippets, type SnippetValues } from '../../../src/web/console/applications/snippets.ts';
import { ageSessions } from '../../support/aged-session.ts';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { Browserless, type Reply } from '../../support/browserless.ts';
import { runPageCode, textOfPage } from '../../support/connect-pages.ts';
import { signInToConsole } from '../../support/console.ts';
import { assign, createRole } from '../../support/factories.ts';
import { give } from '../../support/management.ts';
import { discover, signIn } from '../../support/relying-party.ts';

interface SinglePageApp {
  beginSignIn(): Promise<URL>;
  endSignIn(address: string): Promise<{ person: openid.IDToken }>;
}

interface DeviceApp {
  signIn(show: (shown: { address: string; code: string }) => void): Promise<{ person: openid.IDToken }>;
}

interface McpServer {
  authenticate(authorization?: string): Promise<{ status: number; person?: string }>;
}

describe('the console: registering an application by the guide', () => {
  let app: TestApp;
  let tenant: NewTenant;
  let owner: Awaited<ReturnType<TestApp['person']>>;
  let browser: Browserless;
  const stored = new Map<string, string>();
  const { sessionStorage: original } = globalThis as { sessionStorage?: unknown };

  before(async () => {
    app = await startTestApp();
    tenant = await app.tenant({ slug: 'here', name: 'Here' });
    // Who runs the server: an MCP server's scope is the same in every tenant.
    await app.db.transaction((trx) => setFirstPlatformTenant(trx, tenant.id, systemCaller));
    owner = await app.person({ tenantId: tenant.id, fullName: 'Olive Owner' });
    await give(app, { tenantId: tenant.id, userId: owner.id, role: 'owner' });
    browser = await signInToConsole(app, owner);
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

  const at = (path: string) => `${app.issuer}/console/here/applications${path}`;
  const entities: Record<string, string> = { '&#34;': '"', '&#39;': "'", '&lt;': '<', '&gt;': '>', '&amp;': '&' };
  const unescaped = (text: string) => text.replace(/&(?:#34|#39|lt|gt|amp);/g, (entity) => entities[entity] as string);
  /** The texts to be copied of a page, in order. */
  const codeOn = (page: Reply) =>
    [...page.body.matchAll(/<pre class="copy-text"[^>]*>([\s\S]*?)<\/pre>/g)].map(([, code = '']) => unescaped(code));
  const register = async (kind: string, values: Record<string, string>) => {
    const page = await browser.submit(await browser.open(at(`/_new/${kind}`)), values, { form: 1 });
    assert.match(page.body, / is registered/, page.body.replace(/<[^>]+>/g, ' ').slice(0, 3000));
    return page;
  };
  const newestClient = async () => {
    const { clientId } = await app.db('clients').orderBy('createdAt', 'desc').first('clientId');
    return clientId as string;
  };

  it('asks what is being built, and leads a service to where services are registered', async () => {
    const page = await browser.open(at('/_new'));
    for (const kind of ['web', 'spa', 'native', 'device', 'mcp'])
      assert.match(page.body, new RegExp(`href="/console/here/applications/_new/${kind}"`));
    assert.match(page.body, /href="\/console\/here\/services\/new"/);
  });

  it('gives a web application its secret once, in what its library needs', async () => {
    const redirectUri = 'http://localhost:3000/auth/callback/gatehouse';
    const page = await register('web', { name: 'Portal', redirect_uris: redirectUri });
    const clientId = await newestClient();
    const [secret = ''] = /ghs_[\w-]+/.exec(page.body) ?? [];
    const [env = ''] = codeOn(page);
    assert.equal(
      env,
      `AUTH_GATEHOUSE_ISSUER=${app.issuer}\nAUTH_GATEHOUSE_ID=${clientId}\nAUTH_GATEHOUSE_SECRET=${secret}\n`,
    );
    assert.ok(await verifyClientSecret(app.db, clientId, secret));
    const later = await browser.open(at(`/${clientId}/connect`));
    assert.doesNotMatch(later.body, /ghs_/);
    assert.match(codeOn(later)[0] as string, /AUTH_GATEHOUSE_SECRET=\n/);
  });

  it('shows of the libraries those that send the secret as it is registered', async () => {
    const values = {
      name: 'Posts',
      redirect_uris: 'https://posts.example/',
      token_endpoint_auth_method: 'client_secret_post',
    };
    const page = await register('web', values);
    assert.match(page.body, /ASP\.NET Core/);
    assert.doesNotMatch(page.body, /Auth\.js/);
  });

  it('ends a single-page application with code that signs somebody in as it stands', async () => {
    const redirectUri = 'http://localhost:5173/callback';
    const page = await register('spa', { name: 'Dashboard', redirect_uris: redirectUri, first_party: 'yes' });
    assert.doesNotMatch(page.body, /ghs_/);
    const [code = ''] = codeOn(page);
    const single = await runPageCode<SinglePageApp>(code, {});
    const visitor = new Browserless();
    const form = await visitor.open((await single.beginSignIn()).href);
    const reply = await visitor.submit(form, { login: owner.email, password: owner.password }, { until: redirectUri });
    const { person } = await single.endSignIn(reply.location as string);
    assert.deepEqual([person.sub, person.name], [owner.id, 'Olive Owner']);
  });

  it('ends an application on a device with code that signs somebody in as it stands', async () => {
    const page = await register('device', { name: 'Television', first_party: 'yes' });
    const [code = ''] = codeOn(page);
    const device = await runPageCode<DeviceApp>(code, {
      // The time between two polls is the server's; here nobody waits for it.
      'openid.pollDeviceAuthorizationGrant(config, begun)':
        'openid.pollDeviceAuthorizationGrant(config, { ...begun, interval: 0.1 })',
    });
    let typed: Promise<Reply> | undefined;
    const { person } = await device.signIn(({ address, code: userCode }) => {
      typed = (async () => {
        const visitor = new Browserless();
        const asked = await visitor.submit(await visitor.open(address), { user_code: userCode });
        const login = await visitor.submit(asked, {});
        return visitor.submit(login, { login: owner.email, password: owner.password });
      })();
    });
    await typed;
    assert.equal(person.sub, owner.id);
  });

  it('ends an MCP server with code that lets in who may, and no one else', async () => {
    const resource = 'https://mcp.example.org/mcp';
    const page = await register('mcp', { name: 'Stock tools', identifier: resource, capability: 'stock.look' });
    const [code = ''] = codeOn(page);
    assert.match(code, /https:\/\/mcp\.example\.org\/\.well-known\/oauth-protected-resource\/mcp/);
    const server = await runPageCode<McpServer>(code, {});
    const person = await app.person({ tenantId: tenant.id });
    const role = await createRole(app.db, { tenantId: tenant.id, capabilities: ['stock.look'] });
    await assign(app.db, { tenantId: tenant.id, userId: person.id, roleId: role.id });
    const { None } = await import('openid-client');
    const party = await discover(app, await app.relyingParty({ kind: 'native' }), None());
    const ask = async (whose: typeof person) => {
      const parameters = { resource, scope: 'openid stock.look capabilities' };
      const { tokens } = await signIn(party, whose, { parameters, tokenParameters: { resource } });
      return server.authenticate(`Bearer ${tokens.access_token}`);
    };
    assert.deepEqual(await ask(person), { status: 200, person: person.id });
    assert.equal((await ask(await app.person({ tenantId: tenant.id }))).status, 403);
    assert.equal((await server.authenticate()).status, 401);
  });

  it('makes no API of what is no address, and none without its scope', async () => {
    const form = await browser.open(at('/_new/mcp'));
    for (const [identifier, capability, field] of [
      ['urn:mcp', 'stock.fine', 'identifier'],
      ['https://mcp.example.org/other', 'not a key', 'capability'],
      ['https://mcp.example.org/other', '', 'capability'],
    ] as const) {
      const answer = await browser.submit(form, { name: 'Wrong', identifier, capability }, { form: 1 });
      assert.match(answer.body, new RegExp(`href="#${field}"`), `${identifier} ${capability}`);
    }
    assert.deepEqual(await app.db('resource_servers').where({ name: 'Wrong' }), []);
  });

  it('registers an application once, however often the form is sent', async () => {
    const form = await browser.open(at('/_new/web'));
    const values = { name: 'Once', redirect_uris: 'https://once.example/' };
    const answers = await Promise.all([1, 2, 3].map(() => browser.submit(form, values, { form: 1 })));
    const secrets = answers.flatMap(({ body }) => /ghs_[\w-]+/.exec(body) ?? []);
    assert.equal(new Set(secrets).size, 1);
    assert.equal((await app.db('clients').where({ name: 'Once' })).length, 1);
  });

  it('keeps what was typed where it cannot be taken, and asks who comes back to a browser to sign in again', async () => {
    const form = await browser.open(at('/_new/spa'));
    const wrong = await browser.submit(form, { name: 'Kept', redirect_uris: 'http://kept.example/' }, { form: 1 });
    assert.match(wrong.body, /href="#redirect_uris"[\s\S]*value="Kept"[\s\S]*http:\/\/kept\.example\//);
    const old = await signInToConsole(app, owner);
    const late = await old.open(at('/_new/web'));
    await ageSessions(app, owner.id, 360);
    const sent = await old.submit(late, { name: 'Late', redirect_uris: 'https://late.example/' }, { form: 1 });
    assert.equal(sent.status, 401);
    assert.deepEqual(await app.db('clients').where({ name: 'Late' }), []);
  });
});

describe('the snippets of the console', () => {
  const kinds: BuiltKind[] = ['web', 'spa', 'native', 'device', 'mcp'];
  const values: SnippetValues = {
    provider_name: 'Example Org',
    issuer: 'https://id.example.org',
    client_id: 'CLIENT_ID',
    client_secret: 'SECRET',
    groups: 'groups',
    redirect_uri: 'https://portal.example.org/auth/callback',
    resource: 'https://mcp.example.org/mcp',
    metadata_url: 'https://mcp.example.org/.well-known/oauth-protected-resource/mcp',
    capability: 'stock.read',
  };
  const all = (more: SnippetValues = {}) =>
    kinds.flatMap((kind) =>
      filledSnippets(kind, { ...values, ...more }).flatMap(({ library, blocks }) =>
        blocks.map(({ file, code }) => ({ library, file, code })),
      ),
    );

  it('leave nothing to be filled in', () => {
    for (const { library, file, code } of all())
      assert.doesNotMatch(
        code,
        /\{\{|\}\}$|undefined,? ?$|example\.com|YOUR_|<[a-z-]+>|CHANGE_?ME/m,
        `${library} ${file}`,
      );
    assert.ok(all().length > 15);
  });

  it('are those of docs/connect', () => {
    const pages: Record<string, { page: string; values: SnippetValues }> = {
      'auth.js': { page: 'authjs.md', values: {} },
      'application.yaml': { page: 'spring.md', values: {} },
      'Security.java': { page: 'spring.md', values: {} },
      'Program.cs': { page: 'aspnet.md', values: {} },
      'config/services.php': {
        page: 'laravel.md',
        values: { redirect_uri: 'https://shop.example.org/auth/callback' },
      },
      'AppServiceProvider.php': { page: 'laravel.md', values: {} },
      'routes/web.php': { page: 'laravel.md', values: {} },
      'main.go': { page: 'go.md', values: { redirect_uri: 'https://reports.example.org/callback' } },
      'SignIn.kt': {
        page: 'mobile-app.md',
        values: { redirect_uri: 'org.example.field:/callback', more_scopes: ', "inventory.read"' },
      },
      'SignIn.swift': {
        page: 'mobile-app.md',
        values: { redirect_uri: 'org.example.field:/callback', more_scopes: ', "inventory.read"' },
      },
      'protect.js': { page: 'mcp-server.md', values: {} },
    };
    for (const [file, { page, values: own }] of Object.entries(pages)) {
      const block = all(own).find((one) => one.file === file);
      assert.ok(block && textOfPage(page).includes(block.code), `${file} says other things than docs/connect/${page}`);
    }
    const spa = filledSnippets('spa', {
      ...values,
      redirect_uri: 'https://dashboard.example.org/callback',
      scope: 'openid profile email inventory.read',
    });
    assert.ok(textOfPage('single-page-app.md').includes(spa[0]?.blocks[0]?.code as string));
  });

  it('are broken out of by no value', () => {
    const named = filledSnippets('web', { ...values, provider_name: 'Fjörd & “Söhne”' })[0]?.blocks[1]?.code;
    assert.match(named as string, /name: 'Fjörd & “Söhne”',/);
    const bad = `https://a.example/'"\`\${x}\\</pre>\n`;
    for (const { library, file, code } of all({ redirect_uri: bad, resource: bad, provider_name: bad })) {
      assert.ok(!code.includes("a.example/'") && !code.includes('a.example/"'), `${library} ${file}`);
      assert.doesNotMatch(code, /a\.example\/[^ ]*[`$\\<>]/, `${library} ${file}`);
    }
  });
});
